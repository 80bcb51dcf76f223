/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_LAYOUT_H
#define ABIDE_TESTS_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"

/*
 * A kernel as a small text, C as pahole writes it:
 *
 *	typedef struct { int counter; } atomic_t;
 *	enum req_op { REQ_OP_READ = 0, REQ_OP_WRITE = 1 };
 *	struct task_struct {
 *		int pid @8;                          # offset in bytes
 *		struct task_struct *real_parent @16;
 *		unsigned int flag:1 @24.3;           # bit-field: byte.bit
 *		struct { int a; } @28;               # anonymous
 *		char comm[16];                       # no offset: where C would put it
 *	} size 64;                                   # no size: what C would make of it
 *	tracepoint sched_switch(bool preempt, struct task_struct *prev);
 *	helper get_current_task_btf 158
 *	include old                                  # the types of layouts/old.layout; later ones replace
 *
 * Types of the kernel that need no definition: char, int, unsigned long ..., bool, u8 to s64.
 */
struct layout_member {
	char name[64]; /* "" when anonymous; also an enumerator, a parameter */
	uint32_t type;
	uint32_t bit_off, bit_size;
	int64_t value; /* of an enumerator */
};

struct layout_type {
	uint8_t kind; /* BTF_KIND_*, a struct that is only named is a FWD */
	char name[96];
	uint32_t size, align;
	uint32_t type;     /* what it refers to */
	uint32_t count;    /* of an array */
	uint8_t encoding;  /* BTF_INT_* */
	bool is_union;
	struct layout_member *members;
	size_t nr_members, room_members;
};

struct layout_probe { /* a tracepoint */
	char name[64];
	uint32_t proto;
};

struct layout {
	char name[64];
	struct layout_type *types; /* [0] is void; the index is the BTF id */
	size_t nr_types, room_types;
	struct layout_probe *probes;
	size_t nr_probes, room_probes;
	uint32_t helpers; /* the enum bpf_func_id, 0: none yet */
	char error[512];  /* "FILE:LINE: ..." when parsing failed */
};

/* Parse; .error is set when the text is bad. @dir: where "include NAME" finds NAME.layout. */
struct layout *layout_parse(const char *name, const char *text, const char *file, uint32_t line, const char *dir);
void layout_free(struct layout *l);
/* As BTF. */
void layout_btf(const struct layout *l, struct buf *out);

/*
 * "task_struct.real_parent", "task_struct.se.vruntime": bytes from the struct's start (of a
 * bit-field: the byte it starts in). "sched_switch.prev": 8 times the argument's position.
 * An enumerator: its value. The type of what was found in *@type (0: none), bits in *@m.
 */
bool layout_symbol(const struct layout *l, const char *path, int64_t *value, uint32_t *type, struct layout_member *m);
/* Strip typedefs and qualifiers. */
uint32_t layout_strip(const struct layout *l, uint32_t type);
int64_t layout_sizeof(const struct layout *l, uint32_t type);
uint32_t layout_find(const struct layout *l, uint8_t kind, const char *name);
const struct layout_probe *layout_probe(const struct layout *l, const char *name);

#endif
