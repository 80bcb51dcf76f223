/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROCESS_LINK_H
#define ABIDE_PROCESS_LINK_H

#include "process/program.h"

struct verify_fact;

/*
 * From instructions that the verifier has accepted to a program that runs: references to maps
 * become addresses, functions are found, facts turn into faster code, and native code is made
 * where the machine has it.
 *
 * A session's programs may call each other (bpf_tail_call). What is put into a slot of a
 * BPF_MAP_TYPE_PROG_ARRAY (process_map_update) is the index of a program of the session. The
 * call fails, as that of an empty slot does, unless the other program has been linked and has
 * the same .context.
 */
struct link_session {
	/* NULL: not linked. Replaced by an atomic store; the old one stays until no run can have found it. */
	const struct process_program **programs;
	uint32_t nr;
};

struct link_input {
	const struct bpf_insn *insns; /* as verify.h has them */
	uint32_t nr_insns;
	const struct verify_fact *facts;  /* one an instruction; NULL: nobody verified it */
	/* What indexes in the instructions mean, open for longer than the program is there; NULL: not used. */
	struct process_map *const *maps;
	uint32_t nr_maps;
	const struct link_session *session; /* lives longer than the program; NULL: tail calls fail */
	/* What r1 points to: programs of one event have the same number, others have others. */
	uint64_t context;
	uint64_t *faults;          /* grows by 1 with each load that gives 0, since its address is bad; NULL: nobody counts */
	struct process_map *trace; /* ring for traced text (trace.h); NULL: it goes nowhere */
	bool interpret;            /* make no native code */
	const struct process_helpers *helpers; /* NULL: all that there are */
};

/*
 * -EINVAL, -ENOTSUP: as process_program_new; or a reference to a map that is not there, or of a
 * kind that it cannot be. *@out is the caller's, and is freed before its maps are closed.
 */
int process_link(const struct link_input *in, struct process_program **out, struct abide_error *e);

#endif
