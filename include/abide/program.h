/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROGRAM_H
#define ABIDE_PROGRAM_H

/*
 * What a program is written with, beside the structs and events of <abide/linux.h>:
 *
 *	#include <abide/linux.h>
 *	#include <abide/program.h>
 *
 *	HISTOGRAM(wait, "time from wakeup to running", "ns");
 *
 *	SEC("tp_user/sched_switch")
 *	int BPF_PROG(on_switch, struct task_struct_user *prev, struct task_struct_user *next)
 *	{
 *		... hist_add(&wait, delta); ...
 *		return 0;
 *	}
 *	LICENSE("GPL");
 *
 * Results are declared, and abide shows them: no code in user space. A map that is
 * declared in the plain way, struct { __uint(type, ...) ... } x SEC(".maps"), is the
 * program's own memory and is not shown. One file a program; titles and help must be
 * string literals; units that are scaled for people are "ns", "us", "ms", "s", "bytes" and
 * "KiB"; any other word ("packets") is shown as it is; "" is a plain number.
 *
 *	HISTOGRAM(name, "title", "unit")              hist_add(&name, value)
 *	HISTOGRAM_BY(name, key type, "title", "unit") hist_add_by(&name, &key, value)
 *	LINEAR(name, "title", "unit", min, step, slots) linear_add(&name, value)
 *	HEATMAP(name, "title", "unit")                heat_add(&name, value)
 *	COUNTER(name, "title")                        count(&name, n)
 *	COUNTER_BY(name, key type, "title")           count_by(&name, &key, n)
 *	SUM_BY(name, key type, "title", "unit")       count_by(&name, &key, n)
 *	TABLE_BY(name, key type, value type, "title") table_at(&name, &key)
 *	TOP_BY(name, key type, value type, "title")   the same, the first 20 are shown
 *	EVENTS(name, struct row, "title")             row = event_reserve(&name), event_submit(row)
 *	OPTION(type, name, default, "help")           abide run x.bpf.o --name=VALUE
 *
 * All but EVENTS keep one value a CPU, added up when they are read: no atomics. The *_BY
 * forms take one more argument, how many keys they hold (1024). A key that finds no room and
 * a row that finds none are counted, and abide says how many were lost. A key is a scalar, or
 * a struct without holes, all of whose bytes are set.
 *
 * Columns are the members of a row, key or value, in order. Behind a member:
 *
 *	__u64 wait UNIT("ns");         scaled for people: 1.25ms
 *	__u32 pid TITLE("PID");        heads the column; otherwise it is the member's name
 *	__u64 worst LARGEST;           of a table: the largest of the CPUs' values, not their sum
 *	__u64 total SORT;              of a table: sorted by this one, not by the first
 *	__u32 mode HEX;                shown in base 16
 *
 * A type says it too: enums by name, char[N] as text, bool, and the typedefs below. A
 * member whose name begins with __ is not shown. A user_code is named by the symbols of the
 * process whose number is in the member "pid" of the same struct (without one: of the only one);
 * an array of them is a stack, a line for each frame, as far as the first that is 0.
 */
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

typedef __s64 syscall_nr;   /* a system call of this machine, shown by name */
typedef __s32 errno_nr;     /* a result; -2: ENOENT, 0 and above: the number */
typedef __s32 signal_nr;    /* 15: SIGTERM */
typedef __s32 wait_status;  /* as wait(2) gives it: "exit 1", "SIGKILL" */
typedef __be32 ip4_addr;    /* 127.0.0.1 */
typedef __u8 ip6_addr[16];  /* ::1 */
typedef __be16 be16_port;   /* a port in network byte order */
typedef __be16 ether_proto; /* ETH_P_*: 0x0800 is IPv4 */
typedef __u32 dev_nr;       /* major << 20 | minor: 8:1 */
typedef __u64 ktime_ns;     /* of bpf_ktime_get_ns(): seconds since boot */
typedef __u64 user_code;    /* an address in an application: malloc+0x1d; see below */

