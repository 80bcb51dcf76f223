// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Profiles of real kernels give the same answers as the kernels' own BTF: this machine's kernel,
 * and those of the cache of scripts/kernels, for which the built-in set must be up to date. All types are compared; then
 * what users see of it: the whole catalog, and members of 500 structs chosen at random.
 */
#include <unistd.h>

#include "image/image.h"
#include "profile/kernels.h"
#include "profile_kit.h"

#define HOST "/sys/kernel/btf/vmlinux"

struct two { /* a kernel's own BTF and its profile's */
	struct btf_data *own, *profile;
	struct target *own_target, *profile_target;
	uint32_t compared, differ;
};

static bool same_path(const struct two *x, const struct access_path *a, const struct access_path *b)
{
	char sa[256], sb[256];
	uint32_t i;

	if (a->root != b->root || a->arg != b->arg || a->arg_size != b->arg_size || a->arg_sign != b->arg_sign ||
	    a->value != b->value || a->arg_nullable != b->arg_nullable || a->imm != b->imm || a->nr_hops != b->nr_hops ||
	    a->off != b->off || a->size != b->size || a->sign != b->sign || a->fetch != b->fetch || a->in_place != b->in_place ||
	    a->bit_off != b->bit_off || a->bit_size != b->bit_size || a->stride != b->stride || a->elements != b->elements)
		return false;
	for (i = 0; i < a->nr_hops; i++)
		if (a->hops[i].off != b->hops[i].off || a->hops[i].fetch != b->hops[i].fetch ||
		    a->hops[i].nullable != b->hops[i].nullable)
			return false;
	btf_spell(x->own, a->type, sa, sizeof(sa));
	btf_spell(x->profile, b->type, sb, sizeof(sb));
	return !strcmp(sa, sb);
}

static bool same_map(const struct access_map *a, const struct access_map *b)
{
	uint32_t i;

	if (!a || !b)
		return a == b;
	if (a->nr != b->nr)
		return false;
	for (i = 0; i < a->nr; i++)
		if (a->runs[i].first != b->runs[i].first || a->runs[i].last != b->runs[i].last ||
		    a->runs[i].is_fixed != b->runs[i].is_fixed || a->runs[i].delta != b->runs[i].delta)
			return false;
	return true;
}

static bool same_access(const struct two *x, const struct access *a, const struct access *b)
{
	uint32_t i;

	if (a->source != b->source || a->combine != b->combine || a->nr_ops != b->nr_ops || a->typed != b->typed ||
	    a->nullable != b->nullable || strcmp(a->text, b->text) || !same_path(x, &a->path, &b->path) ||
	    !same_path(x, &a->second, &b->second))
		return false;
	for (i = 0; i < a->nr_ops; i++)
		if (a->ops[i].kind != b->ops[i].kind || a->ops[i].imm != b->ops[i].imm || a->ops[i].rules != b->ops[i].rules ||
		    !same_map(a->ops[i].map, b->ops[i].map))
			return false;
	return true;
}

static void judge(struct two *x, bool same, const char *what, const char *of)
{
	x->compared++;
	if (!same && !x->differ++)
		printf("# %s %s\n", what, of);
}

/* The same access, or the same refusal word for word. */
static bool same_answer(const struct two *x, int ra, int rb, const struct access *a, const struct access *b,
			const struct abide_error *ea, const struct abide_error *eb)
{
	if (ra || rb)
		return ra == rb && !strcmp(ea->problem, eb->problem) && !strcmp(ea->reason, eb->reason);
	return same_access(x, a, b);
}

static void structs(struct two *x, const struct catalog *c)
{
	const struct access *a, *b;
	struct abide_error ea, eb;
	uint32_t i, j, elem;
	int ra, rb;

	for (i = 0; i < c->nr_structs; i++)
		for (j = 0; j < c->structs[i].nr_fields; j++) {
			const struct cat_field *f = &c->structs[i].fields[j];

			for (elem = 0; elem < (f->count ? f->count : 1); elem++) {
				memset(&ea, 0, sizeof(ea));
				memset(&eb, 0, sizeof(eb));
				ra = resolve_field(x->own_target, &c->structs[i], f, elem, &a, &ea);
				rb = resolve_field(x->profile_target, &c->structs[i], f, elem, &b, &eb);
				judge(x, same_answer(x, ra, rb, a, b, &ea, &eb), c->structs[i].name, f->name);
			}
		}
}

