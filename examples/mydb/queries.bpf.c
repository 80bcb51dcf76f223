/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * queries: what mydb is asked, and how long it takes.
 *
 *	abide run queries.bpf.o -p $(pidof mydb)
 *	abide run queries.bpf.o --each --slow-us=1000 -- mydb /tmp/mydb.sock
 *
 * mydb_events.h is what "abide header mydb" prints.
 */
#include "mydb_events.h"
#include <abide/program.h>

OPTION(bool, each, 0, "a row for each query");
OPTION(u64, slow_us, 0, "rows only for those that took at least this long, in microseconds");

enum mydb_op { OP_NONE, OP_GET, OP_SET, OP_DEL, OP_BAD };

struct what {
	enum mydb_op op TITLE("OP");
	bool found TITLE("FOUND");
	u8 __unused[3];
};

struct times {
	u64 count TITLE("COUNT") SORT;
	u64 total UNIT("ns") TITLE("TOTAL");
	u64 longest UNIT("ns") TITLE("LONGEST") LARGEST;
	u64 waited TITLE("WAITED");
};

struct row {
	u32 conn TITLE("CONN");
	enum mydb_op op TITLE("OP");
	u64 ns UNIT("ns") TITLE("TIME");
	char peer[32] TITLE("PEER");
	char key[48] TITLE("KEY");
};

TABLE_BY(queries, struct what, struct times, "queries by what was asked");
HISTOGRAM_BY(latency, enum mydb_op, "time of one query", "ns");
HISTOGRAM(values, "sizes of values", "bytes");
COUNTER(connections, "connections that were closed");
COUNTER(served, "queries on them");
EVENTS(rows, struct row, "queries");

static __always_inline void tell(struct query_user *query, u64 ns)
{
	struct row *row = event_reserve(&rows);

	if (!row)
		return;
	row->conn = query->conn_id;
	row->op = query->op;
	row->ns = ns;
	user_str(row->peer, sizeof(row->peer), query->conn->peer);
	user_str(row->key, sizeof(row->key), query->key);
	event_submit(row);
}

SEC("tp_user/mydb:query_done")
int BPF_PROG(on_done, struct query_user *query)
{
	struct what what = { .op = query->op, .found = query->found };
	u64 ns = query->end_ns - query->begin_ns;
	struct times *t = table_at(&queries, &what);
	enum mydb_op op = what.op;

	hist_add_by(&latency, &op, ns);
	if (each && ns >= slow_us * 1000)
		tell(query, ns);
	if (!t)
		return 0;
	t->count++;
	t->total += ns;
	t->waited += query->waited;
	if (ns > t->longest)
		t->longest = ns;
	return 0;
}

SEC("tp_user/mydb:stored")
int BPF_PROG(on_stored, struct entry_user *entry)
{
	hist_add(&values, entry->size);
	return 0;
}

SEC("tp_user/mydb:conn_close")
int BPF_PROG(on_close, struct conn_user *conn)
{
	count(&connections, 1);
	count(&served, conn->queries);
	return 0;
}

LICENSE("GPL");
