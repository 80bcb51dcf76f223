/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The stack of the verifier, byte by byte. In: a frame, offsets from its r10 that are
 * known to lie in the frame, sizes. Refused: reading what nothing has written, or part
 * of a pointer as a number.
 *
 * A slot is 8 bytes: a whole value as it was stored, or two numbers of 4 bytes. A smaller store
 * changes the bits of its half, so constants that are put together piece by piece stay known. What
 * is stored at an unknown offset makes all that it may hit unknown, and initialises nothing.
 */
#include <endian.h>
#include <string.h>

#include "process/verify_walk.h"

static struct num any_of(uint32_t size)
{
	return size >= 8 ? num_any() : num_range(0, (1ull << (8 * size)) - 1);
}

static struct num shift(uint8_t op, const struct num *n, uint64_t by)
{
	struct num b = num_const(by);

	return num_alu(op, n, &b, true, false);
}

static uint32_t slot_of(int64_t at)
{
	return (uint32_t)((-at - 1) / 8);
}

/* Bytes [from, from + size) of a half as bits, counted from the least significant one. */
static uint64_t half_shift(uint32_t from, uint32_t size)
{
	return 8 * (BYTE_ORDER == LITTLE_ENDIAN ? from : 4 - from - size);
}

/* Half 0 is the one with the lower address. */
static struct num *half_of(struct slot *s, uint32_t half)
{
	return (half == 0) == (BYTE_ORDER == LITTLE_ENDIAN) ? &s->v.num : &s->high;
}

static uint8_t bit_of(uint32_t byte)
{
	return (uint8_t)(1u << (BYTE_ORDER == LITTLE_ENDIAN ? byte : 7 - byte));
}

static uint8_t bits_of(uint32_t from, uint32_t size)
{
	uint8_t bits = 0;

	while (size--)
		bits |= bit_of(from + size);
	return bits;
}

/* Bytes of one slot, all initialised and of a number. */
static struct num read_slot(const struct slot *s, uint32_t from, uint32_t size)
{
	struct slot copy = *s;
	struct num n;

	if (size == 8)
		return verify_slot_value(s).num;
	if (from / 4 != (from + size - 1) / 4)
		return any_of(size);
	verify_slot_split(&copy);
	n = *half_of(&copy, from / 4);
	n = shift(BPF_RSH, &n, half_shift(from % 4, size));
	return num_zext(&n, 8 * size);
}

struct num verify_stack_number(struct verifier *v, uint32_t frame, int64_t at, uint32_t size)
{
	struct frame *f = &v->now->frame[frame];
	uint32_t k = slot_of(at), from = (uint32_t)(at + 8 * (int64_t)(k + 1));
	const struct slot *s;

	if (from + size > 8)
		return any_of(size);
	s = frame_slot(f, k);
	if ((s->init & bits_of(from, size)) != bits_of(from, size) || (s->whole && s->v.kind != KIND_NUMBER))
		return any_of(size);
	return read_slot(s, from, size);
}

static int uninit(struct verifier *v, int64_t at, const char *what)
{
	return verify_refuse(v, TAG_UNINIT_STACK, "%s has a byte of the stack, r10%lld, that nothing has written", what,
	                     (long long)at);
}

int verify_stack_readable(struct verifier *v, uint32_t frame, int64_t low, int64_t high, uint64_t pointers, const char *what)
{
	struct frame *f = &v->now->frame[frame];
	int64_t at;

	v->pool.work += (uint64_t)(high - low) / 8;
	for (at = low; at < high; at++) {
		uint32_t k = slot_of(at), from = (uint32_t)(at + 8 * (int64_t)(k + 1)), n = (uint32_t)(at - low) / 8;
		const struct slot *s = frame_slot(f, k);

		if (!(s->init & bit_of(from)))
			return uninit(v, at, what);
		if (!s->whole || s->v.kind == KIND_NUMBER)
			continue;
		if (n >= 64 || !(pointers & 1ull << n) || low % 8)
			return verify_refuse(v, TAG_LEAK, "%s has a pointer at r10%lld: its address would leave the program", what,
			                     (long long)at);
	}
	return 0;
}

