/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Translated programs compute what the originals mean. A small kernel with structs in
 * awkward places and their stable mirror live side by side in memory. Random programs that
 * read the stable structs in every way compilers do (narrow and wide loads, copies,
 * spills, constant arithmetic, paths that merge pointers of two kinds, indices, NULL
 * pointers, all registers alive) run on the mirror as they are, and, translated, on the
 * kernel; both must give one result. The interpreter refuses what the verifier would:
 * reads of registers and stack that nothing wrote. What is read through NULL is the stable
 * value of the kernel's 0, so here, as in the catalog, 0 means 0.
 */
#include "analyze/insn.h"
#include "object/disasm.h"
#include "resolve_kit.h"
#include "translate/program.h"

#define PROGRAMS 30000

/* The kernel's side. */
struct beta;
struct alpha {
	uint8_t lead;
	int8_t c;
	uint16_t port;
	struct {
		uint32_t before, a;
	} m;
	uint32_t b;
	char name[16];
	struct beta *p;
	uint32_t col;
	uint32_t s1, s2;
	uint32_t flags;
	uint32_t bits; /* :5 bf, :7 sbf */
	void *vp;
	uint64_t arr[4];
	uint64_t wide;
};

struct beta {
	uint16_t x;
	uint16_t tail;
	uint32_t v;
	struct alpha *back;
	uint64_t w;
};

/* The stable side, as the catalog below lays it out. */
struct beta_user;
struct alpha_user {
	uint32_t a;
	int16_t c;
	uint16_t port;
	uint64_t b;
	char name[16];
	struct beta_user *p;
	uint32_t col, st;
	uint8_t flag, bf, pad[2];
	int32_t sbf;
	uint64_t arr[4];
	uint32_t zz, far, low, pad2;
	struct beta_user *vp;
};

struct beta_user {
	uint32_t v;
	uint32_t x;
	uint64_t w;
	uint64_t pad[2];
	struct alpha_user *back;
};

static const char catalog_text[] =
	"catalog linux 1\n"
	"enum color_user of color since 1 other 9 \"c\"\n"
	"	C_RED 1 = RED since 1 \"r\"\n"
	"	C_GREEN 2 = GREEN since 1 \"g\"\n"
	"	C_BLUE 0 = BLUE since 1 \"b\"\n"
	"rules rr \"x\"\n"
	"	mask 4 = 7\n"
	"	mask 1 = 3\n"
	"	else 0\n"
	"struct alpha_user of alpha since 1 \"a\"\n"
	"	u32 a @0 since 1 \"x\"\n		from m.a\n"
	"	s16 c @4 since 1 \"x\"\n		from c\n"
	"	u16 port @6 since 1 \"x\"\n		from port bswap\n"
	"	u64 b @8 since 1 \"x\"\n		from b\n"
	"	char name[16] @16 since 1 \"x\"\n		from name\n"
	"	beta_user * p @32 since 1 nullable \"x\"\n		from p\n"
	"	enum color_user col @40 since 1 \"x\"\n		from col as color_user\n"
	"	u32 st @44 since 1 \"x\"\n		from s1 or s2 as rr\n"
	"	u8 flag @48 since 1 \"x\"\n		from flags bit FLAG_BIT\n"
	"	u8 bf @49 since 1 \"x\"\n		from bf\n"
	"	s32 sbf @52 since 1 \"x\"\n		from sbf\n"
	"	u64 arr[4] @56 since 1 \"x\"\n		from arr[]\n"
	"	u32 zz @88 since 1 \"x\"\n		from s1 unless s2\n"
	"	u32 far @92 since 1 \"x\"\n		from p->back->b\n"
	"	u32 low @96 since 1 \"x\"\n		from wide\n"
	"	beta_user * vp @104 since 1 \"x\"\n		from vp\n"
	"	u32 absent @112 since 1 \"x\"\n		from nowhere\n"
	"struct beta_user of beta since 1 \"b\"\n"
	"	u32 v @0 since 1 \"x\"\n		from v\n"
	"	u32 x @4 since 1 \"x\"\n		from x\n"
	"	u64 w @8 since 1 \"x\"\n		from w\n"
	"	alpha_user * back @32 since 1 \"x\"\n		from back\n"
	"event ev since 1 on ev \"e\"\n"
	"	alpha_user * x since 1 \"x\"\n		from x\n"
	"	beta_user * y since 1 nullable \"x\"\n		from y\n"
	"	u32 n since 1 \"x\"\n		from n\n"
	"	s32 k since 1 \"x\"\n		from k\n";

