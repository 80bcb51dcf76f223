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
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "truth.h"

#define MAX_HELPERS 256

static const char *const sections[] = {
#define SECTION(prefix, ...) prefix,
#include "check/sections.def"
#undef SECTION
};

/* Something that each of the kernels has, where a name is wanted. */
static const char *target_of(enum bpf_attach_type type, const char *section)
{
	bool sleeps = strstr(section, ".s") == section + strlen(section) - 2;

	switch (type) {
	case BPF_TRACE_RAW_TP:
		return "sched_switch";
	case BPF_TRACE_FENTRY:
	case BPF_TRACE_FEXIT:
		return sleeps ? "__x64_sys_getpgid" : "vfs_read";
	case BPF_MODIFY_RETURN:
		return "__x64_sys_getpgid";
	case BPF_LSM_MAC:
		return "file_open";
	case BPF_LSM_CGROUP:
		return "socket_bind";
	case BPF_TRACE_ITER:
		return "task";
	default:
		return NULL;
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

static void try_section(const char *section)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts);
	enum bpf_attach_type attach;
	enum bpf_prog_type type;
	char name[96];
	int32_t helper;
	bool loads;
	int id;

	snprintf(name, sizeof(name), "%s", section);
	if (libbpf_prog_type_by_name(name, &type, &attach)) {
		snprintf(name, sizeof(name), "%s/x", section);
		if (libbpf_prog_type_by_name(name, &type, &attach))
			return;
	}
	opts.expected_attach_type = attach;
	if (target_of(attach, section) && (type == BPF_PROG_TYPE_TRACING || type == BPF_PROG_TYPE_LSM)) {
		id = libbpf_find_vmlinux_btf_id(target_of(attach, section), attach);
		if (id <= 0)
			return;
		opts.attach_btf_id = (uint32_t)id;
	}
	if (strlen(section) > 2 && !strcmp(section + strlen(section) - 2, ".s"))
		opts.prog_flags |= BPF_F_SLEEPABLE;
	if (strstr(section, ".frags"))
		opts.prog_flags |= 1u << 5; /* BPF_F_XDP_HAS_FRAGS */
	/* Where even a helper that does not exist is not what was refused, the verifier did not come to it. */
	if (may_call(type, &opts, MAX_HELPERS, &loads) || !loads)
		return;
	printf("@@ helpers %s", section);
	for (helper = 1; helper < MAX_HELPERS; helper++)
		if (may_call(type, &opts, helper, &loads))
			printf(" %d", helper);
	printf("\n");
	fflush(stdout);
}

int helpers_main(void)
{
	size_t i;

	libbpf_set_print(NULL);
	for (i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (strncmp(sections[i], "struct_ops", 10) && strcmp(sections[i], "freplace"))
			try_section(sections[i]);
	return 0;
}
