/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_OBJECT_BTF_DATA_H
#define ABIDE_OBJECT_BTF_DATA_H

#include <linux/btf.h>
#include <string.h>

#include "object/btf.h"
#include "object/btf_set.h"
#include "util/buf.h"
#include "util/cursor.h"

/*
 * Inside of the BTF reader, shared by btf*.c only. A type's record is found from the
 * nearest mark (every BTF_STRIDE-th type has one) by walking over at most 63 records;
 * that costs 4 bytes for 64 types where an offset table would cost 256.
 */
#define BTF_STRIDE 64
#define BTF_KINDS  128 /* 7 bits of btf_type.info */
#define BTF_DEPTH  64  /* of type chains that are followed; the kernel stops at 32 */
#define BTF_RECORD 12  /* sizeof(struct btf_type) */

struct btf_layout_entry { /* how long a kind's records are */
	uint16_t fixed;   /* bytes of the record and what follows it once; 0: nobody knows */
	uint8_t element;  /* bytes that follow for each of vlen */
	uint8_t names;    /* 1 + enum btf_names, 0: its names are in no index */
};

struct btf_walk { /* where the last lookup ended: makes loops over all types linear */
	uint32_t id, off;
};

/*
 * Open addressing, a power of two of slots; a slot is 0 (free) or the type's id in the
 * low .id_bits and some bits of its name's hash above them.
 */
struct btf_index {
	uint32_t *slots;
	uint32_t mask;
	uint32_t id_bits;
	uint32_t asked; /* look-ups before there was an index */
	uint64_t seed;  /* chosen at random, so that nobody can prepare colliding names */
};

/*
 * Which index a name is in. Tracepoints' iterators (FUNCs __traceiter_NAME) are in one of
 * their own: tracing asks for them first, and for other functions hardly ever.
 */
enum btf_names { BTF_NAMES_TYPES, BTF_NAMES_ITERATORS, BTF_NAMES_FUNCS, BTF_NAMES_NR };
#define BTF_NAMES_NOTED BTF_NAMES_FUNCS /* those before it are noted while walking */
#define BTF_ITERATOR    "__traceiter_"

struct btf_name { /* to be put into an index */
	uint32_t id, off;
};

struct btf_name_list {
	struct btf_name *items;
	size_t nr, room;
};

struct btf_data {
	const uint8_t *bytes;
	size_t size;         /* what the header promises */
	struct cursor types; /* the type section */
	const char *strings; /* cut after the last NUL, so every offset inside is terminated */
	uint32_t strings_size;
	uint32_t strings_len;  /* as the header has it: where the strings of a split BTF begin */
	struct btf_data *base; /* of a split BTF; borrowed */
	struct btf_set *set;       /* has the records and the strings; borrowed. NULL: they are in .bytes */
	uint32_t bit;              /* of this kernel in .set */
	bool other_endian;
	struct btf_flavours flavours; /* of what is in no set */
	uint32_t first;        /* id of the first type here: 1, or how many the base has */
	uint32_t
		first_string; /* offset of the first string here: 0, or how many bytes the base has */
	uint32_t count;       /* void and the base's included */
	uint32_t *marks;      /* offset of the records of types first, first + 64 ... */
	uint32_t nr_marks;
	struct btf_name_list names[BTF_NAMES_NOTED]; /* gone once indexed */
	struct btf_index index[BTF_NAMES_NR];
	struct btf_layout_entry layout[BTF_KINDS];
	struct btf_walk *last; /* owned; a pointer because lookups take a const handle */
	void *own;             /* bytes to release with the handle, or NULL */
	size_t own_size;
	bool mapped; /* .own came from mmap */
};

/* <linux/btf.h> of Linux 7.2: vlen has 24 bits and kind 7; older BTF has zeros there. */
static inline uint32_t btf_info_vlen(uint32_t info)
{
	return info & 0xffffff;
}

static inline uint8_t btf_info_kind(uint32_t info)
{
	return info >> 24 & (BTF_KINDS - 1);
}

