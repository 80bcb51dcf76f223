/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * <abide/linux.h> from the kernel's catalog, or an application's header from its own. Out: fixed-width types, the few constants of the UAPI
 * that tracing programs name, stable enums, user-ized structs whose every offset and size
 * is asserted, and the events as comments. It needs no other header, so a program compiles
 * wherever clang does. People read it: lines are aligned and fit 100 columns.
 */
#include <stdio.h>
#include <string.h>

#include "catalog/header.h"
#include "catalog/parse.h"

#define WIDTH      100
#define DOC_COLUMN 48 /* where meanings begin */

static const char head[] =
	"/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */\n"
	"/*\n"
	" * <abide/linux.h>: the kernel as eBPF programs on user events see it. Generated from the\n"
	" * catalog: do not edit. Include it instead of vmlinux.h.\n"
	" *\n"
	" * Everything in here is an ABI. Offsets, sizes and values are the same for every kernel and\n"
	" * only grow at the end; abide translates each load to where the running kernel keeps the\n"
	" * field. Loading a program fails, and names the field, where a kernel lacks it, unless the\n"
	" * program asked user_field_exists(p->field) first.\n"
	" *\n"
	" * To use the kernel's own UAPI as well (struct __sk_buff), include <linux/bpf.h> before this.\n"
	" */\n"
	"#ifndef ABIDE_LINUX_H\n"
	"#define ABIDE_LINUX_H\n"
	"\n"
	"#ifdef __VMLINUX_H__\n"
	"#error \"include <abide/linux.h> instead of vmlinux.h, not with it\"\n"
	"#endif\n"
	"\n";

