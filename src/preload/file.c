/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Files come and go: libc:open_*, libc:close_*. fopen and fclose count as open and close, for
 * that is what they do to a descriptor. What makes a descriptor another file without an event
 * of its own (dup2, close_range, closedir) is here for the table of names.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "preload/call.h"
#include "preload/fortified.h"
#include "preload/names.h"

/* What open() and openat() become with _FORTIFY_SOURCE, and creat(). */
CALL(int, __open_2, (const char *path, int flags), (path, flags),
     open, "open", .name = path, .fd = AT_FDCWD, .flags = flags, HERE)
CALL(int, __open64_2, (const char *path, int flags), (path, flags),
     open, "open64", .name = path, .fd = AT_FDCWD, .flags = flags, HERE)
CALL(int, __openat_2, (int dfd, const char *path, int flags), (dfd, path, flags),
     open, "openat", .name = path, .fd = dfd, .flags = flags, HERE)
CALL(int, __openat64_2, (int dfd, const char *path, int flags), (dfd, path, flags),
     open, "openat64", .name = path, .fd = dfd, .flags = flags, HERE)
CALL(int, creat, (const char *path, mode_t mode), (path, mode),
     open, "creat", .name = path, .fd = AT_FDCWD, .flags = O_CREAT | O_WRONLY | O_TRUNC,
     .mode = mode, HERE)
CALL(int, creat64, (const char *path, mode_t mode), (path, mode),
     open, "creat64", .name = path, .fd = AT_FDCWD, .flags = O_CREAT | O_WRONLY | O_TRUNC,
     .mode = mode, HERE)

/* The third argument, where there is one. */
#define MODE(flags, mode)                                                                          \
	do {                                                                                       \
		va_list ap_;                                                                       \
                                                                                                   \
		if ((flags) & O_CREAT || ((flags) & O_TMPFILE) == O_TMPFILE) {                     \
			va_start(ap_, flags);                                                      \
			mode = va_arg(ap_, mode_t);                                                \
			va_end(ap_);                                                               \
		}                                                                                  \
	} while (0)

static COLD int open_told(int (*f)(const char *, int, ...), const char *function, const char *path,
                          int flags, mode_t mode, const void *caller)
{
	struct libc_call c = { .function = function, .caller = caller, .name = path,
		               .fd = AT_FDCWD, .flags = flags, .mode = mode, HERE };
	int result;

	preload_open_before(&c);
	result = f(path, flags, mode);
	preload_open_after(&c, result);
	return result;
}

#define OPEN(fn)                                                                                   \
	EXPORT int fn(const char *path, int flags, ...)                                            \
	{                                                                                          \
		mode_t mode = 0;                                                                   \
                                                                                                   \
		MODE(flags, mode);                                                                 \
		if (unlikely(WANTED(open)))                                                        \
			return open_told(real(fn), __func__, path, flags, mode, CALLER);           \
		return real(fn)(path, flags, mode);                                                \
	}
OPEN(open)
OPEN(open64)

static COLD int openat_told(int (*f)(int, const char *, int, ...), const char *function, int dfd,
                            const char *path, int flags, mode_t mode, const void *caller)
{
	struct libc_call c = { .function = function, .caller = caller, .name = path,
		               .fd = dfd, .flags = flags, .mode = mode, HERE };
	int result;

	preload_open_before(&c);
	result = f(dfd, path, flags, mode);
	preload_open_after(&c, result);
	return result;
}

#define OPENAT(fn)                                                                                 \
	EXPORT int fn(int dfd, const char *path, int flags, ...)                                   \
	{                                                                                          \
		mode_t mode = 0;                                                                   \
                                                                                                   \
		MODE(flags, mode);                                                                 \
		if (unlikely(WANTED(open)))                                                        \
			return openat_told(real(fn), __func__, dfd, path, flags, mode, CALLER);    \
		return real(fn)(dfd, path, flags, mode);                                           \
	}
OPENAT(openat)
OPENAT(openat64)

/* -1: none. Leaves errno alone. */
static int stream_fd(FILE *f)
{
	int saved = errno, fd = fileno(f);

	errno = saved;
	return fd;
}

