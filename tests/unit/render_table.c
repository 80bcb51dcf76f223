/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Counters and tables: sums, order, widths, JSON. */
#include "render_kit.h"

struct disk {
	char name[12];
	uint32_t op;
};

struct usage {
	uint64_t calls, time, worst, moved;
	int64_t balance;
};

static void counters(struct kit *k)
{
	uint64_t a = 30, b = 12;
	int64_t nr;
	uint32_t zero = 0;

	kit_entry(k, &zero, 4, &a, &b, 8, true);
	kit_show(k, "total");
	GOLDEN(k, "calls in all: 42\n", "a counter, summed over CPUs");
	for (nr = 0; nr < 5; nr++) {
		static const int64_t numbers[] = { 257, 0, 9999, -1, 35 };
		uint64_t n = (uint64_t)(nr == 4 ? 2 : nr + 1) * 100;

		kit_entry(k, &numbers[nr], 8, &n, nr == 0 ? &b : NULL, 8, true);
	}
	kit_show(k, "calls");
	GOLDEN(k,
	       "\n"
	       "system calls\n"
	       "SYSCALL   COUNT\n"
	       "-1          400\n"
	       "9999        300\n"
	       "read        200\n"
	       "nanosleep   200\n"
	       "openat      112\n",
	       "system calls by name, unknown ones by number, ties by key");
	k->opts.top = 2;
	k->opts.timestamps = true;
	kit_plan(k);
	for (nr = 0; nr < 3; nr++)
		kit_entry(k, &nr, 8, &a, &b, 8, true);
	kit_show(k, "calls");
	GOLDEN(k,
	       "11:06:40 system calls\n"
	       "SYSCALL COUNT\n"
	       "read       42\n"
	       "write      42\n"
	       "(1 more)\n",
	       "the first two");
	k->opts.top = 0;
	k->opts.timestamps = false;
	kit_plan(k);
	kit_show(k, "calls");
	GOLDEN(k, "system calls: nothing yet\n", "an empty table is named");
	a = 1234567890;
	kit_entry(k, "kworker/0:1\0\0\0\0", 16, &a, NULL, 8, true);
	kit_entry(k, "evil\033]0;x\a\nb\0\0\0\0", 16, &b, NULL, 8, true);
	kit_show(k, "off");
	GOLDEN(k,
	       "\n"
	       "time off CPU\n"
	       "COMM                  SUM\n"
	       "kworker/0:1         1.23s\n"
	       "evil\\x1b]0;x\\x07\\nb  12ns\n",
	       "a sum with a unit; names of strangers are made harmless");
	zero = 7;
	kit_entry(k, &zero, 4, &a, NULL, 8, false);
	kit_show(k, "counter_faults");
	GOLDEN(k,
	       "\n"
	       "counter_faults\n"
	       "KEY      COUNT\n"
	       "  7 1234567890\n",
	       "a counter by its name");
}

static void usage_of(struct kit *k, const char *name, uint32_t op, struct usage u)
{
	struct usage other = { 5, 500, 9000, 1 << 20, -7 };
	struct disk d = { .op = op };

	memcpy(d.name, name, strnlen(name, sizeof(d.name)));
	kit_entry(k, &d, sizeof(d), &u, &other, sizeof(u), true);
}

static void fill_usage(struct kit *k)
{
	usage_of(k, "sda", 0, (struct usage){ 10, 2500, 100, 3000, 3 });
	usage_of(k, "nvme0n1p1xyz", 1, (struct usage){ 1, 77000000, 12345678, 5ull << 30, -100 });
	usage_of(k, "dm-0", 200, (struct usage){ 2, 999999, 1, 0, 0 });
}

