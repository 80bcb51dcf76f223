/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The interpreter of translated programs (machine.h). In: code, relocations, a context, a
 * few objects of a kernel. Out: r0, or why it cannot go on. Instructions as RFC 9669 has
 * them; of the helpers those that translation emits and that test programs call: lookups
 * and updates of maps, probe_read (0 and -14 for what is no object), get_current_task.
 * A load of kernel memory is checked against the objects, so an offset that is one byte off
 * or a NULL that was not tested is found at the instruction that has it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/insn.h"
#include "machine.h"
#include "object/disasm.h"

#define FAULT ((uint64_t)-14)

struct frame {
	const struct code *code;
	uint32_t pc;
	uint64_t r[11];
};

static bool stop(struct machine *m, const struct frame *f, const char *why)
{
	char text[96];

	disasm(&f->code->insns[f->pc], f->code->nr_insns - f->pc, text, sizeof(text));
	snprintf(m->error, sizeof(m->error), "instruction %u, %s: %s", f->pc, text, why);
	return false;
}

struct thing *machine_thing(struct machine *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->nr_things; i++)
		if (!strcmp(m->things[i].name, name))
			return &m->things[i];
	return NULL;
}

static bool inside(const void *data, uint64_t room, uint64_t at, uint64_t size)
{
	uint64_t base = (uint64_t)(uintptr_t)data;

	return at >= base && at - base <= room && size <= room - (at - base);
}

uint8_t *machine_memory(struct machine *m, uint64_t at, uint64_t size, bool write)
{
	size_t i;

	if (inside(m->stack, sizeof(m->stack), at, size))
		return (uint8_t *)(uintptr_t)at;
	for (i = 0; i < m->nr_entries; i++)
		if (inside(m->entries[i].value, m->object->maps[m->entries[i].map].value_size, at, size))
			return (uint8_t *)(uintptr_t)at;
	if (write)
		return NULL;
	if (inside(m->context, sizeof(m->context), at, size))
		return (uint8_t *)(uintptr_t)at;
	for (i = 0; i < m->nr_things; i++)
		if (inside(m->things[i].data, m->things[i].size, at, size))
			return (uint8_t *)(uintptr_t)at;
	return NULL;
}

static struct map_entry *find_entry(struct machine *m, uint64_t map, const uint8_t *key)
{
	size_t i;

	for (i = 0; i < m->nr_entries; i++)
		if (m->entries[i].map == map && !memcmp(m->entries[i].key, key, m->object->maps[map].key_size))
			return &m->entries[i];
	return NULL;
}

static struct map_entry *add_entry(struct machine *m, uint64_t map, const uint8_t *key)
{
	const struct map_def *d = &m->object->maps[map];
	struct map_entry *e = &m->entries[m->nr_entries];

	if (m->nr_entries == MAX_ENTRIES || d->key_size > sizeof(e->key))
		return NULL;
	e->map = (uint32_t)map;
	memcpy(e->key, key, d->key_size);
	e->value = calloc(1, d->value_size);
	if (d->data && e->value)
		memcpy(e->value, d->data, d->value_size);
	m->nr_entries++;
	return e;
}

#define FILTER 0xf117e4 /* handle of the process filter's map, which the object does not have */

/* A lookup of a process in the filter: anything but NULL when it is watched. */
static bool filter_call(struct machine *m, struct frame *f, int32_t number)
{
	const uint8_t *key = machine_memory(m, f->r[2], 4, false);
	uint32_t tgid;
	size_t i;

	if (!key || number != BPF_FUNC_map_lookup_elem)
		return stop(m, f, "the filter is only looked into");
	memcpy(&tgid, key, 4);
	f->r[0] = 0;
	for (i = 0; i < m->nr_watched; i++)
		if (m->watched[i] == tgid)
			f->r[0] = (uint64_t)(uintptr_t)&m->watched[i];
	return true;
}

