/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The catalog's parser: what becomes of each form of the text, catalogs that add to others,
 * events of single system calls, and what is refused, with its line. (More refusals are
 * text cases.) Linked with --wrap for calloc and realloc: each allocation fails once.
 */
#include "catalog_kit.h"

static const char all_forms[] =
	"# a comment\n"
	"catalog linux 3\n"
	"\n"
	"event switch_event since 2 on new_place old_place subject next current \"a task stops\" # why\n"
	"\ttask_struct_user * prev\tsince 2\t\"who stops\"\n"
	"\t\tfrom prev : struct task_struct *\n"
	"\ttask_struct_user * next\tsince 3 nullable\t\"who runs\"\n"
	"\t\tfrom next\n"
	"\tenum state_user state since 2 \"what prev does\"\n"
	"\t\tfrom prev_state unless preempt as to_state\n"
	"\t\tfrom current->state.bits as to_state\n"
	"\ts32 number since 2 \"a number\"\n"
	"\t\tfrom number : long long shr 3 and 0xff shl 1 add -5 bswap nonzero\n"
	"\t\tfrom const -7\n"
	"\r\n"
	"struct task_struct_user of task_struct old_task since 1 \"a task (a \\ thread)\"\n"
	"\tu32 tid@0 since 1 \"not like this\"\n";

static const char forms[] =
	"# a comment\n"
	"catalog linux 3\n"
	"\n"
	"event switch_event since 2 on new_place old_place subject next current \"a task stops\" # why\n"
	"\ttask_struct_user * prev\tsince 2\t\"who stops\"\n"
	"\t\tfrom prev : struct task_struct *\n"
	"\ttask_struct_user * next\tsince 3 nullable\t\"who runs\"\n"
	"\t\tfrom next\n"
	"\tenum state_user state since 2 \"what prev does\"\n"
	"\t\tfrom prev_state unless preempt as to_state\n"
	"\t\tfrom current->state.bits as to_state\n"
	"\ts32 number since 2 \"a number\"\n"
	"\t\tfrom number : long long shr 3 and 0xff shl 1 add -5 bswap nonzero\n"
	"\t\tfrom const -7\n"
	"\r\n"
	"struct task_struct_user of task_struct old_task since 1 \"a task\"\n"
	"\tu32 tid\t\t@0 since 1\t\"thread id\"\n"
	"\t\tfrom pid#its name\n"
	"\tchar comm[16]\t@4 since 1\t\"its name\"\n"
	"\t\tfrom comm\n"
	"\tbe16 port\t@20 since 1\t\"a port\"\n"
	"\t\tfrom a.b->c[3]->d[PIDTYPE_PGID].e\n"
	"\tu64 args[6]\t@24 since 3 unit ns\t\"six\"\n"
	"\t\tfrom di; si;dx ;r10 ; r8; r9\n"
	"\t\tfrom regs[] shr 1\n"
	"\ttask_struct_user * self\t@72 since 1\t\"an address in it\"\n"
	"\t\tfrom &inner.self\n"
	"\tu8 uuid[16]\t@80 since 1\t\"bytes\"\n"
	"\t\tfrom uuid\n"
	"\tstring name\t@96 since 1\t\"a string\"\n"
	"\t\tfrom name\n"
	"\tuser addr\t@104 since 1\t\"an address\"\n"
	"\t\tfrom current\n"
	"\ts32 srtt\t@112 since 1\t\"a cast\"\n"
	"\t\tfrom sk (struct tcp_sock *)->srtt_us shr 3\n"
	"\tu8 sync\t\t@116 since 1\t\"a bit\"\n"
	"\t\tfrom flags bit __REQ_SYNC\n"
	"\tenum op_user op\t@120 since 1\t\"what\"\n"
	"\t\tfrom flags and 0xff as op_user\n"
	"rules to_state \"bits to a state\"\n"
	"\tmask 0x400 = 8\n"
	"\tmask 1 = 1\n"
	"\telse 0\n"
	"rules to_errno \"values to errors\"\n"
	"\tvalue 0 = 0\n"
	"\tvalue 9 = -12\n"
	"\telse -5\n"
	"enum state_user since 1 other 0 \"states\"\n"
	"\tSTATE_RUNNING 0 since 1 \"runs\"\n"
	"\tSTATE_SLEEPING 1 since 1 \"sleeps\"\n"
	"\tSTATE_IDLE 8 since 3 \"idles\"\n"
	"enum op_user of req_op req_opf since 1 other 255 \"operations\"\n"
	"\tOP_READ 0 = REQ_OP_READ since 1 \"reads\"\n"
	"\tOP_DRV 13 = REQ_OP_DRV_IN , REQ_OP_SCSI_IN,REQ_OP_MORE since 2 \"driver\"";

