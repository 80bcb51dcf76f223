/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROCESS_FAULT_H
#define ABIDE_PROCESS_FAULT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reading memory that may not be there, at the price of a plain load: where it is not, a
 * handler of SIGSEGV and SIGBUS mends the one instruction that faulted, if that is one of ours.
 * Every other fault goes to whatever the application has for it.
 *
 * The handler belongs to the process, so this file's state does too. It is installed by the
 * first read, or the first program that needs it.
 */

/* 0, or -EFAULT: then all of @dst is 0. From any address whatsoever. */
int fault_read(void *dst, const void *src, size_t size);
/*
 * A string, cut to @size - 1 bytes, with its 0 (@size is not 0): the length with the 0, or
 * -EFAULT. What is left of @dst is 0.
 */
int64_t fault_read_string(char *dst, const void *src, size_t size);

/* A load of native code: @at bytes into it, @length bytes long, into machine register @reg. */
struct fault_load {
	uint32_t at;
	uint8_t length;
	uint8_t reg;
};

/*
 * From now on, until it is removed, a fault at one of the loads (by .at, kept by the caller)
 * gives 0 and goes on behind it; @count (may be NULL) grows by 1, atomically. -ENOMEM.
 */
int fault_add_code(const void *code, size_t size, const struct fault_load *loads, uint32_t nr, uint64_t *count);
/* No thread may be in it any more. */
void fault_remove_code(const void *code);

/*
 * For the thread that looks after things, now and then: if somebody has installed a handler
 * over ours, ours goes in front again, and faults that are not ours go to theirs.
 */
void fault_keep(void);
/*
 * For a thread that is going to run programs: the kernel ends a process that faults while the
 * signal is blocked, so it is no more. Whether it was.
 */
bool fault_unblock(void);

/*
 * The other way to live with an application's signals: its own calls of sigaction(2) and
 * pthread_sigmask(3) come here. It does not see our handler, and ours stays in front; what it
 * blocks, in threads or in handlers, is not SIGSEGV and SIGBUS. As long as our handler is
 * not installed they do what they always do.
 */
int fault_sigaction(int sig, const struct sigaction *action, struct sigaction *old);
int fault_sigmask(int how, const sigset_t *set, sigset_t *old);
/* Take both signals out of a set that is going to be blocked. */
void fault_pass(sigset_t *set);

#endif
