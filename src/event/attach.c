/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Programs on events. In: a program that was verified and linked. Out: lists of programs,
 * which sites read. A change makes new lists, publishes them with one store a state, and
 * retires the old ones; replacing is one store in each list. What can fail is done
 * before anything is published. Detaching cannot fail: where there is no memory for a new
 * list, the program is taken out of the old one in place.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "event/grace.h"
#include "event/registry.h"
#include "event/thread.h"
#include "process/decode.h"
#include "util/buf.h"

struct slots_column {
	struct process_slots *slots;
	uint32_t users;
};

static struct event_link *links; /* in the order of attaching */
static uint64_t columns_taken;
static struct slots_column slots_columns[EVENT_SLOT_COLUMNS];

struct change {
	struct abide_event_state *state;
	struct event_list *list; /* NULL: nobody listens */
};

struct changes {
	struct change *a;
	size_t nr, room;
};

static void release_list(struct event_retired *r)
{
	free(r);
}

static bool matches(struct event_link *link, struct abide_event_module *m, const struct abide_event_state *s)
{
	const struct layout *l;

	if (!event_state_is(s, link->provider, link->name))
		return false;
	if (!link->layout)
		return true;
	l = event_module_layout(m);
	return l && (l == link->layout || layout_same_event(l, link->layout, link->provider, link->name));
}

/* Where the event is laid out otherwise. Remembered, as whoever wants to know may ask when the module has gone. */
static void note_unlike(struct event_link *link, struct abide_event_module *m)
{
	struct abide_event_state *s = NULL;

	while ((s = event_next_state(m, s)))
		if (event_state_is(s, link->provider, link->name) && !matches(link, m, s) && link->nr_unlike < EVENT_UNLIKE) {
			link->unlike[link->nr_unlike++] = m->records;
			return;
		}
}

static int make_list(struct abide_event_module *m, struct abide_event_state *s, struct event_list **out)
{
	struct event_link *link;
	struct event_list *list;
	uint32_t nr = 0;

	*out = NULL;
	for (link = links; link; link = link->next)
		nr += matches(link, m, s);
	if (!nr)
		return 0;
	list = calloc(1, sizeof(*list) + nr * sizeof(*list->entries));
	if (!list)
		return -ENOMEM;
	for (link = links; link && list->nr < nr; link = link->next)
		if (matches(link, m, s))
			list->entries[list->nr++] = (struct event_entry){ link->program, link, link->column };
	*out = list;
	return 0;
}

static int plan(struct abide_event_module *m, const char *provider, const char *name, struct changes *c)
{
	struct abide_event_state *s = NULL;
	struct change *grown;
	int err = 0;

	while (!err && (s = event_next_state(m, s))) {
		if (provider && !event_state_is(s, provider, name))
			continue;
		grown = array_grow(c->a, c->nr, &c->room, sizeof(*c->a));
		if (!grown)
			return -ENOMEM;
		c->a = grown;
		c->a[c->nr].state = s;
		err = make_list(m, s, &c->a[c->nr].list);
		c->nr += !err;
	}
	return err;
}

/* Publish, or (@undo) forget it all. */
static void carry_out(struct changes *c, bool undo)
{
	struct event_list *old;
	size_t i;

	for (i = 0; i < c->nr; i++) {
		old = undo ? c->a[i].list
			   : (struct event_list *)(uintptr_t)__atomic_exchange_n(&c->a[i].state->armed, c->a[i].list,
										 __ATOMIC_ACQ_REL);
		if (old && undo)
			free(old);
		else if (old)
			event_retire(&old->retired, release_list);
	}
	free(c->a);
}

/* New lists for an event, wherever it is. */
static int relist(const char *provider, const char *name)
{
	struct abide_event_module *m;
	struct changes c = { 0 };
	int err = 0;

	for (m = event_modules(); m && !err; m = m->next)
		err = plan(m, provider, name, &c);
	carry_out(&c, err);
	return err;
}

/* Let the lists have @p (NULL: nothing) where they have @link. */
static void store_program(const struct event_link *link, struct event_program *p)
{
	struct abide_event_module *m;
	struct abide_event_state *s;
	struct event_list *list;
	uint32_t i;

	for (m = event_modules(); m; m = m->next)
		for (s = NULL; (s = event_next_state(m, s));) {
			list = (struct event_list *)(uintptr_t)s->armed;
			for (i = 0; list && i < list->nr; i++)
				if (list->entries[i].link == link)
					__atomic_store_n(&list->entries[i].program, p, __ATOMIC_RELEASE);
		}
}

