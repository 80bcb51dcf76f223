/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * mydb: a small server with user events. Lines in, lines out, on a Unix socket:
 *
 *	set KEY VALUE    OK
 *	get KEY          VALUE ..., or NONE
 *	del KEY          OK, or NONE
 *
 *	mydb SOCKET [THREADS]
 *
 * One thread accepts, the others serve a connection each. It ends at SIGTERM. What it tells
 * those who listen is in events.h.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "events.h"

#define THREADS 64
#define LINE    4096

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;
static struct conn *first, **last = &first;
static volatile sig_atomic_t stop;

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static void queue(struct conn *c)
{
	pthread_mutex_lock(&lock);
	*last = c;
	last = &c->next;
	pthread_cond_signal(&more);
	pthread_mutex_unlock(&lock);
}

/* The next connection, NULL: the server ends. */
static struct conn *dequeue(void)
{
	struct conn *c;

	pthread_mutex_lock(&lock);
	while (!first && !stop)
		pthread_cond_wait(&more, &lock);
	c = first;
	if (c) {
		first = c->next;
		if (!first)
			last = &first;
		c->next = NULL;
	}
	pthread_mutex_unlock(&lock);
	return c;
}

static void parse(struct query *q, char *line)
{
	static const char *const names[] = { [OP_GET] = "get ", [OP_SET] = "set ", [OP_DEL] = "del " };
	size_t n;
	char *value;

	for (q->op = OP_GET; q->op <= OP_DEL; q->op++)
		if (!strncmp(line, names[q->op], 4))
			break;
	line += 4;
	n = q->op > OP_DEL ? 0 : strcspn(line, " ");
	if (!n || n >= sizeof(q->key)) {
		q->op = OP_BAD;
		return;
	}
	memcpy(q->key, line, n);
	value = line[n] ? line + n + 1 : line + n;
	if (q->op == OP_SET) {
		q->value = value;
		q->value_size = strlen(value);
	}
}

static bool answer(struct conn *c, char *line)
{
	struct query q = { .conn = c, .begin_ns = now() };
	char reply[LINE + 16] = "ERROR\n";
	size_t n, done;
	ssize_t part;

	parse(&q, line);
	EVENT_USER(mydb, query_start, &q, c);
	if (q.op != OP_BAD)
		store_run(&q, reply, sizeof(reply));
	n = strlen(reply);
	for (done = 0; done < n; done += part) {
		part = write(c->fd, reply + done, n - done);
		if (part < 0 && errno == EINTR)
			part = 0;
		if (part < 0)
			return false;
	}
	q.end_ns = now();
	c->queries++;
	EVENT_USER(mydb, query_done, &q, c);
	return true;
}

/* Until the client closes, or sends a line that is too long. */
static void serve(struct conn *c)
{
	char buf[LINE], *line, *end;
	size_t have = 0;
	ssize_t n;

	EVENT_USER(mydb, conn_open, c);
	while (have < sizeof(buf) - 1) {
		n = read(c->fd, buf + have, sizeof(buf) - 1 - have);
		if (n < 0 && errno == EINTR && !stop)
			continue;
		if (n <= 0)
			break;
		have += n;
		buf[have] = '\0';
		for (line = buf; (end = strchr(line, '\n')); line = end + 1) {
			*end = '\0';
			if (!answer(c, line))
				goto out;
		}
		have -= line - buf;
		memmove(buf, line, have);
	}
out:
	EVENT_USER(mydb, conn_close, c);
	close(c->fd);
	free(c);
}

static void *worker(void *unused)
{
	struct conn *c;

	while ((c = dequeue()))
		serve(c);
	return unused;
}

static void on_term(int sig)
{
	(void)sig;
	stop = 1;
}

static int listen_at(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(sa.sun_path)) {
		fprintf(stderr, "mydb: %s: too long for a socket\n", path);
		exit(1);
	}
	strcpy(sa.sun_path, path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) || listen(fd, 128)) {
		fprintf(stderr, "mydb: %s: %s\n", path, strerror(errno));
		exit(1);
	}
	return fd;
}

static void accept_all(int fd, const sigset_t *awake)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	unsigned int id = 0;
	struct conn *c;
	int got;

	while (!stop) {
		if (ppoll(&p, 1, NULL, awake) < 0)
			continue;
		got = accept(fd, NULL, NULL);
		if (got < 0)
			continue;
		c = calloc(1, sizeof(*c));
		if (!c) {
			close(got);
			continue;
		}
		c->fd = got;
		c->id = ++id;
		snprintf(c->peer, sizeof(c->peer), "client %u", c->id);
		queue(c);
	}
}

int main(int argc, char **argv)
{
	int n = argc > 2 ? atoi(argv[2]) : 4, fd, i;
	struct sigaction sa = { .sa_handler = on_term };
	pthread_t threads[THREADS];
	sigset_t term, before;

	if (argc < 2 || n < 1 || n > THREADS) {
		fprintf(stderr, "usage: mydb SOCKET [THREADS]\n");
		return 2;
	}
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &term, &before);
	sigaction(SIGTERM, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
	fd = listen_at(argv[1]);
	for (i = 0; i < n; i++)
		if (pthread_create(&threads[i], NULL, worker, NULL))
			return 1;
	puts("ready");
	fflush(stdout);
	accept_all(fd, &before);
	pthread_mutex_lock(&lock);
	pthread_cond_broadcast(&more);
	pthread_mutex_unlock(&lock);
	for (i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	close(fd);
	unlink(argv[1]);
	printf("%zu keys\n", store_clear());
	return 0;
}
