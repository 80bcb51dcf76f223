/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Objects that hold programs of other kinds (kprobe, tracepoint, socket ...), CO-RE
 * relocations, externs or maps of maps with contents: written back as a plain object and
 * handed to bpf_object, which knows all of that. In: the translation. Out: the session's
 * descriptors, borrowed from libbpf's handle. Slower and larger than our own loading,
 * since libbpf reads all of the kernel's BTF. Refused: what libbpf refuses; programs that it
 * cannot attach by their section's name alone; a process filter, which only programs on user
 * events have.
 *
 * libbpf has one function for messages a process. It is replaced for the duration of a call
 * and put back. A message goes to the buffer of the thread that makes the call, through a
 * thread-local pointer: the function has no argument of ours. Messages of other threads in
 * that time are dropped.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/session.h"
#include "object/write.h"

#define LOG_MOST (1u << 20) /* bytes of messages that are kept */

static __thread struct buf *capture; /* see above; NULL outside of our calls */

static int on_message(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	char line[512], *long_line = NULL;
	va_list again;
	int n;

	if (!capture || level == LIBBPF_DEBUG || capture->size > LOG_MOST)
		return 0;
	va_copy(again, ap);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	if (n >= (int)sizeof(line) && vasprintf(&long_line, fmt, again) < 0)
		long_line = NULL;
	va_end(again);
	buf_printf(capture, "%s", long_line ? long_line : line);
	free(long_line);
	return n;
}

static libbpf_print_fn_t begin_capture(struct buf *b)
{
	capture = b;
	return libbpf_set_print(on_message);
}

static void end_capture(libbpf_print_fn_t before, struct buf *b)
{
	libbpf_set_print(before);
	capture = NULL;
	buf_add(b, "", 1);
}

bool whole_needed(const struct translated *t)
{
	const struct object *o = t->object;
	uint32_t i, k, r;

	for (i = 0; i < o->nr_sections; i++)
		if (!strcmp(o->sections[i].name, ".rel.maps") ||
		    !strcmp(o->sections[i].name, ".struct_ops"))
			return true;
	for (i = 0; i < o->nr_maps; i++)
		if (o->maps[i].source == MAP_KCONFIG)
			return true;
	for (i = 0; i < t->nr_programs; i++) {
		const struct translated_program *p = &t->programs[i];

		if (p->verbatim || p->prog_type != BPF_PROG_TYPE_TRACING || !p->attach_btf_id)
			return true;
		for (k = 0; k < p->nr_codes; k++) {
			if (p->codes[k].nr_core_relos)
				return true;
			for (r = 0; r < p->codes[k].nr_relocs; r++)
				if (p->codes[k].relocs[r].kind == RELOC_EXTERN)
					return true;
		}
	}
	return false;
}

/* The last message of libbpf, without its "libbpf: " and newline. */
static void last_message(const char *log, char *buf, size_t size)
{
	const char *p, *end;

	*buf = 0;
	for (p = log; *p; p = end + (*end == '\n')) {
		end = strchrnul(p, '\n');
		if (!strncmp(p, "libbpf: ", 8) && !strstr(p, "failed to load object"))
			snprintf(buf, size, "%.*s", (int)(end - p - 8), p + 8);
	}
}

/* "libbpf: prog 'NAME': -- BEGIN PROG LOAD LOG --", the log, "-- END PROG LOAD LOG --". */
static int refuse_load(const struct session *s, int err, struct buf *messages,
                       struct abide_error *e)
{
	const char *log = messages->failed || !messages->size ? "" : (const char *)messages->data;
	const char *begin = strstr(log, "-- BEGIN PROG LOAD LOG --"), *name = begin;
	char text[512], program[64] = "";
	char *end;

	if (begin) {
		while (name > log && strncmp(name, "prog '", 6) && *name != '\n')
			name--;
		if (!strncmp(name, "prog '", 6))
			snprintf(program, sizeof(program), "%.*s", (int)strcspn(name + 6, "'"),
			         name + 6);
		end = strstr(begin, "-- END PROG LOAD LOG --");
		if (end)
			*end = 0;
		begin = strchrnul(begin, '\n');
		return refusal_verifier(err, program, begin + (*begin == '\n'), e);
	}
	if (err == -EPERM)
		return refusal_system(err, "load programs", e);
	last_message(log, text, sizeof(text));
	error_set(e, err, "libbpf", "libbpf cannot load %s: %s", s->object->path, strerror(-err));
	return error_reason(e, "%s", text);
}

static int refuse_filter(const struct session *s, struct abide_error *e)
{
	uint32_t i;

	for (i = 0; i < s->translated->nr_programs; i++)
		if (s->translated->programs[i].verbatim)
			break;
	if (i == s->translated->nr_programs)
		i = 0;
	error_set(e, -ENOTSUP, "filter",
	          "%s cannot be limited to processes: only programs on user events can",
	          s->object->path);
	error_reason(e, "program %s is on %s", s->translated->programs[i].source->name,
	             s->translated->programs[i].source->section_name);
	return error_hint(
		e, "leave out -p and --, or put the program on a tp_user/ event (abide list)");
}

