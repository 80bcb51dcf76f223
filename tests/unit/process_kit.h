/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_PROCESS_KIT_H
#define ABIDE_TESTS_PROCESS_KIT_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "object/disasm.h"
#include "process/decode.h"

/* What tests of the process engine share: a page between guard pages, helpers, instructions. */
#define KIT_MIX  200 /* helper: a hash of its five arguments; leaves junk in what C may clobber */
#define KIT_LOOP BPF_FUNC_loop
#define KIT_PAGE 4096u

#define INSN(c, d, s, o, i)                                                                       \
	((struct bpf_insn){ .code = (uint8_t)(c), .dst_reg = (uint8_t)((d)&15),                    \
	                    .src_reg = (uint8_t)((s)&15), .off = (int16_t)(o), .imm = (int32_t)(i) })

static inline uint8_t *kit_page(void)
{
	uint8_t *p = mmap(NULL, 3 * KIT_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p + KIT_PAGE, KIT_PAGE, PROT_READ | PROT_WRITE)) {
		perror("mmap");
		exit(2);
	}
	return p + KIT_PAGE;
}

static inline uint64_t kit_mix(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, struct process_run *run)
{
	uint64_t h = a * 3 + b * 5 + c * 7 + d * 11 + e * 13;

	(void)run;
#if defined(__x86_64__)
	__asm__ volatile("movq $-1, %%rcx; movq $-2, %%rdx; movq $-3, %%rsi; movq $-4, %%rdi; movq $-5, %%r8;"
	                 "movq $-6, %%r9; movq $-7, %%r10; movq $-8, %%r11"
	                 :
	                 :
	                 : "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11");
#endif
	return h ^ (h >> 29);
}

/* The basic helpers and the kit's own. */
static inline const struct process_helpers *kit_helpers(void)
{
	static struct process_helper table[256];
	static struct process_helpers helpers = { table, 256 };
	const struct process_helpers *basic = process_helpers_basic();

	memcpy(table, basic->table, basic->nr * sizeof(*table));
	table[KIT_MIX] = (struct process_helper){ .fn = kit_mix, .name = "mix" };
	return &helpers;
}

static inline void kit_list(const struct bpf_insn *insns, uint32_t nr)
{
	char text[128];
	uint32_t i;

	for (i = 0; i < nr;) {
		int n = disasm(&insns[i], nr - i, text, sizeof(text));

		printf("# %4u: %s\n", i, text);
		i += (uint32_t)n;
	}
}

#endif
