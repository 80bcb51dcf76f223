/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_CONTROL_KIT_H
#define ABIDE_TESTS_CONTROL_KIT_H

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/client.h"
#include "process/map.h"
#include "process/message_link.h"

/*
 * What tests of the control protocol share: an application to talk to, in a directory of the test's
 * own, and programs by hand. Nothing waits for a time: what has to become so is looked for
 * until it is, or the runner's limit ends the test.
 */
static int kit_number, kit_failed;
static char kit_dir[64];

static inline bool ok(bool good, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %d - ", good ? "" : "not ", ++kit_number);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	kit_failed += !good;
	return good;
}

/* As ok(), and what @e says if not. */
static inline bool went(int err, const struct abide_error *e, const char *what)
{
	bool good = ok(!err, "%s", what);

	if (!good)
		printf("# %d [%s] %s / %s / %s\n", err, e->tag, e->problem, e->reason, e->hint);
	return good;
}

static inline void kit_begin(void)
{
	strcpy(kit_dir, "/tmp/abide-test-XXXXXX");
	if (!mkdtemp(kit_dir))
		exit(2);
	setenv("XDG_RUNTIME_DIR", kit_dir, 1);
	signal(SIGPIPE, SIG_DFL); /* nothing here may raise it */
}

static inline int kit_files(void)
{
	char path[80];
	struct dirent *d;
	int n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/abide", kit_dir);
	dir = opendir(path);
	while (dir && (d = readdir(dir)))
		n += *d->d_name != '.';
	if (dir)
		closedir(dir);
	return n;
}

static inline int kit_end(void)
{
	char path[80];

	ok(!kit_files(), "no socket is left behind");
	snprintf(path, sizeof(path), "%s/abide", kit_dir);
	rmdir(path);
	rmdir(kit_dir);
	printf("1..%d\n", kit_number);
	return kit_failed != 0;
}

struct server {
	pid_t pid;
	FILE *in, *out; /* of the server: to it, from it */
};

/* Start the application beside this program; it has said "ready" and waits for a line. */
static inline bool server_start(struct server *s, const char *self, const char *const *args)
{
	char path[300], line[32], *argv[16] = { path };
	int in[2], out[2], i;

	snprintf(path, sizeof(path), "%.*s/control_server", (int)(strrchr(self, '/') - self), self);
	for (i = 0; args[i] && i < 14; i++)
		argv[i + 1] = (char *)args[i];
	if (pipe(in) || pipe(out))
		exit(2);
	fflush(stdout);
	s->pid = fork();
	if (!s->pid) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		for (i = 3; i < 64; i++)
			close(i);
		execv(path, argv);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	s->in = fdopen(in[1], "w");
	s->out = fdopen(out[0], "r");
	return fgets(line, sizeof(line), s->out) && !strcmp(line, "ready\n");
}

static inline void server_go(struct server *s)
{
	fputs("go\n", s->in);
	fflush(s->in);
}

/* What it fired in all; waits for its end. */
static inline unsigned long long server_end(struct server *s, int *status)
{
	unsigned long long fired = 0;

	if (fscanf(s->out, "fired %llu", &fired) != 1)
		fired = 0;
	fclose(s->in);
	fclose(s->out);
	waitpid(s->pid, status, 0);
	return fired;
}

#define INSN(c, d, s, o, i)                                                                        \
	((struct bpf_insn){ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) })

/* One array of eight counters. */
struct counters {
	int fds[3]; /* the array, slots, the wake-ups' socket */
	struct process_map *map;
	struct process_map_def def;
	int reader; /* of the socket */
};

static inline bool counters_make(struct counters *c, struct abide_error *e)
{
	int pair[2];

	memset(c, 0, sizeof(*c));
	c->def = (struct process_map_def){ .name = "counters",
		                           .type = BPF_MAP_TYPE_ARRAY,
		                           .key_size = 4,
		                           .value_size = 64,
		                           .max_entries = 1 };
	if (process_map_create(&c->def, &c->fds[0], e) || process_map_open(c->fds[0], &c->def, &c->map, e) ||
	    process_slots_create(&c->fds[1], e) || socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return false;
	c->fds[2] = pair[1];
	c->reader = pair[0];
	return true;
}

static inline uint64_t counter(const struct counters *c, unsigned i)
{
	uint32_t stride;
	uint64_t *values = process_map_values(c->map, &stride);

	return __atomic_load_n(&values[i], __ATOMIC_ACQUIRE);
}

static inline void counters_free(struct counters *c)
{
	int i;

	process_map_close(c->map);
	for (i = 0; i < 3; i++)
		close(c->fds[i]);
	close(c->reader);
}

/* Add 1 to counter @i, atomically. Six instructions. */
#define COUNT_INSNS 6
static inline void count_program(struct bpf_insn *insns, unsigned i)
{
	insns[0] = INSN(BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_VALUE, 0, 0);
	insns[1] = INSN(0, 0, 0, 0, (int)i * 8);
	insns[2] = INSN(BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, 1);
	insns[3] = INSN(BPF_STX | BPF_ATOMIC | BPF_DW, 1, 2, 0, BPF_ADD);
	insns[4] = INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0);
	insns[5] = INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* One program on "app:step" that counts in counter @i. @insns has COUNT_INSNS elements. */
static inline void count_message(struct message_attach *m, struct message_program *p, struct counters *c,
                                 struct bpf_insn *insns, unsigned i)
{
	count_program(insns, i);
	*p = (struct message_program){ .name = "count",
		                       .event = "app:step",
		                       .attach = true,
		                       .insns = insns,
		                       .nr_insns = COUNT_INSNS };
	*m = (struct message_attach){ .maps = &c->def,
		                      .nr_maps = 1,
		                      .programs = p,
		                      .nr_programs = 1,
		                      .trace = MESSAGE_NONE,
		                      .children = "" };
}

/* Connect, attach, start. */
static inline struct app_client *count_steps(pid_t pid, struct counters *c, unsigned i, struct abide_error *e)
{
	struct bpf_insn insns[COUNT_INSNS];
	struct message_program p;
	struct message_attach m;
	struct message_made *made = NULL;
	struct app_client *client;

	if (app_client_connect(pid, &client, e))
		return NULL;
	count_message(&m, &p, c, insns, i);
	if (app_client_attach(client, &m, c->fds, &made, e) || app_client_start(client, e)) {
		app_client_free(client);
		client = NULL;
	}
	free(made);
	return client;
}

/* Programs on "app:step" in the process, as it says itself; -1: it does not answer. */
static inline int programs_of(pid_t pid)
{
	const struct message_hello *h;
	struct abide_error e;
	struct app_client *c;
	int n = -1;
	uint32_t i;

	if (app_client_connect(pid, &c, &e))
		return -1;
	h = app_client_hello(c);
	for (i = 0; i < h->nr_events; i++)
		if (!strcmp(h->events[i].name, "app:step"))
			n = (int)h->events[i].programs;
	app_client_free(c);
	return n;
}

/* Lines of /proc/PID/maps that have @what in them. */
static inline int mappings_of(pid_t pid, const char *what)
{
	char path[40], line[512];
	int n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		n += strstr(line, what) != NULL;
	if (f)
		fclose(f);
	return n;
}

static inline int files_of(pid_t pid)
{
	char path[40];
	int n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	d = opendir(path);
	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

#endif
