/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * From exec to attached, and peak memory, of abide run on a tool of one event, against the
 * same tool by hand and against bpftrace. Each is started in turns, watched from outside by
 * watch.user.bpf.c (so that all are measured alike), and interrupted once it is attached.
 * Memory is VmHWM: the high-water mark of what was resident since exec.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "kernel/engine.h"
#include "translate/translate.h"

extern char **environ;

struct watcher {
	struct object *object;
	struct catalog *catalog;
	struct btf_data *btf;
	struct target *target;
	struct translated *translated;
	struct session *session;
	int children;
};

struct times { /* as in watch.user.bpf.c */
	uint64_t started, attached;
	uint32_t attaching, links;
};

static int watcher_open(struct watcher *w, const char *dir)
{
	uint32_t parent = (uint32_t)getpid(), i;
	const struct session_variable var = { "parent", &parent, sizeof(parent) };
	const struct session_options opts = { .variables = &var, .nr_variables = 1 };
	struct abide_error e = { 0 };
	char path[512];

	snprintf(path, sizeof(path), "%s/watch.user.bpf.o", dir);
	if (object_open_file(path, &w->object, &e) || catalog_open_builtin(&w->catalog, &e) ||
	    btf_open_file("/sys/kernel/btf/vmlinux", &w->btf, &e) ||
	    target_open(w->btf, "this kernel", w->catalog, &w->target, &e) ||
	    translate_object(w->object, w->catalog, w->target, NULL, &w->translated, &e) ||
	    session_open(w->translated, &opts, &w->session, &e) || session_attach(w->session, &e)) {
		fprintf(stderr, "bench: %s: %s\n%s\n", path, e.problem, e.reason);
		return -1;
	}
	for (i = 0; i < w->object->nr_maps; i++)
		if (!strcmp(w->object->maps[i].name, "children"))
			w->children = session_map(w->session, i);
	return 0;
}

static void watcher_close(struct watcher *w)
{
	session_free(w->session);
	translated_free(w->translated);
	target_free(w->target);
	btf_free(w->btf);
	catalog_free(w->catalog);
	object_free(w->object);
}

static double peak_kib(pid_t pid)
{
	char path[64], line[256];
	double kib = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "VmHWM: %lf", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib;
}

struct contender {
	const char *name;
	char *argv[8];
	bool cannot;  /* it ended before it had attached anything */
	char why[96]; /* what it said then */
	double ms[MAX_ROUNDS], kib[MAX_ROUNDS];
};

/* -errno if there is no such program. */
static pid_t spawn(char **argv, int messages)
{
	posix_spawn_file_actions_t fa;
	pid_t pid = -1;
	int err;

	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&fa, messages, 2);
	err = posix_spawnp(&pid, argv[0], &fa, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&fa);
	return err ? -err : pid;
}

/* The first line of what it said. */
static void keep_why(struct contender *c, int messages)
{
	ssize_t n = pread(messages, c->why, sizeof(c->why) - 1, 0);

	c->why[n > 0 ? n : 0] = '\0';
	c->why[strcspn(c->why, "\n")] = '\0';
}

/* Wait until nothing more was attached for a while. 0, -ECHILD: it ended without, -ETIME: it takes too long. */
static int until_attached(const struct watcher *w, pid_t pid, struct times *t)
{
	enum { STEP_MS = 20, MOST_MS = 10000, QUIET_MS = 100 };
	uint32_t key = (uint32_t)pid, links = 0;
	int ms, quiet = 0, status;

	for (ms = 0; ms < MOST_MS && quiet < QUIET_MS; ms += STEP_MS) {
		usleep(STEP_MS * 1000);
		memset(t, 0, sizeof(*t));
		bpf_map_lookup_elem(w->children, &key, t);
		quiet = t->links && t->links == links ? quiet + STEP_MS : 0;
		links = t->links;
		if (!links && waitpid(pid, &status, WNOHANG) == pid)
			return -ECHILD;
	}
	return quiet >= QUIET_MS ? 0 : -ETIME;
}

