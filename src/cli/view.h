/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_CLI_VIEW_H
#define ABIDE_CLI_VIEW_H

#include "catalog/resolve.h"
#include "cli/cli.h"
#include "cli/inputs.h"

/*
 * What `list` and `show` share: options, the catalog and a target to look at it from, text
 * that fits the terminal, JSON. All questions to the target are asked here.
 */
struct view {
	struct inputs in;    /* .target is NULL where this kernel cannot be looked at */
	const char *catalog; /* --catalog */
	const char *kernel;  /* --kernel */
	struct inputs_app app; /* --app, -p: instead of a kernel */
	bool json;
	bool color;
	uint32_t width; /* columns of the terminal; 0: not a terminal, nothing is wrapped */
};

/* Width and colours of standard output. */
void view_page(struct view *v);
/*
 * Options of both commands. -1: go on, optind is at the first operand. Otherwise the exit
 * status: after --help, or wrong usage.
 */
int view_options(struct view *v, int argc, char **argv, const char *usage);
/* Is the next operand a binary? Takes it as if it were --app's. False: wrong usage, which was said. */
bool view_operand(struct view *v, int argc, char **argv);
/* Open what the options ask for. A kernel that was not asked for may be missing: says so on stderr. */
int view_open(struct view *v, struct abide_error *e);
void view_close(struct view *v);
/* "6.18.3 (this kernel)", "6.1.btf" */
const char *view_target(const struct view *v, char *buf, size_t size);

/* Is it there, on the target? @why: one line. True without a target. */
bool view_has_struct(struct view *v, const struct cat_struct *s, char *why, size_t size);
bool view_has_event(struct view *v, const struct cat_event *ev, const struct placement **p,
                    char *why, size_t size);
/* Element @i (0: or no array) of a field of @s or, with @p, an argument of an event. *a is NULL without a target. */
bool view_has_field(struct view *v, const struct cat_struct *s, const struct placement *p,
                    const struct cat_field *f, uint32_t i, const struct access **a, char *why,
                    size_t size);
/* Does the kernel refuse a plain load on the way, so that bpf_probe_read_kernel is called? */
bool view_is_fetched(const struct access *a);
/* "pid @2460", "real_parent->tgid @2464 @2460", "cmd_flags @24 and 0xff as req_op_user": where and how. */
void view_where(const struct access *a, char *buf, size_t size);
/* The target's value of the kernel's enumerator @name, in one of the enums of @en. */
bool view_enumerator(struct view *v, const struct cat_enum *en, const char *name, int64_t *value);

/* "u32 tid", "struct task_struct_user *parent", "char comm[16]" */
const char *field_text(const struct cat_field *f, char *buf, size_t size);
/* "(u32 a, s32 b)", for view_wrap: it breaks between arguments only. */
const char *args_text(const struct cat_event *ev, char *buf, size_t size);

/* Words of @text from column @at on; where a terminal ends, go on in column @indent. Ends the line. */
void view_wrap(const struct view *v, uint32_t at, uint32_t indent, const char *text);
/* Spaces up to column @to, or a new line where the text is past it. */
void view_to_column(uint32_t at, uint32_t to);
/* A JSON string, quotes included. */
void view_json_string(const char *text);
/* ,"key":"text" */
void json_member(const char *key, const char *text);

#endif
