// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A sorted set of lines about a kernel. In: lines in any order, from anybody. Out: look-up by tag and name. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/notes.h"

#define NAME_MAX_BYTES 512 /* the kernel's own limit of symbols' names */

void notes_add(struct notes *n, enum note_tag tag, const char *name, const char *value)
{
	uint32_t *lines;

	if (!*name || strlen(name) >= NAME_MAX_BYTES || n->text.size > UINT32_MAX / 2)
		return;
	lines = array_grow(n->lines, n->nr, &n->room, sizeof(*lines));
	if (!lines) {
		n->text.failed = true;
		return;
	}
	n->lines = lines;
	lines[n->nr++] = (uint32_t)n->text.size;
	buf_printf(&n->text, "%c %s%s%s", tag, name, value && *value ? " " : "", value ? value : "");
	buf_u8(&n->text, 0);
}

static int compare(const void *a, const void *b, void *text)
{
	return strcmp((const char *)text + *(const uint32_t *)a, (const char *)text + *(const uint32_t *)b);
}

int notes_finish(struct notes *n, struct abide_error *e)
{
	uint32_t i, kept = 0;

	if (n->text.failed)
		return error_nomem(e);
	if (!n->nr)
		return 0;
	qsort_r(n->lines, n->nr, sizeof(*n->lines), compare, n->text.data);
	for (i = 0; i < n->nr; i++)
		if (!kept || compare(&n->lines[kept - 1], &n->lines[i], n->text.data))
			n->lines[kept++] = n->lines[i];
	n->nr = kept;
	return 0;
}

const char *notes_line(const struct notes *n, uint32_t i)
{
	return (const char *)n->text.data + n->lines[i];
}

bool notes_find(const struct notes *n, enum note_tag tag, const char *name, const char **value)
{
	uint32_t low = 0, high = n->nr, mid;
	size_t len = strlen(name);
	const char *line;
	int c;

	while (low < high) {
		mid = low + (high - low) / 2;
		line = notes_line(n, mid);
		c = (int)tag - (unsigned char)line[0];
		if (!c)
			c = strncmp(name, line + 2, len);
		/* the line may go on: " VALUE", which sorts before any other character of a name */
		if (!c && line[2 + len] && line[2 + len] != ' ')
			c = -1;
		if (!c) {
			if (value)
				*value = line + 2 + len + (line[2 + len] == ' ');
			return true;
		}
		if (c < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return false;
}

bool notes_know(const struct notes *n, const char *list)
{
	return notes_find(n, NOTE_KNOWS, list, NULL);
}

void notes_free(struct notes *n)
{
	buf_free(&n->text);
	free(n->lines);
	memset(n, 0, sizeof(*n));
}

/* "CONFIG_HZ=250": what is behind the '=' may be a text in quotes. */
static void add_option(struct notes *n, const char *line, size_t size)
{
	char name[128], value[256];
	const char *eq = memchr(line, '=', size);
	size_t i;

	if (size < 8 || strncmp(line, "CONFIG_", 7) || !eq)
		return;
	line += 7;
	size -= 7;
	if ((size_t)(eq - line) >= sizeof(name) || size - (size_t)(eq - line) - 1 >= sizeof(value))
		return;
	snprintf(name, sizeof(name), "%.*s", (int)(eq - line), line);
	snprintf(value, sizeof(value), "%.*s", (int)(size - (size_t)(eq - line) - 1), eq + 1);
	for (i = 0; name[i]; i++)
		if (!isalnum((unsigned char)name[i]) && name[i] != '_')
			return;
	for (i = 0; value[i]; i++)
		if (!isprint((unsigned char)value[i]))
			return;
	notes_add(n, NOTE_CONFIG, name, value);
}

void notes_add_config(struct notes *n, const char *text)
{
	uint32_t before = n->nr;
	const char *end;

	for (; *text; text = end + (*end == '\n')) {
		end = strchrnul(text, '\n');
		add_option(n, text, (size_t)(end - text));
	}
	if (n->nr > before)
		notes_add(n, NOTE_KNOWS, KNOWS_CONFIG, NULL);
}

bool notes_made_up(const char *name)
{
	static const char *const begins[] = {
		"__pfx_",  "__cfi_",        "__SCT__",           "__SCK__",       "__pi_",       "__bpf_trace_", "__bpf_tp_",
		"__event_", "event_",       "trace_event_",      "perf_trace_",   "trace_raw_output_", "__traceiter_",
		"__tracepoint_", "__probestub_", "print_fmt_",   "str__",         "types__",     "args__",       "__syscall_meta_",
		"__p_syscall_meta_", "__param_", "__UNIQUE_ID_", "__ksymtab_",    "__kstrtab",   "__crc_",       "__initcall_",
		"__setup_", "__flags_",     "__BTF_ID__",        "security_hook_active_", "_R",  "__func__",     "__already_done",
		"__tpstrtab_", "__print_once",  "TRACE_SYSTEM_", "__TRACE_SYSTEM_", "__compound_literal",
		"__export_symbol_", "__addressable_", "___", "__key", "btf_trace_", "__bug_table", "CSWTCH",
	};
	size_t i;

	for (i = 0; i < sizeof(begins) / sizeof(*begins); i++)
		if (!strncmp(name, begins[i], strlen(begins[i])))
			return true;
	return strchr(name, '.') || strchr(name, '$');
}
