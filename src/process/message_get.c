/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Messages as bytes: the reading side. In: a body from anybody. Out: what it says, with strings
 * that point into the body. Every count is compared with the bytes that are left before
 * memory is asked for, so memory is in proportion to the message. Refused: counts above the
 * protocol's limits, strings outside of the table, names that are empty, too long or cannot be
 * printed, references to maps and programs that do not exist, lines out of order, bytes behind the
 * end. What a program does is the verifier's matter.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "process/message.h"

#define NAME_SIZE 256 /* of programs and events, with the NUL */

struct reader {
	struct cursor strings, numbers;
	bool form; /* something that a reader of numbers cannot see is wrong */
};

static struct reader reader_over(const void *body, uint32_t size)
{
	struct cursor c = cursor_over(body, size);
	struct reader r = { 0 };
	uint32_t n = cursor_u32(&c);

	r.strings = cursor_sub(&c, c.at, n);
	/* The last byte ends the last string, so every offset inside is one that ends. */
	r.form = n % 8 || r.strings.bad || (n && r.strings.data[n - 1]);
	r.numbers = r.form ? (struct cursor){ .bad = true }
	                   : cursor_sub(&c, c.at + n, size - c.at - n);
	return r;
}

static const char *get_string(struct reader *r)
{
	uint32_t at = cursor_u32(&r->numbers);

	if (r->numbers.bad || at >= r->strings.size) {
		r->form = true;
		return "";
	}
	return (const char *)r->strings.data + at;
}

static bool is_printable(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return false;
	return true;
}

static const char *get_name(struct reader *r, size_t room)
{
	const char *s = get_string(r);
	size_t n = strnlen(s, room);

	if (!n || n == room || !is_printable(s))
		r->form = true;
	return s;
}

static uint32_t get_bool(struct reader *r)
{
	uint32_t v = cursor_u32(&r->numbers);

	if (v > 1)
		r->form = true;
	return v;
}

/* An array of @n elements, of which each takes at least @bytes of the message. */
static void *get_array(struct reader *r, uint32_t n, uint32_t most, size_t bytes, size_t element,
                       int *err)
{
	void *p;

	if (r->form || r->numbers.bad || n > most || n > cursor_left(&r->numbers) / bytes) {
		r->form = true;
		return NULL;
	}
	p = calloc(n ? n : 1, element);
	if (!p)
		*err = -ENOMEM;
	return p;
}

static int finish(const struct reader *r, int err, enum message_kind kind, struct abide_error *e)
{
	if (err == -ENOMEM)
		return error_nomem(e);
	if (!r->form && !r->numbers.bad && !cursor_left(&r->numbers))
		return 0;
	error_set(e, -EINVAL, "message-form", "a malformed control message %s",
	          message_kind_name(kind));
	return error_hint(e, "are abide and the application's libabide-event of the same version?");
}

int message_get_hello(const void *body, uint32_t size, struct message_hello *out,
                      struct abide_error *e)
{
	struct reader r = reader_over(body, size);
	uint32_t i, n;
	int err = 0;

	memset(out, 0, sizeof(*out));
	out->pid = cursor_u32(&r.numbers);
	out->sessions = cursor_u32(&r.numbers);
	out->waits = get_bool(&r);
	out->inherited = get_bool(&r);
	out->native = get_bool(&r);
	n = cursor_u32(&r.numbers);
	out->events = get_array(&r, n, MESSAGE_EVENTS, 8, sizeof(*out->events), &err);
	for (i = 0; out->events && i < n; i++) {
		out->events[i].name = get_name(&r, NAME_SIZE);
		out->events[i].programs = cursor_u32(&r.numbers);
		out->nr_events++;
	}
	err = finish(&r, err, MESSAGE_HELLO, e);
	if (err)
		message_hello_free(out);
	return err;
}

static void get_lines(struct reader *r, struct message_program *p)
{
	uint32_t i;

	for (i = 0; i < p->nr_lines; i++) {
		struct message_line *l = &p->lines[i];

		l->insn = cursor_u32(&r->numbers);
		l->line = cursor_u32(&r->numbers);
		l->file = get_string(r);
		l->text = get_string(r);
		if (l->insn >= p->nr_insns || (i && l->insn < l[-1].insn))
			r->form = true;
	}
}