/* Map handles are small numbers: index + 1, far below any address. */
static bool map_call(struct machine *m, struct frame *f, int32_t helper)
{
	uint64_t map = f->r[1] - 1;
	const struct map_def *d = map < m->object->nr_maps ? &m->object->maps[map] : NULL;
	struct map_entry *e;
	uint8_t *key, *value;

	if (f->r[1] == FILTER)
		return filter_call(m, f, helper);
	if (!d)
		return stop(m, f, "r1 is no map");
	key = machine_memory(m, f->r[2], d->key_size, false);
	if (!key)
		return stop(m, f, "r2 is no key");
	e = find_entry(m, map, key);
	if (!e && d->type != BPF_MAP_TYPE_HASH && d->type != BPF_MAP_TYPE_LRU_HASH && d->type != BPF_MAP_TYPE_PERCPU_HASH)
		e = add_entry(m, map, key); /* arrays have all their elements */
	switch (helper) {
	case BPF_FUNC_map_lookup_elem:
		f->r[0] = e ? (uint64_t)(uintptr_t)e->value : 0;
		return true;
	case BPF_FUNC_map_delete_elem:
		f->r[0] = e ? 0 : (uint64_t)-2;
		if (e)
			e->map = UINT32_MAX;
		return true;
	default:
		value = machine_memory(m, f->r[3], d->value_size, false);
		if (!value)
			return stop(m, f, "r3 is no value");
		e = e ? e : add_entry(m, map, key);
		if (!e)
			return stop(m, f, "the map is full");
		memcpy(e->value, value, d->value_size);
		f->r[0] = 0;
		return true;
	}
}

/* probe_read_kernel and _str: what cannot be read gives zeros and -EFAULT. */
static bool probe_read(struct machine *m, struct frame *f, bool string)
{
	uint8_t *to = machine_memory(m, f->r[1], f->r[2], true), *from;
	uint64_t n;

	if (!to)
		return stop(m, f, "r1, r2 is no buffer");
	if (!string) {
		from = machine_memory(m, f->r[3], f->r[2], false);
		memset(to, 0, f->r[2]);
		if (from)
			memcpy(to, from, f->r[2]);
		f->r[0] = from ? 0 : FAULT;
		return true;
	}
	for (n = 0; n < f->r[2]; n++) {
		from = machine_memory(m, f->r[3] + n, 1, false);
		to[n] = from ? *from : 0;
		if (!from || !*from)
			break;
	}
	if (n == f->r[2])
		to[--n] = 0;
	f->r[0] = machine_memory(m, f->r[3], 1, false) ? n + 1 : FAULT;
	return true;
}

static bool helper(struct machine *m, struct frame *f, int32_t number)
{
	int i;

	m->calls++;
	switch (number) {
	case BPF_FUNC_map_lookup_elem:
	case BPF_FUNC_map_update_elem:
	case BPF_FUNC_map_delete_elem:
		if (!map_call(m, f, number))
			return false;
		break;
	case BPF_FUNC_probe_read_kernel:
	case BPF_FUNC_probe_read_kernel_str:
		if (!probe_read(m, f, number == BPF_FUNC_probe_read_kernel_str))
			return false;
		break;
	case BPF_FUNC_get_current_task:
	case BPF_FUNC_get_current_task_btf:
		if (!m->current)
			return stop(m, f, "the case has no current task");
		f->r[0] = (uint64_t)(uintptr_t)m->current->data;
		break;
	case BPF_FUNC_get_current_pid_tgid:
		f->r[0] = m->pid_tgid;
		break;
	case BPF_FUNC_ktime_get_ns:
		f->r[0] = 1000;
		break;
	default:
		return stop(m, f, "a helper that the test machine does not have");
	}
	for (i = 1; i <= 5; i++) /* as a kernel leaves them: of no use to anybody */
		f->r[i] = 0xdeadbeefdeadbeef;
	return true;
}

static uint64_t load(const uint8_t *p, uint32_t size)
{
	uint64_t v = 0;

	memcpy(&v, p, size);
	return v;
}

static uint64_t sign_extend(uint64_t v, unsigned bits)
{
	return bits < 64 ? (uint64_t)((int64_t)(v << (64 - bits)) >> (64 - bits)) : v;
}

static uint64_t swap(uint64_t v, int bits)
{
	return bits == 16 ? __builtin_bswap16((uint16_t)v) : bits == 32 ? __builtin_bswap32((uint32_t)v) : __builtin_bswap64(v);
}

