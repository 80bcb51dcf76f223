/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Process 1 of a matrix guest. In: the file /steps, one step a line ("NAME SECONDS
 * PROGRAM ARG..."; no quoting). Out, on the serial console: what the steps print,
 * between lines that begin with "@@": "@@ boot RELEASE", "@@ step NAME", "@@ end NAME
 * STATUS", "@@ done". Then the machine is powered off; with -no-reboot that ends the
 * emulator, and a panic of the guest does too.
 *
 * It mounts what tracing tools expect of a machine (proc, sysfs, devtmpfs, tracefs,
 * bpffs, cgroup2, a tmpfs), brings the loopback up, runs the steps one after the
 * other and kills a step that takes longer than its seconds: process 1 owns every
 * process of the guest, so nothing else can be hit.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

#define MAX_ARGS 32

static const struct {
	const char *type, *where;
} mounts[] = {
	{ "proc", "/proc" },      { "sysfs", "/sys" },
	{ "devtmpfs", "/dev" },   { "tracefs", "/sys/kernel/tracing" },
	{ "bpf", "/sys/fs/bpf" }, { "cgroup2", "/sys/fs/cgroup" },
	{ "tmpfs", "/tmp" },
};

static void mount_all(void)
{
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		mkdir(mounts[i].where, 0755);
		if (mount(mounts[i].type, mounts[i].where, mounts[i].type, 0, NULL))
			printf("@@ note mount %s: %s\n", mounts[i].where, strerror(errno));
	}
}

static void loopback_up(void)
{
	struct ifreq r = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	r.ifr_flags = IFF_UP | IFF_RUNNING;
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &r))
		printf("@@ note loopback: %s\n", strerror(errno));
	if (fd >= 0)
		close(fd);
}

/* Modules that scripts/kernels found for this kernel; what is built in has none. */
static void load_modules(void)
{
	DIR *d = opendir("/modules");
	struct dirent *e;
	char path[300];

	while (d && (e = readdir(d))) {
		int fd;

		if (!strstr(e->d_name, ".ko"))
			continue;
		snprintf(path, sizeof(path), "/modules/%s", e->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
			printf("@@ note %s: %s\n", path, strerror(errno));
		if (fd >= 0)
			close(fd);
	}
	if (d)
		closedir(d);
}

/* Kill whatever the step left: process 1 is not hit by kill(-1). */
static void sweep(void)
{
	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

/* Run one step; its exit status, 128 + the signal that ended it, or 124 when its time was up. */
static int run_step(char **argv, int seconds)
{
	struct timespec limit = { .tv_sec = seconds };
	sigset_t set;
	int status, sig;
	pid_t pid, got;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pid = fork();
	if (pid < 0)
		return 125;
	if (pid == 0) {
		sigprocmask(SIG_UNBLOCK, &set, NULL);
		execv(argv[0], argv);
		printf("%s: %s\n", argv[0], strerror(errno));
		fflush(stdout);
		_exit(127);
	}
	for (;;) {
		while ((got = waitpid(-1, &status, WNOHANG)) > 0)
			if (got == pid)
				goto ended;
		/* A late SIGCHLD of a stranger prolongs the limit; the host's limit holds anyway. */
		sig = sigtimedwait(&set, NULL, &limit);
		if (sig < 0 && errno == EAGAIN) {
			sweep();
			return 124;
		}
	}
ended:
	sweep();
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void run_steps(const char *path)
{
	char line[1024], *argv[MAX_ARGS + 1], *name, *seconds, *save;
	FILE *f = fopen(path, "re");

	if (!f) {
		printf("@@ note %s: %s\n", path, strerror(errno));
		return;
	}
	while (fgets(line, sizeof(line), f)) {
		int n = 0;

		name = strtok_r(line, " \n", &save);
		seconds = strtok_r(NULL, " \n", &save);
		while (n < MAX_ARGS && (argv[n] = strtok_r(NULL, " \n", &save)))
			n++;
		argv[n] = NULL;
		if (!n)
			continue;
		printf("@@ step %s\n", name);
		fflush(stdout);
		n = run_step(argv, atoi(seconds));
		printf("\n@@ end %s %d\n", name, n);
		fflush(stdout);
	}
	fclose(f);
}

static void power_off(void)
{
	printf("@@ done\n");
	fflush(stdout);
	sync();
	/* Restart, not power-off: -no-reboot makes the emulator leave, and no ACPI is needed. */
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}

int init_main(void)
{
	struct utsname u;

	if (getpid() != 1)
		return 2; /* it kills every process there is: only in a guest */
	mount_all();
	loopback_up();
	load_modules();
	setenv("PATH", "/bin", 1);
	setenv("HOME", "/tmp", 1);
	uname(&u);
	printf("\n@@ boot %s\n", u.release);
	fflush(stdout);
	run_steps("/steps");
	power_off();
	return 0;
}
