/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * BTF decl tags that begin with "abide:" (include/abide/program.h makes them). In: the
 * object's BTF. Out: a list by type and member. Others' tags are passed over.
 */
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>

#include "render/plan.h"

static int by_type(const void *a, const void *b)
{
	const struct tag *x = a, *y = b;

	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	return x->member < y->member ? -1 : x->member > y->member;
}

int render_tags_collect(struct render_plan *p, struct abide_error *e)
{
	const struct btf_data *btf = p->o->btf;
	size_t room = 0;
	uint32_t id;

	for (id = 1; btf && id < btf_count(btf); id++) {
		struct btf_info t;
		struct tag *tags;
		int32_t member;

		if (!btf_get(btf, id, &t) || t.kind != BTF_KIND_DECL_TAG ||
		    strncmp(t.name, "abide:", 6) || !btf_tag_component(btf, &t, &member))
			continue;
		tags = array_grow(p->tags, p->nr_tags, &room, sizeof(*tags));
		if (!tags)
			return error_nomem(e);
		p->tags = tags;
		tags[p->nr_tags++] = (struct tag){ t.type, member, t.name + 6 };
	}
	if (p->nr_tags)
		qsort(p->tags, p->nr_tags, sizeof(*p->tags), by_type);
	return 0;
}

const char *render_tag_get(const struct render_plan *p, uint32_t type, int32_t member,
                           const char *key)
{
	uint32_t low = 0, high = p->nr_tags, mid;
	size_t n = strlen(key);
	struct tag want = { type, member, "" };

	while (low < high) { /* the first of this type and member */
		mid = low + (high - low) / 2;
		if (by_type(&p->tags[mid], &want) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < p->nr_tags && !by_type(&p->tags[low], &want); low++) {
		const char *text = p->tags[low].text;

		if (strncmp(text, key, n))
			continue;
		if (!text[n])
			return "";
		if (text[n] == '=')
			return text + n + 1;
	}
	return NULL;
}
