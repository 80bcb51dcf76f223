/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PRELOAD_NAMES_H
#define ABIDE_PRELOAD_NAMES_H

#include <stddef.h>
#include <sys/socket.h>

/*
 * What a descriptor is: the path of a file; "127.0.0.1:6379" or a socket's path; "pipe",
 * "eventfd"; "" when it cannot be told. Found out when first asked for and kept until the
 * descriptor is closed. Never NULL; the text stays readable, but is another's after a close.
 * May be called anywhere, a signal handler included; errno is not kept.
 */
const char *preload_name(int fd);
/* @fd was closed, or is another file from now on. A few instructions. */
void preload_name_forget(int fd);
void preload_name_forget_range(unsigned int first, unsigned int last);
/* @fd was returned by accept(): its name is the address that clients connect to. */
void preload_name_accepted(int fd);
/* "127.0.0.1:80", "[::1]:80", a path, "@abstract"; "" for other families. Returns @buf. */
const char *preload_name_address(const struct sockaddr_storage *sa, socklen_t len, char *buf,
                                 size_t size);

#endif
