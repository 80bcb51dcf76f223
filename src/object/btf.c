/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * BTF records (Documentation/bpf/btf.rst). In: bytes of either byte order. Out: one
 * decoded type, member, enumerator, parameter or variable at a time.
 *
 * Opening reads the header and walks once over the records' first 12 bytes, to count
 * them and to set a mark at each 64th. Refused: another magic or version, sections
 * that lie outside the bytes. Not refused: a kind that nobody knew when this was
 * written. The layout section (header of 32 bytes, Linux 7.2) says how long its
 * records are; without it the types behind the first such record are lost.
 */
#include <errno.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "object/btf_data.h"

#define HEADER_SIZE        24
#define HEADER_SIZE_LAYOUT 32

#define TYPES (1 + BTF_NAMES_TYPES)
#define FUNCS (1 + BTF_NAMES_FUNCS)

static const struct btf_layout_entry known_kinds[] = {
	[BTF_KIND_INT] = { 16, 0, TYPES },      [BTF_KIND_PTR] = { 12, 0, 0 },
	[BTF_KIND_ARRAY] = { 24, 0, 0 },        [BTF_KIND_STRUCT] = { 12, 12, TYPES },
	[BTF_KIND_UNION] = { 12, 12, TYPES },   [BTF_KIND_ENUM] = { 12, 8, TYPES },
	[BTF_KIND_FWD] = { 12, 0, 0 },          [BTF_KIND_TYPEDEF] = { 12, 0, TYPES },
	[BTF_KIND_VOLATILE] = { 12, 0, 0 },     [BTF_KIND_CONST] = { 12, 0, 0 },
	[BTF_KIND_RESTRICT] = { 12, 0, 0 },     [BTF_KIND_FUNC] = { 12, 0, FUNCS },
	[BTF_KIND_FUNC_PROTO] = { 12, 8, 0 },   [BTF_KIND_VAR] = { 16, 0, TYPES },
	[BTF_KIND_DATASEC] = { 12, 12, TYPES }, [BTF_KIND_FLOAT] = { 12, 0, TYPES },
	[BTF_KIND_DECL_TAG] = { 16, 0, 0 },     [BTF_KIND_TYPE_TAG] = { 12, 0, 0 },
	[BTF_KIND_ENUM64] = { 12, 12, TYPES },
};

void btf_known_kinds(struct btf_data *b)
{
	memcpy(b->layout, known_kinds, sizeof(known_kinds));
}

struct header {
	uint32_t hdr_len, type_off, type_len, str_off, str_len, layout_off, layout_len;
};

static int read_header(struct cursor *c, struct header *h, struct abide_error *e)
{
	uint16_t magic;
	uint8_t version;

	if (!c->size)
		return error_set(e, -EINVAL, "btf-empty", "there is no BTF, the input is empty");
	magic = cursor_u16(c);
	if (magic == __builtin_bswap16(BTF_MAGIC))
		c->swap = true;
	else if (c->bad || magic != BTF_MAGIC)
		return error_set(e, -EINVAL, "btf-magic",
		                 "this is not BTF: it does not begin with 0xeb9f");
	version = cursor_u8(c);
	cursor_u8(c); /* flags, none defined */
	h->hdr_len = cursor_u32(c);
	h->type_off = cursor_u32(c);
	h->type_len = cursor_u32(c);
	h->str_off = cursor_u32(c);
	h->str_len = cursor_u32(c);
	if (c->bad || h->hdr_len < HEADER_SIZE || h->hdr_len > c->size)
		return error_set(e, -EINVAL, "btf-truncated", "the BTF ends within its header");
	if (version != BTF_VERSION)
		return error_set(e, -EINVAL, "btf-version", "BTF version %u is not known", version);
	if (h->hdr_len >= HEADER_SIZE_LAYOUT) {
		h->layout_off = cursor_u32(c);
		h->layout_len = cursor_u32(c);
	}
	return 0;
}

/* Kinds in the order of their numbers: u8 info size, u8 element size, u16 flags. */
static void read_layout(struct btf_data *b, struct cursor c)
{
	uint32_t kind;

	for (kind = 0; kind < BTF_KINDS && cursor_left(&c) >= 4; kind++) {
		struct btf_layout_entry *l = &b->layout[kind];
		uint8_t info_size = cursor_u8(&c), elem_size = cursor_u8(&c);

		cursor_u16(&c);
		if (kind && !l->fixed)
			*l = (struct btf_layout_entry){ BTF_RECORD + info_size, elem_size, 0 };
	}
}

