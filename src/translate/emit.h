/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TRANSLATE_EMIT_H
#define ABIDE_TRANSLATE_EMIT_H

#include "analyze/facts.h"
#include "object/code.h"
#include "util/buf.h"

/* The translator's own stack slots, below the program's frame. */
enum emit_slot {
	SLOT_FETCH,               /* what bpf_probe_read_kernel fills */
	SLOT_SCRATCH,             /* 4: registers borrowed while they are alive (compose, "a or b", a mask) */
	SLOT_SAVE = SLOT_SCRATCH + 4, /* 6: r0..r5 across a helper call */
	SLOT_INDEX = SLOT_SAVE + 6,   /* 10: the variable part of the pointer in each register */
	SLOT_COUNT = SLOT_INDEX + 10,
};

/*
 * New code, instruction by instruction. Jumps name labels and are resolved once, in
 * emit_finish. A failed allocation is sticky. Labels 0..nr_nodes-1 are the analysis'
 * nodes; emit_label makes more.
 */
struct emit {
	const struct analysis *a;
	struct bpf_insn *insns;
	size_t n, room_insns;
	struct line *lines;
	size_t nr_lines, room_lines;
	struct reloc *relocs;
	size_t nr_relocs, room_relocs;
	struct core_relo *cores;
	size_t nr_cores, room_cores;
	int64_t *labels;      /* where each is bound, -1: not yet */
	size_t nr_labels, room_labels;
	struct fixup {
		uint32_t insn, label;
	} *fixups;
	size_t nr_fixups, room_fixups;
	uint32_t stack;       /* bytes of stack in use, the translator's slots included */
	int16_t slots[SLOT_COUNT]; /* where each is, 0: not used so far */
	bool failed;
	/* where the code that is being emitted comes from, for line info and messages */
	const struct walk *walk;
	uint32_t insn;
	/* -v: what each source instruction became; the code is printed when its jumps are known */
	struct buf *explain;
	struct buf why; /* stable path -> kernel path, of the instruction at hand */
	struct note {
		const struct walk *walk;
		uint32_t insn, from, to;
		char *why;
	} *notes;
	size_t nr_notes, room_notes;
};

bool emit_open(struct emit *m, const struct analysis *a);
void emit_close(struct emit *m);
/* Resolve jumps and move the result to @out. Refuses jumps and stacks that are too long. */
int emit_finish(struct emit *m, struct code *out, struct abide_error *e);

int16_t emit_slot(struct emit *m, unsigned slot); /* its offset from r10 */
uint32_t emit_label(struct emit *m);
void emit_bind(struct emit *m, uint32_t label);
void emit_raw(struct emit *m, struct bpf_insn i);
void emit_jump_raw(struct emit *m, struct bpf_insn i, uint32_t label);
/* Say that what follows is from source instruction @insn of @w. */
void emit_source(struct emit *m, const struct walk *w, uint32_t insn);
void emit_reloc(struct emit *m, struct reloc r);      /* for the next instruction */
void emit_core_relo(struct emit *m, struct core_relo r);
/* Say that instructions from @from on are what became of the source instruction at hand. */
void emit_note(struct emit *m, uint32_t from);

static inline void emit_mov(struct emit *m, unsigned dst, unsigned src)
{
	if (dst != src)
		emit_raw(m, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = dst, .src_reg = src });
}

static inline void emit_mov32(struct emit *m, unsigned dst, unsigned src)
{
	emit_raw(m, (struct bpf_insn){ .code = BPF_ALU | BPF_MOV | BPF_X, .dst_reg = dst, .src_reg = src });
}

static inline void emit_alu_k(struct emit *m, uint8_t op, unsigned dst, int32_t imm)
{
	emit_raw(m, (struct bpf_insn){ .code = BPF_ALU64 | op | BPF_K, .dst_reg = dst, .imm = imm });
}

static inline void emit_alu_x(struct emit *m, uint8_t op, unsigned dst, unsigned src)
{
	emit_raw(m, (struct bpf_insn){ .code = BPF_ALU64 | op | BPF_X, .dst_reg = dst, .src_reg = src });
}

static inline void emit_load(struct emit *m, uint32_t size, unsigned dst, unsigned base, int16_t off)
{
	uint8_t code = size == 1 ? BPF_B : size == 2 ? BPF_H : size == 4 ? BPF_W : BPF_DW;

	emit_raw(m, (struct bpf_insn){ .code = BPF_LDX | BPF_MEM | code, .dst_reg = dst, .src_reg = base, .off = off });
}

static inline void emit_store(struct emit *m, uint32_t size, unsigned base, int16_t off, unsigned src)
{
	uint8_t code = size == 1 ? BPF_B : size == 2 ? BPF_H : size == 4 ? BPF_W : BPF_DW;

	emit_raw(m, (struct bpf_insn){ .code = BPF_STX | BPF_MEM | code, .dst_reg = base, .src_reg = src, .off = off });
}

static inline void emit_call(struct emit *m, int32_t helper)
{
	emit_raw(m, (struct bpf_insn){ .code = BPF_JMP | BPF_CALL, .imm = helper });
}

static inline void emit_exit(struct emit *m)
{
	emit_raw(m, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
}

static inline void emit_goto(struct emit *m, uint32_t label)
{
	emit_jump_raw(m, (struct bpf_insn){ .code = BPF_JMP | BPF_JA }, label);
}

/* "if rDST OP imm goto label", 64 bits. */
static inline void emit_jump_k(struct emit *m, uint8_t op, unsigned dst, int32_t imm, uint32_t label)
{
	emit_jump_raw(m, (struct bpf_insn){ .code = BPF_JMP | op | BPF_K, .dst_reg = dst, .imm = imm }, label);
}

/* rDST = any 64-bit number */
void emit_number(struct emit *m, unsigned dst, int64_t v);

#endif