static void tables(struct kit *k)
{
	uint32_t i;

	fill_usage(k);
	kit_show(k, "usage");
	GOLDEN(k,
	       "\n"
	       "use of disks\n"
	       "NAME         OP    CALLS   TIME  WORST   Moved BALANCE\n"
	       "nvme0n1p1xyz WRITE     6 77.0ms 12.3ms 5.00GiB    -107\n"
	       "dm-0         200       7 1.00ms 9.00us 1.00MiB      -7\n"
	       "sda          READ     15 3.00us 9.00us 1.00MiB      -4\n",
	       "a table: tagged members, sorted by the tagged one");
	k->opts.width = 50;
	kit_plan(k);
	fill_usage(k);
	kit_show(k, "usage");
	GOLDEN(k,
	       "use of disks\n"
	       "NAME     OP    CALLS   TIME  WORST   Moved BALANCE\n"
	       "nvme0n1~ WRITE     6 77.0ms 12.3ms 5.00GiB    -107\n"
	       "dm-0     200       7 1.00ms 9.00us 1.00MiB      -7\n"
	       "sda      READ     15 3.00us 9.00us 1.00MiB      -4\n",
	       "a table on a narrow terminal");
	k->opts.width = 0;
	k->opts.per_cpu = true;
	kit_plan(k);
	usage_of(k, "sda", 0, (struct usage){ 10, 2500, 100, 3000, 3 });
	kit_show(k, "usage");
	GOLDEN(k,
	       "use of disks\n"
	       "NAME OP   CPU CALLS   TIME  WORST   Moved BALANCE\n"
	       "sda  READ   0    10 2.50us  100ns 2.93KiB       3\n"
	       "sda  READ   2     5  500ns 9.00us 1.00MiB      -7\n",
	       "a table by CPU");
	k->opts.per_cpu = false;
	k->opts.format = RENDER_JSON;
	kit_plan(k);
	fill_usage(k);
	kit_show(k, "usage");
	kit_show(k, "usage");
	i = 3;
	kit_entry(k, &(uint32_t){ 0 }, 4, &(uint64_t){ 18446744073709551615ull }, NULL, 8, true);
	kit_show(k, "total");
	GOLDEN(k,
	       "{\"ts\":\"2026-11-18T11:06:40.123456Z\",\"type\":\"map\",\"map\":\"usage\",\"key\":{"
	       "\"name\":\"nvme0n1p1xyz\",\"op\":\"REQ_USER_WRITE\"},\"value\":{\"calls\":6,\"time\""
	       ":77000500,\"worst\":12345678,\"moved\":5369757696,\"balance\":-107}}\n"
	       "{\"ts\":\"2026-11-18T11:06:40.123456Z\",\"type\":\"map\",\"map\":\"usage\",\"key\":{"
	       "\"name\":\"dm-0\",\"op\":200},\"value\":{\"calls\":7,\"time\":1000499,\"worst\":9000"
	       ",\"moved\":1048576,\"balance\":-7}}\n"
	       "{\"ts\":\"2026-11-18T11:06:40.123456Z\",\"type\":\"map\",\"map\":\"usage\",\"key\":{"
	       "\"name\":\"sda\",\"op\":\"REQ_USER_READ\"},\"value\":{\"calls\":15,\"time\":3000,\"w"
	       "orst\":9000,\"moved\":1051576,\"balance\":-4}}\n"
	       "{\"ts\":\"2026-11-18T11:06:40.123456Z\",\"type\":\"map\",\"map\":\"usage\",\"key\":n"
	       "ull,\"value\":null}\n"
	       "{\"ts\":\"2026-11-18T11:06:40.123456Z\",\"type\":\"map\",\"map\":\"total\",\"value\""
	       ":{\"count\":18446744073709551615}}\n",
	       "tables and counters as JSON");
	k->opts.format = RENDER_TEXT;
	kit_plan(k);
	for (i = 0; i < 23; i++)
		kit_entry(k, &i, 4, &(struct usage){ .time = 1000 + i }, NULL, sizeof(struct usage),
		          true);
	kit_show(k, "busy");
	buf_u8(&k->out, 0);
	OK(strstr((char *)k->out.data, "(3 more)\n") != NULL, "of the busiest, 20 are shown");
	k->out.size = 0;
}

