/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * One event in an executable and in a library, which is opened and closed while threads fire it here:
 * programs are armed in both, only where the event is alike, and no count is lost.
 */
#include <abide/event.h>
#include <dlfcn.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>

#include "event_kit.h"

DEFINE_EVENT_USER(test, shared, ARG_USER_NUMBER(uint64_t, n));
DEFINE_EVENT_USER(test, unlike, ARG_USER_NUMBER(uint64_t, n));

static uint64_t cells[4], stop, fired;
static char path[PATH_MAX];

static void *firing(void *arg)
{
	uint64_t n = 0;

	(void)arg;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		EVENT_USER(test, shared, n);
		n++;
	}
	__atomic_fetch_add(&fired, n, __ATOMIC_RELAXED);
	return NULL;
}

static void *in_plugin(void *arg)
{
	void (*fire)(uint64_t) = (void (*)(uint64_t))(uintptr_t)arg;

	fire(1000);
	return NULL;
}

static void *plugin_open(void **fire)
{
	void *lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	*fire = lib ? dlsym(lib, "plugin_fire") : NULL;
	if (!*fire) {
		printf("not ok - %s: %s\n", path, dlerror());
		exit(1);
	}
	return lib;
}

static void unlike(void)
{
	struct event_link *link = kit_attach("test", "unlike", KIT_PROGRAM(false, KIT_COUNT(&cells[1])));
	struct event_counts counts;
	uint32_t attached, other;
	void *fire, *lib = plugin_open(&fire);

	/* the layout that the program was made for is the one of the module that registered first or last: one of both */
	event_link_modules(link, &attached, &other);
	((void (*)(uint64_t))(uintptr_t)fire)(5);
	EVENT_USER(test, unlike, 3);
	event_link_counts(link, &counts);
	kit_ok(attached == 1 && other == 1 && counts.runs == 1 && cells[1] == 1,
	       "an event of the same name that has other arguments is left alone");
	dlclose(lib);
	event_link_modules(link, &attached, &other);
	kit_ok(attached == 1 && !other, "and is gone with its library");
	event_detach(link, NULL);
}

/* The library has an event that nobody else has; it goes while a program is on it. */
static void own(void)
{
	struct event_counts counts;
	struct event_link *link;
	struct abide_error e = { 0 };
	const struct layout *l;
	void *fire, *lib = plugin_open(&fire);

	link = kit_attach("test", "own", KIT_PROGRAM(false, KIT_COUNT(&cells[2])));
	((void (*)(uint64_t))(uintptr_t)fire)(7);
	dlclose(lib);
	kit_ok(event_layout("test", "own", &l, &e) == -2, "an event is gone with its library");
	event_link_counts(link, &counts);
	kit_ok(counts.runs == 7 && cells[2] == 7, "what was counted in it stays");
	lib = plugin_open(&fire);
	((void (*)(uint64_t))(uintptr_t)fire)(4);
	event_detach(link, &counts);
	kit_ok(counts.runs == 11 && cells[2] == 11, "opened again, it is armed again");
	((void (*)(uint64_t))(uintptr_t)fire)(4);
	kit_ok(cells[2] == 11, "and disarmed");
	dlclose(lib);
}

static void coming_and_going(void)
{
	enum { THREADS = 2, ROUNDS = 40 };
	struct event_counts counts;
	struct event_link *link;
	pthread_t t[THREADS], p;
	uint64_t plugin = 0;
	void *fire, *lib;
	int i;

	link = kit_attach("test", "shared", KIT_PROGRAM(false, KIT_COUNT(&cells[0])));
	for (i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, firing, NULL);
	for (i = 0; i < ROUNDS; i++) {
		lib = plugin_open(&fire);
		pthread_create(&p, NULL, in_plugin, fire);
		((void (*)(uint64_t))(uintptr_t)fire)(500);
		pthread_join(p, NULL);
		plugin += 1500;
		dlclose(lib);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	event_detach(link, &counts);
	kit_ok(fired > 1000 && cells[0] == fired + plugin && counts.runs == cells[0],
	       "a library that comes and goes while threads fire: each event of both is counted");
	printf("# %llu events here, %llu in the library\n", (unsigned long long)fired, (unsigned long long)plugin);
}

int main(int argc, char **argv)
{
	(void)argc;
	snprintf(path, sizeof(path), "%s/event/plugin.so", dirname(strdup(argv[0])));
	unlike();
	own();
	coming_and_going();
	return kit_bad != 0;
}
