/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * JSON lines that no map or ring is behind: {"ts":...,"type":"attached",...} once everything
 * is attached, {"ts":...,"type":"error",...} when something fails, {"ts":...,"type":"unlike",...} when a program
 * cannot be on its event in a library that an application has loaded. Results' lines are made by src/render. Strings that are not UTF-8 are escaped byte by byte.
 */
#include <string.h>
#include <sys/time.h>

#include "cli/cli.h"
#include "cli/run.h"

/* Bytes of the UTF-8 sequence that starts at @s, 0 if it is none. */
static size_t sequence(const unsigned char *s)
{
	size_t n = *s < 0x80                 ? 1
	           : *s >= 0xc2 && *s < 0xe0 ? 2
	           : *s >= 0xe0 && *s < 0xf0 ? 3
	           : *s >= 0xf0 && *s < 0xf5 ? 4
	                                     : 0;
	size_t i;

	for (i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

static void put_string(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t n;

	putchar('"');
	for (; *s; s += n ? n : 1) {
		n = sequence(s);
		if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else if (*s == '\n')
			fputs("\\n", stdout);
		else if (*s < 0x20 || *s == 0x7f || !n)
			printf("\\u%04x", *s);
		else
			fwrite(s, 1, n, stdout);
	}
	putchar('"');
}

static void begin(const char *type)
{
	struct timespec now;
	struct tm tm;
	char text[32];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	printf("{\"ts\":\"%s.%06ldZ\",\"type\":\"%s\"", text, now.tv_nsec / 1000, type);
}

void run_json_attached(const struct run_parts *p)
{
	const struct run *run = p->run;
	uint32_t i;

	begin("attached");
	fputs(",\"object\":", stdout);
	put_string(run->path);
	printf(",\"programs\":%u,\"instructions\":%u", p->engine->programs(p), p->engine->insns(p));
	if (run->nr_pids) {
		fputs(",\"pids\":[", stdout);
		for (i = 0; i < run->nr_pids; i++)
			printf("%s%d", i ? "," : "", run->pids[i]);
		putchar(']');
	}
	if (run->command) {
		fputs(",\"command\":[", stdout);
		for (i = 0; run->command[i]; i++) {
			if (i)
				putchar(',');
			put_string(run->command[i]);
		}
		putchar(']');
	}
	puts("}");
	fflush(stdout);
}

void run_json_unlike(int pid, const char *program, const char *event, const char *file)
{
	begin("unlike");
	printf(",\"pid\":%d,\"program\":", pid);
	put_string(program);
	fputs(",\"event\":", stdout);
	put_string(event);
	if (file) {
		fputs(",\"file\":", stdout);
		put_string(file);
	}
	puts("}");
	fflush(stdout);
}

void run_json_error(const struct abide_error *e)
{
	const struct {
		const char *name, *text;
	} parts[] = { { "tag", e->tag },
		      { "problem", e->problem },
		      { "reason", e->reason },
		      { "hint", e->hint } };
	size_t i;

	begin("error");
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!*parts[i].text)
			continue;
		printf(",\"%s\":", parts[i].name);
		put_string(parts[i].text);
	}
	puts("}");
	fflush(stdout);
}
