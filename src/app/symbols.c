/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * From an address in a process to a name. In: /proc/PID/maps, and ELF files, which may be
 * anybody's. Out: text. A mapping says which part of which file an address is; the program
 * headers make an address of the file of that, and its .symtab (or, stripped, .dynsym) has the function.
 *
 * A return address is behind its call, which may be the last instruction of a function that
 * never returns, so the byte before it is looked up. A file that is not the one that was
 * mapped (another inode: replaced by an upgrade) has no symbols for us.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/symbols.h"
#include "util/cursor.h"

#define MAX_MAPPINGS 65536u
#define MAX_BYTES    (256u << 20) /* of one table of symbols or strings */

struct function {
	uint64_t start, size;
	uint32_t name; /* into the file's names */
};

struct load { /* a segment: bytes of the file to addresses */
	uint64_t offset, size, address;
};

struct file {
	char *path;
	uint64_t inode;
	bool read; /* or tried to */
	struct load *loads;
	size_t nr_loads;
	struct function *functions; /* by .start */
	size_t nr_functions;
	struct buf names;
};

struct mapping {
	uint64_t start, end, offset;
	uint32_t file;
};

struct process {
	pid_t pid;
	struct mapping *maps; /* by .start */
	size_t nr, room;
};

struct app_symbols {
	struct process *processes;
	size_t nr_processes, room_processes;
	struct file *files;
	size_t nr_files, room_files;
};

int app_symbols_new(struct app_symbols **out, struct abide_error *e)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : error_nomem(e);
}

void app_symbols_free(struct app_symbols *s)
{
	size_t i;

	if (!s)
		return;
	for (i = 0; i < s->nr_processes; i++)
		free(s->processes[i].maps);
	for (i = 0; i < s->nr_files; i++) {
		free(s->files[i].path);
		free(s->files[i].loads);
		free(s->files[i].functions);
		buf_free(&s->files[i].names);
	}
	free(s->processes);
	free(s->files);
	free(s);
}

/* ---- what a process has mapped ---- */

static bool find_file(struct app_symbols *s, const char *path, uint64_t inode, uint32_t *index)
{
	struct file *grown;
	char *copy;

	for (*index = 0; *index < s->nr_files; ++*index)
		if (s->files[*index].inode == inode && !strcmp(s->files[*index].path, path))
			return true;
	copy = strdup(path);
	grown = copy ? array_grow(s->files, s->nr_files, &s->room_files, sizeof(*grown)) : NULL;
	if (!grown) {
		free(copy);
		return false;
	}
	s->files = grown;
	s->files[s->nr_files++] = (struct file){ .path = copy, .inode = inode };
	return true;
}

/* "start-end perms offset dev inode path"; only code, and only of files. */
static void add_line(struct app_symbols *s, struct process *p, char *line)
{
	unsigned long long start, end, offset, inode;
	struct mapping *grown;
	char perms[8];
	uint32_t file;
	int at = 0;

	if (sscanf(line, "%llx-%llx %7s %llx %*x:%*x %llu %n", &start, &end, perms, &offset, &inode, &at) < 5 || !at)
		return;
	line += at;
	line[strcspn(line, "\n")] = '\0';
	if (perms[2] != 'x' || !*line || p->nr == MAX_MAPPINGS || !find_file(s, line, inode, &file))
		return;
	grown = array_grow(p->maps, p->nr, &p->room, sizeof(*grown));
	if (!grown)
		return;
	p->maps = grown;
	p->maps[p->nr++] = (struct mapping){ start, end, offset, file };
}

static struct process *find_process(const struct app_symbols *s, pid_t pid)
{
	size_t i;

	for (i = 0; i < s->nr_processes; i++)
		if (!pid || s->processes[i].pid == pid)
			return &s->processes[i];
	return NULL;
}

void app_symbols_look(struct app_symbols *s, pid_t pid)
{
	struct process now = { .pid = pid }, *p = find_process(s, pid), *grown;
	char path[48], *line = NULL;
	size_t room = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	f = pid > 0 ? fopen(path, "re") : NULL;
	if (!f)
		return;
	while (getline(&line, &room, f) > 0)
		add_line(s, &now, line);
	free(line);
	fclose(f);
	if (!now.nr) /* it is ending */
		return;
	if (!p) {
		grown = array_grow(s->processes, s->nr_processes, &s->room_processes, sizeof(*grown));
		if (!grown) {
			free(now.maps);
			return;
		}
		s->processes = grown;
		p = &s->processes[s->nr_processes++];
	} else {
		free(p->maps);
	}
	*p = now;
}

