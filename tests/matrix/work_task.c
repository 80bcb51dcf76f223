/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Actions on tasks: children with other ids, threads, exec, signals, sleeps, system
 * calls with distinctive arguments, migrations. What each writes down is in its first
 * truth() lines; see work.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

static void wait_go(int go)
{
	char c;

	if (read(go, &c, 1) < 0)
		die("read");
}

/* A child of another user, another priority and session, that ends with WORK_EXIT. */
static void other_ids(int go)
{
	if (setsid() < 0 || setpriority(PRIO_PROCESS, 0, 7))
		die("setpriority");
	if (setresgid(WORK_GID, WORK_GID, WORK_GID) || setresuid(WORK_UID, WORK_UID, WORK_UID))
		die("setresuid");
	prctl(PR_SET_NAME, "other-ids");
	/* A process that changed its ids is no longer "dumpable", and /proc belongs to root. */
	prctl(PR_SET_DUMPABLE, 1);
	truth_task(getpid(), getpid());
	wait_go(go);
	/* Gives up the CPU a few times under its new identity. */
	for (int i = 0; i < 3; i++)
		nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
	_exit(WORK_EXIT);
}

void act_task(void)
{
	int go;
	pid_t pid = start_child(other_ids, &go);

	truth("fork parent=%d child=%d", getpid(), pid);
	if (write(go, "g", 1) != 1)
		die("write");
	close(go);
	if (wait_child(pid) != WORK_EXIT)
		die("exit status");
	truth("exit tid=%d code=%d", pid, WORK_EXIT);
}

static void *thread_body(void *arg)
{
	(void)arg;
	prctl(PR_SET_NAME, "a-thread");
	truth_task(getpid(), (pid_t)syscall(SYS_gettid));
	nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
	return NULL;
}

void act_thread(void)
{
	pthread_t t;

	if (pthread_create(&t, NULL, thread_body, NULL) || pthread_join(t, NULL))
		die("pthread");
	truth("thread tgid=%d", getpid());
}

static void do_exec(int go)
{
	char *argv[] = { (char *)"exec-target", (char *)"one", (char *)"two", (char *)"three", NULL };
	char *envp[] = { (char *)"ABIDE=1", (char *)"MATRIX=2", NULL };

	prctl(PR_SET_NAME, "before-exec");
	truth_task(getpid(), getpid());
	wait_go(go);
	execve("/bin/exec-target", argv, envp);
	die("execve");
}

void act_exec(void)
{
	int go;
	pid_t pid = start_child(do_exec, &go);

	truth("fork parent=%d child=%d", getpid(), pid);
	truth("exec tid=%d filename=/bin/exec-target argc=4 envc=2 comm=exec-target before=before-exec", pid);
	if (write(go, "g", 1) != 1)
		die("write");
	close(go);
	if (wait_child(pid) != WORK_EXIT)
		die("exit status of exec-target");
	truth("exit tid=%d code=%d", pid, WORK_EXIT);
}

static void on_signal(int sig)
{
	(void)sig;
}

static void get_signal(int go)
{
	struct sigaction sa = { .sa_handler = on_signal };

	prctl(PR_SET_NAME, "gets-signal");
	sigaction(SIGUSR2, &sa, NULL);
	truth_task(getpid(), getpid());
	/* Told through the pipe that goes the other way: reads until the signal interrupts. */
	while (1) {
		char c;

		if (read(go, &c, 1) < 0 && errno == EINTR)
			_exit(WORK_EXIT);
	}
}

void act_signal(void)
{
	int go, status;
	pid_t pid = start_child(get_signal, &go);

	/* It sleeps in read() with its handler set before it is hit. */
	nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
	truth("signal sig=%d sender=%d target=%d code=%d uid=%d", SIGUSR2, getpid(), pid, SI_USER, getuid());
	if (kill(pid, SIGUSR2))
		die("kill");
	status = wait_child(pid);
	close(go);
	if (status != WORK_EXIT)
		die("the signal did not arrive");
	truth("exit tid=%d code=%d", pid, WORK_EXIT);
}

static void sleeps(int go)
{
	struct timespec a, b;

	prctl(PR_SET_NAME, "sleeps");
	truth_task(getpid(), getpid());
	wait_go(go);
	clock_gettime(CLOCK_MONOTONIC, &a);
	nanosleep(&(struct timespec){ .tv_nsec = WORK_SLEEP_MS * 1000000L }, NULL);
	clock_gettime(CLOCK_MONOTONIC, &b);
	truth("sleep tid=%d ns=%lld", getpid(), (b.tv_sec - a.tv_sec) * 1000000000LL + b.tv_nsec - a.tv_nsec);
	_exit(WORK_EXIT);
}

