/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Firing: arguments, order, errno, signals, budgets, threads that come and go, and programs that are attached,
 * replaced and detached meanwhile, with counts that must come out exactly.
 */
#include <abide/event.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "event_kit.h"

struct thing {
	uint64_t a;
	int32_t b;
};
DEFINE_STRUCT_USER(thing_user, struct thing, FIELD_USER(a), FIELD_USER(b));
DEFINE_EVENT_USER(test, plain, ARG_USER(thing_user, thing), ARG_USER_NUMBER(int, n), ARG_USER_NUMBER(unsigned, u),
		  ARG_USER_NUMBER(signed char, c));
DEFINE_EVENT_USER(test, storm, ARG_USER_NUMBER(uint64_t, n));
DEFINE_EVENT_USER(test, never, ARG_USER_NUMBER(bool, b));

#ifdef THREAD_SANITIZER
/* Children that were forked with threads around start threads of their own here. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
	return "die_after_fork=0";
}
#endif

static uint64_t cells[16];
static int evaluated;

static int side_effect(void)
{
	return ++evaluated;
}

static void site(struct thing *t, int n)
{
	EVENT_USER(test, plain, t, n + 0 * side_effect(), (unsigned)-3, -4);
}

/* cells[k] = argument k, and the fields of the first. */
static void arguments(bool interpret)
{
	struct thing t = { .a = 0x1122334455667788, .b = -5 };
	struct event_counts counts;
	struct event_program *p;
	struct event_link *link;
	int i;

	evaluated = 0;
	site(&t, 1);
	kit_ok(evaluated == 0, "a site that nobody listens to evaluates no argument");
	p = KIT_PROGRAM(interpret, KIT_LD64(2, cells), KIT_INSN(BPF_LDX | BPF_MEM | BPF_DW, 3, 1, 0, 0),
			KIT_INSN(BPF_LDX | BPF_MEM | BPF_DW, 4, 3, 0, 0), KIT_INSN(BPF_STX | BPF_MEM | BPF_DW, 2, 4, 0, 0),
			KIT_INSN(BPF_LDX | BPF_MEM | BPF_W, 4, 3, 8, 0), KIT_INSN(BPF_STX | BPF_MEM | BPF_DW, 2, 4, 8, 0),
			KIT_INSN(BPF_LDX | BPF_MEM | BPF_DW, 4, 1, 8, 0), KIT_INSN(BPF_STX | BPF_MEM | BPF_DW, 2, 4, 16, 0),
			KIT_INSN(BPF_LDX | BPF_MEM | BPF_DW, 4, 1, 16, 0), KIT_INSN(BPF_STX | BPF_MEM | BPF_DW, 2, 4, 24, 0),
			KIT_INSN(BPF_LDX | BPF_MEM | BPF_DW, 4, 1, 24, 0), KIT_INSN(BPF_STX | BPF_MEM | BPF_DW, 2, 4, 32, 0),
			KIT_RETURN);
	link = kit_attach("test", "plain", p);
	for (i = 0; i < 3; i++)
		site(&t, -7);
	kit_ok(evaluated == 3, "an armed one evaluates them once");
	kit_ok(cells[0] == t.a && cells[1] == (uint32_t)-5 && cells[2] == (uint64_t)-7 && cells[3] == (uint32_t)-3 &&
		       cells[4] == (uint64_t)-4,
	       "arguments are handed over as 8 bytes, extended by their sign");
	event_detach(link, &counts);
	kit_ok(counts.runs == 3 && !counts.missed && !counts.budget, "three runs are counted");
	site(&t, 9);
	kit_ok(evaluated == 3 && cells[2] == (uint64_t)-7, "nothing runs once it is detached");
	memset(cells, 0, sizeof(cells));
}

/* Each multiplies by ten and adds its number. */
static struct event_program *digit(int n)
{
	return KIT_PROGRAM(false, KIT_LD64(1, cells), KIT_INSN(BPF_LDX | BPF_MEM | BPF_DW, 2, 1, 0, 0),
			   KIT_INSN(BPF_ALU64 | BPF_MUL | BPF_K, 2, 0, 0, 10), KIT_INSN(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, n),
			   KIT_INSN(BPF_STX | BPF_MEM | BPF_DW, 1, 2, 0, 0), KIT_RETURN);
}