/* Count the types, mark each 64th, note names. Ends at the first record that cannot be passed over. */
static int walk_all(struct btf_data *b, struct abide_error *e)
{
	struct cursor c = b->types;
	struct btf_name_list *types = &b->names[BTF_NAMES_TYPES],
			     *iterators = &b->names[BTF_NAMES_ITERATORS];
	uint32_t name, info, id = b->first;
	size_t room = 0, at;
	uint8_t kind;

	for (at = 0; cursor_left(&c) && btf_next(b, &c, &name, &info); at = c.at, id++) {
		if ((id - b->first) % BTF_STRIDE == 0) {
			uint32_t *marks = array_grow(b->marks, b->nr_marks, &room, sizeof(*marks));

			if (!marks)
				return error_nomem(e);
			b->marks = marks;
			b->marks[b->nr_marks++] = at;
		}
		kind = btf_info_kind(info);
		if (btf_is_func_or_proto(kind)) {
			if (btf_is_iterator(b, name) && kind == BTF_KIND_FUNC &&
			    !btf_note_name(iterators, id, name))
				return error_nomem(e);
			continue;
		}
		/* No branch for whether it has a name: nothing says which kind comes next. */
		if (types->nr == types->room && !btf_make_room(types))
			return error_nomem(e);
		types->items[types->nr] = (struct btf_name){ id, name };
		types->nr += (b->layout[kind].names == TYPES) & (name != 0);
	}
	b->count = id;
	return 0;
}

static int open_on(struct btf_data *base, const void *data, size_t size, struct btf_data **out,
                   struct abide_error *e)
{
	struct cursor c = cursor_over(data, size), strings;
	struct header h = { 0 };
	struct btf_data *b = NULL;
	const char *last;
	uint64_t end;
	int err;

	*out = NULL;
	err = read_header(&c, &h, e);
	if (err)
		return err;
	b = calloc(1, sizeof(*b));
	if (b)
		b->last = calloc(1, sizeof(*b->last));
	if (!b || !b->last) {
		err = error_nomem(e);
		goto out;
	}
	b->types = cursor_sub(&c, (size_t)h.hdr_len + h.type_off, h.type_len);
	strings = cursor_sub(&c, (size_t)h.hdr_len + h.str_off, h.str_len);
	if (b->types.bad || strings.bad) {
		err = error_set(e, -EINVAL, "btf-truncated",
		                "the BTF is cut: its %s lie outside of its %zu bytes",
		                b->types.bad ? "types" : "strings", size);
		goto out;
	}
	last = h.str_len ? memrchr(strings.data, 0, h.str_len) : NULL;
	b->base = base;
	b->first = base ? base->count : 1;
	b->strings_len = h.str_len;
	b->other_endian = c.swap;
	if (base &&
	    (base->other_endian != b->other_endian ||
	     __builtin_add_overflow(base->first_string, base->strings_len, &b->first_string))) {
		err = error_set(e, -EINVAL, "btf-split",
		                "the split BTF does not belong to this kernel's BTF");
		goto out;
	}
	b->strings = (const char *)strings.data;
	b->strings_size = last ? last - b->strings + 1 : 0;
	end = (uint64_t)h.type_off + h.type_len;
	if (end < (uint64_t)h.str_off + h.str_len)
		end = (uint64_t)h.str_off + h.str_len;
	btf_known_kinds(b);
	if (h.layout_len) {
		struct cursor layout =
			cursor_sub(&c, (size_t)h.hdr_len + h.layout_off, h.layout_len);

		if (!layout.bad) {
			read_layout(b, layout);
			if (end < (uint64_t)h.layout_off + h.layout_len)
				end = (uint64_t)h.layout_off + h.layout_len;
		}
	}
	b->bytes = data;
	b->size = h.hdr_len + end;
	err = walk_all(b, e);
	if (err)
		goto out;
	*out = b;
	b = NULL;
out:
	btf_free(b);
	return err;
}

