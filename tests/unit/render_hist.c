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
	GOLDEN(k,
	       "time from wakeup to running\n"
	       "                     : count     distribution\n"
	       "   512ns -> 1.02us   : 2        |*                                       |\n"
	       "  1.02us -> 2.05us   : 0        |                                        |\n"
	       "  2.05us -> 4.10us   : 43       |****************************************|\n"
	       "  4.10us -> 8.19us   : 0        |                                        |\n"
	       "  8.19us -> 16.4us   : 0        |                                        |\n"
	       "  16.4us -> 32.8us   : 0        |                                        |\n"
	       "  32.8us -> 65.5us   : 0        |                                        |\n"
	       "  65.5us -> 131us    : 4        |***                                     |\n"
	       "   131us -> 262us    : 0        |                                        |\n"
	       "   262us -> 524us    : 0        |                                        |\n"
	       "   524us -> 1.05ms   : 0        |                                        |\n"
	       "  1.05ms -> 2.10ms   : 0        |                                        |\n"
	       "  2.10ms -> 4.19ms   : 0        |                                        |\n"
	       "  4.19ms -> 8.39ms   : 0        |                                        |\n"
	       "  8.39ms -> 16.8ms   : 1        |*                                       |\n"
	       "50 values, average 189us\n",
	       "log2 histogram, nanoseconds scaled");
	unkeyed(k, "wait", &none, NULL);
	GOLDEN(k,
	       "\n"
	       "time from wakeup to running: nothing yet\n",
	       "an empty histogram is named");
	k->opts.width = 60;
	k->opts.timestamps = true;
	kit_plan(k);
	unkeyed(k, "wait", &a, &b);
	GOLDEN(k,
	       "11:06:40 time from wakeup to running\n"
	       "                     : count     distribution\n"
	       "   512ns -> 1.02us   : 2        |*                         |\n"
	       "  1.02us -> 2.05us   : 0        |                          |\n"
	       "  2.05us -> 4.10us   : 43       |**************************|\n"
	       "  4.10us -> 8.19us   : 0        |                          |\n"
	       "  8.19us -> 16.4us   : 0        |                          |\n"
	       "  16.4us -> 32.8us   : 0        |                          |\n"
	       "  32.8us -> 65.5us   : 0        |                          |\n"
	       "  65.5us -> 131us    : 4        |**                        |\n"
	       "   131us -> 262us    : 0        |                          |\n"
	       "   262us -> 524us    : 0        |                          |\n"
	       "   524us -> 1.05ms   : 0        |                          |\n"
	       "  1.05ms -> 2.10ms   : 0        |                          |\n"
	       "  2.10ms -> 4.19ms   : 0        |                          |\n"
	       "  4.19ms -> 8.39ms   : 0        |                          |\n"
	       "  8.39ms -> 16.8ms   : 1        |*                         |\n"
	       "50 values, average 189us\n",
	       "on a narrow terminal, with the time");
	k->opts.width = 0;
	k->opts.timestamps = false;
	kit_plan(k);

	memset(&a, 0, sizeof(a));
	kit_hist(&a, 1024, 5);
	kit_hist(&a, 4096, 77);
	kit_hist(&a, 1 << 20, 3);
	unkeyed(k, "sizes", &a, NULL);
	GOLDEN(k,
	       "size of writes\n"
	       "                     : count     distribution\n"
	       "    1KiB -> 2KiB     : 5        |**                                      |\n"
	       "    2KiB -> 4KiB     : 0        |                                        |\n"
	       "    4KiB -> 8KiB     : 77       |****************************************|\n"
	       "    8KiB -> 16KiB    : 0        |                                        |\n"
	       "   16KiB -> 32KiB    : 0        |                                        |\n"
	       "   32KiB -> 64KiB    : 0        |                                        |\n"
	       "   64KiB -> 128KiB   : 0        |                                        |\n"
	       "  128KiB -> 256KiB   : 0        |                                        |\n"
	       "  256KiB -> 512KiB   : 0        |                                        |\n"
	       "  512KiB -> 1024KiB  : 0        |                                        |\n"
	       "    1MiB -> 2MiB     : 3        |*                                       |\n"
	       "85 values, average 39.8KiB\n",
	       "log2 histogram of sizes");
	memset(&a, 0, sizeof(a));
	kit_hist(&a, 0, 3);
	kit_hist(&a, 5, 6);
	kit_hist(&a, 16, 9);
	unkeyed(k, "plain", &a, NULL);
	GOLDEN(k,
	       "\n"
	       "length of queues\n"
	       "      packets        : count     distribution\n"
	       "       0 -> 1        : 3        |*************                           |\n"
	       "       2 -> 3        : 0        |                                        |\n"
	       "       4 -> 7        : 6        |**************************              |\n"
	       "       8 -> 15       : 0        |                                        |\n"
	       "      16 -> 31       : 9        |****************************************|\n"
	       "18 values, average 9.67 packets\n",
	       "log2 histogram of a unit that does not scale");
	memset(&a, 0, sizeof(a));
	kit_hist(&a, 0, 3);
	kit_hist(&a, UINT64_MAX, 1);
	k->opts.format = RENDER_JSON;
	kit_plan(k);
	unkeyed(k, "plain", &a, NULL);
	GOLDEN(k,
	       "{\"ts\":\"2026-11-18T11:06:40.123456Z\",\"type\":\"hist\",\"map\":\"plain\",\"value"
	       "\":{\"unit\":\"packets\",\"count\":4,\"sum\":18446744073709551615,\"buckets\":[{\"mi"
	       "n\":0,\"max\":1,\"count\":3},{\"min\":9223372036854775808,\"max\":184467440737095516"
	       "15,\"count\":1}]}}\n",
	       "first and last slot");
	k->opts.format = RENDER_TEXT;
	kit_plan(k);
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
	GOLDEN(k,
	       "time of requests, name v\\x1b[31mdb, op READ\n"
	       "                     : count     distribution\n"
	       "   131us -> 262us    : 11       |****************************************|\n"
	       "   262us -> 524us    : 0        |                                        |\n"
	       "   524us -> 1.05ms   : 0        |                                        |\n"
	       "  1.05ms -> 2.10ms   : 2        |*******                                 |\n"
	       "13 values, average 381us\n"
	       "\n"
	       "time of requests, name vda, op WRITE\n"
	       "                     : count     distribution\n"
	       "   131us -> 262us    : 6        |****************************************|\n"
	       "6 values, average 150us\n",
	       "keyed histogram: one each, the fullest first");
	k->opts.format = RENDER_JSON;
	kit_plan(k);
	kit_entry(k, &vdb, sizeof(vdb), &a, &b, sizeof(b), true);
	kit_show(k, "latency");
	kit_show(k, "latency");
	GOLDEN(k,
	       "{\"ts\":\"2026-11-18T11:06:40.123456Z\",\"type\":\"hist\",\"map\":\"latency\",\"key"
	       "\":{\"name\":\"v\\u001b[31mdb\",\"op\":\"REQ_USER_READ\"},\"value\":{\"unit\":\"ns\""
	       ",\"count\":13,\"sum\":4950000,\"buckets\":[{\"min\":131072,\"max\":262143,\"count\":"
	       "11},{\"min\":1048576,\"max\":2097151,\"count\":2}]}}\n"
	       "{\"ts\":\"2026-11-18T11:06:40.123456Z\",\"type\":\"hist\",\"map\":\"latency\",\"key"
	       "\":null,\"value\":{\"unit\":\"ns\",\"count\":0,\"buckets\":[]}}\n",
	       "keyed histogram as JSON, and empty");
	k->opts.format = RENDER_TEXT;
	k->opts.per_cpu = true;
	kit_plan(k);
	kit_entry(k, &vda, sizeof(vda), &b, &a, sizeof(a), true);
	kit_show(k, "latency");
	GOLDEN(k,
	       "time of requests, name vda, op WRITE, cpu 0\n"
	       "                     : count     distribution\n"
	       "   131us -> 262us    : 8        |****************************************|\n"
	       "   262us -> 524us    : 0        |                                        |\n"
	       "   524us -> 1.05ms   : 0        |                                        |\n"
	       "  1.05ms -> 2.10ms   : 2        |**********                              |\n"
	       "10 values, average 450us\n"
	       "\n"
	       "time of requests, name vda, op WRITE, cpu 2\n"
	       "                     : count     distribution\n"
	       "   131us -> 262us    : 3        |****************************************|\n"
	       "3 values, average 150us\n",
	       "keyed histogram by CPU");
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
	GOLDEN(k,
	       "level\n"
	       "                     : count     distribution\n"
	       "    less -> -21      : 1        |*****                                   |\n"
	       "     -20 -> -11      : 0        |                                        |\n"
	       "     -10 -> -1       : 8        |****************************************|\n"
	       "       0 -> 9        : 4        |********************                    |\n"
	       "      10 -> 19       : 0        |                                        |\n"
	       "      20 -> 29       : 1        |*****                                   |\n"
	       "      30 -> more     : 3        |***************                         |\n"
	       "17 values, average -2\n",
	       "linear histogram from -20 in steps of 10");
	k->opts.format = RENDER_JSON;
	kit_plan(k);
	kit_entry(k, &zero, 4, &v, NULL, sizeof(v), true);
	kit_show(k, "level");
	GOLDEN(k,
	       "{\"ts\":\"2026-11-18T11:06:40.123456Z\",\"type\":\"hist\",\"map\":\"level\",\"value"
	       "\":{\"unit\":\"\",\"count\":17,\"sum\":-34,\"buckets\":[{\"min\":null,\"max\":-21,\""
	       "count\":1},{\"min\":-10,\"max\":-1,\"count\":8},{\"min\":0,\"max\":9,\"count\":4},{"
	       "\"min\":20,\"max\":29,\"count\":1},{\"min\":30,\"max\":null,\"count\":3}]}}\n",
	       "linear histogram as JSON");
	k->opts.format = RENDER_TEXT;
	kit_plan(k);
}

