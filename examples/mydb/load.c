/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * load SOCKET CONNECTIONS KEYS: what mydb is asked in the example. Each connection sets
 * KEYS keys of its own, gets each of them twice, gets one that is not there, deletes half of
 * them (rounded down), and says one thing that is no command. Its answers are checked.
 */
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char *path;
static int keys;

static void ask(int fd, FILE *in, const char *want, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
static void ask(int fd, FILE *in, const char *want, const char *fmt, ...)
{
	char reply[256] = "";
	va_list ap;

	va_start(ap, fmt);
	vdprintf(fd, fmt, ap);
	va_end(ap);
	if (!fgets(reply, sizeof(reply), in) || strncmp(reply, want, strlen(want)) != 0) {
		fprintf(stderr, "load: the answer is \"%s\", not \"%s\"\n", reply, want);
		exit(1);
	}
}

static void *client(void *arg)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int id = (int)(long)arg, fd = socket(AF_UNIX, SOCK_STREAM, 0), i, twice;
	FILE *in;

	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&sa, sizeof(sa)) || !(in = fdopen(fd, "r"))) {
		perror("load");
		exit(1);
	}
	for (i = 0; i < keys; i++)
		ask(fd, in, "OK", "set key%d-%d value of %d\n", id, i, i);
	for (twice = 0; twice < 2; twice++)
		for (i = 0; i < keys; i++)
			ask(fd, in, "VALUE value of", "get key%d-%d\n", id, i);
	ask(fd, in, "NONE", "get nothing%d\n", id);
	for (i = 0; i < keys / 2; i++)
		ask(fd, in, "OK", "del key%d-%d\n", id, i);
	ask(fd, in, "ERROR", "what?\n");
	fclose(in);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[64];
	int n = argc == 4 ? atoi(argv[2]) : 0, i;

	if (n < 1 || n > 64) {
		fprintf(stderr, "usage: load SOCKET CONNECTIONS KEYS\n");
		return 2;
	}
	path = argv[1];
	keys = atoi(argv[3]);
	for (i = 0; i < n; i++)
		if (pthread_create(&threads[i], NULL, client, (void *)(long)i))
			return 1;
	for (i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
