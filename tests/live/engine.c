/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The kernel engine on the running kernel, through its own functions: what programs count
 * of processes that this test starts is compared with what these processes did. Argument:
 * the folder with the objects. TAP on stdout; without bpf(2) one line that says why.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catalog/resolve.h"
#include "kernel/engine.h"
#include "translate/translate.h"
#include "worker.h"

static int tests, failures; /* of this program */

static void ok(bool good, const char *name)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++tests, name);
	failures += !good;
	fflush(stdout);
}

static void same(uint64_t got, uint64_t want, const char *name)
{
	ok(got == want, name);
	if (got != want)
		printf("# got %llu, want %llu\n", (unsigned long long)got,
		       (unsigned long long)want);
}

static void need(int err, const struct abide_error *e)
{
	if (!err)
		return;
	printf("Bail out! %s\n# %s\n# %s\n", e->problem, e->reason, e->hint);
	exit(1);
}

struct setup {
	struct catalog *catalog;
	struct btf_data *btf;
	struct target *target;
	struct object *tasks, *other, *kinds, *callback, *follow;
	struct translated *tasks_code, *other_code, *kinds_code, *callback_code, *follow_code;
};

static void open_object(struct setup *s, const char *folder, const char *name, bool filter,
                        struct object **o, struct translated **code)
{
	struct translate_options opts = { .filter = filter };
	struct abide_error e = { 0 };
	char path[512];

	snprintf(path, sizeof(path), "%s/%s.bpf.o", folder, name);
	need(object_open_file(path, o, &e), &e);
	need(translate_object(*o, s->catalog, s->target, &opts, code, &e), &e);
}

static void set_up(struct setup *s, const char *folder)
{
	struct abide_error e = { 0 };

	need(catalog_open_builtin(&s->catalog, &e), &e);
	need(btf_open_file("/sys/kernel/btf/vmlinux", &s->btf, &e), &e);
	need(target_open(s->btf, "this kernel", s->catalog, &s->target, &e), &e);
	open_object(s, folder, "tasks", true, &s->tasks, &s->tasks_code);
	open_object(s, folder, "other", false, &s->other, &s->other_code);
	open_object(s, folder, "kinds", true, &s->kinds, &s->kinds_code);
	if (target_has_helper(s->target, BPF_FUNC_for_each_map_elem))
		open_object(s, folder, "callback", true, &s->callback, &s->callback_code);
	need(object_open_mem(follow_object, follow_object_size, "follow", &s->follow, &e), &e);
	need(translate_object(s->follow, s->catalog, s->target, NULL, &s->follow_code, &e), &e);
}

static void tear_down(struct setup *s)
{
	translated_free(s->tasks_code);
	translated_free(s->other_code);
	translated_free(s->kinds_code);
	translated_free(s->callback_code);
	translated_free(s->follow_code);
	object_free(s->tasks);
	object_free(s->other);
	object_free(s->kinds);
	object_free(s->callback);
	object_free(s->follow);
	target_free(s->target);
	btf_free(s->btf);
	catalog_free(s->catalog);
}

static struct session *open_filtered(const struct setup *s, const struct translated *code,
                                     const struct session_variable *vars, uint32_t n)
{
	struct session_options opts = { .variables = vars,
		                        .nr_variables = n,
		                        .follow = s->follow_code };
	struct abide_error e = { 0 };
	struct session *session;

	need(session_open(code, &opts, &session, &e), &e);
	need(session_attach(session, &e), &e);
	return session;
}

static struct session *open_tasks(const struct setup *s, const struct session_variable *vars,
                                  uint32_t n)
{
	return open_filtered(s, s->tasks_code, vars, n);
}

static uint32_t map_index(const struct object *o, const char *name)
{
	uint32_t i;

	for (i = 0; i < o->nr_maps; i++)
		if (!strcmp(o->maps[i].name, name))
			return i;
	printf("Bail out! no map %s\n", name);
	exit(1);
}