static const char types[] =
	"#if !defined(ABIDE_TYPES_H) && !defined(__VMLINUX_H__)\n"
	"#define ABIDE_TYPES_H\n"
	"typedef unsigned char __u8;\n"
	"typedef unsigned short __u16;\n"
	"typedef unsigned int __u32;\n"
	"typedef unsigned long long __u64;\n"
	"typedef signed char __s8;\n"
	"typedef short __s16;\n"
	"typedef int __s32;\n"
	"typedef long long __s64;\n"
	"\n"
	"/* big-endian in memory: bpf_ntohs() and bpf_ntohl() of <bpf/bpf_endian.h> */\n"
	"typedef __u16 __be16;\n"
	"typedef __u32 __be32;\n"
	"typedef __u64 __be64;\n"
	"typedef __u32 __wsum;\n"
	"\n"
	"typedef __u8 u8;\n"
	"typedef __u16 u16;\n"
	"typedef __u32 u32;\n"
	"typedef __u64 u64;\n"
	"typedef __s8 s8;\n"
	"typedef __s16 s16;\n"
	"typedef __s32 s32;\n"
	"typedef __s64 s64;\n"
	"\n"
	"#if !defined(__bool_true_false_are_defined) && __STDC_VERSION__ < 202311L\n"
	"typedef _Bool bool;\n"
	"enum { false, true };\n"
	"#endif\n"
	"\n"
	"#ifndef NULL\n"
	"#define NULL ((void *)0)\n"
	"#endif\n"
	"\n"
	"#if !defined(__LINUX_BPF_H__) && !defined(_UAPI__LINUX_BPF_H__)\n"
	"/* From the kernel's include/uapi/linux/bpf.h, as far as tracing programs name it. */\n"
	"enum bpf_map_type {\n"
	"	BPF_MAP_TYPE_HASH = 1,\n"
	"	BPF_MAP_TYPE_ARRAY = 2,\n"
	"	BPF_MAP_TYPE_PROG_ARRAY = 3,\n"
	"	BPF_MAP_TYPE_PERF_EVENT_ARRAY = 4,\n"
	"	BPF_MAP_TYPE_PERCPU_HASH = 5,\n"
	"	BPF_MAP_TYPE_PERCPU_ARRAY = 6,\n"
	"	BPF_MAP_TYPE_STACK_TRACE = 7,\n"
	"	BPF_MAP_TYPE_CGROUP_ARRAY = 8,\n"
	"	BPF_MAP_TYPE_LRU_HASH = 9,\n"
	"	BPF_MAP_TYPE_LRU_PERCPU_HASH = 10,\n"
	"	BPF_MAP_TYPE_LPM_TRIE = 11,\n"
	"	BPF_MAP_TYPE_ARRAY_OF_MAPS = 12,\n"
	"	BPF_MAP_TYPE_HASH_OF_MAPS = 13,\n"
	"	BPF_MAP_TYPE_QUEUE = 22,\n"
	"	BPF_MAP_TYPE_STACK = 23,\n"
	"	BPF_MAP_TYPE_RINGBUF = 27,\n"
	"	BPF_MAP_TYPE_BLOOM_FILTER = 30,\n"
	"};\n"
	"\n"
	"enum { /* flags of maps */\n"
	"	BPF_F_NO_PREALLOC = 1,\n"
	"	BPF_F_NO_COMMON_LRU = 2,\n"
	"	BPF_F_RDONLY_PROG = 128,\n"
	"	BPF_F_MMAPABLE = 1024,\n"
	"};\n"
	"\n"
	"enum { /* bpf_map_update_elem() */\n"
	"	BPF_ANY = 0,\n"
	"	BPF_NOEXIST = 1,\n"
	"	BPF_EXIST = 2,\n"
	"};\n"
	"\n"
	"enum { /* bpf_get_stackid(), bpf_get_stack() */\n"
	"	BPF_F_USER_STACK = 256,\n"
	"	BPF_F_FAST_STACK_CMP = 512,\n"
	"	BPF_F_REUSE_STACKID = 1024,\n"
	"};\n"
	"\n"
	"enum { /* ring buffers */\n"
	"	BPF_RB_NO_WAKEUP = 1,\n"
	"	BPF_RB_FORCE_WAKEUP = 2,\n"
	"	BPF_RB_AVAIL_DATA = 0,\n"
	"	BPF_RB_RING_SIZE = 1,\n"
	"};\n"
	"\n"
	"#define BPF_F_INDEX_MASK 0xffffffffULL\n"
	"#define BPF_F_CURRENT_CPU BPF_F_INDEX_MASK /* bpf_perf_event_output() */\n"
	"#endif\n"
	"#endif\n"
	"\n";

static const char since[] =
	"/* Fields that came after version 1 say so, for messages about older catalogs. */\n"
	"#ifdef __has_attribute\n"
	"#if __has_attribute(btf_decl_tag)\n"
	"#define ABIDE_SINCE(n) __attribute__((btf_decl_tag(\"abide:since=\" #n)))\n"
	"#endif\n"
	"#endif\n"
	"#ifndef ABIDE_SINCE\n"
	"#define ABIDE_SINCE(n)\n"
	"#endif\n"
	"\n";

static const char record_push[] =
	"/* Each access leaves a record of its path, so that messages can name the field. */\n"
	"#if defined(__bpf__) && !defined(ABIDE_NO_PRESERVE_ACCESS_INDEX)\n"
	"#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)\n"
	"#endif\n"
	"\n";

static const char record_pop[] =
	"#if defined(__bpf__) && !defined(ABIDE_NO_PRESERVE_ACCESS_INDEX)\n"
	"#pragma clang attribute pop\n"
	"#endif\n"
	"\n";

static const char events_head[] =
	"/*\n"
	" * User events. In a program:\n"
	" *\n"
	" *	SEC(\"tp_user/NAME\")\n"
	" *	int BPF_PROG(my_function, ARGUMENTS)\n"
	" *\n";

static const char kernel_events[] =
	" * with the arguments below, all or the first few. For each system call there are also\n"
	" * sys_enter:CALL, with the call's own arguments, and sys_exit:CALL (s64 ret):\n"
	" * abide show sys_enter:openat\n"
	" *\n";

