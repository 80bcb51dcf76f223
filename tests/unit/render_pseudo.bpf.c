/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Each call of <abide/program.h> that the translator replaces, once; render_program.c looks at the code. */
#include <abide/linux.h>
#include <abide/program.h>

__u64 out[8];
char text[32];

SEC("tp_user/task_rename")
int BPF_PROG(on_rename, struct task_struct_user *task, const char *comm)
{
	struct task_struct_user *current = bpf_get_current_task_user();

	out[0] = current->tid;
	if (user_field_exists(task->parent))
		out[1] = task->tgid;
	if (user_field_exists(task->tid))
		out[2] = task->ppid;
	user_str(text, sizeof(text), task->comm);
	user_str(text, sizeof(text), comm);
	return 0;
}

SEC("kprobe/do_exit")
int on_exit(void *regs)
{
	out[0] = bpf_fetch_u8((char *)regs + 8) + bpf_fetch_u16((char *)regs + 16) + bpf_fetch_u32((char *)regs + 24) +
		 bpf_fetch_u64((char *)regs + 32);
	out[1] = (__u64)bpf_fetch_ptr((char *)regs + 40);
	bpf_fetch_str(text, sizeof(text), (char *)regs + 48);
	return 0;
}

LICENSE("GPL");
