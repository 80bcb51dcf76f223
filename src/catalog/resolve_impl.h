/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_CATALOG_RESOLVE_IMPL_H
#define ABIDE_CATALOG_RESOLVE_IMPL_H

#include "catalog/resolve.h"

/* Inside of resolve, shared by resolve*.c only. */

/*
 * One line that says why an alternative does not fit; a function that fills it returns
 * -ENOENT (the target lacks something), -EINVAL (the catalog asks for what no target
 * can give) or -ENOMEM.
 */
struct why {
	char text[192];
};

int why_set(struct why *w, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* What was resolved, kept by (catalog entry, element). Owned by the target. */
struct kept {
	const void *key;
	uint32_t elem;
	int code;                  /* 0 or what resolving returned */
	struct abide_error *error; /* code != 0 */
	void *result;              /* struct access or struct place, code == 0 */
};

struct kept_map {
	struct access_map map;
	const struct cat_enum *key;
	struct kept_map *next;
};

/* A placement with what resolve needs of it. */
struct place {
	struct placement pub; /* first: callers hold a pointer to it */
	struct btf_info proto;
	uint32_t first;       /* parameters before the tracepoint's own: the void * of the probe */
	bool named;           /* the prototype has the arguments' names */
};

struct type_list {
	uint32_t *ids;
	size_t nr, room;
};

struct target {
	struct btf_data *btf;
	struct catalog *catalog;
	char *name;
	const char *machine;
	bool big_endian;
	struct kept **slots; /* open addressing, a power of two */
	uint32_t nr_slots, nr_kept;
	struct kept_map *maps;
	uint32_t *structs;   /* by index into catalog->structs: BTF id + 1, 0: not looked up */
	struct type_list enums; /* all, listed when the first enumerator is asked for */
	bool listed;
};

/* resolve_target.c */
/* Does the catalog number system calls for the target's machine? */
bool target_has_syscalls(const struct target *t);
/* The value of an enumerator in any enum of the target: 0, -ENOENT, -ENOMEM. */
int target_enumerator(struct target *t, const char *name, int64_t *value);
/* What is kept for (@key, @elem), or NULL. */
struct kept *target_kept(const struct target *t, const void *key, uint32_t elem);
/* Keep a result (@result is owned from here on) or a copy of *@e. Returns the entry, NULL: no memory. */
struct kept *target_keep(struct target *t, const void *key, uint32_t elem, int code, void *result,
			 const struct abide_error *e);

/* resolve_type.c */
struct member {
	uint32_t type;
	uint32_t bit_off;  /* from the struct that was searched */
	uint32_t bit_size; /* 0: not a bit-field */
};

bool type_is_struct(const struct btf_data *b, uint32_t id);
/* Member of a struct or union by name, also inside nameless ones. */
bool type_member(const struct btf_data *b, uint32_t id, const char *name, struct member *out);
/* ARRAY after modifiers and typedefs? Then its element type, count and the element's bytes. */
bool type_array(const struct btf_data *b, uint32_t id, uint32_t *elem, uint32_t *count, uint32_t *bytes);
/* What a pointer points to, unstripped; false if @id is none. */
bool type_pointer(const struct btf_data *b, uint32_t id, uint32_t *to);
/* Integers and enums: bytes and sign; false for all others. */
bool type_scalar(const struct btf_data *b, uint32_t id, uint32_t *bytes, bool *sign);
/* Does @spelled equal the type's spelling, blanks and qualifiers aside? */
bool type_spells(const struct btf_data *b, uint32_t id, const char *spelled);
/* The struct, union or typedef that "struct tcp_sock *" names, or 0. */
uint32_t type_of_cast(struct btf_data *b, const char *cast);

/* resolve_walk.c */
enum walk {
	WALK_REFUSED, /* no plain load there */
	WALK_SCALAR,  /* a number to the kernel: nothing is loaded through it */
	WALK_POINTER, /* a pointer to the struct *next */
};

/* What every kernel's verifier says to a load of @size bytes at @off from a pointer to struct @id. */
enum walk walk_load(const struct btf_data *b, uint32_t id, uint32_t off, uint32_t size, uint32_t *next);
/* May a loaded pointer, or one to @id's member, be NULL to some kernel's verifier? */
bool walk_nullable(const char *struct_name, const char *member);

/* resolve_path.c */
struct path_in {
	struct target *t;
	const struct cat_field *field;
	const struct cat_path *path;
	uint32_t root;             /* kernel's struct of a field, 0 for an event's argument */
	const struct place *place; /* of an event's argument */
	uint32_t elem;
	bool second;               /* the other half of "or", "unless": a number */
};

struct path_out {
	struct access_path path;
	bool typed, nullable;
	char *text; /* where the kernel's path is written */
	size_t text_size;
};

int path_resolve(const struct path_in *in, struct path_out *out, struct why *w);

/* resolve_ops.c */
/* Fill a->ops from the source and the kernel's type of the value. */
int ops_resolve(struct target *t, const struct cat_field *f, struct access *a, struct why *w);

/* resolve_event.c */
/* Argument of a tracepoint by name: position and type. */
bool place_arg_is_number(const struct place *p, const char *name);
bool place_arg(const struct btf_data *b, const struct place *p, const char *name, uint32_t *position,
	       uint32_t *type, bool *nullable);

#endif
