/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_VERIFY_SHAPES_H
#define ABIDE_TESTS_VERIFY_SHAPES_H

#include <linux/bpf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "process/verify.h"

/*
 * Programs that are hard on a verifier, of about as many instructions as asked for: joins of
 * states that differ, nested loops, chains of calls and callbacks, helpers with a lot to look at. No
 * compiler writes them; whoever sends one must get an answer soon all the same.
 */
struct shape {
	struct bpf_insn *insns;
	uint32_t nr, room;
};

static inline void shape_add(struct shape *s, uint8_t code, uint8_t dst, uint8_t src, int32_t off, int32_t imm)
{
	if (s->nr == s->room) {
		s->room = s->room ? 2 * s->room : 64;
		s->insns = realloc(s->insns, s->room * sizeof(*s->insns));
		if (!s->insns)
			abort();
	}
	s->insns[s->nr++] = (struct bpf_insn){ code, dst & 15, src & 15, (int16_t)off, imm };
}

static inline void shape_mov(struct shape *s, uint8_t dst, int32_t imm)
{
	shape_add(s, BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm);
}

static inline void shape_copy(struct shape *s, uint8_t dst, uint8_t src)
{
	shape_add(s, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}

/* A number that nothing is known of; r6 has the memory. */
static inline void shape_any(struct shape *s, uint8_t dst)
{
	shape_add(s, BPF_LDX | BPF_MEM | BPF_DW, dst, 6, 0, 0);
}

/* Over the next @n if a number is 0: nobody knows. */
static inline void shape_maybe(struct shape *s, int32_t n)
{
	shape_any(s, 2);
	shape_add(s, BPF_JMP | BPF_JEQ | BPF_K, 2, 0, n, 0);
}

static inline void shape_exit(struct shape *s)
{
	shape_mov(s, 0, 1);
	shape_add(s, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static inline void shape_helper(struct shape *s, int32_t number)
{
	shape_add(s, BPF_JMP | BPF_CALL, 0, 0, 0, number);
}

static inline void shape_map(struct shape *s, uint8_t dst, int32_t map)
{
	shape_add(s, BPF_LD | BPF_IMM | BPF_DW, dst, BPF_PSEUDO_MAP_FD, 0, map);
	shape_add(s, 0, 0, 0, 0, 0);
}

/* A call (or an address) of a function whose place is not known yet; shape_here() tells it. */
static inline uint32_t shape_call(struct shape *s)
{
	shape_add(s, BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, 0);
	return s->nr - 1;
}

static inline uint32_t shape_function(struct shape *s, uint8_t dst)
{
	shape_add(s, BPF_LD | BPF_IMM | BPF_DW, dst, BPF_PSEUDO_FUNC, 0, 0);
	shape_add(s, 0, 0, 0, 0, 0);
	return s->nr - 2;
}

static inline void shape_here(struct shape *s, uint32_t at)
{
	s->insns[at].imm = (int32_t)(s->nr - at - 1);
}

/* A frame full of numbers that differ. */
static inline void shape_stack(struct shape *s)
{
	uint32_t k;

	for (k = 1; k <= 64; k++)
		shape_add(s, BPF_ST | BPF_MEM | BPF_DW, 10, 0, -8 * (int32_t)k, (int32_t)k);
}

/* Every branch leaves another kind of value on the stack. */
static inline void shape_kinds(struct shape *s, uint32_t nr)
{
	uint32_t k;

	shape_copy(s, 6, 1);
	shape_stack(s);
	for (k = 0; s->nr + 6 < nr; k++) {
		shape_maybe(s, 1);
		shape_add(s, BPF_STX | BPF_MEM | BPF_DW, 10, k & 1 ? 6 : 2, -8 * (int32_t)(k % 64 + 1), 0);
	}
	shape_exit(s);
}

/* The same with pointers on one side and the branches' results read: refused at the very end, so it is walked twice. */
static inline void shape_kinds_refused(struct shape *s, uint32_t nr)
{
	shape_kinds(s, nr);
	s->nr -= 2;
	shape_add(s, BPF_LDX | BPF_MEM | BPF_DW, 3, 10, -8, 0);
	shape_add(s, BPF_LDX | BPF_MEM | BPF_DW, 3, 3, 0, 0);
	shape_exit(s);
}

/* All branches lead to one place, each with other kinds. */
static inline void shape_storm(struct shape *s, uint32_t nr)
{
	uint32_t k, last = nr - 2;

	if (last > 32000)
		last = 32000;
	shape_copy(s, 6, 1);
	shape_stack(s);
	for (k = 0; s->nr + 3 < last; k++) {
		shape_add(s, BPF_STX | BPF_MEM | BPF_DW, 10, k & 1 ? 6 : 2, -8 * (int32_t)(k * 7 % 64 + 1), 0);
		if (!(k & 1))
			s->insns[s->nr - 1] = (struct bpf_insn){ BPF_ST | BPF_MEM | BPF_DW, 10, 0, (int16_t)(-8 * (int32_t)(k * 7 % 64 + 1)), (int32_t)k };
		shape_maybe(s, (int32_t)(last - s->nr - 2));
	}
	while (s->nr < last)
		shape_mov(s, 3, 1);
	shape_exit(s);
}

/* Loops in loops, each counting. */
static inline void shape_loops(struct shape *s, uint32_t nr)
{
	uint32_t depth = nr / 6 < 4000 ? nr / 6 : 4000, k, *head = calloc(depth, sizeof(*head));

	if (!head)
		abort();
	shape_copy(s, 6, 1);
	for (k = 0; k < depth; k++) {
		shape_add(s, BPF_ST | BPF_MEM | BPF_DW, 10, 0, -8 * (int32_t)(k % 64 + 1), 0);
		head[k] = s->nr;
	}
	for (k = depth; k--;) {
		shape_add(s, BPF_LDX | BPF_MEM | BPF_DW, 3, 10, -8 * (int32_t)(k % 64 + 1), 0);
		shape_add(s, BPF_ALU64 | BPF_ADD | BPF_K, 3, 0, 0, (int32_t)k + 1);
		shape_add(s, BPF_STX | BPF_MEM | BPF_DW, 10, 3, -8 * (int32_t)(k % 64 + 1), 0);
		shape_add(s, BPF_JMP | BPF_JLT | BPF_K, 3, 0, (int32_t)head[k] - (int32_t)s->nr - 1, 1000 + 7 * (int32_t)k);
	}
	free(head);
	shape_exit(s);
}

/* Loops one behind the other, with all their limits in one function. */
static inline void shape_row(struct shape *s, uint32_t nr)
{
	uint32_t k;

	shape_copy(s, 6, 1);
	shape_stack(s);
	for (k = 0; s->nr + 6 < nr; k++) {
		shape_add(s, BPF_LDX | BPF_MEM | BPF_DW, 3, 10, -8 * (int32_t)(k % 64 + 1), 0);
		shape_add(s, BPF_ALU64 | BPF_ADD | BPF_K, 3, 0, 0, 1);
		shape_add(s, BPF_STX | BPF_MEM | BPF_DW, 10, 3, -8 * (int32_t)(k % 64 + 1), 0);
		shape_add(s, BPF_JMP | BPF_JLT | BPF_K, 3, 0, -4, 1000 + 7 * (int32_t)k);
	}
	shape_exit(s);
}

/* One function, called everywhere. */
static inline void shape_calls(struct shape *s, uint32_t nr)
{
	uint32_t n = nr > 70 ? nr - 70 : 1, k;

	shape_copy(s, 6, 1);
	for (k = 0; k < n; k++)
		shape_call(s);
	shape_exit(s);
	for (k = 1; k <= n; k++)
		s->insns[k].imm = (int32_t)(s->nr - k - 1);
	shape_stack(s);
	shape_exit(s);
}

/* Seven functions, each of which calls the next over and over. */
static inline void shape_tree(struct shape *s, uint32_t nr)
{
	uint32_t n = nr / 8 > 4 ? nr / 8 - 4 : 1, f, k, begin;

	for (f = 0; f < 7; f++) {
		begin = s->nr;
		for (k = 0; k < n; k++)
			shape_call(s);
		shape_exit(s);
		for (k = 0; k < n; k++)
			s->insns[begin + k].imm = (int32_t)(s->nr - (begin + k) - 1);
	}
	shape_exit(s);
}

/* The same with frames full of values and branches on the way. */
static inline void shape_deep(struct shape *s, uint32_t nr)
{
	uint32_t n = nr / 8 > 100 ? nr / 8 - 70 : 30, f, k, at = 0;

	shape_copy(s, 6, 1);
	for (f = 0; f < 8; f++) {
		if (f) {
			shape_here(s, at);
			shape_copy(s, 6, 1);
		}
		shape_stack(s);
		for (k = 0; k + 4 < n; k += 4) {
			shape_maybe(s, 1);
			shape_add(s, BPF_STX | BPF_MEM | BPF_DW, 10, k & 4 ? 6 : 2, -8 * (int32_t)(k / 4 % 64 + 1), 0);
			shape_mov(s, 4, (int32_t)k);
		}
		if (f < 7) {
			shape_copy(s, 1, 6);
			at = shape_call(s);
		}
		shape_exit(s);
	}
}

/* A chain of callbacks, each of which loops over the next. */
static inline void shape_callbacks(struct shape *s, uint32_t nr)
{
	uint32_t n = nr / 8 / 12 > 1 ? nr / 8 / 12 : 1, f, k, i, begin, *at = calloc(n, sizeof(*at));

	if (!at)
		abort();
	for (f = 0; f < 7; f++) {
		begin = s->nr;
		shape_add(s, BPF_ST | BPF_MEM | BPF_DW, 10, 0, -8, 0);
		for (k = 0; k < n; k++) {
			shape_mov(s, 1, 1000 + (int32_t)k);
			at[k] = shape_function(s, 2);
			shape_copy(s, 3, 10);
			shape_add(s, BPF_ALU64 | BPF_ADD | BPF_K, 3, 0, 0, -8);
			shape_mov(s, 4, 0);
			shape_helper(s, BPF_FUNC_loop);
			shape_add(s, BPF_LDX | BPF_MEM | BPF_DW, 3, 10, -8, 0);
			shape_add(s, BPF_ALU64 | BPF_ADD | BPF_K, 3, 0, 0, 3);
			shape_add(s, BPF_STX | BPF_MEM | BPF_DW, 10, 3, -8, 0);
		}
		shape_exit(s);
		for (i = 0; i < n; i++)
			shape_here(s, at[i]);
		(void)begin;
	}
	shape_exit(s);
	free(at);
}

/* Numbers on all frames' stacks that are tied together, and compared. */
static inline void shape_ties(struct shape *s, uint32_t nr)
{
	uint32_t k;

	shape_copy(s, 6, 1);
	for (k = 1; k <= 64; k++) {
		if (k % 2)
			shape_any(s, 7);
		shape_copy(s, 8, 7);
		shape_add(s, BPF_STX | BPF_MEM | BPF_DW, 10, 8, -8 * (int32_t)k, 0);
	}
	for (k = 0; s->nr + 6 < nr; k++) {
		shape_add(s, BPF_LDX | BPF_MEM | BPF_DW, 3, 10, -8 * (int32_t)(k % 64 + 1), 0);
		shape_add(s, BPF_JMP | BPF_JGT | BPF_K, 3, 0, 1, (int32_t)(1000 + 3 * k));
		shape_add(s, BPF_ALU64 | BPF_ADD | BPF_K, 3, 0, 0, 1);
	}
	shape_exit(s);
}

/* Ring records held and given up in every combination. */
static inline void shape_records(struct shape *s, uint32_t nr)
{
	uint32_t k;

	shape_copy(s, 6, 1);
	shape_stack(s);
	for (k = 0; s->nr + 24 < nr; k++) {
		shape_maybe(s, 9);
		shape_map(s, 1, 2);
		shape_mov(s, 2, 16 + 8 * (int32_t)(k % 5));
		shape_mov(s, 3, 0);
		shape_helper(s, BPF_FUNC_ringbuf_reserve);
		shape_add(s, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3, 0);
		shape_copy(s, 1, 0);
		shape_mov(s, 2, 0);
		shape_helper(s, BPF_FUNC_ringbuf_submit);
	}
	shape_exit(s);
}

/* A long string constant, looked at by every call. */
static inline void shape_strings(struct shape *s, uint32_t nr)
{
	shape_copy(s, 6, 1);
	shape_stack(s);
	while (s->nr + 20 < nr) {
		shape_copy(s, 1, 10);
		shape_add(s, BPF_ALU64 | BPF_ADD | BPF_K, 1, 0, 0, -512);
		shape_mov(s, 2, 512);
		shape_add(s, BPF_LD | BPF_IMM | BPF_DW, 3, BPF_PSEUDO_MAP_VALUE, 0, 1);
		shape_add(s, 0, 0, 0, 0, 0);
		shape_copy(s, 4, 10);
		shape_add(s, BPF_ALU64 | BPF_ADD | BPF_K, 4, 0, 0, -512);
		shape_mov(s, 5, 512);
		shape_helper(s, BPF_FUNC_snprintf);
	}
	shape_exit(s);
}

/* Formats on the stack, read byte by byte. */
static inline void shape_formats(struct shape *s, uint32_t nr)
{
	uint32_t k;

	shape_copy(s, 6, 1);
	for (k = 1; k <= 64; k++) {
		shape_add(s, BPF_LD | BPF_IMM | BPF_DW, 3, 0, 0, 0x61616161);
		shape_add(s, 0, 0, 0, 0, 0x61616161);
		shape_add(s, BPF_STX | BPF_MEM | BPF_DW, 10, 3, -8 * (int32_t)k, 0);
	}
	while (s->nr + 20 < nr) {
		shape_copy(s, 1, 10);
		shape_add(s, BPF_ALU64 | BPF_ADD | BPF_K, 1, 0, 0, -511);
		shape_mov(s, 2, 511);
		shape_mov(s, 3, 0);
		shape_mov(s, 4, 0);
		shape_mov(s, 5, 0);
		shape_helper(s, BPF_FUNC_trace_printk);
	}
	shape_exit(s);
}

/* Lookups whose results are tested, kept and forgotten. */
static inline void shape_lookups(struct shape *s, uint32_t nr)
{
	uint32_t k;

	shape_copy(s, 6, 1);
	shape_stack(s);
	for (k = 0; s->nr + 20 < nr; k++) {
		shape_map(s, 1, 0);
		shape_copy(s, 2, 10);
		shape_add(s, BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -512);
		shape_helper(s, BPF_FUNC_map_lookup_elem);
		shape_add(s, BPF_STX | BPF_MEM | BPF_DW, 10, 0, -8 * (int32_t)(k % 60 + 1), 0);
		shape_add(s, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1, 0);
		shape_add(s, BPF_LDX | BPF_MEM | BPF_DW, 7, 0, 0, 0);
	}
	shape_exit(s);
}

#define SHAPE_STRING 60000u

static const struct {
	const char *name;
	void (*make)(struct shape *s, uint32_t nr);
} shapes[] = {
	{ "kinds", shape_kinds },     { "kinds, refused", shape_kinds_refused }, { "storm", shape_storm },
	{ "loops in loops", shape_loops }, { "loops in a row", shape_row }, { "calls", shape_calls },
	{ "tree of calls", shape_tree }, { "deep", shape_deep }, { "callbacks", shape_callbacks },
	{ "ties", shape_ties }, { "records", shape_records }, { "strings", shape_strings }, { "formats", shape_formats }, { "lookups", shape_lookups },
};
#define NR_SHAPES (sizeof(shapes) / sizeof(shapes[0]))

/* Maps 0: a hash, 1: a long string constant, 2: a ring. @string: SHAPE_STRING bytes. */
static inline struct verify_input shape_input(const struct shape *s, const char *name, const char *string, struct verify_map *maps)
{
	maps[0] = (struct verify_map){ .name = "hash", .type = BPF_MAP_TYPE_HASH, .key_size = 8, .value_size = 8, .max_entries = 64 };
	maps[1] = (struct verify_map){ .name = ".rodata", .type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = SHAPE_STRING,
		                       .max_entries = 1, .frozen = string, .read_only = true };
	maps[2] = (struct verify_map){ .name = "ring", .type = BPF_MAP_TYPE_RINGBUF, .max_entries = 4096 };
	return (struct verify_input){ .name = name, .insns = s->insns, .nr_insns = s->nr, .has_memory = true, .memory = 1024,
		                      .maps = maps, .nr_maps = 3 };
}

#endif
