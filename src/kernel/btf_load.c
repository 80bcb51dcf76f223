/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The object's BTF, as this kernel takes it. In: the compiler's bytes. Out: a descriptor,
 * or none: then maps and programs go without types.
 *
 * Compilers leave the size of a DATASEC and the offsets of global variables 0; they are
 * those of the ELF section and its symbols. The BTF is loaded as it is first. A kernel
 * that refuses it is perhaps older than one of its kinds, so it is offered again with
 * every kind that came after 5.10 (FLOAT, DECL_TAG, TYPE_TAG, ENUM64, signed ENUM)
 * replaced by an older one of the same length; ids and what has a size stay as they were.
 */
#include <bpf/bpf.h>
#include <elf.h>
#include <errno.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/session.h"

#ifndef BTF_KIND_ENUM64
#define BTF_KIND_ENUM64 19
#endif
#define INFO(kind, vlen) ((uint32_t)(kind) << 24 | (vlen))
#define HEADER_MIN       24 /* bytes: up to str_len */
#define MAX_LOOKS                                                                                  \
	100000000u /* at symbols, for one section's variables: no real object needs 1 % of that */

/* Types as they lie in the bytes, each at a multiple of 4 within its section. */
struct types {
	uint8_t *base; /* type section */
	uint32_t size;
};

static bool open_types(uint8_t *bytes, size_t size, struct types *t)
{
	struct btf_header h;

	if (size < HEADER_MIN)
		return false;
	memcpy(&h, bytes, HEADER_MIN);
	if (h.hdr_len > size || h.type_off > size - h.hdr_len ||
	    h.type_len > size - h.hdr_len - h.type_off)
		return false;
	if ((h.hdr_len + h.type_off) % 4)
		return false;
	t->base = bytes + h.hdr_len + h.type_off;
	t->size = h.type_len;
	return true;
}

/* The raw record of a type of at least @more bytes behind its head, or NULL. */
static struct btf_type *raw_type(const struct types *ts, const struct btf_info *t, uint64_t more)
{
	if (t->extra < sizeof(struct btf_type) || t->extra > ts->size || more > ts->size - t->extra)
		return NULL;
	return (struct btf_type *)(ts->base + t->extra - sizeof(struct btf_type));
}

static const struct section *find_section(const struct object *o, const char *name, uint32_t *index)
{
	uint32_t i;

	for (i = 1; i < o->nr_sections; i++)
		if (!strcmp(o->sections[i].name, name)) {
			*index = i;
			return &o->sections[i];
		}
	return NULL;
}

static bool find_symbol(const struct object *o, uint32_t section, const char *name, uint64_t *value)
{
	uint32_t i;

	for (i = 0; i < o->nr_symbols; i++)
		if (o->symbols[i].section == section && o->symbols[i].bind != STB_LOCAL &&
		    !strcmp(o->symbols[i].name, name)) {
			*value = o->symbols[i].value;
			return true;
		}
	return false;
}

