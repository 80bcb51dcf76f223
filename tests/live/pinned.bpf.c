/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* For the live tests: a map that outlives its program, by name in /sys/fs/bpf. */
#include <abide/linux.h>
#include <abide/program.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, u32);
	__type(value, u64);
	__uint(pinning, 1); /* LIBBPF_PIN_BY_NAME */
} abide_test_pin SEC(".maps") ABIDE_TAG("count");

SEC("tp_user/task_exec")
int BPF_PROG(on_exec, struct task_struct_user *task)
{
	u32 tgid = task->tgid;
	u64 one = 1;

	bpf_map_update_elem(&abide_test_pin, &tgid, &one, BPF_ANY);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
