/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What is known of the values in the generated probes' rows, as tables: how each event
 * is made to happen, which lines of truth (work*.c) speak of which object, and which key
 * of them is the truth of which field. The code is in check_probe.c.
 */
#include "check_probe.h"

#define TASKS "others task thread exec signal sleep migrate rename"

const struct plan plans[] = {
	/* Each of these has the workload as its subject, so the filter by process lets it pass. */
	{ "task_fork", TRACE_COMMAND, "task thread exec" },
	{ "task_exec", TRACE_COMMAND, "exec" },
	{ "task_exit", TRACE_COMMAND, "task thread exec signal" },
	{ "task_rename", TRACE_COMMAND, "exec rename" },
	{ "sched_switch", TRACE_COMMAND, TASKS },
	{ "sched_wakeup", TRACE_COMMAND, TASKS },
	{ "sched_wakeup_new", TRACE_COMMAND, TASKS },
	{ "sched_waking", TRACE_COMMAND, TASKS },
	{ "sched_migrate", TRACE_COMMAND, "migrate" },
	{ "signal_generate", TRACE_COMMAND, "signal" },
	{ "signal_deliver", TRACE_COMMAND, "signal" },
	{ "sys_enter", TRACE_COMMAND, "syscalls" },
	{ "sys_exit", TRACE_COMMAND, "syscalls" },
	/* These happen in whatever task is running. */
	{ "block_insert", TRACE_ALL, "queue" },
	{ "block_issue", TRACE_ALL, "block" },
	{ "block_complete", TRACE_ALL, "block" },
	{ "bio_queue", TRACE_ALL, "block" },
	{ "bio_complete", TRACE_ALL, "block" },
	{ "net_receive", TRACE_ALL, "udp" },
	{ "net_queue", TRACE_ALL, "udp" },
	{ "net_xmit", TRACE_ALL, "udp" },
	{ "skb_drop", TRACE_ALL, "drop" },
	{ "sock_state", TRACE_ALL, "tcp tcp6" },
	{ "tcp_retransmit", TRACE_ALL, "retransmit" },
};
const unsigned int nr_plans = sizeof(plans) / sizeof(plans[0]);

const struct identity identities[] = {
	{ "task_struct_user", "task", { "tid" }, { "tid" }, true },
	{ "task_struct_user", "exit", { "tid" }, { "tid" }, true },
	{ "task_exit", "exit", { "task.tid" }, { "tid" }, false },
	{ "task_exec", "exec", { "task.tid" }, { "tid" }, false },
	{ "task_rename", "rename", { "task.tid", "task.comm" }, { "tid", "from" }, false },
	{ "sched_switch", "switch", { "prev.tid" }, { "tid" }, true },
	/* Where it is and where it goes; the first move may come from either side. */
	{ "sched_migrate", "migrate", { "task.tid", "task.cpu" }, { "tid", "from" }, false },
	{ "signal_generate", "signal", { "target.tid", "sig" }, { "target", "sig" }, false },
	{ "signal_deliver", "signal", { "sig" }, { "sig" }, false },
	{ "signal_deliver", "handler", { "sig" }, { "sig" }, false },
	{ "sys_enter", "syscall", { "nr", "sc.args[0]", "sc.args[2]" }, { "nr", "a0", "a2" }, false },
	{ "sys_exit", "syscall", { "nr", "sc.args[0]", "sc.args[2]" }, { "nr", "a0", "a2" }, false },
	{ "cgroup_user", "cgroup", { "id" }, { "id" }, false },
	{ "file_user", "file", { "ino", "dev_minor" }, { "ino", "dev_minor" }, false },
	{ "request_user", "io", { "sector" }, { "sector" }, false },
	{ "bio_user", "io", { "sector" }, { "sector" }, false },
	{ "block_complete", "io", { "rq.sector" }, { "sector" }, false },
	{ "bio_complete", "ioend", { "bio.sector" }, { "sector" }, false },
	{ "net_queue", "udp", { "skb.len" }, { "frame_bytes" }, false },
	{ "net_receive", "udp", { "skb.len" }, { "ip_bytes" }, false },
	{ "net_xmit", "udp", { "len" }, { "frame_bytes" }, false },
	{ "skb_drop", "drop", { "skb.len" }, { "bytes" }, false },
	{ "net_device_user", "device", { "ifindex" }, { "ifindex" }, false },
	{ "sock_user", "sock", { "src_port", "dst_port" }, { "sport", "dport" }, false },
	{ "sock_state", "tcpstate", { "sk.src_port", "sk.dst_port", "old" }, { "sport", "dport", "old" }, false },
	{ "tcp_retransmit", "retransmit", { "sk.src_port", "sk.dst_port" }, { "sport", "dport" }, false },
};
const unsigned int nr_identities = sizeof(identities) / sizeof(identities[0]);

