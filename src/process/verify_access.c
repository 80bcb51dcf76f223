/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Loads, stores and atomic operations. In: an instruction and the running state. Refused:
 * whatever may lie outside of the object that the pointer leads to, writes to what is
 * read-only, parts of pointers, and pointers stored where others can read them.
 *
 * Offsets are numbers modulo 2^64, as the machine has them, so arithmetic that wraps is no
 * danger: only the interval of the offset at the access counts.
 */
#include <errno.h>
#include <string.h>

#include "process/verify_walk.h"

static struct num any_of(uint32_t size)
{
	return size >= 8 ? num_any() : num_range(0, (1ull << (8 * size)) - 1);
}

static struct num offset(const struct value *p, int64_t off)
{
	struct num by = num_const((uint64_t)off);

	return num_is_const(&p->num) ? num_const(p->num.umin + (uint64_t)off) : num_alu(BPF_ADD, &p->num, &by, true, false);
}

const struct value *verify_read(struct verifier *v, unsigned reg, struct value *tmp)
{
	const struct value *x;

	if (reg == FP) {
		*tmp = (struct value){ .kind = KIND_STACK, .index = v->now->nr_frames - 1, .num = num_const(0) };
		return tmp;
	}
	x = &state_top(v->now)->r[reg];
	if (x->kind != KIND_NONE)
		return x;
	verify_refuse(v, TAG_UNINIT_REG, "it reads r%u, which has no value there", reg);
	verify_because(v, "nothing has written it, or a call or another path has left nothing in it");
	return NULL;
}

int verify_want_number(struct verifier *v, unsigned reg, const struct value *x, const char *where)
{
	char text[120];

	if (x->kind == KIND_NUMBER)
		return 0;
	return verify_refuse(v, TAG_LEAK, "r%u, %s, is %s: addresses are no data", reg, where,
	                     verify_value_text(v, x, text, sizeof(text)));
}

/* Bytes of the object that @p leads into; 0: none that may be accessed. */
static int object_size(struct verifier *v, const struct value *p, enum access a, const char *what, uint64_t *size)
{
	const struct verify_map *m;
	char text[120];

	switch ((enum value_kind)p->kind) {
	case KIND_STACK:
		*size = 0;
		return 0;
	case KIND_ELEMENT:
		m = &v->in->maps[p->index];
		if (a == ACCESS_WRITE && (m->read_only || m->flags & BPF_F_RDONLY_PROG))
			return verify_refuse(v, TAG_READ_ONLY, "it writes to map %s, which is read-only", m->name);
		if (a == ACCESS_READ && m->flags & BPF_F_WRONLY_PROG)
			return verify_refuse(v, TAG_READ_ONLY, "it reads map %s, which programs may only write", m->name);
		*size = m->value_size;
		return 0;
	case KIND_KEY:
		if (a == ACCESS_WRITE)
			return verify_refuse(v, TAG_READ_ONLY, "it writes to a key of map %s", v->in->maps[p->index].name);
		*size = v->in->maps[p->index].key_size;
		return 0;
	case KIND_RECORD:
		*size = v->now->record[p->index].size;
		return 0;
	case KIND_MEMORY:
		*size = v->in->memory;
		return 0;
	case KIND_CONTEXT:
		if (a == ACCESS_WRITE)
			return verify_refuse(v, TAG_READ_ONLY, "it writes to the context");
		return verify_refuse(v, TAG_ARGUMENT, "%s is a pointer to the context", what);
	case KIND_TYPED:
		if (a == ACCESS_WRITE)
			return verify_refuse(v, TAG_READ_ONLY, "it writes to %s", verify_value_text(v, p, text, sizeof(text)) + 13);
		return verify_refuse(v, TAG_ARGUMENT, "%s is %s, which is not known to be there", what,
		                     verify_value_text(v, p, text, sizeof(text)));
	case KIND_NONE:
	case KIND_NUMBER:
	case KIND_MAP:
	case KIND_FUNCTION:
		break;
	}
	return verify_refuse(v, TAG_NOT_POINTER, "%s is %s, not a pointer to memory", what, verify_value_text(v, p, text, sizeof(text)));
}

