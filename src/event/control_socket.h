/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_EVENT_CONTROL_SOCKET_H
#define ABIDE_EVENT_CONTROL_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/un.h>

#include "util/error.h"

/*
 * Where a process listens: DIRECTORY/PID.sock, mode 0600, in a directory of the user's own:
 * $XDG_RUNTIME_DIR/abide, else /run/user/UID/abide, else /tmp/abide-UID.
 */
struct control_socket {
	int fd; /* -1: none */
	ino_t inode;
	struct sockaddr_un at;
};

/* Listen. Sockets of processes that are gone are removed on the way. */
int control_socket_open(struct control_socket *s, struct abide_error *e);
/* Close, and remove the name too if @remove. */
void control_socket_close(struct control_socket *s, bool remove);
/* Is the descriptor still the one that was opened? Applications close what they do not know. */
bool control_socket_is(int fd, ino_t inode);
ino_t control_socket_inode(int fd);
/* The next connection of somebody who may; -EAGAIN: there is none now. Others are closed. */
int control_socket_accept(const struct control_socket *s);
/* Connect to whoever listens at @path, who must be of our user or root. A descriptor or -errno. */
int control_socket_connect(const char *path);

#endif
