/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * tracex4: objects of the kernel's slab caches that are allocated and not freed. The fourth
 * sample of the proposal of 2015. It needs kprobes, so it is NOT ABI: it depends on names
 * and arguments of functions inside the kernel, and abide check says so.
 *
 *	abide check tracex4.bpf.o
 *	abide run tracex4.bpf.o -d 10
 *
 * SITE is the address of the code that allocated. What lives longer than the run is no leak
 * yet; what grows from run to run may be one.
 */
#include <abide/linux.h>
#include <abide/program.h>

struct site {
	u64 address TITLE("SITE") HEX;
};

SUM_BY(held, struct site, "objects not freed, by who allocated them", "objects", 4096);

struct object {
	u64 site;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, u64); /* address of the object */
	__type(value, struct object);
} objects SEC(".maps");

/* The two registers that matter here, on the machines that kprobes exist on. */
#if defined(__TARGET_ARCH_arm64)
struct pt_regs {
	u64 regs[31];
	u64 sp;
	u64 pc;
};
#define RESULT(regs)   bpf_fetch_u64(&(regs)->regs[0])
#define ARGUMENT(regs) bpf_fetch_u64(&(regs)->regs[1])
#define PLACE(regs)    bpf_fetch_u64(&(regs)->pc)
#else
struct pt_regs {
	u64 r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};
#define RESULT(regs)   bpf_fetch_u64(&(regs)->ax)
#define ARGUMENT(regs) bpf_fetch_u64(&(regs)->si)
#define PLACE(regs)    bpf_fetch_u64(&(regs)->ip)
#endif

SEC("kretprobe/kmem_cache_alloc")
int on_alloc(struct pt_regs *regs)
{
	struct site site = { PLACE(regs) };
	struct object object = { site.address };
	u64 address = RESULT(regs);

	if (address && !bpf_map_update_elem(&objects, &address, &object, BPF_ANY))
		count_by(&held, &site, 1);
	return 0;
}

SEC("kprobe/kmem_cache_free")
int on_free(struct pt_regs *regs)
{
	u64 address = ARGUMENT(regs);
	struct object *object = bpf_map_lookup_elem(&objects, &address);
	struct site site;

	if (!object)
		return 0;
	site.address = object->site;
	bpf_map_delete_elem(&objects, &address);
	count_by(&held, &site, -1);
	return 0;
}

LICENSE("GPL");
