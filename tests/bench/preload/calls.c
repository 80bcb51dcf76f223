/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What calls of libc cost, in ns: malloc with free, lock with unlock, a read of 1 byte from
 * /dev/zero. With a second thread that sleeps, so that libc takes its locks for what they are.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void *volatile block;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static void *sleeper(void *unused)
{
	pause();
	return unused;
}

int main(void)
{
	int fd = open("/dev/zero", O_RDONLY), n = 3000000, i;
	pthread_t thread;
	double t;
	char c;

	if (fd < 0 || pthread_create(&thread, NULL, sleeper, NULL))
		return 1;
	t = now();
	for (i = 0; i < n; i++) {
		block = malloc(64);
		free(block);
	}
	printf("malloc %.3f\n", (now() - t) / n);
	t = now();
	for (i = 0; i < n; i++) {
		pthread_mutex_lock(&mutex);
		pthread_mutex_unlock(&mutex);
	}
	printf("lock %.3f\n", (now() - t) / n);
	n = 300000;
	t = now();
	for (i = 0; i < n; i++)
		if (read(fd, &c, 1) != 1)
			return 1;
	printf("read %.3f\n", (now() - t) / n);
	return 0;
}
