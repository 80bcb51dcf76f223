/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Messages as bytes: the writing side. In: what is to be said. Out: a header and a body, appended
 * to a buffer. A body is a table of strings, then numbers of 4 and 8 bytes, in which a string
 * is its offset in the table:
 *
 *	u32 size of the table | strings, each with its NUL, 0 to 7 bytes more | numbers ...
 *
 * The reading side is message_get.c.
 */
#include <errno.h>
#include <string.h>

#include "process/message.h"

struct writer {
	struct buf strings, numbers;
	const char *last[2]; /* lines of a source repeat their file and their text */
	uint32_t last_at[2];
};

static void put_string(struct writer *w, const char *s)
{
	buf_u32(&w->numbers, buf_str(&w->strings, s ? s : ""));
}

/* The same for strings that repeat, by their address. */
static void put_repeated(struct writer *w, uint32_t which, const char *s)
{
	if (!s || s != w->last[which]) {
		w->last[which] = s;
		w->last_at[which] = buf_str(&w->strings, s ? s : "");
	}
	buf_u32(&w->numbers, w->last_at[which]);
}

static int finish(struct writer *w, enum message_kind kind, uint32_t nr_fds, struct buf *b)
{
	size_t size, start = b->size;
	int err = 0;

	buf_align(&w->strings, 8);
	size = 4 + w->strings.size + w->numbers.size;
	if (w->strings.failed || w->numbers.failed || b->failed) {
		err = -ENOMEM;
	} else if (w->strings.size > MESSAGE_SIZE || w->numbers.size > MESSAGE_SIZE ||
	           size > MESSAGE_SIZE) {
		err = -E2BIG;
	} else {
		buf_u32(b, MESSAGE_MAGIC);
		buf_u16(b, MESSAGE_VERSION);
		buf_u16(b, kind);
		buf_u32(b, size);
		buf_u32(b, nr_fds);
		buf_u32(b, w->strings.size);
		buf_add(b, w->strings.data, w->strings.size);
		buf_add(b, w->numbers.data, w->numbers.size);
		err = b->failed ? -ENOMEM : 0;
	}
	if (err == -ENOMEM)
		b->size = start;
	buf_free(&w->strings);
	buf_free(&w->numbers);
	return err;
}

int message_put_empty(struct buf *b, enum message_kind kind)
{
	struct writer w = { 0 };

	return finish(&w, kind, 0, b);
}

int message_put_hello(struct buf *b, const struct message_hello *m)
{
	struct writer w = { 0 };
	uint32_t i;

	buf_u32(&w.numbers, m->pid);
	buf_u32(&w.numbers, m->sessions);
	buf_u32(&w.numbers, m->waits);
	buf_u32(&w.numbers, m->inherited);
	buf_u32(&w.numbers, m->native);
	buf_u32(&w.numbers, m->nr_events);
	for (i = 0; i < m->nr_events; i++) {
		put_string(&w, m->events[i].name);
		buf_u32(&w.numbers, m->events[i].programs);
	}
	return finish(&w, MESSAGE_HELLO, 0, b);
}

static void put_program(struct writer *w, const struct message_program *p)
{
	uint32_t i;

	put_string(w, p->name);
	put_string(w, p->event);
	buf_u32(&w->numbers, p->attach);
	buf_u32(&w->numbers, p->nr_insns);
	buf_u32(&w->numbers, p->nr_lines);
	buf_add(&w->numbers, p->insns, p->nr_insns * sizeof(*p->insns));
	for (i = 0; i < p->nr_lines; i++) {
		buf_u32(&w->numbers, p->lines[i].insn);
		buf_u32(&w->numbers, p->lines[i].line);
		put_repeated(w, 0, p->lines[i].file);
		put_repeated(w, 1, p->lines[i].text);
	}
}

static void put_map(struct writer *w, const struct process_map_def *def)
{
	put_string(w, def->name);
	buf_u32(&w->numbers, def->type);
	buf_u32(&w->numbers, def->key_size);
	buf_u32(&w->numbers, def->value_size);
	buf_u32(&w->numbers, def->max_entries);
	buf_u32(&w->numbers, def->flags);
}

