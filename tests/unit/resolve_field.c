// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Fields on a small kernel: every shape of a path, and what is said when there is none. */
#include "resolve_kit.h"

static const char catalog_text[] =
	"catalog linux 1\n"
	"struct task_user of task since 1 \"a task\"\n"
	"\tu32 tid @0 since 1 \"plain\"\n\t\tfrom pid\n"
	"\tu32 nested @4 since 1 \"in a union in a struct\"\n\t\tfrom tgid\n"
	"\tu32 in_exec @8 since 1 \"bit-field\"\n\t\tfrom in_exec\n"
	"\ts32 tristate @12 since 1 \"signed bit-field\"\n\t\tfrom tristate\n"
	"\tu32 ppid @16 since 1 \"one hop\"\n\t\tfrom parent->tgid\n"
	"\tu32 gppid @20 since 1 \"two hops\"\n\t\tfrom parent->parent->tgid\n"
	"\tu32 renamed @24 since 1 \"second alternative\"\n\t\tfrom state\n\t\tfrom __state\n"
	"\tu32 absent @28 since 1 \"on no kernel\"\n\t\tfrom blocked_on\n\t\tfrom parent->wchan\n"
	"\tu32 third @32 since 1 \"constant index\"\n\t\tfrom ids[3]\n"
	"\tu32 beyond @36 since 1 \"index past the end\"\n\t\tfrom ids[4]\n"
	"\tu32 ids[4] @40 since 1 \"own index\"\n\t\tfrom ids[]\n"
	"\tu64 memcg @56 since 1 \"index by enumerator\"\n\t\tfrom cgroups->subsys[memory_cgrp_id]->cgroup->id\n"
	"\tu64 rss @64 since 1 \"array of a typedef'd struct\"\n\t\tfrom mm->rss.count[1].counter\n"
	"\tu64 ancestor @72 since 1 \"flexible array of pointers\"\n\t\tfrom cgrp->ancestors[1]->id\n"
	"\tu32 inner_pid @80 since 1 \"array [1] beyond its end\"\n\t\tfrom thread_pid->numbers[1].nr\n"
	"\tu32 outer_pid @84 since 1 \"array [1] inside\"\n\t\tfrom thread_pid->numbers[0].nr\n"
	"\tu32 srtt @88 since 1 \"a cast\"\n\t\tfrom sk (struct tcp *)->srtt\n"
	"\tu32 untyped @92 since 1 \"behind a void *\"\n\t\tfrom stack (struct tcp *)->peer->family\n"
	"\tchar comm[16] @96 since 1 \"characters\"\n\t\tfrom comm\n"
	"\ttask_user * parent @112 since 1 \"typed pointer\"\n\t\tfrom parent\n"
	"\ttask_user * worker @120 since 1 \"untyped pointer\"\n\t\tfrom stack\n"
	"\ttask_user * stranger @128 since 1 \"pointer to something else\"\n\t\tfrom mm\n"
	"\tstring name @136 since 1 \"behind char *\"\n\t\tfrom name\n"
	"\ts64 wide @144 since 1 \"signed and widened\"\n\t\tfrom prio\n"
	"\ts32 same @152 since 1 \"signed, same size\"\n\t\tfrom prio\n"
	"\tu32 typed @156 since 1 \"type demanded\"\n\t\tfrom prio : long int add 7\n\t\tfrom prio : int add 5\n"
	"\tuser addr @160 since 1 \"address in the application\"\n\t\tfrom raw\n"
	"\tu64 flags @168 since 1 \"a bit by enumerator\"\n\t\tfrom raw bit TASK_BIT\n"
	"\tu64 both @176 since 1 \"two values\"\n\t\tfrom __state or ids[1] and 0xff shl 2\n"
	"\tbe16 port @184 since 1 \"bytes as they are\"\n\t\tfrom port\n"
	"\tu16 hport @186 since 1 \"host order\"\n\t\tfrom port bswap\n"
	"\tu32 aggregate @188 since 1 \"a struct is no number\"\n\t\tfrom mm->rss\n\t\tfrom __state\n"
	"\tu64 owner @192 since 1 \"a hop that may be null\"\n\t\tfrom mm->exe_file->pos\n"
	"\tu32 list[3] @200 since 1 \"a path for each element\"\n\t\tfrom pid; parent->pid; ids[2]\n"
	"\tu8 addr6[16] @212 since 1 \"bytes in place\"\n\t\tfrom addr6\n"
	"\tu64 long_way @232 since 1 \"too many hops\"\n"
	"\t\tfrom parent->parent->parent->parent->parent->parent->parent->pid\n"
	"\tmm_user * mm @240 since 1 \"embedded, by address\"\n\t\tfrom &own_mm\n"
	"\tgone_user * gone @248 since 1 \"its struct is not there\"\n\t\tfrom stack\n"
	"struct mm_user of old_mm mm_struct since 1 \"memory\"\n"
	"\tu64 pos @0 since 1 \"position\"\n\t\tfrom exe_file->pos\n"
	"struct gone_user of gone since 1 \"no kernel has it\"\n"
	"\tu32 x @0 since 1 \"nothing\"\n\t\tfrom x\n";