static void event(struct two *x, const struct cat_event *ev)
{
	const struct placement *pa = NULL, *pb = NULL;
	const struct access *a, *b;
	struct abide_error ea = { 0 }, eb = { 0 };
	int ra = resolve_event(x->own_target, ev, &pa, &ea), rb = resolve_event(x->profile_target, ev, &pb, &eb);
	uint32_t i;

	judge(x, ra == rb && !strcmp(ea.problem, eb.problem), ev->name, "");
	if (ra || rb)
		return;
	judge(x, !strcmp(pa->tracepoint, pb->tracepoint) && pa->nr_args == pb->nr_args && pa->syscall_nr == pb->syscall_nr, ev->name,
	      "place");
	for (i = 0; i < ev->nr_args; i++) {
		memset(&ea, 0, sizeof(ea));
		memset(&eb, 0, sizeof(eb));
		ra = resolve_arg(x->own_target, pa, &ev->args[i], &a, &ea);
		rb = resolve_arg(x->profile_target, pb, &ev->args[i], &b, &eb);
		judge(x, same_answer(x, ra, rb, a, b, &ea, &eb), ev->name, ev->args[i].name);
	}
}

static void syscalls(struct two *x, struct catalog *c)
{
	uint32_t i, n;
	const struct cat_syscall *all = catalog_syscalls(c, &n);
	char name[128];

	for (i = 0; i < n; i++) {
		const struct cat_event *ev;

		snprintf(name, sizeof(name), "sys_enter:%s", all[i].name);
		ev = catalog_event(c, name);
		if (ev)
			event(x, ev);
	}
	for (i = 1; i < 260; i++)
		judge(x, target_has_helper(x->own_target, i) == target_has_helper(x->profile_target, i), "helper", "");
	judge(x, target_has_atomics(x->own_target) == target_has_atomics(x->profile_target), "atomics", "");
	judge(x, !strcmp(target_machine(x->own_target), target_machine(x->profile_target)), "machine", "");
}

static bool same_members(const struct two *x, uint32_t ia, uint32_t ib)
{
	char sa[256], sb[256];
	struct btf_info ta, tb;
	struct btf_field fa, fb;
	uint32_t i;

	if (!btf_get(x->own, ia, &ta) || !btf_get(x->profile, ib, &tb) || ta.vlen != tb.vlen || ta.size != tb.size)
		return false;
	for (i = 0; i < ta.vlen; i++) {
		if (!btf_field_at(x->own, &ta, i, &fa) || !btf_field_at(x->profile, &tb, i, &fb))
			return false;
		btf_spell(x->own, fa.type, sa, sizeof(sa));
		btf_spell(x->profile, fb.type, sb, sizeof(sb));
		if (strcmp(fa.name, fb.name) || fa.bit_off != fb.bit_off || fa.bit_size != fb.bit_size || strcmp(sa, sb) ||
		    btf_sizeof(x->own, fa.type) != btf_sizeof(x->profile, fb.type))
			return false;
	}
	return true;
}

/* Structs at random, each by name: the first of that name here and there. */
static void at_random(struct two *x)
{
	uint64_t seed = 20150223;
	struct btf_info t;
	uint32_t id, n = 0;

	while (n < 500) {
		seed = seed * 6364136223846793005 + 1442695040888963407;
		id = btf_after(x->own, (uint32_t)(seed >> 33) % btf_count(x->own), 1u << BTF_KIND_STRUCT | 1u << BTF_KIND_UNION);
		if (!id || !btf_get(x->own, id, &t) || !*t.name)
			continue;
		judge(x, same_members(x, btf_find(x->own, t.kind, t.name), btf_find(x->profile, t.kind, t.name)), "struct", t.name);
		n++;
	}
}

static void compare(struct btf_data *own, struct btf_data *profile, struct catalog *c, const char *name)
{
	struct two x = { .own = own, .profile = profile };
	struct abide_error e = { 0 };
	char text[160];
	uint32_t i;

	snprintf(text, sizeof(text), "%s: all %" PRIu32 " types are the same", name, btf_count(own) - 1);
	SAME(rows_differ(own, profile), 0, text);
	snprintf(text, sizeof(text), "%s: the same byte order", name);
	OK(btf_other_endian(own) == btf_other_endian(profile), text);
	if (target_open(own, name, c, &x.own_target, &e) || target_open(profile, name, c, &x.profile_target, &e)) {
		OK(false, e.problem);
		return;
	}
	structs(&x, c);
	for (i = 0; i < c->nr_events; i++)
		event(&x, &c->events[i]);
	syscalls(&x, c);
	snprintf(text, sizeof(text), "%s: the catalog resolves to the same (%" PRIu32 " compared)", name, x.compared);
	OK(!x.differ && x.compared > 500, text);
	x.compared = x.differ = 0;
	at_random(&x);
	snprintf(text, sizeof(text), "%s: %" PRIu32 " structs at random have the same members", name, x.compared);
	OK(!x.differ && x.compared == 500, text);
	target_free(x.own_target);
	target_free(x.profile_target);
}

static void host(struct catalog *c)
{
	struct profile_kernel one = { .facts.name = "host" };
	struct btf_data *own = NULL, *btf = NULL;
	struct profile *p = NULL;
	struct abide_error e = { 0 };
	struct buf out = { 0 };

	if (access(HOST, R_OK)) {
		printf("skip - the running kernel: it has no BTF\n");
		return;
	}
	if (btf_open_file(HOST, &own, &e)) {
		OK(false, e.problem);
		return;
	}
	one.btf = own;
	if (profile_write(&one, 1, &out, &e) || profile_open(out.data, out.size, &p, &e) || profile_btf(p, 0, &btf, &e))
		OK(false, e.problem);
	else
		compare(own, btf, c, "this kernel");
	btf_free(btf);
	profile_free(p);
	buf_free(&out);
	btf_free(own);
}

