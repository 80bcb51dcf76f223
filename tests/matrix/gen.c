/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * gen DIRECTORY: from the built-in catalog, a program for every event that reads every
 * field of everything it can reach into a row, so that the matrix can say of each field
 * on each kernel: it is right, it is not there, it is wrong.
 *
 * Out: DIRECTORY/EVENT-N.bpf.c, which reads the first N arguments of the event and all that
 * hangs on them (an argument that the target lacks cannot be asked for); DIRECTORY/syscalls_N.bpf.c with the sys_enter:NAME and
 * sys_exit:NAME events, many programs an object; and DIRECTORY/list, which tells the
 * checks (check_probe.c) what stands where:
 *
 *	event EVENT ARGUMENT...
 *	field EVENT NUMBER PATH OWNER.FIELD KIND SIZE
 *	syscalls OBJECT
 *	syscall OBJECT NUMBER NAME ARGUMENTS
 *
 * A row's members are f0, f1, ...; has0, has1, ... hold a bit for each: it was read. Every
 * read is behind user_field_exists(), because a target may lack the field, and behind a
 * test of every pointer on the way. A pointer's own member says whether it is NULL. The
 * structs that no event hands over are read through the pointers that lead to them; of
 * those that some event does hand over, only the first fields: they prove the hop.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/catalog.h"

#define MAX_DEPTH           3
#define HOP_FIELDS          3
#define PROGRAMS_PER_OBJECT 40

struct member {
	char path[160];
	char owner[96];
	const struct cat_field *field;
};

struct probe {
	struct catalog *c;
	const struct cat_event *event;
	struct member *members;
	uint32_t n, room;
	char *body; /* the program's text, as it grows */
	size_t body_size;
	FILE *out;
	uint32_t pointers; /* variables p0, p1, ... so far */
};

static const char *kind_name(const struct cat_field *f)
{
	switch (f->kind) {
	case CAT_UINT:
		return f->big_endian ? "be" : "uint";
	case CAT_SINT:
		return "sint";
	case CAT_ENUM:
		return "enum";
	case CAT_CHARS:
		return "chars";
	case CAT_POINTER:
		return "pointer";
	case CAT_STRING:
		return "string";
	case CAT_USERPTR:
		return "user";
	case CAT_BYTES:
		return "bytes";
	}
	return "?";
}

static void indent(struct probe *p, int depth)
{
	for (int i = 0; i < depth; i++)
		fputc('\t', p->out);
}

/* @elem: of an array, -1 otherwise. */
static uint32_t add(struct probe *p, const char *path, const char *owner, const struct cat_field *f,
                    int elem)
{
	struct member *m;

	if (p->n == p->room) {
		p->room = p->room ? p->room * 2 : 64;
		p->members = realloc(p->members, p->room * sizeof(*p->members));
		if (!p->members)
			abort();
	}
	m = &p->members[p->n];
	snprintf(m->path, sizeof(m->path), "%s", path);
	if (elem >= 0)
		snprintf(m->owner, sizeof(m->owner), "%s.%s[%d]", owner, f->name, elem);
	else
		snprintf(m->owner, sizeof(m->owner), "%s.%s", owner, f->name);
	m->field = f;
	return p->n++;
}

/* Is the struct what some event's argument points to? */
static bool handed_over(const struct catalog *c, uint32_t index)
{
	for (uint32_t i = 0; i < c->nr_events; i++)
		for (uint32_t k = 0; k < c->events[i].nr_args; k++)
			if (c->events[i].args[k].kind == CAT_POINTER &&
			    c->events[i].args[k].target == index)
				return true;
	return false;
}

static void read_struct(struct probe *p, const char *var, const char *path, uint32_t index,
                        int depth, bool all);

/* One field or argument: @expr is how C reads it. */
static void read_value(struct probe *p, const char *expr, const char *path, const char *owner,
                       const struct cat_field *f, int elem, int depth)
{
	uint32_t at = add(p, path, owner, f, elem);
	char var[16];

	indent(p, depth + 1);
	switch (f->kind) {
	case CAT_CHARS:
	case CAT_STRING:
		fprintf(p->out, "user_str(r->f%u, sizeof(r->f%u), %s);\n", at, at, expr);
		break;
	case CAT_BYTES:
		fprintf(p->out, "__builtin_memcpy(r->f%u, %s, %u);\n", at, expr, f->size);
		break;
	case CAT_POINTER:
		snprintf(var, sizeof(var), "p%u", p->pointers++);
		fprintf(p->out, "%s %s = %s;\n", f->type, var, expr);
		indent(p, depth + 1);
		fprintf(p->out, "r->f%u = %s != 0;\n", at, var);
		indent(p, depth + 1);
		fprintf(p->out, "if (%s) {\n", var);
		read_struct(p, var, path, f->target, depth + 1,
		            depth == 0 || !handed_over(p->c, f->target));
		indent(p, depth + 1);
		fprintf(p->out, "}\n");
		break;
	case CAT_UINT:
	case CAT_SINT:
	case CAT_ENUM:
	case CAT_USERPTR:
		fprintf(p->out, "r->f%u = %s%s;\n", at, f->kind == CAT_USERPTR ? "(__u64)" : "",
		        expr);
		break;
	}
	indent(p, depth + 1);
	fprintf(p->out, "r->has%u |= 1ULL << %u;\n", at / 64, at % 64);
}

