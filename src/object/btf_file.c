/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * BTF from a file: raw, or the .BTF section of an ELF file of any class, machine and
 * byte order (an uncompressed vmlinux; an eBPF object). Of an ELF file only the
 * section headers, their names and that section are read: a vmlinux with DWARF has
 * hundreds of megabytes.
 *
 * The kernel's own BTF is mapped (Linux 6.16 and later can; it costs no memory then).
 * Other files are read: a mapped file that somebody cuts short kills its reader.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "object/btf_data.h"

#define MAX_BTF      (256u << 20) /* bytes; the largest known is 12 MiB */
#define MAX_SECTIONS 65536u

struct bytes {
	void *data;
	size_t size;
	bool mapped;
};

/* Read exactly [@off, @off+@size) into new memory. Short files are -EINVAL. */
static int read_range(int fd, uint64_t off, size_t size, void **out)
{
	uint8_t *p = malloc(size ? size : 1);
	size_t got = 0;
	ssize_t n;
	int err = 0;

	if (!p)
		return -ENOMEM;
	while (!err && got < size) {
		n = pread(fd, p + got, size - got, off + got);
		if (n > 0)
			got += n;
		else if (!n)
			err = -EINVAL;
		else if (errno != EINTR)
			err = -errno;
	}
	if (err) {
		free(p);
		p = NULL;
	}
	*out = p;
	return err;
}

struct elf_section {
	uint32_t name, type, link;
	uint64_t off, size;
};

static struct elf_section read_section(struct cursor c, uint32_t i, bool wide)
{
	struct elf_section s = { 0 };

	cursor_seek(&c, (size_t)i * (wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr)));
	s.name = cursor_u32(&c);
	s.type = cursor_u32(&c);
	if (wide) {
		cursor_take(&c, 16); /* flags, address */
		s.off = cursor_u64(&c);
		s.size = cursor_u64(&c);
	} else {
		cursor_take(&c, 8);
		s.off = cursor_u32(&c);
		s.size = cursor_u32(&c);
	}
	s.link = cursor_u32(&c);
	return s;
}

/* Where .BTF lies in the ELF file that begins with @head. 0, -ENOENT, -EINVAL or a read error. */
static int find_elf_btf(int fd, uint64_t file_size, struct cursor head, struct elf_section *out)
{
	bool wide = head.data[EI_CLASS] == ELFCLASS64;
	struct elf_section names;
	struct cursor c, str;
	void *table = NULL, *strings = NULL;
	uint64_t off, size;
	uint32_t nr, i, strndx;
	int err;

	head.swap =
		head.data[EI_DATA] != (__BYTE_ORDER == __LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB);
	cursor_seek(&head, wide ? offsetof(Elf64_Ehdr, e_shoff) : offsetof(Elf32_Ehdr, e_shoff));
	off = wide ? cursor_u64(&head) : cursor_u32(&head);
	cursor_seek(&head, wide ? offsetof(Elf64_Ehdr, e_shnum) : offsetof(Elf32_Ehdr, e_shnum));
	nr = cursor_u16(&head);
	strndx = cursor_u16(&head);
	size = (uint64_t)nr * (wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr));
	if (head.bad || strndx >= nr || off > file_size || size > file_size - off)
		return -EINVAL;
	err = read_range(fd, off, size, &table);
	if (err)
		goto out;
	c = cursor_over(table, size);
	c.swap = head.swap;
	names = read_section(c, strndx, wide);
	err = -EINVAL;
	if (names.off > file_size || names.size > file_size - names.off || names.size > MAX_BTF)
		goto out;
	err = read_range(fd, names.off, names.size, &strings);
	if (err)
		goto out;
	str = cursor_over(strings, names.size);
	err = -ENOENT;
	for (i = 0; i < nr && err == -ENOENT; i++) {
		struct elf_section s = read_section(c, i, wide);
		const char *name = cursor_str_at(&str, s.name);

		if (!name || strcmp(name, ".BTF") || s.type == SHT_NOBITS)
			continue;
		*out = s;
		err = s.off > file_size || s.size > file_size - s.off ? -EINVAL : 0;
	}
out:
	free(table);
	free(strings);
	return err;
}

static bool on_sysfs(int fd)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) && fs.f_type == SYSFS_MAGIC;
}

static int get_bytes(int fd, const char *path, struct bytes *b, struct abide_error *e)
{
	struct elf_section where = { 0 };
	uint8_t head[sizeof(Elf64_Ehdr)] = { 0 };
	struct stat st;
	ssize_t n;
	int err;

	if (fstat(fd, &st))
		return error_set(e, -errno, "", "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return error_set(e, -EINVAL, "btf-file", "%s is not a regular file", path);
	n = pread(fd, head, sizeof(head), 0);
	if (n < 0)
		return error_set(e, -errno, "", "%s: %s", path, strerror(errno));
	where.size = st.st_size;
	if (n >= EI_NIDENT && !memcmp(head, ELFMAG, SELFMAG)) {
		err = find_elf_btf(fd, st.st_size, cursor_over(head, n), &where);
		if (err == -ENOENT)
			return error_set(e, err, "btf-missing",
			                 "%s is an ELF file without a .BTF section", path);
		if (err)
			return error_set(e, err, "btf-truncated",
			                 "%s: its section headers are damaged", path);
	}
	if (where.size > MAX_BTF)
		return error_set(e, -EFBIG, "btf-file", "%s has more than %u MiB of BTF", path,
		                 MAX_BTF >> 20);
	b->size = where.size;
	if (!where.off && b->size && on_sysfs(fd)) {
		b->data = mmap(NULL, b->size, PROT_READ, MAP_PRIVATE, fd, 0);
		b->mapped = b->data != MAP_FAILED;
		if (b->mapped)
			return 0;
	}
	err = read_range(fd, where.off, b->size, &b->data);
	if (err)
		return error_set(e, err, "", "%s: %s", path, strerror(-err));
	return 0;
}

int btf_open_file(const char *path, struct btf_data **out, struct abide_error *e)
{
	char problem[sizeof(((struct abide_error *)0)->problem)];
	struct bytes b = { 0 };
	struct abide_error why = { 0 };
	int fd, err;

	*out = NULL;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set(e, -errno, "", "%s: %s", path, strerror(errno));
	err = get_bytes(fd, path, &b, e);
	if (err)
		goto out;
	err = btf_open_mem(b.data, b.size, out, &why);
	if (err) {
		memcpy(problem, why.problem, sizeof(problem));
		if (err == -ENOMEM)
			error_nomem(e);
		else
			error_set(e, err, why.tag, "%s: %s", path, problem);
		if (b.mapped)
			munmap(b.data, b.size);
		else
			free(b.data);
		goto out;
	}
	(*out)->own = b.data;
	(*out)->own_size = b.size;
	(*out)->mapped = b.mapped;
out:
	close(fd);
	return err;
}