void act_sleep(void)
{
	int go;
	pid_t pid = start_child(sleeps, &go);

	if (write(go, "g", 1) != 1)
		die("write");
	close(go);
	if (wait_child(pid) != WORK_EXIT)
		die("sleeper");
}

/* Make a system call past libc and write down number, arguments and result. */
static long sys(const char *name, long nr, long a, long b, long c, long d, long e, long f)
{
	long r = syscall(nr, a, b, c, d, e, f);

	if (r < 0)
		r = -errno;
	truth("syscall tid=%d name=%s nr=%ld a0=%ld a1=%ld a2=%ld a3=%ld a4=%ld a5=%ld ret=%ld", getpid(), name, nr,
	      a, b, c, d, e, f, r);
	return r;
}

void act_syscalls(void)
{
	static char block[12345];
	struct stat st;
	long fd;

	fd = sys("openat", SYS_openat, AT_FDCWD, (long)WORK_FILE, O_CREAT | O_RDWR | O_TRUNC, 0640, 0, 0);
	if (fd < 0)
		die(WORK_FILE);
	truth("open tid=%d file=%s flags=%d mode=%d ret=%ld", getpid(), WORK_FILE, O_CREAT | O_RDWR | O_TRUNC, 0640, fd);
	sys("write", SYS_write, fd, (long)block, sizeof(block), 0, 0, 0);
	sys("pread64", SYS_pread64, fd, (long)block, 4321, 777, 0, 0);
	sys("lseek", SYS_lseek, fd, -5, SEEK_SET, 0, 0, 0);
	sys("ftruncate", SYS_ftruncate, fd, 54321, 0, 0, 0, 0);
	sys("fcntl", SYS_fcntl, fd, F_GETFD, 0, 0, 0, 0);
	sys("dup3", SYS_dup3, fd, fd, 0, 0, 0, 0);
	sys("close", SYS_close, fd, 0, 0, 0, 0, 0);
	sys("close", SYS_close, 777, 0, 0, 0, 0, 0);
	sys("openat", SYS_openat, AT_FDCWD, (long)WORK_MISSING, O_RDONLY | O_NOFOLLOW, 0, 0, 0);
	truth("open tid=%d file=%s flags=%d mode=%d ret=%d", getpid(), WORK_MISSING, O_RDONLY | O_NOFOLLOW, 0, -ENOENT);
	sys("newfstatat", SYS_newfstatat, AT_FDCWD, (long)WORK_FILE, (long)&st, AT_SYMLINK_NOFOLLOW, 0, 0);
	sys("unlinkat", SYS_unlinkat, AT_FDCWD, (long)WORK_FILE, 0, 0, 0, 0);
	sys("getppid", SYS_getppid, 0, 0, 0, 0, 0, 0);
	sys("kill", SYS_kill, getpid(), 0, 0, 0, 0, 0);
	sys("setpriority", SYS_setpriority, 77, 88, 9, 0, 0, 0);
	sys("mmap", SYS_mmap, 0, 0, 3, 2, -1, 0);
	sys("prctl", SYS_prctl, 987654, 11, 22, 33, 44, 0);
}

static void move_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("sched_setaffinity");
}

static void moves(int go)
{
	unsigned int cpu;

	prctl(PR_SET_NAME, "moves");
	move_to(0);
	truth_task(getpid(), getpid());
	wait_go(go);
	for (int i = 0; i < 4; i++) {
		move_to(!(i & 1));
		if (syscall(SYS_getcpu, &cpu, NULL, NULL) || cpu != (unsigned int)!(i & 1))
			die("getcpu");
		truth("migrate tid=%d from=%d to=%u", getpid(), i & 1, cpu);
	}
	_exit(WORK_EXIT);
}

void act_migrate(void)
{
	int go;
	pid_t pid = start_child(moves, &go);

	if (write(go, "g", 1) != 1)
		die("write");
	close(go);
	if (wait_child(pid) != WORK_EXIT)
		die("mover");
}

static void renames(int go)
{
	prctl(PR_SET_NAME, "name-before");
	truth_task(getpid(), getpid());
	truth("rename tid=%d from=name-before to=name-after", getpid());
	wait_go(go);
	prctl(PR_SET_NAME, "name-after");
	_exit(WORK_EXIT);
}

void act_rename(void)
{
	int go;
	pid_t pid = start_child(renames, &go);

	if (write(go, "g", 1) != 1)
		die("write");
	close(go);
	if (wait_child(pid) != WORK_EXIT)
		die("renamer");
}
