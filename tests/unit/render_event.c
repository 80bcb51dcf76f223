/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Rows: every kind of column, in text and as JSON. */
#include <arpa/inet.h>

#include "render_kit.h"

struct everything {
	uint64_t at;
	uint32_t pid;
	char comm[16];
	int64_t call;
	int32_t result, signal, status;
	uint32_t from;
	uint8_t to[16];
	uint16_t port, proto;
	uint32_t disk, weather, flags;
	bool hot;
	uint8_t pad;
	uint32_t low : 3;
	int32_t high : 5;
	uint64_t took;
	uint32_t mode;
	uint8_t id[6];
	uint16_t load[3];
	struct {
		uint32_t x, y;
	} place;
	const void *where;
};

struct opened {
	uint32_t pid;
	char comm[16];
	uint64_t took;
	char path[64];
};

static void show(struct kit *k, const char *map, const void *row, uint32_t size)
{
	if (render_event(k->p, kit_map(k, map), row, size, kit_now(), &k->out, &k->e))
		buf_printf(&k->out, "error: %s\n", k->e.problem);
}

static void everything(struct kit *k)
{
	struct everything r = {
		.at = 12345678901234ull,
		.pid = 4711,
		.comm = "bash",
		.call = 59,
		.result = -2,
		.signal = 15,
		.status = 3 << 8,
		.port = htons(443),
		.proto = htons(0x86dd),
		.disk = 8 << 20 | 17,
		.weather = 7,
		.flags = 0x53,
		.hot = true,
		.low = 5,
		.high = -3,
		.took = 1234567,
		.mode = 0644,
		.id = { 0xde, 0xad, 0xbe, 0xef, 1, 2 },
		.load = { 3, 20, 100 },
		.place = { 9, 8 },
		.where = (void *)0xffff888012345678,
	};

	inet_pton(AF_INET, "192.0.2.33", &r.from);
	inet_pton(AF_INET6, "2001:db8::17", r.to);
	show(k, "rows", &r, sizeof(r));
	r.call = -7;
	r.result = 3;
	r.signal = 99;
	r.status = 11 | 0x80;
	r.weather = 3;
	r.flags = 0;
	r.hot = false;
	inet_pton(AF_INET6, "::ffff:192.0.2.1", r.to);
	show(k, "rows", &r, sizeof(r));
	GOLDEN(k,
	       "            AT     PID COMM            CALL             RESULT       SIGNAL    STATU"
	       "S    FROM            TO               PORT  PROTO DISK    WEATHER FLAGS HOT     LOW "
	       "   HIGH    TOOK       MODE ID           LOAD                   X       Y            "
	       "  WHERE\n"
	       "  12345.678901    4711 bash            execve           ENOENT       SIGTERM   exit "
	       "3    192.0.2.33      2001:db8::17      443 0x86dd 8:17    SNOW    READ|WRITE|SYNC|0x"
	       "40 yes       5      -3  1.23ms      0x1a4 deadbeef0102 3 20 100               9     "
	       "  8 0xffff888012345678\n"
	       "  12345.678901    4711 bash            -7               3            99        SIGSE"
	       "GV (core) 192.0.2.33      192.0.2.1         443 0x86dd 8:17    3       0     no     "
	       "   5      -3  1.23ms      0x1a4 deadbeef0102 3 20 100               9       8 0xffff"
	       "888012345678\n",
	       "every kind of column");
	k->opts.format = RENDER_JSON;
	kit_plan(k);
	show(k, "rows", &r, sizeof(r));
	r.call = 59;
	r.weather = 1;
	r.flags = 3;
	r.hot = true;
	show(k, "rows", &r, sizeof(r));
	GOLDEN(k,
	       "{\"ts\":\"2026-11-18T11:06:40.123456Z\",\"type\":\"event\",\"map\":\"rows\",\"value"
	       "\":{\"at\":12345678901234,\"pid\":4711,\"comm\":\"bash\",\"call\":-7,\"result\":3,\""
	       "signal\":99,\"status\":139,\"from\":\"192.0.2.33\",\"to\":\"::ffff:192.0.2.1\",\"por"
	       "t\":443,\"proto\":34525,\"disk\":\"8:17\",\"weather\":3,\"flags\":\"0\",\"hot\":fals"
	       "e,\"low\":5,\"high\":-3,\"took\":1234567,\"mode\":420,\"id\":\"deadbeef0102\",\"load"
	       "\":[3,20,100],\"place\":{\"x\":9,\"y\":8},\"where\":18446612682375452280}}\n"
	       "{\"ts\":\"2026-11-18T11:06:40.123456Z\",\"type\":\"event\",\"map\":\"rows\",\"value"
	       "\":{\"at\":12345678901234,\"pid\":4711,\"comm\":\"bash\",\"call\":\"execve\",\"resul"
	       "t\":3,\"signal\":99,\"status\":139,\"from\":\"192.0.2.33\",\"to\":\"::ffff:192.0.2.1"
	       "\",\"port\":443,\"proto\":34525,\"disk\":\"8:17\",\"weather\":\"WEATHER_RAIN\",\"fla"
	       "gs\":\"OPEN_READ|OPEN_WRITE\",\"hot\":true,\"low\":5,\"high\":-3,\"took\":1234567,\""
	       "mode\":420,\"id\":\"deadbeef0102\",\"load\":[3,20,100],\"place\":{\"x\":9,\"y\":8},"
	       "\"where\":18446612682375452280}}\n",
	       "every kind of column as JSON");
	k->opts.format = RENDER_TEXT;
	kit_plan(k);
}