static bool step_is(const struct cat_path *p, uint32_t i, const char *name, bool arrow)
{
	return i < p->nr_steps && !strcmp(p->steps[i].name, name) && p->steps[i].arrow == arrow;
}

static void test_structs(const struct catalog *c)
{
	const struct cat_struct *s = catalog_struct(c, "task_struct_user");
	const struct cat_field *f;
	const struct cat_source *src;

	SAME(s->nr_kernel, 2, "two names of the kernel's");
	TEXT(s->kernel[1], "old_task", "the second one");
	SAME(s->size, 124, "a struct ends where its last field does");
	SAME(s->nr_fields, 11, "fields");
	SAME(s->line, 16, "the line it is on");
	f = catalog_field(s, "comm");
	OK(f->kind == CAT_CHARS && f->size == 16 && f->count == 1 && f->offset == 4, "characters in place");
	OK(catalog_field_at(s, 19) == f && !catalog_field_at(s, 22) && !catalog_field_at(s, 124) &&
		   catalog_field_at(s, 20)->big_endian,
	   "fields by offset, and holes");
	f = catalog_field(s, "port");
	src = &f->sources[0];
	OK(src->path.nr_steps == 5 && step_is(&src->path, 0, "a", false) && step_is(&src->path, 1, "b", false) &&
		   step_is(&src->path, 2, "c", true) && step_is(&src->path, 3, "d", true) &&
		   step_is(&src->path, 4, "e", false),
	   "members by . and ->");
	OK(src->path.steps[2].has_index && src->path.steps[2].index == 3 && !src->path.steps[2].index_name,
	   "an index that is a number");
	TEXT(src->path.steps[3].index_name, "PIDTYPE_PGID", "an index by the kernel's enumerator");
	TEXT(src->text, "a.b->c[3]->d[PIDTYPE_PGID].e", "a source as it was written");
	f = catalog_field(s, "args");
	OK(f->count == 6 && f->size == 8 && f->since == 3 && !strcmp(f->unit, "ns"), "an array with a unit");
	src = &f->sources[0];
	OK(src->nr_elements == 6 && step_is(&src->elements[2], 0, "dx", false) &&
		   step_is(&src->elements[5], 0, "r9", false),
	   "a path for each element");
	src = &f->sources[1];
	OK(!src->nr_elements && src->path.steps[0].own_index && src->ops[0].kind == CAT_SHR, "one path with []");
	f = catalog_field(s, "self");
	OK(f->sources[0].path.address && f->sources[0].path.nr_steps == 2 && &c->structs[f->target] == s,
	   "the address of a member");
	TEXT(f->type, "struct task_struct_user *", "a pointer as C spells it");
	f = catalog_field(s, "uuid");
	OK(f->kind == CAT_BYTES && f->size == 16 && f->count == 1, "bytes");
	OK(catalog_field(s, "name")->kind == CAT_STRING && catalog_field(s, "addr")->kind == CAT_USERPTR, "strings, addresses");
	src = &catalog_field(s, "addr")->sources[0];
	OK(!src->path.current && step_is(&src->path, 0, "current", false), "in a struct, current is a member");
	src = &catalog_field(s, "srtt")->sources[0];
	OK(src->path.nr_steps == 2 && step_is(&src->path, 1, "srtt_us", true), "behind a cast");
	TEXT(src->path.steps[1].cast, "struct tcp_sock *", "the cast");
	src = &catalog_field(s, "sync")->sources[0];
	OK(src->nr_ops == 1 && src->ops[0].kind == CAT_BIT && !strcmp(src->ops[0].name, "__REQ_SYNC"), "a bit by name");
	f = catalog_field(s, "op");
	OK(f->sources[0].nr_ops == 2 && f->sources[0].ops[1].kind == CAT_ENUMMAP &&
		   f->sources[0].ops[1].target == f->target && !strcmp(c->enums[f->target].name, "op_user"),
	   "a kernel's enum to a stable one");
}

