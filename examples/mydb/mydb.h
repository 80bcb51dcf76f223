/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef MYDB_H
#define MYDB_H

/* The server's own structs: they change whenever it likes. What is promised is in events.h. */
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum op { OP_NONE, OP_GET, OP_SET, OP_DEL, OP_BAD };

struct conn {
	struct conn *next; /* in the queue */
	int fd;
	unsigned int id;
	unsigned long queries;
	char peer[32];
};

struct query {
	enum op op;
	struct conn *conn;
	uint64_t begin_ns, end_ns;
	char key[48];
	const char *value; /* of a set */
	size_t value_size;
	unsigned int found : 1;
	unsigned int waited : 1; /* for the bucket's lock */
};

struct entry {
	struct entry *next;
	char *value;
	size_t size;
	char key[48];
};

/* store.c: keys in buckets, a lock for each. */
void store_run(struct query *q, char *reply, size_t size);
size_t store_clear(void);

#endif
