/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The two events of a call that may wait. Before it: the descriptor's name, the clock. After
 * it: the result, errno, the time it took. All of it only when somebody listens. errno is
 * the application's: what programs and their helpers do to it is undone.
 */
#include <errno.h>
#include <netdb.h>

#include "preload/call.h"
#include "preload/names.h"

static void begin(struct libc_call *c)
{
	if (!c->name)
		c->name = preload_name(c->fd);
	c->start_ns = preload_now();
}

static void end(struct libc_call *c, int64_t result, int error)
{
	c->ns = preload_now() - c->start_ns;
	c->result = result;
	c->error = error;
}

#define FAMILY(family)                                                                             \
	void preload_##family##_before(struct libc_call *c)                                         \
	{                                                                                          \
		int saved = errno;                                                                 \
                                                                                                   \
		begin(c);                                                                          \
		TELL(family##_enter, c);                                               \
		errno = saved;                                                                     \
	}
FAMILIES
#undef FAMILY

/* What fails returns a negative number and says why in errno. */
#define FAMILY(family)                                                                             \
	void preload_##family##_after(struct libc_call *c, int64_t result)                          \
	{                                                                                          \
		int saved = errno;                                                                 \
                                                                                                   \
		end(c, result, result < 0 ? saved : 0);                                            \
		TELL(family##_exit, c);                                                \
		errno = saved;                                                                     \
	}
FAMILY(read)
FAMILY(write)
FAMILY(sync)
FAMILY(close)
FAMILY(connect)
FAMILY(accept)
#undef FAMILY

/* Before the call the descriptor is the folder that the path starts from; after it, the new one. */
void preload_open_after(struct libc_call *c, int64_t result)
{
	int saved = errno;

	c->fd = result < 0 ? -1 : (int)result;
	end(c, result, result < 0 ? saved : 0);
	TELL(open_exit, c);
	errno = saved;
}

void preload_getaddrinfo_after(struct libc_call *c, int64_t result)
{
	int saved = errno;

	end(c, result, result == EAI_SYSTEM ? saved : 0);
	TELL(getaddrinfo_exit, c);
	errno = saved;
}

/* posix_spawn() returns the error number; exec*() return only when they fail. */
void preload_exec_after(struct libc_call *c, int64_t result)
{
	int saved = errno;

	end(c, result, result < 0 ? saved : (int)result);
	TELL(exec_exit, c);
	errno = saved;
}
