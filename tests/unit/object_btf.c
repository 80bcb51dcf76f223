/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The BTF reader, on BTF made here: both byte orders, hostile shapes, unknown kinds. */
#include <linux/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "object_test.h"

#define UNKNOWN_KIND 77

static uint32_t make_int(struct btf_maker *m, const char *name, uint32_t size, uint32_t encoding)
{
	uint32_t id = make_type(m, name, BTF_KIND_INT, false, 0, size);

	make_word(m, encoding << 24 | size * 8);
	return id;
}

static uint32_t make_array(struct btf_maker *m, uint32_t elem, uint32_t index, uint32_t count)
{
	uint32_t id = make_type(m, "", BTF_KIND_ARRAY, false, 0, 0);

	make_word(m, elem);
	make_word(m, index);
	make_word(m, count);
	return id;
}

static void make_triple(struct btf_maker *m, const char *name, uint32_t a, uint32_t b)
{
	make_word(m, make_string(m, name));
	make_word(m, a);
	make_word(m, b);
}

/* Every kind once, with what hangs on it. */
static struct buf make_sample(bool swap)
{
	struct btf_maker m = { .swap = swap };

	make_int(&m, "int", 4, BTF_INT_SIGNED);                 /* 1 */
	make_int(&m, "char", 1, BTF_INT_SIGNED | BTF_INT_CHAR); /* 2 */
	make_type(&m, "task", BTF_KIND_FWD, false, 0, 0);       /* 3 */
	make_type(&m, "task", BTF_KIND_STRUCT, true, 4, 32);    /* 4 */
	make_triple(&m, "pid", 1, 64);
	make_triple(&m, "flag", 1, 3 << 24 | 101);
	make_triple(&m, "comm", 6, 128);
	make_triple(&m, "parent", 5, 192);
	make_type(&m, "", BTF_KIND_PTR, false, 0, 4);    /* 5 */
	make_array(&m, 2, 1, 8);                         /* 6 */
	make_type(&m, "u", BTF_KIND_UNION, false, 1, 8); /* 7 */
	make_triple(&m, "", 4, 0);
	make_type(&m, "state", BTF_KIND_ENUM, true, 2, 4); /* 8 */
	make_word(&m, make_string(&m, "MINUS"));
	make_word(&m, (uint32_t)-7);
	make_word(&m, make_string(&m, "PLUS"));
	make_word(&m, 7);
	make_type(&m, "op", BTF_KIND_ENUM, false, 1, 4); /* 9 */
	make_word(&m, make_string(&m, "HIGH"));
	make_word(&m, 0xfffffff9);
	make_type(&m, "wide", BTF_KIND_ENUM64, false, 1, 8); /* 10 */
	make_triple(&m, "WIDE", 0x9abcdef0, 0x12345678);
	make_type(&m, "pid_t", BTF_KIND_TYPEDEF, false, 0, 12); /* 11 */
	make_type(&m, "", BTF_KIND_CONST, false, 0, 13);        /* 12 */
	make_type(&m, "", BTF_KIND_VOLATILE, false, 0, 1);      /* 13 */
	make_type(&m, "", BTF_KIND_FUNC_PROTO, false, 3, 5);    /* 14 */
	make_word(&m, make_string(&m, "first"));
	make_word(&m, 5);
	make_word(&m, make_string(&m, ""));
	make_word(&m, 18);
	make_word(&m, 0);
	make_word(&m, 0);
	make_type(&m, "fork", BTF_KIND_FUNC, false, BTF_FUNC_GLOBAL, 14); /* 15 */
	make_type(&m, "counter", BTF_KIND_VAR, false, 0, 11);             /* 16 */
	make_word(&m, BTF_VAR_GLOBAL_ALLOCATED);
	make_type(&m, ".data", BTF_KIND_DATASEC, false, 1, 16); /* 17 */
	make_word(&m, 16);
	make_word(&m, 12);
	make_word(&m, 4);
	make_type(&m, "", BTF_KIND_PTR, false, 0, 19);           /* 18: const char * */
	make_type(&m, "", BTF_KIND_CONST, false, 0, 2);          /* 19 */
	make_type(&m, "double", BTF_KIND_FLOAT, false, 0, 8);    /* 20 */
	make_type(&m, "stable", BTF_KIND_DECL_TAG, false, 0, 4); /* 21 */
	make_word(&m, 2);
	make_type(&m, "user", BTF_KIND_TYPE_TAG, false, 0, 4); /* 22 */
	make_type(&m, "", BTF_KIND_PTR, false, 0, 22);         /* 23: struct task __user * */
	make_type(&m, "", BTF_KIND_PTR, false, 0, 14);         /* 24: pointer to the prototype */
	make_array(&m, 24, 1, 3);                              /* 25: of those, three */
	make_type(&m, "", BTF_KIND_PTR, false, 0, 6);          /* 26: pointer to an array */
	make_type(&m, "", BTF_KIND_CONST, false, 0, 5);        /* 27: constant pointer */
	make_type(&m, "", BTF_KIND_PTR, false, 0, 0);          /* 28: void * */
	make_type(&m, "", BTF_KIND_STRUCT, false, 0, 0);       /* 29: anonymous */
	make_array(&m, 6, 1, 2);                               /* 30: of arrays */
	return make_btf(&m, NULL);
}

