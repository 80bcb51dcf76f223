/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Transfer functions of the walk. In: the state before an instruction, with its CO-RE
 * number put in. Out: the state after it. Numbers follow src/analyze/num.h; pointers to
 * the kernel's types keep their type and a constant offset; all that is not understood
 * becomes a number or a pointer of which nothing is known, never a refusal: the kernel's
 * verifier checks what is the same on all kernels.
 */
#include <linux/bpf.h>
#include <linux/version.h>
#include <string.h>

#include "analyze/insn.h"
#include "check/flow.h"

struct cell cell_num(struct num n)
{
	return (struct cell){ .kind = CELL_NUM, .num = n };
}

struct cell cell_kind(enum cell_kind kind)
{
	return (struct cell){ .kind = (uint8_t)kind, .num = num_any() };
}

static struct cell bytes(uint32_t size)
{
	struct num n = num_any();

	return cell_num(num_zext(&n, size * 8));
}

struct cell flow_reg(const struct flow_state *s, unsigned r)
{
	return r < FP ? s->r[r] : cell_kind(CELL_STACK);
}

struct flow_insn flow_fetch(const struct function *f, uint32_t insn, const struct flow_rules *rules)
{
	struct flow_insn x = { .i = f->insns[insn] };

	if (insn_is_ld_imm64(&x.i))
		x.wide = (int64_t)((uint32_t)x.i.imm | (uint64_t)(uint32_t)f->insns[insn + 1].imm << 32);
	x.core = rules->core(rules->arg, f, insn);
	if (x.core && x.core->is_offset)
		x.root = function_core_relo(f, insn)->type_id;
	if (!x.core || x.core->state != CORE_VALUE)
		return x;
	if (insn_is_ld_imm64(&x.i))
		x.wide = (int64_t)x.core->value;
	else if (insn_is_alu(&x.i))
		x.i.imm = (int32_t)x.core->value;
	else
		x.i.off = (int16_t)x.core->value;
	/* libbpf makes a load as wide as the field is here */
	if ((insn_is_load(&x.i) || insn_is_store(&x.i)) && !x.core->bad_width && x.core->width != x.core->local_width &&
	    x.core->width && x.core->width <= 8 && !(x.core->width & (x.core->width - 1)))
		x.i.code = (uint8_t)((x.i.code & ~BPF_SIZE(0xff)) | insn_size_code(x.core->width));
	return x;
}

static bool is_pointer(const struct cell *c)
{
	return c->kind != CELL_NONE && c->kind != CELL_NUM;
}

/* Pointer plus or minus a number. */
static struct cell pointer_add(const struct cell *p, const struct cell *n, bool sub)
{
	struct cell c = *p;
	int64_t by, off;

	if (n->kind != CELL_NUM || !num_is_const(&n->num)) {
		c.loose = true;
		return c;
	}
	by = sub ? -(int64_t)n->num.umin : (int64_t)n->num.umin;
	if (__builtin_add_overflow((int64_t)c.off, by, &off) || off > INT32_MAX / 2 || off < INT32_MIN / 2) {
		c.loose = true;
		return c;
	}
	c.off = (int32_t)off;
	if (n->core)
		c.core = true;
	else if (by)
		c.fixed = true;
	return c;
}

static struct cell alu_mov(const struct bpf_insn *i, const struct cell *src)
{
	bool is64 = BPF_CLASS(i->code) == BPF_ALU64;
	struct cell c = *src;

	if (BPF_SRC(i->code) == BPF_X && i->off) {
		struct num n = src->kind == CELL_NUM && (i->off == 8 || i->off == 16 || i->off == 32) ? num_sext(&src->num, (unsigned)i->off) : num_any();

		return cell_num(is64 ? n : num_zext(&n, 32));
	}
	if (is64)
		return c;
	if (is_pointer(src))
		return bytes(4);
	c.num = num_zext(&src->num, 32);
	return c;
}