static uint32_t take_slots_column(struct process_slots *slots)
{
	uint32_t i, free_one = EVENT_SLOT_COLUMNS;

	for (i = 0; slots && i < EVENT_SLOT_COLUMNS; i++) {
		if (slots_columns[i].users && slots_columns[i].slots == slots) {
			slots_columns[i].users++;
			return i;
		}
		if (!slots_columns[i].users && free_one == EVENT_SLOT_COLUMNS)
			free_one = i;
	}
	if (slots && free_one < EVENT_SLOT_COLUMNS)
		slots_columns[free_one] = (struct slots_column){ slots, 1 };
	return free_one;
}

/* No program of these slots runs any more: threads forget theirs. */
static void give_slots_column(uint32_t column)
{
	struct event_thread *t;

	if (column == EVENT_SLOT_COLUMNS || --slots_columns[column].users)
		return;
	for (t = event_threads(); t; t = t->next)
		t->slots[column].slots = NULL;
}

static void prepare(struct event_program *p)
{
	p->entry = process_entry(p->program);
	p->slots_column = take_slots_column(p->slots);
	if (!p->budget)
		p->budget = EVENT_BUDGET;
}

static void release_program(struct event_retired *r)
{
	struct event_program *p = (struct event_program *)(void *)((char *)r - offsetof(struct event_program, retired));

	if (p->slots)
		give_slots_column(p->slots_column);
	if (p->release)
		p->release(p);
}

static void release_link(struct event_retired *r)
{
	struct event_link *link = (struct event_link *)(void *)((char *)r - offsetof(struct event_link, retired));
	struct event_thread *t;

	if (link->column < EVENT_COLUMNS) {
		for (t = event_threads(); t; t = t->next)
			t->fired[link->column] = 0;
		columns_taken &= ~(UINT64_C(1) << link->column);
	}
	if (link->layout)
		event_layout_drop(link->layout);
	free(link->provider);
	free(link->name);
	free(link);
}

static uint32_t take_column(void)
{
	uint32_t i;

	for (i = 0; i < EVENT_COLUMNS; i++)
		if (!(columns_taken >> i & 1)) {
			columns_taken |= UINT64_C(1) << i;
			return i;
		}
	return EVENT_COLUMNS;
}

int event_attach(const char *provider, const char *name, const struct layout *l, struct event_program *p,
		 struct event_link **out, struct abide_error *e)
{
	struct event_link *link = calloc(1, sizeof(*link)), **at;
	struct abide_event_module *m;
	int err = 0;

	*out = NULL;
	event_begin();
	event_lock();
	if (link) {
		link->provider = strdup(provider);
		link->name = strdup(name);
	}
	if (!link || !link->provider || !link->name) {
		err = error_nomem(e);
		goto out;
	}
	if (l && !event_layout_hold(l)) {
		err = error_set(e, -EINVAL, "", "the layout is not one of this process");
		goto out;
	}
	link->layout = l;
	link->program = p;
	link->column = take_column();
	prepare(p);
	for (at = &links; *at; at = &(*at)->next)
		;
	*at = link;
	err = relist(provider, name);
	if (err) {
		*at = NULL;
		if (p->slots)
			give_slots_column(p->slots_column);
		release_link(&link->retired);
		link = NULL;
		err = error_nomem(e);
		goto out;
	}
	event_grace(); /* the lists that were there before */
	for (m = event_modules(); m; m = m->next)
		note_unlike(link, m);
	*out = link;
out:
	event_unlock();
	if (err && link) {
		free(link->provider);
		free(link->name);
		free(link);
	}
	return err;
}

void event_replace(struct event_link *link, struct event_program *p)
{
	struct event_program *old = link->program;

	event_lock();
	prepare(p);
	link->program = p;
	store_program(link, p);
	if (event_grace())
		release_program(&old->retired);
	else
		event_retire(&old->retired, release_program);
	event_unlock();
}

static void release_unlisted(struct event_retired *r)
{
	struct event_program *p = (struct event_program *)(void *)((char *)r - offsetof(struct event_program, retired));

	if (p->release)
		p->release(p);
}

