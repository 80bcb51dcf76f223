/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_KERNEL_ENGINE_H
#define ABIDE_KERNEL_ENGINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "object/code.h"
#include "util/error.h"

/*
 * The kernel engine: a translated object's maps, programs and links, through libbpf's
 * low-level API (objects that hold programs of other kinds go, written back, through
 * bpf_object__open_mem). Everything that it makes is held by file descriptors only and
 * goes away with the session or the process, however that ends.
 */
struct session;

struct session_variable { /* a value for a `const volatile` of .rodata, by name */
	const char *name;
	const void *value;
	uint32_t size;    /* must be the variable's */
};

struct session_options {
	const struct session_variable *variables;
	uint32_t nr_variables;
	const struct translated *follow; /* the built-in program that follows children; NULL: no process filter */
	bool log;            /* keep the kernel's verifier log also when a load succeeds */
};

/*
 * Create maps and load programs; nothing runs yet. A missing privilege or kernel feature
 * is one sentence: which capability, setting or config. A program that the verifier
 * refuses: tag "verifier", .reason has the end of its log that matters (kernels from 7.3
 * append a diagnosis: the first "invalid ..." line counts).
 */
int session_open(const struct translated *t, const struct session_options *opts, struct session **out,
		 struct abide_error *e);
int session_attach(struct session *s, struct abide_error *e);
/* Detach; maps stay readable until session_free. */
void session_detach(struct session *s);
void session_free(struct session *s);

/* File descriptor of the object's map @index (object->maps), -1 if it was not created. Borrowed. */
int session_map(const struct session *s, uint32_t index);
/* Watch the process (thread group) @tgid and, as they come, its children. Only with a filter. */
int session_watch(struct session *s, pid_t tgid, struct abide_error *e);
/* How many watched processes are alive; the filter forgets those that ended. */
int session_watched(const struct session *s);
/* Instructions loaded, after the kernel's own rewriting excluded: as handed to BPF_PROG_LOAD. */
uint32_t session_insns(const struct session *s);
/* Number of programs, and the descriptor of each (for BPF_OBJ_GET_INFO: run time statistics). */
uint32_t session_programs(const struct session *s);
int session_program_fd(const struct session *s, uint32_t i);

/* Can bpf(2) be used here at all? 0, or the one sentence that says what is missing. */
int engine_probe(struct abide_error *e);

#endif
