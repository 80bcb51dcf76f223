// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Programs as tools are written, for the verifier of the process engine: all are safe, so all must be accepted,
 * whatever clang makes of them for each version of the instruction set. Here: maps, rings, strings, loops.
 */
#include "verify_tools.h"

SEC("tp_user/x")
int histogram(u64 *ctx)
{
	ARGS;
	u32 zero = 0, slot;
	struct hist *h = bpf_map_lookup_elem(&hists, &zero);

	if (!h)
		return 0;
	slot = log2_u64(n);
	if (slot > 63)
		slot = 63;
	h->slots[slot]++;
	h->count++;
	h->sum += n;
	return 0;
}

SEC("tp_user/x")
int histogram_masked(u64 *ctx)
{
	ARGS;
	u32 zero = 0;
	struct hist *h = bpf_map_lookup_elem(&hists, &zero);

	if (h)
		__sync_fetch_and_add(&h->slots[log2_u64(n) & 63], 1);
	return 0;
}

SEC("tp_user/x")
int latency_begin(u64 *ctx)
{
	ARGS;
	u64 id = q->id, now = bpf_ktime_get_ns();

	bpf_map_update_elem(&start, &id, &now, BPF_ANY);
	return 0;
}

SEC("tp_user/x")
int latency_end(u64 *ctx)
{
	ARGS;
	u64 id = q->id, *began = bpf_map_lookup_elem(&start, &id), delta;
	struct key k = { .fd = c->fd, .kind = q->kind };
	struct hist *h, *zero;

	if (!began)
		return 0;
	delta = bpf_ktime_get_ns() - *began;
	bpf_map_delete_elem(&start, &id);
	if (delta < threshold)
		return 0;
	h = bpf_map_lookup_elem(&percpu, &k);
	if (!h) {
		u32 nil = 0;

		zero = bpf_map_lookup_elem(&hists, &nil);
		if (!zero)
			return 0;
		bpf_map_update_elem(&percpu, &k, zero, BPF_NOEXIST);
		h = bpf_map_lookup_elem(&percpu, &k);
		if (!h)
			return 0;
	}
	h->slots[log2_u64(delta) & 63]++;
	h->sum += delta;
	return 0;
}

SEC("tp_user/x")
int count_by_key(u64 *ctx)
{
	ARGS;
	struct key k = {};
	u64 one = 1, *v;

	k.fd = c ? c->fd : 0;
	k.kind = q->kind;
	v = bpf_map_lookup_elem(&counts, &k);
	if (v) {
		__sync_fetch_and_add(v, 1);
	} else {
		bpf_map_update_elem(&counts, &k, &one, BPF_NOEXIST);
		v = bpf_map_lookup_elem(&counts, &k);
		if (v)
			*v += n;
	}
	return 0;
}

SEC("tp_user/x")
int ring_record(u64 *ctx)
{
	ARGS;
	struct row *r;

	if (q->len < 10)
		return 0;
	r = bpf_ringbuf_reserve(&ring, sizeof(*r), 0);
	if (!r)
		return 0;
	r->id = q->id;
	r->when = bpf_ktime_get_ns();
	r->len = q->len;
	bpf_probe_read_kernel_str(r->text, sizeof(r->text), q->text);
	if (n == 7)
		bpf_ringbuf_discard(r, 0);
	else
		bpf_ringbuf_submit(r, 0);
	return 0;
}

SEC("tp_user/x")
int ring_late_test(u64 *ctx)
{
	ARGS;
	struct row *r = 0;

	if (n & 1)
		r = bpf_ringbuf_reserve(&ring, sizeof(*r), 0);
	total += n;
	if (r) {
		r->id = total;
		r->when = 0;
		r->len = n;
		__builtin_memset(r->text, 0, sizeof(r->text));
	}
	total += m;
	if (r)
		bpf_ringbuf_submit(r, 0);
	return 0;
}

SEC("tp_user/x")
int ring_output(u64 *ctx)
{
	ARGS;
	struct row r = { .id = q->id, .when = bpf_ktime_get_ns(), .len = q->len };

	__builtin_memcpy(r.text, q->text, sizeof(q->text));
	bpf_ringbuf_output(&ring, &r, sizeof(r), BPF_RB_NO_WAKEUP);
	bpf_perf_event_output(ctx, &perf, BPF_F_CURRENT_CPU, &r, sizeof(r));
	return 0;
}

SEC("tp_user/x")
int string_copy(u64 *ctx)
{
	ARGS;
	u32 zero = 0;
	u8 *buf = bpf_map_lookup_elem(&scratch, &zero);
	long len;

	if (!buf)
		return 0;
	len = bpf_probe_read_user_str(buf, 200, (void *)n);
	if (len > 0 && len < 200)
		bpf_ringbuf_output(&ring, buf, len, 0);
	return 0;
}

SEC("tp_user/x")
int string_two(u64 *ctx)
{
	ARGS;
	u32 zero = 0;
	u8 *buf = bpf_map_lookup_elem(&scratch, &zero);
	u64 off = 0;
	long len;

	if (!buf)
		return 0;
	len = bpf_probe_read_user_str(buf, 100, (void *)n);
	if (len < 0)
		return 0;
	off = len;
	if (off > 100)
		return 0;
	len = bpf_probe_read_user_str(buf + off, 100, (void *)m);
	if (len < 0)
		return 0;
	off += len;
	if (off > 200)
		off = 200;
	bpf_ringbuf_output(&ring, buf, off, 0);
	return 0;
}

SEC("tp_user/x")
int compare_text(u64 *ctx)
{
	ARGS;
	char want[] = "select";
	u32 i;

	for (i = 0; i < sizeof(want); i++)
		if (q->text[i] != want[i])
			return 0;
	total++;
	return 1;
}

SEC("tp_user/x")
int loop_array(u64 *ctx)
{
	ARGS;
	u64 sum = 0;
	u32 i;

	for (i = 0; i < 16; i++)
		sum += table[i];
	for (i = 0; i < 4; i++)
		sum += q->times[i];
	if (n < 16)
		table[n] = sum;
	return sum & 1;
}

SEC("tp_user/x")
int loop_unknown(u64 *ctx)
{
	ARGS;
	u64 i, sum = 0;

#pragma clang loop unroll(disable)
	for (i = 0; i < n; i++) {
		if (i >= 16)
			break;
		sum += table[i];
		table[i] = sum;
	}
	return sum > 5;
}

SEC("tp_user/x")
int loop_search(u64 *ctx)
{
	ARGS;
	s32 low = 0, high = 15, mid;

#pragma clang loop unroll(disable)
	while (low <= high) {
		mid = (u32)(low + high) / 2;
		if (mid < 0 || mid > 15)
			break;
		if (table[mid] == n)
			return mid;
		if (table[mid] < n)
			low = mid + 1;
		else
			high = mid - 1;
	}
	return -1;
}

SEC("tp_user/x")
int loop_list(u64 *ctx)
{
	ARGS;
	u64 bytes = 0;
	u32 i;

#pragma clang loop unroll(disable)
	for (i = 0; c && i < 100; i++) {
		bytes += c->bytes;
		c = c->next;
	}
	total += bytes;
	return i;
}

SEC("tp_user/x")
int loop_stack(u64 *ctx)
{
	ARGS;
	u64 a[8] = {};
	u32 i;

#pragma clang loop unroll(disable)
	for (i = 0; i < 8; i++)
		a[i] = n * i;
	bpf_get_current_comm(&label, sizeof(label));
	return a[m & 7] > 3;
}