struct types { /* of the small kernel, built in this order */
	uint32_t mm, cgroup, css_set, pid, sk, tcp, in6, anon, bits;
};

static void build_processes(struct kit *k, struct types *t)
{
	struct bb *b = &k->b;
	uint32_t file, ns, upid, atomic, rss;

	file = KIT_STRUCT(k, "file", 16, BB_AT("pos", k->u64, 8));
	ns = KIT_STRUCT(k, "ns", 8, BB_AT("inum", k->u32, 4));
	ns = kit_ptr(k, ns);
	upid = KIT_STRUCT(k, "upid", 16, BB_AT("nr", k->s32, 0), BB_AT("ns", ns, 8));
	upid = bb_array(b, upid, k->u32, 1);
	t->pid = KIT_STRUCT(k, "pid", 24, BB_AT("level", k->u32, 0), BB_AT("numbers", upid, 8));
	atomic = KIT_STRUCT(k, "", 8, BB_AT("counter", k->s64, 0));
	atomic = bb_ref(b, BTF_KIND_TYPEDEF, "atomic64_t", atomic);
	atomic = bb_array(b, atomic, k->u32, 4);
	rss = KIT_STRUCT(k, "rss", 32, BB_AT("count", atomic, 0));
	file = kit_ptr(k, file);
	t->mm = KIT_STRUCT(k, "mm_struct", 56, BB_AT("rss", rss, 16), BB_AT("exe_file", file, 48));
}

static void build_cgroups(struct kit *k, struct types *t)
{
	struct bb *b = &k->b;
	uint32_t self, css, array;
	size_t at;

	KIT_ENUM(k, "cgroup_subsys_id", { "cpuset_cgrp_id", 0 }, { "memory_cgrp_id", 2 });
	KIT_ENUM(k, "", { "TASK_BIT_OTHER", 5 }, { "TASK_BIT", 37 });
	self = bb_later(b, &at);
	array = bb_array(b, self, k->u32, 0);
	t->cgroup = KIT_STRUCT(k, "cgroup", 16, BB_AT("level", k->s32, 0), BB_AT("id", k->u64, 8),
	                       BB_AT("ancestors", array, 16));
	bb_aim(b, at, t->cgroup);
	css = KIT_STRUCT(k, "css", 16, BB_AT("cgroup", self, 8));
	css = bb_array(b, kit_ptr(k, css), k->u32, 4);
	t->css_set = KIT_STRUCT(k, "css_set", 40, BB_AT("subsys", css, 8));
}

static void build_bits(struct kit *k, struct types *t, bool old)
{
	struct bb *b = &k->b;
	uint32_t b1, b3;

	if (!old) {
		t->bits = KIT_STRUCT(k, "", 4, BB_BITS("pad", k->u32, 0, 9),
		                     BB_BITS("in_exec", k->u32, 9, 1),
		                     BB_BITS("tristate", k->s32, 10, 3));
		return;
	}
	/* The INT carries the size; the second also has an offset of its own. */
	b1 = bb_int(b, "unsigned int", 4, 0, 0, 1);
	b3 = bb_int(b, "int", 4, BTF_INT_SIGNED, 1, 3);
	t->bits = bb_struct(b, BTF_KIND_STRUCT, "", 4, false, 2,
	                    (struct bb_member[]){ BB_BITS("in_exec", b1, 9, 0),
	                                          BB_BITS("tristate", b3, 9, 0) });
}

static void build_net(struct kit *k, struct types *t)
{
	struct bb *b = &k->b;
	uint32_t bytes = bb_array(b, k->u8, k->u32, 16), words = bb_array(b, k->u32, k->u32, 4), sk;

	t->sk = KIT_STRUCT(k, "sk", 8, BB_AT("family", k->u16, 2));
	sk = kit_ptr(k, t->sk);
	t->tcp = KIT_STRUCT(k, "tcp", 64, BB_AT("sk", t->sk, 0), BB_AT("srtt", k->u32, 44),
	                    BB_AT("peer", sk, 48));
	t->in6 = KIT_UNION(k, "in6", 16, BB_AT("u8s", bytes, 0), BB_AT("u32s", words, 0));
}

