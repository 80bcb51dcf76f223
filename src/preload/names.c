/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Names of descriptors, for events. Nothing is recorded when a file is opened: a name is
 * read from /proc (of sockets: asked of the kernel) by the first event on the descriptor while
 * somebody listens, which also gives names to what was opened before, inherited, or opened by
 * a way that nobody stands in. It is kept in a table by descriptor, one page of the address
 * space for 16 names, untouched until used. What closes a descriptor forgets its name.
 *
 * An entry goes EMPTY -> FILLING -> NAMED. Who finds it FILLING, another thread or the code
 * that a signal handler interrupted, does without a name instead of waiting. Text is never
 * unmapped: a program that reads a name while another thread closes the file sees a wrong
 * name at worst.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/un.h>
#include <unistd.h>

#include "preload/names.h"
#include "preload/real.h"

#define NAMES 65536 /* descriptors above have no names */

enum { EMPTY, FILLING, NAMED };

struct name {
	uint32_t state;
	char text[252];
};

static struct name *names;      /* NULL until first needed */
static uint8_t accepted[NAMES]; /* 1: by accept() */
static int highest = -1;        /* of the descriptors that anything is kept of */

static void raise_highest(int fd)
{
	int old = __atomic_load_n(&highest, __ATOMIC_RELAXED);

	while (unlikely(old < fd) &&
	       !__atomic_compare_exchange_n(&highest, &old, fd, true, __ATOMIC_RELAXED,
	                                    __ATOMIC_RELAXED))
		;
}

static struct name *table(void)
{
	struct name *t = __atomic_load_n(&names, __ATOMIC_ACQUIRE), *none = NULL;

	if (likely(t))
		return t;
	t = mmap(NULL, NAMES * sizeof(*t), PROT_READ | PROT_WRITE,
	         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (t == MAP_FAILED)
		return NULL;
	if (!__atomic_compare_exchange_n(&names, &none, t, false, __ATOMIC_ACQ_REL,
	                                 __ATOMIC_ACQUIRE)) {
		munmap(t, NAMES * sizeof(*t));
		t = none;
	}
	return t;
}

static void copy(char *buf, size_t size, const char *text, size_t n)
{
	if (n >= size)
		n = size - 1;
	memcpy(buf, text, n);
	buf[n] = '\0';
}

/* A path that does not fit keeps its end, where names differ. */
static __attribute__((noinline)) void long_path(const char *link, char *buf, size_t size)
{
	char path[4096];
	ssize_t n = readlink(link, path, sizeof(path));

	if (n < (ssize_t)size)
		copy(buf, size, path, n > 0 ? n : 0);
	else
		snprintf(buf, size, "...%.*s", (int)(size - 4), path + n - (size - 4));
}

const char *preload_name_address(const struct sockaddr_storage *sa, socklen_t len, char *buf,
                                 size_t size)
{
	const struct sockaddr_un *un = (const void *)sa;
	const struct sockaddr_in *in = (const void *)sa;
	const struct sockaddr_in6 *in6 = (const void *)sa;
	size_t path = offsetof(struct sockaddr_un, sun_path);
	char text[INET6_ADDRSTRLEN];

	buf[0] = '\0';
	if (len >= sizeof(*in) && sa->ss_family == AF_INET &&
	    inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text)))
		snprintf(buf, size, "%s:%u", text, ntohs(in->sin_port));
	else if (len >= sizeof(*in6) && sa->ss_family == AF_INET6 &&
	         inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text)))
		snprintf(buf, size, "[%s]:%u", text, ntohs(in6->sin6_port));
	else if (len > path && sa->ss_family == AF_UNIX) {
		copy(buf, size, un->sun_path, strnlen(un->sun_path, len - path));
		if (!un->sun_path[0]) { /* abstract: no terminator, and a leading zero */
			copy(buf, size, un->sun_path, len - path);
			buf[0] = '@';
		}
	}
	return buf;
}

/* The other side's address, or for a server the address that it is reached at. */
static void socket_name(int fd, char *buf, size_t size)
{
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	bool server = __atomic_load_n(&accepted[fd], __ATOMIC_RELAXED);

	if (!server && !getpeername(fd, (struct sockaddr *)&sa, &len) &&
	    preload_name_address(&sa, len, buf, size)[0])
		return;
	len = sizeof(sa);
	if (getsockname(fd, (struct sockaddr *)&sa, &len) ||
	    !preload_name_address(&sa, len, buf, size)[0])
		copy(buf, size, "socket", 6);
}

static void fill(int fd, char *buf, size_t size)
{
	static const char anon[] = "anon_inode:";
	char link[32];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, buf, size);
	if (n == (ssize_t)size) {
		long_path(link, buf, size);
		return;
	}
	buf[n > 0 ? n : 0] = '\0';
	if (!strncmp(buf, "socket:[", 8)) {
		socket_name(fd, buf, size);
	} else if (!strncmp(buf, "pipe:[", 6)) {
		buf[4] = '\0';
	} else if (!strncmp(buf, anon, sizeof(anon) - 1)) { /* "anon_inode:[eventfd]" */
		n -= sizeof(anon) - 1;
		memmove(buf, buf + sizeof(anon) - 1, n + 1);
		if (n > 2 && buf[0] == '[') {
			memmove(buf, buf + 1, n);
			buf[n - 2] = '\0';
		}
	}
}

const char *preload_name(int fd)
{
	struct name *t, *name;
	uint32_t state = EMPTY;

	if (fd < 0 || fd >= NAMES)
		return "";
	t = table();
	if (!t)
		return "";
	name = t + fd;
	if (likely(__atomic_load_n(&name->state, __ATOMIC_ACQUIRE) == NAMED))
		return name->text;
	if (!__atomic_compare_exchange_n(&name->state, &state, FILLING, false, __ATOMIC_ACQUIRE,
	                                 __ATOMIC_ACQUIRE))
		return state == NAMED ? name->text : "";
	raise_highest(fd);
	fill(fd, name->text, sizeof(name->text));
	/* Closed meanwhile: the next event asks again. */
	state = FILLING;
	__atomic_compare_exchange_n(&name->state, &state, NAMED, false, __ATOMIC_RELEASE,
	                            __ATOMIC_RELAXED);
	return name->text;
}

void preload_name_forget(int fd)
{
	struct name *t;

	if (unlikely(fd < 0 || fd >= NAMES))
		return;
	if (unlikely(__atomic_load_n(&accepted[fd], __ATOMIC_RELAXED)))
		__atomic_store_n(&accepted[fd], 0, __ATOMIC_RELAXED);
	t = __atomic_load_n(&names, __ATOMIC_ACQUIRE);
	if (unlikely(t) && __atomic_load_n(&t[fd].state, __ATOMIC_RELAXED) != EMPTY)
		__atomic_store_n(&t[fd].state, EMPTY, __ATOMIC_RELEASE);
}

void preload_name_forget_range(unsigned int first, unsigned int last)
{
	int64_t fd, end = __atomic_load_n(&highest, __ATOMIC_RELAXED);

	for (fd = first; fd <= last && fd <= end; fd++)
		preload_name_forget((int)fd);
}

void preload_name_accepted(int fd)
{
	preload_name_forget(fd);
	if (fd < 0 || fd >= NAMES)
		return;
	raise_highest(fd);
	__atomic_store_n(&accepted[fd], 1, __ATOMIC_RELAXED);
}