static void read_struct(struct probe *p, const char *var, const char *path, uint32_t index,
                        int depth, bool all)
{
	const struct cat_struct *s = &p->c->structs[index];
	uint32_t scalars = 0;

	for (uint32_t i = 0; i < s->nr_fields; i++) {
		const struct cat_field *f = &s->fields[i];
		char expr[128], longer[160];

		if (f->kind == CAT_POINTER && depth >= MAX_DEPTH)
			continue;
		/* Behind a pointer: the first fields, and pointers to what is reached in no other way. */
		if (!all &&
		    (f->kind == CAT_POINTER ? handed_over(p->c, f->target) : scalars >= HOP_FIELDS))
			continue;
		scalars += f->kind != CAT_POINTER;
		for (uint32_t e = 0; e < f->count; e++) {
			if (f->count > 1) {
				snprintf(expr, sizeof(expr), "%s->%s[%u]", var, f->name, e);
				snprintf(longer, sizeof(longer), "%s.%s[%u]", path, f->name, e);
			} else {
				snprintf(expr, sizeof(expr), "%s->%s", var, f->name);
				snprintf(longer, sizeof(longer), "%s.%s", path, f->name);
			}
			indent(p, depth + 1);
			fprintf(p->out, "if (user_field_exists(%s->%s)) {\n", var, f->name);
			read_value(p, expr, longer, s->name, f, f->count > 1 ? (int)e : -1,
			           depth + 1);
			indent(p, depth + 1);
			fprintf(p->out, "}\n");
		}
	}
}

static void row_member(FILE *out, uint32_t i, const struct cat_field *f)
{
	switch (f->kind) {
	case CAT_CHARS:
		fprintf(out, "\tchar f%u[%u];\n", i, f->size);
		break;
	case CAT_STRING:
		fprintf(out, "\tchar f%u[128];\n", i);
		break;
	case CAT_BYTES:
		fprintf(out, "\t__u8 f%u[%u];\n", i, f->size);
		break;
	case CAT_SINT:
		fprintf(out, "\t__s%u f%u;\n", f->size * 8, i);
		break;
	case CAT_UINT:
	case CAT_ENUM:
		fprintf(out, "\t__u%u f%u;\n", f->size * 8, i);
		break;
	case CAT_POINTER:
		fprintf(out, "\t__u8 f%u;\n", i);
		break;
	case CAT_USERPTR:
		fprintf(out, "\t__u64 f%u;\n", i);
		break;
	}
}

static FILE *create(const char *dir, const char *name)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (!f) {
		fprintf(stderr, "gen: %s: %s\n", path, strerror(errno));
		exit(1);
	}
	return f;
}

static void head(FILE *f)
{
	fprintf(f,
	        "/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */\n/* Made by tests/matrix/gen.c. */\n"
	        "#include <abide/linux.h>\n#include <abide/program.h>\n\nstruct row {\n");
}

static const char tail[] = "\nLICENSE(\"GPL\");\n";

/* @numbered: parameters arg0, arg1, ...: a system call may call its own "ctx" or "r". */
static void signature(FILE *f, const char *event, const char *name, const struct cat_event *e,
                      bool numbered)
{
	fprintf(f, "SEC(\"tp_user/%s\")\nint BPF_PROG(%s", event, name);
	for (uint32_t i = 0; i < e->nr_args; i++) {
		const char *type = e->args[i].type;

		fprintf(f, ", %s%s", type, type[strlen(type) - 1] == '*' ? "" : " ");
		if (numbered)
			fprintf(f, "arg%u", i);
		else
			fputs(e->args[i].name, f);
	}
	fprintf(f, ")\n{\n");
}

/* The program that reads the first @nr_args arguments; what it reads is left in @p. */
static void probe_variant(struct probe *p, uint32_t nr_args, const char *dir)
{
	const struct cat_event *e = p->event;
	char name[128];
	FILE *f;

	p->out = open_memstream(&p->body, &p->body_size);
	if (!p->out)
		abort();
	for (uint32_t i = 0; i < nr_args; i++)
		read_value(p, e->args[i].name, e->args[i].name, e->name, &e->args[i], -1, 0);
	fclose(p->out);

	snprintf(name, sizeof(name), "%s-%u.bpf.c", e->name, nr_args);
	f = create(dir, name);
	head(f);
	for (uint32_t i = 0; i <= p->n / 64; i++)
		fprintf(f, "\t__u64 has%u;\n", i);
	for (uint32_t i = 0; i < p->n; i++)
		row_member(f, i, p->members[i].field);
	fprintf(f,
	        "} __attribute__((aligned(8)));\n\nEVENTS(rows, struct row, \"every field of %s\");\n\n",
	        e->name);
	signature(f, e->name, "probe", e, false);
	fprintf(f,
	        "\tstruct row *r = event_reserve(&rows);\n\n\tif (!r)\n\t\treturn 0;\n"
	        /* volatile: clang would call memset, which an eBPF program cannot. */
	        "\tfor (int i = 0; i < (int)(sizeof(*r) / 8); i++)\n\t\t((volatile __u64 *)r)[i] = 0;\n");
	fprintf(f, "%s\tevent_submit(r);\n\treturn 0;\n}\n%s", p->body, tail);
	fclose(f);
}

