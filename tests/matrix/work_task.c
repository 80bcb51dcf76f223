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
#include <sys/mman.h>
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

/* As wait(2) has it; a task that has not ended yet has 0, and its process lives. */
static void truth_exit(pid_t pid)
{
	truth("exit tid=%d code=%d wait_code=%d group_dead=1", pid, WORK_EXIT, WORK_EXIT << 8);
	truth("exit tid=-1 wait_code=0");
}

/* A child of another user, another priority and session, that ends with WORK_EXIT. */
static void other_ids(int go)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	void *memory;

	if (fd < 0 || write(fd, "321", 3) != 3)
		die("oom_score_adj");
	close(fd);
	/* Enough memory of its own that counts which each processor holds back do not matter. */
	memory = mmap(NULL, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		die("mmap");
	memset(memory, 0x5a, 8 << 20);
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
	truth_exit(pid);
}

static void *thread_body(void *arg)
{
	(void)arg;
	prctl(PR_SET_NAME, "a-thread");
	truth_task(getpid(), (pid_t)syscall(SYS_gettid));
	truth("exit tid=%ld group_dead=0", syscall(SYS_gettid));
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
	char *argv[] = { (char *)"exec-target", (char *)"one", (char *)"two", (char *)"three",
		         NULL };
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
	truth_file("/bin/exec-target", "exec-target", "bin");
	truth("task tid=%d comm=exec-target", pid);
	truth("exec tid=%d filename=/bin/exec-target argc=4 envc=2 comm=exec-target before=before-exec",
	      pid);
	if (write(go, "g", 1) != 1)
		die("write");
	close(go);
	if (wait_child(pid) != WORK_EXIT)
		die("exit status of exec-target");
	truth_exit(pid);
}

static void on_signal(int sig)
{
	(void)sig;
}

/* What the kernel keeps of a handler (rt_sigaction(2) without libc). */
struct kernel_action {
	unsigned long handler, flags, restorer, mask;
};

static void get_signal(int go)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_NODEFER };
	struct kernel_action ka;

	prctl(PR_SET_NAME, "gets-signal");
	sigaction(SIGUSR2, &sa, NULL);
	if (syscall(SYS_rt_sigaction, SIGUSR2, NULL, &ka, 8))
		die("rt_sigaction");
	if (setresuid(WORK_UID, WORK_UID, WORK_UID))
		die("setresuid");
	prctl(PR_SET_DUMPABLE, 1);
	truth_task(getpid(), getpid());
	truth("handler sig=%d handler=%lu flags=%lu", SIGUSR2, ka.handler, ka.flags);
	/* The parent never writes: this sleeps until the signal interrupts it. */
	while (1) {
		char c;

		if (read(go, &c, 1) < 0 && errno == EINTR)
			_exit(WORK_EXIT);
	}
}

static pid_t signal_target;

static void send_signal(int go)
{
	prctl(PR_SET_NAME, "sends-signal");
	if (setresuid(WORK_UID, WORK_UID, WORK_UID))
		die("setresuid");
	prctl(PR_SET_DUMPABLE, 1);
	truth_task(getpid(), getpid());
	wait_go(go);
	truth("signal sig=%d sender=%d target=%d code=%d uid=%d group=1 result=0", SIGUSR2,
	      getpid(), signal_target, SI_USER, getuid());
	if (kill(signal_target, SIGUSR2))
		die("kill");
	_exit(WORK_EXIT);
}

void act_signal(void)
{
	int wait_for_signal, go;
	pid_t sender;

	signal_target = start_child(get_signal, &wait_for_signal);
	/* It sleeps in read() with its handler set before it is hit. */
	nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
	sender = start_child(send_signal, &go);
	if (write(go, "g", 1) != 1)
		die("write");
	close(go);
	if (wait_child(sender) != WORK_EXIT)
		die("sender of a signal");
	if (wait_child(signal_target) != WORK_EXIT)
		die("the signal did not arrive");
	close(wait_for_signal);
	truth_exit(sender);
	truth_exit(signal_target);
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
	/* What a switch from it says: asleep; or it is still running, or has ended. */
	truth("switch tid=%d prev_state=1", getpid());
	truth("switch tid=-1 prev_state=0");
	truth("switch tid=-1 prev_state=5");
	truth("switch tid=-1 prev_state=6");
	truth("sleep tid=%d ns=%lld", getpid(),
	      (b.tv_sec - a.tv_sec) * 1000000000LL + b.tv_nsec - a.tv_nsec);
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
	truth("syscall tid=%d name=%s nr=%ld a0=%ld a1=%ld a2=%ld a3=%ld a4=%ld a5=%ld ret=%ld",
	      getpid(), name, nr, a, b, c, d, e, f, r);
	return r;
}

void act_syscalls(void)
{
	static char block[12345];
	struct stat st;
	long fd;

	fd = sys("openat", SYS_openat, AT_FDCWD, (long)WORK_FILE, O_CREAT | O_RDWR | O_TRUNC, 0640,
	         0, 0);
	if (fd < 0)
		die(WORK_FILE);
	truth("open tid=%d file=%s flags=%d mode=%d ret=%ld", getpid(), WORK_FILE,
	      O_CREAT | O_RDWR | O_TRUNC, 0640, fd);
	sys("write", SYS_write, fd, (long)block, sizeof(block), 0, 0, 0);
	sys("pread64", SYS_pread64, fd, (long)block, 4321, 777, 0, 0);
	sys("lseek", SYS_lseek, fd, -5, SEEK_SET, 0, 0, 0);
	sys("ftruncate", SYS_ftruncate, fd, 54321, 0, 0, 0, 0);
	sys("fcntl", SYS_fcntl, fd, F_GETFD, 0, 0, 0, 0);
	sys("dup3", SYS_dup3, fd, fd, 0, 0, 0, 0);
	sys("close", SYS_close, fd, 0, 0, 0, 0, 0);
	sys("close", SYS_close, 777, 0, 0, 0, 0, 0);
	sys("openat", SYS_openat, AT_FDCWD, (long)WORK_MISSING, O_RDONLY | O_NOFOLLOW, 0, 0, 0);
	truth("open tid=%d file=%s flags=%d mode=%d ret=%d", getpid(), WORK_MISSING,
	      O_RDONLY | O_NOFOLLOW, 0, -ENOENT);
	sys("newfstatat", SYS_newfstatat, AT_FDCWD, (long)WORK_FILE, (long)&st, AT_SYMLINK_NOFOLLOW,
	    0, 0);
	sys("unlinkat", SYS_unlinkat, AT_FDCWD, (long)WORK_FILE, 0, 0, 0, 0);
	sys("getppid", SYS_getppid, 0, 0, 0, 0, 0, 0);
	sys("kill", SYS_kill, getpid(), 0, 0, 0, 0, 0);
	sys("setpriority", SYS_setpriority, 77, 88, 9, 0, 0, 0);
	sys("mmap", SYS_mmap, 0, 0, 13, 2, -1, 0);
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
	truth_task(getpid(), getpid());
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
	truth("rename tid=%d from=abide-work to=name-before", getpid());
	truth("rename tid=%d from=name-before to=name-after", getpid());
	truth("task tid=%d comm=name-after", getpid());
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
