/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The object for one binary. In: a process. Out: its records as a catalog and a target, the object translated
 * for them, the image and the message that carries it. Processes whose events and structs are
 * described and laid out alike share one, so that a server with a thousand children is translated for once.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/part.h"
#include "app/session_part.h"
#include "translate/translate.h"

static bool alike(const struct app *a, const struct app *b)
{
	const struct buf *x = &a->store->btf, *y = &b->store->btf;

	return x->size == y->size && !memcmp(x->data, y->data, x->size) && a->all.nr_events == b->all.nr_events &&
	       a->all.nr_structs == b->all.nr_structs;
}

/* The same numbers and strings in the protocol's form; arrays of instructions are borrowed. */
static int make_message(struct app_session *s, struct session_version *v, struct abide_error *e)
{
	const struct app_image *im = v->image;
	struct message_attach *m = &v->message;
	uint32_t i, k;

	m->maps = calloc(im->nr_maps + 1, sizeof(*m->maps));
	m->programs = calloc(im->nr_programs + 1, sizeof(*m->programs));
	m->slots = calloc(im->nr_slots + 1, sizeof(*m->slots));
	if (!m->maps || !m->programs || !m->slots)
		return error_nomem(e);
	for (i = 0; i < s->nr_maps; i++)
		m->maps[i] = *process_map_def(s->maps[i].map);
	for (i = 0; i < im->nr_slots; i++)
		m->slots[i] = (struct message_slot){ im->slots[i].map, im->slots[i].index, im->slots[i].program };
	for (i = 0; i < im->nr_programs; i++) {
		const struct app_program *p = &im->programs[i];
		struct message_program *to = &m->programs[i];

		*to = (struct message_program){ .name = p->name,
			                        .event = p->event,
			                        .attach = p->attach,
			                        .insns = p->insns,
			                        .nr_insns = p->nr_insns };
		to->lines = calloc(p->nr_lines + 1, sizeof(*to->lines));
		if (!to->lines)
			return error_nomem(e);
		m->nr_programs++;
		to->nr_lines = p->nr_lines;
		for (k = 0; k < p->nr_lines; k++)
			to->lines[k] = (struct message_line){ p->lines[k].insn, p->lines[k].line,
				                              p->lines[k].file, p->lines[k].text };
	}
	m->nr_maps = s->nr_maps;
	m->nr_slots = im->nr_slots;
	m->trace = s->trace;
	m->children = s->listener.at.sun_path;
	return 0;
}

static int translate(struct app_session *s, struct session_version *v, struct abide_error *e)
{
	struct translate_options opts = { 0 };
	struct buf explain = { 0 };
	int err;

	opts.explain = s->opts.explain ? &explain : NULL;
	err = translate_object(s->object, v->app->catalog, v->app->target, &opts, &v->translated, e);
	if (explain.size && !explain.failed && s->opts.explained)
		s->opts.explained(s->opts.ctx, v->app->name, &explain);
	buf_free(&explain);
	return err;
}

static int make(struct app_session *s, struct session_version *v, struct abide_error *e)
{
	int err;

	err = app_check_object(v->app, s->object, e);
	if (!err)
		err = translate(s, v, e);
	if (!err)
		err = app_image_make(v->translated, s->opts.settings, s->opts.nr_settings, &v->image, e);
	if (!err && !v->image->nr_programs)
		err = error_set(e, -EINVAL, "no-programs", "%s holds no program to attach", s->object->path);
	if (!err)
		err = session_make_maps(s, v->image, e);
	return err ? err : make_message(s, v, e);
}

int session_version(struct app_session *s, pid_t pid, struct session_version **out, struct abide_error *e)
{
	struct session_version **list, *v = NULL;
	struct app *app;
	size_t i;
	int err;

	*out = NULL;
	err = app_open_process(pid, &app, e);
	if (err)
		return err;
	for (i = 0; i < s->nr_versions; i++) {
		if (!alike(s->versions[i]->app, app))
			continue;
		app_free(app);
		*out = s->versions[i];
		return 0;
	}
	v = calloc(1, sizeof(*v));
	list = array_grow(s->versions, s->nr_versions, &s->room_versions, sizeof(*list));
	if (list)
		s->versions = list;
	if (!v || !list) {
		app_free(app);
		free(v);
		return error_nomem(e);
	}
	v->app = app;
	err = make(s, v, e);
	if (err) {
		session_version_free(v);
		return err;
	}
	list[s->nr_versions++] = v;
	*out = v;
	return 0;
}

void session_version_free(struct session_version *v)
{
	uint32_t i;

	if (!v)
		return;
	for (i = 0; i < v->message.nr_programs; i++)
		free(v->message.programs[i].lines);
	free(v->message.programs);
	free(v->message.maps);
	free(v->message.slots);
	app_image_free(v->image);
	translated_free(v->translated);
	app_free(v->app);
	free(v);
}