static const char app_head[] =
	" * Everything in here is an ABI. Offsets and sizes are those that the application promises;\n"
	" * abide translates each load to where the running application keeps the field. Loading a\n"
	" * program fails, and names the field, where an older build lacks it, unless the program\n"
	" * asked user_field_exists(p->field) first.\n"
	" */\n";

static const char app_events[] =
	" * with the arguments below, all or the first few. Any pointer may be NULL: a field that is\n"
	" * read through NULL is 0.\n"
	" *\n";

/* Columns of @text, tabs to multiples of 8, from @at on. */
static uint32_t columns(const char *text, uint32_t at)
{
	for (; *text; text++)
		at = *text == '\t' ? (at | 7) + 1 : at + 1;
	return at;
}

/* Words of @text up to WIDTH; each further line begins with @indent, its last column being @column. */
static void wrap(struct buf *b, const char *text, uint32_t at, const char *indent, uint32_t column,
                 uint32_t tail)
{
	const char *end;
	uint32_t n;

	for (; *text; text = end + (*end == ' ')) {
		end = strchrnul(text, ' ');
		n = (uint32_t)(end - text);
		if (at > column && at + 1 + n + (*end ? 0 : tail) > WIDTH) {
			buf_printf(b, "\n%s", indent);
			at = column;
		} else if (at > column) {
			buf_printf(b, " ");
			at++;
		}
		buf_printf(b, "%.*s", (int)n, text);
		at += n;
	}
}

/* @code and, from DOC_COLUMN on, its meaning as a comment. */
static void line(struct buf *b, const char *code, const char *doc)
{
	char indent[DOC_COLUMN + 4];
	uint32_t at = columns(code, 0);

	buf_printf(b, "%s", code);
	if (!*doc) {
		buf_printf(b, "\n");
		return;
	}
	do {
		buf_printf(b, " ");
		at++;
	} while (at < DOC_COLUMN);
	snprintf(indent, sizeof(indent), "\t\t\t\t\t\t * ");
	buf_printf(b, "/* ");
	wrap(b, doc, at > DOC_COLUMN ? at + 3 : DOC_COLUMN + 3, indent, DOC_COLUMN + 3, 3);
	buf_printf(b, " */\n");
}

static void write_enum(const struct cat_enum *en, struct buf *b)
{
	char code[128], text[320];
	uint32_t i;

	snprintf(text, sizeof(text), "%s; a value of the kernel's that is not listed becomes %u",
	         en->doc, en->other);
	buf_printf(b, "/* ");
	wrap(b, text, 3, " * ", 3, 3);
	buf_printf(b, " */\nenum %s {\n", en->name);
	for (i = 0; i < en->nr_values; i++) {
		snprintf(code, sizeof(code), "\t%s = %u,", en->values[i].name, en->values[i].value);
		if (en->values[i].since > 1)
			snprintf(text, sizeof(text), "%s (since %u)", en->values[i].doc,
			         en->values[i].since);
		else
			snprintf(text, sizeof(text), "%s", en->values[i].doc);
		line(b, code, text);
	}
	buf_printf(b, "};\n\n");
}

/* As C declares it: "struct sock_user *sk", "char comm[16]". */
static void declare(const struct cat_field *f, char *text, size_t size)
{
	bool pointer = f->type[strlen(f->type) - 1] == '*';
	int n = snprintf(text, size, "%s%s%s", f->type, pointer ? "" : " ", f->name);

	if (f->kind == CAT_CHARS || f->kind == CAT_BYTES)
		snprintf(text + n, size - (size_t)n, "[%u]", f->size);
	else if (f->count > 1)
		snprintf(text + n, size - (size_t)n, "[%u]", f->count);
}

