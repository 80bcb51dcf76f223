// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Which loads the verifier takes: a table of offset, size and answer over one struct. Every
 * row restates what was measured on real kernels (see resolve_walk.c); hostile shapes end.
 */
#include "catalog/resolve_impl.h"
#include "resolve_kit.h"

static uint32_t other; /* what .other points to */

static uint32_t build(struct kit *k)
{
	struct bb *b = &k->b;
	uint32_t inner, ptr, voidp, chars, pair, u, hidden, hidden_array, pointers, user, usertag,
		grid, elem;

	kit_types(k);
	other = KIT_STRUCT(k, "other", 8, BB_AT("x", k->u64, 0));
	ptr = kit_ptr(k, other);
	voidp = kit_ptr(k, 0);
	chars = bb_array(b, k->chr, k->u32, 16);
	pair = KIT_STRUCT(k, "pair", 16, BB_AT("a", k->u32, 0), BB_AT("b", k->u32, 4),
	                  BB_AT("p", ptr, 8));
	u = KIT_UNION(k, "", 8, BB_AT("small", k->u32, 0), BB_AT("large", k->u64, 0));
	inner = KIT_UNION(k, "", 8, BB_AT("o", ptr, 0), BB_AT("v", voidp, 0));
	hidden = bb_ref(b, BTF_KIND_TYPEDEF, "hidden_t", other);
	hidden_array = bb_array(b, hidden, k->u32, 2);
	pointers = bb_array(b, ptr, k->u32, 3);
	usertag = bb_ref(b, BTF_KIND_TYPE_TAG, "user", other);
	user = kit_ptr(k, usertag);
	grid = bb_array(b, bb_array(b, pair, k->u32, 2), k->u32, 2);
	elem = bb_array(b, pair, k->u32, 0);
	return KIT_STRUCT(k, "top", 264, BB_AT("a", k->u32, 0), BB_AT("b", k->u32, 4),
	                  BB_AT("comm", chars, 8), BB_AT("p", ptr, 24), BB_AT("v", voidp, 32),
	                  BB_AT("", u, 40), BB_AT("", inner, 48), BB_AT("hid", hidden_array, 56),
	                  BB_AT("ps", pointers, 72), BB_AT("one", pair, 96),
	                  BB_BITS("b1", k->u32, 112 * 8, 3), BB_BITS("b2", k->u32, 112 * 8 + 3, 7),
	                  BB_AT("u", user, 120), BB_AT("grid", grid, 128), BB_AT("h", hidden, 192),
	                  BB_AT("lone", k->u8, 200), BB_BITS("after", k->u32, 201 * 8, 4),
	                  BB_AT("tail", elem, 264));
}

static const struct {
	const char *what;
	uint32_t off, size;
	enum walk want;
} table[] = {
	{ "a whole number", 0, 4, WALK_SCALAR },
	{ "part of a number", 2, 2, WALK_SCALAR },
	{ "two members at once", 0, 8, WALK_REFUSED },
	{ "eight characters", 9, 8, WALK_SCALAR },
	{ "past the characters", 17, 8, WALK_REFUSED },
	{ "a pointer", 24, 8, WALK_POINTER },
	{ "half a pointer", 24, 4, WALK_REFUSED },
	{ "a void *", 32, 8, WALK_SCALAR },
	{ "the first member of a union", 40, 4, WALK_SCALAR },
	{ "a larger one behind it", 40, 8, WALK_REFUSED },
	{ "a pointer in a union", 48, 8, WALK_POINTER },
	{ "an element that is a typedef of a struct", 64, 8, WALK_REFUSED },
	{ "a pointer in an array", 88, 8, WALK_POINTER },
	{ "across two pointers", 76, 8, WALK_REFUSED },
	{ "a struct's member", 100, 4, WALK_SCALAR },
	{ "a struct's pointer", 104, 8, WALK_POINTER },
	{ "across a struct's members", 96, 8, WALK_REFUSED },
	{ "a word of bit-fields", 112, 4, WALK_SCALAR },
	{ "bytes of two bit-fields", 112, 2, WALK_SCALAR },
	{ "a hole", 116, 2, WALK_REFUSED },
	{ "a pointer to the application", 120, 8, WALK_SCALAR },
	{ "the last element of a grid", 128 + 48 + 8, 8, WALK_POINTER },
	{ "a typedef of a struct that is no element", 192, 8, WALK_SCALAR },
	{ "a bit-field behind a byte", 201, 1, WALK_SCALAR },
	{ "a word that cuts the byte", 200, 2, WALK_REFUSED },
	{ "the tail's first element", 264, 4, WALK_SCALAR },
	{ "the tail's third pointer", 264 + 32 + 8, 8, WALK_POINTER },
	{ "the tail's hole between members", 264 + 2, 4, WALK_REFUSED },
};

/* Structs that hold themselves, tails that are their own tails: the walk ends. */
static void check_hostile(void)
{
	struct kit k = { 0 };
	uint32_t next, self, tail;
	size_t size;
	const void *bytes;

	kit_types(&k);
	self = k.b.nr + 1;
	KIT_STRUCT(&k, "self", 8, BB_AT("", self, 0));
	tail = bb_array(&k.b, k.b.nr + 2, k.u32, 0);
	KIT_STRUCT(&k, "tail", 8, BB_AT("t", tail, 0));
	bytes = bb_finish(&k.b, &size);
	OK(!btf_open_mem(bytes, size, &k.btf, &k.e), "a BTF of circles opens");
	OK(walk_load(k.btf, self, 0, 4, &next) == WALK_REFUSED, "a struct that holds itself");
	OK(walk_load(k.btf, tail + 1, 12, 4, &next) == WALK_REFUSED, "a tail of its own tail");
	OK(walk_load(k.btf, 99999, 0, 4, &next) == WALK_REFUSED, "an id that is not there");
	OK(walk_load(k.btf, self, UINT32_MAX, 8, &next) == WALK_REFUSED,
	   "an offset at the end of all numbers");
	OK(!type_member(k.btf, self, "x", &(struct member){ 0 }),
	   "a member of a struct that holds itself");
	btf_free(k.btf);
	bb_free(&k.b);
}

int main(void)
{
	struct kit k = { 0 };
	uint32_t top = build(&k), next;
	enum walk have;
	size_t size, i;
	const void *bytes = bb_finish(&k.b, &size);

	OK(!btf_open_mem(bytes, size, &k.btf, &k.e), "the struct's BTF opens");
	for (i = 0; i < sizeof(table) / sizeof(*table); i++) {
		have = walk_load(k.btf, top, table[i].off, table[i].size, &next);
		SAME(have, table[i].want, table[i].what);
		if (table[i].want == WALK_POINTER)
			SAME(next, other, "and what it points to");
	}
	OK(walk_nullable("sk_buff", "sk") && !walk_nullable("sk_buff", "dev"),
	   "pointers that may be NULL");
	check_hostile();
	btf_free(k.btf);
	bb_free(&k.b);
	return kit_done();
}
