/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The render stage: what a map is, and its text. render_test [DIRECTORY]: of the samples;
 * "render" beside the program if there is none.
 */
#include <libgen.h>

#include "render_kit.h"

unsigned kit_nr, kit_bad;

static void wants(struct kit *k)
{
	static const struct {
		const char *map;
		enum render_want want;
	} maps[] = {
		{ "wait", RENDER_ENTRIES },           { "latency", RENDER_ENTRIES },
		{ "level", RENDER_ENTRIES },          { "heat", RENDER_ENTRIES },
		{ "total", RENDER_ENTRIES },          { "calls", RENDER_ENTRIES },
		{ "usage", RENDER_ENTRIES },          { "rows", RENDER_RECORDS },
		{ "others", RENDER_RECORDS },         { "hists", RENDER_ENTRIES },
		{ "counter_faults", RENDER_ENTRIES }, { "started", RENDER_NOTHING },
		{ ".rodata", RENDER_NOTHING },
	};
	size_t i;

	for (i = 0; i < sizeof(maps) / sizeof(*maps); i++)
		OK(render_wants(k->p, kit_map(k, maps[i].map)) == maps[i].want, maps[i].map);
	OK(render_wants(k->p, k->o->nr_maps) == RENDER_NOTHING, "a map that does not exist");
}

static void sizes(struct kit *k)
{
	struct render_entries in = { (const uint8_t *)"12345678", (const uint8_t *)"12345678", 1, 4,
		                     8 };

	OK(render_map(k->p, kit_map(k, "wait"), &in, kit_now(), &k->out, &k->e) == -EINVAL,
	   "entries that are too small for their map");
	OK(render_map(k->p, kit_map(k, "rows"), &in, kit_now(), &k->out, &k->e) == -EINVAL,
	   "a ring has no entries");
	OK(render_event(k->p, kit_map(k, "wait"), "x", 1, kit_now(), &k->out, &k->e) == -EINVAL,
	   "a histogram has no records");
	OK(!k->out.size, "and nothing is written");
}

int main(int argc, char **argv)
{
	char dir[512];
	struct kit k;

	snprintf(dir, sizeof(dir), "%s/render", dirname(strdupa(argv[0])));
	setenv("TZ", "UTC", 1);
	kit_open(&k, argc > 1 ? argv[1] : dir);
	wants(&k);
	sizes(&k);
	test_hist(&k);
	test_table(&k);
	test_event(&k);
	test_hostile(&k);
	test_program(&k);
	kit_close(&k);
	printf("1..%u\n", kit_nr);
	return kit_bad ? 1 : 0;
}
