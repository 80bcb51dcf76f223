/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_APP_CONNECT_H
#define ABIDE_APP_CONNECT_H

#include <sys/types.h>

#include "util/error.h"

/*
 * A connection to the control thread of process @pid, through the socket in its user's directory, as its
 * mount namespace has it. Whoever answers there is that process, and no other: the kernel says so.
 * Tags as of app_client_connect.
 */
int connect_process(pid_t pid, int *fd, struct abide_error *e);

#endif