int verify_stack_load(struct verifier *v, uint32_t frame, const struct num *at, uint32_t size, struct value *out)
{
	struct frame *f = &v->now->frame[frame];
	uint32_t k = slot_of(at->smin);
	int err;

	if (num_is_const(at) && size == 8 && at->smin % 8 == 0 && frame_slot(f, k)->whole) {
		*out = frame_slot(f, k)->v;
		return 0;
	}
	err = verify_stack_readable(v, frame, at->smin, at->smax + size, 0, "what is read");
	if (err)
		return err;
	*out = value_number(num_is_const(at) ? verify_stack_number(v, frame, at->smin, size) : any_of(size));
	return 0;
}

/* Parts of a slot, to a number. */
static void write_part(struct slot *s, uint32_t from, uint32_t size, const struct num *n)
{
	struct num mask, bits, *half;
	uint64_t by;

	verify_slot_split(s);
	if (from / 4 != (from + size - 1) / 4) {
		s->v.num = s->high = any_of(4);
	} else if (size == 4) {
		*half_of(s, from / 4) = *n;
	} else {
		by = half_shift(from % 4, size);
		half = half_of(s, from / 4);
		mask = num_const(UINT32_MAX & ~(((1ull << (8 * size)) - 1) << by));
		*half = num_alu(BPF_AND, half, &mask, true, false);
		bits = shift(BPF_LSH, n, by);
		*half = num_alu(BPF_OR, half, &bits, true, false);
	}
	s->init |= bits_of(from, size);
}

/* What may be written: pointers are lost, numbers unknown. */
static void may_write(struct slot *s)
{
	if (s->whole && s->v.kind != KIND_NUMBER)
		s->init = 0;
	s->whole = false;
	s->v = value_number(any_of(4));
	s->high = any_of(4);
}

void verify_stack_written(struct verifier *v, uint32_t frame, int64_t low, int64_t sure, int64_t high)
{
	struct frame *f = &v->now->frame[frame];
	int64_t at;

	if (low >= high)
		return;
	if (low < sure)
		frame_grow(f, slot_of(low));
	v->pool.work += (uint64_t)(high - low) / 4;
	for (at = low; at < high; at++) {
		uint32_t k = slot_of(at), from = (uint32_t)(at + 8 * (int64_t)(k + 1));
		struct slot *s;

		if (k >= f->used)
			continue;
		s = verify_slot(&v->pool, f, k);
		may_write(s);
		if (at < sure)
			s->init |= bit_of(from);
	}
}

int verify_stack_store(struct verifier *v, uint32_t frame, const struct num *at, uint32_t size, const struct value *x)
{
	struct frame *f = &v->now->frame[frame];
	struct num n;
	uint32_t k, from;

	if (!num_is_const(at)) {
		if (x->kind != KIND_NUMBER)
			return verify_refuse(v, TAG_LEAK, "it stores a pointer at a place on the stack that is not known");
		verify_stack_written(v, frame, at->smin, at->smin, at->smax + size);
		return 0;
	}
	k = slot_of(at->smin);
	from = (uint32_t)(at->smin + 8 * (int64_t)(k + 1));
	frame_grow(f, k);
	if (size == 8 && !from) {
		*verify_slot(&v->pool, f, k) = (struct slot){ .init = 0xff, .whole = true, .v = *x };
		return 0;
	}
	if (x->kind != KIND_NUMBER)
		return verify_refuse(v, TAG_LEAK, "it stores a pointer on the stack at r10%lld, which is no multiple of 8", (long long)at->smin);
	n = num_zext(&x->num, 8 * size);
	if (from + size <= 8) {
		write_part(verify_slot(&v->pool, f, k), from, size, &n);
		return 0;
	}
	verify_stack_written(v, frame, at->smin, at->smin + size, at->smin + size);
	return 0;
}
