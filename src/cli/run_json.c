/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * JSON lines that no map or ring is behind: {"ts":...,"type":"attached",...} once everything
 * is attached, {"ts":...,"type":"error",...} when something fails, {"ts":...,"type":"unlike",...} when a
 * program cannot be on its event in a library that an application has loaded. Results' lines are made by src/render.
 */
#include <time.h>

#include "cli/cli.h"
#include "cli/run.h"
#include "cli/view.h"
#include "render/render.h"

static void put_begin(const char *type)
{
	struct buf out = { 0 };
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	render_json_begin(type, NULL, now, &out);
	fwrite(out.data, 1, out.size, stdout);
	buf_free(&out);
}

void run_json_attached(const struct run_parts *p)
{
	const struct run *run = p->run;
	uint32_t i;

	put_begin("attached");
	json_member("object", run->path);
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
			view_json_string(run->command[i]);
		}
		putchar(']');
	}
	puts("}");
	fflush(stdout);
}

void run_json_unlike(int pid, const char *program, const char *event, const char *file)
{
	put_begin("unlike");
	printf(",\"pid\":%d,\"program\":", pid);
	view_json_string(program);
	fputs(",\"event\":", stdout);
	view_json_string(event);
	if (file) {
		fputs(",\"file\":", stdout);
		view_json_string(file);
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

	put_begin("error");
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!*parts[i].text)
			continue;
		json_member(parts[i].name, parts[i].text);
	}
	puts("}");
	fflush(stdout);
}
