/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROFILE_MODULES_H
#define ABIDE_PROFILE_MODULES_H

#include <stdbool.h>
#include <stdint.h>

#include "image/image.h"
#include "object/btf.h"
#include "util/error.h"

/*
 * The modules of a kernel: which there are, and what each has by which name. They are read when the first
 * question needs them, all at once or one by its name; their BTF is kept compressed, and opened where a
 * name is found.
 */
struct modules;

struct module;

/* Has memory been lacking? Then nothing that was not found is known to be absent. */
bool modules_nomem(const struct modules *m);

const char *module_name(const struct module *one); /* as the kernel says it: mq_deadline */
/* Are its symbols known, and not only its BTF? */
bool module_has_symbols(const struct module *one);

/* What a name is the name of. */
enum module_thing {
	MODULE_TYPE = 'b',     /* anything that its BTF describes; NAME___FLAVOUR and NAME are one */
	MODULE_FUNCTION = 'f', /* symbols */
	MODULE_DATA = 'd',
};

/* @base: the kernel's BTF, borrowed. @loaded: all of them are, it is the running kernel. */
int modules_open(struct btf_data *base, bool loaded, struct modules **out, struct abide_error *e);
/* They are in a package or directory, as image_modules knows it; several may be named, the first has them first. */
int modules_place(struct modules *m, const char *path, struct abide_error *e);
/* There are others, which nobody can read. */
void modules_partial(struct modules *m);
/* Put one in. Several threads may. */
int modules_add(struct modules *m, const struct image_module *module, struct abide_error *e);
void modules_free(struct modules *m);

bool modules_loaded(const struct modules *m);
/* Is there nothing but what was read? Reads all. False: a package is damaged or missing, or none has modules. */
bool modules_complete(struct modules *m);
/* The module of that name, or NULL. */
const struct module *modules_named(struct modules *m, const char *name);
/* Does it have that? Of types this may be wrong, and its BTF tells. */
bool module_has(const struct module *one, enum module_thing what, const char *name);
/* The next module, of all, that has something of that name: *at = 0 begins. NULL: no more. */
const struct module *modules_with(struct modules *m, enum module_thing what, const char *name, uint32_t *at);
/* Its BTF on top of the kernel's, as long as @m; NULL: it has none, or it is damaged or another kernel's. */
struct btf_data *modules_btf(struct modules *m, const struct module *one);

#endif