struct heat {
	uint64_t second;
	struct hist hist;
};

static void heat_at(struct kit *k, uint32_t i, uint64_t second, uint64_t value, uint64_t times,
                    uint64_t value2)
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
	GOLDEN(k,
	       "block latency\n"
	       "  second     count |65.5     524   | us\n"
	       "       0         9 |@@@      ***:::|\n"
	       "       1         9 |   @@@   ***:::|\n"
	       "       2         9 |      @@@***:::|\n"
	       "       3         9 |         @@@:::|\n",
	       "heat map: oldest second first");
	heat_at(k, 1, 5003, 1000, 7, 2000);
	heat_at(k, 2, 5004, 16000, 2, 40000);
	kit_show(k, "heat");
	GOLDEN(k,
	       "\n"
	       "block latency\n"
	       "  second     count |8.19        | us\n"
	       "       4         6 |***   @@@---|\n",
	       "heat map: only seconds that were not shown");
	kit_show(k, "heat");
	GOLDEN(k,
	       "\n"
	       "block latency: nothing more\n",
	       "heat map: nothing new");
	k->opts.format = RENDER_JSON;
	kit_plan(k);
	heat_at(k, 1, 77, 1000, 7, 2000);
	kit_show(k, "heat");
	GOLDEN(k,
	       "{\"ts\":\"2026-11-18T11:06:40.123456Z\",\"type\":\"hist\",\"map\":\"heat\",\"key\":{"
	       "\"second\":0},\"value\":{\"unit\":\"ns\",\"count\":11,\"buckets\":[{\"min\":512,\"ma"
	       "x\":1023,\"count\":7},{\"min\":1024,\"max\":2047,\"count\":3},{\"min\":2048,\"max\":"
	       "4095,\"count\":1}]}}\n",
	       "heat map as JSON");
	k->opts.format = RENDER_TEXT;
	kit_plan(k);
}

