/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_EVENT_KIT_H
#define ABIDE_TESTS_EVENT_KIT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event/event.h"

/* Programs for tests of firing: raw instructions that write to cells of the test's own. */
#define KIT_INSN(c, d, s, o, i)                                                                  \
	((struct bpf_insn){ .code = (uint8_t)(c), .dst_reg = (d), .src_reg = (s), .off = (int16_t)(o), .imm = (i) })
#define KIT_LD64(d, p)                                                                           \
	KIT_INSN(BPF_LD | BPF_IMM | BPF_DW, d, 0, 0, (int32_t)(uintptr_t)(p)),                   \
		KIT_INSN(0, 0, 0, 0, (int32_t)((uintptr_t)(p) >> 32))
#define KIT_RETURN KIT_INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0), KIT_INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
#define KIT_COUNT(p)                                                                             \
	KIT_LD64(1, p), KIT_INSN(BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, 1),                       \
		KIT_INSN(BPF_STX | BPF_ATOMIC | BPF_DW, 1, 2, 0, BPF_ADD), KIT_RETURN

static unsigned kit_bad, kit_released;

static inline void kit_ok(bool good, const char *what)
{
	kit_bad += !good;
	printf("%s - %s\n", good ? "ok" : "not ok", what);
	fflush(stdout);
}

static inline void kit_release(struct event_program *p)
{
	process_program_free((struct process_program *)(uintptr_t)p->program);
	free(p);
	__atomic_fetch_add(&kit_released, 1, __ATOMIC_RELAXED);
}

/* @how: 0 native, 1 interpreted. Leaves by its release. */
static inline struct event_program *kit_program(const struct bpf_insn *insns, uint32_t nr, bool interpret)
{
	struct event_program *p = calloc(1, sizeof(*p));
	struct process_program *program;
	struct abide_error e;

	if (!p || process_program_new(insns, nr, process_helpers(), &program, &e) ||
	    (!interpret && process_compile(program, NULL, &e) && e.code != -95)) {
		printf("not ok - a program: %s\n", p ? e.problem : "no memory");
		exit(1);
	}
	p->program = program;
	p->release = kit_release;
	return p;
}

#define KIT_PROGRAM(interpret, ...)                                                              \
	kit_program((const struct bpf_insn[]){ __VA_ARGS__ },                                    \
		    sizeof((const struct bpf_insn[]){ __VA_ARGS__ }) / sizeof(struct bpf_insn), interpret)

static inline struct event_link *kit_attach(const char *provider, const char *name, struct event_program *p)
{
	const struct layout *l;
	struct event_link *link;
	struct abide_error e = { 0 };

	if (event_layout(provider, name, &l, &e) || event_attach(provider, name, l, p, &link, &e)) {
		printf("not ok - attaching to %s:%s: %s\n", provider, name, e.problem);
		exit(1);
	}
	event_layout_put(l);
	return link;
}

#endif
