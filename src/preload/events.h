/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PRELOAD_EVENTS_H
#define ABIDE_PRELOAD_EVENTS_H

#include <stdbool.h>

#include <abide/event.h>

/*
 * The user events libc:*, an ABI: names, arguments and fields stay, new ones go behind the
 * others (catalog/libc.lock). events.c has the records; who includes this has types and sites.
 *
 * What may wait has two events, before and after, with a pointer to one struct libc_call,
 * the same in both: a program may use its address as a key, and for most needs the event
 * after it is enough, which knows how long it took. What does not wait has one event, with
 * scalars only: memory after it was handed out and before it is given back, locks after
 * they were taken and before they are released, so that two threads never seem to have one.
 *
 * All say who called: the address that the function returns to.
 */
struct libc_call {
	const char *function;
	const char *name;
	const void *caller;
	uint64_t start_ns;
	uint64_t ns;
	uint64_t size;
	int64_t offset;
	int64_t result;
	int32_t fd;
	int32_t error;
	uint32_t flags;
	uint32_t mode;
};

DEFINE_STRUCT_USER(libc_call_user, struct libc_call,
	FIELD_USER_DOC(FIELD_USER_STR(function), "", "what was called: \"pread64\""),
	FIELD_USER_DOC(FIELD_USER_STR(name), "", "the file as it was named, or what the descriptor is: a path, "
	               "\"127.0.0.1:80\", \"socket\", \"pipe\"; a host; \"\": not known"),
	FIELD_USER_DOC(FIELD_USER_ADDR(caller), "", "the address that it returns to"),
	FIELD_USER_DOC(FIELD_USER(start_ns), "ns", "when it began, on the clock of bpf_ktime_get_ns()"),
	FIELD_USER_DOC(FIELD_USER(ns), "ns", "how long it took; before: 0"),
	FIELD_USER_DOC(FIELD_USER(size), "bytes", "asked for; of vectors known only after, and where it went well"),
	FIELD_USER_DOC(FIELD_USER(offset), "bytes", "place in the file; -1: where the descriptor is"),
	FIELD_USER_DOC(FIELD_USER(result), "", "what it returned, -1 if it failed; before: 0"),
	FIELD_USER_DOC(FIELD_USER(fd), "", "descriptor; of an open: the folder's before, the new one after; -1: none"),
	FIELD_USER_DOC(FIELD_USER(error), "", "errno if it failed, 0 if it did not"),
	FIELD_USER_DOC(FIELD_USER(flags), "", "O_*, MSG_*, RWF_*, of the function's own"),
	FIELD_USER_DOC(FIELD_USER(mode), "", "permissions of a file that is made"));

DEFINE_EVENT_USER(libc, open_enter, ARG_USER(libc_call_user, call));
DEFINE_EVENT_USER(libc, open_exit, ARG_USER(libc_call_user, call));
DEFINE_EVENT_USER(libc, close_enter, ARG_USER(libc_call_user, call));
DEFINE_EVENT_USER(libc, close_exit, ARG_USER(libc_call_user, call));
DEFINE_EVENT_USER(libc, read_enter, ARG_USER(libc_call_user, call));
DEFINE_EVENT_USER(libc, read_exit, ARG_USER(libc_call_user, call));
DEFINE_EVENT_USER(libc, write_enter, ARG_USER(libc_call_user, call));
DEFINE_EVENT_USER(libc, write_exit, ARG_USER(libc_call_user, call));
DEFINE_EVENT_USER(libc, sync_enter, ARG_USER(libc_call_user, call));
DEFINE_EVENT_USER(libc, sync_exit, ARG_USER(libc_call_user, call));
DEFINE_EVENT_USER(libc, connect_enter, ARG_USER(libc_call_user, call));
DEFINE_EVENT_USER(libc, connect_exit, ARG_USER(libc_call_user, call));
DEFINE_EVENT_USER(libc, accept_enter, ARG_USER(libc_call_user, call));
DEFINE_EVENT_USER(libc, accept_exit, ARG_USER(libc_call_user, call));
DEFINE_EVENT_USER(libc, getaddrinfo_enter, ARG_USER(libc_call_user, call));
DEFINE_EVENT_USER(libc, getaddrinfo_exit, ARG_USER(libc_call_user, call));
DEFINE_EVENT_USER(libc, exec_enter, ARG_USER(libc_call_user, call));
DEFINE_EVENT_USER(libc, exec_exit, ARG_USER(libc_call_user, call));
DEFINE_EVENT_USER(libc, exit, ARG_USER_NUMBER(int32_t, status), ARG_USER_ADDR(caller));

DEFINE_EVENT_USER(libc, malloc, ARG_USER_ADDR(address), ARG_USER_NUMBER(uint64_t, size),
	ARG_USER_NUMBER(uint64_t, alignment), ARG_USER_ADDR(caller));
DEFINE_EVENT_USER(libc, free, ARG_USER_ADDR(address), ARG_USER_ADDR(caller));
DEFINE_EVENT_USER(libc, realloc_enter, ARG_USER_ADDR(old), ARG_USER_NUMBER(uint64_t, size), ARG_USER_ADDR(caller));
DEFINE_EVENT_USER(libc, realloc_exit, ARG_USER_ADDR(old), ARG_USER_ADDR(address),
	ARG_USER_NUMBER(uint64_t, size), ARG_USER_ADDR(caller));

DEFINE_EVENT_USER(libc, mutex_wait, ARG_USER_ADDR(mutex), ARG_USER_ADDR(caller));
DEFINE_EVENT_USER(libc, mutex_lock, ARG_USER_ADDR(mutex), ARG_USER_NUMBER(uint64_t, wait_ns),
	ARG_USER_NUMBER(int32_t, error), ARG_USER_ADDR(caller));
DEFINE_EVENT_USER(libc, mutex_unlock, ARG_USER_ADDR(mutex), ARG_USER_ADDR(caller));
DEFINE_EVENT_USER(libc, cond_wait_enter, ARG_USER_ADDR(cond), ARG_USER_ADDR(mutex), ARG_USER_ADDR(caller));
DEFINE_EVENT_USER(libc, cond_wait_exit, ARG_USER_ADDR(cond), ARG_USER_ADDR(mutex),
	ARG_USER_NUMBER(uint64_t, ns), ARG_USER_NUMBER(int32_t, error), ARG_USER_ADDR(caller));

#endif