static void by_shape(struct kit *k)
{
	uint32_t slots[20] = { [3] = 6, [5] = 2 }, key = 42;

	kit_entry(k, &key, 4, slots, NULL, sizeof(slots), false);
	kit_show(k, "hists");
	GOLDEN(k,
	       "hists, key 42\n"
	       "                     : count     distribution\n"
	       "       8 -> 15       : 6        |****************************************|\n"
	       "      16 -> 31       : 0        |                                        |\n"
	       "      32 -> 63       : 2        |*************                           |\n"
	       "8 values\n",
	       "slots[] without tags is a histogram");
}

static void slot_in_key(struct kit *k)
{
	static const struct {
		char disk[8];
		uint32_t op, slot;
		uint64_t n;
	} e[] = {
		{ "sda", 1, 4, 7 }, { "sdb", 0, 2, 9 },    { "sda", 1, 6, 3 },
		{ "sda", 0, 4, 5 }, { "sda", 1, 4000, 1 },
	};
	size_t i;

	for (i = 0; i < 4; i++)
		kit_entry(k, &e[i], 16, &e[i].n, NULL, 8, false);
	kit_show(k, "bio_latency");
	GOLDEN(k,
	       "\n"
	       "bio_latency, disk sda, op 1\n"
	       "                     : count     distribution\n"
	       "      16 -> 31       : 7        |****************************************|\n"
	       "      32 -> 63       : 0        |                                        |\n"
	       "      64 -> 127      : 3        |*****************                       |\n"
	       "10 values\n"
	       "\n"
	       "bio_latency, disk sdb, op 0\n"
	       "                     : count     distribution\n"
	       "       4 -> 7        : 9        |****************************************|\n"
	       "9 values\n"
	       "\n"
	       "bio_latency, disk sda, op 0\n"
	       "                     : count     distribution\n"
	       "      16 -> 31       : 5        |****************************************|\n"
	       "5 values\n",
	       "each slot an entry: grouped by the rest of the key");
	k->opts.format = RENDER_JSON;
	kit_plan(k);
	kit_entry(k, &e[4], 16, &e[4].n, NULL, 8, false);
	kit_show(k, "bio_latency");
	kit_show(k, "bio_latency");
	GOLDEN(k,
	       "{\"ts\":\"2026-11-18T11:06:40.123456Z\",\"type\":\"hist\",\"map\":\"bio_latency\",\""
	       "key\":{\"disk\":\"sda\",\"op\":1},\"value\":{\"unit\":\"\",\"count\":1,\"buckets\":["
	       "{\"min\":9223372036854775808,\"max\":18446744073709551615,\"count\":1}]}}\n"
	       "{\"ts\":\"2026-11-18T11:06:40.123456Z\",\"type\":\"hist\",\"map\":\"bio_latency\",\""
	       "key\":null,\"value\":{\"unit\":\"\",\"count\":0,\"buckets\":[]}}\n",
	       "a slot that does not exist counts as the last");
	k->opts.format = RENDER_TEXT;
	kit_plan(k);
}

void test_hist(struct kit *k)
{
	log2_text(k);
	keyed(k);
	linear(k);
	heat(k);
	by_shape(k);
	slot_in_key(k);
}
