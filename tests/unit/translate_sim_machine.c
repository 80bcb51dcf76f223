/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The machine of the simulation: eBPF as RFC 9669 has it, with frames for the original's
 * calls. In kernel mode it refuses what the verifier would refuse at run time's first
 * chance: plain loads through NULL, or through numbers.
 */
#include "translate_sim.h"

static uint8_t *stack_at(struct machine *m, uint64_t addr, uint32_t size, uint8_t **set)
{
	uint64_t low = (uint64_t)(uintptr_t)m->stack;

	if (addr < low || addr + size > low + sizeof(m->stack))
		return NULL;
	*set = &m->set[0][0] + (addr - low);
	return &m->stack[0][0] + (addr - low);
}

/* Does the kernel know no type of the pointer that lies there? A void *, or one got by a fetch. */
static bool is_untyped(const struct machine *m, uint64_t addr, bool fetched)
{
	unsigned i;

	for (i = 0; i < OBJECTS; i++)
		if (addr == (uint64_t)(uintptr_t)&ka[i].vp || addr == (uint64_t)(uintptr_t)&ka[i].label)
			return true;
	return fetched && m->kernel;
}

static bool in(uint64_t addr, const void *p, size_t size)
{
	return addr >= (uint64_t)(uintptr_t)p && addr < (uint64_t)(uintptr_t)p + size;
}

static bool is_object(uint64_t addr)
{
	return in(addr, ka, sizeof(ka)) || in(addr, kb, sizeof(kb)) || in(addr, kt, sizeof(kt));
}

static uint64_t read_mem(struct machine *m, uint64_t addr, uint32_t size, bool fetch)
{
	uint8_t *set, *p = stack_at(m, addr, size, &set);
	uint64_t v = 0;
	uint32_t i;

	if (p) {
		for (i = 0; i < size; i++)
			if (!set[i])
				m->bad = "reads stack that nothing wrote";
		memcpy(&v, p, size);
		return v;
	}
	if (m->kernel && !fetch && addr < 4096)
		m->bad = "loads plainly through NULL";
	if (m->kernel && !fetch && (addr & UNTYPED))
		m->bad = "loads plainly through a number";
	addr &= ~UNTYPED;
	if (m->bad || addr < 4096) /* a fault that the kernel handles */
		return 0;
	memcpy(&v, (void *)(uintptr_t)addr, size);
	if (m->kernel && size == 8 && is_object(addr) && is_object(v) && is_untyped(m, addr, fetch))
		v |= UNTYPED;
	return v;
}

static void write_mem(struct machine *m, uint64_t addr, uint32_t size, uint64_t v)
{
	uint8_t *set, *p = stack_at(m, addr, size, &set);

	if (!p) {
		m->bad = "writes outside its stack";
		return;
	}
	memcpy(p, &v, size);
	memset(set, 1, size);
}

static uint64_t sign_extend(uint64_t v, unsigned bits)
{
	return (uint64_t)((int64_t)(v << (64 - bits)) >> (64 - bits));
}

static uint64_t swap(uint64_t a, int32_t bits)
{
	return bits == 16 ? __builtin_bswap16((uint16_t)a) : bits == 32 ? __builtin_bswap32((uint32_t)a)
									 : __builtin_bswap64(a);
}

static uint64_t alu(const struct bpf_insn *i, uint64_t a, uint64_t b)
{
	bool is64 = BPF_CLASS(i->code) == BPF_ALU64;
	uint64_t v;

	if (BPF_OP(i->code) == BPF_END) {
		if (!is64 && BPF_SRC(i->code) == BPF_TO_LE)
			return i->imm == 64 ? a : a & ((1ull << i->imm) - 1);
		return swap(a, i->imm);
	}
	if (!is64) {
		a = (uint32_t)a;
		b = (uint32_t)b;
	}
	switch (BPF_OP(i->code)) {
	case BPF_ADD: v = a + b; break;
	case BPF_SUB: v = a - b; break;
	case BPF_MUL: v = a * b; break;
	case BPF_DIV: v = b ? a / b : 0; break;
	case BPF_MOD: v = b ? a % b : a; break;
	case BPF_OR: v = a | b; break;
	case BPF_AND: v = a & b; break;
	case BPF_XOR: v = a ^ b; break;
	case BPF_NEG: v = -a; break;
	case BPF_LSH: v = a << (b & (is64 ? 63 : 31)); break;
	case BPF_RSH: v = a >> (b & (is64 ? 63 : 31)); break;
	case BPF_ARSH:
		v = is64 ? (uint64_t)((int64_t)a >> (b & 63)) : (uint64_t)(int64_t)((int32_t)a >> (b & 31));
		break;
	default: /* BPF_MOV */
		v = i->off && BPF_SRC(i->code) == BPF_X ? sign_extend(b, (unsigned)i->off) : b;
		break;
	}
	return is64 ? v : (uint32_t)v;
}