#if defined(__has_attribute) && __has_attribute(btf_decl_tag)
#define ABIDE_TAG(text) __attribute__((btf_decl_tag("abide:" text)))
#else
#error "clang 14 or newer is needed: results are described by btf_decl_tag"
#endif
#define ABIDE_OVERLOAD          static __always_inline __attribute__((overloadable, unused))
#define ABIDE_2ND(a, b, ...)    b
#define ABIDE_OR(fallback, ...) ABIDE_2ND(0, ##__VA_ARGS__, fallback, 0)

#define UNIT(unit)   ABIDE_TAG("unit=" unit)
#define TITLE(title) ABIDE_TAG("title=" title)
#define LARGEST      ABIDE_TAG("max")
#define SORT         ABIDE_TAG("sort")
#define HEX          ABIDE_TAG("hex")

#define LICENSE(text) char LICENSE[] SEC("license") = text

/* A constant that the one who runs the program may set. Read it as any variable. */
#define OPTION(type, name, value, help) const volatile type name ABIDE_TAG("help=" help) = value

/*
 * Calls that exist until abide translates the program. They are calls to helper numbers that
 * no kernel has; what a kernel loads has none of them.
 */
/* The running task, also on kernels that have no helper for it. */
static struct task_struct_user *(*const bpf_get_current_task_user)(void)
	__attribute__((unused)) = (void *)0x7ab1de00;
static long (*const abide_field_exists)(const void *field)
	__attribute__((unused)) = (void *)0x7ab1de01;
static long (*const abide_user_str)(void *dst, __u32 size, const void *field)
	__attribute__((unused)) = (void *)0x7ab1de02;
static __u64 (*const abide_fetch_u8)(const void *address)
	__attribute__((unused)) = (void *)0x7ab1de10;
static __u64 (*const abide_fetch_u16)(const void *address)
	__attribute__((unused)) = (void *)0x7ab1de11;
static __u64 (*const abide_fetch_u32)(const void *address)
	__attribute__((unused)) = (void *)0x7ab1de12;
static __u64 (*const abide_fetch_u64)(const void *address)
	__attribute__((unused)) = (void *)0x7ab1de13;
static void *(*const abide_fetch_ptr)(const void *address)
	__attribute__((unused)) = (void *)0x7ab1de14;
static long (*const abide_fetch_str)(void *dst, __u32 size, const void *address)
	__attribute__((unused)) = (void *)0x7ab1de15;

/*
 * user_field_exists(task->exe): 1 if the running kernel has the field, decided before the
 * program is loaded: what is guarded by it and reads a field that does not exist is left out.
 */
#define user_field_exists(field) (abide_field_exists(&(field)) != 0)
/*
 * user_str(row->name, sizeof(row->name), file->name): copy a text field (char[] or string),
 * or an event's argument that is a string; cut to the size, always terminated. Returns its
 * length with the terminator, or a negative error number.
 */
#define user_str(dst, size, field) abide_user_str((dst), (size), &(field))

/*
 * Read kernel memory at any address; 0 where nothing is. A program that does so is tied to a
 * kernel's internals: it has no ABI, and abide check says so.
 */
#define bpf_fetch_u8(address)             ((__u8)abide_fetch_u8((const void *)(address)))
#define bpf_fetch_u16(address)            ((__u16)abide_fetch_u16((const void *)(address)))
#define bpf_fetch_u32(address)            ((__u32)abide_fetch_u32((const void *)(address)))
#define bpf_fetch_u64(address)            abide_fetch_u64((const void *)(address))
#define bpf_fetch_ptr(address)            abide_fetch_ptr((const void *)(address))
#define bpf_fetch_str(dst, size, address) abide_fetch_str((dst), (size), (const void *)(address))

/* ---- histograms ---- */

/* Slot k counts values in [2^k, 2^(k+1)); 0 is counted in slot 0 as well. */
struct abide_hist {
	__u64 count;
	__u64 sum;
	__u64 slots[64];
};
static const struct abide_hist abide_hist_none __attribute__((unused));

/*
 * The position of the highest bit, 0 for 0. Without branches, so the kernel's verifier walks
 * it once: a step tests whether the upper half of what is left holds anything, by the sign of
 * a difference that the compiler must not look into. 1000 is above 0xff only: 8, and 3 is left,
 * which is above neither 0xf nor 0x3; 3 >> 1 is the last bit: 8 | 1 = 9, and 2^9 = 512.
 */
