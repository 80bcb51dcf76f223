// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Programs that must be accepted, as in verify_tools.bpf.c. Here: functions and callbacks, branches that
 * depend on each other, arithmetic, and the helpers that are left.
 */
#include "verify_tools.h"

struct loop_data {
	u64 sum, steps;
	struct hist *h;
};

static int on_loop(u32 i, struct loop_data *d)
{
	d->sum += i;
	if (i < 16)
		d->sum += table[i];
	if (d->h && i < 64)
		d->h->slots[i]++;
	d->steps++;
	return d->steps > 100;
}

SEC("tp_user/x")
int callback_loop(u64 *ctx)
{
	ARGS;
	u32 zero = 0;
	struct loop_data d = { .h = bpf_map_lookup_elem(&hists, &zero) };

	bpf_loop(n, on_loop, &d, 0);
	total += d.sum;
	return d.steps & 1;
}

struct bpf_map;

static long on_each(struct bpf_map *map, const void *key, void *value, void *data)
{
	struct loop_data *d = data;

	d->sum += *(u64 *)value + ((const struct key *)key)->fd;
	if (*(u64 *)value > 1000)
		bpf_map_delete_elem(&counts, key);
	return d->sum > 100000;
}

SEC("tp_user/x")
int callback_each(u64 *ctx)
{
	struct loop_data d = {};

	bpf_for_each_map_elem(&counts, on_each, &d, 0);
	total = d.sum;
	return 0;
}

static __noinline u64 mix(u64 a, u64 b)
{
	return (a ^ b) * 31 + total;
}

static __noinline int fill(struct key *k, struct query *q, u32 fd)
{
	if (!k)
		return -1;
	k->fd = fd;
	k->kind = q->kind;
	k->pad = mix(fd, q->id);
	return q->len > 3;
}

static __noinline u64 *find(struct key *k)
{
	return bpf_map_lookup_elem(&counts, k);
}

SEC("tp_user/x")
int functions(u64 *ctx)
{
	ARGS;
	struct key k;
	u64 *v;

	if (fill(&k, q, n) < 0)
		return 0;
	v = find(&k);
	if (v)
		*v += mix(n, m);
	return 0;
}

static __noinline int give_up(struct row *r, u64 how)
{
	if (how)
		bpf_ringbuf_discard(r, 0);
	else
		bpf_ringbuf_submit(r, 0);
	return 0;
}

SEC("tp_user/x")
int functions_ring(u64 *ctx)
{
	ARGS;
	struct row *r = bpf_ringbuf_reserve(&ring, sizeof(*r), 0);

	if (!r)
		return 0;
	__builtin_memset(r, 0, sizeof(*r));
	r->id = mix(n, m);
	return give_up(r, m);
}

SEC("tp_user/x")
int array_index(u64 *ctx)
{
	ARGS;
	u32 k = n;
	u64 *v;

	if (k >= 10)
		k = 9;
	v = bpf_map_lookup_elem(&array, &k);
	if (v)
		*v += 1;
	k = 3;
	v = bpf_map_lookup_elem(&array, &k);
	if (v)
		*v += limits[n & 7];
	return 0;
}

SEC("tp_user/x")
int correlated(u64 *ctx)
{
	ARGS;
	u64 *v = 0, id = n;
	int have = 0;

	if (m & 4) {
		v = bpf_map_lookup_elem(&start, &id);
		if (!v)
			return 0;
		have = 1;
	}
	total += mix(n, m);
	if (have)
		*v = total;
	return have;
}

SEC("tp_user/x")
int correlated_length(u64 *ctx)
{
	ARGS;
	u32 len = 0, ok = 0;

	if (n < 16) {
		len = n;
		ok = 1;
	}
	total += mix(n, m);
	if (ok)
		table[len]++;
	return 0;
}

SEC("tp_user/x")
int select_member(u64 *ctx)
{
	ARGS;
	struct conn *p = n ? q->conn : c;
	u64 b;

	if (!p)
		return 0;
	b = m ? p->bytes : p->fd;
	total += b;
	return p->next != c;
}

SEC("tp_user/x")
int queue_use(u64 *ctx)
{
	ARGS;
	u64 v;

	bpf_map_push_elem(&queue, &n, BPF_EXIST);
	if (bpf_map_peek_elem(&queue, &v) == 0)
		total += v;
	if (bpf_map_pop_elem(&queue, &v))
		return 0;
	return v & 1;
}

SEC("tp_user/x")
int print(u64 *ctx)
{
	ARGS;
	char buf[32] = "";
	u64 pid = bpf_get_current_pid_tgid();

	bpf_printk("pid %d len %u %s", (int)(pid >> 32), q->len, q->text);
	BPF_SNPRINTF(buf, sizeof(buf), "%s:%d", q->text, (int)n);
	bpf_ringbuf_output(&ring, buf, sizeof(buf), 0);
	return 0;
}

SEC("tp_user/x")
int lru_row(u64 *ctx)
{
	ARGS;
	u32 k = n;
	struct row r = {}, *p = bpf_map_lookup_elem(&lru, &k);

	if (p) {
		r = *p;
		r.len++;
		p->when = bpf_ktime_get_ns();
		__builtin_memcpy(p->text, r.text, sizeof(r.text));
		return 0;
	}
	r.id = m;
	bpf_get_current_comm(r.text, 16);
	bpf_map_update_elem(&lru, &k, &r, BPF_ANY);
	return 0;
}

SEC("tp_user/x")
int tail(u64 *ctx)
{
	ARGS;
	total++;
	bpf_tail_call(ctx, &progs, n & 3);
	total--;
	return 0;
}

SEC("tp_user/x")
int stack_trace(u64 *ctx)
{
	u64 *ips = bpf_ringbuf_reserve(&ring, 16 * 8, 0);
	long size;

	if (!ips)
		return 0;
	size = bpf_get_stack(ctx, ips, 16 * 8, BPF_F_USER_STACK);
	if (size < 0)
		bpf_ringbuf_discard(ips, 0);
	else
		bpf_ringbuf_submit(ips, 0);
	return 0;
}

SEC("tp_user/x")
int numbers(u64 *ctx)
{
	ARGS;
	s32 r = q->result;
	s64 x = (s64)n >> 3;
	u32 k;

	if (r < 0)
		r = -r;
	k = (u32)r % 16;
	table[k] += (u64)x / 3;
	asm volatile("" : "+r"(x));
	k = (x > 10 ? 10 : x < 0 ? 0 : x);
	table[k] += 1;
	k = __builtin_bswap16(n) >> 12;
	table[k] ^= x;
	r = q->result;
	if (r >= 0 && r < 14)
		table[r]++;
	r = (s16)m;
	if (r > 9)
		return 0;
	asm volatile("" : "+r"(r));
	if (r < 0)
		return 0;
	table[r]++;
	x = (s8)m;
	asm volatile("" : "+r"(x));
	if (x >= -8 && x < 8)
		table[x + 8]++;
	k = (u8)n;
	if (k < 32)
		table[k / 2]--;
	return 0;
}

SEC("tp_user/x")
int switch_kind(u64 *ctx)
{
	ARGS;
	u64 *slot = &table[0];

	switch (q->kind) {
	case 0:
		slot = &table[1];
		break;
	case 1:
		slot = &table[2];
		break;
	case 7:
		slot = &total;
		break;
	case 9:
		slot = (void *)label;
		break;
	case 12:
		return 3;
	}
	(*slot)++;
	return 0;
}
