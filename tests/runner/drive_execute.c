/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Runs translated programs on small kernels made of text. Sections:
 *
 *	-- memory                       objects of the kernel, one a line:
 *	NAME = STRUCT MEMBER=VALUE ...  VALUE: a number, &NAME, "text"; MEMBER|OTHER: the first the kernel has
 *	-- execute KERNEL... : ARG=VALUE ...      the tracepoint's arguments by name; current=NAME: the
 *	                                running task; ctx[N]=VALUE: 8 bytes of the context; watch=TGID,...: with the process filter
 *	r0 = VALUE                      what the program returns
 *	NAME[KEY] = VALUE               what a map holds (numbers of its key's and value's size)
 *	calls = N                       helper calls that were made
 *
 * The same numbers must come out on every kernel named: that is what user-ized structs promise.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/btf.h>

#include "machine.h"
#include "run.h"
#include "translate/translate.h"

static bool value(struct machine *m, const char *text, uint64_t *v)
{
	struct thing *t;
	char *end;

	if (*text == '&') {
		t = machine_thing(m, text + 1);
		*v = t ? (uint64_t)(uintptr_t)t->data : 0;
		return t != NULL;
	}
	*v = strtoull(text, &end, 0); /* negative numbers wrap as C says */
	return end != text && !*end;
}

static void put_bits(uint8_t *data, uint32_t bit, uint32_t bits, uint64_t v)
{
	uint32_t i;

	for (i = 0; i < bits; i++) {
		data[(bit + i) / 8] &= (uint8_t)~(1u << (bit + i) % 8);
		data[(bit + i) / 8] |= (uint8_t)((v >> i & 1) << (bit + i) % 8);
	}
}

/* "tgid=4711", "comm="bash"", "__state|state=1" */
static bool set_member(struct run *r, const struct part *s, struct machine *m, struct thing *t, char *word)
{
	const struct layout *l = m->layout;
	char *equals = strchr(word, '='), *name, *rest = word, path[256];
	struct layout_member found;
	uint32_t type;
	int64_t at, size;
	uint64_t v;

	if (!equals) {
		run_fail(r, s, "\"%s\": want MEMBER=VALUE", word);
		return false;
	}
	*equals++ = '\0';
	while ((name = strsep(&rest, "|"))) {
		snprintf(path, sizeof(path), "%s.%s", l->types[t->type].name, name);
		if (layout_symbol(l, path, &at, &type, &found))
			break;
	}
	if (!name) /* this kernel has it not; a program that needs it cannot have been translated */
		return true;
	size = layout_sizeof(l, type);
	if (*equals == '\'') { /* text in place */
		strncpy((char *)t->data + at, equals + 1, (size_t)size);
		return true;
	}
	if (!value(m, equals, &v)) {
		run_fail(r, s, "\"%s\" is no value", equals);
		return false;
	}
	if (found.bit_size)
		put_bits(t->data, found.bit_off, found.bit_size, v);
	else
		put_bits(t->data, (uint32_t)at * 8, (uint32_t)(size > 8 ? 64 : size * 8), v);
	return true;
}

static bool make_thing(struct run *r, const struct part *s, struct machine *m, const char *line, bool fill)
{
	char name[64], word[256], type[64];
	struct thing *t;
	uint32_t id;

	next_word(&line, name, sizeof(name));
	next_word(&line, word, sizeof(word));
	next_word(&line, type, sizeof(type));
	t = machine_thing(m, name);
	if (!fill) {
		id = layout_find(m->layout, BTF_KIND_STRUCT, type);
		if (!id && type[0] != '\'') /* this kernel has no such struct */
			return true;
		if (m->nr_things == MAX_THINGS)
			return false;
		t = &m->things[m->nr_things++];
		snprintf(t->name, sizeof(t->name), "%s", name);
		t->type = id;
		t->size = id ? (uint32_t)layout_sizeof(m->layout, id) : (uint32_t)strlen(type);
		t->data = malloc(t->size ? t->size : 1);
		/* bytes of nobody's: a value read from the wrong place is never a plausible 0 or 1 */
		memset(t->data, 0xc3, t->size);
		if (!id) {
			memcpy(t->data, type + 1, t->size - 1);
			t->data[t->size - 1] = 0;
		}
		return true;
	}
	while (t && next_word(&line, word, sizeof(word)))
		if (!set_member(r, s, m, t, word))
			return false;
	return true;
}

static bool make_memory(struct run *r, struct machine *m)
{
	const struct part *s = case_part(r->c, "memory", 0);
	char line[1024];
	const char *p;
	int pass;

	for (pass = 0; s && pass < 2; pass++) /* all exist before they point at each other */
		for (p = s->text; next_line(&p, line, sizeof(line));)
			if (line[strspn(line, " \t")] && line[0] != '#' && !make_thing(r, s, m, line, pass == 1))
				return false;
	return true;
}

/* The running task; its ids are what the helper says. */
static void set_current(struct machine *m, struct thing *t)
{
	uint32_t pid = 0, tgid = 0, type;
	int64_t at;

	m->current = t;
	if (!t)
		return;
	if (layout_symbol(m->layout, "task_struct.pid", &at, &type, NULL))
		memcpy(&pid, t->data + at, 4);
	if (layout_symbol(m->layout, "task_struct.tgid", &at, &type, NULL))
		memcpy(&tgid, t->data + at, 4);
	m->pid_tgid = (uint64_t)tgid << 32 | pid;
}

