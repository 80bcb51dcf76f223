/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * <abide/linux.h> from a catalog. Out: fixed-width types, the few constants of the UAPI
 * that BPF programs name, stable enums, user-ized structs with every offset and size
 * asserted, and the events as comments. It needs no other header, so a program compiles
 * anywhere clang does.
 */
#include <string.h>

#include "catalog/header.h"

static const char head[] =
	"/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */\n"
	"/*\n"
	" * Generated from the catalog: do not edit. User-ized structs and stable enums for eBPF\n"
	" * programs on user events. Include it instead of vmlinux.h. Everything in here is an ABI:\n"
	" * offsets, sizes and values stay as they are on every kernel; abide translates each load to\n"
	" * where the running kernel keeps the field. A field that a kernel lacks makes loading fail with\n"
	" * its name unless the program asked user_field_exists(p->field) first.\n"
	" */\n"
	"#ifndef ABIDE_LINUX_H\n"
	"#define ABIDE_LINUX_H\n"
	"\n";

static const char types[] =
	"typedef unsigned char __u8;\n"
	"typedef unsigned short __u16;\n"
	"typedef unsigned int __u32;\n"
	"typedef unsigned long long __u64;\n"
	"typedef signed char __s8;\n"
	"typedef short __s16;\n"
	"typedef int __s32;\n"
	"typedef long long __s64;\n"
	"typedef __u16 __be16;\n"
	"typedef __u32 __be32;\n"
	"typedef __u64 __be64;\n"
	"typedef __u32 __wsum;\n"
	"typedef __u8 u8;\n"
	"typedef __u16 u16;\n"
	"typedef __u32 u32;\n"
	"typedef __u64 u64;\n"
	"typedef __s8 s8;\n"
	"typedef __s16 s16;\n"
	"typedef __s32 s32;\n"
	"typedef __s64 s64;\n"
	"typedef _Bool bool;\n"
	"enum { false, true };\n"
	"\n"
	"/* include/uapi/linux/bpf.h, as far as tracing programs name it */\n"
	"enum bpf_map_type {\n"
	"	BPF_MAP_TYPE_HASH = 1,\n"
	"	BPF_MAP_TYPE_ARRAY = 2,\n"
	"	BPF_MAP_TYPE_PROG_ARRAY = 3,\n"
	"	BPF_MAP_TYPE_PERF_EVENT_ARRAY = 4,\n"
	"	BPF_MAP_TYPE_PERCPU_HASH = 5,\n"
	"	BPF_MAP_TYPE_PERCPU_ARRAY = 6,\n"
	"	BPF_MAP_TYPE_STACK_TRACE = 7,\n"
	"	BPF_MAP_TYPE_LRU_HASH = 9,\n"
	"	BPF_MAP_TYPE_LRU_PERCPU_HASH = 10,\n"
	"	BPF_MAP_TYPE_LPM_TRIE = 11,\n"
	"	BPF_MAP_TYPE_ARRAY_OF_MAPS = 12,\n"
	"	BPF_MAP_TYPE_HASH_OF_MAPS = 13,\n"
	"	BPF_MAP_TYPE_QUEUE = 22,\n"
	"	BPF_MAP_TYPE_STACK = 23,\n"
	"	BPF_MAP_TYPE_RINGBUF = 27,\n"
	"};\n"
	"\n"
	"enum {\n"
	"	BPF_ANY = 0,\n"
	"	BPF_NOEXIST = 1,\n"
	"	BPF_EXIST = 2,\n"
	"	BPF_F_NO_PREALLOC = 1,\n"
	"	BPF_F_USER_STACK = 256,\n"
	"	BPF_RB_NO_WAKEUP = 1,\n"
	"	BPF_RB_FORCE_WAKEUP = 2,\n"
	"	BPF_RB_AVAIL_DATA = 0,\n"
	"};\n"
	"#define BPF_F_CURRENT_CPU 0xffffffffULL\n"
	"\n";

static void enums(const struct catalog *c, struct buf *b)
{
	uint32_t i, k;

	for (i = 0; i < c->nr_enums; i++) {
		const struct cat_enum *en = &c->enums[i];

		buf_printf(b, "/* %s; %u: any other */\nenum %s {\n", en->doc, en->other, en->name);
		for (k = 0; k < en->nr_values; k++)
			buf_printf(b, "	%s = %u, /* %s */\n", en->values[k].name, en->values[k].value,
				   en->values[k].doc);
		buf_printf(b, "};\n\n");
	}
}

