/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The action "calls=NAME,NAME,...": each of these system calls, by its number in the C
 * library's headers (numbers.inc, made at build time), with six arguments that are no
 * open descriptor, no address and no process, so that nearly all fail and none does
 * harm. Each in a child of its own, because some change what a process is.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

static const struct {
	const char *name;
	long nr;
} numbers[] = {
#include "numbers.inc"
};

/* They do not come back, come back twice, or wait for ever. */
static bool left_out(const char *name)
{
	static const char *const names[] = { "exit",  "exit_group",     "rt_sigreturn",
		                             "fork",  "vfork",          "clone",
		                             "pause", "restart_syscall" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

static void call(const char *name, long nr)
{
	long a = 0x7a000000 + nr * 16, r;

	r = syscall(nr, a, a + 1, a + 2, a + 3, a + 4, a + 5);
	if (r == -1)
		r = -errno;
	truth("syscall tid=%ld name=%s nr=%ld a0=%ld a1=%ld a2=%ld a3=%ld a4=%ld a5=%ld ret=%ld",
	      syscall(SYS_gettid), name, nr, a, a + 1, a + 2, a + 3, a + 4, a + 5, r);
	_exit(0);
}

/* One that waits all the same is killed, and then leaves no line of truth. */
static void call_in_child(const char *name, long nr)
{
	int status;
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid)
		call(name, nr);
	for (int i = 0; i < 500; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return;
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

void act_calls(const char *names)
{
	char name[64];

	while (*names) {
		size_t n = strcspn(names, ",");

		if (n < sizeof(name)) {
			memcpy(name, names, n);
			name[n] = '\0';
			for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
				if (!strcmp(numbers[i].name, name) && !left_out(name))
					call_in_child(name, numbers[i].nr);
		}
		names += n + (names[n] == ',');
	}
}