static void test_events(struct catalog *c)
{
	const struct cat_event *ev = catalog_event(c, "switch_event");
	const struct cat_source *s;

	SAME(c->version, 3, "the catalog's version");
	OK(ev->nr_places == 2 && !strcmp(ev->places[0], "new_place"), "places, best first");
	OK(ev->nr_subjects == 2 && ev->subjects[0] == 1 && ev->subjects[1] == -1, "subjects: an argument, the running task");
	OK(ev->nr_args == 4 && ev->args[3].offset == 24 && ev->args[1].nullable && ev->args[1].since == 3, "arguments");
	TEXT(ev->args[0].sources[0].path.want_type, "struct task_struct *", "a wanted type");
	s = &ev->args[2].sources[0];
	OK(s->combine == CAT_UNLESS && step_is(&s->second, 0, "preempt", false) && s->ops[0].kind == CAT_RULES &&
		   !strcmp(c->rules[s->ops[0].target].name, "to_state"),
	   "unless, and rules that stand further down");
	s = &ev->args[2].sources[1];
	OK(s->path.current && s->path.nr_steps == 2 && step_is(&s->path, 0, "state", true), "from the running task");
	s = &ev->args[3].sources[0];
	TEXT(s->path.want_type, "long long", "a type of two words ends at an operation");
	OK(s->nr_ops == 6 && s->ops[0].kind == CAT_SHR && s->ops[0].imm == 3 && s->ops[1].imm == 0xff &&
		   s->ops[2].kind == CAT_SHL && s->ops[3].kind == CAT_ADD && s->ops[3].imm == -5 &&
		   s->ops[4].kind == CAT_BSWAP && s->ops[5].kind == CAT_NONZERO,
	   "operations in order");
	s = &ev->args[3].sources[1];
	OK(s->path.constant && s->path.imm == -7 && !s->path.nr_steps, "a constant");
	OK(!catalog_event(c, "nothing") && !catalog_event(c, "sys_enter:openat"), "no such event");
}

static void test_enums_and_rules(const struct catalog *c)
{
	const struct cat_enum *en = catalog_enum(c, "op_user");

	OK(en->nr_kernel == 2 && en->other == 255 && en->nr_values == 2, "an enum");
	OK(en->values[1].nr_kernel == 3 && !strcmp(en->values[1].kernel[2], "REQ_OP_MORE") && en->values[1].value == 13,
	   "an enumerator that several of the kernel's become");
	OK(!catalog_enum(c, "state_user")->nr_kernel, "an enum of plain numbers");
	OK(c->rules[0].nr_rules == 2 && !c->rules[0].by_value && c->rules[0].rules[0].mask == 0x400 &&
		   c->rules[0].rules[0].result == 8 && c->rules[0].otherwise == 0,
	   "rules by mask");
	OK(c->rules[1].by_value && c->rules[1].rules[1].result == -12 && c->rules[1].otherwise == -5, "rules by value");
}