static void order(void)
{
	struct event_link *a, *b, *c;

	cells[0] = 0;
	a = kit_attach("test", "storm", digit(1));
	b = kit_attach("test", "storm", digit(2));
	c = kit_attach("test", "storm", digit(3));
	EVENT_USER(test, storm, 0);
	kit_ok(cells[0] == 123, "programs run in the order in which they were attached");
	cells[0] = 0;
	event_replace(b, digit(7));
	EVENT_USER(test, storm, 0);
	kit_ok(cells[0] == 173, "a replacement runs in the place of what it replaces");
	cells[0] = 0;
	event_detach(a, NULL);
	EVENT_USER(test, storm, 0);
	kit_ok(cells[0] == 73, "the others stay");
	event_detach(c, NULL);
	event_detach(b, NULL);
	cells[0] = 0;
}

/* A helper that fails sets errno; the application must not see it. */
static void keeps_errno(void)
{
	struct event_link *link = kit_attach("test", "storm",
					     KIT_PROGRAM(false, KIT_INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_ktime_get_ns),
							 KIT_RETURN));

	errno = 4711;
	EVENT_USER(test, storm, 1);
	kit_ok(errno == 4711, "errno is the application's");
	event_detach(link, NULL);
}

static void budget(bool interpret)
{
	struct event_counts counts;
	struct event_program *p = KIT_PROGRAM(interpret, KIT_LD64(1, cells), KIT_INSN(BPF_LDX | BPF_MEM | BPF_DW, 2, 1, 0, 0),
					      KIT_INSN(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, 1),
					      KIT_INSN(BPF_STX | BPF_MEM | BPF_DW, 1, 2, 0, 0),
					      KIT_INSN(BPF_JMP | BPF_JA, 0, 0, -4, 0), KIT_RETURN);
	struct event_link *link;

	p->budget = 4000;
	link = kit_attach("test", "storm", p);
	cells[0] = 0;
	EVENT_USER(test, storm, 1);
	EVENT_USER(test, storm, 2);
	event_detach(link, &counts);
	kit_ok(counts.runs == 2 && counts.budget == 2 && cells[0] > 1500 && cells[0] < 4000,
	       interpret ? "a run ends with its budget, interpreted" : "a run ends with its budget");
	cells[0] = 0;
}

static void on_signal(int sig)
{
	(void)sig;
	EVENT_USER(test, storm, 2);
}

static struct event_link *handled;

/* A program that runs until a signal handler has changed a cell: the handler fires in the midst of it. */
static void in_handler(void)
{
	struct event_counts counts;
	struct event_program *p = KIT_PROGRAM(false, KIT_LD64(1, cells), KIT_INSN(BPF_ST | BPF_MEM | BPF_DW, 1, 0, 8, 1),
					      KIT_INSN(BPF_LDX | BPF_MEM | BPF_DW, 2, 1, 0, 0),
					      KIT_INSN(BPF_JMP | BPF_JEQ | BPF_K, 2, 0, -2, 0), KIT_RETURN);
	struct sigaction action = { .sa_handler = on_signal }, old;
	struct event_link *link;
	pid_t pid;
	int status = 1;

	p->budget = INT64_MAX;
	sigaction(SIGUSR1, &action, &old);
	cells[0] = 1;
	handled = link = kit_attach("test", "storm", p);
	raise(SIGUSR1);
	event_link_counts(link, &counts);
	kit_ok(counts.runs == 1 && !counts.missed, "a signal handler fires");
	/* in a child, so that the test ends in any case */
	cells[0] = cells[1] = 0;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		pthread_t other;
		struct event_counts now;
		extern void *signal_it(void *);
		pthread_t me = pthread_self();

		alarm(20);
		pthread_create(&other, NULL, signal_it, &me);
		EVENT_USER(test, storm, 1);
		pthread_join(other, NULL);
		event_link_counts(link, &now);
		_exit(now.runs == 1 && now.missed == 1 ? 0 : 2);
	}
	waitpid(pid, &status, 0);
	kit_ok(pid > 0 && status == 0, "a handler that fires in the midst of a program runs nothing, and is counted");
	event_detach(link, NULL);
	sigaction(SIGUSR1, &old, NULL);
	cells[0] = cells[1] = 0;
}

