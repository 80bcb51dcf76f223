/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The object reader on what clang compiled, and on what it must refuse. */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "object_test.h"

static struct object *open_object(const char *dir, const char *name)
{
	struct abide_error e = { 0 };
	struct object *o = NULL;
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	check(!object_open_file(path, &o, &e), "%s opens %s", name, e.problem);
	return o;
}

static const struct function *find_function(const struct object *o, const char *name)
{
	uint32_t i;

	for (i = 0; i < o->nr_functions; i++)
		if (!strcmp(o->functions[i].name, name))
			return &o->functions[i];
	return NULL;
}

static const struct map_def *find_map(const struct object *o, const char *name)
{
	uint32_t i;

	for (i = 0; i < o->nr_maps; i++)
		if (!strcmp(o->maps[i].name, name))
			return &o->maps[i];
	return NULL;
}

/* "counts outer first.inner" of relocations, in order, as text: "map:counts call:local_function". */
static const char *reloc_text(const struct object *o, const struct function *f, char *buf,
                              size_t size)
{
	static const char *const kinds[] = {
		[RELOC_MAP] = "map",   [RELOC_DATA] = "data",     [RELOC_CALL] = "call",
		[RELOC_FUNC] = "func", [RELOC_EXTERN] = "extern", [RELOC_FILTER] = "filter",
	};
	size_t n = 0;
	uint32_t i;

	buf[0] = '\0';
	for (i = 0; i < f->nr_relocs && n < size; i++) {
		const struct reloc *r = &f->relocs[i];
		const char *what = r->kind == RELOC_MAP || r->kind == RELOC_DATA
		                           ? o->maps[r->target].name
		                   : r->kind == RELOC_EXTERN ? o->symbols[r->symbol].name
		                                             : o->functions[r->target].name;

		n += snprintf(buf + n, size - n, "%s%s:%s", i ? " " : "", kinds[r->kind], what);
		if (r->kind == RELOC_DATA && n < size)
			n += snprintf(buf + n, size - n, "+%d", (int)r->addend);
	}
	return buf;
}

static void test_maps(const struct object *o)
{
	const struct map_def *m = find_map(o, "counts");
	struct btf_info t;

	if (!check(m && m->source == MAP_BTF && m->type == BPF_MAP_TYPE_HASH && m->key_size == 4 &&
	                   m->value_size == 16 && m->max_entries == 1024 &&
	                   m->flags == BPF_F_NO_PREALLOC && m->pinning == 1 && m->inner == -1,
	           "a hash map's definition"))
		return;
	check(btf_get(o->btf, m->value_type, &t) && !strcmp(t.name, "value"),
	      "the type of its values");
	check(btf_get(o->btf, m->var_type, &t) && !strcmp(t.name, "counts"), "its variable");
	m = find_map(o, "ring");
	check(m && m->type == BPF_MAP_TYPE_RINGBUF && m->max_entries == 65536 && !m->key_size,
	      "a ring");
	m = find_map(o, "outer");
	if (check(m && m->type == BPF_MAP_TYPE_ARRAY_OF_MAPS && m->value_size == 4 && m->inner > 0,
	          "a map of maps")) {
		m = &o->maps[m->inner];
		check(!strcmp(m->name, "outer.inner") && m->max_entries == 7 &&
		              m->value_size == 8 && !m->var_type,
		      "the definition of its inner map");
	}
	m = find_map(o, ".rodata");
	check(m && m->source == MAP_RODATA && m->value_size >= 8 &&
	              m->flags == (BPF_F_RDONLY_PROG | BPF_F_MMAPABLE) && m->data &&
	              m->max_entries == 1 && m->value_type,
	      "constants");
	m = find_map(o, ".data");
	check(m && m->source == MAP_DATA && m->value_size == 8 && m->data &&
	              m->data[0] + m->data[4] == 3 + 4,
	      "variables with their first values");
	m = find_map(o, ".data.mine");
	check(m && m->source == MAP_DATA && m->value_size == 16 && m->data && m->data[8] == 2,
	      "a section of one's own");
	m = find_map(o, ".bss");
	check(m && m->source == MAP_BSS && m->value_size == 8 && !m->data, "zeros");
}

