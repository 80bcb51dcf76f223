// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Externs: kconfig, a kernel variable, a kernel function. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern int LINUX_KERNEL_VERSION __kconfig;
extern _Bool CONFIG_BPF __kconfig __weak;
extern const int bpf_prog_active __ksym;
extern void bpf_rcu_read_lock(void) __ksym __weak;

SEC("raw_tp/sys_enter")
int externs(void *ctx)
{
	bpf_rcu_read_lock();
	return LINUX_KERNEL_VERSION + CONFIG_BPF + bpf_prog_active;
}

__u32 VERSION SEC("version") = 0x50a00;
char LICENSE[] SEC("license") = "GPL";
