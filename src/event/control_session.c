/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What one connection attached. In: descriptors of maps, and programs as the translator left them.
 * Out: programs that were verified against the process's own records, compiled, and armed.
 * Nobody is trusted: maps must be sealed memory of the size that their definition says, and
 * values are constants for the verifier only where the kernel lets nobody write them.
 *
 * Maps live until the last program that uses them has been released, which happens when no thread
 * can be in it: each program counts for the session, and so does its connection.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "event/control_peer.h"
#include "process/message_socket.h"
#include "event/event.h"
#include "process/link.h"
#include "process/verify.h"

struct session_program {
	struct event_program attached; /* what the registry has */
	struct process_program *code;
	struct control_session *session;
	struct session_program *next; /* in the session's .gone */
};

struct session_event { /* one for each program, in their order */
	char *name;     /* of the event, "mydb:query_done" */
	char *provider; /* "mydb"; .event: "query_done" */
	const char *event;
	const struct layout *layout; /* NULL: only in program arrays */
	struct layout_types *types;
	bool attach;
	struct session_program *program; /* now */
	struct event_link *link;         /* NULL: not armed */
	struct event_counts base;        /* the parent's, at the fork */
	uint64_t base_faults;
	struct message_counts last;      /* when it was disarmed */
};

struct control_session {
	uint32_t users; /* the connection, and programs that were not released yet */
	struct process_map *maps[MESSAGE_MAPS];
	struct verify_map known[MESSAGE_MAPS];
	uint32_t nr_maps;
	struct process_map *trace;
	struct process_slots *slots;
	int wake; /* a socket; the application may close it, and have another file of this number */
	ino_t wake_inode;
	struct session_event *events;
	uint32_t nr;
	bool started, stopping, has_arrays;
	/*
	 * Programs that were released while others could still call them through an array: when a
	 * session ends, its programs are disarmed one after the other.
	 */
	struct session_program *gone;
	uint32_t modules; /* how many there were when it was last looked for what is to be told */
	struct message_unlike told[MESSAGE_UNLIKES];
	uint32_t nr_told;
	char children[108];
	struct link_session links;
	uint64_t faults[MESSAGE_PROGRAMS]; /* programs count there, also those that are no longer attached */
};

static void free_program(struct session_program *p)
{
	process_program_free(p->code);
	free(p);
}

/* The registry's lock may be held (release): nothing here asks it for anything. */
static void drop_user(struct control_session *s)
{
	uint32_t i;

	if (__atomic_sub_fetch(&s->users, 1, __ATOMIC_ACQ_REL))
		return;
	while (s->gone) {
		struct session_program *p = s->gone;

		s->gone = p->next;
		free_program(p);
	}
	for (i = 0; i < s->nr_maps; i++)
		process_map_close(s->maps[i]);
	process_slots_close(s->slots);
	if (s->wake >= 0 && message_socket_is(s->wake, s->wake_inode))
		close(s->wake);
	free(s->links.programs);
	free(s);
}