int message_put_attach(struct buf *b, const struct message_attach *m)
{
	struct writer w = { 0 };
	uint32_t i;

	buf_u32(&w.numbers, m->nr_maps);
	buf_u32(&w.numbers, m->nr_programs);
	buf_u32(&w.numbers, m->nr_slots);
	buf_u32(&w.numbers, m->trace);
	put_string(&w, m->children);
	for (i = 0; i < m->nr_maps; i++)
		put_map(&w, &m->maps[i]);
	for (i = 0; i < m->nr_programs; i++)
		put_program(&w, &m->programs[i]);
	for (i = 0; i < m->nr_slots; i++) {
		buf_u32(&w.numbers, m->slots[i].map);
		buf_u32(&w.numbers, m->slots[i].index);
		buf_u32(&w.numbers, m->slots[i].program);
	}
	return finish(&w, MESSAGE_ATTACH, m->nr_maps + 2, b);
}

int message_put_replace(struct buf *b, const struct message_replace *m)
{
	struct writer w = { 0 };

	buf_u32(&w.numbers, m->index);
	put_program(&w, &m->program);
	return finish(&w, MESSAGE_REPLACE, 0, b);
}

int message_put_result(struct buf *b, const struct message_made *made, uint32_t nr)
{
	struct writer w = { 0 };
	uint32_t i;

	buf_u32(&w.numbers, nr);
	for (i = 0; i < nr; i++) {
		buf_u32(&w.numbers, made[i].insns);
		buf_u32(&w.numbers, made[i].native);
		buf_u32(&w.numbers, made[i].visited);
		buf_u32(&w.numbers, made[i].stack);
		buf_u64(&w.numbers, made[i].verify_ns);
		buf_u64(&w.numbers, made[i].compile_ns);
	}
	return finish(&w, MESSAGE_RESULT, 0, b);
}

int message_put_counts(struct buf *b, const struct message_counts *counts, uint32_t nr)
{
	struct writer w = { 0 };
	uint32_t i;

	buf_u32(&w.numbers, nr);
	for (i = 0; i < nr; i++) {
		buf_u64(&w.numbers, counts[i].runs);
		buf_u64(&w.numbers, counts[i].missed);
		buf_u64(&w.numbers, counts[i].budget);
		buf_u64(&w.numbers, counts[i].faults);
	}
	return finish(&w, MESSAGE_COUNTS, 0, b);
}

int message_put_unlike(struct buf *b, const struct message_unlike *unlike, uint32_t nr)
{
	struct writer w = { 0 };
	uint32_t i;

	buf_u32(&w.numbers, nr);
	for (i = 0; i < nr; i++) {
		buf_u32(&w.numbers, unlike[i].program);
		buf_u64(&w.numbers, unlike[i].address);
	}
	return finish(&w, MESSAGE_UNLIKE, 0, b);
}

int message_put_refusal(struct buf *b, const struct abide_error *what)
{
	struct writer w = { 0 };

	buf_u32(&w.numbers, (uint32_t)-what->code);
	put_string(&w, what->tag);
	put_string(&w, what->problem);
	put_string(&w, what->reason);
	put_string(&w, what->hint);
	return finish(&w, MESSAGE_REFUSAL, 0, b);
}

int message_get_header(const void *bytes, struct message_header *out, struct abide_error *e)
{
	struct cursor c = cursor_over(bytes, MESSAGE_HEADER);
	uint32_t magic = cursor_u32(&c);

	out->version = cursor_u16(&c);
	out->kind = cursor_u16(&c);
	out->size = cursor_u32(&c);
	out->nr_fds = cursor_u32(&c);
	if (magic != MESSAGE_MAGIC)
		return error_set(e, -EPROTO, "message-magic",
		                 "a control message begins with 0x%08x, not 0x%08x", magic,
		                 MESSAGE_MAGIC);
	if (out->size > MESSAGE_SIZE || out->nr_fds > MESSAGE_FDS)
		return error_set(e, -EMSGSIZE, "message-size",
		                 "a control message of %u bytes and %u descriptors is too large",
		                 out->size, out->nr_fds);
	return 0;
}

const char *message_kind_name(uint32_t kind)
{
	switch (kind) {
	case MESSAGE_HELLO:
		return "HELLO";
	case MESSAGE_ATTACH:
		return "ATTACH";
	case MESSAGE_START:
		return "START";
	case MESSAGE_GO:
		return "GO";
	case MESSAGE_REPLACE:
		return "REPLACE";
	case MESSAGE_STATS:
		return "STATS";
	case MESSAGE_BYE:
		return "BYE";
	case MESSAGE_RESULT:
		return "RESULT";
	case MESSAGE_COUNTS:
		return "COUNTS";
	case MESSAGE_REFUSAL:
		return "REFUSAL";
	case MESSAGE_UNLIKE:
		return "UNLIKE";
	default:
		return "unknown";
	}
}
