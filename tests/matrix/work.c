/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The workload of a matrix guest: "work ACTION...". Each action does something known
 * and appends to TRUTH_FILE what it did, with what the kernel said of it in /proc and
 * in system calls' results: never with anything that abide reports. The checks
 * (check*.c) hold the programs' rows against these lines.
 *
 * The workload lives in a cgroup of its own, so that the cgroup's id is distinctive.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

static const struct {
	const char *name;
	void (*run)(void);
} actions[] = {
	{ "task", act_task },       { "thread", act_thread },
	{ "exec", act_exec },       { "signal", act_signal },
	{ "sleep", act_sleep },     { "syscalls", act_syscalls },
	{ "migrate", act_migrate }, { "rename", act_rename },
	{ "block", act_block },     { "tcp", act_tcp },
	{ "tcp6", act_tcp6 },       { "udp", act_udp },
	{ "drop", act_drop },       { "retransmit", act_retransmit },
	{ "others", act_others },   { "queue", act_queue },
	{ "mapper", act_mapper },
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

/* A number in a file of one number. */
static long long proc_number(pid_t tgid, const char *file)
{
	char path[64], text[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", tgid, file);
	slurp(path, text, sizeof(text));
	return strtoll(text, NULL, 10);
}

/* What only grows, or changes with memory; and ids that have files of their own. */
static void truth_counters(pid_t tgid, pid_t tid, const char *status)
{
	char path[64], io[512] = "\n", sched[4096], schedstat[128], *p;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/io", tgid, tid);
	slurp(path, io + 1, sizeof(io) - 1);
	snprintf(path, sizeof(path), "/proc/%d/task/%d/sched", tgid, tid);
	slurp(path, sched, sizeof(sched));
	snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", tgid, tid);
	slurp(path, schedstat, sizeof(schedstat));
	p = strstr(sched, "se.nr_migrations");
	p = p ? strchr(p, ':') : NULL;
	truth("task tid=%d loginuid=%lld sessionid=%lld oom_score_adj=%lld voluntary=%lld involuntary=%lld "
	      "runtime_ns=%lld migrations=%lld syscr=%lld syscw=%lld rchar=%lld wchar=%lld read_bytes=%lld "
	      "write_bytes=%lld",
	      tid, proc_number(tgid, "loginuid"), proc_number(tgid, "sessionid"),
	      proc_number(tgid, "oom_score_adj"),
	      status_number(status, "voluntary_ctxt_switches", 0),
	      status_number(status, "nonvoluntary_ctxt_switches", 0), strtoll(schedstat, NULL, 10),
	      p ? strtoll(p + 1, NULL, 10) : -1, status_number(io, "syscr", 0),
	      status_number(io, "syscw", 0), status_number(io, "rchar", 0),
	      status_number(io, "wchar", 0), status_number(io, "read_bytes", 0),
	      status_number(io, "write_bytes", 0));
	/* kB there, pages of 4 KiB here. */
	truth("task tid=%d vm=%lld vm_data=%lld vm_stack=%lld vm_locked=%lld rss_anon=%lld rss_file=%lld",
	      tid, status_number(status, "VmSize", 0) / 4, status_number(status, "VmData", 0) / 4,
	      status_number(status, "VmStk", 0) / 4, status_number(status, "VmLck", 0) / 4,
	      status_number(status, "RssAnon", 0) / 4, status_number(status, "RssFile", 0) / 4);
}

/* A program file, by stat(2), statfs(2) and the mount table. */
void truth_file(const char *path, const char *name, const char *dir)
{
	char text[8192], type[64] = "?", *p;
	struct statfs fs;
	struct stat st;

	if (stat(path, &st) || statfs(path, &fs))
		die(path);
	slurp("/proc/self/mountinfo", text, sizeof(text));
	p = strstr(text, " / / ");
	p = p ? strstr(p, " - ") : NULL;
	if (p)
		sscanf(p + 3, "%63s", type);
	truth("file ino=%lu dev_major=%u dev_minor=%u name=%s dir=%s mode=%u size=%ld uid=%u gid=%u nlink=%lu magic=%lu type=%s",
	      (unsigned long)st.st_ino, major(st.st_dev), minor(st.st_dev), name, dir, st.st_mode,
	      (long)st.st_size, st.st_uid, st.st_gid, (unsigned long)st.st_nlink,
	      (unsigned long)fs.f_type, type);
}

/*
 * Every other task of the machine, that rows about kernel threads can be held against.
 * Not the workers of the kernel's work queues: /proc shows more than their names.
 */
void act_others(void)
{
	DIR *d = opendir("/proc");
	struct dirent *e;

	while (d && (e = readdir(d))) {
		char path[64], comm[32];
		int pid = atoi(e->d_name);

		if (pid < 2 || pid == getpid())
			continue;
		snprintf(path, sizeof(path), "/proc/%d/comm", pid);
		slurp(path, comm, sizeof(comm));
		if (*comm && strncmp(comm, "kworker", 7))
			truth_task(pid, pid);
	}
	if (d)
		closedir(d);
}

void truth_task(pid_t tgid, pid_t tid)
{
	char path[64], stat_text[1024], status[4096], comm[32], *p;
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
	p = strrchr(stat_text, ')');
	if (!p || sscanf(p + 2, "%c", &state) != 1)
		die(path);
	for (p += 3; n < 50 && *p; n++)
		f[n] = strtoll(p, &p, 10);
	/* f[N - 4] is field N; the priority is shown as 100 less, flags as the kernel's PF_*. */
	truth("task tid=%d tgid=%d comm=%s state=%c ppid=%lld pgid=%lld sid=%lld prio=%lld nice=%lld static_prio=%lld "
	      "threads=%lld start_ticks=%lld cpu=%lld rt_priority=%lld policy=%lld exit_signal=%lld kthread=%d min_flt=%lld "
	      "maj_flt=%lld",
	      tid, tgid, comm, state, f[0], f[1], f[2], f[14] + 100, f[15], f[15] + 120, f[16],
	      f[18], f[35], f[36], f[37], f[34], f[5] & 0x200000 ? 1 : 0, f[6], f[8]);
	truth("task tid=%d uid=%lld euid=%lld suid=%lld fsuid=%lld gid=%lld egid=%lld cgroup_id=%lu pid_ns=%lu "
	      "net_ns=%lu mnt_ns=%lu user_ns=%lu uts_ns=%lu ipc_ns=%lu cgroup_ns=%lu",
	      tid, status_number(status, "Uid", 0), status_number(status, "Uid", 1),
	      status_number(status, "Uid", 2), status_number(status, "Uid", 3),
	      status_number(status, "Gid", 0), status_number(status, "Gid", 1), cgroup_id(tgid),
	      namespace(tgid, "pid_for_children"), namespace(tgid, "net"), namespace(tgid, "mnt"),
	      namespace(tgid, "user"), namespace(tgid, "uts"), namespace(tgid, "ipc"),
	      namespace(tgid, "cgroup"));
	truth_counters(tgid, tid, status);
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
	struct stat root;
	int fd;

	if (stat("/sys/fs/cgroup", &root))
		die("/sys/fs/cgroup");
	/* Where a task may have been before it was moved. */
	truth("task tid=-1 cgroup_id=%lu", (unsigned long)root.st_ino);
	if (mkdir(WORK_CGROUP, 0755) && errno != EEXIST)
		die(WORK_CGROUP);
	fd = open(WORK_CGROUP "/cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		die("cgroup.procs");
	close(fd);
	truth("cgroup id=%lu name=%s level=1 hierarchy=0 descendants=0", cgroup_id(getpid()),
	      strrchr(WORK_CGROUP, '/') + 1);
}

int work_main(int argc, char **argv)
{
	truth_fd = open(TRUTH_FILE, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (truth_fd < 0)
		die(TRUTH_FILE);
	own_cgroup();
	prctl(PR_SET_NAME, "abide-work");
	/* What a task may still have from before (no task has the id -1), or no longer, once it has ended. */
	truth("task tid=%d comm=work", getpid());
	truth("task tid=-1 comm=abide threads=0 pid_ns=0 net_ns=0 mnt_ns=0 uts_ns=0 ipc_ns=0 cgroup_ns=0");
	truth("task tid=-1 comm=drive");
	truth_task(getpid(), getpid());
	truth_file("/proc/self/exe", "work", "bin");
	for (int i = 1; i < argc; i++) {
		size_t k;

		if (!strncmp(argv[i], "calls=", 6)) {
			act_calls(argv[i] + 6);
			continue;
		}
		for (k = 0; k < sizeof(actions) / sizeof(actions[0]); k++)
			if (!strcmp(argv[i], actions[k].name))
				break;
		if (k == sizeof(actions) / sizeof(actions[0])) {
			errno = EINVAL;
			die(argv[i]);
		}
		actions[k].run();
	}
	truth_task(getpid(), getpid());
	truth("end actions=%d", argc - 1);
	return 0;
}