/* Its meaning, if it has one, and what a program must know to use it. */
static void meaning(const struct cat_field *f, char *text, size_t size)
{
	bool null = f->nullable && !strstr(f->doc, "NULL");
	size_t n = (size_t)snprintf(text, size, "%s%s%s%s%s%s%s", f->doc, *f->unit ? " [" : "",
	                            f->unit, *f->unit ? "]" : "", null ? "; may be NULL" : "",
	                            f->kind == CAT_STRING ? "; read it with user_str()" : "",
	                            f->kind == CAT_USERPTR ? "; in the application's memory" : "");
	size_t cut = *f->doc ? 0 : *f->unit ? 1 : n ? 2 : 0; /* the space or "; " in front */

	memmove(text, text + cut, n < size ? n - cut + 1 : 0);
}

/* Bytes of the struct as C sees it: up to the next multiple of its alignment. */
static uint32_t size_in_c(const struct cat_struct *s)
{
	uint32_t i, most = 1;

	for (i = 0; i < s->nr_fields; i++)
		if (s->fields[i].kind != CAT_CHARS && s->fields[i].kind != CAT_BYTES &&
		    s->fields[i].size > most)
			most = s->fields[i].size;
	return (s->size + most - 1) / most * most;
}

static void pad(struct buf *b, uint32_t from, uint32_t to)
{
	char code[64];

	if (from == to)
		return;
	snprintf(code, sizeof(code), "\t__u8 __pad_%u[%u];", from, to - from);
	line(b, code, "not in use yet");
}

static void write_struct(const struct cat_struct *s, struct buf *b)
{
	char decl[192], code[256], text[400];
	uint32_t i, end = 0;

	buf_printf(b, "/* ");
	wrap(b, s->doc, 3, " * ", 3, 3);
	buf_printf(b, " */\nstruct %s {\n", s->name);
	for (i = 0; i < s->nr_fields; i++) {
		const struct cat_field *f = &s->fields[i];

		pad(b, end, f->offset);
		declare(f, decl, sizeof(decl));
		if (f->since > 1)
			snprintf(code, sizeof(code), "\t%s ABIDE_SINCE(%u);", decl, f->since);
		else
			snprintf(code, sizeof(code), "\t%s;", decl);
		meaning(f, text, sizeof(text));
		line(b, code, text);
		end = f->offset + f->size * f->count;
	}
	pad(b, end, size_in_c(s));
	buf_printf(b, "};\n\n");
}

static void assert_struct(const struct cat_struct *s, struct buf *b)
{
	uint32_t i;

	for (i = 0; i < s->nr_fields; i++) {
		const struct cat_field *f = &s->fields[i];

		buf_printf(b, "ABIDE_FIELD(%s, %s, %u, %u);\n", s->name, f->name, f->offset,
		           f->size * f->count);
	}
	buf_printf(b, "_Static_assert(sizeof(struct %s) == %u, \"ABI: size of struct %s\");\n\n",
	           s->name, size_in_c(s), s->name);
}

static void write_asserts(const struct catalog *c, struct buf *b)
{
	uint32_t i;

	buf_printf(b,
	           "/* The layout, as it was promised. */\n"
	           "#define ABIDE_FIELD(type, field, offset, size)\t\t\t\t\t\\\n"
	           "	_Static_assert(__builtin_offsetof(struct type, field) == (offset) &&\t\t\\\n"
	           "			       sizeof(((struct type *)0)->field) == (size),\t\t\\\n"
	           "		       \"ABI: layout of struct \" #type \".\" #field)\n\n");
	for (i = 0; i < c->nr_structs; i++)
		assert_struct(&c->structs[i], b);
	buf_printf(b, "#undef ABIDE_FIELD\n\n");
}