static __always_inline __u64 abide_log2(__u64 v)
{
	__u64 r, t;

	t = -(v >> 32);
	barrier_var(t);
	r = t >> 58 & 32;
	v >>= r;
	t = 0xffff - v;
	barrier_var(t);
	t = t >> 59 & 16;
	r |= t;
	v >>= t;
	t = 0xff - v;
	barrier_var(t);
	t = t >> 60 & 8;
	r |= t;
	v >>= t;
	t = 0xf - v;
	barrier_var(t);
	t = t >> 61 & 4;
	r |= t;
	v >>= t;
	t = 0x3 - v;
	barrier_var(t);
	t = t >> 62 & 2;
	r |= t;
	v >>= t;
	return r | v >> 1;
}

static __always_inline void abide_hist_count(struct abide_hist *h, __u64 value)
{
	__u64 slot = abide_log2(value);

	/* The verifier of 5.10 wants to see the mask, which the compiler would drop. */
	barrier_var(slot);
	h->slots[slot & 63]++;
	h->count++;
	h->sum += value;
}

#define ABIDE_ARRAY(name, value_type, entries)                                                     \
	struct name##_map {                                                                        \
		__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);                                           \
		__uint(max_entries, entries);                                                      \
		__type(key, __u32);                                                                \
		__type(value, value_type);                                                         \
	} name SEC(".maps")
#define ABIDE_HASH(name, key_type, value_type, entries)                                            \
	__u64 abide_lost_##name ABIDE_TAG("lost=" #name);                                          \
	struct name##_map {                                                                        \
		__uint(type, BPF_MAP_TYPE_PERCPU_HASH);                                            \
		__uint(max_entries, entries);                                                      \
		__type(key, key_type);                                                             \
		__type(value, value_type);                                                         \
	} name SEC(".maps")
/*
 * This CPU's value of a key, made from @none if the key is new; NULL when there is no room.
 * Two CPUs may add a key at once: who comes second finds it.
 */
