/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Workloads of "make bench-exec", compiled twice: by clang to eBPF and by gcc -O2 to the
 * machine. Each takes memory and its size and returns a number that depends on all of it.
 * MIX(a, b) calls a helper with two arguments, CPU() one without.
 */
#ifdef __bpf__ /* no C library to take them from */
typedef __UINT8_TYPE__ uint8_t;
typedef __UINT16_TYPE__ uint16_t;
typedef __INT32_TYPE__ int32_t;
typedef __UINT32_TYPE__ uint32_t;
typedef __INT64_TYPE__ int64_t;
typedef __UINT64_TYPE__ uint64_t;
#else
#include <stdint.h>
#endif

struct event {
	uint32_t pid, uid, flags, kind;
	uint64_t size, offset, latency;
	char name[16];
	uint16_t port;
	uint8_t proto, ttl;
	int32_t error;
};

/*
 * Insertion sort of 64 numbers, which are others in each run: the same ones again would measure
 * how well the machine learns their branches by heart (a factor of two).
 */
WORK(sort)
{
	uint64_t *v = memory;
	uint64_t x = size + v[0], sum = 0;
	uint32_t i;
	int64_t k;

	for (i = 0; i < 64; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		v[i] = x >> 16;
	}
	for (i = 1; i < 64; i++) {
		x = v[i];
		for (k = (int64_t)i - 1; k >= 0 && v[k] > x; k--)
			v[k + 1] = v[k];
		v[k + 1] = x;
	}
	for (i = 0; i < 64; i++)
		sum = sum * 31 + v[i];
	return sum;
}

/* The longest of the Collatz sequences of 40 numbers, others in each run, as above. */
WORK(collatz)
{
	uint64_t *from = memory;
	uint64_t n, x, steps, most = size >> 40, k, first = 1 + *from % 100000;

	*from += 7919;
	for (n = first; n < first + 40; n++) {
		x = n + most / 1000000;
		for (steps = 0, k = 0; x != 1 && k < 1000; k++, steps++)
			x = x & 1 ? 3 * x + 1 : x / 2;
		if (steps > most)
			most = steps;
	}
	return most;
}

/* FNV-1a of the memory, byte by byte. */
WORK(fnv)
{
	const uint8_t *p = memory;
	uint64_t h = 0xcbf29ce484222325u, i;

	for (i = 0; i < size; i++) {
		h ^= p[i];
		h *= 0x100000001b3u;
	}
	return h;
}

/* What a filter with many conditions does with an event; nearly all of them are looked at. */
WORK(filter)
{
	struct event *e = memory;
	uint64_t score = 0;

	(void)size;
	if (e->pid == 0 || e->uid == 0xffffffff)
		return 0;
	if (e->flags & 0x80)
		return 1;
	if (e->kind != 3 && e->kind != 7 && e->kind != 9)
		return 2;
	if (e->name[0] != 'r' || e->name[1] != 'e' || e->name[2] != 'd')
		return 3;
	if (e->size > 4096)
		score += e->size >> 12;
	if (e->offset % 512 == 0)
		score += 2;
	if (e->latency > 1000000 && e->latency < 1000000000)
		score += e->latency / 1000000;
	if (e->port == 6379 || e->port == 80)
		score += e->port;
	if (e->proto == 6 && e->ttl < 64)
		score++;
	if (e->error < 0)
		score -= (uint64_t)(int64_t)e->error;
	return score ^ (uint64_t)e->pid << 32 ^ e->uid;
}

/* 32 calls of a helper. */
WORK(calls)
{
	uint64_t h = size, i;

	(void)memory;
#ifdef __clang__ /* gcc -O2 does not, and calls are what is compared */
#pragma clang loop unroll(disable)
#endif
	for (i = 0; i < 32; i++)
		h = MIX(h, i);
	return h;
}