/* What each of these is refused for: all but the head line, the tag, and part of the message. */
static const struct {
	const char *text, *tag, *part;
} refused[] = {
	{ "struct a_user of a since 1 \"a\"\n", "catalog-layout", ":2: a_user has no fields" },
	{ "enum a since 1 other 0 \"a\"\n", "catalog-layout", ":2: a has no enumerators" },
	{ "rules a \"a\"\n\telse 0\n", "catalog-layout", ":2: a has no rules" },
	{ "rules a \"a\"\n\tmask 1 = 1\n", "catalog-layout", ":2: a has no else" },
	{ "rules a \"a\"\n\tmask 0 = 1\n", "catalog-syntax", ":3: a rule: 0 is not in 1.." },
	{ "rules a \"a\"\n\tmask 1 = 1\n\tvalue 2 = 2\n", "catalog-syntax", ":4: a: masks and values" },
	{ "rules a \"a\"\n\tmask 1 = 1\n\telse 0\n\tmask 2 = 1\n", "catalog-syntax", ":5: an indented line" },
	{ "rules a \"a\"\n\tmask 1 = 1 1\n", "catalog-syntax", ":3: \"1\" is not expected" },
	{ "struct a_user of a since 1 \"a\"\n\tu32 b @0 since 1 \"b\"\n", "catalog-layout", ":3: b has no \"from\"" },
	{ "struct a_user of since 1 \"a\"\n", "catalog-syntax", ":2: a name of the kernel's is missing" },
	{ "struct a_user since 1 \"a\"\n", "catalog-syntax", ":2: struct a_user of" },
	{ "struct __a_user of a since 1 \"a\"\n", "catalog-name", ":2: a struct: \"__a_user\": names that begin with _" },
	{ "event a since 1 on \"a\"\n", "catalog-syntax", ":2: a name of the kernel's" },
	{ "event a since 1 on a subject b \"a\"\n", "catalog-name", ":2: there is no argument b" },
	{ "event a since 1 on a subject b \"a\"\n\tu32 b since 1 \"b\"\n\t\tfrom b\n", "catalog-layout", ":2: b is a subject" },
	{ "event a since 1 on a subject b c d e f \"a\"\n", "catalog-syntax", ":2: a: more than 4 subjects" },
	{ "event a since 1 on a \"a\"\n\tchar b[4] since 1 \"b\"\n", "catalog-layout", ":3: a.b: an event hands over" },
	{ "event a since 1 on a \"a\"\n\tu32 b since 1 \"b\"\n\t\tfrom (struct x *)b\n", "catalog-syntax", ":4: b: a path begins with" },
	{ "event a since 1 on a \"a\"\n\tu32 b since 1 \"b\"\n\t\tfrom b[1]\n", "catalog-syntax", ":4: b: a path begins with" },
	{ "event a since 1 on a \"a\"\nevent a since 1 on a \"a\"\n", "catalog-name", ":3: a stands twice" },
	{ "enum a since 1 other 0 \"a\"\n\tA 0 since 1 \"a\"\nenum b since 1 other 0 \"b\"\n\tB 0 since 1 \"a\"\n\tA 1 since 1 \"a\"\n",
	  "catalog-name", ":6: enumerator A stands twice" },
	{ "enum a since 1 other 0 \"a\"\n\tA 5 since 1 \"a\"\n\tB 4 since 1 \"a\"\n\tC 5 since 1 \"a\"\n", "catalog-layout",
	  ":5: C has the value of A: 5" },
	{ "enum a of k since 1 other 0 \"a\"\n\tA 0 = K since 1 \"a\"\n\tB 1 = K since 1 \"a\"\n", "catalog-name", ":4: a.K stands twice" },
	{ "enum a since 1 other 0 \"a\"\n\tA 0 = K since 1 \"a\"\n", "catalog-syntax", ":3: A: enum a is \"of\" no enum" },
	{ "enum a since 1 other 0 \"a\"\n\tA -1 since 1 \"a\"\n", "catalog-syntax", ":3: A: -1 is not in" },
	{ "enum a since 1 other 0 \"a\"\n\tBPF_A 0 since 1 \"a\"\n", "catalog-name", ":3: an enumerator: \"BPF_A\"" },
	{ "enum a since 1 \"a\"\n", "catalog-syntax", ":2: enum a: \"other VALUE\"" },
	{ "enum a_user since 1 other 0 \"a\"\n\tA 0 since 1 \"a\"\nstruct a_user of a since 1 \"a\"\n", "catalog-name", ":4: a_user is an enum" },
	{ "struct a_user of a since 1 \"a\"\n\tenum e b @0 since 1 \"b\"\n\t\tfrom b\n", "catalog-name", ":3: there is no enum e" },
	{ "struct a_user of a since 1 \"a\"\n\tu32 b @0 since 1 \"b\"\n\t\tfrom b as c\n", "catalog-name", ":4: there is no enum or rules c" },
	{ "enum e since 1 other 0 \"e\"\n\tE 0 since 1 \"e\"\nstruct a_user of a since 1 \"a\"\n\tu32 b @0 since 1 \"b\"\n\t\tfrom b as e\n",
	  "catalog-layout", ":6: b is of another type" },
	{ "enum e since 1 other 0 \"e\"\n\tE 0 since 1 \"e\"\nrules r \"r\"\n\tmask 1 = 7\n\telse 0\nstruct a_user of a since 1 \"a\"\n\tenum e b @0 since 1 \"b\"\n\t\tfrom b as r\n",
	  "catalog-layout", ":9: r give a value that the enum does not have" },
	{ "struct a_user of a since 1 \"a\"\n\tu32 b[4] @0 since 1 \"b\"\n\t\tfrom b\n", "catalog-syntax", ":4: b: an array's path has []" },
	{ "struct a_user of a since 1 \"a\"\n\tu32 b @0 since 1 \"b\"\n\t\tfrom b[]\n", "catalog-syntax", ":4: b: [] is for arrays" },
	{ "struct a_user of a since 1 \"a\"\n\tu32 b[3] @0 since 1 \"b\"\n\t\tfrom b; c\n", "catalog-layout", ":4: b has 3 elements, but here are 2" },
	{ "struct a_user of a since 1 \"a\"\n\tstring b @0 since 1 \"b\"\n\t\tfrom b and 1\n", "catalog-syntax", ":4: b: operations are for numbers" },
	{ "struct a_user of a since 1 \"a\"\n\tu32 b @0 since 1 \"b\"\n\t\tfrom &b\n", "catalog-syntax", ":4: b: & is for pointers" },
	{ "struct a_user of a since 1 \"a\"\n\tstring b @0 since 1 \"b\"\n\t\tfrom const 1\n", "catalog-syntax", ":4: b: const is for numbers" },
	{ "struct a_user of a since 1 \"a\"\n\tu32 b @0 since 1 \"b\"\n\t\tfrom b shr 64\n", "catalog-syntax", ":4: shr: 64 is not in 0..63" },
	{ "struct a_user of a since 1 \"a\"\n\tu32 b @0 since 1 \"b\"\n\t\tfrom b and 010\n", "catalog-syntax", ":4: and: \"010\" is no number" },
	{ "struct a_user of a since 1 \"a\"\n\tu32 b @0 since 1 \"b\"\n\t\tfrom b and 0x1ffffffffffffffff\n", "catalog-syntax", "is no number" },
	{ "struct a_user of a since 1 \"a\"\n\tu32 b @0 since 1 \"b\"\n\t\tfrom b (int)->c\n", "catalog-syntax", ":4: (int): a cast is to a pointer" },
	{ "struct a_user of a since 1 \"a\"\n\tu32 b @0 since 1 \"b\"\n\t\tfrom b (struct c *).d\n", "catalog-syntax", ":4: bad path" },
	{ "struct a_user of a since 1 \"a\"\n\tu32 b @0 since 1 \"b\"\n\t\tfrom b : and 1\n", "catalog-syntax", ":4: a type is missing" },
	{ "struct a_user of a since 1 \"a\"\n\tu32 b @0 since 1 \"b\"\n\t\tfrom b and 1 and 1 and 1 and 1 and 1 and 1 and 1\n",
	  "catalog-syntax", ":4: more than 6 operations" },
	{ "struct a_user of a since 1 \"a\"\n\tu32 b @-4 since 1 \"b\"\n", "catalog-syntax", ":3: \"@-4\" is no offset" },
	{ "struct a_user of a since 1 \"a\"\n\tu32 b @4294967296 since 1 \"b\"\n", "catalog-syntax", "is no offset" },
	{ "struct a_user of a since 1 \"a\"\n\tu64 b[5000] @0 since 1 \"b\"\n", "catalog-syntax", ":3: b: an array has 1 to" },
	{ "struct a_user of a since 2 \"a\"\n", "catalog-layout", ":2: since 2, but this catalog is version 1" },
	{ "struct a_user of a since 0 \"a\"\n", "catalog-layout", ":2: since 0" },
	{ "struct a_user of a since 1 \"a\" b\n", "catalog-syntax", ":2: \"b\" is not expected" },
	{ "struct a_user of a since 1 \"\"\n", "catalog-syntax", ":2: a meaning has" },
	{ "struct a_user of a since 1 \"a /* b\"\n", "catalog-syntax", ":2: a meaning cannot contain" },
	{ "struct a_user of a since 1 \"a\033[31m\"\n", "catalog-syntax", ":2: byte 0x1b is not allowed" },
	{ "struct a_user of \303\244 since 1 \"a\"\n", "catalog-syntax", ":2: byte 0xc3 is not allowed" },
	{ "struct a_user of a since 1\"a\"\n", "catalog-syntax", ":2: a space is missing" },
	{ "syscall a x86_64 1 (enum e b)\n", "catalog-syntax", ":2: syscall a: b: an argument is" },
	{ "syscall a x86_64 1 (u32 b u32 c)\n", "catalog-syntax", ":2: syscall a: a comma is missing" },
	{ "syscall a x86_64 1 (u32 b, u32 b)\n", "catalog-name", ":2: a.b stands twice" },
	{ "syscall a x86_64 1 (u32 b\n", "catalog-syntax", ":2: syscall a: a comma is missing" },
	{ "syscall a x86_64 1 (u8 a, u8 b, u8 c, u8 d, u8 e, u8 f, u8 g)\n", "catalog-syntax", "more than 6" },
	{ "syscall a x86_64 1 ()\nsyscall b arm64 1 x86_64 1 ()\n", "catalog-syntax", ":3: syscall b x86_64 N" },
	{ "syscall a x86_64 1 ()\nsyscall b x86_64 1 ()\n", "catalog-layout", ":3: system calls a and b have one number: 1" },
	{ "syscall a x86_64 1 ()\nsyscall a x86_64 2 ()\n", "catalog-name", ":3: a stands twice" },
	{ "syscall a x86_64 1 ()\n\tu32 b since 1 \"b\"\n", "catalog-syntax", ":3: an indented line" },
	{ "catalog solaris 1\n", "catalog-syntax", ":2: a catalog begins with \"catalog linux" },
};

