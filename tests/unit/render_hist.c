/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Histograms: layout, units, keys, linear ones, heat maps. */
#include "render_kit.h"

static void unkeyed(struct kit *k, const char *map, const struct hist *a, const struct hist *b)
{
	uint32_t zero = 0;

	kit_entry(k, &zero, 4, a, b, sizeof(*a), true);
	kit_show(k, map);
}

static void log2_text(struct kit *k)
{
	struct hist a = { 0 }, b = { 0 }, none = { 0 };

	kit_hist(&a, 700, 2);
	kit_hist(&a, 3000, 12);
	kit_hist(&b, 3500, 31);
	kit_hist(&b, 70000, 4);
	kit_hist(&b, 9000000, 1);
	unkeyed(k, "wait", &a, &b);
	GOLDEN(k, "", "log2 histogram, nanoseconds shown in one unit");
	unkeyed(k, "wait", &none, NULL);
	GOLDEN(k, "time from wakeup to running: nothing yet\n", "an empty histogram is named");
	k->opts.width = 60;
	k->opts.timestamps = true;
	kit_plan(k);
	unkeyed(k, "wait", &a, &b);
	GOLDEN(k, "", "on a narrow terminal, with the time");
	k->opts.width = 0;
	k->opts.timestamps = false;
	kit_plan(k);

	memset(&a, 0, sizeof(a));
	kit_hist(&a, 1024, 5);
	kit_hist(&a, 4096, 77);
	kit_hist(&a, 1 << 20, 3);
	unkeyed(k, "sizes", &a, NULL);
	GOLDEN(k, "", "log2 histogram of sizes");
	memset(&a, 0, sizeof(a));
	kit_hist(&a, 0, 3);
	kit_hist(&a, 5, 6);
	kit_hist(&a, UINT64_MAX, 9);
	a.sum = 30;
	unkeyed(k, "plain", &a, NULL);
	GOLDEN(k, "", "log2 histogram of a unit that does not scale, first and last slot");
}

static void keyed(struct kit *k)
{
	struct {
		char name[12];
		uint32_t op;
	} vda = { "vda", 1 }, vdb = { "v\033[31mdb", 0 };
	struct hist a = { 0 }, b = { 0 };

	kit_hist(&a, 150000, 3);
	kit_hist(&b, 250000, 8);
	kit_hist(&b, 1250000, 2);
	kit_entry(k, &vda, sizeof(vda), &a, &a, sizeof(a), true);
	kit_entry(k, &vdb, sizeof(vdb), &a, &b, sizeof(b), true);
	kit_show(k, "latency");
	GOLDEN(k, "", "keyed histogram: one each, the fullest first");
	k->opts.format = RENDER_JSON;
	kit_plan(k);
	kit_entry(k, &vdb, sizeof(vdb), &a, &b, sizeof(b), true);
	kit_show(k, "latency");
	kit_show(k, "latency");
	GOLDEN(k, "", "keyed histogram as JSON, and empty");
	k->opts.format = RENDER_TEXT;
	k->opts.per_cpu = true;
	kit_plan(k);
	kit_entry(k, &vda, sizeof(vda), &b, &a, sizeof(a), true);
	kit_show(k, "latency");
	GOLDEN(k, "", "keyed histogram by CPU");
	k->opts.per_cpu = false;
	kit_plan(k);
}

static void linear(struct kit *k)
{
	struct {
		uint64_t count;
		int64_t sum;
		uint64_t slots[7];
	} v = { 17, -34, { 1, 0, 8, 4, 0, 1, 3 } };
	uint32_t zero = 0;

	kit_entry(k, &zero, 4, &v, NULL, sizeof(v), true);
	kit_show(k, "level");
	GOLDEN(k, "", "linear histogram from -20 in steps of 10");
	k->opts.format = RENDER_JSON;
	kit_plan(k);
	kit_entry(k, &zero, 4, &v, NULL, sizeof(v), true);
	kit_show(k, "level");
	GOLDEN(k, "", "linear histogram as JSON");
	k->opts.format = RENDER_TEXT;
	kit_plan(k);
}

struct heat {
	uint64_t second;
	struct hist hist;
};

static void heat_at(struct kit *k, uint32_t i, uint64_t second, uint64_t value, uint64_t times, uint64_t value2)
{
	struct heat a = { .second = second }, b = { .second = second };

	kit_hist(&a.hist, value, times);
	kit_hist(&b.hist, value2, 3);
	kit_hist(&b.hist, value2 * 2, 1);
	kit_entry(k, &i, 4, &a, &b, sizeof(a), true);
}

static void heat(struct kit *k)
{
	uint32_t i;

	for (i = 0; i < 4; i++)
		heat_at(k, (i + 2) % 4, 5000 + i, 90000u << i, 5, 1000000);
	kit_show(k, "heat");
	GOLDEN(k, "", "heat map: oldest second first");
	heat_at(k, 1, 5003, 1000, 7, 2000);
	heat_at(k, 2, 5004, 16000, 2, 40000);
	kit_show(k, "heat");
	GOLDEN(k, "", "heat map: only seconds that were not shown");
	kit_show(k, "heat");
	GOLDEN(k, "block latency: nothing more\n", "heat map: nothing new");
	k->opts.format = RENDER_JSON;
	kit_plan(k);
	heat_at(k, 1, 77, 1000, 7, 2000);
	kit_show(k, "heat");
	GOLDEN(k, "", "heat map as JSON");
	k->opts.format = RENDER_TEXT;
	kit_plan(k);
}

static void by_shape(struct kit *k)
{
	uint32_t slots[20] = { [3] = 6, [5] = 2 }, key = 42;

	kit_entry(k, &key, 4, slots, NULL, sizeof(slots), false);
	kit_show(k, "hists");
	GOLDEN(k, "", "slots[] without tags is a histogram");
}

void test_hist(struct kit *k)
{
	log2_text(k);
	keyed(k);
	linear(k);
	heat(k);
	by_shape(k);
}
