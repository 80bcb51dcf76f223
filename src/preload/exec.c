/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Programs begin and end: libc:exec_enter, libc:exec_exit (of posix_spawn, and of what
 * failed), libc:exit. The functions that take their arguments one by one make an array of
 * them, on the stack as libc does, for they may run between vfork and exec.
 */
#include <alloca.h>
#include <errno.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "preload/call.h"

CALL(int, execve, (const char *path, char *const argv[], char *const envp[]), (path, argv, envp),
     exec, "execve", .name = path, .fd = -1, HERE)
CALL(int, execv, (const char *path, char *const argv[]), (path, argv),
     exec, "execv", .name = path, .fd = -1, HERE)
CALL(int, execvp, (const char *file, char *const argv[]), (file, argv),
     exec, "execvp", .name = file, .fd = -1, HERE)
CALL(int, execvpe, (const char *file, char *const argv[], char *const envp[]), (file, argv, envp),
     exec, "execvpe", .name = file, .fd = -1, HERE)
CALL(int, fexecve, (int fd, char *const argv[], char *const envp[]), (fd, argv, envp),
     exec, "fexecve", .fd = fd, HERE)
CALL(int, execveat,
     (int dfd, const char *path, char *const argv[], char *const envp[], int flags),
     (dfd, path, argv, envp, flags),
     exec, "execveat", .name = path, .fd = dfd, .flags = flags, HERE)
CALL(int, posix_spawn,
     (pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
      const posix_spawnattr_t *attr, char *const argv[], char *const envp[]),
     (pid, path, actions, attr, argv, envp),
     exec, "posix_spawn", .name = path, .fd = -1, HERE)
CALL(int, posix_spawnp,
     (pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
      const posix_spawnattr_t *attr, char *const argv[], char *const envp[]),
     (pid, file, actions, attr, argv, envp),
     exec, "posix_spawnp", .name = file, .fd = -1, HERE)

static COLD int exec_told(int (*f)(const char *, char *const[], char *const[]),
                          const char *function, const char *name, char **argv, char **envp,
                          const void *caller)
{
	struct libc_call c = { .function = function, .caller = caller, .name = name, .fd = -1,
		               HERE };
	int result;

	preload_exec_before(&c);
	result = f(name, argv, envp);
	preload_exec_after(&c, result);
	return result;
}

/* char **argv of @first and what follows it, as far as the NULL; @ap is then behind that. */
#define ARGV(argv, first, ap)                                                                      \
	do {                                                                                       \
		const char *arg_ = first;                                                          \
		size_t n_ = 1, i_;                                                                 \
                                                                                                   \
		va_start(ap, first);                                                               \
		for (; arg_; arg_ = va_arg(ap, const char *))                                      \
			n_++;                                                                      \
		va_end(ap);                                                                        \
		argv = alloca(n_ * sizeof(*argv));                                                 \
		argv[0] = (char *)first;                                                           \
		va_start(ap, first);                                                               \
		for (i_ = 1; i_ < n_; i_++)                                                        \
			argv[i_] = va_arg(ap, char *);                                             \
	} while (0)

EXPORT int execl(const char *path, const char *arg, ...)
{
	char **argv;
	va_list ap;

	ARGV(argv, arg, ap);
	va_end(ap);
	if (unlikely(WANTED(exec)))
		return exec_told(real(execve), __func__, path, argv, environ, CALLER);
	return real(execve)(path, argv, environ);
}

EXPORT int execlp(const char *file, const char *arg, ...)
{
	char **argv;
	va_list ap;

	ARGV(argv, arg, ap);
	va_end(ap);
	if (unlikely(WANTED(exec)))
		return exec_told(real(execvpe), __func__, file, argv, environ, CALLER);
	return real(execvpe)(file, argv, environ);
}

EXPORT int execle(const char *path, const char *arg, ...)
{
	char **argv, **envp;
	va_list ap;

	ARGV(argv, arg, ap);
	envp = va_arg(ap, char **);
	va_end(ap);
	if (unlikely(WANTED(exec)))
		return exec_told(real(execve), __func__, path, argv, envp, CALLER);
	return real(execve)(path, argv, envp);
}

int __libc_start_main(int (*fn)(int, char **, char **), int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*rtld_fini)(void), void *stack_end);

/* Has this process told of its end? exit() runs handlers that may take long, or call _exit(). */
static pid_t told;

static void tell_exit(int status, const void *caller)
{
	pid_t pid = getpid();

	if (__atomic_exchange_n(&told, pid, __ATOMIC_RELAXED) != pid)
		TELL(exit, status, caller);
}

#define EXIT(function)                                                                             \
	EXPORT void function(int status)                                                           \
	{                                                                                          \
		if (unlikely(EVENT_USER_ON(libc, exit)))                                           \
			tell_exit(status, CALLER);                                                 \
		real(function)(status);                                                            \
		__builtin_unreachable();                                                           \
	}
EXIT(exit)
EXIT(_exit)
EXIT(_Exit)
EXIT(quick_exit)

static void at_exit(int status, void *unused)
{
	(void)unused;
	if (unlikely(EVENT_USER_ON(libc, exit)))
		tell_exit(status, NULL);
}

/*
 * What returns from main ends inside of libc. A handler that is registered by a constructor
 * would run after the destructors of libraries, ours too; so libc is told another main, which
 * registers it and goes on to the real one.
 */
typedef int (*main_fn)(int argc, char **argv, char **envp);
static main_fn real_main;

static int our_main(int argc, char **argv, char **envp)
{
	on_exit(at_exit, NULL);
	return real_main(argc, argv, envp);
}

/* Of all versions: libc's is the same function since 2.34, and before had just one. */
EXPORT int __libc_start_main(main_fn fn, int argc, char **argv, void (*init)(void),
                             void (*fini)(void), void (*rtld_fini)(void), void *stack_end)
{
	real_main = fn;
	return real(__libc_start_main)(our_main, argc, argv, init, fini, rtld_fini, stack_end);
}