/* How many of the worker's children have an entry in count_exec whose value is @value. */
static uint32_t counted(const struct session *s, const struct object *o, const struct worker *w,
                        uint32_t n, uint64_t value, uint32_t *all)
{
	struct session_entries entries;
	struct abide_error e = { 0 };
	uint32_t i, k, found = 0, key;
	uint64_t v;

	need(session_read(s, map_index(o, "count_exec"), &entries, &e), &e);
	for (i = 0; i < entries.n; i++) {
		memcpy(&key, entries.keys + (size_t)i * entries.key_size, sizeof(key));
		memcpy(&v, entries.values + (size_t)i * entries.value_size, sizeof(v));
		for (k = 0; k < n; k++)
			found += (pid_t)key == w->children[k] && v == value;
	}
	*all = entries.n;
	session_entries_free(&entries);
	return found;
}

/* Element @kind of count_kind, all CPUs together. */
static uint64_t kind_count(const struct session *s, const struct object *o, uint32_t kind)
{
	struct session_entries entries;
	struct abide_error e = { 0 };
	uint64_t sum = 0, v;
	size_t at;

	need(session_read(s, map_index(o, "count_kind"), &entries, &e), &e);
	for (at = 0; kind < entries.n && at < entries.value_size; at += 8) {
		memcpy(&v, entries.values + (size_t)kind * entries.value_size + at, 8);
		sum += v;
	}
	session_entries_free(&entries);
	return sum;
}

struct rows {
	uint32_t n, of_parent, parent;
};

static int on_row(void *ctx, uint32_t map, const void *data, uint32_t size)
{
	struct rows *r = ctx;
	uint32_t ppid;

	(void)map;
	if (size < 8)
		return -EINVAL;
	memcpy(&ppid, (const char *)data + 4, 4);
	r->n++;
	r->of_parent += ppid == r->parent;
	return 0;
}

static void test_counts(const struct setup *s)
{
	struct worker w, stranger;
	struct abide_error e = { 0 };
	struct session *session = open_tasks(s, NULL, 0);
	struct rows rows = { 0 };
	uint64_t variables[3] = { 0 }; /* .bss: sum, and two of EVENTS() that stay 0 */
	uint32_t n, all, zero = 0;

	worker_start(&w, 3, PLAIN);
	worker_start(&stranger, 2, PLAIN);
	rows.parent = w.pid;
	need(session_ring(session, map_index(s->tasks, "execs"), on_row, &rows, &e), &e);
	need(session_watch(session, w.pid, &e), &e);
	same(session_watched(session), 1, "one process is watched");
	worker_run(&stranger);
	n = worker_run(&w);
	same(n, 3, "the worker made its children");
	same(counted(session, s->tasks, &w, n, 999, &all), 3,
	     "each child is counted, with the constants' defaults");
	same(all, 3, "and nobody else is");
	same(kind_count(session, s->tasks, 0), 3, "programs begun");
	same(kind_count(session, s->tasks, 1), 3, "processes made");
	same(kind_count(session, s->tasks, 2), 4, "processes ended: children and worker");
	same(session_watched(session), 0, "nobody watched is alive");
	same(session_unfollowed(session), 0, "no child was missed");
	same(session_rings_consume(session), 3, "three rows in the ring");
	same(rows.of_parent, 3, "all of the worker's children");
	n = map_index(s->tasks, ".bss");
	same(s->tasks->maps[n].value_size, sizeof(variables), "three variables");
	ok(s->tasks->maps[n].value_size == sizeof(variables) &&
	           !bpf_map_lookup_elem(session_map(session, n), &zero, variables) &&
	           variables[0] + variables[1] + variables[2] == 3,
	   "can be read");
	session_free(session);
}

