/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Fuzz target: any bytes as the body of a message; the first byte says of which kind. Beside the
 * sanitizers' checks: an error has a tag and leaves nothing behind, every reference is inside,
 * and what was accepted is written and read again as the same.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "process/message.h"
#include "standalone.h"

static void must(bool good)
{
	if (!good)
		abort();
}

static size_t look(const char *s)
{
	return strlen(s);
}

static void visit_program(const struct message_program *p)
{
	uint32_t i;

	must(look(p->name) && look(p->event) && p->nr_insns && p->nr_insns <= PROCESS_MAX_INSNS);
	for (i = 0; i < p->nr_lines; i++) {
		look(p->lines[i].file);
		look(p->lines[i].text);
		must(p->lines[i].insn < p->nr_insns && (!i || p->lines[i - 1].insn <= p->lines[i].insn));
	}
}

static void visit_attach(const struct message_attach *m)
{
	uint32_t i;

	must(m->nr_maps <= MESSAGE_MAPS && m->nr_programs && m->nr_programs <= MESSAGE_PROGRAMS);
	must(m->trace == MESSAGE_NONE || m->trace < m->nr_maps);
	look(m->children);
	for (i = 0; i < m->nr_maps; i++)
		must(memchr(m->maps[i].name, 0, sizeof(m->maps[i].name)) && *m->maps[i].name);
	for (i = 0; i < m->nr_programs; i++)
		visit_program(&m->programs[i]);
	for (i = 0; i < m->nr_slots; i++)
		must(m->slots[i].map < m->nr_maps && m->slots[i].program < m->nr_programs &&
		     m->slots[i].index < m->maps[m->slots[i].map].max_entries);
}

static void attach(const uint8_t *data, uint32_t size, int *err, struct abide_error *e)
{
	struct message_attach m, again;
	struct message_header h;
	struct buf b = { 0 };

	*err = message_get_attach(data, size, &m, e);
	must(!*err || (!m.maps && !m.programs && !m.slots));
	if (*err)
		return;
	visit_attach(&m);
	if (!message_put_attach(&b, &m)) {
		must(!message_get_header(b.data, &h, e) && h.nr_fds == m.nr_maps + 2);
		must(!message_get_attach(b.data + MESSAGE_HEADER, h.size, &again, e));
		visit_attach(&again);
		must(again.nr_programs == m.nr_programs && again.nr_maps == m.nr_maps);
		must(!memcmp(again.maps, m.maps, m.nr_maps * sizeof(*m.maps)));
		message_attach_free(&again);
	}
	buf_free(&b);
	message_attach_free(&m);
}

static void hello(const uint8_t *data, uint32_t size, int *err, struct abide_error *e)
{
	struct message_hello m;
	uint32_t i;

	*err = message_get_hello(data, size, &m, e);
	for (i = 0; !*err && i < m.nr_events; i++)
		must(look(m.events[i].name));
	message_hello_free(&m);
}

static void replace(const uint8_t *data, uint32_t size, int *err, struct abide_error *e)
{
	struct message_replace m;

	*err = message_get_replace(data, size, &m, e);
	if (!*err)
		visit_program(&m.program);
	message_replace_free(&m);
}

static void answers(uint8_t kind, const uint8_t *data, uint32_t size, int *err, struct abide_error *e)
{
	struct message_counts *counts = NULL;
	struct message_made *made = NULL;
	struct message_unlike *unlike = NULL;
	struct abide_error what;
	uint32_t nr = 0;

	switch (kind % 4) {
	case 0:
		*err = message_get_result(data, size, &made, &nr, e);
		must(nr <= MESSAGE_PROGRAMS && (*err ? !made : made != NULL));
		break;
	case 1:
		*err = message_get_counts(data, size, &counts, &nr, e);
		must(nr <= MESSAGE_PROGRAMS && (*err ? !counts : counts != NULL));
		break;
	case 2:
		*err = message_get_unlike(data, size, &unlike, &nr, e);
		must(nr <= MESSAGE_UNLIKES && (*err ? !unlike : unlike != NULL));
		while (nr--)
			must(unlike[nr].program < MESSAGE_PROGRAMS);
		break;
	default:
		*err = message_get_refusal(data, size, &what, e);
		must(what.code < 0 && look(what.problem) < sizeof(what.problem));
	}
	free(made);
	free(counts);
	free(unlike);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct abide_error e = { 0 };
	struct message_header h;
	uint32_t n;
	int err = 0;

	if (size < 1 || size > 1 << 20)
		return 0;
	if (size >= MESSAGE_HEADER)
		message_get_header(data, &h, &e);
	n = (uint32_t)size - 1;
	e = (struct abide_error){ 0 };
	switch (data[0] & 3) {
	case 0:
		attach(data + 1, n, &err, &e);
		break;
	case 1:
		hello(data + 1, n, &err, &e);
		break;
	case 2:
		replace(data + 1, n, &err, &e);
		break;
	default:
		answers(data[0] >> 2, data + 1, n, &err, &e);
	}
	must(!err || (e.code == err && (*e.tag || err == -ENOMEM)));
	return 0;
}
