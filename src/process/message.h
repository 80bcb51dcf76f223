/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROCESS_MESSAGE_H
#define ABIDE_PROCESS_MESSAGE_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

#include "process/map.h"
#include "process/program.h"
#include "util/buf.h"
#include "util/cursor.h"
#include "util/error.h"

/*
 * The control protocol, between abide and an application: what is said, as bytes. Both ends
 * are on one machine, so numbers are in its own byte order, and the magic number shows
 * if they are not. A message is a header and a body, over a Unix stream socket;
 * descriptors travel beside the header's first byte. Version and the layout of the header and of a
 * refusal stay as they are in all versions, so that each side can tell the other what is wrong.
 *
 *	application                          abide
 *	  HELLO              ------------>          at once, when a connection begins
 *	                     <------------  ATTACH  maps, programs; nothing runs yet
 *	  RESULT | REFUSAL   ------------>
 *	                     <------------  START   all programs at once
 *	  RESULT | REFUSAL   ------------>
 *	                     <------------  GO      to a process that waits at its start
 *	                     <------------  REPLACE another program for one of ATTACH's
 *	  RESULT | REFUSAL   ------------>
 *	                     <------------  STATS   or BYE: as STATS, and all is detached before
 *	  COUNTS             ------------>          also unasked, when the process ends
 *	  UNLIKE             ------------>          unasked, while programs run
 *
 * What a connection attached is detached when it ends, whoever ends it and however.
 */
#define MESSAGE_MAGIC    0x76456261u /* "abEv" */
#define MESSAGE_VERSION  2
#define MESSAGE_HEADER   16
#define MESSAGE_SIZE     (32u << 20) /* bytes of a body, at most */
#define MESSAGE_MAPS     64
#define MESSAGE_PROGRAMS 256
#define MESSAGE_SLOTS    65536 /* initial entries of program arrays */
#define MESSAGE_EVENTS   4096
#define MESSAGE_UNLIKES  64    /* in one message */
#define MESSAGE_FDS      (MESSAGE_MAPS + 2)

enum message_kind {
	MESSAGE_HELLO = 1,
	MESSAGE_ATTACH,
	MESSAGE_START,
	MESSAGE_GO,
	MESSAGE_REPLACE,
	MESSAGE_STATS,
	MESSAGE_BYE,
	MESSAGE_RESULT,
	MESSAGE_COUNTS,
	MESSAGE_REFUSAL,
	MESSAGE_UNLIKE,
};

struct message_header {
	uint16_t version, kind;
	uint32_t size;   /* of the body */
	uint32_t nr_fds; /* that came with it */
};

/* MESSAGE_HELLO. Strings point into the body, in all of these; arrays are free()d by message_X_free. */
struct message_event {
	const char *name;  /* "mydb:query_done" */
	uint32_t programs; /* attached to it now */
};
struct message_hello {
	uint32_t pid;      /* as the application sees it */
	uint32_t sessions; /* connections with programs */
	bool waits;        /* at its start, for GO */
	bool inherited;    /* a fork's child that has its parent's programs: they are this connection's now */
	bool native;       /* has a JIT */
	struct message_event *events;
	uint32_t nr_events;
};

/* MESSAGE_ATTACH: see struct app_image, of which it is made. */
struct message_line {
	uint32_t insn, line;
	const char *file, *text;
};
struct message_program {
	const char *name, *event;
	bool attach;             /* false: only in program arrays */
	struct bpf_insn *insns;  /* maps by index, functions by distance (verify.h) */
	uint32_t nr_insns;
	struct message_line *lines; /* by .insn */
	uint32_t nr_lines;
};
struct message_slot {
	uint32_t map, index, program;
};
/* Descriptors: of each map, in their order; of the slots; a socket, one byte to it wakes the reader. */
struct message_attach {
	struct process_map_def *maps;
	uint32_t nr_maps;
	struct message_program *programs;
	uint32_t nr_programs;
	struct message_slot *slots;
	uint32_t nr_slots;
	uint32_t trace;       /* index into maps: the ring for printed text; MESSAGE_NONE */
	const char *children; /* path of a socket at which abide listens for forked children; "": none */
};
#define MESSAGE_NONE UINT32_MAX

/* MESSAGE_REPLACE: the program at .index from now on, for its event and for tail calls. */
struct message_replace {
	uint32_t index;
	struct message_program program;
};

/* MESSAGE_RESULT: of each program of the request. */
struct message_made {
	uint32_t insns, native; /* instructions; bytes of native code, 0: interpreted */
	uint32_t visited;       /* instructions that the verifier walked */
	uint32_t stack;         /* bytes */
	uint64_t verify_ns, compile_ns;
};
/* MESSAGE_COUNTS: of each program, since START. */
struct message_counts {
	uint64_t runs, missed; /* missed: the thread was in a program already */
	uint64_t budget;       /* ended because their budget was spent */
	uint64_t faults;       /* loads that gave 0, since what they followed led nowhere */
};
/*
 * MESSAGE_UNLIKE, unasked, after START: an executable or library of the process has a program's event too, but
 * laid out otherwise, so the program is not on it there. Each is told once.
 */
struct message_unlike {
	uint32_t program; /* of ATTACH */
	uint64_t address; /* of the records: in memory that the file is mapped to */
};

/* Append header and body. 0 or -E2BIG, -ENOMEM. */
int message_put_empty(struct buf *b, enum message_kind kind);
int message_put_hello(struct buf *b, const struct message_hello *m);
int message_put_attach(struct buf *b, const struct message_attach *m);
int message_put_replace(struct buf *b, const struct message_replace *m);
int message_put_result(struct buf *b, const struct message_made *made, uint32_t nr);
int message_put_counts(struct buf *b, const struct message_counts *counts, uint32_t nr);
int message_put_unlike(struct buf *b, const struct message_unlike *unlike, uint32_t nr);
int message_put_refusal(struct buf *b, const struct abide_error *what);

/* MESSAGE_HEADER bytes. -EPROTO (tag "message-magic"), -EMSGSIZE ("message-size"). Any version and kind. */
int message_get_header(const void *bytes, struct message_header *out, struct abide_error *e);
/* Bodies, from anybody: -EINVAL (tag "message-form"), -E2BIG, -ENOMEM. @body outlives *@out. */
int message_get_hello(const void *body, uint32_t size, struct message_hello *out, struct abide_error *e);
int message_get_attach(const void *body, uint32_t size, struct message_attach *out, struct abide_error *e);
int message_get_replace(const void *body, uint32_t size, struct message_replace *out, struct abide_error *e);
/* *@out is the caller's to free. */
int message_get_result(const void *body, uint32_t size, struct message_made **out, uint32_t *nr,
                       struct abide_error *e);
int message_get_counts(const void *body, uint32_t size, struct message_counts **out, uint32_t *nr,
                       struct abide_error *e);
int message_get_unlike(const void *body, uint32_t size, struct message_unlike **out, uint32_t *nr,
                       struct abide_error *e);
/* What the other side refused, in *@what; text that cannot be printed becomes '?'. */
int message_get_refusal(const void *body, uint32_t size, struct abide_error *what, struct abide_error *e);
void message_hello_free(struct message_hello *m);
void message_attach_free(struct message_attach *m);
void message_replace_free(struct message_replace *m);
/* "ATTACH", for messages to people. */
const char *message_kind_name(uint32_t kind);

#endif