static void test_functions(const struct object *o)
{
	const struct function *f = find_function(o, "calls");
	struct btf_info t;
	const char *source;
	char text[512];
	uint32_t i;

	if (!check(f && find_function(o, "loops") && find_function(o, "local_function") &&
	                   find_function(o, "optional"),
	           "the functions are there"))
		return;
	check(!f->subprogram && f->global && !strcmp(f->section_name, "raw_tp/sched_switch"),
	      "a program");
	check(btf_get(o->btf, f->btf_id, &t) && t.kind == 12 && !strcmp(t.name, "calls"),
	      "its type");
	check_str(
		reloc_text(o, f, text, sizeof(text)),
		"data:.rodata+0 map:counts call:local_function map:counts data:.bss+0 call:global_function",
		"what its instructions refer to");
	check_u64(f->nr_core_relos, 1, "its CO-RE records");
	check(function_core_relo(f, f->core_relos[0].insn) == f->core_relos &&
	              !function_core_relo(f, f->core_relos[0].insn + 1) &&
	              btf_get(o->btf, f->core_relos[0].type_id, &t) &&
	              !strcmp(t.name, "task_struct") &&
	              !strcmp(btf_string(o->btf, f->core_relos[0].access_off), "0:1"),
	      "such a record");
	check(function_reloc(f, f->relocs[1].insn) == &f->relocs[1] &&
	              !function_reloc(f, f->relocs[1].insn + 1),
	      "relocations by instruction");
	check(f->nr_lines > 3 && !f->lines[0].insn && function_line(f, f->nr_insns - 1),
	      "its lines");
	for (i = 1; i < f->nr_lines; i++)
		if (f->lines[i].insn <= f->lines[i - 1].insn)
			check(false, "lines are sorted");
	check_str(function_where(o, f, 0, text, sizeof(text), &source), "object_sample.bpf.c:74",
	          "where it begins");
	check_str(source, "struct task_struct *prev = (void *)ctx[1];", "the source there");
	f = find_function(o, "loops");
	check_str(reloc_text(o, f, text, sizeof(text)), "func:callback",
	          "the address of a function");
	check(f->first > 0 && f->insns == find_function(o, "calls")->insns + f->first,
	      "two programs share a section");
	f = find_function(o, "local_function");
	check(f->subprogram && !f->global, "a static function");
	check_str(reloc_text(o, f, text, sizeof(text)), "data:.data+4 data:.rodata+4 data:.data+0",
	          "static variables are offsets into their section");
	f = find_function(o, "global_function");
	check(f->subprogram && f->global, "a global function");
	check_str(reloc_text(o, f, text, sizeof(text)), "call:local_function data:.data.mine+0",
	          "a call within one section");
}

static void expect(const struct buf *b, size_t size, const char *tag, const char *what)
{
	struct abide_error e = { 0 };
	struct object *o;

	if (!object_open_mem(b->data, size, "test.o", &o, &e)) {
		object_free(o);
		check(false, "%s is refused", what);
		return;
	}
	if (!check(!strcmp(e.tag, tag) && e.code < 0 && strstr(e.problem, "test.o"),
	           "%s is refused: %s", what, e.problem))
		printf("# tag %s, expected %s\n", e.tag, tag);
}

/* @b with the bytes at @at replaced. */
static void expect_patched(const struct buf *b, size_t at, const void *p, size_t n, const char *tag,
                           const char *what)
{
	struct buf copy = { 0 };

	buf_add(&copy, b->data, b->size);
	memcpy(copy.data + at, p, n);
	expect(&copy, copy.size, tag, what);
	buf_free(&copy);
}