int verify_range(struct verifier *v, const struct value *p, int64_t off, uint64_t size, enum access a, const char *what)
{
	int64_t low = p->num.smin, high = p->num.smax, begin = 0, end;
	uint64_t room = 0;
	char text[120];
	int err;

	if (p->null) {
		if (p->kind == KIND_ELEMENT || p->kind == KIND_RECORD) {
			err = verify_refuse(v, TAG_NULL, "%s is %s", what, verify_value_text(v, p, text, sizeof(text)));
			return verify_because(v, "%s", p->kind == KIND_RECORD ? "bpf_ringbuf_reserve gives NULL when the ring is full"
			                                                      : "the lookup gives NULL when the key is absent"), err;
		}
	}
	err = object_size(v, p, a, what, &room);
	if (err)
		return err;
	end = (int64_t)room;
	if (p->kind == KIND_STACK)
		begin = -PROCESS_STACK;
	if (size <= INT32_MAX && !__builtin_add_overflow(low, off, &low) && !__builtin_add_overflow(high, off, &high) &&
	    low >= begin && high <= end && (int64_t)size <= end - high)
		return 0;
	if (p->kind == KIND_STACK)
		err = verify_refuse(v, TAG_STACK, "%s: %llu bytes at r10%+lld to r10%+lld, and the stack is r10-512 to r10", what,
		                    (unsigned long long)size, (long long)low, (long long)high);
	else
		err = verify_refuse(v, TAG_BOUNDS, "%s: %llu bytes at byte %lld%s of %s, which has %llu", what,
		                    (unsigned long long)size, (long long)(low < begin ? low : high),
		                    low == high ? "" : low < begin ? " or later" : " or before", verify_value_text(v, p, text, sizeof(text)) + 13,
		                    (unsigned long long)room);
	if (low != high)
		verify_because(v, "the offset is anything from %lld to %lld", (long long)low, (long long)high);
	return err;
}

static int load_context(struct verifier *v, const struct value *p, int64_t off, uint32_t size, struct value *out)
{
	const struct verify_arg *arg;
	uint64_t at;

	if (!num_is_const(&p->num))
		return verify_refuse(v, TAG_CONTEXT, "it reads the context at an offset that is not known");
	at = p->num.umin + (uint64_t)off;
	if (at / 8 >= v->in->nr_args || at % 8 + size > 8)
		return verify_refuse(v, TAG_CONTEXT, "it reads %u bytes at byte %lld of the context, which has %u arguments of 8 bytes", size,
		                     (long long)at, v->in->nr_args);
	arg = &v->in->args[at / 8];
	*out = value_number(any_of(size));
	if (!arg->pointer)
		return 0;
	if (size != 8)
		return verify_refuse(v, TAG_CONTEXT, "it reads %u bytes of argument %llu, a pointer", size, (unsigned long long)at / 8);
	*out = (struct value){ .kind = KIND_TYPED, .null = true, .index = arg->target, .id = ++v->next_id, .num = num_const(0) };
	return 0;
}

/* Whether numbers cover [low, high) of a type; a pointer that is exactly there: *pointer. */
static bool typed_bytes(const struct verify_type *t, int64_t low, int64_t high, const struct verify_member **pointer)
{
	int64_t reached = low;
	uint32_t k;

	*pointer = NULL;
	for (k = 0; k < t->nr_members && (int64_t)t->members[k].off < high; k++) {
		const struct verify_member *m = &t->members[k];
		int64_t end = (int64_t)m->off + m->size;

		if (end <= low)
			continue;
		if (m->pointer) {
			*pointer = m;
			return m->off == low && end == high && m->size == 8;
		}
		if (m->off <= reached && end > reached)
			reached = end;
	}
	return reached >= high;
}

static int load_typed(struct verifier *v, const struct value *p, int64_t off, uint32_t size, struct value *out)
{
	const struct verify_member *pointer = NULL;
	const struct verify_type *t;
	int64_t low, high;

	v->result->facts[v->pc].faults = true;
	if (p->index >= v->in->nr_types)
		return verify_refuse(v, TAG_TYPED, "it reads through a pointer to a type that is not described");
	t = &v->in->types[p->index];
	if (__builtin_add_overflow(p->num.smin, off, &low) || __builtin_add_overflow(p->num.smax, off, &high) || low < 0 ||
	    high > UINT32_MAX || !typed_bytes(t, low, high + size, &pointer) || (pointer && low != high))
		return pointer ? verify_refuse(v, TAG_TYPED, "it reads %u bytes at byte %lld of struct %s, not the whole pointer at %u", size,
		                               (long long)low, t->name, pointer->off)
		               : verify_refuse(v, TAG_TYPED, "it reads %u bytes at byte %lld of struct %s, where no member is", size,
		                               (long long)low, t->name);
	*out = pointer ? (struct value){ .kind = KIND_TYPED, .null = true, .index = pointer->target, .id = ++v->next_id, .num = num_const(0) }
	               : value_number(any_of(size));
	return 0;
}

/* Constants of .rodata are known. */
static struct num load_element(struct verifier *v, const struct value *p, int64_t off, uint32_t size)
{
	const struct verify_map *m = &v->in->maps[p->index];
	const uint8_t *at;
	uint64_t n = 0;

