/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The verifier's entry. In: verify.h's program, maps and types. Out: facts, or the refusal. A
 * program is walked with states joined early, which is enough for nearly all; one that is
 * refused so is walked again with states kept apart for as long as they are few, because a
 * compiler may have made branches depend on each other. Only then is it refused.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "process/verify_walk.h"

enum { NOTED_MAP = 1, NOTED_KEY = 2 };

void verify_note_map(struct verifier *v, uint32_t map)
{
	struct verify_fact *f = &v->result->facts[v->pc];
	bool first = !(v->noted[v->pc] & NOTED_MAP);

	v->noted[v->pc] |= NOTED_MAP;
	if (first)
		f->map = map;
	f->has_map = first || (f->has_map && f->map == map);
}

void verify_note_key(struct verifier *v, bool known, uint32_t key, bool in_range)
{
	struct verify_fact *f = &v->result->facts[v->pc];
	bool first = !(v->noted[v->pc] & NOTED_KEY);

	v->noted[v->pc] |= NOTED_KEY;
	if (first)
		f->key = key;
	f->key_known = known && (first || (f->key_known && f->key == key));
	f->key_in_range = in_range && (first || f->key_in_range);
}

void verify_result_free(struct verify_result *r)
{
	if (!r)
		return;
	free(r->facts);
	free(r->values);
	free(r);
}

static void forget(struct verifier *v)
{
	struct verify_result *r = v->result;

	memset(r->facts, 0, r->nr_insns * sizeof(*r->facts));
	memset(v->noted, 0, r->nr_insns);
	r->per_cpu = r->loops = false;
	r->visited = 0;
	v->deepest = 0;
	v->pool.work = 0;
	v->over = false;
}

static int attempts(struct verifier *v)
{
	struct abide_error first = { 0 }, second = { 0 }, *e = v->e;
	int err;

	v->e = &first;
	err = verify_walk(v);
	verify_walk_free(v);
	if (err == -EINVAL || err == -E2BIG) {
		int again;

		forget(v);
		v->e = &second;
		v->apart = true;
		again = verify_walk(v);
		verify_walk_free(v);
		/* what the closer look refuses for is the better reason, unless it gave up */
		if (again != -E2BIG) {
			err = again;
			first = second;
		}
	}
	v->e = e;
	if (err && e)
		*e = first;
	return err;
}

static struct verify_result *new_result(uint32_t nr, bool keep_values)
{
	struct verify_result *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->nr_insns = nr;
	r->facts = calloc(nr, sizeof(*r->facts));
	if (keep_values)
		r->values = calloc(nr, sizeof(*r->values));
	if (!r->facts || (keep_values && !r->values)) {
		verify_result_free(r);
		return NULL;
	}
	return r;
}

int verify_program(const struct verify_input *in, bool keep_values, struct verify_result **out, struct abide_error *e)
{
	struct verifier v = { .in = in, .e = e };
	int err;

	*out = NULL;
	if (!in->nr_insns)
		return verify_refuse_at(&v, 0, TAG_INSN, "it has no instructions");
	if (in->nr_insns > PROCESS_MAX_INSNS) {
		verify_refuse_at(&v, 0, TAG_COMPLEX, "it has %u instructions; the limit is %u", in->nr_insns, PROCESS_MAX_INSNS);
		if (e)
			e->code = -E2BIG;
		return -E2BIG;
	}
	v.result = new_result(in->nr_insns, keep_values);
	v.noted = calloc(in->nr_insns, 1);
	err = v.result && v.noted ? verify_flow(&v) : error_nomem(e);
	if (!err)
		err = attempts(&v);
	if (!err) {
		v.result->stack = v.deepest * 8;
		v.result->work = v.pool.work;
		*out = v.result;
		v.result = NULL;
	}
	verify_result_free(v.result);
	free(v.form);
	free(v.op);
	free(v.block_at);
	free(v.starts);
	free(v.function_of);
	free(v.blocks);
	free(v.functions);
	free(v.noted);
	return err;
}
