/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_CHECK_STAMP_H
#define ABIDE_CHECK_STAMP_H

#include "object/object.h"
#include "util/buf.h"
#include "util/sha256.h"

/*
 * The kernel that an object which depends on a kernel's internals was built and tested
 * for, in its section ".abide.stamp". Text, a line a fact, so that readelf -p shows it:
 *
 *	abide-stamp 1
 *	release 6.1.0-50-cloud-amd64
 *	btf-sha256 64 digits of the kernel's /sys/kernel/btf/vmlinux
 *
 * Lines of other names are for later versions and passed over.
 */
#define STAMP_SECTION ".abide.stamp"

struct stamp {
	char release[128];
	char btf[SHA256_HEX];
};

/* Of a kernel: its release and the digest of its BTF. -EINVAL: no release that could be one. */
int stamp_of_kernel(const char *release, const struct btf_data *btf, struct stamp *out, struct abide_error *e);
/* 0; -ENOENT and nothing in @e: the object has none; -EINVAL: it has one that cannot be read. */
int stamp_read(const struct object *o, struct stamp *out, struct abide_error *e);
/*
 * Append to @out the object file @elf with this stamp, in the place of one that it has:
 * all else is byte for byte where it was.
 */
int stamp_write(const void *elf, size_t size, const struct stamp *s, struct buf *out, struct abide_error *e);
/*
 * A program of @o that depends on the kernel's internals, or NULL: then @o runs on
 * every kernel that has its events, and a stamp says nothing.
 */
const struct function *stamp_needed(const struct object *o);
/*
 * 0: @o has no stamp, needs none, or the stamp of the kernel of that release and BTF;
 * -EPERM: it is stamped for another one.
 */
int stamp_allows(const struct object *o, const char *release, const struct btf_data *btf, struct abide_error *e);

#endif