	if (!m->frozen || !m->read_only || m->max_entries != 1 || !num_is_const(&p->num))
		return any_of(size);
	at = (const uint8_t *)m->frozen + (int64_t)p->num.umin + off;
	switch (size) {
	case 1:
		n = *at;
		break;
	case 2: {
		uint16_t x;

		memcpy(&x, at, 2);
		n = x;
		break;
	}
	case 4: {
		uint32_t x;

		memcpy(&x, at, 4);
		n = x;
		break;
	}
	default:
		memcpy(&n, at, 8);
	}
	return num_const(n);
}

static int load(struct verifier *v, const struct value *p, int64_t off, uint32_t size, struct value *out)
{
	struct num at;
	int err;

	if (p->kind == KIND_CONTEXT)
		return load_context(v, p, off, size, out);
	if (p->kind == KIND_TYPED)
		return load_typed(v, p, off, size, out);
	err = verify_range(v, p, off, size, ACCESS_READ, "what is read");
	if (err)
		return err;
	if (p->kind == KIND_STACK) {
		at = offset(p, off);
		return verify_stack_load(v, p->index, &at, size, out);
	}
	*out = value_number(p->kind == KIND_ELEMENT ? load_element(v, p, off, size) : any_of(size));
	return 0;
}

int verify_load(struct verifier *v, const struct bpf_insn *i)
{
	uint32_t size = insn_size(i);
	struct value tmp, out;
	const struct value *p = verify_read(v, i->src_reg, &tmp);
	int err;

	if (!p)
		return -EINVAL;
	err = load(v, p, i->off, size, &out);
	if (err)
		return err;
	if (BPF_MODE(i->code) == INSN_MEMSX) {
		err = verify_want_number(v, i->src_reg, &out, "what is read");
		if (err)
			return err;
		out = value_number(num_sext(&out.num, 8 * size));
	}
	state_top(v->now)->r[i->dst_reg] = out;
	return 0;
}

int verify_store(struct verifier *v, const struct bpf_insn *i)
{
	uint32_t size = insn_size(i);
	struct value tmp, tmp2, x, n;
	const struct value *p = verify_read(v, i->dst_reg, &tmp), *s;
	struct num at;
	int err;

	if (!p)
		return -EINVAL;
	if (BPF_CLASS(i->code) == BPF_ST) {
		n = value_number(num_const((uint64_t)(int64_t)i->imm));
		s = &n;
	} else {
		s = verify_read(v, i->src_reg, &tmp2);
		if (!s)
			return -EINVAL;
	}
	x = *s;
	err = verify_range(v, p, i->off, size, ACCESS_WRITE, "what is written");
	if (err)
		return err;
	if (p->kind != KIND_STACK)
		return verify_want_number(v, i->src_reg, &x, "what is stored");
	if (size < 8 && (err = verify_want_number(v, i->src_reg, &x, "of which a part is stored")))
		return err;
	at = offset(p, i->off);
	return verify_stack_store(v, p->index, &at, size, &x);
}

static int check_aligned(struct verifier *v, const struct value *p, int64_t off, uint32_t size)
{
	struct num at = offset(p, off);

	if (!((at.bits | at.unknown) & (size - 1)))
		return 0;
	return verify_refuse(v, TAG_ALIGN, "its offset is not known to be a multiple of %u", size);
}

int verify_atomic(struct verifier *v, const struct bpf_insn *i)
{
	uint32_t size = insn_size(i);
	struct value tmp, tmp2, old, x;
	const struct value *p = verify_read(v, i->dst_reg, &tmp), *s, *r0;
	struct num at;
	int err;

	if (!p)
		return -EINVAL;
	s = verify_read(v, i->src_reg, &tmp2);
	if (!s || (err = verify_want_number(v, i->src_reg, s, "an operand of an atomic operation")))
		return -EINVAL;
	if (i->imm == BPF_CMPXCHG) {
		r0 = verify_read(v, 0, &tmp2);
		if (!r0 || (err = verify_want_number(v, 0, r0, "what is compared with")))
			return -EINVAL;
	}
	err = verify_range(v, p, i->off, size, ACCESS_WRITE, "what is changed");
	if (!err)
		err = check_aligned(v, p, i->off, size);
	if (!err)
		err = load(v, p, i->off, size, &old);
	if (!err)
		err = verify_want_number(v, i->dst_reg, &old, "or what it leads to");
	if (err)
		return err;
	if (p->kind == KIND_STACK) {
		at = offset(p, i->off);
		x = value_number(any_of(size));
		err = verify_stack_store(v, p->index, &at, size, &x);
		if (err)
			return err;
	}
	if (i->imm == BPF_CMPXCHG)
		state_top(v->now)->r[0] = value_number(old.num);
	else if (i->imm & BPF_FETCH)
		state_top(v->now)->r[i->src_reg] = value_number(old.num);
	return 0;
}
