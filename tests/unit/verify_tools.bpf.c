// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Programs as tools are written, for the verifier of the process engine: all are safe, so all
 * must be accepted, whatever clang makes of them for each version of the instruction set.
 * verify_clang.c has the types of the application: struct query and struct conn.
 */
#include <abide/linux.h>
#include <bpf/bpf_helpers.h>

typedef __u64 u64;
typedef __u32 u32;
typedef __u16 u16;
typedef __u8 u8;
typedef __s64 s64;
typedef __s32 s32;

struct conn {
	u32 fd;
	u32 flags;
	u64 bytes;
	struct conn *next;
};

struct query {
	u64 id;
	u32 len;
	u16 kind;
	u8 level;
	char text[17];
	struct conn *conn;
	u64 times[4];
	s32 result;
	u32 pad;
};

struct hist {
	u64 count, sum, slots[64];
};

struct key {
	u32 fd;
	u16 kind;
	u16 pad;
};

struct row {
	u64 id, when;
	u32 len;
	char text[20];
};

#define MAP(name, kind, key_t, value_t, n)                                                                  \
	struct {                                                                                            \
		__uint(type, BPF_MAP_TYPE_##kind);                                                          \
		__uint(max_entries, n);                                                                     \
		__type(key, key_t);                                                                         \
		__type(value, value_t);                                                                     \
	} name SEC(".maps")

MAP(hists, PERCPU_ARRAY, u32, struct hist, 1);
MAP(start, HASH, u64, u64, 1024);
MAP(counts, HASH, struct key, u64, 1024);
MAP(percpu, PERCPU_HASH, struct key, struct hist, 1024);
MAP(array, ARRAY, u32, u64, 10);
MAP(lru, LRU_HASH, u32, struct row, 100);
MAP(scratch, PERCPU_ARRAY, u32, u8[256], 1);
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 16);
	__uint(value_size, 8);
} queue SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} perf SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__uint(key_size, 4);
	__uint(value_size, 4);
} progs SEC(".maps");

u64 total;
u64 table[16];
char label[16];
const volatile u64 threshold = 1000;
const volatile u32 limits[8] = { 1, 2, 4, 8, 16, 32, 64, 128 };

static __always_inline u32 log2_u32(u32 v)
{
	u32 r, shift;

	r = (v > 0xffff) << 4;
	v >>= r;
	shift = (v > 0xff) << 3;
	v >>= shift;
	r |= shift;
	shift = (v > 0xf) << 2;
	v >>= shift;
	r |= shift;
	shift = (v > 0x3) << 1;
	v >>= shift;
	r |= shift;
	r |= (v >> 1);
	return r;
}

static __always_inline u32 log2_u64(u64 v)
{
	u32 hi = v >> 32;

	return hi ? log2_u32(hi) + 32 : log2_u32(v);
}

#define ARGS struct query *q = (void *)ctx[0]; struct conn *c = (void *)ctx[1]; u64 n = ctx[2]; u64 m = ctx[3]; \
	(void)q; (void)c; (void)n; (void)m

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
	if (r >= -2 && r < 14)
		table[(s64)r + 2]++;
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