void *signal_it(void *thread);
void *signal_it(void *thread)
{
	struct event_counts counts;

	while (!__atomic_load_n(&cells[1], __ATOMIC_ACQUIRE))
		sched_yield();
	pthread_kill(*(pthread_t *)thread, SIGUSR1);
	/* the program is over with this thread's store: first let the handler's event be counted */
	do {
		usleep(1000);
		event_link_counts(handled, &counts);
	} while (!counts.missed);
	__atomic_store_n(&cells[0], 1, __ATOMIC_RELEASE);
	return NULL;
}

/* Threads. */
static uint64_t stop, fired;

static void *firing(void *arg)
{
	uint64_t n = 0;

	(void)arg;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		EVENT_USER(test, storm, n);
		n++;
	}
	__atomic_fetch_add(&fired, n, __ATOMIC_RELAXED);
	return NULL;
}

static void *once(void *arg)
{
	EVENT_USER(test, storm, (uint64_t)(uintptr_t)arg);
	return NULL;
}

static void coming_and_going(void)
{
	struct event_counts counts;
	struct event_link *link;
	pthread_t t[8];
	int i, k, n = 0;

	cells[0] = 0;
	link = kit_attach("test", "storm", KIT_PROGRAM(false, KIT_COUNT(&cells[0])));
	for (i = 0; i < 100; i++) {
		for (k = 0; k < 8; k++)
			n += !pthread_create(&t[k], NULL, once, NULL);
		for (k = 0; k < 8; k++)
			pthread_join(t[k], NULL);
	}
	event_detach(link, &counts);
	kit_ok(n == 800 && cells[0] == 800 && counts.runs == 800, "800 threads that fire once: each is counted");
}

/* One always attached, others come, go and change: each event is seen by it, and by one of them at most. */
static void storm(void)
{
	enum { THREADS = 4, ROUNDS = 20 };
	struct event_counts steady_counts, counts;
	struct event_link *steady, *link;
	pthread_t t[THREADS];
	uint64_t changing = 0, runs = 0;
	unsigned before, i, k;

	__atomic_store_n(&stop, 0, __ATOMIC_RELAXED);
	fired = 0;
	memset(cells, 0, sizeof(cells));
	before = kit_released;
	steady = kit_attach("test", "storm", KIT_PROGRAM(false, KIT_COUNT(&cells[0])));
	for (i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, firing, NULL);
	while (__atomic_load_n(&cells[0], __ATOMIC_RELAXED) <= 1000)
		sched_yield(); /* until they fire */
	for (i = 0; i < ROUNDS; i++) {
		link = kit_attach("test", "storm", KIT_PROGRAM(i % 5 == 0, KIT_COUNT(&cells[1])));
		for (k = 0; k < 4; k++)
			event_replace(link, KIT_PROGRAM(k == 2, KIT_COUNT(&cells[1])));
		event_replace(steady, KIT_PROGRAM(false, KIT_COUNT(&cells[0])));
		event_detach(link, &counts);
		runs += counts.runs;
	}
	/* nothing may run in it any more */
	changing = __atomic_load_n(&cells[1], __ATOMIC_RELAXED);
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	event_detach(steady, &steady_counts);
	kit_ok(fired > 1000 && cells[0] == fired && steady_counts.runs == fired,
	       "while another is attached, replaced and detached, one that is replaced misses no event");
	kit_ok(runs == cells[1] && cells[1] == changing, "detached means that no run is left");
	kit_ok(kit_released - before == ROUNDS * 6 + 1, "each program is released once");
	printf("# %llu events in %d threads, %d changes\n", (unsigned long long)fired, THREADS, ROUNDS * 7);
}