static uint64_t cut(uint64_t v, int bits)
{
	return bits < 64 ? v & ((1ull << bits) - 1) : v;
}

static bool alu(struct machine *m, struct frame *f, const struct bpf_insn *i)
{
	bool is64 = BPF_CLASS(i->code) == BPF_ALU64;
	uint64_t a = f->r[i->dst_reg], b = BPF_SRC(i->code) == BPF_X ? f->r[i->src_reg] : (uint64_t)(int64_t)i->imm;
	unsigned mask = is64 ? 63 : 31;

	if (BPF_OP(i->code) == BPF_END) {
		/* the host is little-endian: to-LE cuts, to-BE and bswap swap */
		f->r[i->dst_reg] = is64 || BPF_SRC(i->code) == BPF_TO_BE ? swap(a, i->imm) : cut(a, i->imm);
		return true;
	}
	if (!is64) {
		a = (uint32_t)a;
		b = (uint32_t)b;
	}
	switch (BPF_OP(i->code)) {
	case BPF_ADD: a += b; break;
	case BPF_SUB: a -= b; break;
	case BPF_MUL: a *= b; break;
	case BPF_OR: a |= b; break;
	case BPF_AND: a &= b; break;
	case BPF_XOR: a ^= b; break;
	case BPF_LSH: a <<= b & mask; break;
	case BPF_RSH: a >>= b & mask; break;
	case BPF_ARSH: a = (uint64_t)((int64_t)sign_extend(a, is64 ? 64 : 32) >> (b & mask)); break;
	case BPF_NEG: a = -a; break;
	case BPF_DIV:
		if (i->off)
			return stop(m, f, "signed division is not known here");
		a = b ? a / b : 0;
		break;
	case BPF_MOD:
		if (i->off)
			return stop(m, f, "signed division is not known here");
		a = b ? a % b : a;
		break;
	case BPF_MOV: a = i->off ? sign_extend(b, (unsigned)i->off) : b; break;
	default: return stop(m, f, "unknown arithmetic");
	}
	f->r[i->dst_reg] = is64 ? a : (uint32_t)a;
	return true;
}

static bool taken(const struct frame *f, const struct bpf_insn *i)
{
	bool is64 = BPF_CLASS(i->code) == BPF_JMP;
	uint64_t a = f->r[i->dst_reg], b = BPF_SRC(i->code) == BPF_X ? f->r[i->src_reg] : (uint64_t)(int64_t)i->imm;
	int64_t x = (int64_t)sign_extend(a, is64 ? 64 : 32), y = (int64_t)sign_extend(b, is64 ? 64 : 32);

	if (!is64) {
		a = (uint32_t)a;
		b = (uint32_t)b;
	}
	switch (BPF_OP(i->code)) {
	case BPF_JA: return true;
	case BPF_JEQ: return a == b;
	case BPF_JNE: return a != b;
	case BPF_JGT: return a > b;
	case BPF_JGE: return a >= b;
	case BPF_JLT: return a < b;
	case BPF_JLE: return a <= b;
	case BPF_JSGT: return x > y;
	case BPF_JSGE: return x >= y;
	case BPF_JSLT: return x < y;
	case BPF_JSLE: return x <= y;
	default: return (a & b) != 0; /* BPF_JSET */
	}
}

static bool atomic(struct machine *m, struct frame *f, const struct bpf_insn *i)
{
	uint32_t size = insn_size(i);
	uint8_t *p = machine_memory(m, f->r[i->dst_reg] + (uint64_t)(int64_t)i->off, size, true);
	uint64_t old, new, src = f->r[i->src_reg];

	if (!p)
		return stop(m, f, "an atomic outside of memory");
	old = load(p, size);
	switch (i->imm & ~BPF_FETCH) {
	case BPF_ADD: new = old + src; break;
	case BPF_OR: new = old | src; break;
	case BPF_AND: new = old & src; break;
	case BPF_XOR: new = old ^ src; break;
	case BPF_XCHG & ~BPF_FETCH: new = src; break;
	default:
		new = old == cut(f->r[0], (int)size * 8) ? src : old;
		f->r[0] = old;
		memcpy(p, &new, size);
		return true;
	}
	memcpy(p, &new, size);
	if (i->imm & BPF_FETCH)
		f->r[i->src_reg] = old;
	return true;
}