/* The offsets that the checks below expect are here and nowhere else in this file. */
static void build(struct kit *k, bool old_bits)
{
	struct bb *b = &k->b;
	struct types t = { 0 };
	uint32_t deep, comm, ids, self, task, mm, voidp, css_set, cgroup, pid, sk, str;
	size_t at;

	kit_types(k);
	build_processes(k, &t);
	build_cgroups(k, &t);
	build_bits(k, &t, old_bits);
	build_net(k, &t);
	deep = KIT_STRUCT(k, "", 8, BB_AT("pid", k->s32, 0), BB_AT("tgid", k->s32, 4));
	t.anon = KIT_UNION(k, "", 8, BB_AT("", deep, 0), BB_AT("whole", k->u64, 0));
	comm = bb_array(b, k->chr, k->u32, 16);
	ids = bb_array(b, k->u32, k->u32, 4);
	self = bb_later(b, &at);
	mm = kit_ptr(k, bb_ref(b, BTF_KIND_CONST, "", t.mm));
	voidp = kit_ptr(k, 0);
	css_set = kit_ptr(k, t.css_set);
	cgroup = kit_ptr(k, t.cgroup);
	pid = kit_ptr(k, t.pid);
	sk = kit_ptr(k, t.sk);
	str = kit_ptr(k, bb_ref(b, BTF_KIND_CONST, "", k->chr));
	task = KIT_STRUCT(k, "task", 256, BB_AT("__state", k->u32, 4), BB_AT("", t.anon, 8),
	                  BB_AT("comm", comm, 16), BB_AT("parent", self, 32), BB_AT("", t.bits, 40),
	                  BB_AT("prio", k->s32, 44), BB_AT("ids", ids, 48), BB_AT("mm", mm, 64),
	                  BB_AT("stack", voidp, 72), BB_AT("cgroups", css_set, 80),
	                  BB_AT("cgrp", cgroup, 88), BB_AT("thread_pid", pid, 96),
	                  BB_AT("sk", sk, 104), BB_AT("name", str, 112), BB_AT("raw", k->u64, 120),
	                  BB_AT("port", k->u16, 128), BB_AT("addr6", t.in6, 132),
	                  BB_AT("own_mm", t.mm, 152));
	/* An offset behind the pointer is wanted through a qualified type as well. */
	bb_aim(b, at, bb_ref(b, BTF_KIND_VOLATILE, "", task));
}

#define FIELD(name, elem) kit_field(k, "task_user", name, elem)

static void check_plain(struct kit *k)
{
	const struct access *a;

	a = FIELD("tid", 0);
	OK(a && a->path.root == ROOT_STRUCT && a->path.off == 8 && a->path.size == 4 &&
	           !a->path.fetch && !a->path.nr_hops && a->path.sign && !a->nr_ops,
	   "a plain member");
	OK(a == FIELD("tid", 0), "the same question has the same answer");
	a = FIELD("nested", 0);
	OK(a && a->path.off == 12 && !a->path.fetch,
	   "a member of a nameless struct in a nameless union");
	a = FIELD("renamed", 0);
	OK(a && a->path.off == 4 && !strcmp(a->source->path.steps[0].name, "__state"),
	   "the second alternative");
	a = FIELD("comm", 0);
	OK(a && a->path.in_place && a->path.off == 16 && a->path.size == 16 && !a->path.fetch,
	   "characters in place");
	a = FIELD("addr6", 0);
	OK(a && a->path.in_place && a->path.off == 132 && a->path.size == 16 && !a->path.fetch,
	   "bytes in place, in a union");
	a = FIELD("name", 0);
	OK(a && !a->path.in_place && a->path.off == 112 && a->path.size == 8,
	   "a string behind a pointer");
	a = FIELD("addr", 0);
	OK(a && a->path.off == 120 && a->path.size == 8, "an address in the application");
}

static void check_bits(struct kit *k, const char *what)
{
	const struct access *a = FIELD("in_exec", 0);
	char name[64];

	snprintf(name, sizeof(name), "a bit-field, %s", what);
	OK(a && a->path.off == 41 && a->path.size == 1 && a->path.bit_off == 1 &&
	           a->path.bit_size == 1 && !a->path.fetch && !a->nr_ops,
	   name);
	a = FIELD("tristate", 0);
	snprintf(name, sizeof(name), "a signed bit-field, %s", what);
	OK(a && a->path.off == 41 && a->path.bit_off == 2 && a->path.bit_size == 3 &&
	           a->nr_ops == 1 && a->ops[0].kind == ACCESS_SEXT && a->ops[0].imm == 3,
	   name);
}

