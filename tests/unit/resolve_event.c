// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Events, their arguments, enumerators and the machine, on two small kernels: old and new. */
#include "resolve_kit.h"

static const char catalog_text[] =
	"catalog linux 1\n"
	"enum op_user of op opf since 1 other 255 \"what a request does\"\n"
	"\tOP_USER_READ 0 = OP_READ since 1 \"reads\"\n"
	"\tOP_USER_WRITE 1 = OP_WRITE since 1 \"writes\"\n"
	"\tOP_USER_OPEN 10 = OP_OPEN since 1 \"opens a zone\"\n"
	"\tOP_USER_CLOSE 11 = OP_CLOSE,OP_SHUT since 1 \"closes a zone\"\n"
	"\tOP_USER_NEVER 12 = OP_NEVER since 1 \"on no kernel\"\n"
	"enum state_user since 1 other 0 \"what a task does\"\n"
	"\tSTATE_USER_RUNNING 0 since 1 \"runs\"\n"
	"\tSTATE_USER_SLEEPING 1 since 1 \"sleeps\"\n"
	"\tSTATE_USER_IDLE 8 since 1 \"idles\"\n"
	"enum lost_user of not_there since 1 other 0 \"an enum that no kernel has\"\n"
	"\tLOST_USER_A 1 = LOST_A since 1 \"a\"\n"
	"rules state \"bits to a state\"\n"
	"\tmask 0x400 = 8\n"
	"\tmask 0x01 = 1\n"
	"\telse 0\n"
	"struct task_struct_user of task since 1 \"a task\"\n"
	"\tu32 tid @0 since 1 \"thread id\"\n\t\tfrom pid\n"
	"\tu32 tgid @4 since 1 \"process id\"\n\t\tfrom pid\n"
	"struct rq_user of rq since 1 \"a request\"\n"
	"\tenum op_user op @0 since 1 \"what it does\"\n\t\tfrom flags and 0xff as op_user\n"
	"\tenum lost_user lost @4 since 1 \"nothing\"\n\t\tfrom flags as lost_user\n"
	"event switched since 1 on sched_switch subject prev next \"prev stops, next runs\"\n"
	"\ttask_struct_user * prev since 1 \"who stops\"\n\t\tfrom prev\n"
	"\ttask_struct_user * next since 1 \"who runs\"\n\t\tfrom next\n"
	"\tenum state_user state since 1 \"what prev does\"\n"
	"\t\tfrom prev_state unless preempt as state\n"
	"\t\tfrom prev->state unless preempt as state\n"
	"\tu32 tid since 1 \"who stops, by number\"\n\t\tfrom prev->pid\n"
	"\tu32 mine since 1 \"who runs now\"\n\t\tfrom current->pid\n"
	"\ttask_struct_user * me since 1 \"who runs now\"\n\t\tfrom current\n"
	"\ts64 seven since 1 \"a number\"\n\t\tfrom const 7\n"
	"event complete since 1 on rq_done_new rq_done \"a request is done\"\n"
	"\trq_user * rq since 1 nullable \"the request\"\n\t\tfrom rq\n"
	"\ts32 error since 1 \"an errno\"\n"
	"\t\tfrom error : int add 1\n"
	"\t\tfrom error : blk_status_t add 2\n"
	"\ttask_struct_user * wrong since 1 \"not a task\"\n\t\tfrom rq\n"
	"event drop since 1 on kfree_skb \"a packet is dropped\"\n"
	"\tu32 tid since 1 \"behind an argument that some kernels want tested\"\n\t\tfrom rx_sk->pid\n"
	"event nowhere since 1 on gone_a gone_b \"on no kernel\"\n"
	"\tu32 x since 1 \"nothing\"\n\t\tfrom x\n"
	"event unnamed since 1 on unnamed \"arguments have no names\"\n"
	"\tu32 x since 1 \"a number\"\n\t\tfrom x\n";

