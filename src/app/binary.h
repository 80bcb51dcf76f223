/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_APP_BINARY_H
#define ABIDE_APP_BINARY_H

#include <stddef.h>

#include "util/buf.h"
#include "util/error.h"

/*
 * Append the bytes of the sections "abide_user" of an ELF file to @out: usually there is one; an
 * object file that is not linked may have several. @path is for messages. 0; -ENOENT without any (tag
 * "user-events-none"); -EINVAL, -EFBIG when it is no 64-bit little-endian ELF file or damaged
 * ("elf-format", "elf-truncated", "elf-sections"). Reads no more of the file than it needs.
 */
int app_binary_fd(int fd, const char *path, struct buf *out, struct abide_error *e);
int app_binary_mem(const void *data, size_t size, const char *path, struct buf *out, struct abide_error *e);

#endif