static int once(const struct watcher *w, struct contender *c, unsigned round)
{
	int messages = memfd_create("messages", MFD_CLOEXEC), err;
	struct times t;
	pid_t pid = spawn(c->argv, messages);

	if (pid < 0) {
		snprintf(c->why, sizeof(c->why), "%s", strerror(-pid));
		close(messages);
		return pid;
	}
	err = until_attached(w, pid, &t);
	if (!err) {
		c->ms[round] = (double)(t.attached - t.started) / 1e6;
		c->kib[round] = peak_kib(pid);
		kill(pid, SIGINT);
		if (waitpid(pid, NULL, 0) != pid)
			err = -errno;
	} else {
		if (err == -ETIME) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
		}
		keep_why(c, messages);
	}
	close(messages);
	bpf_map_delete_elem(w->children, &(uint32_t){ (uint32_t)pid });
	return err;
}

/* At most half. */
static void compare(struct promises *p, const char *what, double value, double other)
{
	promise(p, what, value / other, 0.5, " times", NULL);
}

int bench_start(const char *dir, const char *abide, unsigned rounds, struct promises *p)
{
	char shared[512], fixed[512], tool[512], tool_static[512], object[512],
		run[] = "run", e[] = "-e",
		script[] = "tracepoint:sched:sched_switch { @ = hist(args->next_prio); }",
		bpftrace[] = "bpftrace";
	enum { ABIDE, TOOL, ABIDE_STATIC, TOOL_STATIC, BPFTRACE, NR };
	struct contender c[NR] = {
		[ABIDE] = { .name = "abide run", .argv = { shared, run, object } },
		[TOOL] = { .name = "by hand", .argv = { tool } },
		[ABIDE_STATIC] = { .name = "abide run, static", .argv = { fixed, run, object } },
		[TOOL_STATIC] = { .name = "by hand, static", .argv = { tool_static } },
		[BPFTRACE] = { .name = "bpftrace", .argv = { bpftrace, e, script } },
	};
	struct watcher w = { .children = -1 };
	double ms[NR] = { 0 }, kib[NR] = { 0 };
	unsigned i, r;
	int err = -1;

	snprintf(shared, sizeof(shared), "%s", abide);
	snprintf(fixed, sizeof(fixed), "%s-static", abide);
	snprintf(tool, sizeof(tool), "%s/tool", dir);
	snprintf(tool_static, sizeof(tool_static), "%s/tool-static", dir);
	snprintf(object, sizeof(object), "%s/one.user.bpf.o", dir);
	if (watcher_open(&w, dir))
		goto out;
	for (r = 0; r < rounds + 1; r++) /* the first one warms up, and is overwritten */
		for (i = 0; i < NR; i++)
			if (!c[i].cannot && once(&w, &c[i], r ? r - 1 : 0))
				c[i].cannot = true;
	printf("\nA tool of one event: from exec to attached, and peak memory\n\n"
	       "  started                 ms      KiB\n");
	for (i = 0; i < NR; i++) {
		if (c[i].cannot) {
			printf("  %-18s cannot be measured here: it attached nothing and said\n    %.76s\n",
			       c[i].name, c[i].why);
			continue;
		}
		ms[i] = median(c[i].ms, rounds);
		kib[i] = median(c[i].kib, rounds);
		printf("  %-18s %7.2f %8.0f\n", c[i].name, ms[i], kib[i]);
	}
	printf("\n");
	if (c[ABIDE].cannot || c[TOOL].cannot)
		goto out;
	promise(p, "abide run, attached after", ms[ABIDE], 5, " ms", NULL);
	promise(p, "abide run, memory", kib[ABIDE] / 1024, 4, " MiB", NULL);
	compare(p, "time against the tool by hand", ms[ABIDE], ms[TOOL]);
	compare(p, "memory against the tool by hand", kib[ABIDE], kib[TOOL]);
	if (!c[ABIDE_STATIC].cannot && !c[TOOL_STATIC].cannot) {
		compare(p, "time, both static", ms[ABIDE_STATIC], ms[TOOL_STATIC]);
		compare(p, "memory, both static", kib[ABIDE_STATIC], kib[TOOL_STATIC]);
	}
	if (!c[BPFTRACE].cannot) {
		compare(p, "time against bpftrace", ms[ABIDE], ms[BPFTRACE]);
		compare(p, "memory against bpftrace", kib[ABIDE], kib[BPFTRACE]);
	}
	err = 0;
out:
	watcher_close(&w);
	return err;
}