static int by_offset(const void *a, const void *b)
{
	const struct btf_var_secinfo *x = a, *y = b;

	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/*
 * The compiler moved what was in the section elsewhere (a table of constants to .rodata.cst32),
 * or it holds externs: any layout that does not contradict itself will do.
 */
static bool lay_out_anew(struct btf_type *raw, struct btf_var_secinfo *slots, uint32_t n)
{
	uint32_t i, at = 0;

	for (i = 0; i < n; i++) {
		slots[i].offset = at;
		if (__builtin_add_overflow(at, slots[i].size, &at))
			return false;
	}
	raw->size = at;
	return at != 0;
}

static bool fill_datasec(const struct object *o, const struct types *ts, const struct btf_info *t)
{
	struct btf_type *raw = raw_type(ts, t, (uint64_t)t->vlen * sizeof(struct btf_var_secinfo));
	struct btf_var_secinfo *slots = (struct btf_var_secinfo *)(raw + 1);
	const struct section *s;
	struct btf_info var;
	uint32_t i, index;
	uint64_t value;

	if (!raw)
		return false;
	if (raw->size)
		return true;
	s = find_section(o, t->name, &index);
	if (!s || !s->size || s->size > UINT32_MAX)
		return lay_out_anew(raw, slots, t->vlen);
	if ((uint64_t)o->nr_symbols * t->vlen > MAX_LOOKS)
		return false;
	raw->size = s->size;
	for (i = 0; i < t->vlen; i++)
		if (btf_get(o->btf, slots[i].type, &var) && var.kind == BTF_KIND_VAR &&
		    var.linkage != BTF_VAR_STATIC && find_symbol(o, index, var.name, &value))
			slots[i].offset = value;
	qsort(slots, t->vlen, sizeof(*slots), by_offset);
	return true;
}

static bool fill_datasecs(const struct object *o, const struct types *ts)
{
	struct btf_info t;
	uint32_t id;

	for (id = 1; id < btf_count(o->btf); id++)
		if (btf_get(o->btf, id, &t) && t.kind == BTF_KIND_DATASEC &&
		    !fill_datasec(o, ts, &t))
			return false;
	return true;
}

/* Some integer of at most 8 bytes: what the members of a former ENUM64 are. */
static uint32_t any_int(const struct btf_data *b, uint32_t max)
{
	struct btf_info t;
	uint32_t id;

	for (id = 1; id < btf_count(b); id++)
		if (btf_get(b, id, &t) && t.kind == BTF_KIND_INT && t.size <= max)
			return id;
	return 0;
}

static bool enum64_to_union(const struct btf_data *b, const struct types *ts,
                            const struct btf_info *t)
{
	struct btf_type *raw = raw_type(ts, t, (uint64_t)t->vlen * sizeof(struct btf_member));
	struct btf_member *m = (struct btf_member *)(raw + 1);
	uint32_t i, type = any_int(b, t->size);

	if (!raw || !type)
		return false;
	raw->info = INFO(BTF_KIND_UNION, t->vlen);
	for (i = 0; i < t->vlen; i++) { /* name, low, high -> name, type, offset */
		m[i].type = type;
		m[i].offset = 0;
	}
	return true;
}

/* A variable of 4 bytes without a name, as long a record as a DECL_TAG's. */
static bool decl_tag_to_int(const struct types *ts, const struct btf_info *t)
{
	struct btf_type *raw = raw_type(ts, t, 4);
	uint32_t bits = 32;

	if (!raw)
		return false;
	raw->info = INFO(BTF_KIND_INT, 0);
	raw->size = 4;
	memcpy(raw + 1, &bits, 4);
	return true;
}

static bool make_older(const struct btf_data *b, const struct types *ts)
{
	struct btf_type *raw;
	struct btf_info t;
	uint32_t id;
	bool ok = true;

	for (id = 1; ok && id < btf_count(b); id++) {
		if (!btf_get(b, id, &t))
			return false;
		raw = raw_type(ts, &t, 0);
		if (!raw)
			return false;
		switch (t.kind) {
		case BTF_KIND_FLOAT: /* its size is all that counts */
			raw->name_off = 0;
			raw->info = INFO(BTF_KIND_STRUCT, 0);
			break;
		case BTF_KIND_TYPE_TAG:
			raw->name_off = 0;
			raw->info = INFO(BTF_KIND_CONST, 0);
			break;
		case BTF_KIND_DECL_TAG:
			/* The name has to be an identifier, or none. */
			raw->name_off = 1;
			ok = decl_tag_to_int(ts, &t);
			break;
		case BTF_KIND_ENUM64:
			ok = enum64_to_union(b, ts, &t);
			break;
		case BTF_KIND_ENUM:
			raw->info = INFO(BTF_KIND_ENUM, t.vlen);
			break;
		default:
			break;
		}
	}
	return ok;
}

int session_load_btf(struct session *s, struct abide_error *e)
{
	const struct object *o = s->object;
	struct types types;
	uint8_t *bytes;
	const void *from;
	size_t size;
	int fd, err = 0;

	if (!o->btf)
		return 0;
	from = btf_bytes(o->btf, &size);
	bytes = malloc(size ? size : 1);
	if (!bytes)
		return error_nomem(e);
	memcpy(bytes, from, size);
	if (!open_types(bytes, size, &types) || !fill_datasecs(o, &types))
		goto out;
	fd = bpf_btf_load(bytes, size, NULL);
	if (fd < 0 && fd != -EPERM && make_older(o->btf, &types))
		fd = bpf_btf_load(bytes, size, NULL);
	if (fd == -EPERM)
		err = refusal_system(fd, "load types (BTF)", e);
	s->btf = fd;
out:
	free(bytes);
	return err;
}
