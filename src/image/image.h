/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_IMAGE_IMAGE_H
#define ABIDE_IMAGE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/notes.h"
#include "util/error.h"

/*
 * A kernel in whatever file it comes, and the BTF in it:
 *
 *	raw BTF; an ELF vmlinux; an x86 bzImage; an EFI zboot image; a flat Image (arm64,
 *	riscv64 ...); any other boot image that holds one of these, compressed; a Debian or
 *	RPM package, tar or cpio archive with a kernel in it; and any of them compressed
 *	with gzip, xz, lzma, zstd, lz4 or bzip2
 */
struct image {
	uint8_t *btf; /* owned, of either byte order */
	size_t btf_size;
	char release[96]; /* uname -r, "" where the file does not tell */
	char machine[16]; /* "x86_64", "arm64" ...; "" where the file does not tell */
	char format[64];  /* "bzImage in a Debian package": outermost last */
	char *config;     /* the kernel's .config where a package or the kernel itself has it, or NULL */
	struct notes notes; /* what else is known: the configuration, symbols, what can be attached to */
};

/* Tags of refusals: image-format (nothing known), image-damaged, image-size, btf-missing. */
int image_open(const char *path, struct image **out, struct abide_error *e);
/* The same of a file's bytes; @name stands for it in messages. */
int image_open_mem(const char *name, const void *data, size_t size, struct image **out,
                   struct abide_error *e);
void image_free(struct image *im);

/*
 * The modules in a directory of raw BTF or .ko files (also compressed), in a package, or one module's
 * file: each is unpacked, told and forgotten. All of a struct image_module is borrowed.
 */
struct image_module {
	const char *name;   /* as the kernel says it: mq_deadline */
	const uint8_t *btf; /* split: on top of the kernel's; NULL: it has none */
	size_t btf_size;
	const uint8_t *elf; /* the module itself; NULL: there is only its BTF */
	size_t elf_size;
};
#define IMAGE_MODULE_NAME 56 /* bytes with the NUL, as the kernel has it */
struct image_modules_to {
	/* Shall the module of that name be unpacked and told? NULL: all are. */
	bool (*wanted)(void *arg, const char *name);
	/* 0: go on; 1: no more are wanted; -errno. Several threads may call it at once. */
	int (*module)(void *arg, const struct image_module *m, struct abide_error *e);
	void *arg;
};
int image_modules(const char *path, const struct image_modules_to *to, struct abide_error *e);

/*
 * The symbols that a module adds to the kernel's when it is loaded: not those of what is thrown away once it
 * has begun. @code: a function's. Damaged files have none.
 */
typedef void (*image_symbol_fn)(void *arg, const char *name, bool code);
void image_module_symbols(const struct image_module *m, image_symbol_fn fn, void *arg);

#endif