static void test_kinds(const struct btf_data *b)
{
	uint32_t elem, index, count;
	uint8_t encoding, off, bits;
	struct btf_info t;
	struct btf_field f;
	struct btf_value v;
	struct btf_slot s;
	struct btf_arg a;
	int32_t component;

	check_u64(btf_count(b), 31, "all types are counted");
	check(btf_get(b, 4, &t) && t.kind == BTF_KIND_STRUCT && t.vlen == 4 && t.size == 32 &&
	              t.kflag && !strcmp(t.name, "task"),
	      "a struct is decoded");
	check(btf_field_at(b, &t, 0, &f) && f.bit_off == 64 && f.bit_size == 0 && f.type == 1 &&
	              !strcmp(f.name, "pid"),
	      "a member");
	check(btf_field_at(b, &t, 1, &f) && f.bit_off == 101 && f.bit_size == 3, "a bit-field");
	check(!btf_field_at(b, &t, 4, &f), "no member behind the last");
	check(!btf_value_at(b, &t, 0, &v), "a struct has no enumerators");
	check(btf_get(b, 8, &t) && btf_value_at(b, &t, 0, &v) && v.value == -7 &&
	              !strcmp(v.name, "MINUS"),
	      "a signed enumerator");
	check(btf_get(b, 9, &t) && btf_value_at(b, &t, 0, &v) && v.value == 0xfffffff9,
	      "an unsigned enumerator");
	check(btf_get(b, 10, &t) && btf_value_at(b, &t, 0, &v) && v.value == 0x123456789abcdef0,
	      "an enumerator of 64 bits");
	check(btf_get(b, 14, &t) && t.type == 5 && btf_arg_at(b, &t, 0, &a) &&
	              !strcmp(a.name, "first") && a.type == 5,
	      "an argument and the returned type");
	check(btf_arg_at(b, &t, 2, &a) && !a.type && !*a.name, "variable arguments");
	check(btf_get(b, 15, &t) && t.linkage == BTF_FUNC_GLOBAL && t.type == 14, "a function");
	check(btf_get(b, 16, &t) && t.linkage == BTF_VAR_GLOBAL_ALLOCATED && t.type == 11,
	      "a variable");
	check(btf_get(b, 17, &t) && t.size == 16 && btf_slot_at(b, &t, 0, &s) && s.type == 16 &&
	              s.off == 12 && s.size == 4,
	      "a slot of a data section");
	check(btf_get(b, 6, &t) && btf_array(b, &t, &elem, &index, &count) && elem == 2 &&
	              index == 1 && count == 8,
	      "an array");
	check(btf_get(b, 2, &t) && btf_int(b, &t, &encoding, &off, &bits) &&
	              encoding == (BTF_INT_SIGNED | BTF_INT_CHAR) && bits == 8,
	      "an integer");
	check(btf_get(b, 21, &t) && btf_tag_component(b, &t, &component) && component == 2 &&
	              t.type == 4,
	      "a declaration tag");
	check(btf_get(b, 0, &t) && !t.kind, "void");
	check(!btf_get(b, 31, &t) && !btf_get(b, UINT32_MAX, &t), "no type behind the last");
}