static void test_constants(const struct setup *s)
{
	uint64_t add = 5000;
	int16_t minus = -100;
	uint32_t level = 7, n, all;
	bool rows = false;
	struct session_variable vars[] = { { "add_u64", &add, 8 },
		                           { "add_s16", &minus, 2 },
		                           { "at_level", &level, 4 },
		                           { "rows_wanted", &rows, 1 } };
	struct session_options opts = { .variables = vars, .nr_variables = 1 };
	struct abide_error e = { 0 };
	struct session *session = open_tasks(s, vars, 4), *none;
	struct worker w;

	worker_start(&w, 2, PLAIN);
	need(session_watch(session, w.pid, &e), &e);
	n = worker_run(&w);
	same(counted(session, s->tasks, &w, n, 1000 + 5000 - 100 + 7, &all), 2,
	     "constants are what the caller chose");
	same(session_rings_consume(session), 0, "and a program's branch depends on one");
	session_free(session);

	vars[0].size = 4;
	same(session_open(s->other_code, &opts, &none, &e), -ENOENT,
	     "a variable that the object lacks is refused");
	ok(strstr(e.problem, "add_u64"), "by its name");
	same(session_open(s->tasks_code, &opts, &none, &e), -EINVAL,
	     "a value of the wrong size is refused");
}

static void test_two(const struct setup *s)
{
	struct session *a = open_tasks(s, NULL, 0), *b = open_tasks(s, NULL, 0);
	struct abide_error e = { 0 };
	struct worker w, v;
	uint32_t all_a, all_b, n, m;

	worker_start(&w, 2, PLAIN);
	worker_start(&v, 3, PLAIN);
	need(session_watch(a, w.pid, &e), &e);
	need(session_watch(b, v.pid, &e), &e);
	n = worker_run(&w);
	m = worker_run(&v);
	ok(counted(a, s->tasks, &w, n, 999, &all_a) == 2 && all_a == 2,
	   "of two sessions the first sees its own");
	ok(counted(b, s->tasks, &v, m, 999, &all_b) == 3 && all_b == 3,
	   "and the second sees its own");
	session_detach(a);
	worker_start(&w, 1, PLAIN);
	need(session_watch(a, w.pid, &e), &e);
	worker_run(&w);
	counted(a, s->tasks, &w, 1, 999, &all_a);
	same(all_a, 2, "a detached session sees no more, and its maps stay readable");
	session_free(a);
	session_free(b);
}

static void test_follow(const struct setup *s)
{
	struct session *session = open_tasks(s, NULL, 0);
	struct abide_error e = { 0 };
	struct worker w;
	uint32_t all, n;
	pid_t gone;

	worker_start(&w, 2, NESTED);
	need(session_watch(session, w.pid, &e), &e);
	n = worker_run(&w);
	same(counted(session, s->tasks, &w, n, 999, &all), 2, "children of children are followed");

	worker_start(&w, 2, THREADED);
	need(session_watch(session, w.pid, &e), &e);
	n = worker_run(&w);
	same(counted(session, s->tasks, &w, n, 999, &all), 2,
	     "a process is watched until its last thread ends");
	same(session_watched(session), 0, "and no longer");

	gone = run_true();
	waitpid(gone, NULL, 0);
	same(session_watch(session, gone, &e), -ESRCH, "a process that is gone cannot be watched");
	same(session_watched(session), 0, "nor counts as one");
	session_free(session);
}

