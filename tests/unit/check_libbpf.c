/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * check's CO-RE against libbpf's own. libbpf relocates each program of the given objects
 * for each BTF file of $ABIDE_BTF_DIR (or the running kernel's) and hands it to a handler
 * of ours just before it would load it, which keeps the instructions and refuses. Every
 * instruction that has a record must be what check says. Needs bpf(2), because libbpf makes
 * the maps first; without it the test is skipped.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyze/insn.h"
#include "check/core.h"
#include "check/flow.h"

#define POISON 195896080 /* imm of the call that libbpf puts in the place of what it cannot resolve */

static struct bpf_insn *kept;
static size_t nr_kept;
static unsigned nr, bad;

static int keep(struct bpf_program *p, struct bpf_prog_load_opts *opts, long cookie)
{
	(void)opts, (void)cookie;
	nr_kept = bpf_program__insn_cnt(p);
	kept = calloc(nr_kept, sizeof(*kept));
	if (kept)
		memcpy(kept, bpf_program__insns(p), nr_kept * sizeof(*kept));
	return -ECANCELED;
}

static int silent(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (getenv("ABIDE_VERBOSE"))
		return vfprintf(stderr, fmt, ap);
	(void)level;
	return 0;
}

/* True when libbpf got as far as loading @name of @path. */
static bool relocate(const char *path, const char *name, const char *btf)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .btf_custom_path = btf);
	struct bpf_object *o = bpf_object__open_file(path, &opts);
	struct bpf_program *p;

	free(kept);
	kept = NULL;
	nr_kept = 0;
	if (!o)
		return false;
	bpf_object__for_each_program(p, o)
		bpf_program__set_autoload(p, !strcmp(bpf_program__name(p), name));
	bpf_object__load(o);
	bpf_object__close(o);
	return kept != NULL;
}

static const struct core_result *results;
static const struct function *subject;

static const struct core_result *core(void *arg, const struct function *f, uint32_t insn)
{
	const struct core_relo *r = function_core_relo(f, insn);

	(void)arg;
	return r ? &results[r - subject->core_relos] : NULL;
}

static const char *differs(const struct function *f, const struct core_relo *r, const struct core_result *c)
{
	struct flow_rules rules = { .core = core };
	struct flow_insn x = flow_fetch(f, r->insn, &rules);
	const struct bpf_insn *i = &kept[r->insn];
	bool memory = insn_is_load(&x.i) || insn_is_store(&x.i), poison = i->code == (BPF_JMP | BPF_CALL) && i->imm >= POISON;

	if (c->state == CORE_ERROR)
		return "check says that libbpf refuses the object";
	if ((c->state == CORE_POISON || (memory && c->bad_width)) != poison)
		return poison ? "libbpf poisons it" : "check says that libbpf poisons it";
	if (poison)
		return NULL;
	if (memory)
		return i->off == x.i.off && i->code == x.i.code ? NULL : "another load";
	if (insn_is_ld_imm64(i))
		return ((uint32_t)i->imm | (uint64_t)(uint32_t)i[1].imm << 32) == (uint64_t)x.wide ? NULL : "another number";
	return i->imm == x.i.imm && i->code == x.i.code ? NULL : "another number";
}