static void test_refusals(void)
{
	char text[1024], name[160];
	struct abide_error e;
	struct catalog *c;
	size_t i;

	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		snprintf(text, sizeof(text), "catalog linux 1\n%s", refused[i].text);
		snprintf(name, sizeof(name), "refused: %.120s", refused[i].part);
		c = NULL;
		OK(kit_parse(text, NULL, &c, &e) == -EINVAL && !c && !strcmp(e.tag, refused[i].tag) &&
			   !strncmp(e.problem, "test.cat:", 9) && strstr(e.problem, refused[i].part),
		   name);
		if (!strstr(e.problem, refused[i].part) || strcmp(e.tag, refused[i].tag))
			printf("# %s %s\n", e.tag, e.problem);
	}
	OK(kit_parse("", NULL, &c, &e) == -EINVAL, "an empty text");
	OK(kit_parse(all_forms, NULL, &c, &e) == -EINVAL && strstr(e.problem, "test.cat:17:"), "an offset needs its space");
	SAME(catalog_parse("catalog linux 1\n\0x", 18, "test.cat", NULL, &c, &e), -EINVAL, "a NUL byte");
	OK(!catalog_parse("catalog linux 1", 15, "test.cat", NULL, &c, NULL), "no line end at the end; nobody asks for errors");
	catalog_free(c);
	catalog_free(NULL);
}