static void release(struct event_program *p)
{
	struct session_program *program = p->owner;
	struct control_session *s = program->session;

	if (__atomic_load_n(&s->stopping, __ATOMIC_ACQUIRE) && s->has_arrays) {
		/* a module that is unloaded may release others at the same time */
		program->next = __atomic_load_n(&s->gone, __ATOMIC_RELAXED);
		while (!__atomic_compare_exchange_n(&s->gone, &program->next, program, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			;
	} else {
		free_program(program);
	}
	drop_user(s);
}

/* Any thread of the application, in the middle of an event: never waits, and a lost byte is no loss. */
static void wake_reader(void *ctx)
{
	const struct control_session *s = ctx;

	if (message_socket_is(s->wake, s->wake_inode))
		send(s->wake, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static bool is_ring(uint32_t type)
{
	return type == BPF_MAP_TYPE_RINGBUF || type == BPF_MAP_TYPE_PERF_EVENT_ARRAY;
}

static int open_map(struct control_session *s, const struct process_map_def *def, int fd,
                    struct abide_error *e)
{
	struct verify_map *known = &s->known[s->nr_maps];
	struct process_map *m;
	uint32_t stride;
	int err;

	err = process_map_open(fd, def, &m, e);
	if (err)
		return err;
	s->maps[s->nr_maps++] = m;
	def = process_map_def(m);
	*known = (struct verify_map){ .name = def->name,
		                      .type = def->type,
		                      .key_size = def->key_size,
		                      .value_size = def->value_size,
		                      .max_entries = def->max_entries,
		                      .flags = def->flags };
	known->read_only = process_map_frozen(m) || def->flags & BPF_F_RDONLY_PROG;
	if (process_map_frozen(m) && def->type == BPF_MAP_TYPE_ARRAY && def->max_entries == 1)
		known->frozen = process_map_values(m, &stride);
	s->has_arrays |= def->type == BPF_MAP_TYPE_PROG_ARRAY;
	process_map_set_slots(m, s->slots);
	if (is_ring(def->type))
		process_map_on_wake(m, wake_reader, s);
	return 0;
}

static int open_maps(struct control_session *s, const struct message_attach *m, int *fds,
                     struct abide_error *e)
{
	uint32_t i;
	int err;

	err = process_slots_open(fds[m->nr_maps], &s->slots, e);
	s->wake = fds[m->nr_maps + 1];
	s->wake_inode = message_socket_inode(s->wake);
	fds[m->nr_maps + 1] = -1;
	for (i = 0; !err && i < m->nr_maps; i++)
		err = open_map(s, &m->maps[i], fds[i], e);
	if (!err && m->trace != MESSAGE_NONE)
		s->trace = s->maps[m->trace];
	return err;
}

struct place { /* of an instruction in the source */
	const struct message_program *program;
};

static const char *where(void *ctx, uint32_t insn, char *buf, size_t size)
{
	const struct message_program *p = ((struct place *)ctx)->program;
	uint32_t i, at = UINT32_MAX;

	for (i = 0; i < p->nr_lines && p->lines[i].insn <= insn; i++)
		at = i;
	if (at == UINT32_MAX)
		snprintf(buf, size, "%s+%u", p->name, insn);
	else
		snprintf(buf, size, "%s:%u: %s", p->lines[at].file, p->lines[at].line,
		         p->lines[at].text);
	return buf;
}

static int verify(struct control_session *s, const struct session_event *ev,
                  const struct message_program *m, struct verify_result **out,
                  struct abide_error *e)
{
	const struct layout_event *event = layout_event(ev->layout, ev->provider, ev->event);
	struct verify_arg args[LAYOUT_ARGS];
	struct place place = { .program = m };
	struct verify_input in = { .name = m->name,
		                   .insns = m->insns,
		                   .nr_insns = m->nr_insns,
		                   .args = args,
		                   .types = ev->types->types,
		                   .nr_types = ev->types->nr_types,
		                   .maps = s->known,
		                   .nr_maps = s->nr_maps,
		                   .where = where,
		                   .where_ctx = &place };

	in.nr_args = layout_types_args(ev->types, event, args);
	return verify_program(&in, false, out, e);
}

/* Programs of one event have one number, so that they can call each other. */
static uint64_t context_of(const struct control_session *s, uint32_t index)
{
	uint32_t i;

	for (i = 0; strcmp(s->events[i].name, s->events[index].name); i++)
		;
	return i;
}

static bool needs_slot(const struct control_session *s, const struct message_program *m)
{
	uint32_t i, map;

	for (i = 0; i < m->nr_insns; i++) {
		if (m->insns[i].code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		map = m->insns[i].imm;
		if (m->insns[i].src_reg == BPF_PSEUDO_MAP_FD && map < s->nr_maps &&
		    s->known[map].type != BPF_MAP_TYPE_ARRAY)
			return true;
		i++;
	}
	return s->trace != NULL;
}

static int make_program(struct control_session *s, uint32_t index, const struct message_program *m,
                        struct session_program **out, struct message_made *made,
                        struct abide_error *e)
{
	struct session_program *p = calloc(1, sizeof(*p));
	struct verify_result *result = NULL;
	struct link_input in = { .insns = m->insns,
		                 .nr_insns = m->nr_insns,
		                 .maps = s->maps,
		                 .nr_maps = s->nr_maps,
		                 .session = &s->links,
		                 .faults = &s->faults[index],
		                 .trace = s->trace };
	uint64_t begin = control_now_ns(), verified = begin;
	size_t native = 0;
	int err;

	if (!p)
		return error_nomem(e);
	err = verify(s, &s->events[index], m, &result, e);
	if (!err) {
		verified = control_now_ns();
		in.facts = result->facts;
		in.context = context_of(s, index);
		err = process_link(&in, &p->code, e);
	}
	if (err)
		goto out;
	process_code(p->code, &native);
	*made = (struct message_made){ .insns = m->nr_insns,
		                       .native = native,
		                       .visited = result->visited,
		                       .stack = result->stack,
		                       .verify_ns = verified - begin,
		                       .compile_ns = control_now_ns() - verified };
	p->session = s;
	p->attached.program = p->code;
	p->attached.slots = needs_slot(s, m) ? s->slots : NULL;
	p->attached.release = release;
	p->attached.owner = p;
	__atomic_add_fetch(&s->users, 1, __ATOMIC_RELAXED);
out:
	verify_result_free(result);
	if (err)
		free(p);
	*out = err ? NULL : p;
	return err;
}

static int prepare_event(struct session_event *ev, const struct message_program *m,
                         struct abide_error *e)
{
	const char *colon = strchr(m->event, ':');

	ev->name = strdup(m->event);
	ev->provider = colon ? strndup(m->event, colon - m->event) : strdup("");
	ev->attach = m->attach;
	if (!ev->name || !ev->provider)
		return error_nomem(e);
	if (!colon)
		return error_set(e, -EINVAL, "event-unknown", "\"%s\" is no user event: PROVIDER:NAME",
		                 m->event);
	ev->event = ev->name + (colon - m->event) + 1;
	if (event_layout(ev->provider, ev->event, &ev->layout, e))
		return e->code;
	return layout_types_new(ev->layout, &ev->types, e);
}

/* Which program a refusal is of; its source lines are in the reason. */
static int name_program(int err, const struct message_program *m, struct abide_error *e)
{
	char problem[sizeof(e->problem)];

	memcpy(problem, e->problem, sizeof(problem));
	if (!strstr(problem, m->name))
		snprintf(e->problem, sizeof(e->problem), "%.60s: %.190s", m->name, problem);
	return err;
}

static int set_slots(struct control_session *s, const struct message_attach *m,
                     struct abide_error *e)
{
	uint32_t i, value;
	int err;

	for (i = 0; i < m->nr_slots; i++) {
		value = m->slots[i].program;
		err = process_map_update(s->maps[m->slots[i].map], &m->slots[i].index, &value,
		                         BPF_ANY, 0);
		if (err)
			return error_set(e, err, "message-slots",
			                 "cannot set entry %u of program array %s: %s",
			                 m->slots[i].index, s->known[m->slots[i].map].name,
			                 strerror(-err));
	}
	return 0;
}

static int make_programs(struct control_session *s, const struct message_attach *m,
                         struct message_made *made, struct abide_error *e)
{
	uint32_t i;
	int err = 0;

	for (i = 0; !err && i < m->nr_programs; i++) {
		err = prepare_event(&s->events[i], &m->programs[i], e);
		if (!err)
			err = make_program(s, i, &m->programs[i], &s->events[i].program, &made[i],
			                   e);
		if (err)
			return name_program(err, &m->programs[i], e);
		s->links.programs[i] = s->events[i].program->code;
	}
	return set_slots(s, m, e);
}

int control_session_open(const struct message_attach *m, int *fds, struct control_session **out,
                         struct message_made **made, struct abide_error *e)
{
	struct control_session *s = calloc(1, sizeof(*s));
	int err;

	*out = NULL;
	*made = calloc(m->nr_programs, sizeof(**made));
	if (!s || !*made) {
		free(s);
		return error_nomem(e);
	}
	s->users = 1;
	s->wake = -1;
	snprintf(s->children, sizeof(s->children), "%s", m->children);
	s->events = calloc(m->nr_programs, sizeof(*s->events));
	s->links.programs = calloc(m->nr_programs, sizeof(*s->links.programs));
	if (!s->events || !s->links.programs) {
		err = error_nomem(e);
		goto out;
	}
	s->nr = s->links.nr = m->nr_programs;
	err = open_maps(s, m, fds, e);
	if (!err)
		err = make_programs(s, m, *made, e);
out:
	if (err) {
		control_session_free(s);
		return err;
	}
	*out = s;
	return 0;
}

int control_session_start(struct control_session *s, struct abide_error *e)
{
	uint32_t i;
	int err = 0;

	if (s->started)
		return error_set(e, -EALREADY, "message-order", "these programs run already");
	s->started = true;
	for (i = 0; !err && i < s->nr; i++) {
		struct session_event *ev = &s->events[i];

		if (!ev->attach)
			continue;
		control_table_lock();
		err = event_attach(ev->provider, ev->event, ev->layout, &ev->program->attached,
		                   &ev->link, e);
		if (err)
			ev->link = NULL;
		control_table_unlock();
	}
	if (err)
		control_session_stop(s);
	return err;
}

int control_session_replace(struct control_session *s, const struct message_replace *m,
                            struct message_made *made, struct abide_error *e)
{
	struct session_program *p, *old;
	struct session_event *ev;
	int err;

	if (m->index >= s->nr || strcmp(m->program.event, s->events[m->index].name))
		return error_set(e, -EINVAL, "message-replace",
		                 "there is no program %u on %s to be replaced", m->index,
		                 m->program.event);
	ev = &s->events[m->index];
	if (!s->started || !ev->program)
		return error_set(e, -EBUSY, "message-replace",
		                 "program %u on %s cannot be replaced: it is not attached", m->index, ev->name);
	err = make_program(s, m->index, &m->program, &p, made, e);
	if (err)
		return name_program(err, &m->program, e);
	control_table_lock();
	/*
	 * Entries of program arrays name programs by index, so tail calls lead to the new one from here on.
	 * Whoever has found the old one still is in a run, which is waited for before it is released.
	 */
	__atomic_store_n(&s->links.programs[m->index], p->code, __ATOMIC_RELEASE);
	old = ev->program;
	ev->program = p;
	if (ev->link)
		event_replace(ev->link, &p->attached);
	else
		event_release(&old->attached);
	control_table_unlock();
	return 0;
}

static void copy_counts(struct session_event *ev, struct message_counts *to,
                        const struct event_counts *from)
{
	to->runs = from->runs - ev->base.runs;
	to->missed = from->missed - ev->base.missed;
	to->budget = from->budget - ev->base.budget;
}

/* Also of a program that only others call. */
static void copy_faults(const struct control_session *s, uint32_t index, struct message_counts *to)
{
	to->faults = __atomic_load_n(&s->faults[index], __ATOMIC_RELAXED) - s->events[index].base_faults;
}

void control_session_forked(struct control_session *s)
{
	uint32_t i;

	for (i = 0; i < s->nr; i++) {
		if (s->events[i].link)
			event_link_counts(s->events[i].link, &s->events[i].base);
		s->events[i].base_faults = s->faults[i];
	}
}

void control_session_stop(struct control_session *s)
{
	struct event_counts counts;
	uint32_t i;

	if (!s)
		return;
	__atomic_store_n(&s->stopping, true, __ATOMIC_RELEASE);
	for (i = 0; s->events && i < s->nr; i++) {
		struct session_event *ev = &s->events[i];

		if (!ev->link)
			continue;
		control_table_lock();
		event_detach(ev->link, &counts);
		ev->link = NULL;
		ev->program = NULL; /* it has been released */
		control_table_unlock();
		copy_counts(ev, &ev->last, &counts);
	}
}

uint32_t control_session_counts(const struct control_session *s, struct message_counts *counts)
{
	struct event_counts now;
	uint32_t i;

	for (i = 0; i < s->nr; i++) {
		counts[i] = s->events[i].last;
		copy_faults(s, i, &counts[i]);
		if (!s->events[i].link)
			continue;
		event_link_counts(s->events[i].link, &now);
		copy_counts(&s->events[i], &counts[i], &now);
	}
	return s->nr;
}

static bool is_told(const struct control_session *s, const struct message_unlike *u)
{
	uint32_t i;

	for (i = 0; i < s->nr_told; i++)
		if (s->told[i].program == u->program && s->told[i].address == u->address)
			return true;
	return false;
}

uint32_t control_session_unlike(struct control_session *s, struct message_unlike *unlike)
{
	const void *records[MESSAGE_UNLIKES];
	uint32_t seen = event_modules_seen(), nr = 0, n, i, k;

	if (!s->started || s->stopping || s->modules == seen)
		return 0;
	s->modules = seen;
	for (i = 0; i < s->nr; i++) {
		if (!s->events[i].link)
			continue;
		n = event_link_unlike(s->events[i].link, records, MESSAGE_UNLIKES);
		for (k = 0; k < n && s->nr_told < MESSAGE_UNLIKES; k++) {
			struct message_unlike u = { i, (uintptr_t)records[k] };

			if (!is_told(s, &u))
				unlike[nr++] = s->told[s->nr_told++] = u;
		}
	}
	return nr;
}

bool control_session_started(const struct control_session *s)
{
	return s->started;
}

const char *control_session_children(const struct control_session *s)
{
	return s->children;
}

void control_session_free(struct control_session *s)
{
	uint32_t i;

	if (!s)
		return;
	control_session_stop(s);
	for (i = 0; s->events && i < s->nr; i++) {
		struct session_program *p = s->events[i].program;

		s->events[i].program = NULL;
		if (p)
			release(&p->attached);
		layout_types_free(s->events[i].types);
		if (s->events[i].layout)
			event_layout_put(s->events[i].layout);
		free(s->events[i].name);
		free(s->events[i].provider);
	}
	free(s->events);
	s->events = NULL;
	drop_user(s);
}