int btf_open_mem(const void *data, size_t size, struct btf_data **out, struct abide_error *e)
{
	return open_on(NULL, data, size, out, e);
}

int btf_open_split(struct btf_data *base, const void *data, size_t size, struct btf_data **out,
                   struct abide_error *e)
{
	return open_on(base, data, size, out, e);
}

void btf_free(struct btf_data *b)
{
	int i;

	if (!b)
		return;
	for (i = 0; i < BTF_NAMES_NR; i++)
		btf_index_free(&b->index[i]);
	if (b->mapped)
		munmap(b->own, b->own_size);
	else
		free(b->own);
	for (i = 0; i < BTF_NAMES_NOTED; i++)
		free(b->names[i].items);
	btf_flavours_free(&b->flavours);
	free(b->marks);
	free(b->last);
	free(b);
}

uint32_t btf_count(const struct btf_data *b)
{
	return b->count;
}

bool btf_other_endian(const struct btf_data *b)
{
	return b->other_endian;
}

const void *btf_bytes(const struct btf_data *b, size_t *size)
{
	*size = b->size;
	return b->bytes;
}

const char *btf_string(const struct btf_data *b, uint32_t off)
{
	return btf_str(b, off);
}

/* Offset 0 is no name, whatever stands there. */
static const char *name_at(const struct btf_data *b, uint32_t off)
{
	const char *s = off ? btf_str(b, off) : NULL;

	return s ? s : "";
}

/* Whose records hold type @id: this BTF's or its base's. */
static const struct btf_data *owner(const struct btf_data *b, uint32_t id)
{
	while (id < b->first && b->base)
		b = b->base;
	return b;
}

/* Where the record of @id starts, or BTF_ABSENT. first <= @id < count. */
static uint32_t find_record(const struct btf_data *b, uint32_t id)
{
	struct cursor c = b->types;
	struct btf_walk w;
	uint32_t mark;

	if (b->set)
		return btf_set_record(b, id);
	mark = (id - b->first) / BTF_STRIDE;
	w = (struct btf_walk){ mark * BTF_STRIDE + b->first, b->marks[mark] };
	if (b->last->id > w.id && b->last->id <= id)
		w = *b->last;
	for (; w.id < id; w.id++) {
		cursor_seek(&c, w.off + 4);
		w.off += btf_record_size(b, cursor_u32(&c));
	}
	*b->last = w;
	return w.off;
}

bool btf_get(const struct btf_data *b, uint32_t id, struct btf_info *out)
{
	uint32_t name, info, size, at;
	struct cursor c;

	*out = (struct btf_info){ .id = id, .name = "" };
	if (!id)
		return true;
	if (id >= b->count)
		return false;
	b = owner(b, id);
	at = find_record(b, id);
	if (at == BTF_ABSENT)
		return false;
	c = b->types;
	cursor_seek(&c, at);
	name = cursor_u32(&c);
	info = cursor_u32(&c);
	size = cursor_u32(&c);
	out->kind = btf_info_kind(info);
	out->kflag = info >> 31;
	out->vlen = btf_info_vlen(info);
	out->name = name_at(b, name);
	out->extra = c.at;
	switch (out->kind) {
	case BTF_KIND_INT:
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
	case BTF_KIND_FLOAT:
	case BTF_KIND_DATASEC:
		out->size = size;
		break;
	case BTF_KIND_PTR:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC_PROTO:
	case BTF_KIND_DECL_TAG:
	case BTF_KIND_TYPE_TAG:
		out->type = size;
		break;
	case BTF_KIND_FUNC:
		out->type = size;
		out->linkage = out->vlen;
		break;
	case BTF_KIND_VAR:
		out->type = size;
		out->linkage = cursor_u32(&c);
		break;
	default:
		break;
	}
	return true;
}

uint32_t btf_after(const struct btf_data *b, uint32_t id, uint32_t kinds)
{
	uint32_t name, info, found;
	struct cursor c = b->types;
	uint8_t kind;

	if (b->set)
		return btf_set_after(b, id, kinds);
	if (++id >= b->count)
		return 0;
	if (id < b->first && b->base) {
		found = btf_after(b->base, id - 1, kinds);
		if (found)
			return found;
		id = b->first;
		if (id >= b->count)
			return 0;
	}
	cursor_seek(&c, find_record(b, id));
	for (; id < b->count && btf_next(b, &c, &name, &info); id++) {
		kind = btf_info_kind(info);
		if (kind < 32 && kinds >> kind & 1)
			return id;
	}
	return 0;
}

