/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_OBJECT_BTF_H
#define ABIDE_OBJECT_BTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/error.h"

/*
 * BTF (Documentation/bpf/btf.rst), read lazily and only through the cursor. Opening
 * checks the header; a type is decoded when it is asked for. Either byte order.
 * Kinds are those of <linux/btf.h> (BTF_KIND_*); a kind that is not known is passed
 * over where the layout section says how long it is, and only the types behind it
 * are lost where nothing says so. Names differ from libbpf's and the UAPI's on
 * purpose (struct btf, struct btf_type ...), so both can be used in one file.
 *
 * A handle is not locked: one thread at a time (find builds its index on first use).
 */
struct btf_data;

/* Raw BTF, or an ELF file with a .BTF section; mapped where the file can be mapped. */
int btf_open_file(const char *path, struct btf_data **out, struct abide_error *e);
/* Raw BTF in memory, borrowed: it must outlive the handle. */
int btf_open_mem(const void *data, size_t size, struct btf_data **out, struct abide_error *e);
/*
 * Split BTF (a kernel module's) on top of @base, both borrowed: its ids and strings go on where
 * those of @base end. The handle sees both; what is found by name is the base's first.
 */
int btf_open_split(struct btf_data *base, const void *data, size_t size, struct btf_data **out,
                   struct abide_error *e);
void btf_free(struct btf_data *b);

/* One decoded type. .name is "" when there is none or it lies outside the strings. */
struct btf_info {
	uint32_t id;
	uint8_t kind; /* BTF_KIND_* */
	bool kflag;   /* struct/union: members carry bit sizes; enum: signed */
	uint32_t vlen;
	const char *name;
	uint32_t size;    /* bytes; INT ENUM ENUM64 STRUCT UNION FLOAT DATASEC */
	uint32_t type;    /* PTR TYPEDEF const-like FUNC FUNC_PROTO(return) VAR DECL_TAG TYPE_TAG */
	uint32_t linkage; /* FUNC (= vlen) and VAR */
	uint32_t extra;   /* offset of what follows the record, within the type section */
};

struct btf_field {        /* struct or union member */
	const char *name; /* "" when anonymous */
	uint32_t type;
	uint32_t bit_off;  /* from the start of the struct, in bits */
	uint32_t bit_size; /* 0: not a bit-field */
};

struct btf_value { /* enumerator */
	const char *name;
	int64_t value; /* unsigned 64-bit values keep their bit pattern */
};

struct btf_arg {          /* parameter of a FUNC_PROTO */
	const char *name; /* "" when the BTF has none */
	uint32_t type;    /* 0 and an empty name: "..." */
};

struct btf_slot { /* one variable of a DATASEC */
	uint32_t type, off, size;
};

uint32_t btf_count(const struct btf_data *b); /* types, void (0) included: ids are 0..count-1 */
bool btf_other_endian(const struct btf_data *b);
/* The bytes the handle was opened on, of the size the header promises; NULL and 0 for a kernel of a set (btf_set.h). */
const void *btf_bytes(const struct btf_data *b, size_t *size);
const char *btf_string(const struct btf_data *b, uint32_t off); /* NULL when outside */

/* Each returns false when @id or @i is out of range, of another kind, or the record is cut. */
bool btf_get(const struct btf_data *b, uint32_t id, struct btf_info *out);
bool btf_field_at(const struct btf_data *b, const struct btf_info *t, uint32_t i,
                  struct btf_field *out);
bool btf_value_at(const struct btf_data *b, const struct btf_info *t, uint32_t i,
                  struct btf_value *out);
bool btf_arg_at(const struct btf_data *b, const struct btf_info *t, uint32_t i,
                struct btf_arg *out);
bool btf_slot_at(const struct btf_data *b, const struct btf_info *t, uint32_t i,
                 struct btf_slot *out);
/* ARRAY: element type, index type and number of elements. */
bool btf_array(const struct btf_data *b, const struct btf_info *t, uint32_t *elem, uint32_t *index,
               uint32_t *count);
/* INT: BTF_INT_ENCODING bits (BTF_INT_SIGNED, _CHAR, _BOOL), bit offset and bits. */
bool btf_int(const struct btf_data *b, const struct btf_info *t, uint8_t *encoding,
             uint8_t *bit_off, uint8_t *bits);
/* DECL_TAG: member index, -1 for the type itself. */
bool btf_tag_component(const struct btf_data *b, const struct btf_info *t, int32_t *component);

/*
 * The first type of that kind and name, or 0. Forward declarations are not found
 * for STRUCT. The first few scan, then an index is built: about 1 ms for a kernel. The
 * FUNCs of a kernel are some half of its types and have an index of their own, and its
 * tracepoints' iterators (__traceiter_NAME) another, which costs next to nothing.
 */
uint32_t btf_find(struct btf_data *b, uint8_t kind, const char *name);
/* The first type of that name among STRUCT UNION ENUM ENUM64 TYPEDEF INT FLOAT, or 0. */
uint32_t btf_find_type(struct btf_data *b, const char *name);

/* How long a name is without its flavour: 11 of "task_struct___old". */
uint32_t btf_essential(const char *name);
/*
 * The types whose name without its flavour is that of @name, in order of their ids: *at = 0 starts; 0 ends. The index is
 * built at the first call; false: no memory for it, and then nothing is found.
 */
uint32_t btf_flavour(struct btf_data *b, const char *name, uint32_t *at);
bool btf_index_flavours(struct btf_data *b);

/* The next type behind @id whose kind is in @kinds (1u << BTF_KIND_ENUM | ...), or 0. */
uint32_t btf_after(const struct btf_data *b, uint32_t id, uint32_t kinds);

/* Strip const, volatile, restrict and type tags (@typedefs: and typedefs). Loops end in 0. */
uint32_t btf_strip(const struct btf_data *b, uint32_t id, bool typedefs);
/* Bytes that a value of the type takes (pointers: 8), or -1. Bounded in depth; overflow is -1. */
int64_t btf_sizeof(const struct btf_data *b, uint32_t id);
/* "struct task_struct *", "unsigned int", "char[16]" in @buf (always terminated). Returns @buf. */
const char *btf_spell(const struct btf_data *b, uint32_t id, char *buf, size_t size);

#endif
