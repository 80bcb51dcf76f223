/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * process_unwind [STACKS [SEED]]: stacks of many kinds, against the unwinder that comes with
 * the compiler (which takes locks and believes what it reads, so it is only for tests): deep
 * calls, functions with frames of variable and aligned size, callbacks of libc, threads,
 * signal handlers, also on alternate stacks. Then junk: frames that do not exist, stacks full
 * of random words and of addresses in the middle of code. Nothing of it may fault.
 */
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "process/fault.h"
#include "process/unwind.h"
#include "process_check.h"
#include "process_kit.h"

#define MOST 200

static const char *scene;

/* What a site of events does: both from the frame of this function. */
static __attribute__((noinline)) void compare(void)
{
	uint64_t ours[MOST], few[3];
	void *theirs[MOST + 1];
	char text[100];
	int n, i;
	uint32_t k;

	k = unwind_stack(__builtin_frame_address(0), 0, ours, MOST);
	/* theirs begins in this function itself */
	n = backtrace(theirs, MOST + 1) - 1;
	snprintf(text, sizeof(text), "%u, not %d", k, n);
	check((int)k == n, scene, text);
	for (i = 0; i < n && i < (int)k; i++) {
		snprintf(text, sizeof(text), "address %d: 0x%llx, not %p", i, (unsigned long long)ours[i], theirs[i + 1]);
		check(ours[i] == (uint64_t)(uintptr_t)theirs[i + 1], scene, text);
	}
	for (i = 0; i < 3; i++) {
		uint32_t m = unwind_stack(__builtin_frame_address(0), (uint32_t)i, few, 3);

		check(m == (k > (uint32_t)i + 3 ? 3 : k - (uint32_t)i) && (!m || few[0] == ours[i]), scene, "some left out");
	}
}

static __attribute__((noinline)) int deep(int n)
{
	volatile char room[200];

	room[0] = (char)n;
	if (n)
		room[1] = (char)deep(n - 1);
	else
		compare();
	return room[0];
}

static __attribute__((noinline)) int variable(int n)
{
	volatile char *room = __builtin_alloca((size_t)n * 100 + 50);

	room[n] = 1;
	compare();
	return room[n];
}

/* Its frame is found through another register than rbp. */
static __attribute__((noinline)) int aligned(int n)
{
	volatile _Alignas(64) char room[256];

	room[n] = 1;
	variable(n);
	return room[n] + deep(n);
}

static int by_number(const void *a, const void *b)
{
	static int calls;

	if (!calls++)
		compare();
	return *(const int *)a - *(const int *)b;
}

static void *thread(void *arg)
{
	deep(3);
	return arg;
}

static void on_signal(int sig)
{
	(void)sig;
	compare();
}

static void on_signal_info(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)info;
	(void)context;
	deep(2);
}

static __attribute__((noinline)) int raises(int n)
{
	volatile char room[100];

	room[n] = (char)n;
	raise(SIGUSR1);
	raise(SIGUSR2);
	return room[n];
}

static void test_scenes(void)
{
	static char alternate[65536];
	struct sigaction plain = { .sa_handler = on_signal }, info = { .sa_sigaction = on_signal_info, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	stack_t stack = { .ss_sp = alternate, .ss_size = sizeof(alternate) };
	int numbers[8] = { 5, 3, 8, 1, 9, 2, 7, 4 };
	pthread_t t;

	scene = "a call";
	compare();
	scene = "deep calls";
	deep(1);
	deep(50);
	scene = "frames of variable size";
	variable(7);
	scene = "aligned frames";
	aligned(3);
	scene = "a callback of libc";
	qsort(numbers, 8, sizeof(numbers[0]), by_number);
	scene = "a thread";
	check(!pthread_create(&t, NULL, thread, NULL) && !pthread_join(t, NULL), scene, "cannot be made");
	sigaltstack(&stack, NULL);
	sigaction(SIGUSR1, &plain, NULL);
	sigaction(SIGUSR2, &info, NULL);
	scene = "a signal handler";
	raises(5);
}

static uint64_t state;

static uint64_t draw(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* A word as a broken stack may have it. */
static uint64_t word(uint64_t *stack, size_t nr)
{
	static void *const code[] = { (void *)test_scenes, (void *)qsort, (void *)pthread_create, (void *)raise, (void *)fault_read,
		                      (void *)printf, (void *)deep };

	switch (draw() % 8) {
	case 0:
	case 1:
	case 2: /* somewhere in code */
		return (uint64_t)(uintptr_t)code[draw() % (sizeof(code) / sizeof(code[0]))] + draw() % 4096 - 2048;
	case 3:
	case 4: /* somewhere in this stack */
		return (uint64_t)(uintptr_t)(stack + draw() % nr) + (draw() % 8 ? 0 : draw() % 8);
	case 5:
		return draw() % 65536;
	case 6:
		return (uint64_t)(uintptr_t)stack ^ UINT64_C(1) << draw() % 64;
	default:
		return draw();
	}
}

static void test_junk(unsigned long n)
{
	uint8_t *page = kit_page();
	uint64_t *stack = (uint64_t *)(void *)page, out[64];
	uint64_t found = 0, deepest = 0;
	size_t nr = KIT_PAGE / 8, k;
	unsigned long i;

	for (i = 0; i < n; i++) {
		uint32_t got;

		if (i % 16 == 0)
			for (k = 0; k < nr; k++)
				stack[k] = word(stack, nr);
		got = unwind_stack(draw() % 16 ? (void *)(stack + draw() % nr) : (void *)(uintptr_t)word(stack, nr), (uint32_t)draw() % 3, out,
		                   (uint32_t)(draw() % 64 + 1));
		found += got;
		deepest = got > deepest ? got : deepest;
	}
	check(found > n / 8 && deepest > 3, "stacks of junk are gone up", "nothing was found");
	printf("# %lu stacks of junk, %llu addresses, at most %llu\n", n, (unsigned long long)found, (unsigned long long)deepest);
	munmap(page - KIT_PAGE, 3 * KIT_PAGE);
}

int main(int argc, char **argv)
{
	unsigned long n = argc > 1 ? strtoul(argv[1], NULL, 0) : 20000;
	void *warm[2];

	state = argc > 2 ? strtoul(argv[2], NULL, 0) : 1;
	backtrace(warm, 2); /* loads its library */
	test_scenes();
	printf("%sok - stacks are those that the compiler's unwinder sees\n", nr_failed ? "not " : "");
	test_junk(n);
	printf("%sok - stacks of junk\n", nr_failed ? "not " : "");
	printf("# %u checks\n", nr_checks);
	return nr_failed != 0;
}