/* More links than threads have columns for. */
static void many(void)
{
	struct event_link *links[80];
	struct event_counts counts;
	uint64_t runs = 0;
	int i;

	cells[0] = 0;
	for (i = 0; i < 80; i++)
		links[i] = kit_attach("test", "storm", KIT_PROGRAM(false, KIT_COUNT(&cells[0])));
	EVENT_USER(test, storm, 0);
	EVENT_USER(test, storm, 1);
	for (i = 0; i < 80; i++) {
		event_detach(links[i], &counts);
		runs += counts.runs;
	}
	kit_ok(cells[0] == 160 && runs == 160, "80 programs on one event");
}

static void in_child(void)
{
	struct event_counts counts;
	struct event_link *link;
	int status = 1, i;
	pid_t pid;

	cells[0] = 0;
	link = kit_attach("test", "storm", KIT_PROGRAM(false, KIT_COUNT(&cells[0])));
	for (i = 0; i < 5; i++)
		EVENT_USER(test, storm, 0);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		pthread_t t;

		EVENT_USER(test, storm, 0);
		pthread_create(&t, NULL, once, NULL);
		pthread_join(t, NULL);
		event_detach(link, &counts);
		EVENT_USER(test, storm, 0);
		_exit(counts.runs == 2 && cells[0] == 7 ? 0 : 2);
	}
	waitpid(pid, &status, 0);
	EVENT_USER(test, storm, 0);
	event_detach(link, &counts);
	kit_ok(pid > 0 && status == 0, "a child keeps what is armed, and counts for itself");
	kit_ok(counts.runs == 6 && cells[0] == 6, "its parent, too");
}

/* Forking while others fire and attach: the child must be able to do both. */
static void *forking(void *arg)
{
	int i, status, *bad = arg;
	pid_t pid;

	for (i = 0; i < 30; i++) {
		pid = fork();
		if (!pid) {
			struct event_link *link;
			uint64_t before;

			alarm(20);
			link = kit_attach("test", "plain", KIT_PROGRAM(false, KIT_COUNT(&cells[3])));
			before = cells[3];
			site(NULL, 1);
			event_detach(link, NULL);
			_exit(cells[3] - before == 1 ? 0 : 2);
		}
		waitpid(pid, &status, 0);
		*bad += pid < 0 || status;
	}
	return NULL;
}

static void forks(void)
{
	pthread_t t, f;
	int bad = 0, i;

	__atomic_store_n(&stop, 0, __ATOMIC_RELAXED);
	pthread_create(&t, NULL, firing, NULL);
	pthread_create(&f, NULL, forking, &bad);
	for (i = 0; i < 20; i++)
		event_detach(kit_attach("test", "storm", KIT_PROGRAM(false, KIT_COUNT(&cells[0]))), NULL);
	pthread_join(f, NULL);
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	pthread_join(t, NULL);
	kit_ok(!bad, "30 forks while others fire and attach");
}

struct seen {
	unsigned plain, storm, never, others;
};

static void see(void *ctx, const char *provider, const char *name, uint32_t programs)
{
	struct seen *s = ctx;

	if (strcmp(provider, "test"))
		s->others++;
	else if (!strcmp(name, "plain"))
		s->plain += 1 + programs;
	else if (!strcmp(name, "storm"))
		s->storm += 1 + programs;
	else if (!strcmp(name, "never"))
		s->never += 1 + programs;
}

static void listing(void)
{
	struct event_link *link = kit_attach("test", "storm", KIT_PROGRAM(false, KIT_COUNT(&cells[0])));
	uint32_t attached, unlike;
	struct seen s = { 0 };
	const struct layout *l;
	struct abide_error e;

	event_for_each(see, &s);
	kit_ok(s.plain == 1 && s.storm == 2 && s.never == 1 && !s.others, "events are listed, with and without sites");
	event_link_modules(link, &attached, &unlike);
	kit_ok(attached == 1 && !unlike, "attached in one module");
	event_detach(link, NULL);
	kit_ok(event_layout("test", "missing", &l, &e) == -ENOENT && !strcmp(e.tag, "event-unknown"),
	       "an event that is not there has no layout");
}

int main(void)
{
	arguments(false);
	arguments(true);
	order();
	keeps_errno();
	budget(false);
	budget(true);
	in_handler();
	coming_and_going();
	storm();
	many();
	in_child();
	forks();
	listing();
	return kit_bad != 0;
}
