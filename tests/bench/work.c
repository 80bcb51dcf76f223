/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Workloads. Each is one or two processes on the last CPU that sleep until a byte on a
 * socket asks for a round of a fixed number of events, and answer with a byte: two that
 * pass a byte to and fro (two context switches and wake-ups a pass), one that starts
 * programs, one that makes system calls, one that sends itself packets over the loopback device. They
 * end with their socket, and with the bench.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

enum { PASSES = 300, SPAWNS = 40, CALLS = 8000, PACKETS = 600 };

struct work {
	int control; /* our end of the socket */
	pid_t pids[2];
};

/* Give the two ends of what a process reads and writes to a child that runs @run. */
struct peer {
	int in, out, control;
};

static bool pass(int out, int in)
{
	char c = 0;

	return write(out, &c, 1) == 1 && read(in, &c, 1) == 1;
}

static bool pipe_round(struct peer *p)
{
	int i;

	for (i = 0; i < PASSES; i++)
		if (!pass(p->out, p->in))
			return false;
	return true;
}

static bool spawn_round(struct peer *p)
{
	static char name[] = "true";
	char *argv[] = { name, NULL }, *envp[] = { NULL };
	int i, status;
	pid_t pid;

	(void)p;
	for (i = 0; i < SPAWNS; i++)
		if (posix_spawn(&pid, "/bin/true", NULL, NULL, argv, envp) ||
		    waitpid(pid, &status, 0) != pid)
			return false;
	return true;
}

static bool calls_round(struct peer *p)
{
	int i;

	(void)p;
	for (i = 0; i < CALLS; i++)
		syscall(SYS_getppid);
	return true;
}

static bool packets_round(struct peer *p)
{
	char bytes[64] = { 0 };
	int i;

	for (i = 0; i < PACKETS; i++)
		if (send(p->out, bytes, sizeof(bytes), 0) != sizeof(bytes) ||
		    recv(p->out, bytes, sizeof(bytes), 0) < 0)
			return false;
	return true;
}

/* A UDP socket on the loopback device that is connected to itself. */
static int packets_socket(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) ||
	    getsockname(fd, (struct sockaddr *)&a, &len) || connect(fd, (struct sockaddr *)&a, len))
		return -1;
	return fd;
}

static bool (*const rounds[])(struct peer *p) = {
	[WORK_PIPE] = pipe_round,
	[WORK_SPAWN] = spawn_round,
	[WORK_CALLS] = calls_round,
	[WORK_PACKETS] = packets_round,
};

static void pin(void)
{
	cpu_set_t set;
	int cpu;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set))
		return;
	for (cpu = CPU_SETSIZE - 1; cpu > 0 && !CPU_ISSET(cpu, &set); cpu--)
		;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void child(enum work_kind kind, struct peer *p, bool echo)
{
	char c;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pin();
	if (kind == WORK_PACKETS)
		p->out = packets_socket();
	if (echo)
		while (read(p->in, &c, 1) == 1 && write(p->out, &c, 1) == 1)
			;
	else
		while (read(p->control, &c, 1) == 1 && rounds[kind](p) &&
		       write(p->control, &c, 1) == 1)
			;
	_exit(0);
}

static pid_t start(enum work_kind kind, struct peer p, bool echo, int close1, int close2,
                   int close3)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	close(close1);
	if (kind == WORK_PIPE) {
		close(close2);
		close(close3);
	}
	child(kind, &p, echo);
	return -1;
}

/* Does it sleep? All that these processes sleep in is the read for the next byte. */
static bool sleeps(pid_t pid)
{
	char path[64], state = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	/* the name, in parentheses, is the bench's own */
	if (f && fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	if (f)
		fclose(f);
	return state == 'S';
}

/*
 * Wait until all sleep again, so that nothing happens while programs are attached and
 * detached one by one: each event is seen by both or by none.
 */
static int settle(const struct work *w)
{
	enum { STEP_US = 200, MOST_US = 5000000 };
	int us;

	for (us = 0; us < MOST_US; us += STEP_US) {
		usleep(STEP_US);
		if (sleeps(w->pids[0]) && (!w->pids[1] || sleeps(w->pids[1])))
			return 0;
	}
	return -ETIME;
}

int work_start(enum work_kind kind, struct work **out)
{
	struct work *w = calloc(1, sizeof(*w));
	int control[2] = { -1, -1 }, to[2] = { -1, -1 }, back[2] = { -1, -1 }, err = 0, i;

	*out = NULL;
	if (!w || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) ||
	    (kind == WORK_PIPE && (pipe(to) || pipe(back)))) {
		err = w ? -errno : -ENOMEM;
		goto out;
	}
	w->control = control[0];
	w->pids[0] = start(kind, (struct peer){ back[0], to[1], control[1] }, false, control[0],
	                   back[1], to[0]);
	if (w->pids[0] < 0)
		err = -errno;
	if (!err && kind == WORK_PIPE) {
		w->pids[1] = start(kind, (struct peer){ to[0], back[1], -1 }, true, control[0],
		                   to[1], back[0]);
		if (w->pids[1] < 0)
			err = -errno;
	}
out:
	if (control[1] >= 0)
		close(control[1]);
	for (i = 0; i < 2 && kind == WORK_PIPE; i++) {
		close(to[i]);
		close(back[i]);
	}
	if (!err)
		err = settle(w);
	if (err)
		work_stop(w);
	else
		*out = w;
	return err;
}

pid_t work_first(const struct work *w)
{
	return w->pids[0];
}

pid_t work_second(const struct work *w)
{
	return w->pids[1];
}

int work_round(struct work *w)
{
	char c = 1;

	if (write(w->control, &c, 1) != 1 || read(w->control, &c, 1) != 1)
		return -EPIPE;
	return settle(w);
}

void work_stop(struct work *w)
{
	int i;

	if (!w)
		return;
	if (w->control > 0)
		close(w->control);
	for (i = 1; i >= 0; i--)
		if (w->pids[i] > 0) {
			kill(w->pids[i], SIGKILL);
			waitpid(w->pids[i], NULL, 0);
		}
	free(w);
}
