/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * iolat: how long an application's calls take, by function and file: open, read, write, fsync,
 * close, connect, accept and the like of them.
 *
 *	abide run iolat.bpf.o --preload libc -- sqlite3 my.db 'select count(*) from t'
 *	abide run iolat.bpf.o --preload libc --min-us=1000 -- COMMAND
 *
 * A file is its path, or what a descriptor is: "127.0.0.1:6379", "socket", "pipe". Calls that
 * wait for somebody else (a read from an idle connection) count as long as they wait.
 */
#include <abide/libc.h>
#include <abide/program.h>

OPTION(u64, min_us, 0, "count only calls at least this long, in microseconds");

struct function {
	char call[16] TITLE("CALL");
};

struct where {
	char call[16] TITLE("CALL");
	char file[96] TITLE("FILE");
};

struct calls {
	u64 total UNIT("ns") TITLE("TOTAL") SORT;
	u64 count TITLE("COUNT");
	u64 longest UNIT("ns") TITLE("LONGEST") LARGEST;
	u64 bytes UNIT("bytes") TITLE("BYTES");
	u64 failed TITLE("FAILED");
};

HISTOGRAM_BY(latency, struct function, "time of one call", "ns");
TABLE_BY(files, struct where, struct calls, "time in calls by file", 4096);

static __always_inline struct calls *called(struct libc_call_user *call)
{
	struct function function = {};
	struct where where = {};
	u64 ns = call->ns;
	struct calls *c;

	if (ns < min_us * 1000)
		return NULL;
	user_str(function.call, sizeof(function.call), call->function);
	hist_add_by(&latency, &function, ns);
	__builtin_memcpy(where.call, function.call, sizeof(where.call));
	user_str(where.file, sizeof(where.file), call->name);
	c = table_at(&files, &where);
	if (!c)
		return NULL;
	c->total += ns;
	c->count++;
	c->failed += call->error != 0;
	if (ns > c->longest)
		c->longest = ns;
	return c;
}

static __always_inline void moved(struct libc_call_user *call)
{
	struct calls *c = called(call);

	if (c && call->result > 0)
		c->bytes += call->result;
}

SEC("tp_user/libc:read_exit")
int BPF_PROG(on_read, struct libc_call_user *call)
{
	moved(call);
	return 0;
}

SEC("tp_user/libc:write_exit")
int BPF_PROG(on_write, struct libc_call_user *call)
{
	moved(call);
	return 0;
}

SEC("tp_user/libc:open_exit")
int BPF_PROG(on_open, struct libc_call_user *call)
{
	called(call);
	return 0;
}

SEC("tp_user/libc:close_exit")
int BPF_PROG(on_close, struct libc_call_user *call)
{
	called(call);
	return 0;
}

SEC("tp_user/libc:sync_exit")
int BPF_PROG(on_sync, struct libc_call_user *call)
{
	called(call);
	return 0;
}

SEC("tp_user/libc:connect_exit")
int BPF_PROG(on_connect, struct libc_call_user *call)
{
	called(call);
	return 0;
}

SEC("tp_user/libc:accept_exit")
int BPF_PROG(on_accept, struct libc_call_user *call)
{
	called(call);
	return 0;
}

SEC("tp_user/libc:getaddrinfo_exit")
int BPF_PROG(on_getaddrinfo, struct libc_call_user *call)
{
	called(call);
	return 0;
}

LICENSE("GPL");