static void test_whole(const struct setup *s)
{
	uint32_t parent, key, i;
	uint64_t n;
	struct session_variable var = { "parent", &parent, 4 };
	struct session_options opts = { .variables = &var, .nr_variables = 1 };
	struct abide_error e = { 0 };
	struct session *session;
	char byte;
	int go[2];
	pid_t pid;

	if (pipe(go))
		exit(1);
	pid = fork();
	if (!pid) {
		if (read(go[0], &byte, 1) == 1)
			execl("/bin/true", "true", NULL);
		_exit(1);
	}
	parent = pid;
	need(session_open(s->other_code, &opts, &session, &e), &e);
	need(session_attach(session, &e), &e);
	if (write(go[1], "", 1) != 1)
		exit(1);
	waitpid(pid, NULL, 0);
	for (i = 0; i < 2; i++) {
		key = i + 1;
		n = 0;
		bpf_map_lookup_elem(session_map(session, map_index(s->other, "count_by")), &key,
		                    &n);
		same(n, 1,
		     i ? "a stable program beside it runs too"
		       : "a program of another kind runs, through libbpf");
	}
	session_free(session);
	opts.follow = s->follow_code;
	same(session_open(s->other_code, &opts, &session, &e), -ENOTSUP,
	     "such an object cannot be filtered");
	ok(strstr(e.reason, "on_raw"), "and the program to blame is named");
	close(go[0]);
	close(go[1]);
}

static int own_map_fd(const struct session *s, const struct object *o, const char *name)
{
	return session_map(s, map_index(o, name));
}

/* A worker with one child; its id. */
static pid_t one_exec(struct session *session)
{
	struct abide_error e = { 0 };
	struct worker w;

	worker_start(&w, 1, PLAIN);
	need(session_watch(session, w.pid, &e), &e);
	worker_run(&w);
	return w.children[0];
}

/* Entries that user space puts in: each comes back once, whatever the size of a batch. */
static void test_many(struct session *session, const struct object *o)
{
	struct {
		uint64_t n;
		float ratio;
		uint64_t where;
	} value = { 0 };
	int fd = own_map_fd(session, o, "big");
	static uint8_t seen[5000];
	struct session_entries entries;
	struct abide_error e = { 0 };
	uint32_t i, key, once = 0;

	for (i = 0; i < 5000; i++) {
		key = 1u << 31 | i;
		value.n = 3 * i;
		need(bpf_map_update_elem(fd, &key, &value, BPF_ANY), &e);
	}
	need(session_read(session, map_index(o, "big"), &entries, &e), &e);
	for (i = 0; i < entries.n; i++) {
		memcpy(&key, entries.keys + (size_t)i * entries.key_size, 4);
		memcpy(&value, entries.values + (size_t)i * entries.value_size, sizeof(value));
		key &= ~(1u << 31);
		if (key < 5000 && value.n == 3 * key)
			once += !seen[key]++;
	}
	same(once, 5000, "of 5000 entries each is read");
	same(entries.n, 5001, "and none twice");
	session_entries_free(&entries);
}

static void test_kinds(const struct setup *s)
{
	static const char words[4][8] = { "zero", "one", "two", "three" }; /* as in kinds.bpf.c */
	struct session *session = open_filtered(s, s->kinds_code, NULL, 0);
	uint32_t one = 1, zero = 0, size = sizeof(struct bpf_map_info);
	int inner = bpf_map_create(BPF_MAP_TYPE_ARRAY, NULL, 4, 8, 1, NULL);
	struct bpf_map_info info = { 0 };
	struct session_entries entries;
	struct abide_error e = { 0 };
	uint64_t n = 0, space[1024], key;
	pid_t child;

	ok(!bpf_map_update_elem(own_map_fd(session, s->kinds, "outer"), &one, &inner, 0),
	   "an inner map fits the outer one");
	child = one_exec(session);
	key = child;
	ok(!bpf_map_lookup_elem(own_map_fd(session, s->kinds, "lru"), &key, &n) && n == 82,
	   "variables at their places: global, static, initialised");
	n = 0;
	bpf_map_lookup_elem(inner, &zero, &n);
	same(n, 82 + words[child & 3][1], "a map in a map, and a table of constants");
	memset(space, 0, sizeof(space));
	n = 0;
	if (!bpf_map_lookup_elem(own_map_fd(session, s->kinds, ".bss"), &zero, space))
		n = space[1000];
	same(n, 82, "variables beyond the first page");
	need(session_read(session, map_index(s->kinds, "per_cpu"), &entries, &e), &e);
	ok(entries.n == 1 && entries.value_size == 8u * libbpf_num_possible_cpus(),
	   "4-byte values of each CPU lie 8 apart");
	session_entries_free(&entries);
	same(session_read(session, map_index(s->kinds, "ring"), &entries, &e), -EINVAL,
	     "a ring has no entries");
	ok(!bpf_obj_get_info_by_fd(own_map_fd(session, s->kinds, "ring"), &info, &size) &&
	           info.max_entries == 8192,
	   "a ring's size is rounded up to what kernels take");
	memset(&info, 0, sizeof(info));
	bpf_obj_get_info_by_fd(own_map_fd(session, s->kinds, "big"), &info, &size);
	ok(info.btf_id &&
	           info.btf_value_type_id == s->kinds->maps[map_index(s->kinds, "big")].value_type,
	   "the kernel took the object's types, also those that it does not know");
	test_many(session, s->kinds);
	close(inner);
	session_free(session);
}

