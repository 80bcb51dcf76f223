/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROCESS_VERIFY_STATE_H
#define ABIDE_PROCESS_VERIFY_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyze/num.h"
#include "process/program.h"

/* What the verifier knows at one place of a program: registers and stacks of the active functions. */
enum value_kind {
	KIND_NONE,     /* nothing that may be read */
	KIND_NUMBER,
	KIND_CONTEXT,
	KIND_STACK,    /* a function's frame; .index: which, 0 the program's; offsets from r10 */
	KIND_MAP,      /* the map .index itself */
	KIND_ELEMENT,  /* a value of map .index */
	KIND_KEY,      /* a key of map .index, as for_each_map_elem hands it over */
	KIND_RECORD,   /* a ring record; .index: its place in the state's .record */
	KIND_TYPED,    /* data of the application, of type .index: NULL and junk can be read */
	KIND_MEMORY,   /* abide exec's */
	KIND_FUNCTION, /* .index: its first slot */
};

struct value {
	uint8_t kind;
	bool null;      /* a pointer that may be NULL instead */
	uint32_t index;
	/*
	 * Values of one state with the same number, not 0, are tied: numbers differ by their
	 * .delta only (modulo 2^64), pointers point into the same object or are all NULL.
	 */
	uint32_t id;
	int32_t delta;
	struct num num; /* NUMBER: what it can be; pointers: bytes from the start of the object */
};

/* 8 bytes of stack: one whole value, or two numbers of 4 bytes. A bit of .init a byte. */
struct slot {
	uint8_t init;
	bool whole;       /* all 8 bytes are .v; else .v.num is the lower half and .high the upper */
	struct value v;
	struct num high;
};

#define FRAME_SLOTS (PROCESS_STACK / 8)

struct frame {
	struct value r[10];
	uint32_t records; /* callback: those held when it began */
	uint32_t used;    /* slots from r10 downwards that have ever been written */
	struct slot *slot; /* slot[k]: bytes from r10 - 8 * (k + 1) on */
};

#define MAX_RECORDS 8

struct state {
	uint32_t nr_frames;
	uint32_t records; /* ring records held, a bit each */
	struct {
		uint32_t pc;   /* of the reserve */
		uint32_t size;
	} record[MAX_RECORDS];
	struct frame frame[]; /* the last one is running */
};

static inline struct frame *state_top(struct state *s)
{
	return &s->frame[s->nr_frames - 1];
}

static inline struct value value_number(struct num n)
{
	return (struct value){ .kind = KIND_NUMBER, .num = n };
}

static inline bool value_is_zero(const struct value *v)
{
	return v->kind == KIND_NUMBER && !v->num.umin && !v->num.umax;
}

static inline bool value_is_pointer(const struct value *v)
{
	return v->kind > KIND_NUMBER;
}

/* A state with room for all that a program may have; NULL: no memory. Free with free(). */
struct state *verify_state_full(void);
/* *to is full, *from any. */
void verify_state_load(struct state *to, const struct state *from);
/* A copy that is no larger than it must be. */
struct state *verify_state_save(const struct state *from);

size_t verify_state_size(const struct state *s);

/* Whether everything that can be in @new can be in @old too. */
bool verify_state_covers(const struct state *old, const struct state *new);
/* Whether joining loses no kind of a pointer, no record, nothing but some precision of numbers. */
bool verify_state_similar(const struct state *old, const struct state *new);
/* Whether a join is possible at all: they hold the same records. */
bool verify_state_joinable(const struct state *old, const struct state *new);
/* Where numbers jump to when they grow in a loop. */
struct marks {
	const uint64_t *v;
	uint32_t nr;
};
/* *old becomes what can be in either. @marks: widen what changes; NULL: do not. Whether *old changed. */
bool verify_state_join(struct state *old, const struct state *new, const struct marks *marks);

/* The number of a state's value that is known to lie in @n too; false if that cannot be. */
bool verify_num_meet(struct num *n, const struct num *with);

/* A slot as two halves; what is known of a number is kept, as far as that goes. */
void verify_slot_split(struct slot *s);
void verify_slot_halves(const struct slot *s, struct num *low, struct num *high);
/* All 8 bytes, which have to be initialised. */
struct value verify_slot_value(const struct slot *s);
/* Slots up to @k exist, the new ones uninitialised. Full states only. */
void verify_frame_grow(struct frame *f, uint32_t k);

#endif