static void step_alu(const struct flow_insn *x, struct flow_state *s)
{
	const struct bpf_insn *i = &x->i;
	uint8_t op = BPF_OP(i->code);
	bool is64 = BPF_CLASS(i->code) == BPF_ALU64, from_reg = BPF_SRC(i->code) == BPF_X && op != BPF_END && op != BPF_NEG;
	struct cell *dst, src;

	if (i->dst_reg >= FP)
		return;
	dst = &s->r[i->dst_reg];
	src = from_reg ? flow_reg(s, i->src_reg) : cell_num(num_const((uint64_t)(int64_t)i->imm));
	if (!from_reg && x->core) {
		src.core = true;
		src.root = x->root;
	}
	if (x->core && x->core->state != CORE_VALUE)
		src.num = num_any();
	if (op == BPF_MOV) {
		*dst = alu_mov(i, &src);
		return;
	}
	if (is64 && (op == BPF_ADD || op == BPF_SUB) && is_pointer(dst) && !is_pointer(&src)) {
		*dst = pointer_add(dst, &src, op == BPF_SUB);
		return;
	}
	if (is64 && op == BPF_ADD && is_pointer(&src) && !is_pointer(dst)) {
		*dst = pointer_add(&src, dst, false);
		return;
	}
	if (op == BPF_END) {
		struct num any = num_any();

		*dst = cell_num(i->imm == 16 || i->imm == 32 ? num_zext(&any, (unsigned)i->imm) : any);
	} else if (dst->kind == CELL_NUM && src.kind == CELL_NUM) {
		bool core = dst->core || src.core;

		*dst = cell_num(num_alu(op, &dst->num, &src.num, is64, i->off == 1));
		dst->core = core;
	} else {
		*dst = is64 ? cell_num(num_any()) : bytes(4);
	}
}

/* Little-endian bytes of a read-only global. */
static bool constant(const struct object *o, const struct cell *base, int64_t off, uint32_t size, struct cell *out)
{
	const struct map_def *m;
	uint64_t v = 0;
	uint32_t k;

	if (base->type >= o->nr_maps)
		return false;
	m = &o->maps[base->type];
	if (m->source != MAP_RODATA || !m->data || base->loose || off < 0 || off + size > m->value_size)
		return false;
	for (k = 0; k < size; k++)
		v |= (uint64_t)m->data[off + k] << 8 * k;
	*out = cell_num(num_const(v));
	return true;
}

static bool slot_of(const struct cell *base, int64_t off, unsigned *k)
{
	if (base->loose || off >= 0 || off < -8 * FLOW_SLOTS)
		return false;
	*k = (unsigned)((-off - 1) / 8);
	return true;
}

static void step_load(const struct object *o, const struct flow_insn *x, const struct flow_rules *rules, uint32_t id,
		      struct flow_state *s)
{
	const struct bpf_insn *i = &x->i;
	struct cell base = flow_reg(s, i->src_reg), v;
	uint32_t size = insn_size(i);
	int64_t off = (int64_t)base.off + i->off;
	bool known = false;
	unsigned k;

	if (i->dst_reg >= FP)
		return;
	switch ((enum cell_kind)base.kind) {
	case CELL_CTX:
		known = !base.loose && rules->context(rules->arg, (int32_t)off, size, &v);
		break;
	case CELL_STACK:
		known = slot_of(&base, off, &k) && s->slot[k].from == (unsigned)(off & 7) && (s->slot[k].width ? s->slot[k].width : 8u) == size;
		if (known)
			v = s->slot[k];
		if (known)
			v.from = v.width = 0;
		break;
	case CELL_KERNEL:
		known = !base.loose && rules->kernel(rules->arg, &base, (int32_t)off, size, &v);
		break;
	case CELL_DATA:
		known = rules->rodata && constant(o, &base, off, size, &v);
		break;
	case CELL_KCONFIG:
		known = !strcmp(o->symbols[base.type].name, "LINUX_KERNEL_VERSION");
		if (known)
			v = cell_num(num_range(rules->version_first, rules->version_last));
		break;
	case CELL_NONE:
	case CELL_NUM:
	case CELL_ADDRESS:
	case CELL_OTHER:
		break;
	}
	if (!known)
		v = BPF_MODE(i->code) == BPF_MEM && base.kind != CELL_OTHER ? bytes(size) : cell_num(num_any());
	/* what lies in map values and rings may be a pointer that the kernel knows */
	if (!known && base.kind == CELL_OTHER && size == 8)
		v = cell_kind(CELL_OTHER);
	if (known && v.kind == CELL_KERNEL && !v.id)
		v.id = id;
	s->r[i->dst_reg] = v;
}

