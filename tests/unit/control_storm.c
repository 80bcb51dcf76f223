/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Attaching, replacing and detaching while hundreds of threads fire. One session counts all the while and
 * must have every event exactly once, by its old program or by its new one; others come and
 * go at the same time; some are killed in between.
 */
#include <poll.h>
#include <time.h>

#include "control_kit.h"

#ifdef THREAD_SANITIZER
/*
 * The application has the sanitizer. So few threads that each has a record of its own: one takes over that of a
 * thread that has ended, which it knows from the kernel, and the sanitizer does not. No forks: it allows children no threads.
 */
#define THREADS "24"
#define STEPS   "8000"
#define ROUNDS  "1"
#define PAUSE   "20" /* us after each step, so that there is time to come and go */
#else
#define THREADS "200"
#define STEPS   "4000"
#define ROUNDS  "3"
#define PAUSE   "0"
#endif

static bool ended(const struct server *s)
{
	struct pollfd p = { .fd = fileno(s->out), .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

static void storm(const char *self)
{
	static const char *const args[] = { "-s", "-w", "-t", THREADS, "-n", STEPS, "-r", ROUNDS, "-u", PAUSE, NULL };
	struct bpf_insn insns[2][COUNT_INSNS];
	struct message_replace replace = { 0 };
	struct message_made made;
	struct message_counts *counts = NULL;
	struct abide_error e = { 0 };
	struct counters all, other;
	struct app_client *c, *b;
	unsigned long long fired, by_both, replaced = 0, attached = 0, failed = 0;
	struct server s;
	int status;
	uint32_t nr = 0;

	if (!ok(server_start(&s, self, args) && counters_make(&all, &e) && counters_make(&other, &e),
	        "an application is there"))
		return;
	c = count_steps(s.pid, &all, 0, &e);
	went(!c, &e, "a session counts from the first event on");
	count_program(insns[0], 0);
	count_program(insns[1], 1);
	server_go(&s);
	while (c && !ended(&s)) {
		b = count_steps(s.pid, &other, 2, &e);
		if (b) {
			attached++;
			app_client_bye(b, NULL);
			app_client_bye_counts(b, &counts, &nr, NULL);
			free(counts);
			counts = NULL;
			app_client_free(b);
		} else if (!ended(&s)) {
			failed++;
			printf("# [%s] %s\n", e.tag, e.problem);
		}
		replace.program = (struct message_program){ .name = "count",
			                                    .event = "app:step",
			                                    .attach = true,
			                                    .insns = insns[++replaced % 2],
			                                    .nr_insns = COUNT_INSNS };
		if (app_client_replace(c, &replace, &made, &e) && !ended(&s)) {
			failed++;
			printf("# [%s] %s\n", e.tag, e.problem);
		}
	}
	fired = server_end(&s, &status);
	by_both = counter(&all, 0) + counter(&all, 1);
	ok(fired == strtoull(THREADS, NULL, 10) * strtoull(STEPS, NULL, 10) * strtoull(ROUNDS, NULL, 10), "%llu events were fired", fired);
	ok(by_both == fired, "all of them were counted: %llu by one program, %llu by the other",
	   (unsigned long long)counter(&all, 0), (unsigned long long)counter(&all, 1));
	ok(counter(&all, 0) && counter(&all, 1), "both programs ran");
	ok(attached > 1 && replaced > 1, "others came and went %llu times, %llu replacements", attached, replaced);
	ok(!failed, "none of them was refused");
	ok(WIFEXITED(status) && !WEXITSTATUS(status), "the application ended as ever");
	if (c)
		app_client_free(c);
	counters_free(&all);
	counters_free(&other);
}

/* A program that only calls another through an array: entry 0. What it counts if that fails is wrong. */
#define JUMP_INSNS 10
static void jump_program(struct bpf_insn *insns)
{
	insns[0] = INSN(BPF_LD | BPF_IMM | BPF_DW, 2, BPF_PSEUDO_MAP_FD, 0, 1);
	insns[1] = INSN(0, 0, 0, 0, 0);
	insns[2] = INSN(BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, 0);
	insns[3] = INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_tail_call);
	count_program(insns + 4, 7);
}

struct jumps {
	struct counters c;
	struct process_map_def defs[2];
	int fds[4]; /* counters, the array, slots, the wake-ups' socket */
	struct bpf_insn jump[JUMP_INSNS], count[2][COUNT_INSNS];
};

static bool jumps_make(struct jumps *j, struct abide_error *e)
{
	if (!counters_make(&j->c, e))
		return false;
	j->defs[0] = j->c.def;
	j->defs[1] = (struct process_map_def){ "jumps", BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 1, 0 };
	j->fds[0] = j->c.fds[0];
	j->fds[2] = j->c.fds[1];
	j->fds[3] = j->c.fds[2];
	jump_program(j->jump);
	count_program(j->count[0], 0);
	count_program(j->count[1], 1);
	return !process_map_create(&j->defs[1], &j->fds[1], e);
}

static struct app_client *jump_steps(pid_t pid, struct jumps *j, bool second, struct abide_error *e)
{
	/* the called one also runs by itself, and is the first to be detached; or it only runs when it is called */
	uint32_t called = !second;
	struct message_program p[2];
	struct message_slot slot = { 1, 0, called };
	struct message_attach m = { .maps = j->defs, .nr_maps = 2, .programs = p, .nr_programs = 2, .slots = &slot,
		                    .nr_slots = 1, .trace = MESSAGE_NONE, .children = "" };
	struct message_made *made = NULL;
	struct app_client *client;

	p[called] = (struct message_program){ .name = "count", .event = "app:step", .attach = second, .insns = j->count[0],
		                              .nr_insns = COUNT_INSNS };
	p[1 - called] = (struct message_program){ .name = "jump", .event = "app:step", .attach = true, .insns = j->jump,
		                                  .nr_insns = JUMP_INSNS };
	if (app_client_connect(pid, &client, e))
		return NULL;
	if (app_client_attach(client, &m, j->fds, &made, e) || app_client_start(client, e)) {
		app_client_free(client);
		client = NULL;
	}
	free(made);
	return client;
}

/* Programs that call each other, replaced and detached while threads are in both. */
static void jumps(const char *self)
{
	static const char *const args[] = { "-s", "-w", "-t", "24", "-n", "0", "-u", "20", NULL };
	struct message_counts *counts = NULL;
	struct abide_error e = { 0 };
	struct app_client *c, *b;
	struct jumps all, other;
	unsigned long long fired, seen, replaced = 0, attached = 0, failed = 0;
	struct message_made made;
	uint32_t nr = 0;
	struct server s;
	int status;

	if (!ok(server_start(&s, self, args) && jumps_make(&all, &e) && jumps_make(&other, &e), "an application is there"))
		return;
	c = jump_steps(s.pid, &all, false, &e);
	went(!c, &e, "a session whose programs call each other");
	server_go(&s);
	while (c && !ended(&s) && (replaced < 60 || !counter(&all.c, 0) || !counter(&all.c, 1))) {
		bool target = ++replaced % 3;
		struct message_replace r = { .index = target,
			                     .program = { .name = "new", .event = "app:step", .attach = !target,
			                                  .insns = target ? all.count[replaced % 2] : all.jump,
			                                  .nr_insns = target ? COUNT_INSNS : JUMP_INSNS } };

		if (app_client_replace(c, &r, &made, &e) && !ended(&s)) {
			failed++;
			printf("# [%s] %s\n", e.tag, e.problem);
		}
		/* one whose called program is attached, too, and goes while it is called */
		b = jump_steps(s.pid, &other, replaced % 2, &e);
		attached += b != NULL;
		if (b)
			app_client_free(b);
	}
	ok(c && !app_client_counts(c, &counts, &nr, &e) && nr == 2 && counts[0].runs, "counts go on from one program to the next");
	free(counts);
	kill(s.pid, SIGTERM);
	fired = server_end(&s, &status);
	seen = counter(&all.c, 0) + counter(&all.c, 1);
	ok(fired && seen == fired, "%llu events, all of them counted by the program that is called: %llu", fired, seen);
	ok(!counter(&all.c, 7), "no call has failed");
	ok(counter(&all.c, 0) && counter(&all.c, 1), "old and new ones were called");
	ok(!counter(&other.c, 7), "nor has one while its programs were detached");
	ok(replaced > 1 && attached > 1 && !failed, "%llu replacements, %llu sessions beside, none refused", replaced, attached);
	ok(WIFEXITED(status) && !WEXITSTATUS(status), "the application ended as ever");
	if (c)
		app_client_free(c);
	close(all.fds[1]);
	close(other.fds[1]);
	counters_free(&all.c);
	counters_free(&other.c);
}

#ifndef THREAD_SANITIZER
/* Children are forked while sessions come and go: each keeps what is attached, and loses nothing. */
static void forks(const char *self)
{
	static const char *const args[] = { "-s", "-w", "-t", "4", "-n", "2000", "-f", "40", NULL };
	struct abide_error e = { 0 };
	struct counters all, other;
	struct app_client *c, *b;
	unsigned long long fired, seen;
	struct server s;
	int status;

	if (!ok(server_start(&s, self, args) && counters_make(&all, &e) && counters_make(&other, &e),
	        "an application is there"))
		return;
	c = count_steps(s.pid, &all, 0, &e);
	went(!c, &e, "a session counts");
	server_go(&s);
	while (c && !ended(&s)) {
		b = count_steps(s.pid, &other, 0, &e);
		if (b)
			app_client_free(b);
	}
	fired = server_end(&s, &status);
	seen = counter(&all, 0);
	ok(fired == 8000 && seen == 41 * fired, "%llu events of a process and 40 children: %llu counted", 41 * fired, seen);
	ok(WIFEXITED(status) && !WEXITSTATUS(status), "the application ended as ever");
	if (c)
		app_client_free(c);
	counters_free(&all);
	counters_free(&other);
}

#endif

/* Attaches and fires, in a process of its own, until it is killed: at some instant on the way. */
static pid_t victim(pid_t pid, struct counters *c, unsigned delay_us)
{
	struct timespec t = { .tv_nsec = delay_us * 1000l };
	struct abide_error e;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (!child) {
		for (;;) {
			struct app_client *b = count_steps(pid, c, 0, &e);

			if (b)
				app_client_free(b);
		}
	}
	nanosleep(&t, NULL);
	kill(child, SIGKILL);
	return child;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* How long a thread has been ready to run and had no CPU (proc_pid_schedstat); 0 where the kernel does not tell. */
static uint64_t waited_ns(const char *task)
{
	unsigned long long ran, waited = 0;
	char path[300];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/schedstat", task);
	f = fopen(path, "r");
	if (f && fscanf(f, "%llu %llu", &ran, &waited) != 2)
		waited = 0;
	if (f)
		fclose(f);
	return waited;
}

/* The same of all threads of the application, and of this process. */
static uint64_t all_waited_ns(pid_t pid)
{
	uint64_t sum = waited_ns("self");
	char path[300], task[300];
	struct dirent *d;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (d = readdir(dir)))
		if (*d->d_name != '.') {
			snprintf(task, sizeof(task), "%d/task/%.20s", pid, d->d_name);
			sum += waited_ns(task);
		}
	if (dir)
		closedir(dir);
	return sum;
}

/*
 * Until a controller that was just killed has left nothing in the application: at most a second (and 10 where
 * it takes longer; then it is given up). On a busy machine threads wait for a CPU instead: time that
 * they and we spent so is no time of the application's, and is said.
 */
static bool leaves_nothing(pid_t pid, uint64_t *longest)
{
	uint64_t begin = now_ns(), before = all_waited_ns(pid), took, waited;
	bool left = true;

	while (left && now_ns() - begin < 10000000000u) {
		left = programs_of(pid) || mappings_of(pid, "memfd:");
		if (left)
			usleep(1000);
	}
	took = now_ns() - begin;
	*longest = took > *longest ? took : *longest;
	if (took <= 1000000000)
		return !left;
	waited = all_waited_ns(pid) - before;
	printf("# %llu ms, of which threads waited %llu ms for a CPU\n", (unsigned long long)took / 1000000, (unsigned long long)waited / 1000000);
	return !left && took <= 1000000000 + waited;
}

static void killed(const char *self)
{
	static const char *const args[] = { "-s", "-w", "-t", "8", "-n", "0", "-u", "50", NULL };
	struct abide_error e = { 0 };
	struct counters c;
	struct server s;
	unsigned i, left, seed = 12345;
	uint64_t before, longest = 0;
	int status, files;

	if (!ok(server_start(&s, self, args) && counters_make(&c, &e), "an application is there"))
		return;
	server_go(&s);
	ok(programs_of(s.pid) == 0, "nothing is attached");
	files = files_of(s.pid);
	for (i = 0; i < 60; i++) {
		seed = seed * 1103515245 + 12345;
		waitpid(victim(s.pid, &c, (seed >> 16) % 6000), NULL, 0);
		if (!leaves_nothing(s.pid, &longest))
			break;
	}
	ok(i == 60, "60 controllers were killed, and each time nothing was attached or mapped within a second (%llu ms)",
	   (unsigned long long)longest / 1000000);
	ok(counter(&c, 0), "their programs ran (%llu times)", (unsigned long long)counter(&c, 0));
	for (left = 0; left < 10000 && files_of(s.pid) > files; left++)
		usleep(1000); /* our own connections of just now */
	ok(files_of(s.pid) <= files, "as many descriptors as before: %d", files);
	before = counter(&c, 0);
	usleep(20000);
	ok(counter(&c, 0) == before, "no program runs any more");
	kill(s.pid, SIGTERM);
	server_end(&s, &status);
	ok(WIFEXITED(status) && !WEXITSTATUS(status), "the application ended as ever");
	counters_free(&c);
}

/* Two at once, and one that outlives the process. */
static void two(const char *self)
{
	static const char *const args[] = { "-s", "-w", "-t", "4", "-n", "1000", NULL };
	struct abide_error e = { 0 };
	struct message_counts *counts = NULL;
	struct counters x, y;
	struct app_client *a, *b;
	unsigned long long fired;
	struct server s;
	uint32_t nr = 0;
	int status;

	if (!ok(server_start(&s, self, args) && counters_make(&x, &e) && counters_make(&y, &e),
	        "an application is there"))
		return;
	a = count_steps(s.pid, &x, 0, &e);
	went(!a, &e, "one session");
	b = count_steps(s.pid, &y, 0, &e);
	went(!b, &e, "another one beside it");
	ok(programs_of(s.pid) == 2, "two programs are attached");
	if (a) {
		ok(!app_client_counts(a, &counts, &nr, &e) && nr == 1 && !counts[0].runs, "no runs so far");
		free(counts);
	}
	server_go(&s);
	fired = server_end(&s, &status);
	ok(fired == 4000 && counter(&x, 0) == fired && counter(&y, 0) == fired, "both have all %llu events", fired);
	while (a && !app_client_ended(a))
		usleep(1000);
	ok(a && app_client_counts(a, &counts, &nr, &e) && !strcmp(e.tag, "process-ended"),
	   "the end of the process is an error that says so");
	if (a)
		app_client_free(a);
	if (b)
		app_client_free(b);
	counters_free(&x);
	counters_free(&y);
}

int main(int argc, char **argv)
{
	(void)argc;
	kit_begin();
	storm(argv[0]);
	jumps(argv[0]);
#ifndef THREAD_SANITIZER
	forks(argv[0]);
#endif
	two(argv[0]);
	killed(argv[0]);
	return kit_end();
}
