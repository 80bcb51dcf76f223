/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The functions of libabide-libc.so, linked into this program, in front of its libc. In the
 * place of libabide-event there is one that writes down what is fired, in shared memory, so
 * that a child's events are seen too. dlsym is ours as well: it allocates, as libc's may.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ABIDE_USER_NO_RECORDS
#include "preload/events.h"
#include "preload/fortified.h"

/* ---- what is fired ---- */

struct fired {
	char event[32];
	uint64_t args[5];
	unsigned int nr;
	struct libc_call call; /* of events with one pointer */
	char function[24], name[300];
};

static struct log {
	unsigned int nr;
	struct fired list[1024];
} *fired;

/* This thread's own calls are not the test's. Volatile: malloc is declared as one that calls nothing here. */
static __thread volatile bool quiet;
static void *volatile bad = (void *)8;
static volatile size_t huge = SIZE_MAX / 2;

extern struct abide_event_state __start_abide_state[], __stop_abide_state[];

static const char *name_of(const struct abide_event_state *s)
{
	const char *provider = (const char *)s->record + sizeof(struct abide_user_head);

	return provider + strlen(provider) + 1;
}

void abide_event_fire(struct abide_event_state *s, const uint64_t *args, unsigned int nr)
{
	struct fired *f;
	unsigned int at;

	if (quiet)
		return;
	at = __atomic_fetch_add(&fired->nr, 1, __ATOMIC_RELAXED);
	if (at >= sizeof(fired->list) / sizeof(*fired->list))
		return;
	f = &fired->list[at];
	strcpy(f->event, name_of(s));
	memcpy(f->args, args, nr * sizeof(*args));
	f->nr = nr;
	if (strstr(f->event, "_enter") || strstr(f->event, "_exit")) {
		if (nr != 1)
			return;
		memcpy(&f->call, (void *)(uintptr_t)args[0], sizeof(f->call));
		snprintf(f->function, sizeof(f->function), "%.23s", f->call.function);
		snprintf(f->name, sizeof(f->name), "%.299s", f->call.name ?: "(null)");
	}
}

/* libabide-event's own, by the names that they have inside of libabide-libc.so (quiet.c). */
int event_start(void);
void event_stop(void);
void event_register(struct abide_event_module *m);
void event_unregister(struct abide_event_module *m);

int event_start(void)
{
	free(malloc(123)); /* what it does itself is no event */
	return 0;
}

void event_stop(void)
{
}

void event_register(struct abide_event_module *m)
{
	m->registered = 1;
}

void event_unregister(struct abide_event_module *m)
{
	m->registered = 0;
}

static void arm(const char *prefix)
{
	struct abide_event_state *s;

	for (s = __start_abide_state; s < __stop_abide_state; s++)
		__atomic_store_n(&s->armed, prefix && !strncmp(name_of(s), prefix, strlen(prefix)) ? s : NULL,
		                 __ATOMIC_RELAXED);
	fired->nr = 0;
}

/* ---- dlsym, as one that allocates ---- */

static unsigned int looked_up;

void *dlsym(void *handle, const char *name)
{
	static void *(*next)(void *, const char *);
	char *p = malloc(100), *q = calloc(10, 10), *r;

	memset(p, 'x', 100);
	r = realloc(p, 200);
	if (q && r && !q[99] && r[99] == 'x')
		looked_up++;
	free(q);
	free(r);
	if (!next)
		next = (void *(*)(void *, const char *))dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.34");
	return next(handle, name);
}

/* ---- TAP ---- */

static unsigned int tests, failures;