static bool set_arguments(struct run *r, const struct part *s, struct machine *m, const char *args)
{
	char word[256], path[256], *equals, *name, *rest;
	uint32_t type;
	uint64_t v;
	int64_t at;

	while (next_word(&args, word, sizeof(word))) {
		equals = strchr(word, '=');
		if (!equals) {
			run_fail(r, s, "\"%s\": want ARG=VALUE", word);
			return false;
		}
		*equals++ = '\0';
		if (!strcmp(word, "current")) {
			set_current(m, machine_thing(m, equals));
			continue;
		}
		if (!strcmp(word, "watch")) {
			for (rest = equals; (name = strsep(&rest, ","));)
				m->watched[m->nr_watched++ % 8] = (uint32_t)strtoul(name, NULL, 0);
			continue;
		}
		if (!value(m, equals, &v)) {
			run_fail(r, s, "\"%s\" is no value", equals);
			return false;
		}
		if (sscanf(word, "ctx[%u]", &type) == 1 && type < 16)
			m->context[type] = v;
		for (rest = word; (name = strsep(&rest, "|"));) {
			snprintf(path, sizeof(path), "%s.%s", m->program->attach, name);
			if (layout_symbol(m->layout, path, &at, &type, NULL)) {
				m->context[at / 8] = v;
				break;
			}
		}
	}
	return true;
}

/* "NAME[KEY]": the value, or false when there is no such entry */
static bool map_value(struct machine *m, const char *name, uint64_t *v)
{
	char map[64], key_text[64];
	uint64_t key = 0;
	size_t i;

	if (sscanf(name, "%63[^[][%63[^]]", map, key_text) != 2 || !value(m, key_text, &key))
		return false;
	for (i = 0; i < m->nr_entries; i++) {
		const struct map_def *d = m->entries[i].map < m->object->nr_maps ? &m->object->maps[m->entries[i].map] : NULL;

		if (!d || strcmp(d->name, map) || memcmp(m->entries[i].key, &key, d->key_size < 8 ? d->key_size : 8))
			continue;
		*v = 0;
		memcpy(v, m->entries[i].value, d->value_size < 8 ? d->value_size : 8);
		return true;
	}
	return false;
}

static void check_result(struct run *r, const struct part *s, const char *kernel, struct machine *m, uint64_t r0,
			 const char *line)
{
	char name[128], equals[8], text[128];
	uint64_t want, have = r0;

	if (!next_word(&line, name, sizeof(name)) || name[0] == '#')
		return;
	next_word(&line, equals, sizeof(equals));
	next_word(&line, text, sizeof(text));
	if (!strcmp(name, "calls"))
		have = m->calls;
	else if (strcmp(name, "r0") && !map_value(m, name, &have)) {
		run_fail(r, s, "%s: there is no %s", kernel, name);
		return;
	}
	if (!value(m, text, &want))
		run_fail(r, s, "\"%s\" is no value", text);
	else if (have != want)
		run_fail(r, s, "%s: %s is %lld (0x%llx), not %s", kernel, name, (long long)have, (unsigned long long)have,
			 text);
}

static void execute_on(struct run *r, const struct part *s, const char *name, const char *args)
{
	struct kernel *k = run_kernel(r, name);
	struct abide_error e = { 0 };
	struct object *o = k ? run_object(r, &e) : NULL;
	struct translate_options opts = { .filter = strstr(args, "watch=") != NULL };
	struct translated *t = NULL;
	const char *p = s->text;
	struct machine *m = calloc(1, sizeof(*m));
	char line[512];
	uint64_t r0;

	if (!o || !m || translate_object(o, r->catalog, k->target, &opts, &t, &e)) {
		if (e.code)
			run_fail_error(r, s, name, &e);
		goto out;
	}
	*m = (struct machine){ .layout = k->layout, .program = &t->programs[0], .object = o };
	if (t->programs[0].verbatim || !make_memory(r, m) || !set_arguments(r, s, m, args)) {
		if (!r->report.size)
			run_fail(r, s, "%s: nothing to run", name);
		goto out;
	}
	if (!machine_run(m, &r0)) {
		run_fail(r, s, "%s: %s", name, m->error);
		goto out;
	}
	while (next_line(&p, line, sizeof(line)))
		check_result(r, s, name, m, r0, line);
out:
	if (m)
		machine_free(m);
	free(m);
	translated_free(t);
}

static void run_execute(struct run *r, const struct part *s)
{
	const char *colon = strstr(s->args, " : "), *p = s->args;
	char kernel[64];
	unsigned n = 0;

	while (next_word(&p, kernel, sizeof(kernel)) && strcmp(kernel, ":")) {
		execute_on(r, s, kernel, colon ? colon + 3 : "");
		n++;
	}
	if (!n)
		run_fail(r, s, "names no kernel");
}

const struct driver execute_drivers[] = { { "execute", run_execute }, { 0 } };