static uint32_t build_kernel(struct kit *k)
{
	static const struct bb_value colors[] = { { "BLUE", 0 }, { "RED", 1 }, { "GREY", 2 }, { "GREEN", 3 } };
	static const struct bb_value flags[] = { { "FLAG_BIT", 9 } };
	static const struct bb_value helpers[] = { { "BPF_FUNC_get_prandom_u32", 7 }, { "BPF_FUNC_probe_read_kernel", 113 } };
	uint32_t color, idx, inner, name, arr, alpha, beta, pa, pb, proto, fn;
	size_t aim_b, aim_a;

	kit_types(k);
	color = bb_enum(&k->b, BTF_KIND_ENUM, "color", false, BB_N(colors), colors);
	bb_enum(&k->b, BTF_KIND_ENUM, "flag_bits", false, BB_N(flags), flags);
	bb_enum(&k->b, BTF_KIND_ENUM, "bpf_func_id", false, BB_N(helpers), helpers);
	idx = k->u32;
	name = bb_array(&k->b, k->chr, idx, 16);
	arr = bb_array(&k->b, k->u64, idx, 4);
	pb = bb_later(&k->b, &aim_b);
	pa = bb_later(&k->b, &aim_a);
	{
		const struct bb_member m[] = { BB_AT("before", k->u32, 0), BB_AT("a", k->u32, 4) };

		inner = bb_struct(&k->b, BTF_KIND_STRUCT, "", 8, false, BB_N(m), m);
	}
	{
#define AT(member, type) BB_BITS(#member, type, offsetof(struct alpha, member) * 8, 0)
		const struct bb_member m[] = {
			AT(lead, k->u8), AT(c, k->s8), AT(port, k->u16), AT(m, inner), AT(b, k->u32), AT(name, name),
			AT(p, pb), AT(col, color), AT(s1, k->u32), AT(s2, k->u32), AT(flags, k->u32),
			BB_BITS("bf", k->u32, offsetof(struct alpha, bits) * 8, 5),
			BB_BITS("sbf", k->s32, offsetof(struct alpha, bits) * 8 + 5, 7),
			AT(vp, bb_ref(&k->b, BTF_KIND_PTR, "", 0)), AT(arr, arr), AT(wide, k->u64),
		};
#undef AT
		alpha = bb_struct(&k->b, BTF_KIND_STRUCT, "alpha", sizeof(struct alpha), true, BB_N(m), m);
	}
	{
#define AT(member, type) BB_AT(#member, type, offsetof(struct beta, member))
		const struct bb_member m[] = { AT(x, k->u16), AT(tail, k->u16), AT(v, k->u32), AT(back, pa), AT(w, k->u64) };
#undef AT
		beta = bb_struct(&k->b, BTF_KIND_STRUCT, "beta", sizeof(struct beta), false, BB_N(m), m);
	}
	bb_aim(&k->b, aim_a, alpha);
	bb_aim(&k->b, aim_b, beta);
	{
		/* not in the order of the stable event */
		const struct bb_arg a[] = { { "__data", bb_ref(&k->b, BTF_KIND_PTR, "", 0) }, { "n", k->u8 },
					    { "y", pb }, { "k", k->s32 }, { "x", pa } };

		proto = bb_proto(&k->b, k->s32, BB_N(a), a);
		fn = bb_type(&k->b, "__traceiter_ev", BTF_KIND_FUNC, false, 1, proto);
		bb_ref(&k->b, BTF_KIND_TYPEDEF, "btf_trace_ev", bb_ref(&k->b, BTF_KIND_PTR, "", proto));
	}
	return fn;
}

static uint64_t seed = 88172645463325252ull;

static uint32_t rnd(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 20) % n;
}