static const char base_text[] =
	"catalog linux 2\n"
	"enum e since 1 other 0 \"e\"\n"
	"\tE_ONE 1 since 1 \"one\"\n"
	"struct a_user of a since 1 \"a\"\n"
	"\tu64 x @0 since 1 \"x\"\n"
	"\t\tfrom x\n"
	"\tb_user * b @8 since 1 \"b\"\n"
	"\t\tfrom b\n"
	"struct b_user of b since 1 \"b\"\n"
	"\tenum e y @0 since 1 \"y\"\n"
	"\t\tfrom y as e\n"
	"event ev since 1 on ev \"ev\"\n"
	"\ta_user * a since 1 \"a\"\n"
	"\t\tfrom a\n";

static void test_base(void)
{
	struct catalog *base = kit_catalog(base_text, NULL), *c, *more;
	struct abide_error e;

	c = kit_catalog("catalog linux 1\n"
			"enum e since 1 other 9 \"another\"\n"
			"\tE_ONE 7 since 1 \"one\"\n"
			"struct b_user of b since 1 \"another\"\n"
			"\tu32 z @4 since 1 \"z\"\n"
			"\t\tfrom z\n"
			"struct c_user of c since 1 \"new\"\n"
			"\ta_user * a @0 since 1 \"of the base\"\n"
			"\t\tfrom a\n"
			"event ev2 since 1 on ev2 \"new\"\n"
			"\tenum e w since 1 \"w\"\n"
			"\t\tfrom w as e\n",
			base);
	OK(c->nr_structs == 3 && c->nr_events == 2 && c->nr_enums == 1 && c->version == 2, "a base's entries are taken over");
	OK(catalog_struct(c, "b_user")->size == 8 && catalog_field(catalog_struct(c, "b_user"), "z"), "one is replaced");
	OK(catalog_struct(base, "b_user")->size == 4 && catalog_enum(base, "e")->other == 0 && base->nr_structs == 2,
	   "the base stays as it was");
	OK(&c->structs[catalog_field(catalog_struct(c, "a_user"), "b")->target] == catalog_struct(c, "b_user"),
	   "what was taken over refers to what replaced");
	OK(&c->structs[catalog_field(catalog_struct(c, "c_user"), "a")->target] == catalog_struct(c, "a_user"),
	   "what is new refers to what was taken over");
	SAME(catalog_enum(c, "e")->values[0].value, 7, "an enumerator of a replaced enum is free again");
	catalog_free(base);
	TEXT(catalog_event(c, "ev")->args[0].name, "a", "it outlives its base");
	more = kit_catalog("catalog linux 1\nevent ev3 since 1 on ev3 \"new\"\n\tc_user * c since 1 \"c\"\n\t\tfrom c\n", c);
	catalog_free(c);
	TEXT(more->structs[catalog_event(more, "ev3")->args[0].target].name, "c_user", "a base that has a base");
	OK(kit_parse("catalog linux 1\nenum f since 1 other 0 \"f\"\n\tE_ONE 1 since 1 \"one\"\n", more, &c, &e) == -EINVAL &&
		   strstr(e.problem, "test.cat:3: enumerator E_ONE"),
	   "an enumerator of the base stands twice");
	OK(kit_parse("catalog linux 1\nstruct e of e since 1 \"e\"\n", more, &c, &e) == -EINVAL, "a struct of an enum's name");
	OK(kit_parse("catalog linux 2\nevent ev4 since 2 on ev4 \"new\"\n\tu32 a since 1 \"a\"\n\t\tfrom a\n", more, &c, &e) ==
		   -EINVAL,
	   "an argument older than its event");
	catalog_free(more);
}