/* The arguments as BPF_PROG() takes them, then what each means. */
static void write_event(const struct cat_event *ev, struct buf *b)
{
	char text[400], decl[192];
	uint32_t i, at;

	buf_printf(b, " * %s%s", ev->name, *ev->doc ? ":" : "");
	wrap(b, ev->doc, 4 + (uint32_t)strlen(ev->name), " *   ", 5, 0);
	buf_printf(b, "\n *\n *	");
	for (at = 8, i = 0; i < ev->nr_args; i++) {
		declare(&ev->args[i], decl, sizeof(decl));
		if (i && at + strlen(decl) + 3 > WIDTH) {
			buf_printf(b, ",\n *	");
			at = 8;
		} else if (i) {
			buf_printf(b, ", ");
			at += 2;
		}
		buf_printf(b, "%s", decl);
		at += (uint32_t)strlen(decl);
	}
	buf_printf(b, "\n *\n");
	for (i = 0; i < ev->nr_args; i++) {
		meaning(&ev->args[i], text, sizeof(text));
		if (ev->args[i].since > ev->since)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), " (since %u)",
			         ev->args[i].since);
		if (!*text)
			continue; /* the declaration says it all */
		buf_printf(b, " *	    %-11s ", ev->args[i].name);
		wrap(b, text, 24, " *			", 24, 0);
		buf_printf(b, "\n");
	}
	buf_printf(b, " *\n");
}

static const char stamp[] =
	"#ifdef __bpf__\n"
	"/* So that an older abide can say what it lacks. */\n"
	"static const __u32 abide_catalog_version __attribute__((section(\"abide.catalog\"), used)) =\n"
	"	ABIDE_CATALOG_VERSION;\n"
	"#endif\n\n";

static void write_structs(const struct catalog *c, struct buf *out)
{
	uint32_t i;

	for (i = 0; i < c->nr_enums; i++)
		write_enum(&c->enums[i], out);
	for (i = 0; i < c->nr_structs; i++)
		buf_printf(out, "struct %s;\n", c->structs[i].name);
	buf_printf(out, "\n%s", record_push);
	for (i = 0; i < c->nr_structs; i++)
		write_struct(&c->structs[i], out);
	buf_printf(out, "%s", record_pop);
	write_asserts(c, out);
}

int header_write(const struct catalog *c, struct buf *out, struct abide_error *e)
{
	uint32_t i;

	buf_printf(out, "%s#define ABIDE_CATALOG_VERSION %u\n\n%s%s", head, c->version, types,
	           since);
	write_structs(c, out);
	buf_printf(out, "%s%s", events_head, kernel_events);
	for (i = 0; i < c->nr_events; i++)
		write_event(&c->events[i], out);
	buf_printf(out, " */\n\n%s#endif\n", stamp);
	return out->failed ? error_nomem(e) : 0;
}

/* "ABIDE_APP_MYDB_H" of "mydb": a C name of its letters and digits. */
static void guard_of(const char *name, char *guard, size_t size)
{
	size_t n = (size_t)snprintf(guard, size, "ABIDE_APP_");

	for (; *name && n + 3 < size; name++)
		guard[n++] = *name >= 'a' && *name <= 'z' ? (char)(*name - 'a' + 'A')
		             : is_name_part(*name, false) ? *name
		                                          : '_';
	snprintf(guard + n, size - n, "_H");
}

/* A file's or a process's name as a comment can have it. */
static void printable_of(const char *name, char *text, size_t size)
{
	size_t n;

	for (n = 0; name[n] && n + 1 < size; n++)
		text[n] = is_name_part(name[n], false) || strchr(".+-", name[n]) ? name[n] : '?';
	text[n] = '\0';
}

int header_write_application(const struct catalog *c, const char *name, struct buf *out,
                             struct abide_error *e)
{
	char guard[96], text[96];
	uint32_t i;

	printable_of(name, text, sizeof(text));

	guard_of(name, guard, sizeof(guard));
	buf_printf(out,
	           "/*\n"
	           " * The user events of %s as eBPF programs see them. Generated by abide header:\n"
	           " * do not edit.\n"
	           " *\n"
	           "%s#ifndef %s\n#define %s\n\n%s%s",
	           text, app_head, guard, guard, types, since);
	write_structs(c, out);
	buf_printf(out, "%s%s", events_head, app_events);
	for (i = 0; i < c->nr_events; i++)
		write_event(&c->events[i], out);
	buf_printf(out, " */\n\n#endif\n");
	return out->failed ? error_nomem(e) : 0;
}