#define OK(cond, ...)                                                                              \
	do {                                                                                       \
		bool good_ = (cond);                                                               \
                                                                                                   \
		quiet = true;                                                                      \
		printf("%s %u - ", good_ ? "ok" : "not ok", ++tests);                              \
		printf(__VA_ARGS__);                                                               \
		printf("\n");                                                                      \
		if (!good_)                                                                        \
			report(#cond, __LINE__);                                                   \
		quiet = false;                                                                     \
	} while (0)

static void report(const char *cond, int line)
{
	unsigned int i;

	failures++;
	printf("# line %d: %s\n", line, cond);
	for (i = 0; i < fired->nr && i < 20; i++)
		printf("# %s %s \"%s\" fd %d size %llu offset %lld result %lld error %d\n",
		       fired->list[i].event, fired->list[i].function, fired->list[i].name,
		       fired->list[i].call.fd, (unsigned long long)fired->list[i].call.size,
		       (long long)fired->list[i].call.offset, (long long)fired->list[i].call.result,
		       fired->list[i].call.error);
}

static const struct fired *at(unsigned int i)
{
	static const struct fired none = { .event = "none" };

	return i < fired->nr ? &fired->list[i] : &none;
}

static bool is(unsigned int i, const char *event)
{
	return !strcmp(at(i)->event, event);
}

/* Event @i is the one after a call of @function, and @i - 1 the one before it. */
static bool pair(unsigned int i, const char *family, const char *function)
{
	char enter[32], leave[32];
	const struct fired *a = at(i - 1), *b = at(i);

	snprintf(enter, sizeof(enter), "%s_enter", family);
	snprintf(leave, sizeof(leave), "%s_exit", family);
	return is(i - 1, enter) && is(i, leave) && !strcmp(a->function, function) &&
	       !strcmp(b->function, function) && a->args[0] == b->args[0] && !a->call.ns &&
	       b->call.ns && a->call.start_ns == b->call.start_ns && a->call.start_ns &&
	       a->call.caller == b->call.caller && a->call.caller;
}

static char dir[64];

static const char *file(const char *name)
{
	static char path[4][4096];
	static unsigned int turn;
	char *p = path[turn++ % 4];

	snprintf(p, 4096, "%s/%s", dir, name);
	return p;
}

/* ---- files ---- */

static void test_files(void)
{
	char buf[64] = "0123456789", a[3], b[4];
	struct iovec iov[2] = { { a, sizeof(a) }, { b, sizeof(b) } };
	const char *path = file("one");
	ssize_t n;
	int fd;

	arm("");
	fd = open(path, O_RDWR | O_CREAT, 0640);
	OK(fd >= 0 && fired->nr == 2 && pair(1, "open", "open") && !strcmp(at(0)->name, path) &&
	           at(0)->call.fd == AT_FDCWD && at(1)->call.fd == fd && at(1)->call.result == fd &&
	           at(1)->call.flags == (O_RDWR | O_CREAT) && at(1)->call.mode == 0640,
	   "open, with its path, flags and mode");
	arm("");
	n = write(fd, buf, 10);
	OK(n == 10 && fired->nr == 2 && pair(1, "write", "write") && at(1)->call.fd == fd &&
	           at(1)->call.size == 10 && at(1)->call.result == 10 && at(1)->call.offset == -1 &&
	           !strcmp(at(1)->name, path),
	   "write, with the name of the file that was opened");
	arm("");
	n = pwrite(fd, buf, 5, 100);
	OK(n == 5 && pair(1, "write", "pwrite") && at(1)->call.offset == 100, "pwrite, with its place");
	arm("");
	n = pread64(fd, buf, sizeof(buf), 90);
	OK(n == 15 && pair(1, "read", "pread64") && at(1)->call.size == sizeof(buf) &&
	           at(1)->call.result == 15 && at(1)->call.offset == 90,
	   "pread64: less than was asked for");
	arm("");
	n = __pread64_chk(fd, buf, 7, 0, sizeof(buf));
	OK(n == 7 && pair(1, "read", "pread64") && at(1)->call.size == 7, "what pread becomes when fortified");
	arm("");
	n = preadv(fd, iov, 2, 0);
	OK(n == 7 && pair(1, "read", "preadv") && at(1)->call.size == 7 && !at(0)->call.size &&
	           !memcmp(a, "012", 3) && !memcmp(b, "3456", 4),
	   "preadv: its size is known afterwards");
	arm("");
	errno = 0;
	iov[0].iov_base = (void *)8;
	n = readv(fd, bad, 2);
	OK(n == -1 && errno == EFAULT && pair(1, "read", "readv") && at(1)->call.result == -1 &&
	           at(1)->call.error == EFAULT && !at(1)->call.size,
	   "a vector that is not there is the kernel's to refuse");
	arm("");
	OK(!fdatasync(fd) && pair(1, "sync", "fdatasync"), "fdatasync");
	arm("");
	errno = 7;
	OK(!close(fd) && errno == 7 && pair(1, "close", "close") && !strcmp(at(1)->name, path) &&
	           at(1)->call.fd == fd,
	   "close, with the name; errno as it was");
	arm("");
	errno = 0;
	fd = open(file("no/such"), O_RDONLY);
	OK(fd == -1 && errno == ENOENT && pair(1, "open", "open") && at(1)->call.error == ENOENT &&
	           at(1)->call.result == -1 && at(1)->call.fd == -1,
	   "an open that fails, and why");
	arm("open_exit");
	OK(close(open(path, O_RDONLY)) == 0 && fired->nr == 1 && is(0, "open_exit") && at(0)->call.ns,
	   "only the event that somebody listens to");
	arm(NULL);
	fd = open(path, O_RDONLY);
	n = read(fd, buf, 1);
	free(malloc(10));
	OK(!close(fd) && !fired->nr, "none while nobody listens");
}

static void test_names(void)
{
	int fd, other, pipes[2];
	char path[300];
	FILE *f;

	arm(NULL);
	fd = open(file("before"), O_RDWR | O_CREAT, 0600);
	arm("write");
	OK(write(fd, "x", 1) == 1 && !strcmp(at(1)->name, file("before")),
	   "a file that was opened while nobody listened");
	arm(NULL);
	close(fd);
	other = open(file("after"), O_RDWR | O_CREAT, 0600);
	arm("write");
	OK(other == fd && write(fd, "x", 1) == 1 && !strcmp(at(1)->name, file("after")),
	   "another file under the same number");
	arm(NULL);
	other = open(file("third"), O_RDWR | O_CREAT, 0600);
	dup2(other, fd);
	arm("write");
	OK(write(fd, "x", 1) == 1 && !strcmp(at(1)->name, file("third")), "dup2 makes it another");
	arm(NULL);
	close_range(fd, other, 0);
	if (pipe(pipes))
		return;
	arm("write");
	OK(pipes[0] == fd && write(pipes[1], "x", 1) == 1 && !strcmp(at(1)->name, "pipe"), "a pipe");
	arm(NULL);
	close(pipes[0]);
	close(pipes[1]);
	memset(path, 'n', sizeof(path));
	strcpy(path + 240, "-end");
	fd = open(file(path), O_RDWR | O_CREAT, 0600);
	arm("write");
	OK(fd >= 0 && write(fd, "x", 1) == 1 && !strncmp(at(1)->name, "...", 3) &&
	           strlen(at(1)->name) == 251 && !strcmp(at(1)->name + 247, "-end"),
	   "a long path keeps its end");
	arm("write");
	OK(write(-1, "x", 1) == -1 && errno == EBADF && !strcmp(at(1)->name, ""), "no descriptor has no name");
	close(fd);
	arm("open");
	f = fopen(file("stream"), "w+e");
	OK(f && pair(1, "open", "fopen") && at(1)->call.fd == fileno(f) &&
	           at(1)->call.flags == (O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC),
	   "fopen is an open");
	arm("close");
	OK(f && !fclose(f) && pair(1, "close", "fclose") && !strcmp(at(1)->name, file("stream")),
	   "fclose is a close");
}

static void test_sockets(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), client, server;
	char buf[8] = "";
	struct iovec iov = { buf, 8 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST }, *found = NULL;

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", file("socket"));
	client = socket(AF_UNIX, SOCK_STREAM, 0);
	arm("");
	OK(connect(client, (void *)&sa, sizeof(sa)) == -1 && errno == ENOENT &&
	           pair(1, "connect", "connect") && at(1)->call.error == ENOENT &&
	           !strcmp(at(1)->name, sa.sun_path),
	   "connect to nobody, with the address");
	arm("");
	OK(connect(client, bad, sizeof(sa)) == -1 && errno == EFAULT && !strcmp(at(1)->name, ""),
	   "an address that is not there is the kernel's to refuse");
	if (bind(listener, (void *)&sa, sizeof(sa)) || listen(listener, 5))
		return;
	arm("");
	OK(!connect(client, (void *)&sa, sizeof(sa)) && pair(1, "connect", "connect") && !at(1)->call.error,
	   "connect");
	arm("");
	server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	OK(server >= 0 && pair(1, "accept", "accept4") && at(1)->call.result == server &&
	           !strcmp(at(1)->name, sa.sun_path),
	   "accept, with the socket's address");
	arm("");
	OK(send(client, "hello", 5, 0) == 5 && pair(1, "write", "send") && !strcmp(at(1)->name, sa.sun_path),
	   "send, with the address of the other side");
	arm("");
	OK(recvmsg(server, &msg, 0) == 5 && pair(1, "read", "recvmsg") && at(1)->call.size == 8 &&
	           !strcmp(at(1)->name, sa.sun_path),
	   "recvmsg at the server, with the address that it is reached at");
	arm("getaddrinfo");
	OK(!getaddrinfo("127.0.0.1", NULL, &hints, &found) && pair(1, "getaddrinfo", "getaddrinfo") &&
	           !strcmp(at(1)->name, "127.0.0.1") && !at(1)->call.result,
	   "getaddrinfo");
	freeaddrinfo(found);
	arm("getaddrinfo");
	OK(getaddrinfo("no number", NULL, &hints, &found) == EAI_NONAME && at(1)->call.result == EAI_NONAME &&
	           !at(1)->call.error,
	   "a host that is none");
	close(client);
	close(server);
	close(listener);
}