/* Functions and their prototypes: two thirds of a kernel's types, in no order that a processor could guess. */
static inline bool btf_is_func_or_proto(uint8_t kind)
{
	_Static_assert(BTF_KIND_FUNC == 12 && BTF_KIND_FUNC_PROTO == 13,
	               "differ in the lowest bit");
	return (kind | 1) == BTF_KIND_FUNC_PROTO;
}

/*
 * Bytes of a record with all that follows, 0 if nobody knows. Largest: 267 + 255 * (2^24 - 1) < 2^32.
 * Functions and prototypes share a branch that is nearly always guessed, and need no table.
 */
static inline uint32_t btf_record_size(const struct btf_data *b, uint32_t info)
{
	uint8_t kind = btf_info_kind(info);
	const struct btf_layout_entry *l;

	if (btf_is_func_or_proto(kind))
		return BTF_RECORD + 8 * (btf_info_vlen(info) & -(uint32_t)(kind & 1));
	l = &b->layout[kind];
	return l->fixed ? l->fixed + l->element * btf_info_vlen(info) : 0;
}

/* The name and the info of the record at @c, which moves behind it. False: cut, or of unknown length. */
static inline bool btf_next(const struct btf_data *b, struct cursor *c, uint32_t *name,
                            uint32_t *info)
{
	size_t left = cursor_left(c), size;
	uint32_t word[2];

	if (left < BTF_RECORD)
		return false;
	memcpy(word, c->data + c->at, sizeof(word));
	if (c->swap) {
		word[0] = __builtin_bswap32(word[0]);
		word[1] = __builtin_bswap32(word[1]);
	}
	*name = word[0];
	*info = word[1];
	size = btf_record_size(b, *info);
	if (!size || size > left)
		return false;
	c->at += size;
	return true;
}

/* The string at @off, here or in the base; NULL when outside. */
static inline const char *btf_str(const struct btf_data *b, uint32_t off)
{
	while (off < b->first_string)
		b = b->base;
	off -= b->first_string;
	return off < b->strings_size ? b->strings + off : NULL;
}

/* Asked of each function of a kernel: the first eight bytes tell nearly always. */
static inline bool btf_is_iterator(const struct btf_data *b, uint32_t name)
{
	const char *s;

	while (name < b->first_string)
		b = b->base;
	name -= b->first_string;
	if (name > b->strings_size || b->strings_size - name < sizeof(BTF_ITERATOR))
		return false;
	s = b->strings + name;
	return !memcmp(s, BTF_ITERATOR, 8) && !memcmp(s, BTF_ITERATOR, sizeof(BTF_ITERATOR) - 1);
}

/* For one more; false: out of memory. */
static inline bool btf_make_room(struct btf_name_list *l)
{
	struct btf_name *items = array_grow(l->items, l->nr, &l->room, sizeof(*items));

	if (items)
		l->items = items;
	return items;
}

/* Note a name; false: out of memory. */
static inline bool btf_note_name(struct btf_name_list *l, uint32_t id, uint32_t off)
{
	if (l->nr == l->room && !btf_make_room(l))
		return false;
	l->items[l->nr++] = (struct btf_name){ id, off };
	return true;
}

#define BTF_ABSENT UINT32_MAX
/* Where the record of @id is in .types, BTF_ABSENT: the kernel has none. 1 <= @id < count */
uint32_t btf_set_record(const struct btf_data *b, uint32_t id);
/* What btf_find and btf_after are for a kernel of a set. */
uint32_t btf_set_find(const struct btf_data *b, uint8_t kind, const char *name);
uint32_t btf_set_after(const struct btf_data *b, uint32_t id, uint32_t kinds);
/* How long the records of <linux/btf.h> are, into .layout. */
void btf_known_kinds(struct btf_data *b);

/* False: out of memory; look-ups find nothing then, and try again when asked again. */
bool btf_index_build(struct btf_data *b, enum btf_names names);
void btf_index_free(struct btf_index *x);

#endif