/* @left: instructions that the message may still have. */
static int get_program(struct reader *r, struct message_program *p, uint32_t *left)
{
	uint32_t insns, lines;
	const void *from;
	int err = 0;

	p->name = get_name(r, NAME_SIZE);
	p->event = get_name(r, NAME_SIZE);
	p->attach = get_bool(r);
	insns = cursor_u32(&r->numbers);
	lines = cursor_u32(&r->numbers);
	if (!insns || lines > insns)
		r->form = true;
	p->insns = get_array(r, insns, *left, sizeof(*p->insns), sizeof(*p->insns), &err);
	from = p->insns ? cursor_take(&r->numbers, insns * sizeof(*p->insns)) : NULL;
	if (!from)
		return err;
	memcpy(p->insns, from, insns * sizeof(*p->insns));
	p->nr_insns = insns;
	*left -= insns;
	p->lines = get_array(r, lines, lines, 16, sizeof(*p->lines), &err);
	if (!p->lines)
		return err;
	p->nr_lines = lines;
	get_lines(r, p);
	return 0;
}

static void get_map(struct reader *r, struct process_map_def *def)
{
	const char *name = get_name(r, sizeof(def->name));

	if (r->form)
		return;
	strcpy(def->name, name);
	def->type = cursor_u32(&r->numbers);
	def->key_size = cursor_u32(&r->numbers);
	def->value_size = cursor_u32(&r->numbers);
	def->max_entries = cursor_u32(&r->numbers);
	def->flags = cursor_u32(&r->numbers);
}

static int get_slots(struct reader *r, uint32_t n, struct message_attach *out)
{
	int err = 0;
	uint32_t i;

	out->slots = get_array(r, n, MESSAGE_SLOTS, 12, sizeof(*out->slots), &err);
	for (i = 0; out->slots && i < n; i++) {
		struct message_slot *s = &out->slots[i];

		s->map = cursor_u32(&r->numbers);
		s->index = cursor_u32(&r->numbers);
		s->program = cursor_u32(&r->numbers);
		if (s->map >= out->nr_maps || s->program >= out->nr_programs ||
		    out->maps[s->map].type != BPF_MAP_TYPE_PROG_ARRAY ||
		    s->index >= out->maps[s->map].max_entries)
			r->form = true;
		out->nr_slots++;
	}
	return err;
}

int message_get_attach(const void *body, uint32_t size, struct message_attach *out,
                       struct abide_error *e)
{
	struct reader r = reader_over(body, size);
	uint32_t i, maps, programs, slots, left = PROCESS_MAX_INSNS;
	int err = 0;

	memset(out, 0, sizeof(*out));
	maps = cursor_u32(&r.numbers);
	programs = cursor_u32(&r.numbers);
	slots = cursor_u32(&r.numbers);
	out->trace = cursor_u32(&r.numbers);
	out->children = get_string(&r);
	if (!programs || !is_printable(out->children) ||
	    (out->trace >= maps && out->trace != MESSAGE_NONE))
		r.form = true;
	out->maps = get_array(&r, maps, MESSAGE_MAPS, 24, sizeof(*out->maps), &err);
	for (i = 0; out->maps && !r.form && i < maps; i++, out->nr_maps++)
		get_map(&r, &out->maps[i]);
	if (!err)
		out->programs = get_array(&r, programs, MESSAGE_PROGRAMS, 28,
		                          sizeof(*out->programs), &err);
	for (i = 0; out->programs && !err && !r.form && i < programs; i++) {
		out->nr_programs++;
		err = get_program(&r, &out->programs[i], &left);
	}
	if (!err)
		err = get_slots(&r, slots, out);
	err = finish(&r, err, MESSAGE_ATTACH, e);
	if (err)
		message_attach_free(out);
	return err;
}

int message_get_replace(const void *body, uint32_t size, struct message_replace *out,
                        struct abide_error *e)
{
	struct reader r = reader_over(body, size);
	uint32_t left = PROCESS_MAX_INSNS;
	int err;

	memset(out, 0, sizeof(*out));
	out->index = cursor_u32(&r.numbers);
	err = get_program(&r, &out->program, &left);
	err = finish(&r, err, MESSAGE_REPLACE, e);
	if (err)
		message_replace_free(out);
	return err;
}