/* Some objects and their mirrors, linked at random. */
#define OBJECTS 6
static struct alpha ka[OBJECTS];
static struct beta kb[OBJECTS];
static struct alpha_user ua[OBJECTS];
static struct beta_user ub[OBJECTS];

static void mirror_alpha(unsigned i)
{
	static const uint32_t colors[] = { 0, 1, 9, 2 };
	const struct alpha *k = &ka[i];
	struct alpha_user *u = &ua[i];
	int32_t sbf = (int32_t)(k->bits >> 5 & 127);
	uint32_t both = k->s1 | k->s2;

	memset(u, 0, sizeof(*u));
	u->a = k->m.a;
	u->c = k->c;
	u->port = __builtin_bswap16(k->port);
	u->b = k->b;
	memcpy(u->name, k->name, 16);
	u->p = k->p ? &ub[k->p - kb] : NULL;
	u->col = k->col < 4 ? colors[k->col] : 9;
	u->st = both & 4 ? 7 : both & 1 ? 3 : 0;
	u->flag = k->flags >> 9 & 1;
	u->bf = k->bits & 31;
	u->sbf = sbf >= 64 ? sbf - 128 : sbf;
	memcpy(u->arr, k->arr, sizeof(u->arr));
	u->zz = k->s2 ? 0 : k->s1;
	u->far = k->p ? k->p->back->b : 0;
	u->low = (uint32_t)k->wide;
	u->vp = &ub[(struct beta *)k->vp - kb];
}

static void make_objects(void)
{
	unsigned i, j;

	for (i = 0; i < OBJECTS; i++) {
		for (j = 0; j < sizeof(ka[i]); j++)
			((uint8_t *)&ka[i])[j] = (uint8_t)rnd(256);
		for (j = 0; j < sizeof(kb[i]); j++)
			((uint8_t *)&kb[i])[j] = (uint8_t)rnd(256);
		ka[i].p = rnd(4) ? &kb[rnd(OBJECTS)] : NULL;
		ka[i].vp = &kb[rnd(OBJECTS)];
		ka[i].col = rnd(6);
		ka[i].s1 &= rnd(2) ? ~0u : 5;
		ka[i].s2 &= rnd(2) ? 0 : 4;
		kb[i].back = &ka[rnd(OBJECTS)];
	}
	for (i = 0; i < OBJECTS; i++)
		mirror_alpha(i);
	for (i = 0; i < OBJECTS; i++) {
		ub[i] = (struct beta_user){ .v = kb[i].v, .x = kb[i].x, .w = kb[i].w };
		ub[i].back = &ua[kb[i].back - ka];
	}
}

/* --- random programs ------------------------------------------------------------------ */

enum type { NONE, NUM, ALPHA, BETA, CTX };

struct gen {
	struct bpf_insn code[400];
	uint32_t n;
	enum type reg[10], slot[4];
};

static void put(struct gen *g, uint8_t code, unsigned dst, unsigned src, int off, int32_t imm)
{
	g->code[g->n++] = (struct bpf_insn){ .code = code, .dst_reg = (uint8_t)(dst & 15), .src_reg = (uint8_t)(src & 15),
					     .off = (int16_t)off, .imm = imm };
}

static int pick(const struct gen *g, enum type t)
{
	unsigned start = rnd(10), i;

	for (i = 0; i < 10; i++)
		if (g->reg[(start + i) % 10] == t)
			return (int)((start + i) % 10);
	return -1;
}

struct place {
	int off, size;
	enum type gives;
};

