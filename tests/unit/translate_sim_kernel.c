/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The world of the simulation: a small kernel, the stable catalog of it, and objects of
 * both, linked at random, that mirror each other.
 */
#include "translate_sim.h"

const char sim_catalog[] =
	"catalog linux 1\n"
	"enum color_user of color since 1 other 9 \"c\"\n"
	"	C_RED 1 = RED since 1 \"r\"\n"
	"	C_GREEN 2 = GREEN since 1 \"g\"\n"
	"	C_BLUE 0 = BLUE since 1 \"b\"\n"
	"rules rr \"x\"\n"
	"	mask 4 = 7\n"
	"	mask 1 = 3\n"
	"	else 0\n"
	"rules rneg \"x\"\n"
	"	mask 2 = -5\n"
	"	mask 1 = 6\n"
	"	else 0\n"
	"struct task_struct_user of task_struct since 1 \"t\"\n"
	"	u32 tid @0 since 1 \"x\"\n		from pid\n"
	"	u32 tgid @4 since 1 \"x\"\n		from tgid\n"
	"	alpha_user * al @8 since 1 \"x\"\n		from al\n"
	"	char comm[16] @16 since 1 \"x\"\n		from comm\n"
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
	"	u32 upper @124 since 1 \"x\"\n		from s2\n"
	"	string label @128 since 1 \"x\"\n		from label\n"
	"	s32 err @136 since 1 \"x\"\n		from s1 as rneg\n"
	"	char sname[16] @144 since 1 \"x\"\n		from sname\n"
	"	u64 big[20] @160 since 1 \"x\"\n		from big[]\n"
	"struct beta_user of beta since 1 \"b\"\n"
	"	u32 v @0 since 1 \"x\"\n		from v\n"
	"	u32 x @4 since 1 \"x\"\n		from x\n"
	"	u64 w @8 since 1 \"x\"\n		from w\n"
	"	alpha_user * back @32 since 1 \"x\"\n		from back\n"
	"struct syscall_user of pt_regs since 1 \"s\"\n"
	"	s64 nr @0 since 1 \"x\"\n		from orig_ax\n"
	"	u64 args[2] @8 since 1 \"x\"\n		from di; si\n"
	"event ev since 1 on ev \"e\"\n"
	"	alpha_user * x since 1 \"x\"\n		from x\n"
	"	beta_user * y since 1 nullable \"x\"\n		from y\n"
	"	u32 n since 1 \"x\"\n		from n\n"
	"	s32 k since 1 \"x\"\n		from k\n"
	"	task_struct_user * t since 1 \"x\"\n		from t\n"
	"event evs since 1 on ev subject t \"the same, about t\"\n"
	"	alpha_user * x since 1 \"x\"\n		from x\n"
	"	beta_user * y since 1 nullable \"x\"\n		from y\n"
	"	u32 n since 1 \"x\"\n		from n\n"
	"	s32 k since 1 \"x\"\n		from k\n"
	"	task_struct_user * t since 1 \"x\"\n		from t\n"
	"event evc since 1 on ev subject t \"the same, about the running task\"\n"
	"	alpha_user * x since 1 \"x\"\n		from x\n"
	"	beta_user * y since 1 nullable \"x\"\n		from y\n"
	"	u32 n since 1 \"x\"\n		from n\n"
	"	s32 k since 1 \"x\"\n		from k\n"
	"	task_struct_user * t since 1 \"x\"\n		from current\n"
	"event sys_enter since 1 on sys_enter \"s\"\n"
	"	syscall_user * sc since 1 \"x\"\n		from regs\n"
	"	s64 nr since 1 \"x\"\n		from id\n"
	"	u32 compat since 1 \"x\"\n		from current->thread_info.status and 0x2 nonzero\n"
	"syscall foo x86_64 7 arm64 8 generic 9 (u32 fd, u64 count)\n";

#define AT(of, member, type) BB_AT(#member, type, offsetof(struct of, member))