/* ---- memory ---- */

static void test_memory(void)
{
	void *volatile p, *volatile q = NULL;

	arm("");
	p = malloc(1000);
	OK(fired->nr == 1 && is(0, "malloc") && at(0)->args[0] == (uintptr_t)p && at(0)->args[1] == 1000 &&
	           !at(0)->args[2] && at(0)->args[3],
	   "malloc");
	arm("");
	q = realloc(p, 200000);
	OK(fired->nr == 2 && is(0, "realloc_enter") && is(1, "realloc_exit") && at(0)->args[0] == (uintptr_t)p &&
	           at(0)->args[1] == 200000 && at(1)->args[0] == (uintptr_t)p &&
	           at(1)->args[1] == (uintptr_t)q && at(1)->args[2] == 200000,
	   "realloc");
	arm("");
	p = reallocarray(q, 1000, 1000);
	OK(p && fired->nr == 2 && at(1)->args[1] == (uintptr_t)p && at(1)->args[2] == 1000000, "reallocarray, once");
	arm("");
	q = reallocarray(p, huge, 3);
	OK(!q && errno == ENOMEM && !fired->nr, "one that overflows is none");
	arm("");
	free(p);
	free(NULL);
	OK(fired->nr == 1 && is(0, "free") && at(0)->args[0] == (uintptr_t)p, "free, not of NULL");
	arm("");
	OK(!abide_event_start() && !fired->nr, "what the library does itself is no event");
	arm("");
	p = calloc(10, 30);
	OK(p && is(0, "malloc") && at(0)->args[1] == 300 && !((char *)p)[299], "calloc");
	free(p);
	arm("");
	q = NULL;
	OK(!posix_memalign((void **)&q, 256, 100) && is(0, "malloc") && at(0)->args[0] == (uintptr_t)q &&
	           at(0)->args[1] == 100 && at(0)->args[2] == 256 && !((uintptr_t)q % 256),
	   "posix_memalign");
	free(q);
	arm("");
	p = aligned_alloc(4096, 8192);
	OK(p && at(0)->args[0] == (uintptr_t)p && at(0)->args[2] == 4096, "aligned_alloc");
	free(p);
	arm("");
	p = malloc(huge);
	OK(!p && errno == ENOMEM && is(0, "malloc") && !at(0)->args[0], "an allocation that fails is told so");
	OK(looked_up > 50, "dlsym could allocate while it looked for malloc (%u functions)", looked_up);
}