static void compare(const struct object *o, const struct function *f, struct check_kernel *k, const char *path,
		    const char *btf)
{
	struct core_result *all = calloc(f->nr_core_relos + 1, sizeof(*all));
	struct core_cache cache = { 0 };
	struct abide_error e = { 0 };
	const char *why = NULL;
	bool error = false;
	uint32_t r;

	for (r = 0; all && r < f->nr_core_relos; r++) {
		if (core_resolve(k, o->btf, &f->core_relos[r], &cache, &all[r], &e))
			why = e.problem;
		error |= all[r].state == CORE_ERROR;
	}
	results = all;
	subject = f;
	if (relocate(path, f->name, btf) == error)
		why = error ? "libbpf relocates what check says it refuses" : "libbpf refuses to relocate";
	nr++;
	for (r = 0; kept && !why && r < f->nr_core_relos; r++) {
		if (f->core_relos[r].insn >= nr_kept)
			continue;
		why = differs(f, &f->core_relos[r], &all[r]);
		if (why) {
			char text[96];

			printf("# record %u, instruction %u, %s: state %d, %llu, %s\n", r, f->core_relos[r].insn, all[r].what,
			       all[r].state, (unsigned long long)all[r].value, all[r].why);
			snprintf(text, sizeof(text), "libbpf: code %02x off %d imm %d", kept[f->core_relos[r].insn].code,
				 kept[f->core_relos[r].insn].off, kept[f->core_relos[r].insn].imm);
			printf("# %s\n", text);
		}
	}
	printf("%sok %u - %s as libbpf has it on %s (%u records)\n", why ? "not " : "", nr, f->name, check_kernel_name(k),
	       f->nr_core_relos);
	if (why)
		printf("# %s\n", why);
	bad += why != NULL;
	core_cache_free(&cache);
	free(all);
}

static void one_kernel(const char *path, const char *name, char **objects, int n)
{
	struct btf_data *b = NULL;
	struct check_kernel *k = NULL;
	struct abide_error e = { 0 };
	struct object *o;
	uint32_t i;
	int j;

	if (btf_open_file(path, &b, &e) || check_kernel_open(b, name, &k, &e)) {
		printf("not ok %u - %s: %s\n", ++nr, path, e.problem);
		bad++;
	}
	/* libbpf shifts bit-fields by the byte order that it was itself built for */
	for (j = 0; k && !btf_other_endian(b) && j < n; j++) {
		o = NULL;
		if (object_open_file(objects[j], &o, &e)) {
			printf("not ok %u - %s: %s\n", ++nr, objects[j], e.problem);
			bad++;
		}
		for (i = 0; o && i < o->nr_functions; i++)
			if (!o->functions[i].subprogram && o->functions[i].nr_core_relos)
				compare(o, &o->functions[i], k, objects[j], path);
		object_free(o);
	}
	check_kernel_free(k);
	btf_free(b);
}

static bool may_bpf(void)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "check", 4, 4, 1, NULL);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

int main(int argc, char **argv)
{
	static const char *const sections[] = { "abicore+", "tp_btf+", "raw_tp+", "kprobe+", "kretprobe+", "fentry+",
						"fexit+", "tracepoint+", "tp+", "lsm+", "iter+", "perf_event", "socket" };
	LIBBPF_OPTS(libbpf_prog_handler_opts, opts, .prog_prepare_load_fn = keep);
	const char *dir = getenv("ABIDE_BTF_DIR");
	struct dirent *d;
	char path[512], own[512], *sample = own;
	DIR *list;
	size_t i;

	if (!may_bpf()) {
		printf("ok 1 - CO-RE against libbpf # SKIP bpf(2) is refused here\n1..1\n");
		return 0;
	}
	/* without arguments: the sample that was built beside it */
	snprintf(own, sizeof(own), "%.*scheck_core.bpf.o", (int)(strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 - argv[0] : 0),
		 argv[0]);
	if (argc > 1)
		argv++, argc--;
	else
		argv = &sample;
	libbpf_set_print(silent);
	for (i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		libbpf_register_prog_handler(sections[i], BPF_PROG_TYPE_SOCKET_FILTER, 0, &opts);
	list = dir ? opendir(dir) : NULL;
	while (list && (d = readdir(list))) {
		size_t n = strlen(d->d_name);

		if (n < 5 || strcmp(d->d_name + n - 4, ".btf"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, d->d_name);
		one_kernel(path, d->d_name, argv, argc);
	}
	if (list)
		closedir(list);
	else if (!access("/sys/kernel/btf/vmlinux", R_OK))
		one_kernel("/sys/kernel/btf/vmlinux", "the running kernel", argv, argc);
	if (!nr)
		printf("ok %u - CO-RE against libbpf # SKIP no kernel's BTF to be had\n", ++nr);
	printf("1..%u\n", nr);
	free(kept);
	return bad != 0;
}
