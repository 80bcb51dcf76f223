/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Attaching, replacing and detaching while hundreds of threads fire. One session counts all the while and
 * must have every event exactly once, by its old program or by its new one; others come and
 * go at the same time; some are killed in between.
 */
#include <poll.h>
#include <time.h>

#include "control_kit.h"

#define THREADS "200"
#define STEPS   "4000"
#define ROUNDS  "3"

static bool ended(const struct server *s)
{
	struct pollfd p = { .fd = fileno(s->out), .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

static void storm(const char *self)
{
	static const char *const args[] = { "-s", "-w", "-t", THREADS, "-n", STEPS, "-r", ROUNDS, NULL };
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
	ok(fired == 200ull * 4000 * 3, "%llu events were fired", fired);
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

static void killed(const char *self)
{
	static const char *const args[] = { "-s", "-w", "-t", "8", "-n", "0", "-u", "50", NULL };
	struct abide_error e = { 0 };
	struct counters c;
	struct server s;
	unsigned i, left = 0, mapped = 0, seed = 12345;
	int status, files;
	uint64_t before;

	if (!ok(server_start(&s, self, args) && counters_make(&c, &e), "an application is there"))
		return;
	server_go(&s);
	ok(programs_of(s.pid) == 0, "nothing is attached");
	files = files_of(s.pid);
	for (i = 0; i < 60; i++) {
		seed = seed * 1103515245 + 12345;
		waitpid(victim(s.pid, &c, (seed >> 16) % 6000), NULL, 0);
		/* A second, in looks of a millisecond; where the machine is busy, ten. */
		for (left = 0; left < 10000 && (programs_of(s.pid) || mappings_of(s.pid, "memfd:")); left++)
			usleep(1000);
		mapped += mappings_of(s.pid, "memfd:");
		if (left == 10000)
			break;
	}
	ok(i == 60, "60 controllers were killed, and each time nothing stayed attached");
	ok(!mapped, "and none of their maps stayed mapped");
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
	two(argv[0]);
	killed(argv[0]);
	return kit_end();
}
