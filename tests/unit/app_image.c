/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What is sent to an application. In: app_image.bpf.c in several forms, translated. Checked: maps and their
 * contents, settings, program arrays, callbacks and source lines of the image; and what is refused.
 */
#include <linux/bpf.h>

#include "app/app.h"
#include "app/image.h"
#include "resolve_kit.h"
#include "translate/translate.h"

static char folder[4096];
static struct app *app;

struct loaded {
	struct object *o;
	struct translated *t;
	struct app_image *im;
	struct abide_error e;
};

static int load(struct loaded *l, const char *name, const struct session_variable *v, uint32_t nr)
{
	char path[4200];
	int err;

	memset(l, 0, sizeof(*l));
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	err = object_open_file(path, &l->o, &l->e);
	if (!err)
		err = app_check_object(app, l->o, &l->e);
	if (!err)
		err = translate_object(l->o, app->catalog, app->target, NULL, &l->t, &l->e);
	return err ? err : app_image_make(l->t, v, nr, &l->im, &l->e);
}

static void drop(struct loaded *l)
{
	app_image_free(l->im);
	translated_free(l->t);
	object_free(l->o);
}

static int map_at(const struct loaded *l, const char *name)
{
	uint32_t i;

	for (i = 0; i < l->im->nr_maps && strcmp(l->im->maps[i].def.name, name); i++)
		;
	return i < l->im->nr_maps ? (int)i : -1;
}

static int program_at(const struct loaded *l, const char *name)
{
	uint32_t i;

	for (i = 0; i < l->im->nr_programs && strcmp(l->im->programs[i].name, name); i++)
		;
	return i < l->im->nr_programs ? (int)i : -1;
}

static const struct app_map nothing;

static const struct app_map *map_of(const struct loaded *l, const char *name)
{
	int i = map_at(l, name);

	return i < 0 ? &nothing : &l->im->maps[i];
}

/* The number of that many bytes somewhere in the data. */
static bool holds(const struct app_map *m, const void *value, size_t size)
{
	uint32_t i;

	for (i = 0; m->data && i + size <= m->def.value_size; i += 4)
		if (!memcmp(m->data + i, value, size))
			return true;
	return false;
}

static void test_maps(const struct loaded *l)
{
	const struct app_map *m;
	uint64_t five = 5;
	uint32_t three = 3;

	SAME(l->im->nr_maps, l->o->nr_maps, "a map for each of the object's, in its order");
	m = map_of(l, "seen_by");
	OK(m->def.type == BPF_MAP_TYPE_HASH && m->def.key_size == 4 && m->def.value_size == 8 && m->def.max_entries == 100 && !m->data,
	   "a hash as it is declared");
	m = map_of(l, "ring");
	OK(m->def.type == BPF_MAP_TYPE_RINGBUF && m->def.max_entries == 8192, "a ring of whole pages, a power of two");
	m = map_of(l, "sizes");
	OK(m->def.type == BPF_MAP_TYPE_PERCPU_ARRAY && m->def.max_entries == 1, "a histogram");
	m = map_of(l, ".rodata");
	OK(m->def.type == BPF_MAP_TYPE_ARRAY && m->frozen && holds(m, &three, 4), "constants, frozen, with their defaults");
	m = map_of(l, ".data");
	OK(m->def.type == BPF_MAP_TYPE_ARRAY && !m->frozen && holds(m, &five, 8), "data");
	m = map_of(l, ".bss");
	OK(m->def.type == BPF_MAP_TYPE_ARRAY && !m->frozen && m->def.value_size >= 8 && !m->data, "zeros");
}

static bool is_map_load(const struct bpf_insn *i, uint8_t how, int map)
{
	return i->code == (BPF_LD | BPF_IMM | BPF_DW) && i->src_reg == how && i->imm == map;
}

static void test_code(const struct loaded *l)
{
	int at = program_at(l, "first"), callbacks = 0, hash = 0, data = 0;
	const struct app_program *p = &l->im->programs[at < 0 ? 0 : at];
	uint32_t i, target, last = 0;
	bool sorted = true, texts = false;

	OK(at >= 0 && p->attach && !strcmp(p->event, "things:seen"), "a program and its event");
	for (i = 0; i + 1 < p->nr_insns; i++) {
		const struct bpf_insn *insn = &p->insns[i];

		hash += is_map_load(insn, BPF_PSEUDO_MAP_FD, map_at(l, "seen_by"));
		data += is_map_load(insn, BPF_PSEUDO_MAP_VALUE, map_at(l, ".data"));
		if (insn->code == (BPF_LD | BPF_IMM | BPF_DW) && insn->src_reg == BPF_PSEUDO_FUNC) {
			target = i + 1 + (uint32_t)insn->imm;
			callbacks += target < p->nr_insns && target > i && p->insns[target - 1].code == (BPF_JMP | BPF_EXIT);
		}
	}
	SAME(callbacks, 1, "its callback stands behind it, and is found from there");
	SAME(hash, 1, "a map by its index");
	OK(data >= 1, "data by the map's index");
	for (i = 0; i < p->nr_lines; i++) {
		sorted &= p->lines[i].insn >= last && p->lines[i].insn < p->nr_insns;
		last = p->lines[i].insn;
		texts |= !strcmp(p->lines[i].file, "app_image.bpf.c") && !strncmp(p->lines[i].text, "total += i", 10) &&
		         p->lines[i].line > 50;
	}
	OK(p->nr_lines > 5 && sorted && texts, "source lines, also the callback's");
}