static void forget(struct flow_state *s, int64_t from, int64_t to)
{
	unsigned k;

	for (k = 0; k < FLOW_SLOTS; k++)
		if (-8 * ((int64_t)k + 1) + 8 > from && -8 * ((int64_t)k + 1) < to)
			s->slot[k] = cell_num(num_any());
}

/* A number that is narrower than the slot is kept with where it lies; the rest is unknown. */
static void store_slot(struct cell *slot, const struct bpf_insn *i, struct cell v, int64_t off)
{
	uint32_t size = insn_size(i);

	if (size < 8 && v.kind != CELL_NUM)
		return;
	*slot = v;
	if (size == 8)
		return;
	slot->num = num_zext(&v.num, size * 8);
	slot->from = (uint8_t)(off & 7);
	slot->width = (uint8_t)size;
}

static void step_store(const struct flow_insn *x, struct flow_state *s)
{
	const struct bpf_insn *i = &x->i;
	struct cell base = flow_reg(s, i->dst_reg);
	int64_t off = (int64_t)base.off + i->off;
	unsigned k;

	if (base.kind == CELL_STACK) {
		if (base.loose)
			forget(s, -8 * FLOW_SLOTS, 0);
		else
			forget(s, off, off + insn_size(i));
		if (!insn_is_atomic(i) && off % insn_size(i) == 0 && slot_of(&base, off, &k))
			store_slot(&s->slot[k], i, BPF_CLASS(i->code) == BPF_STX ? flow_reg(s, i->src_reg)
										 : cell_num(num_const((uint64_t)(int64_t)i->imm)), off);
	}
	if (!insn_is_atomic(i))
		return;
	if (i->imm == BPF_CMPXCHG)
		s->r[0] = cell_num(num_any());
	else if ((i->imm & BPF_FETCH) && i->src_reg < FP)
		s->r[i->src_reg] = cell_num(num_any());
}

/* The constant in a register, if that is a size within the stack; else 0. */
static uint32_t size_in(const struct flow_state *s, unsigned r)
{
	const struct cell *c = &s->r[r];

	return c->kind == CELL_NUM && num_is_const(&c->num) && c->num.umin <= 8 * FLOW_SLOTS ? (uint32_t)c->num.umin : 0;
}

/* How many bytes a helper reads behind register @r; 0: it is none that only reads there, or nobody knows. */
static uint32_t reads(const struct object *o, int32_t helper, unsigned r, const struct flow_state *s)
{
	enum { KEY = 16, VALUE }; /* sizes of the map in r1 */
	static const struct {
		uint8_t helper, reg, size; /* .size: the register that holds it, KEY or VALUE */
	} list[] = {
		{ BPF_FUNC_map_lookup_elem, 2, KEY },   { BPF_FUNC_map_update_elem, 2, KEY },
		{ BPF_FUNC_map_update_elem, 3, VALUE }, { BPF_FUNC_map_delete_elem, 2, KEY },
		{ BPF_FUNC_map_push_elem, 2, VALUE },   { BPF_FUNC_perf_event_output, 4, 5 },
		{ BPF_FUNC_ringbuf_output, 2, 3 },      { BPF_FUNC_trace_printk, 1, 2 },
	};
	const struct cell *map = &s->r[1];
	size_t i;

	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		if (list[i].helper != helper || list[i].reg != r)
			continue;
		if (list[i].size < KEY)
			return size_in(s, list[i].size);
		if (map->kind != CELL_OTHER || !map->type || map->loose || map->off || map->type > o->nr_maps)
			return 0;
		return list[i].size == KEY ? o->maps[map->type - 1].key_size : o->maps[map->type - 1].value_size;
	}
	return 0;
}

/*
 * A helper reads stack bytes. From 5.12 on the verifier took that for a write, which makes a number of a pointer that
 * lies there; since 6.13 it knows better.
 */