static void rows(struct kit *k)
{
	struct opened o = { 77, "cat", 950, "/etc/passwd" };
	struct opened evil = { 1234567, "\xff\xc0\xaf\x1b[2J", 1500000000,
		               "/tmp/\xe2\x80\xae"
		               "cod.exe\n/\xc3\xa9t\xc3\xa9\"\\" };

	k->opts.timestamps = true;
	kit_plan(k);
	show(k, "opens", &o, sizeof(o));
	show(k, "opens", &evil, sizeof(evil));
	show(k, "others", &o, sizeof(o));
	GOLDEN(k,
	       "TIME         PID COMM               TOOK PATH\n"
	       "11:06:40      77 cat               950ns /etc/passwd\n"
	       "11:06:40 1234567 \\xff\\xc0\\xaf\\x1b[2J   1.50s /tmp/\\u202ecod.exe\\n/\303\251t"
	       "\303\251\"\\\\\n"
	       "TIME         PID COMM               TOOK PATH\n"
	       "11:06:40      77 cat               950ns /etc/passwd\n",
	       "rows with time; another ring has its own header; hostile names");
	k->opts.timestamps = false;
	k->opts.width = 40;
	kit_plan(k);
	show(k, "opens", &evil, sizeof(evil));
	show(k, "opens", &o, 24);
	GOLDEN(k,
	       "    PID COMM               TOOK PATH\n"
	       "1234567 \\xff\\xc0\\xaf\\x1b[2J   1.50s /tm~\n"
	       "     77 cat                 0ns\n",
	       "rows on a narrow terminal; a record that is cut");
	k->opts.width = 32;
	kit_plan(k);
	show(k, "opens", &o, sizeof(o));
	GOLDEN(k,
	       "    PID COMM           TOOK PATH\n"
	       "     77 cat           950ns /et~\n",
	       "rows on a very narrow terminal");
	k->opts.width = 0;
	k->opts.format = RENDER_JSON;
	kit_plan(k);
	show(k, "opens", &evil, sizeof(evil));
	GOLDEN(k,
	       "{\"ts\":\"2026-11-18T11:06:40.123456Z\",\"type\":\"event\",\"map\":\"opens\",\"value"
	       "\":{\"pid\":1234567,\"comm\":\"\\u00ff\\u00c0\\u00af\\u001b[2J\",\"took\":1500000000"
	       ",\"path\":\"/tmp/\\u202ecod.exe\\n/\303\251t\303\251\\\"\\\\\"}}\n",
	       "hostile names as JSON");
	k->opts.format = RENDER_TEXT;
	kit_plan(k);
}

void test_event(struct kit *k)
{
	everything(k);
	rows(k);
}