static uint32_t op_enum(struct kit *k, bool new)
{
	if (new)
		return KIT_ENUM(k, "op", { "OP_READ", 0 }, { "OP_WRITE", 1 }, { "OP_FLUSH", 2 },
		                { "OP_OPEN", 11 }, { "OP_CLOSE", 12 }, { "OP_SHUT", 13 },
		                { "OP_LAST", 14 });
	return KIT_ENUM(k, "opf", { "OP_READ", 0 }, { "OP_WRITE", 1 }, { "OP_OPEN", 10 },
	                { "OP_CLOSE", 11 });
}

/* The members of struct pt_regs that tell the machine. */
static void registers(struct kit *k, bool new)
{
	if (new)
		KIT_STRUCT(k, "pt_regs", 16, BB_AT("orig_x0", k->u64, 0),
		           BB_AT("syscallno", k->s32, 8));
	else
		KIT_STRUCT(k, "pt_regs", 16, BB_AT("ax", k->u64, 0), BB_AT("orig_ax", k->u64, 8));
}

static void build(struct kit *k, bool new)
{
	struct bb *b = &k->b;
	uint32_t task, rq, status;

	kit_types(k);
	op_enum(k, new);
	registers(k, new);
	if (new) {
		KIT_ENUM(k, "bpf_func_id", { "BPF_FUNC_unspec", 0 },
		         { "BPF_FUNC_map_lookup_elem", 1 },
		         { "BPF_FUNC_get_current_task_btf", 158 }, { "BPF_FUNC_check_mtu", 163 },
		         { "__BPF_FUNC_MAX_ID", 164 });
		task = KIT_STRUCT(k, "task", 32, BB_AT("__state", k->u32, 8),
		                  BB_AT("pid", k->s32, 16));
	} else {
		KIT_ENUM(k, "bpf_func_id", { "BPF_FUNC_unspec", 0 },
		         { "BPF_FUNC_map_lookup_elem", 1 }, { "__BPF_FUNC_MAX_ID", 156 });
		task = KIT_STRUCT(k, "task", 32, BB_AT("state", k->s64, 8),
		                  BB_AT("pid", k->s32, 24));
	}
	KIT_STRUCT(k, "task_struct", 16, BB_AT("pid", k->s32, 4));
	rq = KIT_STRUCT(k, "rq", 16, BB_AT("flags", k->u32, 12));
	status = bb_ref(b, BTF_KIND_TYPEDEF, "blk_status_t", k->u8);
	task = kit_ptr(k, task);
	rq = kit_ptr(k, new ? bb_ref(b, BTF_KIND_CONST, "", rq) : rq);
	if (new) {
		kit_tracepoint(k, "sched_switch", true, 4,
		               (struct bb_arg[]){ { "preempt", k->boolean },
		                                  { "next", task },
		                                  { "prev", task },
		                                  { "prev_state", k->u32 } });
		kit_tracepoint(k, "rq_done", true, 3,
		               (struct bb_arg[]){ { "bytes", k->u32 },
		                                  { "error", status },
		                                  { "rq__nullable", rq } });
	} else {
		kit_tracepoint(k, "sched_switch", true, 3,
		               (struct bb_arg[]){ { "preempt", k->boolean },
		                                  { "prev", task },
		                                  { "next", task } });
		kit_tracepoint(
			k, "rq_done", true, 2,
			(struct bb_arg[]){ { "rq", rq },
		                           { "error", bb_ref(b, BTF_KIND_CONST, "", k->s32) } });
	}
	kit_tracepoint(k, "kfree_skb", true, 1, (struct bb_arg[]){ { "rx_sk", task } });
	kit_tracepoint(k, "unnamed", false, 1, (struct bb_arg[]){ { "x", k->u32 } });
}

