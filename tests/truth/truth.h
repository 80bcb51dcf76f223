/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_TRUTH_H
#define ABIDE_TESTS_TRUTH_H

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stddef.h>

/* What libbpf and the verifier say while one program is tried. */
struct log {
	char text[1 << 20];
	size_t len;
};

/* Make this log the one that libbpf writes to, and empty it. */
void log_start(struct log *l);
/* The one line of it that says why: without instructions, states and statistics. */
void log_why(const struct log *l, char *why, size_t size);

/*
 * Attach a loaded program as programs of its kind are used, and detach it again.
 * 0, -errno, or 1: programs of this kind are not attached by themselves.
 */
int attach_program(struct bpf_object *o, struct bpf_program *p);

/* helpers.c: what each kind of program may call, on stdout. */
int helpers_main(void);

/* Where uprobes of the corpus go. */
int truth_probe_me(int a);

#endif