#define ABIDE_AT(name, key_type, value_type, none)                                                 \
	ABIDE_OVERLOAD value_type *abide_at(struct name##_map *map,                                \
	                                    const __typeof__(key_type) *key)                       \
	{                                                                                          \
		value_type *value = bpf_map_lookup_elem(map, key);                                 \
                                                                                                   \
		if (value)                                                                         \
			return value;                                                              \
		bpf_map_update_elem(map, key, &none, BPF_NOEXIST);                                 \
		value = bpf_map_lookup_elem(map, key);                                             \
		if (!value)                                                                        \
			__sync_fetch_and_add(&abide_lost_##name, 1);                               \
		return value;                                                                      \
	}                                                                                          \
	_Static_assert(1, "")

#define HISTOGRAM(name, title, unit)                                                               \
	ABIDE_ARRAY(name, struct abide_hist, 1) ABIDE_TAG("hist") TITLE(title) UNIT(unit);         \
	ABIDE_OVERLOAD void hist_add(struct name##_map *map, __u64 value)                          \
	{                                                                                          \
		struct abide_hist *h = bpf_map_lookup_elem(map, &(__u32){ 0 });                    \
                                                                                                   \
		if (h)                                                                             \
			abide_hist_count(h, value);                                                \
	}                                                                                          \
	_Static_assert(1, "")

#define HISTOGRAM_BY(name, key_type, title, unit, ...)                                             \
	ABIDE_HASH(name, key_type, struct abide_hist, ABIDE_OR(1024, ##__VA_ARGS__))               \
	ABIDE_TAG("hist") TITLE(title) UNIT(unit);                                                 \
	ABIDE_AT(name, key_type, struct abide_hist, abide_hist_none);                              \
	ABIDE_OVERLOAD void hist_add_by(struct name##_map *map, const __typeof__(key_type) *key,   \
	                                __u64 value)                                               \
	{                                                                                          \
		struct abide_hist *h = abide_at(map, key);                                         \
                                                                                                   \
		if (h)                                                                             \
			abide_hist_count(h, value);                                                \
	}                                                                                          \
	_Static_assert(1, "")

/* @nr slots of @step from @min on; what is less or more is counted and shown as "less", "more". */
#define LINEAR(name, title, unit, min, step, nr)                                                   \
	struct name##_value {                                                                      \
		__u64 count;                                                                       \
		__u64 sum;                                                                         \
		__u64 slots[(nr) + 2];                                                             \
	};                                                                                         \
	ABIDE_ARRAY(name, struct name##_value, 1)                                                  \
	ABIDE_TAG("linear")                                                                        \
	ABIDE_TAG("min=" #min) ABIDE_TAG("step=" #step) TITLE(title) UNIT(unit);                   \
	ABIDE_OVERLOAD void linear_add(struct name##_map *map, __s64 value)                        \
	{                                                                                          \
		struct name##_value *h = bpf_map_lookup_elem(map, &(__u32){ 0 });                  \
		__u64 slot = value < (min) ? 0 : (__u64)(value - (min)) / (step) + 1;              \
                                                                                                   \
		if (!h)                                                                            \
			return;                                                                    \
		barrier_var(slot);                                                                 \
		if (slot > (nr) + 1)                                                               \
			slot = (nr) + 1;                                                           \
		h->slots[slot]++;                                                                  \
		h->count++;                                                                        \
		h->sum += (__u64)value;                                                            \
	}                                                                                          \
	_Static_assert(1, "")

/* A histogram for each of the last 64 seconds. */
struct abide_heat {
	__u64 second; /* on the clock of bpf_ktime_get_ns() */
	struct abide_hist hist;
};

#define HEATMAP(name, title, unit)                                                                 \
	ABIDE_ARRAY(name, struct abide_heat, 64) ABIDE_TAG("heat") TITLE(title) UNIT(unit);        \
	ABIDE_OVERLOAD void heat_add(struct name##_map *map, __u64 value)                          \
	{                                                                                          \
		__u64 second = bpf_ktime_get_ns() / 1000000000;                                    \
		__u32 key = second & 63;                                                           \
		struct abide_heat *h = bpf_map_lookup_elem(map, &key);                             \
                                                                                                   \
		if (!h)                                                                            \
			return;                                                                    \
		if (h->second != second) {                                                         \
			__builtin_memset(h, 0, sizeof(*h));                                        \
			h->second = second;                                                        \
		}                                                                                  \
		abide_hist_count(&h->hist, value);                                                 \
	}                                                                                          \
	_Static_assert(1, "")

/* ---- counters and tables ---- */

#define COUNTER(name, title)                                                                       \
	ABIDE_ARRAY(name, __u64, 1) ABIDE_TAG("count") TITLE(title);                               \
	ABIDE_OVERLOAD void count(struct name##_map *map, __u64 n)                                 \
	{                                                                                          \
		__u64 *value = bpf_map_lookup_elem(map, &(__u32){ 0 });                            \
                                                                                                   \
		if (value)                                                                         \
			*value += n;                                                               \
	}                                                                                          \
	_Static_assert(1, "")

#define SUM_BY(name, key_type, title, unit, ...)                                                   \
	ABIDE_HASH(name, key_type, __u64, ABIDE_OR(1024, ##__VA_ARGS__))                           \
	ABIDE_TAG("count") TITLE(title) UNIT(unit);                                                \
	ABIDE_OVERLOAD void count_by(struct name##_map *map, const __typeof__(key_type) *key,      \
	                             __u64 n)                                                      \
	{                                                                                          \
		__u64 *value = bpf_map_lookup_elem(map, key);                                      \
                                                                                                   \
		if (!value) {                                                                      \
			if (!bpf_map_update_elem(map, key, &n, BPF_NOEXIST))                       \
				return;                                                            \
			value = bpf_map_lookup_elem(map, key);                                     \
		}                                                                                  \
		if (value)                                                                         \
			*value += n;                                                               \
		else                                                                               \
			__sync_fetch_and_add(&abide_lost_##name, 1);                               \
	}                                                                                          \
	_Static_assert(1, "")
#define COUNTER_BY(name, key_type, title, ...) SUM_BY(name, key_type, title, "", ##__VA_ARGS__)

/* table_at: this CPU's value of the key, zeros at first, to be changed in place; NULL: no room. */
#define ABIDE_TABLE(name, key_type, value_type, title, tags, ...)                                  \
	static const __typeof__(value_type) abide_none_##name __attribute__((unused));             \
	ABIDE_HASH(name, key_type, value_type, ABIDE_OR(1024, ##__VA_ARGS__))                      \
	ABIDE_TAG("table") TITLE(title) tags;                                                      \
	ABIDE_AT(name, key_type, value_type, abide_none_##name);                                   \
	ABIDE_OVERLOAD value_type *table_at(struct name##_map *map,                                \
	                                    const __typeof__(key_type) *key)                       \
	{                                                                                          \
		return abide_at(map, key);                                                         \
	}                                                                                          \
	_Static_assert(1, "")
#define TABLE_BY(name, key_type, value_type, title, ...)                                           \
	ABIDE_TABLE(name, key_type, value_type, title, , ##__VA_ARGS__)
#define TOP_BY(name, key_type, value_type, title, ...)                                             \
	ABIDE_TABLE(name, key_type, value_type, title, ABIDE_TAG("top=20"), ##__VA_ARGS__)

/* ---- rows ---- */

/*
 * A ring of rows, 1 MiB unless a fourth argument says how many bytes (a power of two, at least
 * 65536). event_reserve() returns NULL when the ring is full; all bytes of a row must be set;
 * each reserved row is submitted or discarded. A reader is not woken for each row (that costs
 * more than the row) but when the ring is a quarter full; it looks by itself every now and
 * then. One ring a row type.
 */
#define EVENTS(name, row_type, ...) ABIDE_EVENTS(name, row_type, ##__VA_ARGS__, "", 1048576, )
#define ABIDE_EVENTS(name, row_type, title, bytes, ...)                                            \
	ABIDE_EVENTS_(name, row_type, title, ABIDE_BYTES(bytes))
#define ABIDE_BYTES(bytes)                                                                         \
	(__builtin_choose_expr(__builtin_types_compatible_p(__typeof__(bytes), int), (bytes),      \
	                       1048576))
#define ABIDE_EVENTS_(name, row_type, title, bytes)                                                \
	__u64 abide_lost_##name ABIDE_TAG("lost=" #name);                                          \
	/* The kernel takes no value type for a ring: this variable carries it. */                 \
	row_type *abide_row_##name __attribute__((used)) ABIDE_TAG("row=" #name);                  \
	struct name##_map {                                                                        \
		__uint(type, BPF_MAP_TYPE_RINGBUF);                                                \
		__uint(max_entries, bytes);                                                        \
	} name SEC(".maps") ABIDE_TAG("events") TITLE(title);                                      \
	ABIDE_OVERLOAD row_type *event_reserve(struct name##_map *map)                             \
	{                                                                                          \
		row_type *row = bpf_ringbuf_reserve(map, sizeof(*row), 0);                         \
                                                                                                   \
		if (!row)                                                                          \
			__sync_fetch_and_add(&abide_lost_##name, 1);                               \
		return row;                                                                        \
	}                                                                                          \
	ABIDE_OVERLOAD void event_submit(row_type *row)                                            \
	{                                                                                          \
		bpf_ringbuf_submit(row, bpf_ringbuf_query(&name, BPF_RB_AVAIL_DATA) > (bytes) / 4  \
		                                ? BPF_RB_FORCE_WAKEUP                              \
		                                : BPF_RB_NO_WAKEUP);                               \
	}                                                                                          \
	ABIDE_OVERLOAD void event_discard(row_type *row)                                           \
	{                                                                                          \
		bpf_ringbuf_discard(row, BPF_RB_NO_WAKEUP);                                        \
	}                                                                                          \
	_Static_assert(1, "")
#define EVENT_RESERVE(name) event_reserve(&(name))
#define EVENT_SUBMIT(row)   event_submit(row)
#define EVENT_DISCARD(row)  event_discard(row)

#endif
