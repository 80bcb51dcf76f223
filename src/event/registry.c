/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The executables and libraries of the process that have user events. Each registers in a
 * constructor, which links it into a list and no more, and leaves in a destructor (dlclose): then its
 * sites are disarmed, and threads have left the programs that they ran from there.
 *
 * Records are parsed when somebody asks for them. A layout may be in use longer than its
 * module is loaded, so they are counted.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "event/grace.h"
#include "event/registry.h"

struct held {
	struct held *next;
	struct layout *layout; /* NULL: the records are broken */
	uint32_t users;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct abide_event_module *modules;
static struct held *layouts;
static uint32_t seen; /* how many have registered so far */

void event_lock(void)
{
	pthread_mutex_lock(&mutex);
}

void event_unlock(void)
{
	pthread_mutex_unlock(&mutex);
}

struct abide_event_module *event_modules(void)
{
	return modules;
}

uint32_t event_modules_seen(void)
{
	return __atomic_load_n(&seen, __ATOMIC_ACQUIRE);
}

static void drop(struct held *h)
{
	struct held **at;

	if (--h->users)
		return;
	for (at = &layouts; *at != h; at = &(*at)->next)
		;
	*at = h->next;
	layout_free(h->layout);
	free(h);
}

static struct held *find(const struct layout *l)
{
	struct held *h;

	for (h = layouts; h && h->layout != l; h = h->next)
		;
	return l ? h : NULL;
}

bool event_layout_hold(const struct layout *l)
{
	struct held *h = find(l);

	if (h)
		h->users++;
	return h;
}

void event_layout_drop(const struct layout *l)
{
	struct held *h = find(l);

	if (h)
		drop(h);
}

void event_layout_put(const struct layout *l)
{
	event_lock();
	event_layout_drop(l);
	event_unlock();
}

const struct layout *event_module_layout(struct abide_event_module *m)
{
	struct held *h = m->info;
	int err;

	if (h)
		return h->layout;
	h = calloc(1, sizeof(*h));
	if (!h)
		return NULL;
	err = layout_parse(m->records, (size_t)((const char *)m->records_end - (const char *)m->records),
			   "this process", &h->layout, NULL);
	if (err == -ENOMEM) {
		free(h);
		return NULL;
	}
	h->users = 1;
	h->next = layouts;
	layouts = h;
	m->info = h;
	return h->layout;
}

struct abide_event_state *event_next_state(struct abide_event_module *m, struct abide_event_state *s)
{
	for (s = s ? s + 1 : m->states; s + 1 <= m->states_end; s++)
		if (s->magic == ABIDE_USER_STATE && s->size == sizeof(*s))
			return s;
	return NULL;
}

const char *event_state_provider(const struct abide_event_state *s)
{
	return (const char *)s->record + sizeof(struct abide_user_head);
}

const char *event_state_name(const struct abide_event_state *s)
{
	const char *provider = event_state_provider(s);

	return provider + strlen(provider) + 1;
}

bool event_state_is(const struct abide_event_state *s, const char *provider, const char *name)
{
	return !strcmp(event_state_name(s), name) && !strcmp(event_state_provider(s), provider);
}

int event_layout(const char *provider, const char *name, const struct layout **out, struct abide_error *e)
{
	struct abide_event_module *m;
	const struct layout *l;
	int err = 0;

	*out = NULL;
	event_lock();
	for (m = modules; m && !*out; m = m->next) {
		l = event_module_layout(m);
		if (l && layout_event(l, provider, name) && event_layout_hold(l))
			*out = l;
	}
	event_unlock();
	if (!*out)
		err = error_set(e, -ENOENT, "event-unknown", "this process has no event %s:%s", provider, name);
	return err;
}

void abide_event_register(struct abide_event_module *m)
{
	if (m->version != ABIDE_USER_VERSION || m->size != sizeof(*m))
		return; /* compiled with the header of another library */
	event_lock();
	if (!m->registered) {
		m->registered = 1;
		m->next = modules;
		modules = m;
		__atomic_fetch_add(&seen, 1, __ATOMIC_RELEASE);
		event_module_arm(m);
	}
	event_unlock();
	event_registered();
}

void abide_event_unregister(struct abide_event_module *m)
{
	struct abide_event_module **at;
	bool last;

	if (m->version != ABIDE_USER_VERSION || m->size != sizeof(*m))
		return;
	event_lock();
	for (at = &modules; *at && *at != m; at = &(*at)->next)
		;
	if (*at) {
		*at = m->next;
		m->registered = 0;
		event_module_disarm(m);
		if (m->info)
			drop(m->info);
		m->info = NULL;
	}
	last = !modules;
	event_unlock();
	/* this library may be unloaded next */
	if (last)
		abide_event_stop();
}
