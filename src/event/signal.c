/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The C library's functions that set handlers and block signals, for two of them: SIGSEGV and
 * SIGBUS tell programs that a pointer was junk, so once our handler is there (fault.h; not
 * before a program needs it) it stays in front of what the application installs, and is not
 * blocked. The application gets its own faults, and is told what it has set, as ever. All
 * other signals are left alone.
 *
 * This holds for the calls of an executable that is linked with this library and of all its libraries;
 * whoever calls the kernel itself, or is linked with -Bsymbolic, has its handler moved behind
 * ours by the control thread's next look.
 */
#include <errno.h>
#include <signal.h>

#include "process/fault.h"

#if defined(__GLIBC__)

#define PUBLIC __attribute__((visibility("default")))

PUBLIC int sigaction(int sig, const struct sigaction *action, struct sigaction *old)
{
	return fault_sigaction(sig, action, old);
}

/* ssignal() is the same function of libc by another name, which nobody uses. */
PUBLIC __sighandler_t signal(int sig, __sighandler_t handler)
{
	struct sigaction a = { .sa_handler = handler, .sa_flags = SA_RESTART }, old;

	if ((sig != SIGSEGV && sig != SIGBUS) || handler == SIG_ERR)
		return ssignal(sig, handler);
	sigemptyset(&a.sa_mask);
	sigaddset(&a.sa_mask, sig);
	return fault_sigaction(sig, &a, &old) ? SIG_ERR : old.sa_handler;
}

PUBLIC int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
	return fault_sigmask(how, set, old);
}

PUBLIC int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	int err = fault_sigmask(how, set, old);

	errno = err ? err : errno;
	return err ? -1 : 0;
}

#endif
