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
	KIND_KEY,      /* a key of map .index, as for_each_map_elem hands it over to frame .delta: gone when that ends */
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

#define CHUNK_SLOTS  8
#define FRAME_CHUNKS (PROCESS_STACK / 8 / CHUNK_SLOTS)

/*
 * Slots that states share, since a path changes few of those that it found. Whoever is about to
 * write to a chunk that others have, too, takes a copy (verify_slot()).
 */
struct chunk {
	uint32_t refs;
	uint8_t ties;       /* whether a value has an .id: enum chunk_ties */
	struct chunk *next; /* while it is free */
	struct slot slot[CHUNK_SLOTS];
};
enum chunk_ties { TIES_UNKNOWN, TIES_NONE, TIES_SOME };

struct frame {
	struct value r[10];
	uint32_t records; /* callback: those held when it began */
	uint32_t used;    /* slots from r10 downwards that have ever been written; later ones have no .init */
	struct chunk *chunk[FRAME_CHUNKS]; /* NULL: nothing is initialised there */
};

/* Where chunks come from, and what has been done with them. All-zero: empty. */
struct chunk_slab;
struct chunk_pool {
	struct chunk_slab *slabs;
	struct chunk *free;
	uint32_t nr_free, left; /* in the list; never used, in the newest slab */
	uint64_t in_use;
	uint64_t work; /* instructions walked, and what has been copied and compared, in that proportion */
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

/*
 * verify_slots.c. What one instruction and one join write to at most: so many chunks are made ready
 * before it, so that nothing fails on the way.
 */
#define CHUNKS_READY 320
bool verify_chunks_ready(struct chunk_pool *p); /* false: no memory */
void verify_chunks_free(struct chunk_pool *p);  /* all of them, whoever has them */
extern const struct slot verify_no_slot;
/* Bytes from r10 - 8 * (k + 1) on. */
static inline const struct slot *frame_slot(const struct frame *f, uint32_t k)
{
	const struct chunk *c = f->chunk[k / CHUNK_SLOTS];

	return c ? &c->slot[k % CHUNK_SLOTS] : &verify_no_slot;
}
/* The same to write to: no other state sees it. */
struct slot *verify_slot(struct chunk_pool *p, struct frame *f, uint32_t k);
/* Slots up to @k have been written. */
static inline void frame_grow(struct frame *f, uint32_t k)
{
	if (k >= f->used)
		f->used = k + 1;
}
/* Slots from @used on are forgotten. */
void verify_frame_shrink(struct chunk_pool *p, struct frame *f, uint32_t used);
/* *to, which holds nothing, becomes what *from is. */
void verify_frame_copy(struct frame *to, const struct frame *from);
/* Whether a value in it has an .id. */
bool verify_chunk_ties(struct chunk *c);

/* A state with room for all frames, none active; NULL: no memory. */
struct state *verify_state_full(void);
/* *to is full, *from any. */
void verify_state_load(struct chunk_pool *p, struct state *to, const struct state *from);
/* A copy that is no larger than it must be. */
struct state *verify_state_save(struct chunk_pool *p, const struct state *from);
void verify_state_free(struct chunk_pool *p, struct state *s);

size_t verify_state_size(const struct state *s); /* without its chunks */

/* Whether everything that can be in @new can be in @old too. */
bool verify_state_covers(struct chunk_pool *p, const struct state *old, const struct state *new);
/* Whether joining loses no kind of a pointer, no record, nothing but some precision of numbers. */
bool verify_state_similar(struct chunk_pool *p, const struct state *old, const struct state *new);
/* Whether a join is possible at all: they hold the same records. */
bool verify_state_joinable(const struct state *old, const struct state *new);
/* Where numbers jump to when they grow in a loop. */
struct marks {
	const uint64_t *v;
	uint32_t nr;
};
/* *old becomes what can be in either. @marks: widen what changes; NULL: do not. Whether *old changed. */
bool verify_state_join(struct chunk_pool *p, struct state *old, const struct state *new, const struct marks *marks);

/* The number of a state's value that is known to lie in @n too; false if that cannot be. */
bool verify_num_meet(struct num *n, const struct num *with);

/* A slot as two halves; what is known of a number is kept, as far as that goes. */
void verify_slot_split(struct slot *s);
void verify_slot_halves(const struct slot *s, struct num *low, struct num *high);
/* All 8 bytes, which have to be initialised. */
struct value verify_slot_value(const struct slot *s);

#endif
