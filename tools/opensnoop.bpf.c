/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * opensnoop: a row for each file that a program opens, or fails to open.
 *
 *	abide run opensnoop.bpf.o
 *	abide run opensnoop.bpf.o --failed=1
 *
 * The name is what the program passed, read from its memory when the call returns. RESULT
 * is the file descriptor, or why there is none.
 */
#include <abide/linux.h>
#include <abide/program.h>

OPTION(bool, failed, 0, "show only what could not be opened");

struct row {
	u32 pid TITLE("PID");
	char comm[16] TITLE("COMM");
	errno_nr result TITLE("RESULT");
	u32 flags TITLE("FLAGS") HEX;
	char name[128] TITLE("NAME");
};

EVENTS(opens, struct row, "files opened");

struct args {
	const void *name;
	u64 flags;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, u32); /* thread */
	__type(value, struct args);
} opening SEC(".maps");

static __always_inline void begin(const void *name, u32 flags)
{
	struct args args = { name, flags };
	u32 tid = bpf_get_current_pid_tgid();

	bpf_map_update_elem(&opening, &tid, &args, BPF_ANY);
}

static __always_inline void end(s64 ret)
{
	u32 tid = bpf_get_current_pid_tgid();
	struct args *args = bpf_map_lookup_elem(&opening, &tid);
	struct row *row;

	if (!args)
		return;
	row = failed && ret >= 0 ? NULL : event_reserve(&opens);
	if (row) {
		row->pid = bpf_get_current_pid_tgid() >> 32;
		bpf_get_current_comm(row->comm, sizeof(row->comm));
		row->result = ret;
		row->flags = args->flags;
		if (bpf_probe_read_user_str(row->name, sizeof(row->name), args->name) < 0)
			row->name[0] = '\0';
		event_submit(row);
	}
	bpf_map_delete_elem(&opening, &tid);
}

SEC("tp_user/sys_enter:open")
int BPF_PROG(on_open, const void *name, s32 flags)
{
	begin(name, flags);
	return 0;
}

SEC("tp_user/sys_enter:openat")
int BPF_PROG(on_openat, s32 dfd, const void *name, s32 flags)
{
	begin(name, flags);
	return 0;
}

SEC("tp_user/sys_exit:open")
int BPF_PROG(on_open_done, s64 ret)
{
	end(ret);
	return 0;
}

SEC("tp_user/sys_exit:openat")
int BPF_PROG(on_openat_done, s64 ret)
{
	end(ret);
	return 0;
}

LICENSE("GPL");
