/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_VERIFY_TOOLS_H
#define ABIDE_TESTS_VERIFY_TOOLS_H

/* The types of an application, as verify_kit.h describes them to the verifier, and maps of every type. */
#include <abide/linux.h>
#include <bpf/bpf_helpers.h>

typedef __u64 u64;
typedef __u32 u32;
typedef __u16 u16;
typedef __u8 u8;
typedef __s64 s64;
typedef __s32 s32;
typedef __s16 s16;
typedef __s8 s8;

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

#endif
