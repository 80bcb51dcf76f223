/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Every kind of result and column, for the tests of src/render. Never loaded. */
#include <abide/linux.h>
#include <abide/program.h>

enum weather { WEATHER_SUNNY = 0, WEATHER_RAIN = 1, WEATHER_SNOW = 7 };
enum open_set { OPEN_READ = 1, OPEN_WRITE = 2, OPEN_SYNC = 0x10 };
typedef char comm_t[16];

struct disk {
	char name[12];
	enum req_op_user op;
};

struct usage {
	__u64 calls;
	__u64 time UNIT("ns") SORT;
	__u64 worst LARGEST UNIT("ns");
	__u64 moved UNIT("bytes") TITLE("Moved");
	__s64 balance;
};

struct everything {
	ktime_ns at;
	__u32 pid TITLE("PID");
	comm_t comm;
	syscall_nr call;
	errno_nr result;
	signal_nr signal;
	wait_status status;
	ip4_addr from;
	ip6_addr to;
	be16_port port;
	ether_proto proto;
	dev_nr disk;
	enum weather weather;
	enum open_set flags;
	bool hot;
	__u8 __hidden_pad;
	__u32 low : 3;
	__s32 high : 5;
	__u64 took UNIT("ns");
	__u32 mode HEX;
	__u8 id[6];
	__u16 load[3];
	struct {
		__u32 x, y;
	} place;
	const void *where;
};

struct opened {
	__u32 pid TITLE("PID");
	comm_t comm;
	__u64 took UNIT("ns");
	char path[64];
};

HISTOGRAM(wait, "time from wakeup to running", "ns");
HISTOGRAM(sizes, "size of writes", "bytes");
HISTOGRAM(plain, "length of queues", "packets");
HISTOGRAM_BY(latency, struct disk, "time of requests", "ns");
LINEAR(level, "level", "", -20, 10, 5);
HEATMAP(heat, "block latency", "ns");
COUNTER(total, "calls in all");
COUNTER_BY(calls, syscall_nr, "system calls");
SUM_BY(off, comm_t, "time off CPU", "ns");
TABLE_BY(usage, struct disk, struct usage, "use of disks");
TOP_BY(busy, __u32, struct usage, "busiest");
EVENTS(rows, struct everything, "all that there is");
EVENTS(opens, struct opened, "files opened", 65536);

struct place {
	__u32 pid TITLE("PID");
	__u32 __unused;
	user_code at TITLE("AT");
	user_code stack[4] TITLE("STACK");
};
SUM_BY(kept, struct place, "kept by stack", "bytes");
OPTION(__u64, min_ns, 1000, "only what takes longer");

/* Not results: the program's own memory. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} started SEC(".maps");

/* As other projects write them: by shape and by name. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(
		value, struct { __u32 slots[20]; });
} hists SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} counter_faults SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
	__type(value, struct opened);
} others SEC(".maps");

struct slot_key {
	char disk[8];
	__u32 op;
	__u32 slot;
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, struct slot_key);
	__type(value, __u64);
} bio_latency SEC(".maps");

SEC("tp_user/sched_wakeup")
int BPF_PROG(on_wakeup, struct task_struct_user *task)
{
	struct disk disk = { .op = REQ_USER_READ };
	__u32 pid = task->tid;
	syscall_nr nr = pid;
	comm_t comm = "x";
	struct usage *u;
	struct everything *row;
	struct opened *o;

	hist_add(&wait, pid);
	hist_add(&sizes, pid);
	hist_add(&plain, pid);
	hist_add_by(&latency, &disk, min_ns);
	linear_add(&level, pid);
	heat_add(&heat, pid);
	count(&total, 1);
	count_by(&calls, &nr, 1);
	count_by(&off, &comm, pid);
	u = table_at(&usage, &disk);
	if (u)
		u->calls++;
	u = table_at(&busy, &pid);
	if (u)
		u->time += pid;
	row = event_reserve(&rows);
	if (row)
		event_discard(row);
	o = event_reserve(&opens);
	if (o) {
		o->pid = pid;
		o->took = 0;
		user_str(o->comm, sizeof(o->comm), task->comm);
		user_str(o->path, sizeof(o->path), task->comm);
		event_submit(o);
	}
	return 0;
}

LICENSE("GPL");