static void build_enums(struct kit *k, bool typed, uint32_t *color)
{
	static const struct bb_value colors[] = { { "BLUE", 0 }, { "RED", 1 }, { "GREY", 2 }, { "GREEN", 3 } };
	static const struct bb_value flags[] = { { "FLAG_BIT", 9 } };
	static const struct bb_value helpers[] = {
		{ "BPF_FUNC_get_prandom_u32", 7 },     { "BPF_FUNC_map_lookup_elem", 1 },
		{ "BPF_FUNC_probe_read_kernel", 113 }, { "BPF_FUNC_probe_read_kernel_str", 115 },
		{ "BPF_FUNC_get_current_task", 35 },   { "BPF_FUNC_get_current_pid_tgid", 14 },
		/* 5.11 and 5.12: the last one came with the atomics */
		{ "BPF_FUNC_get_current_task_btf", 158 }, { "BPF_FUNC_check_mtu", 163 },
	};

	*color = bb_enum(&k->b, BTF_KIND_ENUM, "color", false, BB_N(colors), colors);
	bb_enum(&k->b, BTF_KIND_ENUM, "flag_bits", false, BB_N(flags), flags);
	bb_enum(&k->b, BTF_KIND_ENUM, "bpf_func_id", false, BB_N(helpers) - (typed ? 0 : 2), helpers);
}

static void build_events(struct kit *k, uint32_t pa, uint32_t pb, uint32_t pt)
{
	/* not in the order of the stable event */
	const struct bb_arg args[] = { { "n", k->u8 }, { "y", pb }, { "k", k->s32 }, { "x", pa }, { "t", pt } };
	uint32_t regs = KIT_STRUCT(k, "pt_regs", sizeof(struct regs), AT(regs, di, k->u64), AT(regs, si, k->u64),
				   AT(regs, orig_ax, k->u64));
	const struct bb_arg enter[] = { { "regs", kit_ptr(k, regs) }, { "id", k->s64 } };

	kit_tracepoint(k, "ev", true, BB_N(args), args);
	kit_tracepoint(k, "sys_enter", true, BB_N(enter), enter);
}

void build_kernel(struct kit *k, bool typed)
{
	uint32_t color, inner, name, sname, arr, big, alpha, beta, task, info, pa, pb;
	size_t aim_b, aim_a;

	kit_types(k);
	build_enums(k, typed, &color);
	name = bb_array(&k->b, k->chr, k->u32, 16);
	sname = bb_array(&k->b, k->chr, k->u32, 8);
	arr = bb_array(&k->b, k->u64, k->u32, 4);
	big = bb_array(&k->b, k->u64, k->u32, 20);
	pb = bb_later(&k->b, &aim_b);
	pa = bb_later(&k->b, &aim_a);
	inner = KIT_STRUCT(k, "", 8, BB_AT("before", k->u32, 0), BB_AT("a", k->u32, 4));
	alpha = KIT_STRUCT(k, "alpha", sizeof(struct alpha), AT(alpha, lead, k->u8), AT(alpha, c, k->s8),
			   AT(alpha, port, k->u16), AT(alpha, m, inner), AT(alpha, b, k->u32), AT(alpha, name, name),
			   AT(alpha, p, pb), AT(alpha, col, color), AT(alpha, s1, k->u32), AT(alpha, s2, k->u32),
			   AT(alpha, flags, k->u32), BB_BITS("bf", k->u32, offsetof(struct alpha, bits) * 8, 5),
			   BB_BITS("sbf", k->s32, offsetof(struct alpha, bits) * 8 + 5, 7),
			   AT(alpha, vp, kit_ptr(k, 0)), AT(alpha, arr, arr), AT(alpha, wide, k->u64),
			   AT(alpha, label, kit_ptr(k, k->chr)), AT(alpha, sname, sname), AT(alpha, big, big));
	beta = KIT_STRUCT(k, "beta", sizeof(struct beta), AT(beta, x, k->u16), AT(beta, tail, k->u16), AT(beta, v, k->u32),
			  AT(beta, back, pa), AT(beta, w, k->u64));
	info = KIT_STRUCT(k, "thread_info", 16, BB_AT("flags", k->u64, 0), BB_AT("status", k->u32, 8));
	task = KIT_STRUCT(k, "task_struct", sizeof(struct task), AT(task, thread_info, info), AT(task, pid, k->u32),
			  AT(task, tgid, k->u32), AT(task, al, pa), AT(task, comm, name));
	bb_aim(&k->b, aim_a, alpha);
	bb_aim(&k->b, aim_b, beta);
	build_events(k, pa, pb, kit_ptr(k, task));
}

