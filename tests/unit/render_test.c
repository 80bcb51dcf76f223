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

static void json_strings(void)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *want, *name;
	} strings[] = {
		{ "", 0, "\"\"", "JSON: an empty string" },
		{ "a\"\\/b", 5, "\"a\\\"\\\\/b\"", "JSON: quotes and backslashes" },
		{ "\n\t\r\b\f", 5, "\"\\n\\t\\r\\b\\f\"", "JSON: controls with a short escape" },
		{ "\0\1\x1b\x7f", 4, "\"\\u0000\\u0001\\u001b\\u007f\"", "JSON: other controls" },
		{ "na\303\257ve \342\202\254 \360\237\220\235", 15, "\"na\303\257ve \342\202\254 \360\237\220\235\"",
		  "JSON: UTF-8 of two, three and four bytes" },
		{ "\xe4\xf6", 2, "\"\\u00e4\\u00f6\"", "JSON: Latin-1" },
		{ "\303", 1, "\"\\u00c3\"", "JSON: a sequence that is cut off" },
		{ "\300\257", 2, "\"\\u00c0\\u00af\"", "JSON: a form that is too long" },
		{ "\355\240\200", 3, "\"\\u00ed\\u00a0\\u0080\"", "JSON: a surrogate" },
		{ "\302\205\342\200\256", 5, "\"\\u0085\\u202e\"", "JSON: what cannot be seen" },
		{ "\363\240\200\201", 4, "\"\\udb40\\udc01\"", "JSON: and is above 0xffff" },
	};
	struct buf out = { 0 };
	size_t i;

	for (i = 0; i < sizeof(strings) / sizeof(*strings); i++) {
		out.size = 0;
		render_json_string((const uint8_t *)strings[i].bytes, strings[i].n, &out);
		OK(out.size == strlen(strings[i].want) && !memcmp(out.data, strings[i].want, out.size),
		   strings[i].name);
	}
	buf_free(&out);
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
	json_strings();
	test_hist(&k);
	test_table(&k);
	test_event(&k);
	test_hostile(&k);
	test_program(&k);
	kit_close(&k);
	printf("1..%u\n", kit_nr);
	return kit_bad ? 1 : 0;
}
