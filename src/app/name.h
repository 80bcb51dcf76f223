/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_APP_NAME_H
#define ABIDE_APP_NAME_H

#include <stddef.h>
#include <sys/types.h>

/* What the kernel calls process @pid, at most 15 bytes; control characters are '?'. "" when it is gone. */
void app_process_name(pid_t pid, char *name, size_t size);

#endif
