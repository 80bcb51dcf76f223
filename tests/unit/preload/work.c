/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Work whose calls are known, for tests of the events libc:*. It knows nothing of abide.
 *
 *	work leak N KEPT       N blocks of 1000 bytes from keep_blocks(), KEPT of them not given back
 *	work locks N           N free locks, and one that is waited for 50 ms or more
 *	work io FILE N         N writes of 100 bytes, N reads
 *	work churn THREADS N   threads that each start and end N times, allocate, and lock
 *	work fork N            N children, 10 blocks of 77 bytes each
 *	work exec              runs itself again (leak 3 1), and once by vfork (leak 2 2)
 *	work signals N         N blocks, while a signal handler writes as often as it can
 *	work wait SECONDS      10 writes to /dev/null each millisecond, until then
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void *volatile kept;
static int sink;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

void keep_blocks(int n, int keep);
__attribute__((noinline)) void keep_blocks(int n, int keep)
{
	int i;

	for (i = 0; i < n; i++) {
		kept = malloc(1000);
		if (i >= keep)
			free(kept);
	}
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile int held;

static void *hold(void *unused)
{
	pthread_mutex_lock(&mutex);
	held = 1;
	usleep(60000);
	pthread_mutex_unlock(&mutex);
	return unused;
}

void wait_for_lock(void);
__attribute__((noinline)) void wait_for_lock(void)
{
	pthread_mutex_lock(&mutex);
	pthread_mutex_unlock(&mutex);
}

static void locks(int n)
{
	pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
	pthread_t thread;
	int i;

	for (i = 0; i < n; i++) {
		pthread_mutex_lock(&own);
		pthread_mutex_unlock(&own);
	}
	if (pthread_create(&thread, NULL, hold, NULL))
		fail("thread");
	while (!held)
		usleep(100);
	wait_for_lock();
	pthread_join(thread, NULL);
}

static void io(const char *path, int n)
{
	char buf[100] = "";
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600), i;

	if (fd < 0)
		fail(path);
	for (i = 0; i < n; i++)
		if (write(fd, buf, sizeof(buf)) != sizeof(buf))
			fail("write");
	for (i = 0; i < n; i++)
		if (pread(fd, buf, sizeof(buf), i * (off_t)sizeof(buf)) != sizeof(buf))
			fail("pread");
	if (fdatasync(fd) || close(fd))
		fail("close");
}

static void *short_life(void *unused)
{
	void *volatile p = malloc(55);

	pthread_mutex_lock(&mutex);
	sink++;
	pthread_mutex_unlock(&mutex);
	free(p);
	return unused;
}

static void *churner(void *arg)
{
	pthread_t thread;
	int i;

	for (i = *(int *)arg; i; i--) {
		if (pthread_create(&thread, NULL, short_life, NULL))
			fail("thread");
		pthread_join(thread, NULL);
	}
	return NULL;
}

static void churn(int n, int times)
{
	pthread_t threads[64];
	int i;

	for (i = 0; i < n; i++)
		if (pthread_create(&threads[i], NULL, churner, &times))
			fail("thread");
	for (i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
}

static void wait_child(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		fail("child");
}

static void forks(int n)
{
	int i, k;
	pid_t pid;

	for (i = 0; i < n; i++) {
		pid = fork();
		if (!pid) {
			for (k = 0; k < 10; k++)
				kept = malloc(77);
			_exit(0);
		}
		wait_child(pid);
	}
}

static void execs(const char *self)
{
	pid_t pid = fork();

	if (!pid) {
		execl(self, self, "leak", "3", "1", NULL);
		_exit(1);
	}
	wait_child(pid);
	kept = malloc(1); /* a thread whose first event is its child's, after vfork, has no place for it */
	free(kept);
	pid = vfork();
	if (!pid) {
		execl(self, self, "leak", "2", "2", NULL);
		_exit(1);
	}
	wait_child(pid);
}

static void on_alarm(int sig)
{
	int saved = errno;

	(void)sig;
	sink = write(sink, "", 1) == 1 ? sink : -1;
	errno = saved;
}

static void signals(int n)
{
	struct itimerval often = { { 0, 100 }, { 0, 100 } }, never = { { 0, 0 }, { 0, 0 } };
	struct sigaction sa = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	int i;

	sink = open("/dev/null", O_WRONLY);
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (i = 0; i < n; i++) {
		kept = malloc(33);
		free(kept);
	}
	setitimer(ITIMER_REAL, &never, NULL);
	if (sink < 0)
		fail("write in a signal handler");
}

static void wait_writing(int seconds)
{
	time_t end = time(NULL) + seconds;
	int fd = open("/dev/null", O_WRONLY), i;

	puts("ready");
	fflush(stdout);
	while (time(NULL) < end) {
		for (i = 0; i < 10; i++)
			if (write(fd, "x", 1) != 1)
				fail("write");
		usleep(1000);
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int a = argc > 2 ? atoi(argv[2]) : 0, b = argc > 3 ? atoi(argv[3]) : 0;

	if (!strcmp(what, "leak"))
		keep_blocks(a, b);
	else if (!strcmp(what, "locks"))
		locks(a);
	else if (!strcmp(what, "io"))
		io(argv[2], b);
	else if (!strcmp(what, "churn"))
		churn(a, b);
	else if (!strcmp(what, "fork"))
		forks(a);
	else if (!strcmp(what, "exec"))
		execs(argv[0]);
	else if (!strcmp(what, "signals"))
		signals(a);
	else if (!strcmp(what, "wait"))
		wait_writing(a);
	else
		return 2;
	return 0;
}