static const char calls_text[] =
	"catalog linux 2\n"
	"struct syscall_user of pt_regs since 1 \"a call\"\n"
	"\tu64 args[6] @0 since 1 \"arguments\"\n"
	"\t\tfrom di; si; dx; r10; r8; r9\n"
	"\t\tfrom inner.regs[] and 0xffff\n"
	"event sys_enter since 1 on sys_enter raw_enter \"begins\"\n"
	"\tsyscall_user * sc since 1 \"call\"\n"
	"\t\tfrom regs\n"
	"event sys_exit since 1 on sys_exit \"ends\"\n"
	"\tu64 other since 1 \"other\"\n"
	"\t\tfrom other\n"
	"\ts64 ret since 1 \"result\"\n"
	"\t\tfrom ret\n"
	"syscall openat x86_64 257 arm64 56 generic -1 (s32 dfd, user filename, s32 flags, u32 mode)\n"
	"syscall getpid since 2 x86_64 39 ()\n";

static void test_syscalls(void)
{
	struct catalog *c = kit_catalog(calls_text, NULL);
	const struct cat_event *ev = catalog_event(c, "sys_enter:openat");
	const struct cat_syscall *sc;
	const struct cat_source *s;
	uint32_t n;

	OK(ev && ev->syscall && !strcmp(ev->syscall_name, "openat") && !strcmp(ev->name, "sys_enter:openat"), "an event of one call");
	OK(ev->nr_args == 4 && ev->args[0].kind == CAT_SINT && ev->args[1].kind == CAT_USERPTR && ev->args[1].offset == 8,
	   "its own arguments");
	OK(ev->nr_places == 2 && ev->nr_subjects == 1 && ev->subjects[0] == -1, "placed as the generic event");
	SAME(ev->args[1].nr_sources, 2, "as many ways as the generic arguments have");
	s = &ev->args[1].sources[0];
	OK(!s->nr_elements && s->path.nr_steps == 2 && step_is(&s->path, 0, "regs", false) &&
		   step_is(&s->path, 1, "si", true),
	   "the element's path, behind the tracepoint's argument");
	s = &ev->args[2].sources[1];
	OK(s->path.nr_steps == 3 && step_is(&s->path, 1, "inner", true) && step_is(&s->path, 2, "regs", false) &&
		   s->path.steps[2].has_index && !s->path.steps[2].own_index && s->path.steps[2].index == 2,
	   "[] becomes the argument's number");
	OK(s->nr_ops == 1 && s->ops[0].imm == 0xffff, "operations stay");
	OK(catalog_event(c, "sys_enter:openat") == ev, "composed once");
	ev = catalog_event(c, "sys_exit:openat");
	OK(ev->nr_args == 1 && !strcmp(ev->args[0].name, "ret") && ev->args[0].offset == 0, "its result");
	ev = catalog_event(c, "sys_enter:getpid");
	OK(ev && !ev->nr_args && ev->since == 2, "a newer call without arguments");
	OK(!catalog_event(c, "sys_enter:nothing") && !catalog_event(c, "sys_enter:") && !catalog_event(c, "sys_exit:x"), "no such call");
	sc = catalog_syscalls(c, &n);
	OK(n > 1 && sc[0].x86_64 == 257 && sc[0].arm64 == 56 && sc[0].generic == -1 && sc[1].arm64 == -1,
	   "numbers by machine");
	TEXT(catalog_suggest(c, "sys_enter:opnat"), "sys_enter:openat", "near: a call");
	TEXT(catalog_suggest(c, "sys_entr"), "sys_enter", "near: an event");
	TEXT(catalog_suggest(c, "syscall"), "syscall_user", "near: a part of a name");
	OK(!catalog_suggest(c, "something_else") && !catalog_suggest(c, "sys_enter:zzzz") && !catalog_suggest(c, ""), "nothing near");
	catalog_free(c);
}