static void step_read(const struct flow_rules *rules, int64_t from, int64_t to, struct flow_state *s)
{
	bool surely = rules->version_first >= KERNEL_VERSION(5, 12, 0) && rules->version_last < KERNEL_VERSION(6, 13, 0);
	bool unchanged = rules->version_last < KERNEL_VERSION(5, 12, 0) || rules->version_first >= KERNEL_VERSION(6, 13, 0);
	unsigned k;

	for (k = 0; k < FLOW_SLOTS; k++) {
		if (-8 * ((int64_t)k + 1) + 8 <= from || -8 * ((int64_t)k + 1) >= to)
			continue;
		if (s->slot[k].kind == CELL_KERNEL && surely) {
			s->slot[k].kind = CELL_ADDRESS;
			s->slot[k].lost = true;
		} else if (s->slot[k].kind != CELL_ADDRESS && (s->slot[k].kind != CELL_KERNEL || !unchanged)) {
			s->slot[k] = cell_num(num_any());
		}
	}
}

static void step_call(const struct object *o, const struct flow_insn *x, const struct flow_rules *rules, uint32_t id,
		      struct flow_state *s)
{
	bool helper = !x->i.src_reg;
	unsigned r, filled = 0, size_reg = 0;
	struct cell out;
	uint32_t size;

	if (helper)
		insn_helper_writes(x->i.imm, &filled, &size_reg);
	for (r = 1; r <= 5; r++) {
		int64_t off = s->r[r].off;

		if (s->r[r].kind != CELL_STACK)
			continue;
		if (s->r[r].loose)
			forget(s, -8 * FLOW_SLOTS, 0);
		else if (helper && r == filled && (size = size_in(s, size_reg)))
			forget(s, off, off + size);
		else if (helper && (size = reads(o, x->i.imm, r, s)))
			step_read(rules, off, off + size, s);
		else
			forget(s, off, 0);
	}
	if (!helper || !rules->helper(rules->arg, x->i.imm, &out))
		out = cell_kind(CELL_OTHER);
	if (out.kind == CELL_KERNEL)
		out.id = id;
	s->r[0] = out;
	for (r = 1; r <= 5; r++)
		s->r[r] = (struct cell){ 0 };
}

static struct cell wide(const struct function *f, uint32_t insn, const struct flow_insn *x, const struct flow_rules *rules)
{
	const struct reloc *r = function_reloc(f, insn);
	struct cell c;

	if (r && r->kind == RELOC_DATA) {
		c = cell_kind(CELL_DATA);
		c.type = r->target;
		c.off = (int32_t)r->addend;
		c.loose = r->addend != c.off;
		return c;
	}
	if (r && r->kind == RELOC_EXTERN) {
		switch (rules->symbol(rules->arg, r->symbol)) {
		case FLOW_KCONFIG:
			c = cell_kind(CELL_KCONFIG);
			c.type = r->symbol;
			return c;
		case FLOW_NULL:
			return cell_num(num_const(0));
		case FLOW_SOME:
			return cell_kind(CELL_OTHER);
		}
	}
	if (r || x->i.src_reg) {
		c = cell_kind(CELL_OTHER);
		c.type = r && r->kind == RELOC_MAP ? r->target + 1 : 0;
		return c;
	}
	c = cell_num(x->core && x->core->state != CORE_VALUE ? num_any() : num_const((uint64_t)x->wide));
	c.core = x->core != NULL;
	c.root = x->root;
	return c;
}

void flow_step(const struct object *o, const struct function *f, uint32_t insn, const struct flow_insn *x,
	       const struct flow_rules *rules, uint32_t id, struct flow_state *s)
{
	const struct bpf_insn *i = &x->i;
	unsigned r;

	if (insn_is_alu(i)) {
		step_alu(x, s);
	} else if (insn_is_load(i)) {
		step_load(o, x, rules, id, s);
	} else if (insn_is_store(i)) {
		step_store(x, s);
	} else if (insn_is_ld_imm64(i)) {
		if (i->dst_reg < FP)
			s->r[i->dst_reg] = wide(f, insn, x, rules);
	} else if (insn_is_call(i)) {
		step_call(o, x, rules, id, s);
	} else if (BPF_CLASS(i->code) == BPF_LD) { /* packet access of classic BPF */
		for (r = 0; r < 6; r++)
			s->r[r] = (struct cell){ 0 };
		s->r[0] = cell_num(num_any());
	}
}

static void tested(struct flow_state *s, uint32_t id, bool null)
{
	unsigned k;

	for (k = 0; k < 10 + FLOW_SLOTS; k++) {
		struct cell *c = k < 10 ? &s->r[k] : &s->slot[k - 10];

		if (c->kind != CELL_KERNEL || c->id != id)
			continue;
		if (null)
			*c = cell_num(num_const(0));
		else
			c->nullable = false;
	}
}

