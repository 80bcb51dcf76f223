/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_CHECK_STAMP_H
#define ABIDE_CHECK_STAMP_H

#include "catalog/catalog.h"
#include "check/check.h"
#include "object/object.h"
#include "util/buf.h"
#include "util/sha256.h"

/*
 * The kernel that an object which depends on a kernel's internals was built and tested
 * for, in its section ".abide.stamp". Text, a line a fact, so that readelf -p shows it:
 *
 *	abide-stamp 2
 *	release 6.1.0-50-cloud-amd64
 *	btf-sha256 64 digits of the kernel's /sys/kernel/btf/vmlinux
 *	uses field task_struct.pid = 4 bytes
 *	uses function function vfs_read = ssize_t (struct file *, char *, size_t, loff_t *)
 *	lacks field task_struct.recent_used_cpu
 *
 * "uses KIND WHAT = VALUE": what the object's programs depend on there, and what the kernel gives for
 * it, so that another kernel can be compared without that one; what a module has ends in
 * " in module NAME". "lacks KIND WHAT": not as the
 * programs expect it there either. Lines of other names are for later versions and passed over.
 */
#define STAMP_SECTION ".abide.stamp"
#define STAMP_MODULE  " in module "

struct stamp {
	char release[128];
	char btf[SHA256_HEX];
};

/* A kernel that an object is stamped for or held against; all borrowed. */
struct stamp_kernel {
	const char *release;
	struct btf_data *btf;
	const char *hash;     /* digits of the SHA-256 of its own BTF; NULL: .btf is that, as it is */
	check_notes_fn notes; /* what else is known; may be NULL */
	void *notes_arg;
	struct modules *modules; /* NULL: not known */
};

/* -EINVAL: no release that could be one. */
int stamp_of_kernel(const struct stamp_kernel *on, struct stamp *out, struct abide_error *e);
/* The section that holds it, or NULL. */
const struct section *stamp_section(const struct object *o);
/* 0; -ENOENT and nothing in @e: the object has none; -EINVAL: it has one that cannot be read. */
int stamp_read(const struct object *o, struct stamp *out, struct abide_error *e);
/*
 * Append to @out the object file @elf with this stamp and the lines @uses (NULL: none), in
 * the place of one that it has: all else is byte for byte where it was.
 */
int stamp_write(const void *elf, size_t size, const struct stamp *s, const struct buf *uses, struct buf *out,
		struct abide_error *e);
/* Append the lines "uses ..." and "lacks ..." of an object on a kernel, each once. */
int stamp_uses(const struct object *o, const struct stamp_kernel *on, const struct catalog *c, struct buf *out,
	       struct abide_error *e);
/*
 * Append, for people, what @o's programs depend on and this kernel has not as their stamp says: a line
 * each, at most @most and one for the rest. @nr: how many there are.
 */
int stamp_differs(const struct object *o, const struct stamp_kernel *on, const struct catalog *c, uint32_t most, struct buf *out,
		  uint32_t *nr, struct abide_error *e);
/*
 * A program of @o that depends on the kernel's internals, or NULL: then @o runs on
 * every kernel that has its events, and a stamp says nothing.
 */
const struct function *stamp_needed(const struct object *o);
/*
 * 0: @o has no stamp, needs none, has the stamp of this very kernel and needs no module, or nothing that it
 * depends on differs here; -EPERM: something does, and what.
 */
int stamp_allows(const struct object *o, const struct stamp_kernel *on, const struct catalog *c, struct abide_error *e);

#endif