static void test_slots(const struct loaded *l)
{
	int next = map_at(l, "next"), second = program_at(l, "second"), third = program_at(l, "third");

	SAME(l->im->nr_slots, 2, "a program array begins with two programs");
	OK(l->im->nr_slots == 2 && l->im->slots[0].map == (uint32_t)next && l->im->slots[0].index == 2 &&
	           l->im->slots[0].program == (uint32_t)second,
	   "the one that is for the array only");
	OK(l->im->nr_slots == 2 && l->im->slots[1].index == 7 && l->im->slots[1].program == (uint32_t)third, "and one that is attached too");
	OK(second >= 0 && !l->im->programs[second].attach && third >= 0 && l->im->programs[third].attach, "which each of them says");
	OK(program_at(l, "not_asked_for") < 0, "what is neither is left out");
}

static void test_settings(void)
{
	const uint32_t least = 0xabcd1234, none = 7;
	const uint64_t most = 0x1122334455667788;
	const struct session_variable good[] = { { "least", &least, 4 }, { "most", &most, 8 } };
	const struct session_variable wide = { "least", &most, 8 }, unknown = { "total", &none, 4 };
	struct loaded l;

	OK(!load(&l, "app_image.bpf.o", good, 2), "settings");
	OK(l.im && holds(map_of(&l, ".rodata"), &least, 4) && holds(map_of(&l, ".rodata"), &most, 8), "are in the constants");
	OK(l.o && !holds(&(struct app_map){ .def.value_size = map_of(&l, ".rodata")->def.value_size,
	                                    .data = l.o->maps[map_at(&l, ".rodata")].data },
	                 &least, 4),
	   "and not in the object");
	drop(&l);
	OK(load(&l, "app_image.bpf.o", &wide, 1) == -EINVAL && !strcmp(l.e.tag, "variable-size"), "of another size");
	drop(&l);
	OK(load(&l, "app_image.bpf.o", &unknown, 1) == -ENOENT && !strcmp(l.e.tag, "variable-unknown"), "of no constant");
	drop(&l);
}

static void refuses(const char *name, const char *tag, const char *says, const char *what)
{
	struct loaded l;

	OK(load(&l, name, NULL, 0) < 0 && !strcmp(l.e.tag, tag) && (strstr(l.e.problem, says) || strstr(l.e.hint, says)), what);
	if (strcmp(l.e.tag, tag))
		printf("# %s: %s: %s\n", l.e.tag, l.e.problem, l.e.hint);
	drop(&l);
}

int main(int argc, char **argv)
{
	const char *library;
	struct abide_error e = { 0 };
	struct loaded l;
	char *slash;

	(void)argc;
	snprintf(folder, sizeof(folder) - 32, "%s", argv[0]);
	slash = strrchr(folder, '/');
	strcpy(slash ? slash : folder, "/app_events.so");
	library = folder;
	OK(!app_open_files(&library, 1, &app, &e), "the application");
	if (!app)
		return kit_done();
	*strrchr(folder, '/') = '\0';
	OK(!load(&l, "app_image.bpf.o", NULL, 0), "an object for it");
	if (l.im) {
		test_maps(&l);
		test_code(&l);
		test_slots(&l);
	} else {
		printf("# %s\n# %s\n", l.e.problem, l.e.reason);
	}
	drop(&l);
	test_settings();
	refuses("app_image.PINNED.bpf.o", "app-map", "kept", "a map that is to be pinned");
	refuses("app_image.INNER.bpf.o", "app-map", "outer", "a map of maps");
	refuses("app_image.KERNEL.bpf.o", "app-mixed", "fourth", "a program on an event of the kernel's");
	refuses("app_image.KPROBE.bpf.o", "app-mixed", "fifth", "a program of another type");
	refuses("app_image.FOREIGN.bpf.o", "event-unknown", "things:seen", "an event that the application does not have");
	refuses("app_image.KCONFIG.bpf.o", "not-abi", "CONFIG_HZ", "the kernel's configuration");
	app_free(app);
	return kit_done();
}