/* Programs in a section with '?' stay out; translation has taken the '?' away. */
static void leave_out_optional(struct session *s)
{
	struct bpf_program *prog;
	uint32_t i;

	for (i = 0; i < s->translated->nr_programs; i++) {
		if (!s->translated->programs[i].optional)
			continue;
		prog = bpf_object__find_program_by_name(s->whole,
		                                        s->translated->programs[i].source->name);
		if (prog)
			bpf_program__set_autoload(prog, false);
	}
}

static struct bpf_map *find_map(const struct session *s, const struct map_def *m)
{
	struct bpf_map *map;
	const char *dot;

	if (m->source == MAP_BTF)
		return bpf_object__find_map_by_name(s->whole, m->name);
	/* libbpf calls a data section's map by the object's name and ".rodata". */
	bpf_object__for_each_map(map, s->whole)
	{
		dot = strchr(bpf_map__name(map), '.');
		if (bpf_map__is_internal(map) && dot && !strncmp(dot, m->name, strlen(dot)))
			return map;
	}
	return NULL;
}

static int take_descriptors(struct session *s, struct abide_error *e)
{
	struct bpf_program *prog;
	struct bpf_map *map;
	uint32_t i, n = 0;

	for (i = 0; i < s->nr_maps; i++) {
		map = find_map(s, &s->object->maps[i]);
		if (!map)
			continue;
		s->maps[i] = bpf_map__fd(map);
		s->borrowed[i] = true;
	}
	bpf_object__for_each_program(prog, s->whole) n++;
	s->whole_links = calloc(n + 1, sizeof(*s->whole_links));
	s->programs = calloc(n + 1, sizeof(*s->programs));
	if (!s->whole_links || !s->programs)
		return error_nomem(e);
	bpf_object__for_each_program(prog, s->whole) if (bpf_program__fd(prog) >= 0)
	{
		s->programs[s->nr_programs++] = bpf_program__fd(prog);
		s->insns += bpf_program__insn_cnt(prog);
	}
	return s->nr_programs ? 0
	                      : error_set(e, -EINVAL, "no-programs", "%s holds no program to load",
	                                  s->object->path);
}

int whole_load(struct session *s, struct abide_error *e)
{
	struct translated with = *s->translated;
	libbpf_print_fn_t before;
	struct buf elf = { 0 }, messages = { 0 };
	const char *name;
	char base[64];
	int err;

	if (s->follow)
		return refuse_filter(s, e);
	with.object = s->object;
	err = object_write(&with, &elf, e);
	if (err)
		goto out;
	name = strrchr(s->object->path, '/');
	snprintf(base, sizeof(base), "%s", name ? name + 1 : s->object->path);
	base[strcspn(base, ".")] = 0;
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = base);
	before = begin_capture(&messages);
	s->whole = bpf_object__open_mem(elf.data, elf.size, &opts);
	err = s->whole ? 0 : -errno;
	if (!err) {
		leave_out_optional(s);
		err = bpf_object__load(s->whole);
	}
	end_capture(before, &messages);
	err = err ? refuse_load(s, err, &messages, e) : take_descriptors(s, e);
out:
	buf_free(&elf);
	buf_free(&messages);
	return err;
}

int whole_attach(struct session *s, struct abide_error *e)
{
	struct buf messages = { 0 };
	libbpf_print_fn_t before;
	struct bpf_program *prog;
	char text[256];
	uint32_t n = 0;
	int err = 0;

	bpf_object__for_each_program(prog, s->whole)
	{
		if (bpf_program__fd(prog) < 0)
			continue;
		before = begin_capture(&messages);
		s->whole_links[n] = bpf_program__attach(prog);
		err = s->whole_links[n] ? 0 : -errno;
		end_capture(before, &messages);
		if (err)
			break;
		n++;
	}
	if (!err)
		goto out;
	if (err == -EOPNOTSUPP) {
		error_set(e, err, "attach", "nothing says what program %s is to be attached to",
		          bpf_program__name(prog));
		error_reason(e, "its section is \"%s\"", bpf_program__section_name(prog));
		goto out;
	}
	last_message(messages.failed ? "" : (const char *)messages.data, text, sizeof(text));
	error_set(e, err, "attach", "cannot attach program %s (%s): %s", bpf_program__name(prog),
	          bpf_program__section_name(prog), strerror(-err));
	error_reason(e, "%s", text);
	if (strstr(bpf_program__section_name(prog), "probe") &&
	    access("/sys/bus/event_source/devices/kprobe", F_OK))
		error_hint(e, "this kernel has no kprobes (CONFIG_KPROBE_EVENTS)");
out:
	buf_free(&messages);
	return err;
}

void whole_free(struct session *s)
{
	uint32_t i;

	for (i = 0; s->whole_links && s->whole_links[i]; i++)
		bpf_link__destroy(s->whole_links[i]);
	free(s->whole_links);
	s->whole_links = NULL;
	bpf_object__close(s->whole);
	s->whole = NULL;
}