/* ---- locks ---- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int state;

/* Take the mutex, say so, keep it until the other thread is seen to wait for it. */
static void *keeper(void *unused)
{
	unsigned int i, waits;

	quiet = true;
	pthread_mutex_lock(&mutex);
	__atomic_store_n(&state, 1, __ATOMIC_RELEASE);
	do {
		for (i = waits = 0; i < __atomic_load_n(&fired->nr, __ATOMIC_ACQUIRE); i++)
			waits += !strcmp(fired->list[i].event, "mutex_wait");
		usleep(1000);
	} while (!waits);
	pthread_mutex_unlock(&mutex);
	return unused;
}

static void *signaller(void *unused)
{
	quiet = true;
	pthread_mutex_lock(&mutex); /* only free while the other one waits for the condition */
	state = 2;
	pthread_cond_signal(&cond);
	pthread_mutex_unlock(&mutex);
	return unused;
}

static void test_locks(void)
{
	struct timespec past = { 1, 0 };
	pthread_mutexattr_t attr;
	pthread_mutex_t checked;
	pthread_t thread;
	int err;

	arm("");
	OK(!pthread_mutex_lock(&mutex) && fired->nr == 1 && is(0, "mutex_lock") &&
	           at(0)->args[0] == (uintptr_t)&mutex && !at(0)->args[1] && !at(0)->args[2],
	   "a free mutex is taken without a wait");
	arm("");
	OK(pthread_mutex_trylock(&mutex) == EBUSY && is(0, "mutex_lock") && at(0)->args[2] == EBUSY,
	   "one that is not free is tried in vain");
	arm("");
	OK(pthread_mutex_timedlock(&mutex, &past) == ETIMEDOUT && is(0, "mutex_wait") && is(1, "mutex_lock") &&
	           at(1)->args[2] == ETIMEDOUT,
	   "and in time, too");
	arm("");
	OK(!pthread_mutex_unlock(&mutex) && fired->nr == 1 && is(0, "mutex_unlock"), "it is released");
	arm("");
	quiet = true;
	state = 0;
	pthread_create(&thread, NULL, keeper, NULL);
	while (!__atomic_load_n(&state, __ATOMIC_ACQUIRE))
		usleep(1000);
	quiet = false;
	err = pthread_mutex_lock(&mutex);
	quiet = true;
	pthread_join(thread, NULL);
	OK(!err && fired->nr == 2 && is(0, "mutex_wait") && is(1, "mutex_lock") && at(1)->args[1] >= 1000 &&
	           !at(1)->args[2],
	   "a wait is told before and after, with how long it took");
	quiet = true;
	pthread_create(&thread, NULL, signaller, NULL);
	arm("");
	quiet = false;
	while (state != 2)
		err = pthread_cond_wait(&cond, &mutex);
	quiet = true;
	pthread_join(thread, NULL);
	OK(!err && fired->nr == 2 && is(0, "cond_wait_enter") && is(1, "cond_wait_exit") &&
	           at(1)->args[0] == (uintptr_t)&cond && at(1)->args[1] == (uintptr_t)&mutex && at(1)->args[2],
	   "pthread_cond_wait");
	pthread_mutex_unlock(&mutex);
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&checked, &attr);
	pthread_mutex_lock(&checked);
	arm("");
	OK(pthread_mutex_lock(&checked) == EDEADLK && at(1)->args[2] == EDEADLK,
	   "what checks for errors still finds them");
}

