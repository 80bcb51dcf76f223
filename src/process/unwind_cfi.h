/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROCESS_UNWIND_CFI_H
#define ABIDE_PROCESS_UNWIND_CFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* DWARF's numbers of the registers of x86-64 (psABI, figure 3.36): rbp, rsp, the return address. */
enum { CFI_RBP = 6, CFI_RSP = 7, CFI_RA = 16, CFI_REGS = 17 };

/* How a register's value in the caller is found. */
enum cfi_rule { CFI_SAME, CFI_UNDEFINED, CFI_AT, CFI_IS, CFI_REGISTER, CFI_AT_EXPRESSION, CFI_IS_EXPRESSION };

struct cfi_cell {
	uint8_t rule;
	uint8_t reg;     /* REGISTER */
	uint16_t length; /* of an expression, which begins .value bytes into the entry */
	int64_t value;   /* AT, IS: from the frame's address on */
};

struct cfi_row {
	/* The frame's address: a register and an offset, or an expression. */
	bool by_expression;
	uint8_t cfa_reg;
	uint16_t cfa_length;
	int64_t cfa_value;
	struct cfi_cell cells[CFI_REGS];
};

#define CFI_ENTRY 1024 /* bytes of an entry that are looked at */

/* What the tables say of one place in the code. */
struct cfi {
	struct cfi_row row;
	bool signal; /* a signal's frame: the address in it is where the thread was, not a return */
	/* The bytes that expressions are in: those of the function's entry, then its common one. */
	uint8_t bytes[2 * CFI_ENTRY];
	size_t size;
};

/* Find and read the tables for @pc. False: there is nothing, or nothing that makes sense. */
bool cfi_find(uint64_t pc, struct cfi *out);

#endif
