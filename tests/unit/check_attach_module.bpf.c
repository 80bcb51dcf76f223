/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Programs at what the module "made" of check_attach_module.c has. */
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#ifdef EXTERNS
extern void mod_function(int) __ksym;
extern const void mod_data __ksym;
long out;

SEC("tc") int calls(void *ctx) { mod_function(1); return 0; }
SEC("raw_tp/sched_switch") int reads(void *ctx) { out = (long)&mod_data; return 0; }
#else
extern void mod_function(int) __ksym __weak;
extern const void mod_data __ksym __weak;
struct made {
	int member;
} __attribute__((preserve_access_index));
long out;

SEC("fentry/mod_function") int entry(unsigned long long *ctx) { out = ctx[0]; return 0; }
SEC("fentry/mod_function") int beyond(unsigned long long *ctx) { out = ctx[1]; return 0; }
SEC("fentry/made:mod_function") int named(unsigned long long *ctx) { out = ctx[0]; return 0; }
SEC("fentry/made:vfs_read") int named_own(void *ctx) { return 0; }
SEC("fentry/other:mod_function") int named_other(void *ctx) { return 0; }
SEC("fentry/vmlinux:vfs_read") int named_vmlinux(void *ctx) { return 0; }
SEC("fentry/vmlinux:mod_function") int not_in_vmlinux(void *ctx) { return 0; }
SEC("fentry/mod_begins") int begins(void *ctx) { return 0; }
SEC("kprobe/mod_function+4") int probed(void *ctx) { return 0; }
SEC("kretprobe/mod_function") int probed_end(void *ctx) { return 0; }
SEC("kprobe/mod_begins") int probed_begin(void *ctx) { return 0; }
SEC("kprobe/made:mod_function") int probed_named(void *ctx) { return 0; }
SEC("kprobe/mod_absent") int probed_absent(void *ctx) { return 0; }
SEC("raw_tp/mod") int raw(unsigned long long *ctx) { out = ctx[0]; return 0; }
SEC("raw_tp/mod") int raw_beyond(unsigned long long *ctx) { out = ctx[1]; return 0; }
SEC("tp_btf/mod") int typed(unsigned long long *ctx) { out = ctx[0]; return 0; }
SEC("tp/mods/mod") int event(void *ctx) { return 0; }
SEC("tp/sched/mod") int event_elsewhere(void *ctx) { return 0; }
SEC("tp/mods/absent") int event_absent(void *ctx) { return 0; }
SEC("raw_tp/sched_switch") int field(void *ctx)
{
	struct made *m = 0;

	bpf_probe_read_kernel(&out, 4, &m->member);
	return 0;
}
SEC("raw_tp/sched_switch") int asked(void *ctx) { out = bpf_core_type_exists(struct made); return 0; }
SEC("raw_tp/sched_switch") int guarded(void *ctx)
{
	struct made *m = 0;

	if (bpf_core_type_exists(struct made))
		bpf_probe_read_kernel(&out, 4, &m->member);
	return 0;
}
SEC("fentry/mod_function") int guarded_there(void *ctx)
{
	struct made *m = 0;

	if (bpf_core_type_exists(struct made))
		bpf_probe_read_kernel(&out, 4, &m->member);
	return 0;
}
SEC("raw_tp/sched_switch") int guarded_wrongly(void *ctx)
{
	struct made *m = 0;

	if (!bpf_core_type_exists(struct made))
		bpf_probe_read_kernel(&out, 4, &m->member);
	return 0;
}
SEC("tc") int weak_call(void *ctx)
{
	if (&mod_function)
		mod_function(1);
	return 0;
}
SEC("raw_tp/sched_switch") int weak_symbol(void *ctx) { out = (long)&mod_data; return 0; }
#endif

char _license[] SEC("license") = "GPL";