/* What the map makes of @v, as the translator would. */
static int64_t through(const struct access *a, uint32_t v)
{
	const struct access_map *m = NULL;
	uint32_t i;

	for (i = 0; a && i < a->nr_ops; i++)
		if (a->ops[i].kind == ACCESS_RANGES)
			m = a->ops[i].map;
	for (i = 0; m && i < m->nr; i++)
		if (v >= m->runs[i].first && v <= m->runs[i].last)
			return m->runs[i].is_fixed ? m->runs[i].delta
			                           : (int64_t)v + m->runs[i].delta;
	return -1;
}

/* Runs follow each other without a gap from 0 to the last 32-bit number, and no two say the same. */
static bool covers(const struct access_map *m)
{
	uint64_t at = 0;
	uint32_t i;

	for (i = 0; i < m->nr; i++) {
		if (m->runs[i].first != at || m->runs[i].last < m->runs[i].first)
			return false;
		if (i && m->runs[i].is_fixed == m->runs[i - 1].is_fixed &&
		    m->runs[i].delta == m->runs[i - 1].delta)
			return false;
		at = (uint64_t)m->runs[i].last + 1;
	}
	return at == (uint64_t)UINT32_MAX + 1;
}

static void check_old(struct kit *k)
{
	const struct access *a;
	const struct placement *p;

	a = kit_arg(k, "switched", "prev");
	OK(a && a->path.root == ROOT_ARG && a->path.arg == 1 && a->path.value && a->typed &&
	           !a->nullable,
	   "old: a pointer argument");
	a = kit_arg(k, "switched", "state");
	OK(a && a->source->path.nr_steps == 2 && a->path.root == ROOT_ARG && a->path.arg == 1 &&
	           !a->path.value && a->path.off == 8 && a->path.size == 8 && a->path.sign &&
	           a->combine == CAT_UNLESS && a->second.value && a->second.arg == 0 &&
	           a->second.size == 1 && a->nr_ops == 1 && a->ops[0].kind == ACCESS_RULES &&
	           a->ops[0].rules->nr_rules == 2,
	   "old: the state is read from prev, unless preempt, by rules");
	HAS(a ? a->text : "", "prev->state unless preempt", "old: the path as text");
	a = kit_arg(k, "switched", "tid");
	OK(a && !a->path.fetch && a->path.arg == 1 && a->path.off == 24,
	   "old: a member behind an argument");
	a = kit_arg(k, "switched", "mine");
	OK(a && a->path.root == ROOT_CURRENT && a->path.off == 4 && a->path.fetch,
	   "old: the running task's type is not known, so it is fetched");
	OK(!kit_arg(k, "switched", "me"), "old: current is no struct task");
	a = kit_arg(k, "switched", "seven");
	OK(a && a->path.root == ROOT_CONST && a->path.imm == 7 && a->path.value, "old: a constant");
	a = kit_arg(k, "complete", "error");
	OK(a && a->path.arg == 1 && a->path.size == 4 && a->ops[0].imm == 1,
	   "old: error is an int, its const aside");
	a = kit_field(k, "rq_user", "op", 0);
	OK(a && a->ops[0].kind == ACCESS_AND && a->ops[1].kind == ACCESS_RANGES &&
	           covers(a->ops[1].map),
	   "old: runs cover all numbers");
	OK(through(a, 0) == 0 && through(a, 1) == 1 && through(a, 10) == 10 && through(a, 11) == 11,
	   "old: the same numbers");
	OK(through(a, 2) == 255 && through(a, 9) == 255 && through(a, 12) == 255 &&
	           through(a, UINT32_MAX) == 255,
	   "old: other numbers");
	SAME(a ? a->ops[1].map->nr : 0, 4, "old: number of runs");
	OK(!target_has_helper(k->t, 158) && target_has_helper(k->t, 1) &&
	           !target_has_helper(k->t, 156),
	   "old: helpers");
	OK(!target_has_atomics(k->t), "old: atomics");
	OK(!strcmp(target_machine(k->t), "x86_64"), "old: machine");
	OK(!resolve_event(k->t, catalog_event(k->c, "complete"), &p, NULL) &&
	           !strcmp(p->tracepoint, "rq_done") && p->nr_args == 2 && p->syscall_nr == -1 &&
	           p->btf_id == btf_find(k->btf, BTF_KIND_TYPEDEF, "btf_trace_rq_done"),
	   "old: the second tracepoint");
}

