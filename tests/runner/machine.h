/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_MACHINE_H
#define ABIDE_TESTS_MACHINE_H

#include "layout.h"
#include "object/code.h"

/*
 * A kernel made of a few structs in memory, and an interpreter that runs translated
 * programs on it. Stricter than a kernel: a load outside of the objects, the stack, the
 * context and map values stops the program with a reason, so does a NULL pointer.
 */
struct thing { /* one object of the kernel's memory */
	char name[64];
	uint8_t *data;
	uint32_t size;
	uint32_t type;  /* in the layout */
};

#define MAX_THINGS 32
#define MAX_ENTRIES 64

struct map_entry { /* of any map of the program */
	uint32_t map;
	uint8_t key[64];
	uint8_t *value;
};

struct machine {
	const struct layout *layout;
	const struct translated_program *program;
	const struct object *object;
	struct thing things[MAX_THINGS];
	size_t nr_things;
	const struct thing *current; /* the running task */
	uint64_t pid_tgid;           /* what the helper says of it */
	uint32_t watched[8];         /* what the process filter's map holds */
	size_t nr_watched;
	struct map_entry entries[MAX_ENTRIES];
	size_t nr_entries;
	uint64_t context[16];
	uint8_t stack[512];
	uint64_t calls;        /* helper calls that were made */
	uint64_t budget;       /* instructions left */
	char error[256];       /* why it stopped; "" when it ended by itself */
};

/* Run code 0 on .context. False and .error when it does something a program must not. */
bool machine_run(struct machine *m, uint64_t *r0);
struct thing *machine_thing(struct machine *m, const char *name);
/* Bytes at @address that a program may read, or NULL. */
uint8_t *machine_memory(struct machine *m, uint64_t address, uint64_t size, bool write);
void machine_free(struct machine *m);

#endif