static void losses(struct kit *k)
{
	uint32_t bss = kit_map(k, ".bss"), size = k->o->maps[bss].value_size, i;
	uint8_t *data = calloc(1, size);

	OK(render_wants(k->p, bss) == RENDER_ENTRIES, "losses are counted in .bss");
	for (i = 0; i < k->o->nr_symbols; i++)
		if (!strcmp(k->o->symbols[i].name, "abide_lost_calls"))
			data[k->o->symbols[i].value] = 17;
		else if (!strcmp(k->o->symbols[i].name, "abide_lost_opens"))
			data[k->o->symbols[i].value + 1] = 1;
	kit_entry(k, &(uint32_t){ 0 }, 4, data, NULL, size, false);
	kit_show(k, ".bss");
	GOLDEN(k,
	       "lost 17 values of calls: no room\n"
	       "lost 256 rows of opens: no room\n",
	       "what was lost, by map");
	kit_entry(k, &(uint32_t){ 0 }, 4, data, NULL, size, false);
	kit_show(k, ".bss");
	GOLDEN(k, "", "what was lost is said once");
	free(data);
	render_lost(k->p, "events of \033", 3, kit_now(), &k->out);
	k->opts.format = RENDER_JSON;
	kit_plan(k);
	render_lost(k->p, "events", 3, kit_now(), &k->out);
	GOLDEN(k,
	       "lost 3 events of \\x1b\n"
	       "{\"ts\":\"2026-11-18T11:06:40.123456Z\",\"type\":\"lost\",\"what\":\"events\",\"coun"
	       "t\":3}\n",
	       "what the caller knows of");
	k->opts.format = RENDER_TEXT;
	kit_plan(k);
}

struct place {
	uint32_t pid, unused;
	uint64_t at, stack[4];
};

/* Process 7 has one function, process 8 one of a strange name. */
static void symbol(void *ctx, uint32_t pid, uint64_t address, struct buf *out)
{
	if (pid == 7 && address >= 0x1000 && address < 0x2000)
		buf_printf(out, "%s+0x%x", (const char *)ctx, (unsigned)(address - 0x1000));
	else if (pid == 8)
		buf_printf(out, "a\033b");
}

static void places(struct kit *k)
{
	static char name[] = "work";
	struct place full = { 7, 0, 0x1010, { 0x1020, 0x5000, 0x1030, 0x1040 } },
		     part = { 8, 0, 0x1010, { 0x1020, 0, 0x1030, 0 } }, none = { 7, 0, 0x9000, { 0 } };
	uint64_t a = 3000, b = 72, c = 50, minus = (uint64_t)-50;

	k->opts.symbol = symbol;
	k->opts.symbol_ctx = name;
	kit_plan(k);
	kit_entry(k, &full, sizeof(full), &a, &b, 8, true);
	kit_entry(k, &part, sizeof(part), &a, NULL, 8, true);
	kit_entry(k, &none, sizeof(none), &b, NULL, 8, true);
	part.at = 1; /* one CPU has taken off what another one had added */
	kit_entry(k, &part, sizeof(part), &c, &minus, 8, true);
	kit_show(k, "kept");
	GOLDEN(k,
	       "kept by stack\n"
	       "PID AT            SUM\n"
	       "  7 work+0x10 3.00KiB\n"
	       "        work+0x20\n"
	       "        0x5000\n"
	       "        work+0x30\n"
	       "        work+0x40\n"
	       "  8 a\\x1bb    2.93KiB\n"
	       "        a\\x1bb\n"
	       "  7 0x9000        72B\n",
	       "code by the names of its process, stacks below their rows, and no row of nothing");
	k->opts.format = RENDER_JSON;
	kit_plan(k);
	kit_entry(k, &full, sizeof(full), &a, NULL, 8, true);
	kit_entry(k, &none, sizeof(none), &a, NULL, 8, true);
	kit_show(k, "kept");
	GOLDEN(k,
	       "{\"ts\":\"2026-11-18T11:06:40.123456Z\",\"type\":\"map\",\"map\":\"kept\",\"key\":{\"pid\":7,\"at\":\"work+0x10\","
	       "\"stack\":[\"work+0x20\",\"0x5000\",\"work+0x30\",\"work+0x40\"]},\"value\":{\"sum\":3000}}\n"
	       "{\"ts\":\"2026-11-18T11:06:40.123456Z\",\"type\":\"map\",\"map\":\"kept\",\"key\":{\"pid\":7,\"at\":\"0x9000\","
	       "\"stack\":[]},\"value\":{\"sum\":3000}}\n",
	       "and as JSON");
	k->opts.format = RENDER_TEXT;
	k->opts.symbol = NULL;
	kit_plan(k);
	kit_entry(k, &none, sizeof(none), &a, NULL, 8, true);
	kit_show(k, "kept");
	GOLDEN(k,
	       "kept by stack\n"
	       "PID AT         SUM\n"
	       "  7 0x9000 2.93KiB\n",
	       "where nobody knows names");
}


void test_table(struct kit *k)
{
	counters(k);
	tables(k);
	places(k);
	losses(k);
}
