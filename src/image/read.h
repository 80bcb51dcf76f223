/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_IMAGE_READ_H
#define ABIDE_IMAGE_READ_H

#include "image/image.h"
#include "util/buf.h"
#include "util/cursor.h"

/* Inside of the image readers. */
/*
 * Bounds. A vmlinux with debug information has 500 MiB, Debian's largest package of modules 4,500 of
 * them, and a bzImage in a tar in a package is three layers. A package is read through and not
 * kept. Fuzzing lets files unpack to less.
 */
#define IMAGE_FILE (768u << 20)
#ifndef IMAGE_UNPACKED
#define IMAGE_UNPACKED (512u << 20) /* all layers of a file together */
#endif
#define IMAGE_PACKAGE (UINT64_C(4) << 30)
#define IMAGE_LAYERS  6
#define IMAGE_MODULES 16384
#define IMAGE_BTF     (256u << 20)

struct reader {
	const char *name; /* of the file, for messages */
	struct image *im;
	size_t budget;     /* bytes that may still be unpacked */
	uint64_t streamed; /* bytes of packages that may still be read through */
	int layers, trials;
	bool modules; /* packages are searched for modules, not for a kernel */
	struct abide_error *e;
};

/*
 * Each looks at bytes and returns 1 when they were its format and the BTF is found, 0 when
 * they are something else, -errno when they are its format and damaged, or have no BTF (e is set).
 */
int image_read(struct reader *r, const uint8_t *data, size_t size);
int image_read_elf(struct reader *r, const uint8_t *data, size_t size);
int image_read_boot(struct reader *r, const uint8_t *data, size_t size);
int image_read_flat(struct reader *r, const uint8_t *data, size_t size);
int image_read_scan(struct reader *r, const uint8_t *data, size_t size);
int image_read_compressed(struct reader *r, const uint8_t *data, size_t size);
int image_read_package(struct reader *r, const uint8_t *data, size_t size);

/* Undo compression: 1, 0 when it is none, -errno. @behind: there may be other data behind it. */
int image_unpack(struct reader *r, const uint8_t *data, size_t size, bool behind, struct buf *out);
/* The .BTF section of ELF bytes: 1, 0 no ELF, -ENOENT it has none, -EINVAL damaged. Borrowed. */
int image_elf_btf(const uint8_t *data, size_t size, const char *section, const uint8_t **btf,
                  size_t *btf_size);

/* Keep the BTF of a module's file (ELF or raw, compressed or not), if it has any. 1, 0, -errno. */
int image_keep_module(struct reader *r, const char *path, const uint8_t *data, size_t size);
/* Is it a module by its name: NAME.ko, NAME.ko.xz ...? */
bool image_is_module(const char *path);

/* Keep the BTF of an unpacked kernel, and what else these bytes of it tell. 1, or -errno. */
int image_keep_kernel(struct reader *r, const uint8_t *data, size_t size, const uint8_t *btf, size_t btf_size);
/* Keep a copy of BTF bytes, which must have a BTF header. */
int image_keep_btf(struct reader *r, const uint8_t *data, size_t size);
int image_read_fd(int fd, const char *path, size_t size, struct buf *b, struct abide_error *e);
bool image_is_btf(const uint8_t *data, size_t size, size_t *whole);
/* "Linux version 6.1.0-50 (..." anywhere in the bytes tells the release. */
void image_find_release(struct image *im, const uint8_t *data, size_t size);
void image_set_release(struct image *im, const char *text, size_t size);
void image_add_format(struct image *im, const char *what);

#endif