static void check_hops(struct kit *k)
{
	const struct access *a;

	a = FIELD("ppid", 0);
	OK(a && a->path.nr_hops == 1 && a->path.hops[0].off == 32 && !a->path.hops[0].fetch &&
	           a->path.off == 12 && !a->path.fetch,
	   "one hop");
	OK(a && !strcmp(a->text, "parent->tgid"), "the path as text");
	a = FIELD("gppid", 0);
	OK(a && a->path.nr_hops == 2 && a->path.hops[1].off == 32 && a->path.off == 12 &&
	           !a->path.fetch,
	   "two hops");
	a = FIELD("owner", 0);
	OK(a && a->path.nr_hops == 2 && !a->path.hops[0].nullable && a->path.hops[1].nullable &&
	           a->path.hops[1].off == 48 && a->path.off == 8,
	   "a hop that newer kernels want tested");
	a = FIELD("memcg", 0);
	OK(a && a->path.nr_hops == 3 && a->path.hops[0].off == 80 && a->path.hops[1].off == 24 &&
	           a->path.hops[2].off == 8 && a->path.off == 8 && !a->path.fetch,
	   "an index by enumerator");
	OK(!FIELD("long_way", 0) && k->e.code == -EINVAL && !strcmp(k->e.tag, "catalog-path"),
	   "too many hops are the catalog's mistake");
}

static void check_arrays(struct kit *k)
{
	const struct access *a;

	a = FIELD("third", 0);
	OK(a && a->path.off == 60 && !a->path.stride && !a->path.fetch, "a constant index");
	OK(!FIELD("beyond", 0) && k->e.code == -ENOENT, "an index past the end");
	HAS(k->e.reason, "9.9: ids[4] has only 4 elements", "and what is said of it");
	a = FIELD("ids", 0);
	OK(a && a->path.off == 48 && a->path.stride == 4 && a->path.elements == 4,
	   "the program's own index");
	a = FIELD("ids", 2);
	OK(a && a->path.off == 56, "the program's own index, third element");
	OK((a = FIELD("list", 0)) && a->path.off == 8 && (a = FIELD("list", 1)) &&
	           a->path.nr_hops == 1 && a->path.off == 8 && (a = FIELD("list", 2)) &&
	           a->path.off == 56 && !a->path.nr_hops,
	   "a path for each element");
}

static void check_fetch(struct kit *k)
{
	const struct access *a;

	a = FIELD("rss", 0);
	OK(a && a->path.nr_hops == 1 && !a->path.hops[0].fetch && a->path.off == 24 &&
	           a->path.fetch,
	   "an element that is a typedef of a struct is fetched");
	a = FIELD("ancestor", 0);
	OK(a && a->path.nr_hops == 2 && !a->path.hops[0].fetch && a->path.hops[1].fetch &&
	           a->path.hops[1].off == 24 && a->path.off == 8 && a->path.fetch,
	   "a pointer in a flexible array is fetched, and what is behind it");
	a = FIELD("inner_pid", 0);
	OK(a && a->path.off == 24 && a->path.fetch, "an element beyond [1] is fetched");
	a = FIELD("outer_pid", 0);
	OK(a && a->path.off == 8 && !a->path.fetch, "an element inside [1] is not");
	a = FIELD("srtt", 0);
	OK(a && a->path.nr_hops == 1 && !a->path.hops[0].fetch && a->path.off == 44 &&
	           a->path.fetch,
	   "behind a cast all is fetched");
	HAS(a ? a->text : "", "sk (struct tcp *)->srtt", "a cast as text");
	a = FIELD("untyped", 0);
	OK(a && a->path.nr_hops == 2 && !a->path.hops[0].fetch && a->path.hops[1].fetch &&
	           a->path.hops[1].off == 48 && a->path.off == 2 && a->path.fetch,
	   "behind a void * all is fetched");
}

