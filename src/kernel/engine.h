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

/*
 * The built-in program that follows children, as the compiler wrote it: open it with
 * object_open_mem, translate it without a filter and hand it over as .follow.
 */
extern const char follow_object[];
extern const uint32_t follow_object_size;

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
/* Children that could not be followed because the filter was full. */
uint64_t session_unfollowed(const struct session *s);
/* Instructions loaded, after the kernel's own rewriting excluded: as handed to BPF_PROG_LOAD. */
uint32_t session_insns(const struct session *s);
/* Number of programs, and the descriptor of each (for BPF_OBJ_GET_INFO: run time statistics). */
uint32_t session_programs(const struct session *s);
int session_program_fd(const struct session *s, uint32_t i);

/* What the kernel's verifier said of the programs, with .log; "" otherwise. Borrowed. */
const char *session_log(const struct session *s);

/*
 * All entries of a map as the kernel hands them out, while programs may change it: keys and
 * values side by side; of a per-CPU map libbpf_num_possible_cpus() values a key, each rounded
 * up to 8 bytes. Of an array map with one entry for each index.
 */
struct session_entries {
	uint8_t *keys, *values;
	uint32_t n;
	uint32_t key_size, value_size; /* bytes from one to the next */
};
int session_read(const struct session *s, uint32_t index, struct session_entries *out, struct abide_error *e);
void session_entries_free(struct session_entries *entries);

/* @data is valid during the call. Not 0: stop consuming; session_rings_consume returns it. */
typedef int (*session_record_fn)(void *ctx, uint32_t map, const void *data, uint32_t size);
/* Read ring @index from now on; all rings of a session are waited for together. */
int session_ring(struct session *s, uint32_t index, session_record_fn fn, void *ctx, struct abide_error *e);
/* To poll(2) for POLLIN: some ring has records; -1 without rings. */
int session_rings_fd(const struct session *s);
/* Hand all records that are there to their functions. Number of records, or the first refusal. */
int session_rings_consume(struct session *s);

/*
 * A `const volatile` of .rodata: what session_variable sets. Walk with @i from 0; false past the
 * last one. .value points to its initial bytes in the object.
 */
struct session_constant {
	const char *name;
	uint32_t var;       /* BTF id of the VAR */
	uint32_t type;      /* BTF id of its type, qualifiers stripped */
	uint32_t map, off;  /* index into object->maps, bytes into it */
	uint32_t size;
	const uint8_t *value; /* NULL: zeros */
};
bool session_constant_at(const struct object *o, uint32_t i, struct session_constant *out);

/* Can bpf(2) be used here at all? 0, or the one sentence that says what is missing. */
int engine_probe(struct abide_error *e);

#endif
