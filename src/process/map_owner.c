/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Locks whose owner may die. The lock word is the owner's thread id, so whoever waits can ask
 * the kernel whether that thread still exists, and take the lock over if not. Waiting is
 * bounded: some spins, then the CPU is given away (the owner may have lost its own), then short
 * sleeps; an owner that is stopped costs each of its victims a fifth of a second, once, and they
 * get BUSY, as the kernel says where a lock cannot be had.
 *
 * A thread's id is a system call away, so it is cached for each thread. The thread that calls
 * fork exists twice afterwards, with another id in the child: a fork handler forgets the id.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "process/map_owner.h"

#define SPINS  100
#define YIELDS 300
#define SLEEPS 2000 /* of 100 us */

/* Static storage, in place when the library is loaded: no allocation at the first use. */
static __thread uint32_t cached_tid __attribute__((tls_model("initial-exec")));

/* An owner that we waited for in vain: probably stopped, so it gets less time from now on. */
static __thread uint32_t lost_patience_with __attribute__((tls_model("initial-exec")));

static void forget(void)
{
	cached_tid = 0;
}

/* Once per process; the state of that is the only one, and belongs to the fork handler. */
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;
static int fork_error;

static void watch_forks(void)
{
	fork_error = pthread_atfork(NULL, NULL, forget);
}

int owner_init(void)
{
	pthread_once(&fork_once, watch_forks);
	return -fork_error;
}

uint32_t owner_self(void)
{
	if (__builtin_expect(!cached_tid, 0))
		cached_tid = (uint32_t)gettid();
	return cached_tid;
}

/* /proc/TID/stat is "TID (NAME) STATE ...", and NAME may hold anything but ends in the last ')'. */
static bool has_ended(uint32_t tid)
{
	char path[32] = "/proc/", text[128], digits[12];
	size_t n = 0, at = 6;
	const char *end;
	ssize_t got;
	int fd;

	do
		digits[n++] = (char)('0' + tid % 10);
	while (tid /= 10);
	while (n)
		path[at++] = digits[--n];
	strcpy(path + at, "/stat");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	got = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (got <= 0)
		return false;
	text[got] = 0;
	end = strrchr(text, ')');
	return end && end[1] == ' ' && (end[2] == 'Z' || end[2] == 'X');
}

bool owner_dead(uint32_t tid)
{
	int saved = errno;
	bool dead;

	if (!tid || tid > INT32_MAX)
		return true; /* no thread has such an id: junk */
	dead = syscall(SYS_tkill, tid, 0) ? errno == ESRCH : has_ended(tid);
	errno = saved;
	return dead;
}

static void wait_a_little(uint32_t n)
{
	static const struct timespec nap = { 0, 100000 };
	int saved = errno;

	if (n < SPINS)
		owner_pause();
	else if (n < SPINS + YIELDS)
		sched_yield();
	else
		nanosleep(&nap, NULL);
	errno = saved;
}

static enum owner_lock lock_slowly(uint32_t *word, uint32_t self)
{
	uint32_t owner = 0, last = 0, n;

	for (n = 0; n < SPINS + YIELDS + SLEEPS; n++) {
		owner = __atomic_load_n(word, __ATOMIC_RELAXED);
		if (owner == self)
			return OWNER_BUSY;
		if (!owner) {
			if (!owner_trylock(word, self))
				continue;
			if (last == lost_patience_with)
				lost_patience_with = 0;
			return OWNER_LOCKED;
		}
		last = owner;
		if (owner == lost_patience_with && n >= SPINS + YIELDS)
			return OWNER_BUSY;
		/* The first look after a few hundred microseconds of somebody's inactivity. */
		if (n >= SPINS && n % 64 == 0 && owner_dead(owner) &&
		    __atomic_compare_exchange_n(word, &owner, self, false, __ATOMIC_ACQUIRE,
		                                __ATOMIC_RELAXED))
			return OWNER_TAKEN;
		wait_a_little(n);
	}
	lost_patience_with = owner;
	return OWNER_BUSY;
}

bool owner_trylock(uint32_t *word, uint32_t self)
{
	uint32_t nobody = 0;

	return __atomic_compare_exchange_n(word, &nobody, self, false, __ATOMIC_ACQUIRE,
	                                   __ATOMIC_RELAXED);
}

enum owner_lock owner_lock(uint32_t *word, uint32_t self)
{
	return __builtin_expect(owner_trylock(word, self), 1) ? OWNER_LOCKED
	                                                      : lock_slowly(word, self);
}

void owner_unlock(uint32_t *word)
{
	__atomic_store_n(word, 0, __ATOMIC_RELEASE);
}
