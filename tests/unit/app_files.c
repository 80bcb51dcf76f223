/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Files and processes with user events. In: the libraries of app_events.h, and what becomes of them when
 * bytes are cut off or changed. Checked: each refusal, that files must agree, that a process's mapped
 * files are found, deleted ones too.
 */
#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/app.h"
#include "app/binary.h"
#include "catalog/lock.h"
#include "resolve_kit.h"

static char folder[4096]; /* where this program and the libraries are */

static const char *library(const char *name)
{
	static char path[2][4200];
	static int which;

	which = !which;
	snprintf(path[which], sizeof(path[which]), "%s/%s", folder, name);
	return path[which];
}

static uint8_t *read_all(const char *path, size_t *size)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = malloc(1 << 20);

	*size = f && data ? fread(data, 1, 1 << 20, f) : 0;
	if (f)
		fclose(f);
	return data;
}

/* The refusal of @data, or "" when it is taken. */
static const char *tag_of(const uint8_t *data, size_t size)
{
	static struct abide_error e;
	struct buf out = { 0 };
	uint8_t *exact = malloc(size ? size : 1); /* so that a sanitizer sees a read past the end */
	int rc;

	memset(&e, 0, sizeof(e));
	memcpy(exact, data, size);
	rc = app_binary_mem(exact, size, "FILE", &out, &e);
	free(exact);
	buf_free(&out);
	return rc ? e.tag : "";
}

static Elf64_Shdr *section(uint8_t *data, const char *name)
{
	Elf64_Ehdr *h = (Elf64_Ehdr *)data;
	Elf64_Shdr *s = (Elf64_Shdr *)(data + h->e_shoff);
	uint32_t i;

	for (i = 0; i < h->e_shnum; i++)
		if (!strcmp((char *)data + s[h->e_shstrndx].sh_offset + s[i].sh_name, name))
			return &s[i];
	return NULL;
}

static void test_elf(void)
{
	size_t size, i, taken = 0, refused = 0;
	uint8_t *good = read_all(library("app_events.so"), &size), *data = malloc(size);
	Elf64_Ehdr *h = (Elf64_Ehdr *)data;
	const char *tag;

#define FRESH memcpy(data, good, size)
	FRESH;
	OK(size > 1000 && !*tag_of(data, size), "a stripped library");
	HAS(tag_of((const uint8_t *)"#!/bin/sh\n", 10), "elf-format", "a script");
	HAS(tag_of(data, 0), "elf-format", "an empty file");
	data[EI_CLASS] = ELFCLASS32;
	HAS(tag_of(data, size), "elf-format", "32 bits");
	FRESH;
	data[EI_DATA] = ELFDATA2MSB;
	HAS(tag_of(data, size), "elf-format", "big-endian");
	FRESH;
	h->e_shoff = 0;
	h->e_shnum = 0;
	HAS(tag_of(data, size), "user-events-none", "without section headers");
	FRESH;
	h->e_shentsize = 32;
	HAS(tag_of(data, size), "elf-sections", "section headers of another size");
	FRESH;
	h->e_shstrndx = h->e_shnum;
	HAS(tag_of(data, size), "elf-sections", "no names");
	FRESH;
	section(data, ".shstrtab")->sh_size = UINT64_MAX;
	HAS(tag_of(data, size), "elf-sections", "endless names");
	FRESH;
	section(data, ".shstrtab")->sh_offset = size;
	HAS(tag_of(data, size), "elf-truncated", "names outside");
	FRESH;
	section(data, "abide_user")->sh_offset = UINT64_MAX - 8;
	HAS(tag_of(data, size), "elf-truncated", "records outside");
	FRESH;
	section(data, "abide_user")->sh_size = UINT64_MAX;
	HAS(tag_of(data, size), "elf-sections", "endless records");
	FRESH;
	section(data, "abide_user")->sh_type = SHT_NOBITS;
	HAS(tag_of(data, size), "elf-sections", "records without bytes");
	FRESH;
	section(data, "abide_user")->sh_name = 0x7fffffff;
	HAS(tag_of(data, size), "user-events-none", "a name outside of the names");
	/* more than 65279 sections: numbers are in the first header */
	FRESH;
	((Elf64_Shdr *)(data + h->e_shoff))->sh_size = h->e_shnum;
	((Elf64_Shdr *)(data + h->e_shoff))->sh_link = h->e_shstrndx;
	h->e_shnum = 0;
	h->e_shstrndx = SHN_XINDEX;
	OK(!*tag_of(data, size), "numbers in the first section header");
	((Elf64_Shdr *)(data + h->e_shoff))->sh_size = UINT64_MAX;
	HAS(tag_of(data, size), "elf-sections", "and too many of them");
	FRESH;
	for (i = 0; i < size; i++) {
		tag = tag_of(data, i);
		taken += !*tag;
		refused += !strcmp(tag, "elf-truncated") || !strcmp(tag, "elf-format");
	}
	OK(!taken && refused == size, "cut off anywhere it is refused for that");
	free(good);
	free(data);
}

