/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What fault.h needs of signals on any machine: handlers and masks without the functions that
 * an application calls for them, as those may be ours (src/event/signal.c).
 */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "process/fault_signal.h"

#define KERNEL_SET 8 /* bytes of a signal set, as the kernel has it: the first ones of a sigset_t */

/* glibc's own name for sigaction(). */
extern int __sigaction(int, const struct sigaction *, struct sigaction *) __attribute__((weak));

int fault_real_sigaction(int sig, const struct sigaction *action, struct sigaction *old)
{
	return __sigaction ? __sigaction(sig, action, old) : sigaction(sig, action, old);
}

void fault_set_mask(int how, const sigset_t *set, sigset_t *old)
{
	syscall(SYS_rt_sigprocmask, how, set, old, (size_t)KERNEL_SET);
}

int fault_sigmask(int how, const sigset_t *set, sigset_t *old)
{
	sigset_t now;

	if (set) {
		now = *set;
		if (how != SIG_UNBLOCK) {
			fault_pass(&now);
			/* signals 32 and 33 are the C library's own (nptl(7)), whose sigdelset refuses them */
			*(uint64_t *)(void *)&now &= ~(UINT64_C(3) << 31);
		}
	}
	return syscall(SYS_rt_sigprocmask, how, set ? &now : NULL, old, (size_t)KERNEL_SET) ? errno : 0;
}