/* Loads of the stable structs that mean something; "near" ones lie at one offset in both. */
static const struct place alpha_places[] = {
	{ 0, 4, NUM },   { 0, 2, NUM },   { 1, 1, NUM },   { 4, 2, NUM },   { 5, 1, NUM },   { 6, 2, NUM },
	{ 7, 1, NUM },   { 0, 8, NUM },   { 4, 4, NUM },   { 8, 8, NUM },   { 8, 4, NUM },   { 12, 4, NUM },
	{ 15, 1, NUM },  { 16, 8, NUM },  { 24, 8, NUM },  { 19, 1, NUM },  { 20, 4, NUM },  { 32, 8, BETA },
	{ 40, 4, NUM },  { 40, 1, NUM },  { 44, 4, NUM },  { 40, 8, NUM },  { 48, 1, NUM },  { 49, 1, NUM },
	{ 48, 2, NUM },  { 48, 8, NUM },  { 52, 4, NUM },  { 54, 2, NUM },  { 56, 8, NUM },  { 80, 8, NUM },
	{ 84, 4, NUM },  { 88, 4, NUM },  { 92, 4, NUM },  { 88, 8, NUM },  { 96, 4, NUM },  { 98, 2, NUM },
	{ 104, 8, BETA }, { 48, 4, NUM },
};
static const struct place beta_places[] = {
	{ 0, 4, NUM }, { 4, 4, NUM }, { 0, 8, NUM }, { 6, 1, NUM }, { 5, 1, NUM }, { 8, 8, NUM }, { 12, 4, NUM },
	{ 32, 8, ALPHA },
};
static const struct place both_places[] = { { 0, 4, NUM }, { 8, 8, NUM }, { 0, 2, NUM }, { 12, 4, NUM }, { 0, 8, NUM } };

static void load(struct gen *g, unsigned dst, unsigned base, int delta, struct place p)
{
	put(g, BPF_LDX | BPF_MEM | insn_size_code((uint32_t)p.size), dst, base, p.off - delta, 0);
	g->reg[dst] = p.gives;
}

static struct place any_place(enum type t)
{
	if (t == ALPHA)
		return alpha_places[rnd(sizeof(alpha_places) / sizeof(alpha_places[0]))];
	return beta_places[rnd(sizeof(beta_places) / sizeof(beta_places[0]))];
}

static void gen_field(struct gen *g)
{
	int base = pick(g, rnd(3) ? ALPHA : BETA), via;
	unsigned dst = rnd(10);
	enum type t;

	if (base < 0)
		return;
	t = g->reg[base];
	if (g->reg[dst] == CTX)
		return;
	if (rnd(4)) {
		load(g, dst, (unsigned)base, 0, any_place(t));
		return;
	}
	via = (int)rnd(10); /* through a copy with a constant added */
	if (g->reg[via] == CTX)
		return;
	put(g, BPF_ALU64 | BPF_MOV | BPF_X, (unsigned)via, (unsigned)base, 0, 0);
	put(g, BPF_ALU64 | BPF_ADD | BPF_K, (unsigned)via, 0, 0, 24);
	g->reg[via] = t;
	load(g, dst, (unsigned)via, 24, any_place(t));
	if (dst != (unsigned)via) {
		put(g, BPF_ALU64 | BPF_MOV | BPF_K, (unsigned)via, 0, 0, (int32_t)rnd(1000));
		g->reg[via] = NUM;
	}
}

static void gen_arg(struct gen *g)
{
	int ctx = pick(g, CTX);
	unsigned dst = rnd(10), arg = rnd(4);
	static const enum type types[] = { ALPHA, BETA, NUM, NUM };

	if (ctx < 0 || g->reg[dst] == CTX)
		return;
	put(g, BPF_LDX | BPF_MEM | (arg > 1 && rnd(2) ? BPF_W : BPF_DW), dst, (unsigned)ctx, (int)(8 * arg), 0);
	g->reg[dst] = types[arg];
}

static void gen_alu(struct gen *g)
{
	static const uint8_t ops[] = { BPF_ADD, BPF_XOR, BPF_MUL, BPF_SUB, BPF_OR };
	int a = pick(g, NUM), b = pick(g, NUM);

	if (a < 0)
		return;
	if (rnd(2))
		put(g, (rnd(2) ? BPF_ALU : BPF_ALU64) | ops[rnd(5)] | BPF_X, (unsigned)a, (unsigned)b, 0, 0);
	else
		put(g, (rnd(2) ? BPF_ALU : BPF_ALU64) | ops[rnd(5)] | BPF_K, (unsigned)a, 0, 0, (int32_t)rnd(5000) - 2500);
}