/* Texts that try to make the parser work more than their size allows. */
static void test_bounds(void)
{
	size_t room = 3u << 20, n;
	char *text = malloc(room);
	struct catalog *c = NULL;
	struct abide_error e;
	unsigned i;

	if (!text)
		exit(1);
	memset(text, ' ', room);
	SAME(catalog_parse(text, (uint32_t)room, "test.cat", NULL, &c, &e), -EFBIG, "more than 2 MiB");
	n = (size_t)sprintf(text, "catalog linux 1\nenum a since 1 other 0 \"a\"\n");
	for (i = 0; i < 60000; i++)
		n += (size_t)sprintf(text + n, "\tA%x %u since 1 \"a\"\n", i, 60000 - i);
	SAME(catalog_parse(text, (uint32_t)n, "test.cat", NULL, &c, &e), 0, "60000 enumerators");
	catalog_free(c);
	n = (size_t)sprintf(text, "catalog linux 1\n");
	for (i = 0; i < 70000; i++)
		n += (size_t)sprintf(text + n, "syscall s%x ()\n", i);
	OK(catalog_parse(text, (uint32_t)n, "test.cat", NULL, &c, &e) == -EINVAL && strstr(e.problem, "more names"),
	   "more names than a catalog may have");
	n = (size_t)sprintf(text, "catalog linux 1\nstruct a_user of a since 1 \"a\"\n\tu8 b @0 since 1 \"b\"\n");
	for (i = 0; i < 17; i++)
		n += (size_t)sprintf(text + n, "\t\tfrom b\n");
	OK(catalog_parse(text, (uint32_t)n, "test.cat", NULL, &c, &e) == -EINVAL && strstr(e.problem, ":20: b: more than 16"),
	   "alternatives are bounded");
	n = (size_t)sprintf(text, "catalog linux 1\nstruct a_user of");
	for (i = 0; i < 200; i++)
		n += (size_t)sprintf(text + n, " a");
	OK(catalog_parse(text, (uint32_t)n, "test.cat", NULL, &c, &e) == -EINVAL && strstr(e.problem, "more than 96 words"),
	   "words of a line are bounded");
	free(text);
}

static void test_no_memory(const char *text, const struct catalog *base, const char *name)
{
	struct catalog *c = NULL;
	struct abide_error e;
	long i;
	int rc = -ENOMEM;

	for (i = 0; rc == -ENOMEM && i < 1000; i++) {
		fail_in = i;
		rc = kit_parse(text, base, &c, &e);
		fail_in = -1;
		if (rc && (rc != -ENOMEM || c || e.code != -ENOMEM))
			break;
	}
	OK(!rc && c && i > 2, name);
	catalog_free(c);
}

static void test_builtin(void)
{
	const struct cat_syscall *sc;
	const struct cat_event *ev;
	struct abide_error e = { 0 };
	struct catalog *c = NULL;
	uint32_t i, k, n, composed = 0;
	char name[96];
	bool found = true;

	OK(!catalog_open_builtin(&c, &e), "the built-in catalog");
	if (!c) {
		printf("# %s\n", e.problem);
		return;
	}
	sc = catalog_syscalls(c, &n);
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "sys_enter:%s", sc[i].name);
		ev = catalog_event(c, name);
		composed += ev && ev->nr_args == sc[i].nr_args;
		for (k = 0; ev && k < ev->nr_args; k++)
			found &= ev->args[k].nr_sources > 1;
	}
	OK(n > 300 && composed == n && catalog_syscalls(c, &k) == sc && k == n, "every system call has its event");
	OK(found, "and each argument a source for more than one machine");
	for (i = 0, found = true; i < c->nr_structs; i++)
		for (k = 0; k < c->structs[i].nr_fields; k++)
			found &= catalog_field_at(&c->structs[i], c->structs[i].fields[k].offset) == &c->structs[i].fields[k];
	OK(found && c->nr_structs > 8, "every field is found by its offset");
	catalog_free(c);
}

static void test_files(void)
{
	struct catalog *c = NULL;
	struct abide_error e = { 0 };

	OK(catalog_open_file("/nonexistent/x.cat", NULL, &c, &e) == -ENOENT && strstr(e.problem, "/nonexistent/x.cat"),
	   "a file that is not there");
	OK(catalog_open_file("/", NULL, &c, &e) < 0 && !c, "a directory");
	OK(catalog_open_file("/dev/zero", NULL, &c, &e) == -EFBIG && !c, "a file without end");
}

int main(void)
{
	struct catalog *c = kit_catalog(forms, NULL), *base;

	test_structs(c);
	test_events(c);
	test_enums_and_rules(c);
	catalog_free(c);
	test_refusals();
	test_base();
	test_syscalls();
	test_bounds();
	test_no_memory(forms, NULL, "each allocation fails once");
	base = kit_catalog(base_text, NULL);
	test_no_memory(calls_text, base, "each allocation fails once, with a base");
	catalog_free(base);
	test_builtin();
	test_files();
	return kit_done();
}