static uint64_t seed = 88172645463325252ull;

void rnd_seed(uint64_t s)
{
	seed = s | 1;
}

uint32_t rnd(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 20) % n;
}

struct alpha ka[OBJECTS];
struct beta kb[OBJECTS];
struct task kt[TASKS];
struct alpha_user ua[OBJECTS];
struct beta_user ub[OBJECTS];
struct task_user ut[TASKS];
static char labels[OBJECTS][24];

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
	u->upper = k->s2;
	u->label = k->label;
	u->err = k->s1 & 2 ? -5 : k->s1 & 1 ? 6 : 0;
	memcpy(u->sname, k->sname, 8);
	memcpy(u->big, k->big, sizeof(u->big));
}

static void scramble(void *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		((uint8_t *)p)[i] = (uint8_t)rnd(256);
}

void make_objects(void)
{
	unsigned i;

	scramble(ka, sizeof(ka));
	scramble(kb, sizeof(kb));
	scramble(kt, sizeof(kt));
	for (i = 0; i < OBJECTS; i++) {
		snprintf(labels[i], sizeof(labels[i]), "%.*s", (int)rnd(20), "a label of some length");
		ka[i].name[15] = 0;
		ka[i].p = rnd(4) ? &kb[rnd(OBJECTS)] : NULL;
		ka[i].vp = &kb[rnd(OBJECTS)];
		ka[i].col = rnd(6);
		ka[i].s1 &= rnd(2) ? ~0u : 7;
		ka[i].s2 &= rnd(2) ? 0 : 4;
		ka[i].label = rnd(5) ? labels[i] : NULL;
		ka[i].sname[7] = 0;
		kb[i].back = &ka[rnd(OBJECTS)];
	}
	for (i = 0; i < OBJECTS; i++)
		mirror_alpha(i);
	for (i = 0; i < OBJECTS; i++) {
		ub[i] = (struct beta_user){ .v = kb[i].v, .x = kb[i].x, .w = kb[i].w };
		ub[i].back = &ua[kb[i].back - ka];
	}
	for (i = 0; i < TASKS; i++) {
		kt[i].comm[15] = 0;
		kt[i].al = &ka[rnd(OBJECTS)];
		ut[i] = (struct task_user){ .tid = kt[i].pid, .tgid = kt[i].tgid, .al = &ua[kt[i].al - ka] };
		memcpy(ut[i].comm, kt[i].comm, 16);
	}
}

void fire(struct firing *f)
{
	unsigned x = rnd(OBJECTS), y = rnd(OBJECTS), t = rnd(TASKS), null = rnd(5) == 0;
	uint8_t n = (uint8_t)rnd(256);
	int32_t k = (int32_t)rnd(1000) - 500;

	f->current = rnd(TASKS);
	f->user[0] = (uint64_t)(uintptr_t)&ua[x];
	f->user[1] = null ? 0 : (uint64_t)(uintptr_t)&ub[y];
	f->user[2] = n;
	f->user[3] = (uint64_t)(int64_t)k;
	f->user[4] = (uint64_t)(uintptr_t)&ut[t];
	/* the kernel casts each argument to 64 bits */
	f->kernel[0] = n;
	f->kernel[1] = null ? 0 : (uint64_t)(uintptr_t)&kb[y];
	f->kernel[2] = (uint64_t)(int64_t)k;
	f->kernel[3] = (uint64_t)(uintptr_t)&ka[x];
	f->kernel[4] = (uint64_t)(uintptr_t)&kt[t];
}

bool watched(uint32_t tgid)
{
	return tgid & 1;
}
