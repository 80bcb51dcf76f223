/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The engine's order of steps. In: a translated object. Out: a session: maps, programs
 * and links as file descriptors, so the kernel takes all of it back when the process
 * ends, however it ends. The built-in program that follows children is a translated
 * object like any other and gets a session of its own, which the filtered one holds.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/session.h"

static int allocate(struct session *s, const struct translated *t, struct abide_error *e)
{
	uint32_t i;

	s->translated = t;
	s->btf = -1;
	s->nr_maps = t->object->nr_maps;
	s->maps = calloc(s->nr_maps + 1, sizeof(*s->maps));
	s->borrowed = calloc(s->nr_maps + 1, sizeof(*s->borrowed));
	if (!s->maps || !s->borrowed)
		return error_nomem(e);
	for (i = 0; i < s->nr_maps; i++)
		s->maps[i] = -1;
	return 0;
}

static int load_programs(struct session *s, struct abide_error *e)
{
	const struct translated *t = s->translated;
	uint32_t i;
	int err;

	s->programs = calloc(t->nr_programs + 1, sizeof(*s->programs));
	s->links = calloc(t->nr_programs + 1, sizeof(*s->links));
	if (!s->programs || !s->links)
		return error_nomem(e);
	for (i = 0; i < t->nr_programs; i++) {
		if (t->programs[i].optional)
			continue;
		s->links[s->nr_programs] = -1;
		err = session_load_program(s, &t->programs[i], &s->programs[s->nr_programs], e);
		if (err)
			return err;
		s->nr_programs++;
	}
	if (!s->nr_programs)
		return error_set(e, -EINVAL, "no-programs", "%s holds no program to load",
		                 s->object->path);
	return 0;
}

static int load_directly(struct session *s, struct abide_error *e)
{
	int err;

	err = session_load_btf(s, e);
	if (!err)
		err = session_create_maps(s, e);
	if (!err)
		err = load_programs(s, e);
	return err;
}

int session_open(const struct translated *t, const struct session_options *opts,
                 struct session **out, struct abide_error *e)
{
	static const struct session_options none = { 0 };
	struct session_options follow = { 0 };
	struct session *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return error_nomem(e);
	if (!opts)
		opts = &none;
	s->keep_log = opts->log;
	err = allocate(s, t, e);
	if (!err)
		err = session_set_variables(s, opts, e);
	if (!err && opts->follow)
		err = session_open(opts->follow, &follow, &s->follow, e);
	if (!err)
		err = whole_needed(t) ? whole_load(s, e) : load_directly(s, e);
	if (err) {
		session_free(s);
		return err;
	}
	*out = s;
	return 0;
}

/* The program behind descriptor @i: those that are optional were not loaded. */
static const struct translated_program *program_at(const struct session *s, uint32_t i)
{
	const struct translated_program *p = s->translated->programs;

	while (p->optional || i--)
		p++;
	return p;
}

/* Own programs first: when the one that follows sees a child, all others are there. */
int session_attach(struct session *s, struct abide_error *e)
{
	uint32_t i;
	int fd;

	if (s->whole)
		return whole_attach(s, e);
	for (i = 0; i < s->nr_programs; i++) {
		fd = bpf_raw_tracepoint_open(NULL, s->programs[i]);
		if (fd < 0)
			return error_set(e, fd, "attach", "cannot attach program %s to %s: %s",
			                 program_at(s, i)->source->name, program_at(s, i)->attach,
			                 strerror(-fd));
		s->links[i] = fd;
	}
	return s->follow ? session_attach(s->follow, e) : 0;
}

void session_detach(struct session *s)
{
	uint32_t i;

	for (i = 0; s->whole_links && s->whole_links[i]; i++) {
		bpf_link__destroy(s->whole_links[i]);
		s->whole_links[i] = NULL;
	}
	for (i = 0; s->links && i < s->nr_programs; i++) {
		if (s->links[i] >= 0)
			close(s->links[i]);
		s->links[i] = -1;
	}
	if (s->follow)
		session_detach(s->follow);
}

static void close_own(struct session *s)
{
	uint32_t i;

	for (i = 0; !s->whole && i < s->nr_programs; i++)
		close(s->programs[i]);
	for (i = 0; s->maps && i < s->nr_maps; i++)
		if (s->maps[i] >= 0 && !s->borrowed[i])
			close(s->maps[i]);
	if (s->btf >= 0)
		close(s->btf);
}

void session_free(struct session *s)
{
	uint32_t i;

	if (!s)
		return;
	session_detach(s);
	ring_buffer__free(s->rings);
	close_own(s);
	whole_free(s);
	session_free(s->follow);
	for (i = 0; s->data && i < s->nr_maps; i++)
		free(s->data[i]);
	if (s->object) {
		free(s->object->sections);
		free(s->object->maps);
	}
	free(s->object);
	free(s->data);
	free(s->maps);
	free(s->borrowed);
	free(s->programs);
	free(s->links);
	free(s->readers);
	buf_free(&s->log);
	free(s);
}

int session_map(const struct session *s, uint32_t index)
{
	return index < s->nr_maps ? s->maps[index] : -1;
}

uint32_t session_insns(const struct session *s)
{
	return s->insns;
}

uint32_t session_programs(const struct session *s)
{
	return s->nr_programs;
}

int session_program_fd(const struct session *s, uint32_t i)
{
	return i < s->nr_programs ? s->programs[i] : -1;
}

const char *session_log(const struct session *s)
{
	return s->log.failed || !s->log.size ? "" : (const char *)s->log.data;
}