static void check_new(struct kit *k)
{
	const struct access *a;

	a = kit_arg(k, "switched", "prev");
	OK(a && a->path.arg == 2 && a->path.value && a->typed, "new: the arguments changed places");
	a = kit_arg(k, "switched", "next");
	OK(a && a->path.arg == 1, "new: and the other");
	a = kit_arg(k, "switched", "state");
	OK(a && a->path.arg == 3 && a->path.value && a->path.size == 4 && !a->path.sign,
	   "new: state is an argument");
	a = kit_arg(k, "switched", "mine");
	OK(a && a->path.root == ROOT_CURRENT && a->path.off == 4 && !a->path.fetch,
	   "new: the running task's type is known");
	a = kit_arg(k, "complete", "rq");
	OK(a && a->path.arg == 2 && a->path.arg_nullable && a->nullable && a->typed,
	   "new: an argument that may be NULL, of a const struct");
	a = kit_arg(k, "drop", "tid");
	OK(a && a->path.arg_nullable && !a->path.value && a->path.off == 16 && !a->path.nr_hops,
	   "new: an argument that the kernel lists as one that may be NULL");
	a = kit_arg(k, "switched", "tid");
	OK(a && !a->path.arg_nullable, "new: and one that it does not");
	a = kit_arg(k, "complete", "error");
	OK(a && a->path.arg == 1 && a->path.size == 1 && a->ops[0].imm == 2,
	   "new: error is a blk_status_t");
	OK(!kit_arg(k, "complete", "wrong") && k->e.code == -ENOENT,
	   "new: a pointer to something else");
	HAS(k->e.reason, "rq is const struct rq *, not struct task *",
	    "new: and what is said of it");
	HAS(k->e.problem, "complete.wrong is not available on 9.9", "new: of which argument");
	OK(!kit_arg(k, "nowhere", "x") && k->e.code == -ENOENT &&
	           !strcmp(k->e.tag, "event-unavailable"),
	   "new: no tracepoint");
	HAS(k->e.reason, "9.9 has no tracepoint gone_a or gone_b", "new: and what is said of it");
	OK(!kit_arg(k, "unnamed", "x"), "new: arguments without names cannot be bound");
	a = kit_field(k, "rq_user", "op", 0);
	OK(a && covers(a->ops[1].map) && through(a, 0) == 0 && through(a, 1) == 1 &&
	           through(a, 11) == 10 && through(a, 12) == 11,
	   "new: renumbered");
	OK(through(a, 13) == 11, "new: two of the kernel's names for one of ours");
	OK(through(a, 2) == 255 && through(a, 10) == 255 && through(a, 14) == 255,
	   "new: other numbers");
	OK(!kit_field(k, "rq_user", "lost", 0) && k->e.code == -ENOENT, "new: no such enum");
	HAS(k->e.reason, "9.9 has no enum not_there", "new: and what is said of it");
	OK(target_has_helper(k->t, 158) && !target_has_helper(k->t, 164), "new: helpers");
	OK(target_has_atomics(k->t), "new: atomics");
	OK(!strcmp(target_machine(k->t), "arm64"), "new: machine");
	SAME(target_syscall(k->t, "no_such_call"), -1, "new: a system call that the catalog lacks");
}

int main(void)
{
	struct kit old = { 0 }, new = { 0 };

	build(&old, false);
	kit_open(&old, catalog_text);
	check_old(&old);
	kit_close(&old);
	build(&new, true);
	kit_open(&new, catalog_text);
	check_new(&new);
	kit_close(&new);
	return kit_done();
}