/* A cursor at element @i of @t; .bad when it is not there. */
static struct cursor element(const struct btf_data *b, const struct btf_info *t, uint32_t i)
{
	struct cursor c = owner(b, t->id)->types;
	size_t at;

	if (i >= t->vlen ||
	    __builtin_add_overflow(t->extra, (size_t)i * b->layout[t->kind].element, &at))
		c.bad = true;
	else
		cursor_seek(&c, at);
	return c;
}

bool btf_field_at(const struct btf_data *b, const struct btf_info *t, uint32_t i,
                  struct btf_field *out)
{
	struct cursor c;
	uint32_t off;

	if (t->kind != BTF_KIND_STRUCT && t->kind != BTF_KIND_UNION)
		return false;
	c = element(b, t, i);
	out->name = name_at(b, cursor_u32(&c));
	out->type = cursor_u32(&c);
	off = cursor_u32(&c);
	out->bit_off = t->kflag ? BTF_MEMBER_BIT_OFFSET(off) : off;
	out->bit_size = t->kflag ? BTF_MEMBER_BITFIELD_SIZE(off) : 0;
	return !c.bad;
}

bool btf_value_at(const struct btf_data *b, const struct btf_info *t, uint32_t i,
                  struct btf_value *out)
{
	struct cursor c;
	uint32_t low;

	if (t->kind != BTF_KIND_ENUM && t->kind != BTF_KIND_ENUM64)
		return false;
	c = element(b, t, i);
	out->name = name_at(b, cursor_u32(&c));
	low = cursor_u32(&c);
	if (t->kind == BTF_KIND_ENUM64)
		out->value = (int64_t)((uint64_t)cursor_u32(&c) << 32 | low);
	else
		out->value = t->kflag ? (int64_t)(int32_t)low : (int64_t)low;
	return !c.bad;
}

bool btf_arg_at(const struct btf_data *b, const struct btf_info *t, uint32_t i, struct btf_arg *out)
{
	struct cursor c;

	if (t->kind != BTF_KIND_FUNC_PROTO)
		return false;
	c = element(b, t, i);
	out->name = name_at(b, cursor_u32(&c));
	out->type = cursor_u32(&c);
	return !c.bad;
}

bool btf_slot_at(const struct btf_data *b, const struct btf_info *t, uint32_t i,
                 struct btf_slot *out)
{
	struct cursor c;

	if (t->kind != BTF_KIND_DATASEC)
		return false;
	c = element(b, t, i);
	out->type = cursor_u32(&c);
	out->off = cursor_u32(&c);
	out->size = cursor_u32(&c);
	return !c.bad;
}

bool btf_array(const struct btf_data *b, const struct btf_info *t, uint32_t *elem, uint32_t *index,
               uint32_t *count)
{
	struct cursor c = owner(b, t->id)->types;

	if (t->kind != BTF_KIND_ARRAY)
		return false;
	cursor_seek(&c, t->extra);
	*elem = cursor_u32(&c);
	*index = cursor_u32(&c);
	*count = cursor_u32(&c);
	return !c.bad;
}

bool btf_int(const struct btf_data *b, const struct btf_info *t, uint8_t *encoding,
             uint8_t *bit_off, uint8_t *bits)
{
	struct cursor c = owner(b, t->id)->types;
	uint32_t v;

	if (t->kind != BTF_KIND_INT)
		return false;
	cursor_seek(&c, t->extra);
	v = cursor_u32(&c);
	*encoding = BTF_INT_ENCODING(v);
	*bit_off = BTF_INT_OFFSET(v);
	*bits = BTF_INT_BITS(v);
	return !c.bad;
}

bool btf_tag_component(const struct btf_data *b, const struct btf_info *t, int32_t *component)
{
	struct cursor c = owner(b, t->id)->types;

	if (t->kind != BTF_KIND_DECL_TAG)
		return false;
	cursor_seek(&c, t->extra);
	*component = (int32_t)cursor_u32(&c);
	return !c.bad;
}