/* A field that is called here as in /proc, or as the truth calls it. */
#define TASK(field) { "task_struct_user." #field, "task", #field, SAME, 0 }
#define GROWS(field, key) { "task_struct_user." #field, "task", #key, AT_LEAST, 0 }
#define OF(owner, field, kind) { #owner "." #field, #kind, #field, SAME, 0 }

const struct rule rules[] = {
	TASK(tgid), TASK(comm), TASK(ppid), TASK(prio), TASK(uid), TASK(gid), TASK(pgid), TASK(sid), TASK(policy),
	TASK(nice), TASK(static_prio), TASK(rt_priority), TASK(euid), TASK(egid), TASK(suid), TASK(fsuid),
	TASK(loginuid), TASK(sessionid), TASK(net_ns), TASK(mnt_ns), TASK(uts_ns), TASK(ipc_ns), TASK(cgroup_ns),
	TASK(user_ns), TASK(oom_score_adj), TASK(exit_signal), TASK(threads), TASK(kthread), TASK(cgroup_id),
	{ "task_struct_user.normal_prio", "task", "prio", SAME, 0 },
	{ "task_struct_user.pid_ns_for_children", "task", "pid_ns", SAME, 0 },
	{ "task_struct_user.start_ns", "task", "start_ticks", TICKS, 0 },
	{ "task_struct_user.start_boot_ns", "task", "start_ticks", TICKS, 0 },
	{ "task_struct_user.exit_code", "exit", "wait_code", SAME, 0 },
	GROWS(runtime_ns, runtime_ns), GROWS(voluntary_switches, voluntary), GROWS(involuntary_switches, involuntary),
	GROWS(migrations, migrations), GROWS(read_calls, syscr), GROWS(write_calls, syscw),
	GROWS(read_call_bytes, rchar), GROWS(write_call_bytes, wchar), GROWS(storage_read_bytes, read_bytes),
	GROWS(storage_write_bytes, write_bytes), GROWS(vm_pages, vm), GROWS(vm_data_pages, vm_data),
	GROWS(vm_stack_pages, vm_stack),
	{ "task_struct_user.rss_anon_pages", "task", "rss_anon", ABOUT, 0 },
	{ "task_exit.group_dead", "exit", "group_dead", SAME, 0 },
	{ "task_exec.old_tid", "exec", "tid", SAME, 0 },
	OF(linux_binprm_user, filename, exec), OF(linux_binprm_user, argc, exec), OF(linux_binprm_user, envc, exec),
	{ "linux_binprm_user.interp", "exec", "filename", SAME, 0 },
	{ "task_rename.comm", "rename", "to", SAME, 0 },
	{ "sched_switch.prev_state", "switch", "prev_state", SAME, 0 },
	{ "sched_migrate.dest_cpu", "migrate", "to", SAME, 0 },
	{ "signal_generate.group", "signal", "group", SAME, 0 },
	{ "signal_generate.result", "signal", "result", SAME, 0 },
	{ "siginfo_user.signo", "signal", "sig", SAME, 0 },
	{ "siginfo_user.code", "signal", "code", SAME, 0 },
	{ "siginfo_user.pid", "signal", "sender", SAME, 0 },
	{ "siginfo_user.uid", "signal", "uid", SAME, 0 },
	OF(signal_deliver, handler, handler), OF(signal_deliver, flags, handler),
	{ "syscall_user.nr", "syscall", "nr", SAME, 0 },
	{ "syscall_user.args[1]", "syscall", "a1", SAME, 0 },
	{ "syscall_user.args[3]", "syscall", "a3", SAME, 0 },
	{ "syscall_user.args[4]", "syscall", "a4", SAME, 0 },
	{ "syscall_user.args[5]", "syscall", "a5", SAME, 0 },
	{ "syscall_user.ret", "syscall", "ret", SAME, "sys_exit" },
	{ "sys_exit.ret", "syscall", "ret", SAME, 0 },
	OF(cgroup_user, name, cgroup), OF(cgroup_user, level, cgroup), OF(cgroup_user, hierarchy, cgroup),
	OF(cgroup_user, descendants, cgroup),
	OF(file_user, dev_major, file), OF(file_user, name, file), OF(file_user, mode, file), OF(file_user, size, file),
	OF(file_user, uid, file), OF(file_user, gid, file), OF(file_user, nlink, file),
	{ "file_user.dir_name", "file", "dir", SAME, 0 },
	{ "file_user.fs_magic", "file", "magic", SAME, 0 },
	{ "file_user.fs_type", "file", "type", SAME, 0 },
	OF(request_user, bytes, io), OF(request_user, partition, io),
	{ "request_user.op", "io", "opnr", SAME, 0 },
	{ "request_user.disk_name", "io", "disk", SAME, 0 },
	{ "request_user.disk_major", "io", "major", SAME, 0 },
	{ "request_user.disk_minor", "io", "minor", SAME, 0 },
	{ "request_user.start_ns", "io", "before", AT_LEAST, 0 },
	{ "request_user.issue_ns", "io", "before", AT_LEAST, "block_complete" },
	OF(bio_user, bytes, io), OF(bio_user, partition, io),
	{ "bio_user.op", "io", "opnr", SAME, 0 },
	{ "bio_user.disk_name", "io", "disk", SAME, 0 },
	{ "bio_user.disk_major", "io", "major", SAME, 0 },
	{ "bio_user.disk_minor", "io", "minor", SAME, 0 },
	OF(block_complete, error, io), OF(block_complete, bytes, io), OF(bio_complete, error, ioend),
	{ "bio_user.error", "ioend", "error", SAME, "bio_complete" },
	{ "sk_buff_user.protocol", "udp", "ethertype", SAME, 0 },
	{ "sk_buff_user.ifindex", "udp", "ifindex", SAME, 0 },
	{ "sk_buff_user.mark", "udp", "mark", SAME, "net_queue" },
	{ "sk_buff_user.priority", "udp", "priority", SAME, "net_queue" },
	{ "sk_buff_user.pkt_type", "udp", "pkt_type", SAME, "net_receive" },
	{ "sk_buff_user.protocol", "drop", "ethertype", SAME, "skb_drop" },
	{ "sk_buff_user.ifindex", "drop", "ifindex", SAME, "skb_drop" },
	OF(skb_drop, reason, drop),
	OF(net_device_user, mtu, device), OF(net_device_user, name, device), OF(net_device_user, flags, device),
	OF(net_device_user, operstate, device), OF(net_device_user, type, device), OF(net_device_user, net_ns, device),
	OF(net_device_user, net_cookie, device), OF(net_device_user, tx_queue_len, device),
	OF(net_device_user, group, device),
	{ "net_device_user.tx_queues", "device", "queues", SAME, 0 },
	{ "net_device_user.rx_queues", "device", "queues", SAME, 0 },
	OF(sock_user, family, sock), OF(sock_user, cookie, sock), OF(sock_user, net_ns, sock),
	OF(sock_user, type, sock), OF(sock_user, protocol, sock), OF(sock_user, uid, sock), OF(sock_user, mark, sock),
	OF(sock_user, priority, sock), OF(sock_user, rcvbuf, sock), OF(sock_user, sndbuf, sock),
	OF(sock_user, cgroup_id, sock),
	{ "sock_user.src_ip4", "sock", "ip4", ADDRESS, 0 },
	{ "sock_user.dst_ip4", "sock", "ip4", ADDRESS, 0 },
	{ "sock_user.src_ip6", "sock", "ip6", ADDRESS, 0 },
	{ "sock_user.dst_ip6", "sock", "ip6", ADDRESS, 0 },
	{ "sock_user.state", "tcpstate", "old", SAME, "sock_state" },
	{ "sock_state.new", "tcpstate", "new", SAME, 0 },
	{ "sock_user.state", "retransmit", "state", SAME, "tcp_retransmit" },
	{ "sock_user.family", "retransmit", "family", SAME, "tcp_retransmit" },
	{ "sock_user.protocol", "retransmit", "protocol", SAME, "tcp_retransmit" },
	{ "sock_user.type", "retransmit", "type", SAME, "tcp_retransmit" },
	{ "sock_user.mark", "retransmit", "mark", SAME, "tcp_retransmit" },
	{ "sock_user.priority", "retransmit", "priority", SAME, "tcp_retransmit" },
	{ "sock_user.uid", "retransmit", "uid", SAME, "tcp_retransmit" },
};
const unsigned int nr_rules = sizeof(rules) / sizeof(rules[0]);

const struct agreement agreements[] = {
	{ "parent.tgid", "ppid" },       { "group_leader.tid", "tgid" }, { "cgroup.id", "cgroup_id" },
	{ "skb.dev.ifindex", "skb.ifindex" }, { "sc.nr", "nr" },         { "rq.bio.sector", "rq.sector" },

};
const unsigned int nr_agreements = sizeof(agreements) / sizeof(agreements[0]);