static void test_meaning(struct btf_data *b)
{
	static const struct {
		uint32_t id;
		const char *spelling;
		int64_t size;
	} types[] = {
		{ 0, "void", -1 },
		{ 1, "int", 4 },
		{ 3, "struct task", -1 },
		{ 4, "struct task", 32 },
		{ 5, "struct task *", 8 },
		{ 6, "char[8]", 8 },
		{ 7, "union u", 8 },
		{ 8, "enum state", 4 },
		{ 10, "enum wide", 8 },
		{ 11, "pid_t", 4 },
		{ 12, "const volatile int", 4 },
		{ 14, "struct task *(struct task *, const char *, ...)", -1 },
		{ 16, "pid_t", 4 },
		{ 18, "const char *", 8 },
		{ 20, "double", 8 },
		{ 23, "struct task *", 8 },
		{ 24, "struct task *(*)(struct task *, const char *, ...)", 8 },
		{ 25, "struct task *(*[3])(struct task *, const char *, ...)", 24 },
		{ 26, "char (*)[8]", 8 },
		{ 27, "struct task *const", 8 },
		{ 28, "void *", 8 },
		{ 29, "struct {...}", 0 },
		{ 30, "char[2][8]", 16 },
		{ 99, "?", -1 },
	};
	char buf[128], name[64];
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		snprintf(name, sizeof(name), "type %u is spelt and sized", types[i].id);
		if (check_str(btf_spell(b, types[i].id, buf, sizeof(buf)), types[i].spelling, name))
			check_u64(btf_sizeof(b, types[i].id), types[i].size, name);
	}
	check_str(btf_spell(b, 4, buf, 10), "struct ta", "a spelling is cut to its buffer");
	check_u64(btf_strip(b, 11, true), 1, "strip goes through typedefs");
	check_u64(btf_strip(b, 11, false), 11, "strip stops at typedefs");
	check_u64(btf_strip(b, 12, false), 1, "strip goes through qualifiers");
	check_u64(btf_find(b, BTF_KIND_STRUCT, "task"), 4, "a forward declaration is not found");
	check_u64(btf_find(b, BTF_KIND_UNION, "task"), 0, "a kind that the name does not have");
	check_u64(btf_find(b, BTF_KIND_FUNC, "fork"), 15, "a function");
	check_u64(btf_find(b, BTF_KIND_DATASEC, ".data"), 17, "a data section");
	check_u64(btf_find_type(b, "pid_t"), 11, "a type by name");
	check_u64(btf_find_type(b, "counter"), 0, "a variable is no type");
	check_u64(btf_find_type(b, ""), 0, "no name");
}

static void test_sample(bool swap)
{
	struct buf bytes = make_sample(swap);
	struct btf_data *b;
	size_t n, size;

	printf("# %s byte order\n", swap ? "the other" : "this machine's");
	if (check(!btf_open_mem(bytes.data, bytes.size, &b, NULL), "the sample opens")) {
		check(btf_other_endian(b) == swap, "its byte order is known");
		btf_bytes(b, &size);
		check_u64(size, bytes.size, "its size is known");
		test_kinds(b);
		test_meaning(b);
		btf_free(b);
	}
	for (n = 0; n < bytes.size; n++) {
		struct abide_error e = { 0 };
		/* A copy of exactly that size, so that a sanitizer sees a read past its end. */
		uint8_t *cut = malloc(n ? n : 1);

		memcpy(cut, bytes.data, n);
		if (!btf_open_mem(cut, n, &b, &e) || !*e.tag) {
			check(false, "the sample cut to %zu bytes is refused", n);
			btf_free(b);
		}
		free(cut);
	}
	check(true, "the sample cut at each of %zu places is refused", n);
	buf_free(&bytes);
}

/* More than one mark, in any order. */
static void test_marks(void)
{
	struct btf_maker m = { 0 };
	uint32_t i, id, seed = 1, wrong = 0;
	struct btf_data *b;
	struct btf_info t;
	struct buf bytes;
	char name[16];

	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "s%u", i / 2);
		make_type(&m, name, i % 3 ? BTF_KIND_STRUCT : BTF_KIND_FUNC, false,
		          i % 3 ? i % 5 : 0, i);
		for (id = 0; i % 3 && id < i % 5; id++)
			make_triple(&m, "m", 0, id);
	}
	bytes = make_btf(&m, NULL);
	if (!check(!btf_open_mem(bytes.data, bytes.size, &b, NULL) && btf_count(b) == 1001,
	           "1000 types open"))
		return;
	for (i = 0; i < 5000; i++) {
		seed = seed * 1664525 + 1013904223;
		id = seed >> 8 & 1023;
		if (id > 1000)
			id = 1000 - i % 7;
		if (!btf_get(b, id, &t))
			wrong++;
		else if (id && (t.kind == BTF_KIND_FUNC ? t.type : t.size) != id - 1)
			wrong++;
	}
	check_u64(wrong, 0, "types in random order are the right ones");
	for (i = 0, wrong = 0; i < 1000; i++) {
		uint8_t kind = i % 3 ? BTF_KIND_STRUCT : BTF_KIND_FUNC;
		uint8_t other = (i ^ 1) % 3 ? BTF_KIND_STRUCT : BTF_KIND_FUNC;

		snprintf(name, sizeof(name), "s%u", i / 2);
		id = i % 2 && kind == other ? i : i + 1; /* two of one kind and name: the first */
		wrong += btf_find(b, kind, name) != id;
	}
	check_u64(wrong, 0, "each name leads to the first type of its kind");
	btf_free(b);
	buf_free(&bytes);
}

