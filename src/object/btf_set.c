/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * One kernel of a set (btf_set.h). In: the set, which its maker has checked. Out: a handle for which the
 * reader finds records here: the version of an id that has the kernel's bit. Names need no index:
 * those of a kind are in order, and are halved.
 */
#include <stdlib.h>
#include <string.h>

#include "object/btf_data.h"

uint32_t btf_set_record(const struct btf_data *b, uint32_t id)
{
	const struct btf_set *s = b->set;
	uint32_t at = s->at[id], end = s->at[id + 1];

	for (; at < end; at += 1 + btf_record_size(b, s->words[at + 2]) / 4)
		if (s->words[at] & b->bit)
			return 4 * (at + 1);
	return BTF_ABSENT;
}

const char *btf_set_name(const struct btf_set *s, uint32_t id)
{
	return s->strings + s->words[s->at[id] + 1];
}

uint32_t btf_set_find(const struct btf_data *b, uint8_t kind, const char *name)
{
	const struct btf_set *s = b->set;
	uint32_t low, high, mid, end;

	if (kind >= BTF_SET_KINDS || !*name)
		return 0;
	low = s->named[kind];
	high = end = s->named[kind + 1];
	while (low < high) {
		mid = low + (high - low) / 2;
		if (strcmp(btf_set_name(s, mid), name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < end && !strcmp(btf_set_name(s, low), name); low++)
		if (btf_set_record(b, low) != BTF_ABSENT)
			return low;
	return 0;
}

uint32_t btf_set_after(const struct btf_data *b, uint32_t id, uint32_t kinds)
{
	const struct btf_set *s = b->set;
	uint8_t kind;

	for (id++; id < b->count; id++) {
		if (s->at[id] == s->at[id + 1])
			continue;
		kind = btf_info_kind(s->words[s->at[id] + 2]); /* all versions have the same */
		if (kind < 32 && kinds >> kind & 1 && btf_set_record(b, id) != BTF_ABSENT)
			return id;
	}
	return 0;
}

int btf_open_set(struct btf_set *set, uint32_t bit, bool other_endian, struct btf_data **out,
                 struct abide_error *e)
{
	struct btf_data *b = calloc(1, sizeof(*b));

	*out = NULL;
	if (!b)
		return error_nomem(e);
	btf_known_kinds(b);
	b->set = set;
	b->bit = UINT32_C(1) << bit;
	b->other_endian = other_endian;
	b->types = cursor_over(set->words, 4 * (size_t)set->at[set->count]);
	b->strings = set->strings;
	b->strings_size = b->strings_len = set->strings_size;
	b->first = 1;
	b->count = set->count;
	*out = b;
	return 0;
}