static void gen_spill(struct gen *g)
{
	unsigned slot = rnd(4), r = rnd(10);

	if (rnd(2)) {
		if (g->reg[r] == NONE)
			return;
		put(g, BPF_STX | BPF_MEM | BPF_DW, 10, r, -8 * (int)(slot + 1), 0);
		g->slot[slot] = g->reg[r];
	} else if (g->slot[slot] != NONE && g->reg[r] != CTX) {
		put(g, BPF_LDX | BPF_MEM | BPF_DW, r, 10, -8 * (int)(slot + 1), 0);
		g->reg[r] = g->slot[slot];
	}
}

/* "flag ? x : y" of two kinds, then one load: what clang makes of k = flag ? a->f : b->g */
static void gen_merge(struct gen *g)
{
	int a = pick(g, ALPHA), b = pick(g, rnd(2) ? BETA : ALPHA), n = pick(g, NUM);
	unsigned to = rnd(10), dst = rnd(10), delta = rnd(2) ? 8 : 0;
	struct place p = both_places[rnd(sizeof(both_places) / sizeof(both_places[0]))];

	if (a < 0 || b < 0 || n < 0 || g->reg[to] == CTX || g->reg[dst] == CTX || (int)to == b || (int)to == n)
		return;
	if (g->reg[b] == ALPHA && rnd(2)) { /* two fields of one struct, by path */
		put(g, BPF_JMP | BPF_JSET | BPF_K, (unsigned)n, 0, 2, 2);
		put(g, BPF_ALU64 | BPF_MOV | BPF_X, to, (unsigned)a, 0, 0);
		put(g, BPF_JMP | BPF_JA, 0, 0, 2, 0);
		put(g, BPF_ALU64 | BPF_MOV | BPF_X, to, (unsigned)b, 0, 0);
		put(g, BPF_ALU64 | BPF_ADD | BPF_K, to, 0, 0, 40);
		p = (struct place){ 0, 4, NUM };
		delta = 0;
	} else {
		put(g, BPF_JMP | BPF_JSET | BPF_K, (unsigned)n, 0, 3, 1);
		put(g, BPF_ALU64 | BPF_MOV | BPF_X, to, (unsigned)a, 0, 0);
		put(g, BPF_ALU64 | BPF_ADD | BPF_K, to, 0, 0, (int32_t)delta);
		put(g, BPF_JMP | BPF_JA, 0, 0, 2, 0);
		put(g, BPF_ALU64 | BPF_MOV | BPF_X, to, (unsigned)b, 0, 0);
		put(g, BPF_ALU64 | BPF_ADD | BPF_K, to, 0, 0, (int32_t)delta);
	}
	load(g, dst, to, (int)delta, p);
	if (dst != to) {
		put(g, BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, 3);
		g->reg[to] = NUM;
	}
}

static void gen_index(struct gen *g)
{
	int a = pick(g, ALPHA), n = pick(g, NUM);
	unsigned p = rnd(10), dst = rnd(10), chars = rnd(3) == 0;

	if (a < 0 || n < 0 || g->reg[p] == CTX || g->reg[dst] == CTX || (int)p == a || (int)p == n || a == n)
		return;
	put(g, BPF_ALU64 | BPF_MOV | BPF_X, p, (unsigned)n, 0, 0);
	put(g, BPF_ALU64 | BPF_AND | BPF_K, p, 0, 0, chars ? 15 : 3);
	if (!chars)
		put(g, BPF_ALU64 | BPF_LSH | BPF_K, p, 0, 0, 3);
	put(g, BPF_ALU64 | BPF_ADD | BPF_X, p, (unsigned)a, 0, 0);
	load(g, dst, p, 0, chars ? (struct place){ 16, 1, NUM } : (struct place){ 56, 8, NUM });
	if (dst != p) {
		put(g, BPF_ALU64 | BPF_MOV | BPF_K, p, 0, 0, 9);
		g->reg[p] = NUM;
	}
}

static void gen_call(struct gen *g)
{
	int a = pick(g, ALPHA);
	unsigned r;

	if (rnd(2) && a >= 0) { /* does the field exist? */
		if (a != 1)
			put(g, BPF_ALU64 | BPF_MOV | BPF_X, 1, (unsigned)a, 0, 0);
		put(g, BPF_ALU64 | BPF_ADD | BPF_K, 1, 0, 0, rnd(2) ? 112 : 8);
		put(g, BPF_JMP | BPF_CALL, 0, 0, 0, PSEUDO_FIELD_EXISTS);
	} else {
		put(g, BPF_JMP | BPF_CALL, 0, 0, 0, 7);
	}
	for (r = 1; r < 6; r++)
		g->reg[r] = NONE;
	g->reg[0] = NUM;
}