static void test_hostile(void)
{
	struct btf_maker m = { 0 };
	struct btf_data *b;
	struct btf_info t;
	struct btf_arg a;
	struct buf bytes;
	char text[64];
	uint32_t i;

	make_type(&m, "a", BTF_KIND_TYPEDEF, false, 0, 2); /* 1 and 2 name each other */
	make_type(&m, "", BTF_KIND_CONST, false, 0, 1);
	make_int(&m, "long", 8, 0);                          /* 3 */
	make_array(&m, 3, 3, 0x80000000);                    /* 4: 2^34 bytes */
	make_array(&m, 4, 3, 0x80000000);                    /* 5: 2^65 bytes */
	make_array(&m, 6, 3, 2);                             /* 6: of itself */
	make_type(&m, "", BTF_KIND_FUNC_PROTO, false, 3, 7); /* 7: returns and takes itself */
	for (i = 0; i < 3; i++) {
		make_word(&m, 0x7fffffff); /* a name outside */
		make_word(&m, 7);
	}
	make_type(&m, "", BTF_KIND_PTR, false, 0, 8); /* 8: to itself */
	bytes = make_btf(&m, NULL);
	if (!check(!btf_open_mem(bytes.data, bytes.size, &b, NULL), "a hostile BTF opens"))
		return;
	check_u64(btf_strip(b, 1, true), 0, "a loop of typedefs ends");
	check_u64(btf_sizeof(b, 1), -1, "and has no size");
	check_u64(btf_sizeof(b, 4), UINT64_C(1) << 34, "an array of 2^31 elements");
	check_u64(btf_sizeof(b, 5), -1, "an array of 2^62 elements has no size");
	check_u64(btf_sizeof(b, 6), -1, "an array of itself has no size");
	check(strlen(btf_spell(b, 7, text, sizeof(text))) < sizeof(text),
	      "a prototype of itself is spelt: %.20s", text);
	check(strlen(btf_spell(b, 8, text, sizeof(text))) < sizeof(text),
	      "a pointer to itself is spelt: %.20s", text);
	check(btf_get(b, 7, &t) && btf_arg_at(b, &t, 0, &a) && !*a.name,
	      "a name outside of the strings is empty");
	check(!btf_string(b, 0x7fffffff), "a string outside is none");
	btf_free(b);
	buf_free(&bytes);
}

/* The strings should begin with an empty one; where they do not, offset 0 is no name all the same. */
static void test_first_string(void)
{
	struct btf_maker m = { 0 };
	struct btf_data *b;
	struct btf_info t;
	struct buf bytes;

	buf_str(&m.strings, "odd");
	make_type(&m, "", BTF_KIND_STRUCT, false, 0, 0);
	make_type(&m, "named", BTF_KIND_STRUCT, false, 0, 0);
	bytes = make_btf(&m, NULL);
	if (!check(!btf_open_mem(bytes.data, bytes.size, &b, NULL),
	           "strings that begin with one open"))
		return;
	check(btf_get(b, 1, &t) && !*t.name, "a type without a name has none");
	check_u64(btf_find(b, BTF_KIND_STRUCT, "odd"), 0, "and is not found");
	check_u64(btf_find(b, BTF_KIND_STRUCT, "named"), 2, "the other one is");
	btf_free(b);
	buf_free(&bytes);
}

/* Kind 77 with 8 bytes behind it and 4 for each element; known by the layout section only. */
static void test_unknown_kind(void)
{
	struct buf layout = { 0 }, bytes;
	struct btf_data *b;
	int with, i;

	for (i = 0; i <= UNKNOWN_KIND; i++) {
		buf_u8(&layout, i == UNKNOWN_KIND ? 8 : 0);
		buf_u8(&layout, i == UNKNOWN_KIND ? 4 : 0);
		buf_u16(&layout, 0);
	}
	for (with = 0; with < 2; with++) {
		struct btf_maker m = { 0 };

		make_int(&m, "before", 4, 0);
		make_type(&m, "new", UNKNOWN_KIND, false, 2, 0);
		for (i = 0; i < 4; i++)
			make_word(&m, 0xffffffff);
		make_int(&m, "behind", 4, 0);
		bytes = make_btf(&m, with ? &layout : NULL);
		if (check(!btf_open_mem(bytes.data, bytes.size, &b, NULL),
		          "an unknown kind opens, %s layout", with ? "with" : "without")) {
			check_u64(btf_find(b, BTF_KIND_INT, "before"), 1, "the type before it");
			check_u64(btf_find(b, BTF_KIND_INT, "behind"), with ? 3 : 0,
			          "the type behind it");
			btf_free(b);
		}
		buf_free(&bytes);
	}
	buf_free(&layout);
}

void test_btf(void)
{
	test_sample(false);
	test_sample(true);
	test_marks();
	test_hostile();
	test_first_string();
	test_unknown_kind();
}
