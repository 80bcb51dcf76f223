/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROFILE_KERNELS_H
#define ABIDE_PROFILE_KERNELS_H

#include "profile/profile.h"

/*
 * The kernels that users can name: the profiles that are built in, those in the user's
 * store ($XDG_DATA_HOME/abide/kernels, ~/.local/share/abide/kernels; one of the same name hides a
 * built-in one), this kernel, and files. A kernel is a number, from 0, which stays.
 */
struct kernels;
enum kernel_origin { KERNEL_BUILTIN, KERNEL_STORE, KERNEL_FILE, KERNEL_RUNNING };

struct kernel_list { /* all-zero is empty; free(.items) */
	uint32_t *items;
	uint32_t nr;
	size_t room;
};

/* Only directories and headers are read. A damaged file of the store is listed, and fails when it is used. */
int kernels_open(struct kernels **out, struct abide_error *e);
void kernels_close(struct kernels *ks);

uint32_t kernels_count(const struct kernels *ks);
const struct profile_facts *kernels_facts(const struct kernels *ks, uint32_t i);
enum kernel_origin kernels_origin(const struct kernels *ks, uint32_t i);
/* The store's file, or the file that was named; NULL for others. */
const char *kernels_path(const struct kernels *ks, uint32_t i);
/* Why a kernel of the store cannot be used, or NULL. */
const struct abide_error *kernels_fault(const struct kernels *ks, uint32_t i);

/*
 * Append what @what means, without repeating: NULL is this kernel, "all" every profile of this machine's byte order, which objects have; a profile's name
 * or release; the beginning of some ("6.12": the newest of this machine, or else of
 * another); a file in any format of image/image.h, or a profile. Tag kernel-unknown.
 */
int kernels_find(struct kernels *ks, const char *what, struct kernel_list *list,
                 struct abide_error *e);

/*
 * The kernel's BTF: opened once, owned by @ks. kernels_drop gives the handle back, and the notes; with them most of the memory
 * that the kernel takes if it is droppable: a profile of one kernel, or raw BTF, which are soon read again.
 */
int kernels_btf(struct kernels *ks, uint32_t i, struct btf_data **out, struct abide_error *e);
void kernels_drop(struct kernels *ks, uint32_t i);
bool kernels_droppable(const struct kernels *ks, uint32_t i);

/*
 * What else is known of the kernel, owned by @ks. Of the running one its configuration is read at once,
 * its symbols (/proc/kallsyms, which takes a while) only where @symbols asks for them.
 */
int kernels_notes(struct kernels *ks, uint32_t i, bool symbols, const struct notes **out, struct abide_error *e);

/*
 * Its modules, owned by @ks: of a package and of those of modules beside it, of what lies beside a raw BTF
 * that is called vmlinux, and of the running kernel those that are loaded. *out is NULL where nobody knows
 * them: profiles have none.
 */
struct modules;
int kernels_modules(struct kernels *ks, uint32_t i, struct modules **out, struct abide_error *e);

/* SHA-256 of the kernel's own BTF, whichever way it is known. */
int kernels_hash(struct kernels *ks, uint32_t i, uint8_t hash[32], struct abide_error *e);

/* Read a kernel's file as one kernel for a profile. @name: NULL, the release or the file's name. */
struct image;
int kernels_read(const char *path, const char *name, struct image **image, struct btf_data **btf,
                 struct profile_facts *facts, struct abide_error *e);
/* Put a file's kernel into the store. @facts gets what it is. -EEXIST if the name is taken, unless @force. */
int kernels_add(const char *path, const char *name, bool force, struct profile_facts *facts,
                struct abide_error *e);
/* Take one out of the store. */
int kernels_remove(const char *name, struct abide_error *e);

/* The set that is built in. */
const void *kernels_builtin(size_t *size);

#endif