/* "r", "w+", "ax": the flags of an fopen(). */
static uint32_t stream_flags(const char *mode)
{
	uint32_t flags = mode[0] == 'r' ? O_RDONLY : O_WRONLY | O_CREAT;

	if (mode[0] == 'w')
		flags |= O_TRUNC;
	if (mode[0] == 'a')
		flags |= O_APPEND;
	for (; *mode && *mode != ','; mode++) {
		if (*mode == '+')
			flags = (flags & ~O_ACCMODE) | O_RDWR;
		if (*mode == 'x')
			flags |= O_EXCL;
		if (*mode == 'e')
			flags |= O_CLOEXEC;
	}
	return flags;
}

static COLD FILE *fopen_told(FILE *(*fn)(const char *, const char *), const char *function,
                             const char *path, const char *mode, const void *caller)
{
	struct libc_call c = { .function = function, .caller = caller, .name = path,
		               .fd = AT_FDCWD, .flags = stream_flags(mode), .mode = 0666, HERE };
	FILE *f;

	preload_open_before(&c);
	f = fn(path, mode);
	preload_open_after(&c, f ? stream_fd(f) : -1);
	return f;
}

#define FOPEN(fn)                                                                                  \
	EXPORT FILE *fn(const char *path, const char *mode)                                        \
	{                                                                                          \
		if (unlikely(WANTED(open)))                                                        \
			return fopen_told(real(fn), __func__, path, mode, CALLER);                 \
		return real(fn)(path, mode);                                                       \
	}
FOPEN(fopen)
FOPEN(fopen64)

/* Closes one file and opens another: no events, but the name is another. */
#define FREOPEN(fn)                                                                                \
	EXPORT FILE *fn(const char *path, const char *mode, FILE *f)                               \
	{                                                                                          \
		int fd = stream_fd(f);                                                             \
                                                                                                   \
		f = real(fn)(path, mode, f);                                                       \
		preload_name_forget(fd);                                                           \
		if (f)                                                                             \
			preload_name_forget(stream_fd(f));                                         \
		return f;                                                                          \
	}
FREOPEN(freopen)
FREOPEN(freopen64)

static COLD int close_told(int fd, const void *caller)
{
	struct libc_call c = { .function = "close", .caller = caller, .fd = fd, HERE };
	int result;

	preload_close_before(&c);
	result = real(close)(fd);
	preload_close_after(&c, result);
	preload_name_forget(fd);
	return result;
}

EXPORT int close(int fd)
{
	int result;

	if (unlikely(WANTED(close)))
		return close_told(fd, CALLER);
	result = real(close)(fd);
	preload_name_forget(fd);
	return result;
}

static COLD int fclose_told(FILE *f, int fd, const void *caller)
{
	struct libc_call c = { .function = "fclose", .caller = caller, .fd = fd, HERE };
	int result;

	preload_close_before(&c);
	result = real(fclose)(f);
	preload_close_after(&c, result);
	preload_name_forget(fd);
	return result;
}

EXPORT int fclose(FILE *f)
{
	int fd = stream_fd(f), result;

	if (unlikely(WANTED(close)))
		return fclose_told(f, fd, CALLER);
	result = real(fclose)(f);
	preload_name_forget(fd);
	return result;
}

EXPORT int pclose(FILE *f)
{
	int fd = stream_fd(f), result = real(pclose)(f);

	preload_name_forget(fd);
	return result;
}

EXPORT int closedir(DIR *d)
{
	int fd = dirfd(d), result = real(closedir)(d);

	preload_name_forget(fd);
	return result;
}

EXPORT int dup2(int from, int to)
{
	int result = real(dup2)(from, to);

	if (from != to)
		preload_name_forget(to);
	return result;
}

EXPORT int dup3(int from, int to, int flags)
{
	int result = real(dup3)(from, to, flags);

	preload_name_forget(to);
	return result;
}

EXPORT int close_range(unsigned int first, unsigned int last, int flags)
{
	int result = real(close_range)(first, last, flags);

	preload_name_forget_range(first, last);
	return result;
}

EXPORT void closefrom(int first)
{
	real(closefrom)(first);
	preload_name_forget_range(first < 0 ? 0 : first, UINT32_MAX);
}