int message_get_result(const void *body, uint32_t size, struct message_made **out, uint32_t *nr,
                       struct abide_error *e)
{
	struct reader r = reader_over(body, size);
	uint32_t i, n = cursor_u32(&r.numbers);
	struct message_made *m;
	int err = 0;

	m = get_array(&r, n, MESSAGE_PROGRAMS, 24, sizeof(*m), &err);
	for (i = 0; m && i < n; i++) {
		m[i].insns = cursor_u32(&r.numbers);
		m[i].native = cursor_u32(&r.numbers);
		m[i].visited = cursor_u32(&r.numbers);
		m[i].stack = cursor_u32(&r.numbers);
		m[i].verify_ns = cursor_u64(&r.numbers);
		m[i].compile_ns = cursor_u64(&r.numbers);
	}
	err = finish(&r, err, MESSAGE_RESULT, e);
	if (err) {
		free(m);
		m = NULL;
	}
	*out = m;
	*nr = m ? n : 0;
	return err;
}

int message_get_counts(const void *body, uint32_t size, struct message_counts **out, uint32_t *nr,
                       struct abide_error *e)
{
	struct reader r = reader_over(body, size);
	uint32_t i, n = cursor_u32(&r.numbers);
	struct message_counts *m;
	int err = 0;

	m = get_array(&r, n, MESSAGE_PROGRAMS, 32, sizeof(*m), &err);
	for (i = 0; m && i < n; i++) {
		m[i].runs = cursor_u64(&r.numbers);
		m[i].missed = cursor_u64(&r.numbers);
		m[i].budget = cursor_u64(&r.numbers);
		m[i].faults = cursor_u64(&r.numbers);
	}
	err = finish(&r, err, MESSAGE_COUNTS, e);
	if (err) {
		free(m);
		m = NULL;
	}
	*out = m;
	*nr = m ? n : 0;
	return err;
}

int message_get_unlike(const void *body, uint32_t size, struct message_unlike **out, uint32_t *nr,
                       struct abide_error *e)
{
	struct reader r = reader_over(body, size);
	uint32_t i, n = cursor_u32(&r.numbers);
	struct message_unlike *m;
	int err = 0;

	m = get_array(&r, n, MESSAGE_UNLIKES, 12, sizeof(*m), &err);
	for (i = 0; m && i < n; i++) {
		m[i].program = cursor_u32(&r.numbers);
		m[i].address = cursor_u64(&r.numbers);
		if (m[i].program >= MESSAGE_PROGRAMS)
			r.form = true;
	}
	err = finish(&r, err, MESSAGE_UNLIKE, e);
	if (err) {
		free(m);
		m = NULL;
	}
	*out = m;
	*nr = m ? n : 0;
	return err;
}

/* Text for a person's terminal, from somebody else: at most @room bytes, nothing that moves a cursor. */
static void copy_text(char *to, size_t room, const char *from)
{
	size_t i;

	for (i = 0; i + 1 < room && from[i]; i++) {
		unsigned char c = from[i];

		to[i] = (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f ? '?' : (char)c;
	}
	to[i] = 0;
}

int message_get_refusal(const void *body, uint32_t size, struct abide_error *what,
                        struct abide_error *e)
{
	struct reader r = reader_over(body, size);
	uint32_t code = cursor_u32(&r.numbers);

	memset(what, 0, sizeof(*what));
	what->code = code && code < 4096 ? -(int)code : -EINVAL;
	copy_text(what->tag, sizeof(what->tag), get_string(&r));
	copy_text(what->problem, sizeof(what->problem), get_string(&r));
	copy_text(what->reason, sizeof(what->reason), get_string(&r));
	copy_text(what->hint, sizeof(what->hint), get_string(&r));
	return finish(&r, 0, MESSAGE_REFUSAL, e);
}

void message_hello_free(struct message_hello *m)
{
	free(m->events);
	memset(m, 0, sizeof(*m));
}

void message_attach_free(struct message_attach *m)
{
	uint32_t i;

	for (i = 0; m->programs && i < m->nr_programs; i++) {
		free(m->programs[i].insns);
		free(m->programs[i].lines);
	}
	free(m->maps);
	free(m->programs);
	free(m->slots);
	memset(m, 0, sizeof(*m));
}

void message_replace_free(struct message_replace *m)
{
	free(m->program.insns);
	free(m->program.lines);
	memset(m, 0, sizeof(*m));
}
