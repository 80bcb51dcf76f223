/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What is not about values, on this kernel: objects that "abide translate" wrote load
 * with plain libbpf, as a user without abide would load them; and nothing stays in the
 * kernel after abide ends, even when it is killed.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check_probe.h"
#include "guest.h"

#define TOOLS   "/tools"
#define WRITTEN "/tmp/written.bpf.o"

/* Programs that are loaded in this kernel. */
static int loaded_programs(void)
{
	__u32 id = 0;
	int n = 0;

	while (!bpf_prog_get_next_id(id, &id))
		n++;
	return n;
}

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (level == LIBBPF_WARN) {
		printf("# libbpf: ");
		vprintf(fmt, ap);
	}
	return 0;
}

/* 0: libbpf opened and loaded it, and it holds at least one program. */
static int load_with_libbpf(const char *path)
{
	struct bpf_object *o = bpf_object__open_file(path, NULL);
	int r;

	if (!o)
		return -errno;
	r = bpf_object__load(o);
	if (!r && !bpf_object__next_program(o, NULL))
		r = -ENOENT;
	bpf_object__close(o);
	return r;
}

static void check_written(const char *tool)
{
	char words[512];
	struct trace t;
	int r = -1;

	unlink(WRITTEN);
	snprintf(words, sizeof(words), "translate " TOOLS "/%s -o " WRITTEN, tool);
	trace_abide(&t, words, 20);
	if (!t.status)
		r = load_with_libbpf(WRITTEN);
	expect(!t.status && !r, "%s: translated and written, libbpf loads it (status %d, %s)", tool,
	       t.status, t.status ? "not tried" : strerror(-r));
	if (t.status)
		trace_explain(&t);
	trace_free(&t);
}

int check_translate(const char *which)
{
	struct dirent **names;
	int n = scandir(TOOLS, &names, NULL, alphasort);

	libbpf_set_print(quiet);
	for (int i = 0; i < n; i++) {
		if (strstr(names[i]->d_name, ".bpf.o") &&
		    (!which || !strncmp(names[i]->d_name, which, strlen(which))))
			check_written(names[i]->d_name);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return 0;
}

/* The same, once what ended before is really gone: a program is freed some time after its last user. */
static int settled_programs(void)
{
	int n = loaded_programs(), same = 0;

	for (int i = 0; i < 500 && same < 50; i++) {
		int now;

		usleep(20000);
		now = loaded_programs();
		same = now == n ? same + 1 : 0;
		n = now;
	}
	return n;
}

/* abide is killed in the middle of its work: all that it had in the kernel goes with it. */
int check_leftovers(void)
{
	static const char *const argv[] = { "/bin/abide", "run", TOOLS "/runqlat.bpf.o", "--json",
		                            NULL };
	int before = settled_programs(), during = before, after = -1, status;
	pid_t pid = fork();

	if (pid == 0) {
		if (!freopen("/tmp/out", "w", stdout) || !freopen("/tmp/err", "w", stderr))
			_exit(126);
		execv(argv[0], (char **)argv);
		_exit(127);
	}
	if (pid < 0)
		die("fork");
	for (int i = 0; i < 500 && during == before; i++) {
		usleep(20000);
		during = loaded_programs();
	}
	/* Loaded; soon it is attached, too. */
	usleep(300000);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	/* Programs are freed after a grace period of RCU. */
	for (int i = 0; i < 250 && after != before; i++) {
		usleep(20000);
		after = loaded_programs();
	}
	expect(during > before && after == before && WIFSIGNALED(status),
	       "nothing stays when abide is killed: %d programs before, %d during, %d after",
	       before, during, after);
	return 0;
}
