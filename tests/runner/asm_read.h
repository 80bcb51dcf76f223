/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_ASM_READ_H
#define ABIDE_TESTS_ASM_READ_H

#include "asm.h"

#define MAX_LABELS 256

struct label {
	char name[64];
	int64_t at;        /* instruction, -1: not yet seen */
};

struct pending { /* a jump to a label */
	uint32_t insn;
	uint32_t label;
	uint32_t line;
};

struct reader {
	struct assembly *a;
	const struct asm_symbols *symbols;
	const char *p; /* in the line at hand */
	uint32_t line;
	struct label labels[MAX_LABELS];
	uint32_t nr_labels;
	struct pending pending[MAX_LABELS];
	uint32_t nr_pending;
};

/* The first mistake, with the line at hand. */
void read_fail(struct reader *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void read_spaces(struct reader *s);
/* Pass over @text if it comes next (a space in it stands for any number of spaces). */
bool read_text(struct reader *s, const char *text);
bool read_end(struct reader *s);
/* A name, dots, brackets and colons included. */
bool read_word(struct reader *s, char *out, size_t size);
/* "r7" or, @prefix 'w', "w7" */
bool read_reg(struct reader *s, char prefix, uint8_t *out);
/* A number or a name that stands for one. */
bool read_term(struct reader *s, int64_t *v);
/* A sum of those: "-8", "task_struct_user.args + 16". */
bool read_sum(struct reader *s, int64_t *v);
/* "*(u32 *)(r1 + 8)" without what stands left and right of it. */
bool read_memory(struct reader *s, bool *is_signed, uint32_t *bytes, uint8_t *base, int64_t *off);

#endif
