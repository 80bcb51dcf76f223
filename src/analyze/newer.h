/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_ANALYZE_NEWER_H
#define ABIDE_ANALYZE_NEWER_H

#include "object/object.h"

/*
 * What an object says of the catalog it was compiled against. The version that
 * <abide/linux.h> left in section "abide.catalog"; 0 when there is none.
 */
uint32_t newer_version(const struct object *o);
/*
 * The stable field that an instruction's CO-RE record names, in the words of the object's
 * own BTF: "task_struct_user.prio", and since which version it exists (0: not said).
 * False when the object has no such record.
 */
bool newer_field(const struct object *o, const struct function *f, uint32_t insn, char *name, size_t size,
		 uint32_t *since);

#endif
