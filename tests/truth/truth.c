/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the running kernel says of each program of each object: opened, loaded and
 * attached with plain libbpf, one program at a time (an object's other programs are
 * not loaded with it, its maps are made). On stdout, one line each:
 *
 *	@@ truth OBJECT PROGRAM LOADS ATTACHES WHY...
 *
 * LOADS is yes or no, ATTACHES yes, no or "-" (not loaded, or a kind that is not
 * attached by itself), WHY the error and the first telling line of the log, or "-".
 *
 * Objects whose names begin with "user_" are abide's own: "abide translate" makes of
 * each the object for this kernel first. Those that begin with "struct_ops_" are loaded
 * whole: a struct of operations is made of all of its programs.
 *
 * It runs as process 1's step in a guest of tests/truth/run, or by hand as root:
 * truth DIRECTORY. Each object has a process of its own, so that one that crashes or
 * hangs is told and the next one is tried.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "matrix/guest.h"
#include "truth.h"

#define SUFFIX	   ".bpf.o"
#define TRANSLATED "/tmp/translated.bpf.o"

static struct log the_log;

__attribute__((noinline, used)) int truth_probe_me(int a)
{
	__asm__ volatile("" : "+r"(a));
	return a + 1;
}

static void say(const char *object, const char *program, const char *loads, const char *attaches, int err)
{
	const char *name = err < 0 ? strerrorname_np(-err) : "-";
	char why[160] = "";

	if (err < 0)
		log_why(&the_log, why, sizeof(why));
	/* The kernel has numbers that the C library has no names for: ENOTSUPP is 524. */
	printf("@@ truth %s %s %s %s %s%s%s\n", object, program, loads, attaches, name ? name : err == -524 ? "ENOTSUPP" : "E?",
	       why[0] ? ": " : "", why);
	fflush(stdout);
}

/*
 * What a map's definition leaves open, whoever loads the object sets: how many entries, and how deep stacks
 * are. Here it is the least that works. Storage has no number of entries.
 */
static void size_maps(struct bpf_object *o)
{
	struct bpf_map *m;

	bpf_object__for_each_map(m, o) {
		switch ((int)bpf_map__type(m)) {
		case BPF_MAP_TYPE_SK_STORAGE:
		case BPF_MAP_TYPE_INODE_STORAGE:
		case BPF_MAP_TYPE_TASK_STORAGE:
		case 32: /* BPF_MAP_TYPE_CGRP_STORAGE, which older headers lack */
		case BPF_MAP_TYPE_CGROUP_STORAGE:
		case BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE:
		case BPF_MAP_TYPE_STRUCT_OPS:
		case BPF_MAP_TYPE_PERF_EVENT_ARRAY: /* libbpf sets it */
			continue;
		case BPF_MAP_TYPE_RINGBUF:
		case BPF_MAP_TYPE_USER_RINGBUF:
			if (!bpf_map__max_entries(m))
				bpf_map__set_max_entries(m, (uint32_t)sysconf(_SC_PAGESIZE));
			continue;
		case BPF_MAP_TYPE_STACK_TRACE:
			if (!bpf_map__value_size(m))
				bpf_map__set_value_size(m, 8);
			break;
		default:
			break;
		}
		if (!bpf_map__max_entries(m))
			bpf_map__set_max_entries(m, 1);
	}
}

static void try_program(const char *path, const char *object, const char *name, bool whole)
{
	struct bpf_program *p, *mine = NULL;
	struct bpf_object *o;
	int err;

	log_start(&the_log);
	o = bpf_object__open_file(path, NULL);
	if (!o) {
		say(object, name, "no", "-", -errno);
		return;
	}
	bpf_object__for_each_program(p, o) {
		bool is = !strcmp(bpf_program__name(p), name);

		if (is)
			mine = p;
		bpf_program__set_autoload(p, is || whole);
	}
	size_maps(o);
	err = bpf_object__load(o);
	if (err) {
		say(object, name, "no", "-", err);
	} else {
		err = attach_program(o, mine);
		say(object, name, "yes", err > 0 ? "-" : err ? "no" : "yes", err);
	}
	bpf_object__close(o);
}

/* 0, or -1 and why there is no object for this kernel: the command's first line. */
static int translate(const char *path, char *why, size_t size)
{
	int fds[2], status, c;
	size_t n = 0;
	pid_t pid;
	FILE *f;

	if (pipe(fds))
		return -1;
	pid = fork();
	if (!pid) {
		dup2(fds[1], 1);
		dup2(fds[1], 2);
		execl("/bin/abide", "abide", "translate", path, "-o", TRANSLATED, NULL);
		_exit(127);
	}
	close(fds[1]);
	f = fdopen(fds[0], "r");
	while ((c = fgetc(f)) != EOF)
		if (n + 1 < size && (!n || why[n - 1] != '\n'))
			why[n++] = (char)c;
	fclose(f);
	why[n - (n && why[n - 1] == '\n')] = 0;
	return pid > 0 && waitpid(pid, &status, 0) == pid && !status ? 0 : -1;
}

static int try_object(const char *dir, const char *file)
{
	bool user = !strncmp(file, "user_", 5), whole = !strncmp(file, "struct_ops_", 11);
	char path[512], object[256], why[160];
	struct bpf_program *p;
	struct bpf_object *o;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	snprintf(object, sizeof(object), "%.*s", (int)(strlen(file) - strlen(SUFFIX)), file);
	if (user) {
		if (translate(path, why, sizeof(why))) {
			printf("@@ truth %s * no - %s\n", object, why);
			return 0;
		}
		snprintf(path, sizeof(path), "%s", TRANSLATED);
	}
	log_start(&the_log);
	o = bpf_object__open_file(path, NULL);
	if (!o) {
		say(object, "*", "no", "-", -errno);
		return 0;
	}
	bpf_object__for_each_program(p, o)
		try_program(path, object, bpf_program__name(p), whole);
	bpf_object__close(o);
	if (user)
		unlink(TRANSLATED);
	return 0;
}

static int is_object(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > strlen(SUFFIX) && !strcmp(e->d_name + n - strlen(SUFFIX), SUFFIX);
}

static int truth_main(const char *dir)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	struct dirent **list;
	int n, i, status, rc = 0;

	setrlimit(RLIMIT_MEMLOCK, &all); /* 5.10 counts maps and programs against it */
	n = scandir(dir, &list, is_object, alphasort);
	if (n <= 0) {
		fprintf(stderr, "truth: no objects in %s\n", dir);
		return 1;
	}
	for (i = 0; i < n; i++) {
		pid_t pid = fork();

		if (!pid)
			_exit(try_object(dir, list[i]->d_name));
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status) {
			printf("@@ broken %s\n", list[i]->d_name);
			rc = 1;
		}
		fflush(stdout);
		free(list[i]);
	}
	free(list);
	return rc;
}

int main(int argc, char **argv)
{
	if (getpid() == 1)
		return init_main();
	if (argc == 2 && !strcmp(argv[1], "--helpers"))
		return helpers_main();
	if (argc != 2) {
		fprintf(stderr, "usage: truth DIRECTORY | --helpers\n");
		return 2;
	}
	return truth_main(argv[1]);
}
