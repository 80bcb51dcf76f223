/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Where mydb keeps its keys: a table of 64 chains, each with its lock. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "events.h"

#define BUCKETS 64

static struct bucket {
	pthread_mutex_t lock;
	struct entry *first;
} buckets[BUCKETS] = { [0 ... BUCKETS - 1] = { PTHREAD_MUTEX_INITIALIZER, NULL } };

static unsigned int hash(const char *key)
{
	unsigned int h = 2166136261u;

	for (; *key; key++)
		h = (h ^ (unsigned char)*key) * 16777619u;
	return h % BUCKETS;
}

static struct entry **find(struct bucket *b, const char *key)
{
	struct entry **at = &b->first;

	while (*at && strcmp((*at)->key, key) != 0)
		at = &(*at)->next;
	return at;
}

static bool set(struct entry **at, const struct query *q)
{
	struct entry *e = *at;
	char *value = malloc(q->value_size + 1);

	if (!value)
		return false;
	if (!e) {
		e = calloc(1, sizeof(*e));
		if (!e) {
			free(value);
			return false;
		}
		strcpy(e->key, q->key);
		*at = e;
	}
	free(e->value);
	memcpy(value, q->value, q->value_size);
	value[q->value_size] = '\0';
	e->value = value;
	e->size = q->value_size;
	EVENT_USER(mydb, stored, e, q);
	return true;
}

static void del(struct entry **at)
{
	struct entry *e = *at;

	*at = e->next;
	free(e->value);
	free(e);
}

void store_run(struct query *q, char *reply, size_t size)
{
	struct bucket *b = &buckets[hash(q->key)];
	struct entry **at;
	bool ok = true;

	if (pthread_mutex_trylock(&b->lock)) {
		q->waited = 1;
		pthread_mutex_lock(&b->lock);
	}
	at = find(b, q->key);
	q->found = *at != NULL;
	if (q->op == OP_GET && q->found)
		snprintf(reply, size, "VALUE %s\n", (*at)->value);
	else if (q->op == OP_SET)
		ok = set(at, q);
	else if (q->op == OP_DEL && q->found)
		del(at);
	pthread_mutex_unlock(&b->lock);
	if (q->op != OP_GET || !q->found)
		snprintf(reply, size, "%s\n", !ok ? "ERROR" : q->op == OP_SET || q->found ? "OK" : "NONE");
}

size_t store_clear(void)
{
	size_t i, n = 0;

	for (i = 0; i < BUCKETS; i++)
		for (; buckets[i].first; n++)
			del(&buckets[i].first);
	return n;
}
