/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_KERNEL_SESSION_H
#define ABIDE_KERNEL_SESSION_H

#include "kernel/engine.h"
#include "util/buf.h"

/*
 * Inside the engine: what a session holds. A session with a process filter holds a
 * second one, of the built-in program that follows children; the filter's map is that
 * one's, shared by its descriptor.
 */
struct bpf_object;
struct bpf_link;
struct ring_buffer;

#define FILTER_MAP "abide_filter"

struct ring_reader { /* one ring: what libbpf's callback gets */
	session_record_fn fn;
	void *ctx;
	uint32_t map;
};

struct session {
	const struct translated *translated; /* borrowed */
	struct object *object; /* copy of the object's record: data sections with variables set */
	uint8_t **data;        /* of each map: its own copy of the contents, NULL: the object's */
	int *maps;             /* descriptor of each of object->maps, -1 */
	bool *borrowed;        /* the descriptor belongs to .whole */
	uint32_t nr_maps;
	int btf;               /* descriptor of the object's BTF, -1 if the kernel took none */
	int *programs, *links; /* descriptors, -1 */
	uint32_t nr_programs;
	uint32_t insns;
	struct bpf_object *whole; /* objects with programs of other kinds: libbpf's own handle */
	struct bpf_link **whole_links;
	struct session *follow;
	uint32_t watched; /* processes that session_watch added */
	struct ring_buffer *rings;
	struct ring_reader *readers; /* one for each map */
	bool keep_log;
	struct buf log;
};

/* constants.c: copies of data sections with the caller's variables in them. */
int session_set_variables(struct session *s, const struct session_options *opts,
                          struct abide_error *e);

/* btf_load.c: the object's BTF for this kernel. Fills .btf; none is no error. */
int session_load_btf(struct session *s, struct abide_error *e);

/* maps.c */
int session_create_maps(struct session *s, struct abide_error *e);

/* program.c: load program @p; *@fd. */
int session_load_program(struct session *s, const struct translated_program *p, int *fd,
                         struct abide_error *e);

/* whole.c: through bpf_object. */
bool whole_needed(const struct translated *t);
int whole_load(struct session *s, struct abide_error *e);
int whole_attach(struct session *s, struct abide_error *e);
void whole_free(struct session *s);

/* refusal.c: errors of bpf(2) as sentences. */
/* @err is -errno of a bpf(2) call that tried to "@what". */
int refusal_system(int err, const char *what, struct abide_error *e);
/* @log: the verifier's. */
int refusal_verifier(int err, const char *program, const char *log, struct abide_error *e);

#endif