static void test_refusals(const char *dir)
{
	struct buf sample, other, text = { 0 };
	uint16_t half;
	uint64_t word;
	char path[512];

	snprintf(path, sizeof(path), "%s/object_sample.bpf.o", dir);
	sample = read_file(path);
	if (!sample.data)
		return;
	expect(&sample, 0, "elf-empty", "an empty file");
	buf_printf(&text, "#!/bin/sh\necho hello\n");
	expect(&text, text.size, "elf-magic", "a script");
	expect_patched(&sample, 0, "BC\xc0\xde", 4, "elf-magic", "LLVM bitcode");
	expect_patched(&sample, EI_CLASS, &(uint8_t){ ELFCLASS32 }, 1, "elf-class",
	               "a 32-bit object");
	half = ET_EXEC;
	expect_patched(&sample, offsetof(Elf64_Ehdr, e_type), &half, 2, "elf-type",
	               "an executable of eBPF");
	half = EM_AARCH64;
	expect_patched(&sample, offsetof(Elf64_Ehdr, e_machine), &half, 2, "elf-machine",
	               "an object for arm64");
	half = 0xffff;
	expect_patched(&sample, offsetof(Elf64_Ehdr, e_shstrndx) - 2, &half, 2, "elf-truncated",
	               "65535 sections");
	word = sample.size + 1;
	expect_patched(&sample, offsetof(Elf64_Ehdr, e_shoff), &word, 8, "elf-sections",
	               "sections behind the end");
	other = read_file("/proc/self/exe");
	expect(&other, other.size, "elf-machine", "this program");
	buf_free(&other);
	snprintf(path, sizeof(path), "%s/object_sample.bpfeb.o", dir);
	other = read_file(path);
	expect(&other, other.size, "elf-endian", "a big-endian object");
	buf_free(&other);
	snprintf(path, sizeof(path), "%s/object_legacy.bpf.o", dir);
	other = read_file(path);
	expect(&other, other.size, "elf-legacy-maps", "a map from before BTF");
	buf_free(&other);
	buf_free(&text);
	buf_free(&sample);
}

/* The section headers are at the end, so every shorter file is refused. */
static void test_cuts(const char *dir)
{
	struct buf sample;
	char path[512];
	size_t n;

	snprintf(path, sizeof(path), "%s/object_sample.bpf.o", dir);
	sample = read_file(path);
	for (n = 0; n < sample.size; n += n < 256 ? 1 : 61) {
		struct abide_error e = { 0 };
		struct object *o;

		if (!object_open_mem(sample.data, n, "cut.o", &o, &e)) {
			object_free(o);
			check(false, "the sample cut to %zu bytes is refused", n);
		} else if (!*e.tag || !*e.problem) {
			check(false, "the sample cut to %zu bytes is refused with a reason", n);
		}
	}
	check(sample.size > 0, "the sample is refused wherever it is cut");
	buf_free(&sample);
}

/* Each byte of the sample changed in turn: whatever comes of it, it is an object or a reason. */
static void test_flips(const char *dir)
{
	uint32_t opened = 0, refused = 0;
	struct buf sample;
	char path[512];
	size_t n;

	snprintf(path, sizeof(path), "%s/object_sample.bpf.o", dir);
	sample = read_file(path);
	for (n = 0; n < sample.size; n++) {
		struct abide_error e = { 0 };
		struct object *o;

		sample.data[n] ^= 0xff;
		if (!object_open_mem(sample.data, sample.size, "flip.o", &o, &e)) {
			object_free(o);
			opened++;
		} else {
			refused++;
			if (!*e.problem)
				check(false, "byte %zu: refused without a reason", n);
		}
		sample.data[n] ^= 0xff;
	}
	check(opened && refused, "with one byte changed, %u open and %u are refused", opened,
	      refused);
	buf_free(&sample);
}

void test_elf(const char *dir)
{
	struct object *o = open_object(dir, "object_sample.bpf.o");
	const struct function *f;
	const struct map_def *m;
	struct abide_error e = { 0 };
	char text[256];

	if (o) {
		check_str(o->license, "Dual BSD/GPL", "the license");
		test_maps(o);
		test_functions(o);
	}
	object_free(o);
	o = open_object(dir, "object_extern.bpf.o");
	if (o) {
		f = find_function(o, "externs");
		check_str(
			reloc_text(o, f, text, sizeof(text)),
			"extern:bpf_rcu_read_lock extern:CONFIG_BPF extern:LINUX_KERNEL_VERSION extern:bpf_prog_active",
			"externs");
		m = find_map(o, ".kconfig");
		check(m && m->source == MAP_KCONFIG && m->value_size == 5 &&
		              m->flags & BPF_F_RDONLY_PROG,
		      "the map of kconfig variables");
		check_u64(o->version, 0x50a00, "the version");
	}
	object_free(o);
	check(object_open_file("/nonexistent/x.o", &o, &e) == -ENOENT && !o &&
	              strstr(e.problem, "/nonexistent/x.o"),
	      "a file that is not there");
	check(object_open_file("/tmp", &o, &e) == -EINVAL && !strcmp(e.tag, "elf-file"),
	      "a directory");
	object_free(NULL);
	test_refusals(dir);
	test_cuts(dir);
	test_flips(dir);
}