static void test_callback(const struct setup *s)
{
	struct session *session;
	uint64_t value, bss[2] = { 0 };
	uint32_t i, zero = 0;

	if (!s->callback) {
		printf("ok %d - callbacks # skip this kernel has no bpf_for_each_map_elem\n",
		       ++tests);
		return;
	}
	session = open_filtered(s, s->callback_code, NULL, 0);
	for (i = 0; i < 4; i++) {
		value = 10 * i + 1;
		bpf_map_update_elem(own_map_fd(session, s->callback, "cells"), &i, &value, 0);
	}
	one_exec(session);
	bpf_map_lookup_elem(own_map_fd(session, s->callback, ".bss"), &zero, bss);
	/* 1*1 + 11*2 + 21*3 + 31*4 */
	ok((bss[0] == 210 && bss[1] == 4) || (bss[1] == 210 && bss[0] == 4),
	   "a callback is called for each element");
	session_free(session);
}

static bool program_exists(uint32_t id)
{
	int fd = bpf_prog_get_fd_by_id(id);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* The ids of a killed process's programs are gone, if not at once: the kernel frees them later. */
static void test_killed(const struct setup *s)
{
	uint32_t ids[8] = { 0 }, i, n = 0, alive = 0, tries;
	int report[2];
	pid_t pid;

	if (pipe(report))
		exit(1);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		struct session *session = open_tasks(s, NULL, 0);

		for (i = 0; i < session_programs(session); i++) {
			struct bpf_prog_info info = { 0 };
			uint32_t size = sizeof(info);

			if (bpf_obj_get_info_by_fd(session_program_fd(session, i), &info, &size) ||
			    write(report[1], &info.id, sizeof(info.id)) != sizeof(info.id))
				_exit(1);
		}
		close(report[1]);
		pause();
		_exit(0);
	}
	close(report[1]);
	while (n < 8 && read(report[0], &ids[n], sizeof(ids[n])) == sizeof(ids[n]))
		n++;
	same(n, 3, "another process has three programs loaded");
	for (i = 0; i < n; i++)
		alive += program_exists(ids[i]);
	same(alive, n, "they are there while it lives");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	for (tries = 0; alive && tries < 50; tries++) {
		usleep(20000);
		for (i = alive = 0; i < n; i++)
			alive += program_exists(ids[i]);
	}
	same(alive, 0, "and gone when it was killed");
	close(report[0]);
}

int main(int argc, char **argv)
{
	struct abide_error e = { 0 };
	struct setup s = { 0 };

	if (argc != 2)
		return 2;
	if (engine_probe(&e)) {
		printf("1..0 # skip %s\n", e.problem);
		return 0;
	}
	set_up(&s, argv[1]);
	test_counts(&s);
	test_constants(&s);
	test_two(&s);
	test_follow(&s);
	test_whole(&s);
	test_kinds(&s);
	test_callback(&s);
	test_killed(&s);
	tear_down(&s);
	printf("1..%d\n", tests);
	return failures ? 1 : 0;
}
