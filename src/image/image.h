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
struct image_module { /* BTF of a module, split: on top of the kernel's */
	char *name;
	uint8_t *btf;
	size_t btf_size;
};

struct image {
	uint8_t *btf; /* owned, of either byte order */
	size_t btf_size;
	char release[96]; /* uname -r, "" where the file does not tell */
	char machine[16]; /* "x86_64", "arm64" ...; "" where the file does not tell */
	char format[64];  /* "bzImage in a Debian package": outermost last */
	char *config;     /* the kernel's .config where a package or the kernel itself has it, or NULL */
	struct notes notes; /* what else is known: the configuration, symbols, what can be attached to */
	struct image_module *modules;
	uint32_t nr_modules;
};

/* Tags of refusals: image-format (nothing known), image-damaged, image-size, btf-missing. */
int image_open(const char *path, struct image **out, struct abide_error *e);
/* The same of a file's bytes; @name stands for it in messages. */
int image_open_mem(const char *name, const void *data, size_t size, struct image **out,
                   struct abide_error *e);
void image_free(struct image *im);

/*
 * Add the split BTF of modules: a directory of raw BTF or .ko files (also compressed), or a
 * package of modules. Files without BTF are passed over.
 */
int image_add_modules(struct image *im, const char *path, struct abide_error *e);

#endif
