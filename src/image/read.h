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
#define IMAGE_MODULE  (256u << 20) /* one of them, unpacked; the largest have 30 MiB */
#define IMAGE_PACKAGE (UINT64_C(4) << 30)
#define IMAGE_LAYERS  6
#define IMAGE_BTF     (256u << 20)

struct reader {
	const char *name; /* of the file, for messages */
	struct image *im;
	size_t budget;     /* bytes that may still be unpacked */
	uint64_t streamed; /* bytes of packages that may still be read through */
	int layers, trials;
	struct image_pool *pool; /* packages are searched for modules, not for a kernel: who takes them */
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
/* The same of a file, which is read through and not kept. 0 when it is no package. */
int image_read_package_file(struct reader *r, int fd);

/* Undo compression: 1, 0 when it is none, -errno. @behind: there may be other data behind it. */
int image_unpack(struct reader *r, const uint8_t *data, size_t size, bool behind, struct buf *out);
/* The .BTF section of ELF bytes: 1, 0 no ELF, -ENOENT it has none, -EINVAL damaged. Borrowed. */
int image_elf_btf(const uint8_t *data, size_t size, const char *section, const uint8_t **btf,
                  size_t *btf_size);

/* An ELF file's sections, whatever its class and byte order. */
struct image_elf {
	struct cursor file, names;
	bool wide;
	uint32_t nr;
	uint64_t headers;
};
struct image_section {
	const char *name; /* NULL: it lies outside */
	uint32_t type, link;
	uint64_t flags, off, size;
};
/* 1, 0 no ELF, -ENOENT no sections, -EINVAL damaged. */
int image_elf_open(const uint8_t *data, size_t size, struct image_elf *elf);
struct image_section image_elf_section(const struct image_elf *elf, uint32_t i);

/*
 * Modules on their way from a package to who asked for them: unpacked by several threads, because a
 * distribution has some 4,000 of them, each compressed by itself.
 */
struct image_pool;
int image_pool_open(const struct image_modules_to *to, struct image_pool **out, struct abide_error *e);
/* Is a file of that name, NAME.ko, NAME.ko.xz ... (or NAME, where it may be @raw BTF), a module, and one that is wanted? */
bool image_pool_wants(const struct image_pool *p, const char *path, bool raw);
/* Takes @path and the @file's bytes over, also when it fails: 1, or -errno. */
int image_pool_add(struct image_pool *p, char *path, struct buf *file, struct abide_error *e);
bool image_pool_enough(struct image_pool *p);
/* Waits for what is on the way. 0, or the first error of all. */
int image_pool_close(struct image_pool *p, struct abide_error *e);

/* Keep the BTF of an unpacked kernel, and what else these bytes of it tell. 1, or -errno. */
int image_keep_kernel(struct reader *r, const uint8_t *data, size_t size, const uint8_t *btf, size_t btf_size);
/* Keep a copy of BTF bytes, which must have a BTF header. */
int image_keep_btf(struct reader *r, const uint8_t *data, size_t size);
/* All of a file of @size bytes into @b, and one more if it has grown. */
int image_read_fd(int fd, const char *path, size_t size, struct buf *b, struct abide_error *e);
bool image_is_btf(const uint8_t *data, size_t size, size_t *whole);
/* "Linux version 6.1.0-50 (..." anywhere in the bytes tells the release. */
void image_find_release(struct image *im, const uint8_t *data, size_t size);
void image_set_release(struct image *im, const char *text, size_t size);
void image_add_format(struct image *im, const char *what);

#endif