static void declare(const struct cat_field *f, struct buf *b)
{
	size_t n = strlen(f->type);
	const char *space = f->type[n - 1] == '*' ? "" : " ";

	if (f->kind == CAT_CHARS || f->kind == CAT_BYTES)
		buf_printf(b, "%s %s[%u]", f->type, f->name, f->size);
	else if (f->count > 1)
		buf_printf(b, "%s %s[%u]", f->type, f->name, f->count);
	else
		buf_printf(b, "%s%s%s", f->type, space, f->name);
}

static void comment(const struct cat_field *f, struct buf *b)
{
	buf_printf(b, " /* %s%s%s%s%s */\n", f->doc, *f->unit ? ", " : "", f->unit,
		   f->nullable ? "; may be NULL" : "", f->kind == CAT_STRING ? "; read it with user_str()" : "");
}

static void one_struct(const struct cat_struct *s, struct buf *b)
{
	uint32_t i, end = 0, pads = 0;

	buf_printf(b, "/* %s */\nstruct %s {\n", s->doc, s->name);
	for (i = 0; i < s->nr_fields; i++) {
		const struct cat_field *f = &s->fields[i];

		if (f->offset > end)
			buf_printf(b, "	__u8 __pad%u[%u];\n", pads++, f->offset - end);
		buf_printf(b, "	");
		declare(f, b);
		if (f->since > 1)
			buf_printf(b, " ABIDE_SINCE(%u)", f->since);
		buf_printf(b, ";");
		comment(f, b);
		end = f->offset + f->size * f->count;
	}
	buf_printf(b, "};\n");
	for (i = 0; i < s->nr_fields; i++)
		buf_printf(b, "_Static_assert(__builtin_offsetof(struct %s, %s) == %u, \"ABI\");\n", s->name,
			   s->fields[i].name, s->fields[i].offset);
	buf_printf(b, "\n");
}

static void one_event(const struct cat_event *ev, struct buf *b)
{
	uint32_t i;

	buf_printf(b, " * tp_user/%s: %s\n *	(", ev->name, ev->doc);
	for (i = 0; i < ev->nr_args; i++) {
		if (i)
			buf_printf(b, ", ");
		declare(&ev->args[i], b);
	}
	buf_printf(b, ")\n");
	for (i = 0; i < ev->nr_args; i++) {
		buf_printf(b, " *	    %s: %s%s%s%s\n", ev->args[i].name, ev->args[i].doc, *ev->args[i].unit ? ", " : "",
			   ev->args[i].unit, ev->args[i].nullable ? "; may be NULL" : "");
	}
	buf_printf(b, " *\n");
}

int header_write(const struct catalog *c, struct buf *out, struct abide_error *e)
{
	uint32_t i;

	buf_printf(out, "%s#define ABIDE_CATALOG_VERSION %u\n\n%s", head, c->version, types);
	buf_printf(out, "#if defined(__has_attribute) && __has_attribute(btf_decl_tag)\n"
			"#define ABIDE_SINCE(n) __attribute__((btf_decl_tag(\"abide:since=\" #n)))\n"
			"#else\n#define ABIDE_SINCE(n)\n#endif\n\n");
	enums(c, out);
	for (i = 0; i < c->nr_structs; i++)
		buf_printf(out, "struct %s;\n", c->structs[i].name);
	buf_printf(out, "\n/* Each access leaves a record of its path, so that messages can name the field. */\n"
			"#if defined(__bpf__) && !defined(ABIDE_NO_PRESERVE_ACCESS_INDEX)\n"
			"#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)\n"
			"#endif\n\n");
	for (i = 0; i < c->nr_structs; i++)
		one_struct(&c->structs[i], out);
	buf_printf(out, "#if defined(__bpf__) && !defined(ABIDE_NO_PRESERVE_ACCESS_INDEX)\n"
			"#pragma clang attribute pop\n#endif\n\n"
			"/*\n * User events, as SEC(\"tp_user/NAME\") and the arguments of BPF_PROG(function, ...).\n *\n");
	for (i = 0; i < c->nr_events; i++)
		one_event(&c->events[i], out);
	buf_printf(out, " * tp_user/sys_enter:NAME and tp_user/sys_exit:NAME exist for each system call, with its own\n"
			" * arguments, or its result (s64 ret): abide show sys_enter:openat\n"
			" */\n\n"
			"#ifdef __bpf__\n"
			"/* So that an older abide can say what it lacks. */\n"
			"static const __u32 abide_catalog_version __attribute__((section(\"abide.catalog\"), used)) =\n"
			"	ABIDE_CATALOG_VERSION;\n"
			"#endif\n\n#endif\n");
	return out->failed ? error_nomem(e) : 0;
}