static bool jump(const struct bpf_insn *i, uint64_t a, uint64_t b)
{
	int64_t x = (int64_t)a, y = (int64_t)b;

	if (BPF_CLASS(i->code) == BPF_JMP32) {
		a = (uint32_t)a;
		b = (uint32_t)b;
		x = (int32_t)a;
		y = (int32_t)b;
	}
	switch (BPF_OP(i->code)) {
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

static void atomic(struct machine *m, const struct bpf_insn *i)
{
	uint64_t addr = m->r[i->dst_reg] + (uint64_t)(int64_t)i->off, src = m->r[i->src_reg], old;
	uint32_t size = insn_size(i);

	old = read_mem(m, addr, size, false);
	switch (i->imm & ~BPF_FETCH) {
	case BPF_ADD: src += old; break;
	case BPF_AND: src &= old; break;
	case BPF_OR: src |= old; break;
	case BPF_XOR: src ^= old; break;
	default: break; /* exchange */
	}
	if (i->imm == BPF_CMPXCHG) {
		src = old == (size == 4 ? (uint32_t)m->r[0] : m->r[0]) ? m->r[i->src_reg] : old;
		m->r[0] = old;
	} else if (i->imm & BPF_FETCH) {
		m->r[i->src_reg] = old;
	}
	write_mem(m, addr, size, src);
}

/* probe_read_kernel_str(r1, r2, r3): what lies behind the string is 0 here, so that runs can be compared. */
static uint64_t copy_string(struct machine *m, uint64_t from)
{
	uint64_t k, end = m->r[2], c;

	for (k = 0; k < m->r[2]; k++)
		write_mem(m, m->r[1] + k, 1, 0);
	from &= ~UNTYPED;
	if (from < 4096)
		return (uint64_t)-14;
	for (k = 0; k < end; k++) {
		c = k + 1 == end ? 0 : *(uint8_t *)(uintptr_t)(from + k);
		write_mem(m, m->r[1] + k, 1, c);
		if (!c)
			return k + 1;
	}
	return end;
}

/* user_str(r1, r2, &p->field) of the original. */
static uint64_t user_string(struct machine *m)
{
	uint64_t p = m->r[3], at;

	if (p < 4096)
		return copy_string(m, 0);
	if (in(p, ut, sizeof(ut)))
		return copy_string(m, p);
	at = (p - (uint64_t)(uintptr_t)ua) % sizeof(ua[0]);
	return copy_string(m, at == offsetof(struct alpha_user, label) ? *(uint64_t *)(uintptr_t)p : p);
}

static bool field_exists(uint64_t p)
{
	if (p < 4096)
		return p != offsetof(struct alpha_user, absent);
	return (p - (uint64_t)(uintptr_t)ua) % sizeof(ua[0]) != offsetof(struct alpha_user, absent);
}

static void fetch(struct machine *m)
{
	uint64_t v = read_mem(m, m->r[3], (uint32_t)m->r[2], true);

	write_mem(m, m->r[1], (uint32_t)m->r[2], v);
	m->r[0] = 0;
}

static void helper(struct machine *m, int32_t nr)
{
	uint16_t args = (uint16_t)((2u << insn_helper_args(nr)) - 2);

	if ((m->written & args) != args)
		m->bad = "calls a helper with an argument that nothing wrote";
	switch (nr) {
	case 1:
		m->r[0] = watched((uint32_t)read_mem(m, m->r[2], 4, false));
		m->filtered = !m->r[0];
		break;
	case 7:
		m->r[0] = 12345;
		break;
	case 14:
		m->r[0] = (uint64_t)kt[m->current].tgid << 32 | kt[m->current].pid;
		break;
	case 35:
		m->r[0] = (uint64_t)(uintptr_t)&kt[m->current] | UNTYPED;
		break;
	case 158:
		m->r[0] = (uint64_t)(uintptr_t)&kt[m->current];
		if (!m->typed)
			m->bad = "calls a helper that is not there";
		break;
	case 113:
		fetch(m);
		break;
	case 115:
		m->r[0] = copy_string(m, m->r[3]);
		break;
	case PSEUDO_CURRENT_TASK:
		m->r[0] = (uint64_t)(uintptr_t)&ut[m->current];
		break;
	case PSEUDO_USER_STR:
		m->r[0] = user_string(m);
		break;
	case PSEUDO_FIELD_EXISTS:
		m->r[0] = field_exists(m->r[1]);
		break;
	default:
		m->bad = "calls an unknown helper";
	}
	m->written = (uint16_t)((m->written & ~0x3eu) | 1);
	for (nr = 1; nr < 6; nr++)
		m->r[nr] = 0xdead0000u + (uint32_t)nr;
}

static void enter(struct machine *m, uint32_t *at, uint32_t *pc, uint32_t to)
{
	unsigned k;

	if (m->depth + 1 == FRAMES) {
		m->bad = "calls too deep";
		return;
	}
	m->back[m->depth].function = *at;
	m->back[m->depth].pc = *pc;
	m->back[m->depth].written = m->written;
	for (k = 0; k < 4; k++)
		m->back[m->depth].r[k] = m->r[6 + k];
	m->depth++;
	memset(m->set[m->depth], 0, sizeof(m->set[m->depth]));
	memset(m->stack[m->depth], 0, sizeof(m->stack[m->depth]));
	m->r[10] = (uint64_t)(uintptr_t)(m->stack[m->depth] + 512);
	m->written &= 0x43e;
	*at = to;
	*pc = 0;
}

static void leave(struct machine *m, uint32_t *at, uint32_t *pc)
{
	unsigned k;

	m->depth--;
	*at = m->back[m->depth].function;
	*pc = m->back[m->depth].pc;
	m->written = (uint16_t)((m->back[m->depth].written & 0x7c0) | 1);
	for (k = 0; k < 4; k++)
		m->r[6 + k] = m->back[m->depth].r[k];
	m->r[10] = (uint64_t)(uintptr_t)(m->stack[m->depth] + 512);
}

/* A NULL that the verifier does not suspect: loads through it fault and give 0. */
static void follow_soft(struct machine *m, const struct bpf_insn *i, uint64_t from)
{
	uint16_t bit = (uint16_t)(1u << i->dst_reg);
	bool soft = false;
	unsigned k;

	if (i->code == (BPF_ALU64 | BPF_MOV | BPF_X))
		soft = m->soft >> i->src_reg & 1;
	for (k = 0; insn_is_load(i) && insn_size(i) == 8 && k < OBJECTS; k++)
		soft |= !m->r[i->dst_reg] && from == (uint64_t)(uintptr_t)&ka[k].p;
	if (insn_is_load(i))
		soft |= m->soft >> i->src_reg & 1;
	if (insn_defs(i))
		m->soft = (uint16_t)((m->soft & ~bit) | (soft ? bit : 0));
}

/* Anything but jumps, calls and exits. */
static void plain(struct machine *m, const struct bpf_insn *i)
{
	uint64_t b = BPF_SRC(i->code) == BPF_X ? m->r[i->src_reg] : (uint64_t)(int64_t)i->imm, a = m->r[i->dst_reg];

	if (insn_is_alu(i)) {
		m->r[i->dst_reg] = alu(i, a, b);
	} else if (insn_is_ld_imm64(i)) {
		m->r[i->dst_reg] = (uint32_t)i->imm | (uint64_t)(uint32_t)i[1].imm << 32;
	} else if (insn_is_load(i)) {
		a = m->r[i->src_reg];
		/* NULL is tested by its address, not by the field's */
		if (a < 4096 && (!m->kernel || (m->soft >> i->src_reg & 1)))
			a = 0;
		else
			a = read_mem(m, a < 4096 ? a : a + (uint64_t)(int64_t)i->off, insn_size(i), false);
		m->r[i->dst_reg] = BPF_MODE(i->code) == INSN_MEMSX ? sign_extend(a, 8 * insn_size(i)) : a;
	} else if (insn_is_atomic(i)) {
		atomic(m, i);
	} else if (insn_is_store(i)) {
		write_mem(m, a + (uint64_t)(int64_t)i->off, insn_size(i),
			  BPF_CLASS(i->code) == BPF_STX ? m->r[i->src_reg] : (uint64_t)(int64_t)i->imm);
	} else if (!insn_is_goto(i)) {
		m->bad = "unknown instruction";
	}
}

static bool takes(const struct machine *m, const struct bpf_insn *i)
{
	return jump(i, m->r[i->dst_reg], BPF_SRC(i->code) == BPF_X ? m->r[i->src_reg] : (uint64_t)(int64_t)i->imm);
}

bool run_program(struct machine *m, const struct function *f, uint32_t nr, const void *ctx, struct watch *w)
{
	uint32_t at = 0, pc = 0;

	m->r[1] = (uint64_t)(uintptr_t)ctx;
	m->r[10] = (uint64_t)(uintptr_t)(m->stack[0] + 512);
	m->written = 1u << 1 | 1u << 10;
	while (!m->bad && at < nr && pc < f[at].nr_insns && m->steps++ < 100000) {
		const struct bpf_insn *i = &f[at].insns[pc];
		bool taken = false;

		m->at = pc;
		if (w && !w->before(w, m, pc))
			return false;
		if (!insn_is_call(i) && (insn_uses(i) & ~m->written) && !(insn_is_exit(i) && m->depth)) {
			m->bad = "reads a register that nothing wrote";
			break;
		}
		pc += insn_is_ld_imm64(i) ? 2 : 1;
		if (insn_is_exit(i)) {
			if (!m->depth)
				return true;
			leave(m, &at, &pc);
		} else if (insn_is_local_call(i)) {
			enter(m, &at, &pc, function_reloc(&f[at], pc - 1)->target);
		} else if (insn_is_call(i)) {
			helper(m, i->imm);
			continue;
		} else if (insn_is_goto(i)) {
			pc += (uint32_t)insn_jump(i);
		} else if (insn_is_branch(i)) {
			taken = takes(m, i);
			pc += taken ? (uint32_t)i->off : 0;
		} else {
			uint64_t from = m->r[i->src_reg] + (uint64_t)(int64_t)i->off;

			plain(m, i);
			follow_soft(m, i, from);
			m->written |= insn_defs(i);
			continue;
		}
		if (w)
			w->moved(w, taken);
	}
	if (!m->bad)
		m->bad = "does not exit";
	return false;
}
