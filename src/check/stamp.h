/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_CHECK_STAMP_H
#define ABIDE_CHECK_STAMP_H

#include "catalog/catalog.h"
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
 *	lacks field task_struct.recent_used_cpu
 *
 * "lacks KIND WHAT": not as the object's programs expect it on that kernel either; what is not
 * so elsewhere differs. Lines of other names are for later versions and passed over.
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
 * Append to @out the object file @elf with this stamp and the lines @lacks (NULL: none), in
 * the place of one that it has: all else is byte for byte where it was.
 */
int stamp_write(const void *elf, size_t size, const struct stamp *s, const struct buf *lacks, struct buf *out,
		struct abide_error *e);
/* Append the lines "lacks ..." of an object on a kernel, each once. */
int stamp_lacks(const struct object *o, struct btf_data *btf, const struct catalog *c, struct buf *out,
		struct abide_error *e);
/*
 * Append, for people, what @o's programs use and this kernel has not as they expect, without
 * what their stamp says of the kernel that they were tested on: a line each, at most @most and one for the rest.
 */
int stamp_differs(const struct object *o, struct btf_data *btf, const char *name, const struct catalog *c,
		  uint32_t most, struct buf *out, struct abide_error *e);
/*
 * A program of @o that depends on the kernel's internals, or NULL: then @o runs on
 * every kernel that has its events, and a stamp says nothing.
 */
const struct function *stamp_needed(const struct object *o);
/*
 * 0: @o has no stamp, needs none, or the stamp of the kernel of that release and BTF;
 * -EPERM: it is stamped for another one, and what differs for @o.
 */
int stamp_allows(const struct object *o, const char *release, struct btf_data *btf, const struct catalog *c,
		 struct abide_error *e);

#endif
