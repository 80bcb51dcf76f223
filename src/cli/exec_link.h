/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_CLI_EXEC_LINK_H
#define ABIDE_CLI_EXEC_LINK_H

#include "object/object.h"

/*
 * The program called @name (NULL: the only one) with all functions that it calls, behind
 * one another and with the distances of calls filled in. *@out is the caller's to free.
 */
int exec_link(const struct object *o, const char *name, struct bpf_insn **out, uint32_t *nr,
              struct abide_error *e);

#endif