/* ---- a file's symbols ---- */

/* Bytes [at, at + n) of the file. */
static bool fetch(int fd, uint64_t at, uint64_t n, struct buf *out)
{
	size_t done = 0;
	ssize_t got;

	out->size = 0;
	if (n > MAX_BYTES || at > INT64_MAX - n)
		return false;
	buf_add(out, NULL, n);
	while (!out->failed && done < n) {
		got = pread(fd, out->data + done, n - done, (off_t)(at + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		done += (size_t)got;
	}
	return !out->failed;
}

struct table { /* of symbols, and the strings that belong to it */
	uint64_t offset, size, names, names_size;
};

static struct table one_table(struct cursor headers, uint32_t i)
{
	struct table t = { 0 };
	uint32_t link;

	cursor_seek(&headers, (size_t)i * sizeof(Elf64_Shdr) + offsetof(Elf64_Shdr, sh_offset));
	t.offset = cursor_u64(&headers);
	t.size = cursor_u64(&headers);
	link = cursor_u32(&headers);
	headers.at = 0;
	cursor_seek(&headers, (size_t)link * sizeof(Elf64_Shdr) + offsetof(Elf64_Shdr, sh_offset));
	t.names = cursor_u64(&headers);
	t.names_size = cursor_u64(&headers);
	return headers.bad ? (struct table){ 0 } : t;
}

/* .symtab, else .dynsym, else nothing (.size 0). */
static struct table find_table(const struct buf *sections, uint32_t nr)
{
	struct cursor c = cursor_over(sections->data, sections->size);
	uint32_t type, i, dynsym = 0;

	for (i = 0; i < nr; i++) {
		cursor_seek(&c, (size_t)i * sizeof(Elf64_Shdr) + offsetof(Elf64_Shdr, sh_type));
		type = cursor_u32(&c);
		if (type == SHT_SYMTAB)
			return one_table(c, i);
		if (type == SHT_DYNSYM)
			dynsym = i;
	}
	return dynsym ? one_table(c, dynsym) : (struct table){ 0 };
}

static int by_start(const void *a, const void *b)
{
	const struct function *f = a, *g = b;

	if (f->start != g->start)
		return f->start < g->start ? -1 : 1;
	return (f->size < g->size) - (f->size > g->size); /* aliases: the largest first */
}

static bool read_functions(struct file *f, const struct buf *table)
{
	struct cursor c = cursor_over(table->data, table->size);
	size_t n = table->size / sizeof(Elf64_Sym), i;
	struct function one;
	uint16_t section;
	uint8_t info;

	f->functions = calloc(n ? n : 1, sizeof(*f->functions));
	for (i = 0; f->functions && i < n; i++) {
		one.name = cursor_u32(&c);
		info = cursor_u8(&c);
		cursor_u8(&c);
		section = cursor_u16(&c);
		one.start = cursor_u64(&c);
		one.size = cursor_u64(&c);
		if (section == SHN_UNDEF || !one.name ||
		    (ELF64_ST_TYPE(info) != STT_FUNC && ELF64_ST_TYPE(info) != STT_GNU_IFUNC))
			continue;
		f->functions[f->nr_functions++] = one;
	}
	if (f->functions)
		qsort(f->functions, f->nr_functions, sizeof(one), by_start);
	return f->functions;
}

static bool read_loads(struct file *f, const struct buf *segments, uint32_t nr)
{
	struct cursor c = cursor_over(segments->data, segments->size);
	struct load one;
	uint32_t i, type;

	f->loads = calloc(nr ? nr : 1, sizeof(*f->loads));
	for (i = 0; f->loads && i < nr; i++) {
		cursor_seek(&c, (size_t)i * sizeof(Elf64_Phdr));
		type = cursor_u32(&c);
		cursor_u32(&c); /* flags */
		one.offset = cursor_u64(&c);
		one.address = cursor_u64(&c);
		cursor_u64(&c); /* physical */
		one.size = cursor_u64(&c);
		if (type == PT_LOAD && !c.bad)
			f->loads[f->nr_loads++] = one;
	}
	return f->loads;
}

/* What fails leaves a file without symbols. */
static void read_file(struct file *f)
{
	struct buf head = { 0 }, part = { 0 };
	struct table t;
	struct stat st;
	struct cursor c;
	uint16_t nr_segments, nr_sections;
	uint64_t segments, sections;
	int fd = f->path[0] == '/' ? open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) : -1;

	f->read = true;
	if (fd < 0)
		return;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_ino != f->inode || !fetch(fd, 0, sizeof(Elf64_Ehdr), &head) ||
	    memcmp(head.data, ELFMAG, SELFMAG) || head.data[EI_CLASS] != ELFCLASS64 || head.data[EI_DATA] != ELFDATA2LSB)
		goto out;
	c = cursor_over(head.data, head.size);
	cursor_seek(&c, offsetof(Elf64_Ehdr, e_phoff));
	segments = cursor_u64(&c);
	sections = cursor_u64(&c);
	cursor_seek(&c, offsetof(Elf64_Ehdr, e_phnum));
	nr_segments = cursor_u16(&c);
	cursor_u16(&c); /* size of a section header */
	nr_sections = cursor_u16(&c);
	if (!fetch(fd, segments, (uint64_t)nr_segments * sizeof(Elf64_Phdr), &part) || !read_loads(f, &part, nr_segments))
		goto out;
	if (!fetch(fd, sections, (uint64_t)nr_sections * sizeof(Elf64_Shdr), &part))
		goto out;
	t = find_table(&part, nr_sections);
	if (!t.size || !fetch(fd, t.names, t.names_size, &f->names) || !fetch(fd, t.offset, t.size, &part) ||
	    !read_functions(f, &part))
		f->nr_functions = 0;
out:
	buf_free(&head);
	buf_free(&part);
	close(fd);
}