void event_release(struct event_program *p)
{
	event_lock();
	event_retire(&p->retired, release_unlisted);
	event_grace();
	event_unlock();
}

static void count(struct event_link *link, struct event_counts *counts)
{
	struct event_thread *t;

	counts->runs = __atomic_load_n(&link->runs, __ATOMIC_RELAXED);
	counts->missed = __atomic_load_n(&link->missed, __ATOMIC_RELAXED);
	counts->budget = __atomic_load_n(&link->budget, __ATOMIC_RELAXED);
	for (t = event_threads(); t && link->column < EVENT_COLUMNS; t = t->next)
		counts->runs += __atomic_load_n(&t->fired[link->column], __ATOMIC_RELAXED);
}

void event_link_counts(struct event_link *link, struct event_counts *counts)
{
	event_lock();
	count(link, counts);
	event_unlock();
}

void event_detach(struct event_link *link, struct event_counts *counts)
{
	struct event_program *p = link->program;
	struct event_link **at;

	event_lock();
	for (at = &links; *at != link; at = &(*at)->next)
		;
	*at = link->next;
	if (relist(link->provider, link->name))
		store_program(link, NULL);
	if (event_grace()) {
		if (counts)
			count(link, counts);
		release_program(&p->retired);
		release_link(&link->retired);
	} else {
		if (counts)
			count(link, counts);
		event_retire(&p->retired, release_program);
		event_retire(&link->retired, release_link);
	}
	event_unlock();
}

void event_link_modules(struct event_link *link, uint32_t *attached, uint32_t *unlike)
{
	struct abide_event_module *m;
	struct abide_event_state *s;

	*attached = *unlike = 0;
	event_lock();
	for (m = event_modules(); m; m = m->next) {
		for (s = NULL; (s = event_next_state(m, s));)
			if (event_state_is(s, link->provider, link->name))
				break;
		if (s && matches(link, m, s))
			++*attached;
		else if (s)
			++*unlike;
	}
	event_unlock();
}

uint32_t event_link_unlike(struct event_link *link, const void **records, uint32_t room)
{
	uint32_t nr;

	event_lock();
	nr = link->nr_unlike < room ? link->nr_unlike : room;
	memcpy(records, link->unlike, nr * sizeof(*records));
	event_unlock();
	return nr;
}

/* Whether the event of @s is one that an earlier state has, too. */
static bool seen_before(struct abide_event_module *last, const struct abide_event_state *s)
{
	struct abide_event_module *m;
	struct abide_event_state *k;

	for (m = event_modules(); m; m = m->next)
		for (k = NULL; (k = event_next_state(m, k));) {
			if (k == s)
				return false;
			if (event_state_is(k, event_state_provider(s), event_state_name(s)))
				return true;
			if (m == last && k > s)
				break;
		}
	return false;
}

void event_for_each(void (*fn)(void *ctx, const char *provider, const char *name, uint32_t programs), void *ctx)
{
	struct abide_event_module *m;
	struct abide_event_state *s;
	struct event_link *link;
	uint32_t nr;

	event_lock();
	for (m = event_modules(); m; m = m->next)
		for (s = NULL; (s = event_next_state(m, s));) {
			if (seen_before(m, s))
				continue;
			nr = 0;
			for (link = links; link; link = link->next)
				nr += event_state_is(s, link->provider, link->name);
			fn(ctx, event_state_provider(s), event_state_name(s), nr);
		}
	event_unlock();
}

/* What does not fit into memory stays unarmed. */
void event_module_arm(struct abide_event_module *m)
{
	struct changes c = { 0 };
	struct event_link *link;

	for (link = links; link; link = link->next)
		note_unlike(link, m);
	if (links)
		carry_out(&c, plan(m, NULL, NULL, &c));
}

void event_module_disarm(struct abide_event_module *m)
{
	struct abide_event_state *s = NULL;
	struct event_list *old;
	bool any = false;

	while ((s = event_next_state(m, s))) {
		old = (struct event_list *)(uintptr_t)__atomic_exchange_n(&s->armed, NULL, __ATOMIC_ACQ_REL);
		if (!old)
			continue;
		event_retire(&old->retired, release_list);
		any = true;
	}
	if (any)
		event_grace();
}