int flow_branch(const struct flow_insn *x, const struct flow_state *s, struct flow_state *next, struct flow_state *taken)
{
	const struct bpf_insn *i = &x->i;
	struct cell a = flow_reg(s, i->dst_reg), b;
	bool is64 = BPF_CLASS(i->code) == BPF_JMP, eq = BPF_OP(i->code) == BPF_JEQ, yes, no;
	struct num p, q;

	b = BPF_SRC(i->code) == BPF_X ? flow_reg(s, i->src_reg) : cell_num(num_const((uint64_t)(int64_t)i->imm));
	*next = *s;
	*taken = *s;
	if (a.kind == CELL_KERNEL && b.kind == CELL_NUM && num_is_const(&b.num) && !b.num.umin && is64 &&
	    (eq || BPF_OP(i->code) == BPF_JNE)) {
		tested(taken, a.id, eq && a.nullable && !a.off);
		tested(next, a.id, !eq && a.nullable && !a.off);
		return 0;
	}
	if (a.kind != CELL_NUM || b.kind != CELL_NUM)
		return 0;
	p = a.num, q = b.num;
	yes = num_refine(BPF_OP(i->code), true, is64, &p, &q);
	if (yes && i->dst_reg < FP)
		taken->r[i->dst_reg].num = p;
	if (yes && BPF_SRC(i->code) == BPF_X && i->src_reg < FP)
		taken->r[i->src_reg].num = q;
	p = a.num, q = b.num;
	no = num_refine(BPF_OP(i->code), false, is64, &p, &q);
	if (no && i->dst_reg < FP)
		next->r[i->dst_reg].num = p;
	if (no && BPF_SRC(i->code) == BPF_X && i->src_reg < FP)
		next->r[i->src_reg].num = q;
	return yes == no ? 0 : yes ? 1 : -1;
}

static bool same(const struct cell *a, const struct cell *b)
{
	return a->kind == b->kind && a->core == b->core && a->fixed == b->fixed && a->nullable == b->nullable &&
	       a->from == b->from && a->width == b->width && a->trusted == b->trusted && a->loose == b->loose && a->lost == b->lost && a->type == b->type &&
	       a->off == b->off && a->id == b->id && a->root == b->root &&
	       (a->kind != CELL_NUM || num_equal(&a->num, &b->num));
}

static void join_cell(struct cell *to, const struct cell *from, bool widen, uint32_t id)
{
	if (to->kind == CELL_NONE || from->kind == CELL_NONE) {
		*to = (struct cell){ 0 };
	} else if (to->kind == CELL_NUM && from->kind == CELL_NUM && (to->from != from->from || to->width != from->width)) {
		*to = cell_num(num_any());
	} else if (to->kind == CELL_NUM && from->kind == CELL_NUM) {
		to->num = widen ? num_any() : num_join(&to->num, &from->num);
		to->core |= from->core;
		if (to->root != from->root)
			to->root = 0;
	} else if (to->kind != from->kind) {
		/* a pointer or NULL: which of them is the kernel's to follow */
		*to = cell_kind(CELL_OTHER);
	} else if (to->type != from->type) {
		*to = cell_kind(to->kind == CELL_ADDRESS ? CELL_ADDRESS : CELL_OTHER);
	} else {
		if (to->off != from->off || from->loose) {
			to->loose = true;
			to->off = 0;
		}
		to->core |= from->core;
		to->fixed |= from->fixed;
		to->nullable |= from->nullable;
		to->trusted &= from->trusted;
		to->lost |= from->lost;
		if (to->id != from->id)
			to->id = id;
	}
}

bool flow_join(struct flow_state *to, const struct flow_state *from, bool widen, uint32_t id)
{
	bool changed = false;
	struct cell before;
	unsigned k;

	for (k = 0; k < 10 + FLOW_SLOTS; k++) {
		struct cell *c = k < 10 ? &to->r[k] : &to->slot[k - 10];
		const struct cell *d = k < 10 ? &from->r[k] : &from->slot[k - 10];

		if (same(c, d))
			continue;
		before = *c;
		join_cell(c, d, widen, id + k);
		changed |= !same(&before, c);
	}
	return changed;
}
