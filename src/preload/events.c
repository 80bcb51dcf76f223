/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The records of the events libc:*, once for the library, and what they mean. */
#include "preload/events.h"

DOC_STRUCT_USER(libc_call_user, "a call of a function of libc that may wait");

DOC_EVENT_USER(libc, open_enter, "open, openat, creat, fopen: before");
DOC_EVENT_USER(libc, open_exit, "open, openat, creat, fopen: after");
DOC_EVENT_USER(libc, close_enter, "close, fclose: before");
DOC_EVENT_USER(libc, close_exit, "close, fclose: after; the descriptor may already be another file's");
DOC_EVENT_USER(libc, read_enter, "read, pread, readv, preadv, recv, recvfrom, recvmsg: before");
DOC_EVENT_USER(libc, read_exit, "read, pread, readv, preadv, recv, recvfrom, recvmsg: after");
DOC_EVENT_USER(libc, write_enter, "write, pwrite, writev, pwritev, send, sendto, sendmsg, sendfile: before");
DOC_EVENT_USER(libc, write_exit, "write, pwrite, writev, pwritev, send, sendto, sendmsg, sendfile: after");
DOC_EVENT_USER(libc, sync_enter, "fsync, fdatasync: before");
DOC_EVENT_USER(libc, sync_exit, "fsync, fdatasync: after");
DOC_EVENT_USER(libc, connect_enter, "connect: before");
DOC_EVENT_USER(libc, connect_exit, "connect: after");
DOC_EVENT_USER(libc, accept_enter, "accept, accept4: before");
DOC_EVENT_USER(libc, accept_exit, "accept, accept4: after; the result is the new descriptor");
DOC_EVENT_USER(libc, getaddrinfo_enter, "getaddrinfo: before");
DOC_EVENT_USER(libc, getaddrinfo_exit, "getaddrinfo: after; the result is 0 or EAI_*");
DOC_EVENT_USER(libc, exec_enter, "exec*, posix_spawn: before");
DOC_EVENT_USER(libc, exec_exit, "exec*: it failed; posix_spawn: after");
DOC_EVENT_USER(libc, exit, "the process ends: exit, _exit, or main returns (caller 0)");
DOC_EVENT_USER(libc, malloc, "memory was handed out: malloc, calloc, aligned_alloc and the like; address 0: it was not");
DOC_EVENT_USER(libc, free, "memory is about to be given back; not for NULL");
DOC_EVENT_USER(libc, realloc_enter, "memory is about to be given back for other: realloc, reallocarray");
DOC_EVENT_USER(libc, realloc_exit, "it was; address 0: the old block stays, or size is 0 and it is gone");
DOC_EVENT_USER(libc, mutex_wait, "a mutex is taken, and its taker begins to wait");
DOC_EVENT_USER(libc, mutex_lock, "a mutex was taken, or with an error was not; wait_ns 0: without a wait");
DOC_EVENT_USER(libc, mutex_unlock, "a mutex is about to be released");
DOC_EVENT_USER(libc, cond_wait_enter, "pthread_cond_wait and the like: the mutex is about to be released");
DOC_EVENT_USER(libc, cond_wait_exit, "the mutex was taken again");