/* ---- ends and beginnings ---- */

/* What a child that ran @fn ended with. */
static int child(void (*fn)(void))
{
	int status = 0;
	pid_t pid;

	arm("ex");
	fflush(stdout);
	pid = fork();
	if (!pid) {
		fn();
		raise(SIGKILL); /* none of them returns */
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void ends(void)
{
	exit(3);
}

static void ends_at_once(void)
{
	_exit(4);
}

static void shell(void)
{
	char x[] = "X=5", *env[] = { x, NULL };

	execle("/bin/sh", "sh", "-c", "exit $X", NULL, env);
}

static void shell_path(void)
{
	execlp("sh", "sh", "-c", "exit $1", "sh", "6", NULL);
}

static void nothing(void)
{
	execl("/no/such", "such", NULL);
	_exit(errno == ENOENT ? 7 : 0);
}

static void test_ends(void)
{
	char sh[] = "sh", c[] = "-c", text[] = "exit 8", *argv[] = { sh, c, text, NULL };
	int status = 0;
	pid_t pid = 0;

	OK(child(ends) == 3 && fired->nr == 1 && is(0, "exit") && at(0)->args[0] == 3 && at(0)->args[1], "exit");
	OK(child(ends_at_once) == 4 && fired->nr == 1 && is(0, "exit") && at(0)->args[0] == 4, "_exit");
	OK(child(shell) == 5 && fired->nr == 1 && is(0, "exec_enter") && !strcmp(at(0)->name, "/bin/sh") &&
	           !strcmp(at(0)->function, "execle"),
	   "execle, with its environment");
	OK(child(shell_path) == 6 && !strcmp(at(0)->name, "sh"), "execlp, with its arguments");
	OK(child(nothing) == 7 && fired->nr == 3 && pair(1, "exec", "execl") && at(1)->call.error == ENOENT &&
	           is(2, "exit"),
	   "an exec that fails");
	arm("ex");
	OK(!posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, NULL) && waitpid(pid, &status, 0) == pid &&
	           WEXITSTATUS(status) == 8 && pair(1, "exec", "posix_spawn") && !at(1)->call.error,
	   "posix_spawn");
	arm("ex");
	OK(posix_spawn(&pid, "/no/such", NULL, NULL, argv, NULL) == ENOENT && at(1)->call.error == ENOENT,
	   "posix_spawn of nothing");
}

int main(void)
{
	char command[100];

	fired = mmap(NULL, sizeof(*fired), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	strcpy(dir, "/tmp/abide-preload-XXXXXX");
	if (fired == MAP_FAILED || !mkdtemp(dir))
		return 1;
	test_files();
	test_names();
	test_sockets();
	test_memory();
	test_locks();
	test_ends();
	arm(NULL);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (system(command))
		return 1;
	printf("1..%u\n", tests);
	return failures > 0;
}
