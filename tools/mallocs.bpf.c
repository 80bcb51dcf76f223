/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * mallocs: how much memory an application asks for, and what it never gives back, by stack.
 *
 *	abide run mallocs.bpf.o --preload libc -- COMMAND
 *	abide run mallocs.bpf.o --preload libc --min-bytes=4096 -i 5 -- COMMAND
 *	abide run mallocs.bpf.o --preload libc --stacks=0 -- COMMAND
 *
 * The stack is that of the call that got the memory. What a program keeps until it ends on
 * purpose looks like what it lost; so watch a server with -i, and see what grows. A program
 * that has an allocator of its own built in does not call libc's, and shows nothing here.
 */
#include <abide/libc.h>
#include <abide/program.h>

OPTION(u64, min_bytes, 0, "count only blocks of at least so many bytes");
OPTION(bool, stacks, 1, "by stack; 0: by the caller alone, which takes the application far less time");

#define DEPTH 8
#define OURS  2 /* frames of libabide-libc.so, which are left out */

struct place {
	u32 pid TITLE("PID");
	u32 __unused;
	user_code stack[DEPTH] TITLE("STACK");
};

struct kept {
	u64 bytes UNIT("bytes") TITLE("KEPT") SORT;
	u64 blocks TITLE("BLOCKS");
};

COUNTER(got, "blocks handed out");
COUNTER(returned, "blocks given back");
HISTOGRAM(sizes, "sizes of blocks", "bytes");
TOP_BY(places, struct place, struct kept, "memory that was not given back", 16384);

struct address {
	u64 address;
	u64 pid; /* a child has the addresses of its parent */
};

struct block {
	u64 size;
	struct place place;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 20);
	__type(key, struct address);
	__type(value, struct block);
} blocks SEC(".maps");
__u64 abide_lost_blocks ABIDE_TAG("lost=blocks");

/* What realloc() may free: a block that comes back when it fails. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, u32); /* thread */
	__type(value, struct block);
} moving SEC(".maps");

static __always_inline void hold(u64 address, struct block *block)
{
	struct address key = { address, bpf_get_current_pid_tgid() >> 32 };
	struct kept *kept;

	if (bpf_map_update_elem(&blocks, &key, block, BPF_ANY)) {
		__sync_fetch_and_add(&abide_lost_blocks, 1);
		return;
	}
	kept = table_at(&places, &block->place);
	if (kept) {
		kept->bytes += block->size;
		kept->blocks++;
	}
}

static __always_inline void got_block(void *ctx, u64 address, u64 size, u64 caller)
{
	struct block block = { .size = size };

	if (!address || size < min_bytes)
		return;
	count(&got, 1);
	hist_add(&sizes, size);
	block.place.pid = bpf_get_current_pid_tgid() >> 32;
	block.place.stack[0] = caller;
	if (stacks)
		bpf_get_stack(ctx, block.place.stack, sizeof(block.place.stack), BPF_F_USER_STACK | OURS);
	hold(address, &block);
}

/* Of the sums of all CPUs: one may give back what another one got. */
static __always_inline bool gave_block(u64 address, struct block *copy)
{
	struct address key = { address, bpf_get_current_pid_tgid() >> 32 };
	struct block *block = bpf_map_lookup_elem(&blocks, &key);
	struct kept *kept;

	if (!block)
		return false;
	*copy = *block;
	bpf_map_delete_elem(&blocks, &key);
	kept = table_at(&places, &copy->place);
	if (kept) {
		kept->bytes -= copy->size;
		kept->blocks--;
	}
	return true;
}

SEC("tp_user/libc:malloc")
int BPF_PROG(on_malloc, u64 address, u64 size, u64 alignment, u64 caller)
{
	got_block(ctx, address, size, caller);
	return 0;
}

SEC("tp_user/libc:free")
int BPF_PROG(on_free, u64 address)
{
	struct block block;

	if (gave_block(address, &block))
		count(&returned, 1);
	return 0;
}

SEC("tp_user/libc:realloc_enter")
int BPF_PROG(on_realloc, u64 old)
{
	u32 tid = bpf_get_current_pid_tgid();
	struct block block;

	if (old && gave_block(old, &block))
		bpf_map_update_elem(&moving, &tid, &block, BPF_ANY);
	return 0;
}

SEC("tp_user/libc:realloc_exit")
int BPF_PROG(on_realloc_done, u64 old, u64 address, u64 size, u64 caller)
{
	u32 tid = bpf_get_current_pid_tgid();
	struct block *block = bpf_map_lookup_elem(&moving, &tid);

	if (block && !address && size)
		hold(old, block);
	else if (block)
		count(&returned, 1);
	if (block)
		bpf_map_delete_elem(&moving, &tid);
	got_block(ctx, address, size, caller);
	return 0;
}

LICENSE("GPL");
