/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * An application with events, for the tests of the control protocol and of abide run on applications. It fires "step" a given
 * number of times in each of its threads, with .value from 1 on, and says at the end how often
 * in all.
 *
 *	control_server [-t THREADS] [-n STEPS] [-r ROUNDS] [-u US] [-f CHILDREN] [-x] [-c]
 *
 *	-n 0: until SIGTERM.  -r: so many rounds of THREADS threads one after the other
 *	-u US between steps.  -f: forked children that do the same.  -x: then exec itself without -x
 *	-c: closes all descriptors from 3 on when it has started.  -s: calls abide_event_start
 *	-w: says "ready" and waits for a line on stdin
 *	-b N: the first N steps of each thread have a .who that leads nowhere
 *	-l FILE: loads that library then, and lets it fire 10 steps of its own
 */
#include <abide/event.h>
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct job {
	char pad[24];
	unsigned long long value;
	struct {
		unsigned thread;
	} *who;
	char name[16];
};

DEFINE_STRUCT_USER(job_user, struct job, FIELD_USER(value), FIELD_USER(thread, who, thread), FIELD_USER_CHARS(name));
DEFINE_EVENT_USER(app, step, ARG_USER(job_user, job), ARG_USER_NUMBER(int, round));
DEFINE_EVENT_USER(app, end, ARG_USER_NUMBER(unsigned long, steps));

static unsigned nr_threads = 1, rounds = 1, pause_us, nr_children, nr_bad;
static const char *library;
static unsigned long long steps = 1000;
static unsigned long long fired;
static volatile sig_atomic_t stop;

static void on_term(int sig)
{
	(void)sig;
	stop = 1;
}

struct worker {
	pthread_t thread;
	unsigned index, round;
};

static void *work(void *arg)
{
	struct worker *w = arg;
	struct job job = { .name = "job" };
	unsigned long long i;
	void *who;

	job.who = who = malloc(sizeof(*job.who));
	job.who->thread = w->index;
	for (i = 1; !stop && (!steps || i <= steps); i++) {
		job.value = i;
		job.who = i <= nr_bad ? (void *)0x10 : who;
		EVENT_USER(app, step, &job, (int)w->round);
		if (pause_us)
			usleep(pause_us);
	}
	__atomic_add_fetch(&fired, i - 1, __ATOMIC_RELAXED);
	free(who);
	return NULL;
}

static void run_rounds(void)
{
	struct worker *w = calloc(nr_threads, sizeof(*w));
	unsigned r, i;

	for (r = 0; r < rounds && !stop; r++) {
		for (i = 0; i < nr_threads; i++) {
			w[i] = (struct worker){ .index = i, .round = r };
			if (pthread_create(&w[i].thread, NULL, work, &w[i]))
				exit(3);
		}
		for (i = 0; i < nr_threads; i++)
			pthread_join(w[i].thread, NULL);
	}
	free(w);
}

static int load_library(void)
{
	void *l = dlopen(library, RTLD_NOW);
	void (*later)(unsigned) = l ? (void (*)(unsigned))dlsym(l, "later") : NULL;

	if (!later)
		return 0;
	later(10);
	return 1;
}

int main(int argc, char **argv)
{
	int c, again = 0, close_all = 0, start = 0, wait_line = 0;
	unsigned i;
	char line[16];

	while ((c = getopt(argc, argv, "t:n:r:u:f:b:l:xcsw")) != -1)
		switch (c) {
		case 't':
			nr_threads = (unsigned)atoi(optarg);
			break;
		case 'n':
			steps = strtoull(optarg, NULL, 10);
			break;
		case 'r':
			rounds = (unsigned)atoi(optarg);
			break;
		case 'u':
			pause_us = (unsigned)atoi(optarg);
			break;
		case 'f':
			nr_children = (unsigned)atoi(optarg);
			break;
		case 'b':
			nr_bad = (unsigned)atoi(optarg);
			break;
		case 'l':
			library = optarg;
			break;
		case 'x':
			again = 1;
			break;
		case 'c':
			close_all = 1;
			break;
		case 's':
			start = 1;
			break;
		case 'w':
			wait_line = 1;
			break;
		default:
			return 2;
		}
	signal(SIGTERM, on_term);
	if (start && abide_event_start())
		return 3;
	if (close_all)
		closefrom(3);
	if (wait_line) {
		puts("ready");
		fflush(stdout);
		if (!fgets(line, sizeof(line), stdin))
			return 0;
	}
	if (library && !load_library())
		return 4;
	for (i = 0; i < nr_children; i++)
		if (!fork()) {
			run_rounds();
			EVENT_USER(app, end, (unsigned long)fired);
			_exit(0);
		}
	run_rounds();
	EVENT_USER(app, end, (unsigned long)fired);
	while (wait(NULL) > 0)
		;
	printf("fired %llu\n", fired);
	fflush(stdout);
	if (again) {
		char *args[16] = { argv[0] };
		int n = 1, k;

		for (k = 1; k < argc && n < 15; k++)
			if (strcmp(argv[k], "-x") != 0)
				args[n++] = argv[k];
		execv("/proc/self/exe", args);
		return 3;
	}
	return 0;
}
