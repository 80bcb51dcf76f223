/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_LIVE_WORKER_H
#define ABIDE_TESTS_LIVE_WORKER_H

/*
 * Processes whose doings are known: a worker waits until it is let go, makes a number of
 * children that run true, reports their ids and ends.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_PIDS 16

/* A process that waits to be let go, then makes @n children, each of which runs true, and ends. */
struct worker {
	pid_t pid;
	int go, report;
	pid_t children[MAX_PIDS]; /* once it has ended */
};

static void *thread_work(void *arg)
{
	void (*work)(void) = *(void (**)(void))arg;

	work();
	return NULL;
}

static pid_t run_true(void)
{
	pid_t pid = fork();

	if (!pid) {
		execl("/bin/true", "true", NULL);
		_exit(1);
	}
	return pid;
}

static void make_children(int report, int n)
{
	pid_t pid;
	int i;

	for (i = 0; i < n; i++) {
		pid = run_true();
		if (write(report, &pid, sizeof(pid)) != sizeof(pid))
			_exit(1);
		waitpid(pid, NULL, 0);
	}
}

enum shape { PLAIN, NESTED, THREADED };

static int report_fd; /* in the worker's process: for its thread */

static void two_children_then_exit(void)
{
	usleep(50000); /* the first thread is gone by now */
	make_children(report_fd, 2);
	_exit(0);
}

static void work(int go, int report, int n, enum shape shape)
{
	void (*fn)(void) = two_children_then_exit;
	pthread_t thread;
	pid_t middle;
	char byte;

	if (read(go, &byte, 1) != 1)
		_exit(1);
	switch (shape) {
	case PLAIN:
		make_children(report, n);
		break;
	case NESTED: /* a child that makes them */
		middle = fork();
		if (!middle) {
			make_children(report, n);
			_exit(0);
		}
		waitpid(middle, NULL, 0);
		break;
	case THREADED:
		report_fd = report;
		pthread_create(&thread, NULL, thread_work, &fn);
		pthread_detach(thread);
		/* Ends the first thread only, by the system call: fn's address is on this stack. */
		usleep(10000);
		syscall(SYS_exit, 0);
	}
	_exit(0);
}

static void worker_start(struct worker *w, int n, enum shape shape)
{
	int go[2], report[2];

	if (pipe(go) || pipe(report))
		exit(1);
	fflush(stdout);
	w->pid = fork();
	if (!w->pid) {
		close(go[1]);
		work(go[0], report[1], n, shape);
	}
	close(go[0]);
	close(report[1]);
	w->go = go[1];
	w->report = report[0];
}

static uint32_t worker_run(struct worker *w)
{
	uint32_t n = 0;

	if (write(w->go, "", 1) != 1)
		exit(1);
	while (n < MAX_PIDS && read(w->report, &w->children[n], sizeof(pid_t)) == sizeof(pid_t))
		n++;
	waitpid(w->pid, NULL, 0);
	close(w->go);
	close(w->report);
	return n;
}

#endif