static void probe_event(struct catalog *c, const struct cat_event *e, const char *dir, FILE *list)
{
	fprintf(list, "event %s", e->name);
	for (uint32_t i = 0; i < e->nr_args; i++)
		fprintf(list, " %s", e->args[i].name);
	fprintf(list, "\n");
	for (uint32_t n = 1; n <= e->nr_args; n++) {
		struct probe p = { .c = c, .event = e };

		probe_variant(&p, n, dir);
		for (uint32_t i = 0; i < p.n && n == e->nr_args; i++)
			fprintf(list, "field %s %u %s %s %s %u\n", e->name, i, p.members[i].path,
			        p.members[i].owner, kind_name(p.members[i].field),
			        p.members[i].field->size);
		free(p.members);
		free(p.body);
	}
}

/* The program of sys_enter:NAME or sys_exit:NAME: which, the arguments or the result. */
static void syscall_program(FILE *f, struct catalog *c, const char *when, const char *name,
                            uint32_t number)
{
	char event[128], program[128];
	const struct cat_event *e;

	snprintf(event, sizeof(event), "%s:%s", when, name);
	e = catalog_event(c, event);
	if (!e) {
		fprintf(stderr, "gen: the catalog has no event %s\n", event);
		exit(1);
	}
	snprintf(program, sizeof(program), "%s_%s", when, name);
	signature(f, event, program, e, true);
	fprintf(f,
	        "\tstruct row *r = event_reserve(&rows);\n\n\tif (!r)\n\t\treturn 0;\n"
	        "\tr->number = %u;\n\tr->exits = %d;\n"
	        "\tr->a0 = r->a1 = r->a2 = r->a3 = r->a4 = r->a5 = 0;\n",
	        number, !strcmp(when, "sys_exit"));
	for (uint32_t i = 0; i < e->nr_args && i < 6; i++)
		fprintf(f, "\tr->a%u = (__u64)arg%u;\n", i, i);
	fprintf(f, "\tevent_submit(r);\n\treturn 0;\n}\n\n");
}

static void probe_syscalls(struct catalog *c, const char *dir, FILE *list)
{
	uint32_t n;
	const struct cat_syscall *all = catalog_syscalls(c, &n);
	FILE *f = NULL;
	char name[64];

	for (uint32_t i = 0; i < n; i++) {
		if (i % (PROGRAMS_PER_OBJECT / 2) == 0) {
			if (f) {
				fputs(tail, f);
				fclose(f);
			}
			snprintf(name, sizeof(name), "syscalls_%u", i / (PROGRAMS_PER_OBJECT / 2));
			fprintf(list, "syscalls %s\n", name);
			strcat(name, ".bpf.c");
			f = create(dir, name);
			name[strlen(name) - 6] = '\0';
			head(f);
			fprintf(f,
			        "\t__u32 number;\n\t__u32 exits;\n\t__u64 a0, a1, a2, a3, a4, a5;\n};\n\n"
			        "EVENTS(rows, struct row, \"arguments and results of system calls\");\n\n");
		}
		syscall_program(f, c, "sys_enter", all[i].name, i);
		syscall_program(f, c, "sys_exit", all[i].name, i);
		fprintf(list, "syscall %s %u %s %u\n", name, i, all[i].name, all[i].nr_args);
	}
	if (f) {
		fputs(tail, f);
		fclose(f);
	}
}

int main(int argc, char **argv)
{
	struct abide_error e = { 0 };
	struct catalog *c;
	FILE *list;

	if (argc != 2) {
		fprintf(stderr, "usage: gen DIRECTORY\n");
		return 2;
	}
	if (catalog_open_builtin(&c, &e)) {
		fprintf(stderr, "gen: %s\n%s\n", e.problem, e.reason);
		return 1;
	}
	list = create(argv[1], "list");
	for (uint32_t i = 0; i < c->nr_events; i++)
		probe_event(c, &c->events[i], argv[1], list);
	probe_syscalls(c, argv[1], list);
	if (fclose(list)) {
		fprintf(stderr, "gen: list: %s\n", strerror(errno));
		return 1;
	}
	catalog_free(c);
	return 0;
}
