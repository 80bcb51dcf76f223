/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PRELOAD_FORTIFIED_H
#define ABIDE_PRELOAD_FORTIFIED_H

#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

/*
 * What calls become under _FORTIFY_SOURCE: functions of libc's ABI that no header declares
 * for us. The last size is that of the buffer, which they check.
 */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dfd, const char *path, int flags);
int __openat64_2(int dfd, const char *path, int flags);
ssize_t __read_chk(int fd, void *buf, size_t size, size_t room);
ssize_t __pread_chk(int fd, void *buf, size_t size, off_t offset, size_t room);
ssize_t __pread64_chk(int fd, void *buf, size_t size, off64_t offset, size_t room);
ssize_t __recv_chk(int fd, void *buf, size_t size, size_t room, int flags);
ssize_t __recvfrom_chk(int fd, void *buf, size_t size, size_t room, int flags,
                       struct sockaddr *addr, socklen_t *len);

#endif
