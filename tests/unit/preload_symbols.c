/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Names of addresses: functions of this program, of a library, of a process that is gone, of
 * a file that was replaced; what is in no file; and how a result shows them.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/symbols.h"

static unsigned int tests, failures;

static void ok(int good, const char *name, const struct buf *got)
{
	printf("%s %u - %s\n", good ? "ok" : "not ok", ++tests, name);
	if (!good)
		printf("# got \"%.*s\"\n", (int)got->size, (const char *)got->data);
	failures += !good;
}

static int is(const struct buf *b, const char *text)
{
	return b->size == strlen(text) && !memcmp(b->data, text, b->size);
}

int symbol_to_find(int x);
__attribute__((noinline)) int symbol_to_find(int x)
{
	return x * 3 + 1;
}

/* The first code of the file that is mapped in the process, "path" its last part. */
static uint64_t code_of(pid_t pid, const char *path)
{
	char name[64], line[500], perms[8];
	unsigned long long start, found = 0;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/maps", pid);
	f = fopen(name, "r");
	while (f && !found && fgets(line, sizeof(line), f))
		if (sscanf(line, "%llx-%*x %7s", &start, perms) == 2 && perms[2] == 'x' && strstr(line, path))
			found = start;
	if (f)
		fclose(f);
	return found;
}

/* A child that runs a program at @path, as far as its libc. */
static pid_t start_copy(const char *path)
{
	char command[300], byte;
	int pipes[2];
	pid_t pid;

	snprintf(command, sizeof(command), "cp /bin/sleep %s", path);
	if (system(command) || pipe2(pipes, O_CLOEXEC))
		exit(1);
	pid = fork();
	if (!pid) {
		execl(path, "copy", "100", NULL);
		_exit(1);
	}
	close(pipes[1]);
	if (read(pipes[0], &byte, 1)) /* the end: exec has closed it */
		exit(1);
	close(pipes[0]);
	while (!code_of(pid, "libc.so"))
		usleep(1000);
	return pid;
}

/*
 * Files that are nearly programs: this one with some bytes of its headers and tables changed,
 * or cut. Any process may map such a file as code. Whatever comes of a name must be text.
 */
static int damaged(const char *path)
{
	uint64_t random = 88172645463325252u; /* xorshift64 (Marsaglia 2003) */
	struct app_symbols *s;
	struct buf b = { 0 };
	uint8_t *bytes, *map;
	struct stat st;
	uint32_t i, k, named = 0;
	size_t size, at;
	int fd = open("/proc/self/exe", O_RDONLY);

	if (fd < 0 || fstat(fd, &st))
		return -1;
	bytes = malloc((size_t)st.st_size);
	for (i = 0; bytes && i < 400; i++) {
		if (pread(fd, bytes, (size_t)st.st_size, 0) != st.st_size || app_symbols_new(&s, NULL))
			return -1;
		size = (size_t)st.st_size;
		for (k = 0; k < i % 8; k++) {
			random ^= random << 13;
			random ^= random >> 7;
			random ^= random << 17;
			at = random >> 33;
			/* the headers are at both ends, with the symbols before the second */
			at = k % 2 ? at % 1024 : size - 1 - at % (size / 2 < 65536 ? size / 2 : 65536);
			bytes[at] = (uint8_t)(random >> 8);
			if (i % 50 == 49)
				size = 4096 + at % (size - 4096);
		}
		unlink(path);
		k = (uint32_t)open(path, O_RDWR | O_CREAT | O_TRUNC, 0700);
		if (write((int)k, bytes, size) != (ssize_t)size)
			return -1;
		map = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_EXEC, MAP_PRIVATE, (int)k, 0);
		close((int)k);
		app_symbols_look(s, getpid());
		for (at = 1; map != MAP_FAILED && at < size; at += 97) {
			b.size = 0;
			app_symbols_name(s, 0, (uintptr_t)map + at, &b);
			named += b.size > 0;
		}
		munmap(map, (size_t)st.st_size);
		app_symbols_free(s);
	}
	free(bytes);
	buf_free(&b);
	close(fd);
	unlink(path);
	return named > 10000 ? 0 : -1;
}

int main(void)
{
	char dir[] = "/tmp/abide-symbols-XXXXXX", path[200], want[200];
	uint64_t fn = (uintptr_t)symbol_to_find, other, after;
	struct app_symbols *s = NULL;
	struct buf b = { 0 };
	void *heap = malloc(100);
	pid_t pid;
	int fd;

	if (app_symbols_new(&s, NULL) || !mkdtemp(dir))
		return 1;
	app_symbols_name(s, getpid(), fn, &b);
	ok(!b.size, "nothing is known of a process that was not looked at", &b);
	app_symbols_look(s, getpid());
	b.size = 0;
	app_symbols_name(s, getpid(), fn + 1, &b);
	ok(is(&b, "symbol_to_find+0x1"), "a function of this program", &b);
	b.size = 0;
	app_symbols_name(s, 0, fn + 2, &b);
	ok(is(&b, "symbol_to_find+0x2"), "process 0 is the first one", &b);
	b.size = 0;
	app_symbols_name(s, getpid(), (uintptr_t)dlsym(RTLD_DEFAULT, "getaddrinfo") + 16, &b);
	ok(is(&b, "getaddrinfo+0x10"), "a function of libc, which is stripped", &b);
	b.size = 0;
	app_symbols_name(s, getpid(), (uintptr_t)heap, &b);
	ok(!b.size, "memory of no file", &b);
	b.size = 0;
	app_symbols_name(s, getpid(), 1, &b);
	ok(!b.size, "an address where nothing is", &b);
	b.size = 0;
	app_symbols_name(s, 1 << 30, fn, &b);
	ok(!b.size, "a process that does not exist", &b);

	snprintf(path, sizeof(path), "%s/copy", dir);
	pid = start_copy(path);
	app_symbols_look(s, pid);
	other = code_of(pid, path);
	after = code_of(pid, "libc.so") + ((uintptr_t)dlsym(RTLD_DEFAULT, "getaddrinfo") - code_of(getpid(), "libc.so"));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	app_symbols_look(s, pid);
	b.size = 0;
	app_symbols_name(s, pid, after + 3, &b);
	ok(is(&b, "getaddrinfo+0x3"), "a process that has ended since", &b);
	b.size = 0;
	app_symbols_name(s, pid, other + 0x20, &b);
	snprintf(want, sizeof(want), "copy+0x");
	ok(b.size > strlen(want) && !memcmp(b.data, want, strlen(want)), "code without a symbol has the file's name", &b);
	pid = start_copy(path);
	app_symbols_look(s, pid);
	other = code_of(pid, path);
	unlink(path); /* replaced by a file that is no program */
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	if (fd < 0 || write(fd, "\177ELF\2\1", 6) != 6)
		return 1;
	close(fd);
	b.size = 0;
	app_symbols_name(s, pid, other + 0x20, &b);
	ok(b.size > strlen(want) && !memcmp(b.data, want, strlen(want)), "a file that was replaced has no symbols for it", &b);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	unlink(path);
	ok(!damaged(path), "400 damaged files give names or none", &b);
	rmdir(dir);
	buf_free(&b);
	app_symbols_free(s);
	app_symbols_free(NULL);
	free(heap);
	printf("1..%u\n", tests);
	return failures > 0;
}