static void gen_program(struct gen *g)
{
	unsigned steps = 6 + rnd(40), i;

	memset(g, 0, sizeof(*g));
	g->reg[1] = CTX;
	put(g, BPF_ALU64 | BPF_MOV | BPF_X, 6, 1, 0, 0);
	g->reg[6] = CTX;
	gen_arg(g);
	gen_arg(g);
	for (i = 0; i < steps && g->n < 340; i++)
		switch (rnd(12)) {
		case 0:
		case 1: gen_arg(g); break;
		case 2: gen_alu(g); break;
		case 3:
		case 4: gen_spill(g); break;
		case 5: gen_merge(g); break;
		case 6: gen_index(g); break;
		case 7: gen_call(g); break;
		default: gen_field(g); break;
		}
	/* r0 = a hash of all numbers */
	if (g->reg[0] != NUM)
		put(g, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1);
	for (i = 1; i < 10; i++)
		if (g->reg[i] == NUM) {
			put(g, BPF_ALU64 | BPF_MUL | BPF_K, 0, 0, 0, 31);
			put(g, BPF_ALU64 | BPF_ADD | BPF_X, 0, i, 0, 0);
		}
	put(g, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* --- the interpreter ------------------------------------------------------------------- */

struct machine {
	uint64_t r[11];
	uint16_t written;
	uint8_t stack[512], set[512];
	const char *bad;
};

static uint64_t read_mem(struct machine *m, uint64_t addr, uint32_t size)
{
	uint64_t v = 0, low = (uint64_t)(uintptr_t)m->stack;
	uint32_t i;

	if (addr < 4096) /* a fault that the kernel handles */
		return 0;
	if (addr >= low && addr < low + sizeof(m->stack))
		for (i = 0; i < size; i++)
			if (!m->set[addr - low + i])
				m->bad = "reads stack that nothing wrote";
	memcpy(&v, (void *)(uintptr_t)addr, size);
	return v;
}

static void write_mem(struct machine *m, uint64_t addr, uint32_t size, uint64_t v)
{
	uint64_t low = (uint64_t)(uintptr_t)m->stack;

	if (addr < low || addr + size > low + sizeof(m->stack)) {
		m->bad = "writes outside its stack";
		return;
	}
	memcpy((void *)(uintptr_t)addr, &v, size);
	memset(m->set + (addr - low), 1, size);
}

static uint64_t alu(uint8_t op, uint64_t a, uint64_t b, bool is64)
{
	switch (op) {
	case BPF_ADD: return a + b;
	case BPF_SUB: return a - b;
	case BPF_MUL: return a * b;
	case BPF_OR: return a | b;
	case BPF_AND: return a & b;
	case BPF_XOR: return a ^ b;
	case BPF_LSH: return a << (b & (is64 ? 63 : 31));
	case BPF_RSH: return is64 ? a >> (b & 63) : (uint32_t)a >> (b & 31);
	case BPF_ARSH: return is64 ? (uint64_t)((int64_t)a >> (b & 63)) : (uint32_t)((int32_t)a >> (b & 31));
	default: return b;
	}
}

static bool jump(uint8_t op, uint64_t a, uint64_t b)
{
	switch (op) {
	case BPF_JEQ: return a == b;
	case BPF_JNE: return a != b;
	case BPF_JGT: return a > b;
	case BPF_JSET: return (a & b) != 0;
	default: return false;
	}
}

static void call(struct machine *m, const struct bpf_insn *i)
{
	switch (i->imm) {
	case 7:
		m->r[0] = 12345;
		break;
	case 113: { /* probe_read_kernel */
		uint64_t k;

		if ((m->written & 0xe) != 0xe)
			m->bad = "calls a helper with an argument that nothing wrote";
		for (k = 0; k < m->r[2]; k++)
			write_mem(m, m->r[1] + k, 1, m->r[3] < 4096 ? 0 : read_mem(m, m->r[3] + k, 1));
		m->r[0] = 0;
		break;
	}
	case PSEUDO_FIELD_EXISTS:
		m->r[0] = 2; /* decided by the caller */
		break;
	default:
		m->bad = "calls an unknown helper";
	}
	m->written = (uint16_t)((m->written & ~0x3eu) | 1);
}

static bool run_program(struct machine *m, const struct bpf_insn *code, uint32_t n, const void *ctx)
{
	uint32_t pc = 0, steps = 0;

	memset(m, 0, sizeof(*m));
	m->r[1] = (uint64_t)(uintptr_t)ctx;
	m->r[10] = (uint64_t)(uintptr_t)(m->stack + 512);
	m->written = 1u << 1 | 1u << 10;
	while (!m->bad && pc < n && steps++ < 100000) {
		const struct bpf_insn *i = &code[pc++];
		bool is64 = BPF_CLASS(i->code) == BPF_ALU64 || BPF_CLASS(i->code) == BPF_JMP;
		uint64_t b = BPF_SRC(i->code) == BPF_X ? m->r[i->src_reg] : (uint64_t)(int64_t)i->imm, a = m->r[i->dst_reg];

		if (!insn_is_call(i) && (insn_uses(i) & ~m->written)) {
			m->bad = "reads a register that nothing wrote";
			break;
		}
		if (insn_is_exit(i))
			return true;
		if (insn_is_call(i)) {
			call(m, i);
			if (i->imm == PSEUDO_FIELD_EXISTS) /* r1 = pointer + offset of the field asked for */
				m->r[0] = m->r[1] < 4096 ? m->r[1] != 112
							 : (m->r[1] - (uint64_t)(uintptr_t)ua) % sizeof(ua[0]) != 0;
			continue;
		}
		if (insn_is_alu(i)) {
			if (BPF_OP(i->code) == BPF_END)
				a = i->imm == 16 ? __builtin_bswap16((uint16_t)a) : i->imm == 32 ? __builtin_bswap32((uint32_t)a)
												 : __builtin_bswap64(a);
			else
				a = alu(BPF_OP(i->code), a, b, is64);
			m->r[i->dst_reg] = is64 || BPF_OP(i->code) == BPF_END ? a : (uint32_t)a;
		} else if (insn_is_ld_imm64(i)) {
			m->r[i->dst_reg] = (uint32_t)i->imm | (uint64_t)(uint32_t)i[1].imm << 32;
			pc++;
		} else if (insn_is_load(i)) {
			a = m->r[i->src_reg];
			m->r[i->dst_reg] = a < 4096 ? 0 : read_mem(m, a + (uint64_t)(int64_t)i->off, insn_size(i));
		} else if (insn_is_store(i)) {
			write_mem(m, a + (uint64_t)(int64_t)i->off, insn_size(i),
				  BPF_CLASS(i->code) == BPF_STX ? m->r[i->src_reg] : (uint64_t)(int64_t)i->imm);
		} else if (insn_is_goto(i)) {
			pc += (uint32_t)i->off;
		} else if (insn_is_branch(i)) {
			if (is64 ? jump(BPF_OP(i->code), a, b) : jump(BPF_OP(i->code), (uint32_t)a, (uint32_t)b))
				pc += (uint32_t)i->off;
		} else {
			m->bad = "unknown instruction";
		}
		m->written |= insn_defs(i);
	}
	if (!m->bad)
		m->bad = "does not exit";
	return false;
}

/* --- comparing -------------------------------------------------------------------------- */

static void dump(const char *title, const struct bpf_insn *code, uint32_t n)
{
	char text[128];
	uint32_t i;

	printf("# %s\n", title);
	for (i = 0; i < n; i += (uint32_t)disasm(&code[i], n - i, text, sizeof(text))) {
		disasm(&code[i], n - i, text, sizeof(text));
		printf("#   %3u: %s\n", i, text);
	}
}

/* The user context and the kernel's context of one firing. */
static void fire(uint64_t user[4], uint64_t kernel[4])
{
	unsigned x = rnd(OBJECTS), y = rnd(OBJECTS), null = rnd(5) == 0;
	uint8_t n = (uint8_t)rnd(256);
	int32_t k = (int32_t)rnd(1000) - 500;

	user[0] = (uint64_t)(uintptr_t)&ua[x];
	user[1] = null ? 0 : (uint64_t)(uintptr_t)&ub[y];
	user[2] = n;
	user[3] = (uint64_t)(int64_t)k;
	kernel[0] = n;
	kernel[1] = null ? 0 : (uint64_t)(uintptr_t)&kb[y];
	kernel[2] = (uint32_t)k;
	kernel[3] = (uint64_t)(uintptr_t)&ka[x];
}

static bool compare(struct kit *k, const struct cat_event *ev, struct gen *g, uint32_t *accepted)
{
	struct function f = { .name = "prog", .section_name = "tp_user/ev", .insns = g->code, .nr_insns = g->n };
	struct object o = { .path = (char *)"test", .functions = &f, .nr_functions = 1 };
	struct analysis *a = NULL;
	struct machine m, t;
	struct code code = { 0 };
	uint64_t user[4], kernel[4];
	bool ok = true;
	unsigned i;

	if (analyze_function(&o, &f, false, ev, k->c, k->t, &a, &k->e) ||
	    translate_function(a, k->t, false, NULL, &code, &k->e)) {
		/* the stack and the number of variants are bounded; nothing else may be refused */
		ok = !strcmp(k->e.tag, "variants") || !strcmp(k->e.tag, "stack");
		if (!ok) {
			printf("# refused: [%s] %s\n# %s\n", k->e.tag, k->e.problem, k->e.reason);
			dump("program", g->code, g->n);
		}
		analysis_free(a);
		return ok;
	}
	(*accepted)++;
	for (i = 0; i < 4 && ok; i++) {
		fire(user, kernel);
		if (!run_program(&m, g->code, g->n, user)) {
			printf("# the original %s\n", m.bad);
			ok = false;
		} else if (!run_program(&t, code.insns, code.nr_insns, kernel)) {
			printf("# the translation %s\n", t.bad);
			ok = false;
		} else if (m.r[0] != t.r[0]) {
			printf("# original 0x%" PRIx64 ", translation 0x%" PRIx64 "\n", (uint64_t)m.r[0], (uint64_t)t.r[0]);
			ok = false;
		}
	}
	if (!ok) {
		dump("program", g->code, g->n);
		dump("translation", code.insns, code.nr_insns);
	}
	free(code.insns);
	free(code.lines);
	free(code.relocs);
	free(code.core_relos);
	analysis_free(a);
	return ok;
}

int main(int argc, char **argv)
{
	uint32_t programs = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 0) : PROGRAMS, i, accepted = 0;
	const struct cat_event *ev;
	struct kit k = { 0 };
	struct gen g;
	const void *btf;
	size_t size;

	if (argc > 2)
		seed ^= strtoull(argv[2], NULL, 0) * 0x9e3779b97f4a7c15ull;
	build_kernel(&k);
	btf = bb_finish(&k.b, &size);
	if (btf_open_mem(btf, size, &k.btf, &k.e) ||
	    catalog_parse(catalog_text, sizeof(catalog_text) - 1, "test", NULL, &k.c, &k.e) ||
	    target_open(k.btf, "kernel", k.c, &k.t, &k.e)) {
		printf("not ok - translate: the kernel of the test: %s\n", k.e.problem);
		return 1;
	}
	ev = catalog_event(k.c, "ev");
	for (i = 0; i < programs; i++) {
		if (i % 64 == 0)
			make_objects();
		gen_program(&g);
		if (!compare(&k, ev, &g, &accepted)) {
			printf("not ok - translate: program %u of %u\n", i, programs);
			return 1;
		}
	}
	OK(accepted > programs / 10 * 9, "translate: nine of ten random programs are accepted");
	printf("ok - translate: %u random programs compute what the originals mean\n", accepted);
	target_free(k.t);
	catalog_free(k.c);
	btf_free(k.btf);
	bb_free(&k.b);
	return kit_bad != 0;
}