static bool access_memory(struct machine *m, struct frame *f, const struct bpf_insn *i)
{
	bool is_load = BPF_CLASS(i->code) == BPF_LDX;
	uint64_t at = f->r[is_load ? i->src_reg : i->dst_reg] + (uint64_t)(int64_t)i->off, v;
	uint32_t size = insn_size(i);
	uint8_t *p;

	if (insn_is_atomic(i))
		return atomic(m, f, i);
	p = machine_memory(m, at, size, !is_load);
	if (!p)
		return stop(m, f, at < 4096 ? "a NULL pointer" : is_load ? "a load outside of any object" :
								   "a store outside of stack and maps");
	if (is_load) {
		v = load(p, size);
		f->r[i->dst_reg] = BPF_MODE(i->code) == INSN_MEMSX ? sign_extend(v, size * 8) : v;
		return true;
	}
	v = BPF_CLASS(i->code) == BPF_STX ? f->r[i->src_reg] : (uint64_t)(int64_t)i->imm;
	memcpy(p, &v, size);
	return true;
}

static bool wide(struct machine *m, struct frame *f, const struct bpf_insn *i)
{
	uint32_t k, zero = 0;
	struct map_entry *e;

	f->r[i->dst_reg] = (uint32_t)i->imm | (uint64_t)(uint32_t)i[1].imm << 32;
	for (k = 0; k < f->code->nr_relocs; k++) {
		const struct reloc *r = &f->code->relocs[k];

		if (r->insn != f->pc)
			continue;
		if (r->kind == RELOC_MAP) {
			f->r[i->dst_reg] = r->target + 1;
		} else if (r->kind == RELOC_FILTER) {
			f->r[i->dst_reg] = FILTER;
		} else if (r->kind == RELOC_DATA) {
			e = find_entry(m, r->target, (uint8_t *)&zero);
			e = e ? e : add_entry(m, r->target, (uint8_t *)&zero);
			f->r[i->dst_reg] = e ? (uint64_t)(uintptr_t)e->value + (uint64_t)r->addend : 0;
		} else {
			return stop(m, f, "an address that the test machine does not have");
		}
	}
	f->pc++;
	return true;
}

static bool step(struct machine *m, struct frame *f, const struct bpf_insn *i)
{
	if (insn_is_alu(i))
		return alu(m, f, i);
	if (insn_is_load(i) || insn_is_store(i))
		return access_memory(m, f, i);
	if (insn_is_ld_imm64(i))
		return wide(m, f, i);
	if (insn_is_local_call(i))
		return stop(m, f, "a call that was not inlined");
	if (insn_is_call(i))
		return helper(m, f, i->imm);
	if (insn_is_jump(i)) {
		if (insn_is_goto(i) || taken(f, i))
			f->pc += (uint32_t)insn_jump(i);
		return true;
	}
	return stop(m, f, "unknown instruction");
}

bool machine_run(struct machine *m, uint64_t *r0)
{
	struct frame f = { .code = &m->program->codes[0] };
	const struct bpf_insn *i;
	int k;

	for (k = 0; k < 10; k++) /* what a program may not rely on */
		f.r[k] = 0xdeadbeefdeadbeef;
	f.r[1] = (uint64_t)(uintptr_t)m->context;
	f.r[10] = (uint64_t)(uintptr_t)(m->stack + sizeof(m->stack));
	memset(m->stack, 0xa5, sizeof(m->stack));
	for (m->budget = 1000000; f.pc < f.code->nr_insns; f.pc++) {
		i = &f.code->insns[f.pc];
		if (!m->budget--)
			return stop(m, &f, "more than a million instructions");
		if (insn_is_exit(i)) {
			*r0 = f.r[0];
			return true;
		}
		if (!step(m, &f, i))
			return false;
	}
	snprintf(m->error, sizeof(m->error), "it runs over its end");
	return false;
}

void machine_free(struct machine *m)
{
	size_t i;

	for (i = 0; i < m->nr_things; i++)
		free(m->things[i].data);
	for (i = 0; i < m->nr_entries; i++)
		free(m->entries[i].value);
	m->nr_things = m->nr_entries = 0;
}
