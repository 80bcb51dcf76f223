/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_CLI_EXEC_MAPS_H
#define ABIDE_CLI_EXEC_MAPS_H

#include "cli/exec_link.h"
#include "process/map.h"
#include "process/verify.h"
#include "util/buf.h"

/* The maps that one program uses, in this process alone; by the object's numbers. */
struct exec_maps {
	const struct object *o;
	struct process_map **maps;  /* NULL: not used */
	struct verify_map *verify;  /* what the verifier wants to know of them */
	uint32_t nr;
	struct process_slots *slots;
	uint32_t slot; /* this thread's */
	struct process_map *trace;  /* ring of what the program prints */
};

/* Made, filled with the object's initial data, constants frozen. @code and its object outlive them. */
int exec_maps_open(const struct exec_code *code, struct exec_maps *out, struct abide_error *e);
void exec_maps_close(struct exec_maps *m);
/* What abide run would show of them, as text. */
int exec_maps_show(const struct exec_maps *m, struct buf *out, struct abide_error *e);
/* What the program printed, a line each; how many lines were lost. */
uint64_t exec_maps_trace(const struct exec_maps *m, struct buf *out);

#endif
