/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * An application that is linked with libabide-event: sigaction, signal, sigprocmask and
 * pthread_sigmask are that library's. It must not see that, but for SIGSEGV and SIGBUS it
 * cannot take our handler away nor block the signals once it is there.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "process/fault.h"
#include "process_kit.h"

static volatile sig_atomic_t nr_caught, caught;
static volatile uintptr_t nowhere = 8;
static sigjmp_buf back;

#define NEED(cond)                                                                                 \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			printf("not ok - signals of an application: line %d: %s\n", __LINE__, #cond); \
			fflush(stdout);                                                            \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static bool works(void)
{
	uint64_t v = 1;

	return fault_read(&v, (void *)8, 8) == -EFAULT && !v && fault_read(&v, (void *)UINT64_C(0x8000000000000000), 8) == -EFAULT;
}

static void count(int sig)
{
	nr_caught++;
	caught = sig;
}

static void jump_out(int sig)
{
	count(sig);
	siglongjmp(back, 1);
}

static bool own_fault(void)
{
	int before = nr_caught;

	if (!sigsetjmp(back, 1)) {
		*(volatile int *)nowhere = 1;
		return false;
	}
	return nr_caught == before + 1 && caught == SIGSEGV;
}

/* Before our handler is there all is as without us. */
static void plain(void)
{
	sigset_t both, now;
	struct sigaction a;

	sigemptyset(&both);
	sigaddset(&both, SIGSEGV);
	sigaddset(&both, SIGUSR1);
	NEED(!sigprocmask(SIG_BLOCK, &both, NULL) && !sigprocmask(SIG_BLOCK, NULL, &now));
	NEED(sigismember(&now, SIGSEGV) == 1 && sigismember(&now, SIGUSR1) == 1 && sigismember(&now, SIGUSR2) == 0);
	NEED(!pthread_sigmask(SIG_UNBLOCK, &both, &now) && sigismember(&now, SIGSEGV) == 1);
	NEED(signal(SIGSEGV, jump_out) == SIG_DFL && signal(SIGUSR1, count) == SIG_DFL && signal(SIGUSR1, count) == count);
	NEED(!sigaction(SIGSEGV, NULL, &a) && a.sa_handler == jump_out && a.sa_flags & SA_RESTART && sigismember(&a.sa_mask, SIGSEGV));
	NEED(own_fault());
	errno = 0;
	NEED(sigaction(SIGKILL, &a, NULL) == -1 && errno == EINVAL);
	errno = 0;
	NEED(signal(SIGSEGV, SIG_ERR) == SIG_ERR && errno == EINVAL);
	errno = 0;
	NEED(sigprocmask(99, &both, NULL) == -1 && errno == EINVAL && pthread_sigmask(99, &both, NULL) == EINVAL);
}

static void with_ours(void)
{
	sigset_t all, now;
	struct sigaction a = { .sa_handler = count, .sa_flags = SA_NODEFER };

	NEED(works() && own_fault() && works());
	NEED(signal(SIGSEGV, count) == jump_out && works() && nr_caught == 2);
	NEED(!raise(SIGSEGV) && nr_caught == 3);
	NEED(signal(SIGSEGV, SIG_IGN) == count && works() && !raise(SIGSEGV) && nr_caught == 3);
	NEED(signal(SIGSEGV, SIG_DFL) == SIG_IGN && works());
	NEED(!sigaction(SIGBUS, &a, NULL) && works() && !raise(SIGBUS) && nr_caught == 4 && caught == SIGBUS);
	NEED(!sigaction(SIGBUS, NULL, &a) && a.sa_handler == count && a.sa_flags & SA_NODEFER && !(a.sa_flags & SA_SIGINFO));
	NEED(signal(SIGSEGV, jump_out) == SIG_DFL && own_fault() && works());
	sigfillset(&all);
	NEED(!sigprocmask(SIG_SETMASK, &all, NULL) && works());
	NEED(!pthread_sigmask(SIG_BLOCK, &all, &now) && works() && own_fault());
	NEED(sigismember(&now, SIGTERM) == 1 && sigismember(&now, SIGUSR1) == 1);
	NEED(!raise(SIGUSR1) && caught == SIGSEGV);
	sigemptyset(&all);
	NEED(!pthread_sigmask(SIG_SETMASK, &all, NULL) && caught == SIGUSR1);
}

static void dies(void)
{
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	works();
	signal(SIGSEGV, SIG_DFL);
	*(volatile int *)nowhere = 1;
}

int main(void)
{
	int status = 0;
	pid_t child;

	plain();
	with_ours();
	fflush(stdout);
	child = fork();
	if (!child) {
		dies();
		_exit(0);
	}
	NEED(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	printf("ok - signals of an application that is linked with us\n");
	return 0;
}
