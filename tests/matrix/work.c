/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The workload of a matrix guest: "work ACTION...". Each action does something known
 * and appends to TRUTH_FILE what it did, with what the kernel said of it in /proc and
 * in system calls' results: never with anything that abide reports. The checks
 * (check*.c) hold the programs' rows against these lines.
 *
 * The workload lives in a cgroup of its own, so that the cgroup's id is distinctive.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

static const struct {
	const char *name;
	void (*run)(void);
} actions[] = {
	{ "task", act_task },	{ "thread", act_thread },     { "exec", act_exec },
	{ "signal", act_signal }, { "sleep", act_sleep },     { "syscalls", act_syscalls },
	{ "migrate", act_migrate }, { "rename", act_rename }, { "block", act_block },
	{ "tcp", act_tcp },	{ "tcp6", act_tcp6 },	      { "udp", act_udp },
	{ "drop", act_drop },	{ "retransmit", act_retransmit },
};

/* Open from the start: children of another user could not. */
static int truth_fd = -1;

void die(const char *what)
{
	printf("not ok - workload: %s: %s\n", what, strerror(errno));
	fflush(stdout);
	_exit(99);
}

void truth(const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	if (n < 0 || n >= (int)sizeof(line) - 1)
		die("truth line");
	line[n++] = '\n';
	/* One write, so that lines of several processes do not mix. */
	if (write(truth_fd, line, n) != n)
		die(TRUTH_FILE);
}

static void slurp(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	if (fd >= 0)
		close(fd);
	buf[n < 0 ? 0 : n] = '\0';
}

/* The @n-th number after "KEY:" in /proc/PID/status text, -1 if there is none. */
static long long status_number(const char *text, const char *key, int n)
{
	char name[64];
	const char *p;
	char *end;
	long long v = -1;

	snprintf(name, sizeof(name), "\n%s:", key);
	p = strstr(text, name);
	if (!p)
		return -1;
	for (p += strlen(name); n >= 0; n--, p = end)
		v = strtoll(p, &end, 10);
	return v;
}

/* Inode of a namespace: "/proc/PID/ns/net" -> "net:[4026531840]". */
static unsigned long namespace(pid_t tgid, const char *kind)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", tgid, kind);
	return stat(path, &st) ? 0 : st.st_ino;
}

/* Id of the cgroup2 group that the process is in: the inode of its directory. */
static unsigned long cgroup_id(pid_t tgid)
{
	char path[64], text[512], dir[640], *p, *end;
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", tgid);
	slurp(path, text, sizeof(text));
	p = strstr(text, "0::/");
	if (!p)
		return 0;
	end = strchr(p, '\n');
	if (end)
		*end = '\0';
	snprintf(dir, sizeof(dir), "/sys/fs/cgroup%s", p + 3);
	return stat(dir, &st) ? 0 : st.st_ino;
}

void truth_task(pid_t tgid, pid_t tid)
{
	char path[64], stat_text[1024], status[4096], comm[32], extra[64], *p;
	/* Fields 3.. of /proc/PID/stat (proc(5)), from the state on. */
	long long f[50] = { 0 };
	char state;
	int n = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", tgid, tid);
	slurp(path, stat_text, sizeof(stat_text));
	snprintf(path, sizeof(path), "/proc/%d/task/%d/status", tgid, tid);
	slurp(path, status, sizeof(status));
	snprintf(path, sizeof(path), "/proc/%d/task/%d/comm", tgid, tid);
	slurp(path, comm, sizeof(comm));
	comm[strcspn(comm, "\n")] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/loginuid", tgid);
	slurp(path, extra, sizeof(extra));
	p = strrchr(stat_text, ')');
	if (!p || sscanf(p + 2, "%c", &state) != 1)
		die(path);
	for (p += 3; n < 50 && *p; n++)
		f[n] = strtoll(p, &p, 10);
	truth("task tid=%d tgid=%d comm=%s state=%c ppid=%lld pgid=%lld sid=%lld flags=%lld prio=%lld nice=%lld "
	      "threads=%lld start_ticks=%lld cpu=%lld rt_priority=%lld policy=%lld",
	      tid, tgid, comm, state, f[0], f[1], f[2], f[5], f[14], f[15], f[16], f[18], f[35], f[36], f[37]);
	truth("task tid=%d uid=%lld euid=%lld suid=%lld gid=%lld egid=%lld vsize=%lld loginuid=%s cgroup_id=%lu "
	      "pid_ns=%lu net_ns=%lu mnt_ns=%lu user_ns=%lu uts_ns=%lu ipc_ns=%lu cgroup_ns=%lu",
	      tid, status_number(status, "Uid", 0), status_number(status, "Uid", 1), status_number(status, "Uid", 2),
	      status_number(status, "Gid", 0), status_number(status, "Gid", 1), f[19], extra[0] ? extra : "none",
	      cgroup_id(tgid), namespace(tgid, "pid"), namespace(tgid, "net"), namespace(tgid, "mnt"),
	      namespace(tgid, "user"), namespace(tgid, "uts"), namespace(tgid, "ipc"), namespace(tgid, "cgroup"));
}

pid_t start_child(void (*fn)(int go), int *go)
{
	int fds[2];
	pid_t pid;

	if (pipe(fds))
		die("pipe");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0) {
		close(fds[1]);
		fn(fds[0]);
		_exit(0);
	}
	close(fds[0]);
	*go = fds[1];
	return pid;
}

int wait_child(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) != pid)
		if (errno != EINTR)
			die("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void own_cgroup(void)
{
	int fd;

	if (mkdir(WORK_CGROUP, 0755) && errno != EEXIST)
		die(WORK_CGROUP);
	fd = open(WORK_CGROUP "/cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		die("cgroup.procs");
	close(fd);
}

int work_main(int argc, char **argv)
{
	truth_fd = open(TRUTH_FILE, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (truth_fd < 0)
		die(TRUTH_FILE);
	own_cgroup();
	prctl(PR_SET_NAME, "abide-work");
	truth_task(getpid(), getpid());
	for (int i = 1; i < argc; i++) {
		size_t k;

		for (k = 0; k < sizeof(actions) / sizeof(actions[0]); k++)
			if (!strcmp(argv[i], actions[k].name))
				break;
		if (k == sizeof(actions) / sizeof(actions[0])) {
			errno = EINVAL;
			die(argv[i]);
		}
		actions[k].run();
	}
	truth("end actions=%d", argc - 1);
	return 0;
}
