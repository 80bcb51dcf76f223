/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROCESS_MESSAGE_SOCKET_H
#define ABIDE_PROCESS_MESSAGE_SOCKET_H

#include <stdbool.h>
#include <sys/types.h>
#include <sys/un.h>

#include "util/error.h"

/*
 * Where one listens: a name with mode 0600 in a directory of the user's own, $XDG_RUNTIME_DIR/abide,
 * else /run/user/UID/abide, else /tmp/abide-UID. Applications listen at PID.sock, abide run at run-PID.sock.
 * The directory is there while somebody listens.
 */
struct message_socket {
	int fd; /* -1: none */
	ino_t inode;
	struct sockaddr_un at;
};

/*
 * Number @which of these directories, for user @uid, where @runtime is the $XDG_RUNTIME_DIR (NULL: none). False: there is
 * none of that number, or it does not fit.
 */
#define MESSAGE_DIRECTORIES 3
bool message_socket_directory(unsigned which, const char *runtime, uid_t uid, char *path, size_t size);
/* Listen at @prefix and our process id. Sockets of processes that are gone are removed on the way. */
int message_socket_open(struct message_socket *s, const char *prefix, struct abide_error *e);
/* Close, and remove the name too if @remove, and the directory with the last name in it. */
void message_socket_close(struct message_socket *s, bool remove);
/* Is the descriptor still the one that was opened? Applications close what they do not know. */
bool message_socket_is(int fd, ino_t inode);
ino_t message_socket_inode(int fd);
/* The next connection of somebody who may; -EAGAIN: there is none now. Others are closed. */
int message_socket_accept(const struct message_socket *s);
/* Connect to whoever listens at @path, who must be of our user or root. A descriptor or -errno. */
int message_socket_connect(const char *path);

/* A pair of sockets that do not block. 0 or -errno, and then both are -1. */
int message_socket_pair(int fds[2]);

#endif