static const char *cache(char *path, size_t size, const char *series)
{
	const char *own = getenv("ABIDE_CACHE"), *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (own)
		snprintf(path, size, "%s/kernels/%s/btf", own, series);
	else if (xdg)
		snprintf(path, size, "%s/abide/kernels/%s/btf", xdg, series);
	else
		snprintf(path, size, "%s/.cache/abide/kernels/%s/btf", home ? home : "/root", series);
	return path;
}

/*
 * What is read out of a kernel's image now is what the built-in profile of that kernel has, but for the
 * configuration, which only the package has; and some of it that is known otherwise.
 */
static void compare_notes(struct kernels *ks, uint32_t i, char *path)
{
	struct abide_error e = { 0 };
	const struct notes *has = NULL;
	struct image *im = NULL;
	uint32_t k, differ = 0, config = 0;
	char text[160];

	strcpy(strrchr(path, '/'), "/vmlinuz");
	if (image_open(path, &im, &e) || kernels_notes(ks, i, true, &has, &e)) {
		OK(false, e.problem);
		image_free(im);
		return;
	}
	for (k = 0; k < has->nr; k++)
		config += notes_line(has, k)[0] == NOTE_CONFIG || !strcmp(notes_line(has, k) + 2, KNOWS_CONFIG);
	for (k = 0; k < im->notes.nr; k++) {
		const char *line = notes_line(&im->notes, k), *value = strchr(line + 2, ' '), *other;
		char name[512];

		snprintf(name, sizeof(name), "%.*s", value ? (int)(value - line) - 2 : 511, line + 2);
		differ += !notes_find(has, (enum note_tag)line[0], name, &other) || strcmp(other, value ? value + 1 : "");
	}
	snprintf(text, sizeof(text), "%s: the image's notes (%" PRIu32 ") are the profile's", kernels_facts(ks, i)->name, im->notes.nr);
	OK(!differ && im->notes.nr > 10000 && im->notes.nr + config == has->nr, text);
	OK(notes_know(&im->notes, KNOWS_TRACE) && notes_know(&im->notes, KNOWS_PROBES) && notes_know(&im->notes, KNOWS_EVENTS),
	   "what can be attached to is known");
	OK(notes_find(&im->notes, NOTE_EVENT, "sched/sched_switch", NULL) &&
	   notes_find(&im->notes, NOTE_EVENT, "syscalls/sys_enter_openat", NULL), "events are among them");
	OK(!notes_find(&im->notes, NOTE_NO_TRACE, "vfs_read", NULL) && !notes_find(&im->notes, NOTE_GONE, "vfs_read", NULL) &&
	   !notes_find(&im->notes, NOTE_NO_PROBE, "vfs_read", NULL), "vfs_read can be probed");
	image_free(im);
}

static void cached(struct catalog *c)
{
	static const char *const series[] = { "5.10", "6.1", "6.12", "6.18", "7.3" };
	struct abide_error e = { 0 };
	struct kernels *ks = NULL;
	char path[4096];
	size_t i;

	if (kernels_open(&ks, &e)) {
		OK(false, e.problem);
		return;
	}
	for (i = 0; i < sizeof(series) / sizeof(*series); i++) {
		struct btf_data *own = NULL, *btf = NULL;
		struct kernel_list l = { 0 };
		struct profile_facts f = { 0 };

		if (access(cache(path, sizeof(path), series[i]), R_OK)) {
			printf("skip - %s: scripts/kernels has not fetched it\n", series[i]);
			continue;
		}
		if (kernels_find(ks, series[i], &l, &e) || btf_open_file(path, &own, &e)) {
			OK(false, e.problem);
			free(l.items);
			continue;
		}
		profile_hash(own, f.btf_hash);
		if (memcmp(f.btf_hash, kernels_facts(ks, l.items[0])->btf_hash, 32))
			printf("skip - %s: the cache has another release than the built-in set\n", series[i]);
		else if (kernels_btf(ks, l.items[0], &btf, &e))
			OK(false, e.problem);
		else
			compare(own, btf, c, kernels_facts(ks, l.items[0])->name);
		if (btf)
			compare_notes(ks, l.items[0], path);
		kernels_drop(ks, l.items[0]);
		btf_free(own);
		free(l.items);
	}
	kernels_close(ks);
}

int main(void)
{
	struct abide_error e = { 0 };
	struct catalog *c = NULL;

	setenv("XDG_DATA_HOME", "/nonexistent", 1); /* nobody's own kernels */
	if (catalog_open_builtin(&c, &e)) {
		OK(false, e.problem);
		return kit_done();
	}
	host(c);
	cached(c);
	catalog_free(c);
	return kit_done();
}