static struct abide_error last;

static struct app *open_app(const char *first, const char *second)
{
	const char *const paths[] = { first, second };
	struct app *a = NULL;

	memset(&last, 0, sizeof(last));
	app_open_files(paths, second ? 2 : 1, &a, &last);
	return a;
}

static void test_files(void)
{
	struct app *a, *b;
	struct buf x = { 0 }, y = { 0 };

	a = open_app(library("app_events.so"), NULL);
	OK(a && a->catalog->nr_structs == 2 && a->catalog->nr_events == 3, "a library's structs and events");
	OK(a && catalog_event(a->catalog, "things:seen") && !catalog_event(a->catalog, "sys_enter:read"), "by their names");
	b = open_app(library("app_events.so"), library("app_events.so"));
	OK(b && b->nr_files == 2 && b->catalog->nr_structs == 2 && b->catalog->nr_events == 3, "what files have in common is there once");
	app_free(b);
	OK(!open_app(library("app_events.so"), library("app_events_moved.so")), "files that differ");
	HAS(last.tag, "user-conflict", "are refused");
	HAS(last.problem, "app_events.so", "the one is named");
	HAS(last.problem, "app_events_moved.so", "and the other");
	HAS(last.reason, "offset", "and how they differ");
	b = open_app(library("app_events_moved.so"), NULL);
	OK(a && b && !lock_write(a->catalog, &x, &last) && !lock_write(b->catalog, &y, &last) && x.size == y.size &&
	           !memcmp(x.data, y.data, x.size),
	   "a build with other structs promises the same");
	OK(!open_app("/proc/self/exe", NULL), "a program without events");
	HAS(last.tag, "user-events-none", "is told");
	OK(!open_app(folder, NULL), "a directory");
	OK(!open_app("/nonexistent", NULL) && last.code == -ENOENT, "no file");
	buf_free(&x);
	buf_free(&y);
	app_free(a);
	app_free(b);
}

/* Map @path's bytes as code, as a loader does, of a copy that is deleted. */
static void *map_copy(const char *path, bool delete, size_t *size)
{
	char copy[] = "/tmp/abide-app-test.XXXXXX";
	uint8_t *data = read_all(path, size);
	int fd = mkstemp(copy);
	void *p = MAP_FAILED;

	if (fd >= 0 && write(fd, data, *size) == (ssize_t)*size)
		p = mmap(NULL, *size, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	if (fd >= 0 && delete)
		unlink(copy);
	close(fd);
	free(data);
	return p;
}

static void test_process(void)
{
	int fd = open(library("app_events.so"), O_RDONLY);
	struct abide_error e = { 0 };
	struct app *a = NULL;
	size_t size, n;
	void *p, *q;

	OK(app_open_process(getpid(), &a, &e) == -ENOENT && !strcmp(e.tag, "user-events-none"), "a process without events");
	HAS(e.problem, "app_files", "is named");
	size = (size_t)lseek(fd, 0, SEEK_END);
	p = mmap(NULL, size, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	memset(&e, 0, sizeof(e));
	OK(!app_open_process(getpid(), &a, &e) && a->nr_files == 1 && strstr(a->files[0].path, "app_events.so"),
	   "a library that is mapped is found");
	app_free(a);
	a = NULL;
	q = map_copy(library("app_events.so"), true, &n);
	memset(&e, 0, sizeof(e));
	if (!app_open_process(getpid(), &a, &e)) /* as root */
		OK(a->nr_files == 2, "one that was deleted, too");
	else
		OK(a && a->unread, "one that was deleted is not");
	app_free(a);
	a = NULL;
	munmap(p, size);
	memset(&e, 0, sizeof(e));
	app_open_process(getpid(), &a, &e);
	OK(a || strstr(e.reason, "could not be read"), "and without the other it is found, or said that it cannot be read");
	app_free(a);
	a = NULL;
	munmap(q, n);
	/* none has this number: it is beyond what the kernel gives */
	OK(app_open_process(0x7ffffffe, &a, &e) && !a, "a process that is not there");
	HAS(e.problem, "there is none", "is said not to be there");
	close(fd);
}

int main(int argc, char **argv)
{
	char *slash;

	(void)argc;
	snprintf(folder, sizeof(folder), "%s", argv[0]);
	slash = strrchr(folder, '/');
	*(slash ? slash : folder) = '\0';
	test_elf();
	test_files();
	test_process();
	return kit_done();
}