/* ---- names ---- */

static const struct mapping *find_mapping(const struct process *p, uint64_t address)
{
	size_t low = 0, high = p->nr, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (address < p->maps[mid].start)
			high = mid;
		else if (address >= p->maps[mid].end)
			low = mid + 1;
		else
			return &p->maps[mid];
	}
	return NULL;
}

/* The last function that begins at or before @at, and does not end before it. */
static const struct function *find_function(const struct file *f, uint64_t at)
{
	size_t low = 0, high = f->nr_functions, mid;
	const struct function *found;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (f->functions[mid].start <= at)
			low = mid + 1;
		else
			high = mid;
	}
	if (!low)
		return NULL;
	found = &f->functions[low - 1];
	while (found > f->functions && found[-1].start == found->start)
		found--;
	return !found->size || at - found->start < found->size ? found : NULL;
}

void app_symbols_name(void *symbols, uint32_t pid, uint64_t address, struct buf *out)
{
	struct app_symbols *s = symbols;
	const struct process *p = find_process(s, (pid_t)pid);
	const struct mapping *m = p && address ? find_mapping(p, address - 1) : NULL;
	const struct function *fn;
	const char *name = NULL;
	struct cursor names;
	struct file *f;
	uint64_t at;
	size_t i;

	if (!m)
		return;
	f = &s->files[m->file];
	if (!f->read)
		read_file(f);
	at = address - m->start + m->offset; /* in the file */
	for (i = 0; i < f->nr_loads; i++)
		if (at - 1 - f->loads[i].offset < f->loads[i].size) {
			at = at - f->loads[i].offset + f->loads[i].address;
			break;
		}
	fn = i < f->nr_loads ? find_function(f, at - 1) : NULL;
	if (fn) {
		names = cursor_over(f->names.data, f->names.size);
		name = cursor_str_at(&names, fn->name);
	}
	if (name) {
		buf_printf(out, "%s+0x%llx", name, (unsigned long long)(at - fn->start));
		return;
	}
	name = strrchr(f->path, '/');
	buf_printf(out, "%s+0x%llx", name ? name + 1 : f->path, (unsigned long long)at);
}
