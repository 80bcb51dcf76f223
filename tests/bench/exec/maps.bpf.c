/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What programs on events do most, one program each: counting, histograms, rows, keys. */
#include <linux/bpf.h>
#include <abide/program.h>

struct row {
	__u64 ts, a, b, c;
};

COUNTER(hits, "hits");
HISTOGRAM(sizes, "sizes", "bytes");
HISTOGRAM(times, "times", "ns");
COUNTER_BY(keys, __u64, "keys");
EVENTS(rows, struct row, "rows");

SEC("socket") int nothing(__u64 *m)
{
	return 0;
}

/* ten instructions that reject */
SEC("socket") int filter(__u64 *m)
{
	if (m[0] == 7 || m[1] > 1000 || (m[2] & 0xff) == 3 || m[3] < 10)
		return 0;
	return 1;
}

SEC("socket") int counter(__u64 *m)
{
	count(&hits, 1);
	return 0;
}

SEC("socket") int clock(__u64 *m)
{
	m[1] = bpf_ktime_get_ns();
	return 0;
}

SEC("socket") int size(__u64 *m)
{
	hist_add(&sizes, m[0]);
	return 0;
}

SEC("socket") int latency(__u64 *m)
{
	hist_add(&times, bpf_ktime_get_ns() - m[1]);
	return 0;
}

SEC("socket") int by_key(__u64 *m)
{
	__u64 key = m[0] & 63;

	count_by(&keys, &key, 1);
	return 0;
}

SEC("socket") int record(__u64 *m)
{
	struct row *r = event_reserve(&rows);

	if (!r)
		return 1;
	r->ts = bpf_ktime_get_ns();
	r->a = m[0];
	r->b = m[1];
	r->c = m[2];
	event_submit(r);
	return 0;
}

SEC("socket") int who(__u64 *m)
{
	m[1] = bpf_get_current_pid_tgid() + bpf_get_smp_processor_id();
	return 0;
}

LICENSE("GPL");
