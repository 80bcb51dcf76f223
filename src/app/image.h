/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_APP_IMAGE_H
#define ABIDE_APP_IMAGE_H

#include "kernel/engine.h"
#include "object/code.h"
#include "process/map.h"
#include "process/program.h"

/*
 * A translated object in the form that an application takes it: what is sent to it. Maps
 * have the indices of the object's (object->maps), so results are rendered by the object's types.
 */
struct app_line { /* from .insn on */
	uint32_t insn;
	uint32_t line;
	const char *file; /* "prog.bpf.c"; borrowed from the object */
	const char *text; /* source, leading blanks cut off; "" if unknown */
};

struct app_program {
	const char *name;  /* of the function */
	const char *event; /* "mydb:query_done" */
	bool attach;       /* false: only in program arrays ("?tp_user/...") */
	/*
	 * The program, then its callbacks. BPF_PSEUDO_FUNC is relative; BPF_PSEUDO_MAP_FD and
	 * BPF_PSEUDO_MAP_VALUE have an index into .maps.
	 */
	struct bpf_insn *insns;
	uint32_t nr_insns;
	struct app_line *lines; /* by .insn */
	uint32_t nr_lines;
};

struct app_map {
	struct process_map_def def;
	const uint8_t *data; /* initial value of the one entry, def.value_size bytes; NULL: zeros */
	bool frozen;         /* .rodata: programs do not write it, loads of it are constants */
};

struct app_slot { /* initial entry of a program array */
	uint32_t map, index;
	uint32_t program; /* index into .programs */
};

struct app_image {
	struct app_program *programs;
	uint32_t nr_programs;
	struct app_map *maps;
	uint32_t nr_maps;
	struct app_slot *slots;
	uint32_t nr_slots;
	struct app_image_store *store;
};

/*
 * @t must outlive the image. @settings: values of `const volatile` variables. Refused (tags "app-map",
 * "app-program", those of settings): what an application has no place for.
 */
int app_image_make(const struct translated *t, const struct session_variable *settings, uint32_t nr_settings,
		   struct app_image **out, struct abide_error *e);
void app_image_free(struct app_image *im);

#endif