static void check_pointers(struct kit *k)
{
	const struct access *a;
	struct btf_info t;

	a = FIELD("parent", 0);
	OK(a && a->typed && a->path.off == 32 && a->path.size == 8 &&
	           btf_get(k->btf, a->path.type, &t) && !strcmp(t.name, "task"),
	   "a typed pointer, through a qualifier");
	a = FIELD("worker", 0);
	OK(a && !a->typed && a->path.off == 72, "an untyped pointer");
	OK(!FIELD("stranger", 0) && k->e.code == -ENOENT, "a pointer to something else");
	HAS(k->e.reason, "mm is const struct mm_struct *, not struct task *",
	    "and what is said of it");
	OK(!FIELD("gone", 0), "a pointer to a struct that the target lacks");
	HAS(k->e.reason, "9.9 has no struct gone", "and what is said of it");
	a = FIELD("mm", 0);
	OK(a && a->path.value && !a->path.in_place && a->path.off == 152 && a->typed,
	   "an embedded struct, by address");
}

static void check_values(struct kit *k)
{
	const struct access *a;

	a = FIELD("wide", 0);
	OK(a && a->path.off == 44 && a->path.size == 4 && a->nr_ops == 1 &&
	           a->ops[0].kind == ACCESS_SEXT && a->ops[0].imm == 32,
	   "a signed value that is widened");
	a = FIELD("same", 0);
	OK(a && a->path.off == 44 && !a->nr_ops, "a signed value of the same size");
	a = FIELD("typed", 0);
	OK(a && a->nr_ops == 1 && a->ops[0].kind == ACCESS_ADD && a->ops[0].imm == 5,
	   "the alternative whose type is demanded");
	a = FIELD("flags", 0);
	OK(a && a->nr_ops == 2 && a->ops[0].kind == ACCESS_SHR && a->ops[0].imm == 37 &&
	           a->ops[1].kind == ACCESS_AND && a->ops[1].imm == 1,
	   "a bit by enumerator");
	a = FIELD("both", 0);
	OK(a && a->combine == CAT_OR && a->path.off == 4 && a->second.off == 52 && a->nr_ops == 2 &&
	           a->ops[0].imm == 0xff && a->ops[1].kind == ACCESS_SHL && a->ops[1].imm == 2,
	   "two values");
	HAS(a ? a->text : "", "__state or ids[1]", "two values as text");
	a = FIELD("port", 0);
	OK(a && a->path.off == 128 && a->path.size == 2 && !a->nr_ops, "big-endian bytes stay");
	a = FIELD("hport", 0);
	OK(a && (k->b.swap
	                 ? !a->nr_ops
	                 : a->nr_ops == 1 && a->ops[0].kind == ACCESS_BSWAP && a->ops[0].imm == 16),
	   "big-endian bytes to the host's order");
	a = FIELD("aggregate", 0);
	OK(a && a->path.off == 4, "a struct is no number");
}

static void check_absent(struct kit *k)
{
	struct abide_error first;

	OK(!FIELD("absent", 0) && k->e.code == -ENOENT && !strcmp(k->e.tag, "field-unavailable"),
	   "a field that the target lacks");
	HAS(k->e.problem, "task_user.absent is not available on 9.9", "the field and the target");
	HAS(k->e.reason,
	    "9.9 has no member blocked_on in struct task\n"
	    "9.9 has no member wchan in struct task",
	    "a line for each alternative");
	first = k->e;
	FIELD("absent", 0);
	OK(!memcmp(&first, &k->e, sizeof(first)), "the same refusal again");
	OK(!kit_field(k, "gone_user", "x", 0) && k->e.code == -ENOENT,
	   "a field of a struct that is not there");
	HAS(k->e.reason, "9.9 has no struct gone", "and what is said of it");
	OK(resolve_struct(k->t, catalog_struct(k->c, "mm_user")), "the second name of a struct");
}

int main(void)
{
	struct kit little = { 0 }, old = { 0 }, swapped = { .b.swap = true }, *k = &little;
	const struct access *a;

	build(k, false);
	kit_open(k, catalog_text);
	check_plain(k);
	check_bits(k, "new encoding");
	check_hops(k);
	check_arrays(k);
	check_fetch(k);
	check_pointers(k);
	check_values(k);
	check_absent(k);
	kit_close(k);

	k = &old;
	build(k, true);
	kit_open(k, catalog_text);
	check_bits(k, "old encoding");
	kit_close(k);

	/* The other byte order: same offsets; bits are counted from the other end (host: little). */
	k = &swapped;
	build(k, false);
	kit_open(k, catalog_text);
	check_hops(k);
	check_values(k);
	a = FIELD("in_exec", 0);
	OK(a && a->path.off == 41 && a->path.size == 1 && a->path.bit_off == 6 &&
	           a->path.bit_size == 1,
	   "a bit-field of the other byte order");
	kit_close(k);
	return kit_done();
}
