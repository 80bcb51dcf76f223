/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Which helpers the running kernel lets programs of each kind call: for each section name
 * that check knows, a program of one call, with nothing in its arguments. It is refused,
 * whatever the helper; what the verifier says tells whether for the call or for the
 * arguments. On stdout, one line each:
 *
 *	@@ helpers SECTION NUMBER...
 *
 * Sections of which the kernel loads nothing at all are left out.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "truth.h"

#define MAX_HELPERS 256

static const struct section {
	const char *prefix, *type, *attach; /* the last two by the names that the kernel has for them */
} sections[] = {
#define SECTION(prefix, named, type, attach, ...) { prefix, "BPF_PROG_TYPE_" type, "BPF_" attach },
#include "check/sections.def"
#undef SECTION
};

static bool sleeps(const char *section)
{
	size_t n = strlen(section);

	return n > 2 && !strcmp(section + n - 2, ".s");
}

/* Something that each of the kernels has, where a name is wanted. */
static const char *target_of(int type, const char *section)
{
	switch (type) {
	case BPF_TRACE_RAW_TP:
		return "sched_switch";
	case BPF_TRACE_FENTRY:
	case BPF_TRACE_FEXIT:
		return sleeps(section) ? "__x64_sys_getpgid" : "vfs_read";
	case BPF_MODIFY_RETURN:
		return "__x64_sys_getpgid";
	case BPF_LSM_MAC:
		return "file_open";
	case BPF_LSM_CGROUP:
		return "socket_bind";
	case BPF_TRACE_ITER:
		return "task";
	default:
		return "";
	}
}

static bool may_call(enum bpf_prog_type type, struct bpf_prog_load_opts *o, int32_t helper, bool *loads)
{
	static const char *const refused[] = { "unknown func", "invalid func", "cannot use helper",
						"not supported for program type" };
	const struct bpf_insn code[] = {
		{ .code = BPF_JMP | BPF_CALL, .imm = helper },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	static char log[1 << 16];
	size_t i;
	int fd;

	log[0] = 0;
	o->log_buf = log;
	o->log_size = sizeof(log);
	o->log_level = 1;
	fd = bpf_prog_load(type, NULL, "GPL", code, 3, o);
	if (fd >= 0)
		close(fd);
	*loads = fd >= 0 || log[0];
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (strstr(log, refused[i]))
			return false;
	return *loads;
}

/* -1: this kernel has none of that name. */
static int enumerator(const struct btf *btf, const char *in, const char *name)
{
	int id = btf__find_by_name_kind(btf, in, BTF_KIND_ENUM), i;
	const struct btf_type *t = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;

	for (i = 0; t && i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(btf, btf_enum(t)[i].name_off), name))
			return btf_enum(t)[i].val;
	return -1;
}

static void try_section(const struct btf *btf, const struct section *s)
{
	int attach = strcmp(s->attach, "BPF_") ? enumerator(btf, "bpf_attach_type", s->attach) : 0;
	int type = enumerator(btf, "bpf_prog_type", s->type), id;
	LIBBPF_OPTS(bpf_prog_load_opts, opts);
	int32_t helper;
	bool loads;

	if (type < 0 || attach < 0)
		return;
	opts.expected_attach_type = (enum bpf_attach_type)attach;
	if (type == BPF_PROG_TYPE_TRACING || type == BPF_PROG_TYPE_LSM) {
		id = libbpf_find_vmlinux_btf_id(target_of(attach, s->prefix), (enum bpf_attach_type)attach);
		if (id <= 0)
			return;
		opts.attach_btf_id = (uint32_t)id;
	}
	if (sleeps(s->prefix) || type == BPF_PROG_TYPE_SYSCALL)
		opts.prog_flags |= BPF_F_SLEEPABLE;
	if (strstr(s->prefix, ".frags"))
		opts.prog_flags |= 1u << 5; /* BPF_F_XDP_HAS_FRAGS */
	/* Where even a helper that does not exist is not what was refused, the verifier did not come to it. */
	if (may_call((enum bpf_prog_type)type, &opts, MAX_HELPERS, &loads) || !loads)
		return;
	printf("@@ helpers %s", s->prefix);
	for (helper = 1; helper < MAX_HELPERS; helper++)
		if (may_call((enum bpf_prog_type)type, &opts, helper, &loads))
			printf(" %d", helper);
	printf("\n");
	fflush(stdout);
}

int helpers_main(void)
{
	struct btf *btf;
	size_t i;

	libbpf_set_print(NULL);
	btf = btf__load_vmlinux_btf();
	if (!btf) {
		fprintf(stderr, "truth: no BTF of the kernel\n");
		return 1;
	}
	for (i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (strcmp(sections[i].type, "BPF_PROG_TYPE_STRUCT_OPS") && strcmp(sections[i].type, "BPF_PROG_TYPE_EXT"))
			try_section(btf, &sections[i]);
	btf__free(btf);
	return 0;
}
