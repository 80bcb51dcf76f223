/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Named types by essential name: what stands before a flavour, "task_struct" of "task_struct___old". CO-RE wants
 * to see all types of one, and kernels may have several. In: a BTF. Out: their ids, ascending, from one table
 * of chains, which the kernels of a set share.
 */
#include <stdlib.h>
#include <string.h>

#include "object/btf_data.h"

#define NAMED                                                                                             \
	(1u << BTF_KIND_INT | 1u << BTF_KIND_STRUCT | 1u << BTF_KIND_UNION | 1u << BTF_KIND_ENUM |        \
	 1u << BTF_KIND_ENUM64 | 1u << BTF_KIND_TYPEDEF | 1u << BTF_KIND_FWD | 1u << BTF_KIND_FLOAT)

uint32_t btf_essential(const char *name)
{
	size_t n = strlen(name), i;

	/* the last "___" with something around it, as libbpf splits */
	for (i = n < 5 ? 0 : n - 4; i > 0; i--)
		if (name[i] == '_' && name[i + 1] == '_' && name[i + 2] == '_' && name[i - 1] != '_' && name[i + 3] != '_')
			return (uint32_t)i;
	return (uint32_t)n;
}

static uint32_t hash_name(const char *s, uint32_t n)
{
	uint32_t h = 2166136261u;

	while (n--)
		h = (h ^ (uint8_t)*s++) * 16777619u;
	return h;
}

static bool note(struct btf_flavours *f, uint32_t id, const char *name)
{
	struct btf_flavour *items = array_grow(f->items, f->nr, &f->room, sizeof(*items));

	if (!items)
		return false;
	f->items = items;
	items[f->nr++] = (struct btf_flavour){ id, 0, hash_name(name, btf_essential(name)) };
	return true;
}

/* Of a set: all types that any of its kernels has. */
static bool note_set(const struct btf_set *s, struct btf_flavours *f)
{
	uint32_t kind, id;

	for (kind = 0; kind < BTF_SET_KINDS; kind++)
		for (id = s->named[kind]; NAMED >> kind & 1 && id < s->named[kind + 1]; id++)
			if (!note(f, id, btf_set_name(s, id)))
				return false;
	return true;
}

static bool note_all(const struct btf_data *b, struct btf_flavours *f)
{
	struct btf_info t;
	uint32_t id = 0;

	while ((id = btf_after(b, id, NAMED)))
		if (btf_get(b, id, &t) && *t.name && !note(f, id, t.name))
			return false;
	return true;
}

static struct btf_flavours *flavours_of(struct btf_data *b)
{
	return b->set ? &b->set->flavours : &b->flavours;
}

bool btf_index_flavours(struct btf_data *b)
{
	struct btf_flavours *f = flavours_of(b);
	uint32_t size = 1024, i;

	if (f->heads)
		return true;
	f->nr = 0;
	if (!(b->set ? note_set(b->set, f) : note_all(b, f)))
		return false;
	while (size < f->nr)
		size *= 2;
	f->heads = calloc(size, sizeof(*f->heads));
	if (!f->heads)
		return false;
	f->mask = size - 1;
	for (i = f->nr; i; i--) { /* from the end, so that chains ascend */
		f->items[i - 1].next = f->heads[f->items[i - 1].hash & f->mask];
		f->heads[f->items[i - 1].hash & f->mask] = i;
	}
	return true;
}

uint32_t btf_flavour(struct btf_data *b, const char *name, uint32_t *at)
{
	uint32_t n = btf_essential(name), hash = hash_name(name, n), i;
	struct btf_flavours *f = flavours_of(b);
	struct btf_info t;

	if (!btf_index_flavours(b))
		return 0;
	for (i = *at ? f->items[*at - 1].next : f->heads[hash & f->mask]; i; i = f->items[i - 1].next) {
		if (f->items[i - 1].hash != hash || !btf_get(b, f->items[i - 1].id, &t))
			continue;
		if (btf_essential(t.name) != n || memcmp(t.name, name, n))
			continue;
		*at = i;
		return t.id;
	}
	return 0;
}

void btf_flavours_free(struct btf_flavours *f)
{
	free(f->items);
	free(f->heads);
	memset(f, 0, sizeof(*f));
}
