// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What a kernel's own bytes tell beyond its BTF. In: the unpacked kernel, its BTF. Out: notes, and for
 * each list whether it is whole. Symbols come from the kernel's table of them; with their
 * addresses, the tables are read that the kernel itself asks:
 *
 *	__start_mcount_loc          functions that can be traced (kernel/trace/ftrace.c)
 *	__start_kprobe_blacklist, jump labels, static calls, some ranges of code
 *	                            functions that kprobes refuse (kernel/kprobes.c)
 *	__event_NAME                tracepoints with a record, their category and class
 *	sleepable_lsm_hooks, btf_allowlist_d_path   sets of BTF ids (section .BTF_ids)
 *	__start_error_injection_whitelist           functions whose result may be changed
 *
 * Pointers are as the linker left them: a kernel that relocates itself by a table (arm64) has zeros
 * there, finds nothing, and then nothing is known.
 */
#include <errno.h>
#include <linux/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/symbols.h"

#define TRACED_WITHIN 16   /* bytes of a function within which its call of the tracer lies */
#define FEWEST        500u /* functions, events: fewer were not read right */
#define MOST_IDS      65536u

struct looked {
	const struct image_memory *m;
	const struct image_symbols *s;
	struct btf_data *btf;
	struct notes *n;
	uint64_t *places; /* sorted: see use */
	uint32_t nr_places;
	size_t room_places;
	uint32_t *by_name; /* symbols in order of names */
	uint64_t init_from, init_to;
	bool failed;
};

static bool is_code(char type)
{
	return type && strchr("tTwW", type);
}

static int by_name(const void *pa, const void *pb, void *arg)
{
	const struct image_symbols *s = arg;
	uint32_t a = *(const uint32_t *)pa, b = *(const uint32_t *)pb;
	int c = strcmp(symbol_name(s, a), symbol_name(s, b));

	return c ? c : a < b ? -1 : a > b;
}

/* Where symbols of that name begin in .by_name, or would. */
static uint32_t first_named(const struct looked *l, const char *name)
{
	uint32_t low = 0, high = l->s->nr, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (strcmp(symbol_name(l->s, l->by_name[mid]), name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The first symbol of that name, or .nr. */
static uint32_t find_symbol(const struct looked *l, const char *name)
{
	uint32_t at = first_named(l, name);

	if (at == l->s->nr || strcmp(symbol_name(l->s, l->by_name[at]), name))
		return l->s->nr;
	return l->by_name[at];
}

static bool address_of(const struct looked *l, const char *name, uint64_t *at)
{
	uint32_t i = find_symbol(l, name);

	*at = i < l->s->nr ? l->s->items[i].address : 0;
	return *at;
}

/* The bytes between two symbols. */
static struct cursor between(const struct looked *l, const char *from, const char *to)
{
	uint64_t start, end;

	if (!address_of(l, from, &start) || !address_of(l, to, &end) || end < start)
		return (struct cursor){ .bad = true };
	return memory_at(l->m, start, end - start);
}

static void add_place(struct looked *l, uint64_t at)
{
	uint64_t *p = array_grow(l->places, l->nr_places, &l->room_places, sizeof(*p));

	if (!p) {
		l->failed = true;
		return;
	}
	l->places = p;
	p[l->nr_places++] = at;
}

static int ascending(const void *pa, const void *pb)
{
	uint64_t a = *(const uint64_t *)pa, b = *(const uint64_t *)pb;

	return a < b ? -1 : a > b;
}

static void sort_places(struct looked *l)
{
	if (l->nr_places)
		qsort(l->places, l->nr_places, sizeof(*l->places), ascending);
}

/* Is one of the places in [from, to)? */
static bool has_place(const struct looked *l, uint64_t from, uint64_t to)
{
	uint32_t low = 0, high = l->nr_places, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (l->places[mid] < from)
			low = mid + 1;
		else
			high = mid;
	}
	return low < l->nr_places && l->places[low] < to;
}

/* Freed after the start: neither probed nor traced then. */
static bool is_init(const struct looked *l, uint32_t i)
{
	return l->s->items[i].address >= l->init_from && l->s->items[i].address < l->init_to;
}

static bool is_function(const struct looked *l, uint32_t i)
{
	return is_code(l->s->items[i].type) && !is_init(l, i);
}

/* Functions by name: symbols that BTF has not, those that are several, and data. */
static void note_symbols(struct looked *l)
{
	const struct image_symbols *s = l->s;
	uint32_t i, k, functions, data;
	const char *name;
	char count[16];

	for (i = 0; i < s->nr; i = k) {
		name = symbol_name(s, l->by_name[i]);
		functions = data = 0;
		for (k = i; k < s->nr && !strcmp(symbol_name(s, l->by_name[k]), name); k++) {
			functions += is_function(l, l->by_name[k]);
			data += !is_code(s->items[l->by_name[k]].type);
		}
		if (functions > 1) {
			snprintf(count, sizeof(count), "%u", functions);
			notes_add(l->n, NOTE_AMBIGUOUS, name, count);
		}
		if (notes_made_up(name))
			continue;
		if (functions && !btf_find(l->btf, BTF_KIND_FUNC, name))
			notes_add(l->n, NOTE_FUNCTION, name, NULL);
		if (data)
			notes_add(l->n, NOTE_SYMBOL, name, NULL);
	}
	notes_add(l->n, NOTE_KNOWS, KNOWS_SYMBOLS, NULL);
	notes_add(l->n, NOTE_KNOWS, KNOWS_DATA, NULL);
}

/* The symbol of a function that BTF describes, or .nr. */
static uint32_t function_symbol(const struct looked *l, const char *name)
{
	uint32_t at = first_named(l, name);

	for (; at < l->s->nr && !strcmp(symbol_name(l->s, l->by_name[at]), name); at++)
		if (is_function(l, l->by_name[at]))
			return l->by_name[at];
	return l->s->nr;
}

/* The address of what follows the symbol. */
static uint64_t next_address(const struct looked *l, uint32_t i)
{
	uint64_t at = l->s->items[i].address;

	for (; i < l->s->nr; i++)
		if (l->s->items[i].address > at)
			return l->s->items[i].address;
	return UINT64_MAX;
}

static void note_described(struct looked *l, bool traced)
{
	struct btf_info t;
	uint32_t id, i;
	uint64_t at, to;

	for (id = btf_after(l->btf, 0, 1u << BTF_KIND_FUNC); id; id = btf_after(l->btf, id, 1u << BTF_KIND_FUNC)) {
		if (!btf_get(l->btf, id, &t) || !*t.name)
			continue;
		i = function_symbol(l, t.name);
		if (i == l->s->nr) {
			notes_add(l->n, NOTE_GONE, t.name, NULL);
			continue;
		}
		if (!traced)
			continue;
		at = l->s->items[i].address;
		to = next_address(l, i);
		if (!has_place(l, at, to - at > TRACED_WITHIN ? at + TRACED_WITHIN : to))
			notes_add(l->n, NOTE_NO_TRACE, t.name, NULL);
	}
}

/* The same of functions that BTF does not describe: kprobes ask, too. */
static void note_untraced(struct looked *l)
{
	const char *name;
	uint64_t at, to;
	uint32_t i;

	for (i = 0; i < l->s->nr; i++) {
		name = symbol_name(l->s, i);
		if (!is_function(l, i) || notes_made_up(name) || btf_find(l->btf, BTF_KIND_FUNC, name))
			continue;
		at = l->s->items[i].address;
		to = next_address(l, i);
		if (!has_place(l, at, to - at > TRACED_WITHIN ? at + TRACED_WITHIN : to))
			notes_add(l->n, NOTE_NO_TRACE, name, NULL);
	}
}

static void note_traced(struct looked *l)
{
	struct cursor c = between(l, "__start_mcount_loc", "__stop_mcount_loc");
	uint64_t at;

	l->nr_places = 0;
	while (cursor_left(&c) >= 8) {
		at = cursor_u64(&c);
		if (!memory_at(l->m, at, 1).bad)
			add_place(l, at);
	}
	sort_places(l);
	if (l->nr_places >= FEWEST)
		notes_add(l->n, NOTE_KNOWS, KNOWS_TRACE, NULL);
	note_described(l, l->nr_places >= FEWEST);
	if (l->nr_places >= FEWEST)
		note_untraced(l);
}

/* Records of @size bytes that begin with the distance to an instruction. */
static void add_distances(struct looked *l, const char *from, const char *to, size_t size)
{
	struct cursor c = between(l, from, to);
	uint64_t at;

	if (!address_of(l, from, &at))
		return;
	for (; cursor_left(&c) >= size; at += size) {
		add_place(l, at + (uint64_t)(int64_t)(int32_t)cursor_u32(&c));
		cursor_take(&c, size - 4);
	}
}

/* Where a kprobe at the begin of a function lies: behind the mark of indirect branches (endbr64). */
static uint64_t probe_place(const struct looked *l, uint64_t at)
{
	static const uint8_t endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	struct cursor c = memory_at(l->m, at, 4);
	const void *p = cursor_take(&c, 4);

	return p && !memcmp(p, endbr64, 4) ? at + 4 : at;
}

static void note_refused(struct looked *l, uint32_t i)
{
	const char *name = symbol_name(l->s, i);

	if (is_function(l, i) && !notes_made_up(name))
		notes_add(l->n, NOTE_NO_PROBE, name, NULL);
}

static void note_no_probes(struct looked *l)
{
	static const char *const ranges[][2] = {
		{ "__kprobes_text_start", "__kprobes_text_end" },
		{ "__entry_text_start", "__entry_text_end" },
		{ "__noinstr_text_start", "__noinstr_text_end" },
	};
	struct cursor c = between(l, "__start_kprobe_blacklist", "__stop_kprobe_blacklist");
	uint64_t from, to, at;
	uint32_t i;
	size_t r;

	if (c.bad || cursor_left(&c) < 8)
		return;
	l->nr_places = 0;
	while (cursor_left(&c) >= 8)
		add_place(l, cursor_u64(&c));
	sort_places(l);
	for (i = 0; i < l->s->nr; i++)
		if (has_place(l, l->s->items[i].address, l->s->items[i].address + 1))
			note_refused(l, i);
	l->nr_places = 0;
	add_distances(l, "__start___jump_table", "__stop___jump_table", 16);
	add_distances(l, "__start_static_call_sites", "__stop_static_call_sites", 8);
	sort_places(l);
	for (i = 0; i < l->s->nr; i++) {
		at = is_function(l, i) ? probe_place(l, l->s->items[i].address) : 0;
		if (at && has_place(l, at, at + 1))
			note_refused(l, i);
	}
	for (r = 0; r < sizeof(ranges) / sizeof(*ranges); r++) {
		if (!address_of(l, ranges[r][0], &from) || !address_of(l, ranges[r][1], &to))
			continue;
		for (i = 0; i < l->s->nr; i++)
			if (l->s->items[i].address >= from && l->s->items[i].address < to)
				note_refused(l, i);
	}
	notes_add(l->n, NOTE_KNOWS, KNOWS_PROBES, NULL);
}

/* Byte offset of a member of a kernel's struct. */
static bool member_at(struct btf_data *b, const char *type, const char *member, uint32_t *off)
{
	struct btf_info t;
	struct btf_field f;
	uint32_t i;

	if (!btf_get(b, btf_find(b, BTF_KIND_STRUCT, type), &t) || t.kind != BTF_KIND_STRUCT)
		return false;
	for (i = 0; i < t.vlen && btf_field_at(b, &t, i, &f); i++)
		if (!strcmp(f.name, member)) {
			*off = f.bit_off / 8;
			return true;
		}
	return false;
}

static uint64_t pointer_at(const struct looked *l, uint64_t at)
{
	struct cursor c = memory_at(l->m, at, 8);

	return cursor_u64(&c);
}

/* A short text in the kernel's memory. */
static bool text_at(const struct looked *l, uint64_t at, char *to, size_t room)
{
	struct cursor c = memory_at(l->m, at, room);
	const char *s = cursor_str_at(&c, 0);

	if (!s || !*s || strlen(s) >= room)
		return false;
	strcpy(to, s);
	return true;
}

/* The name behind @prefix of a symbol at that address. */
static const char *name_at(const struct looked *l, uint64_t at, const char *prefix)
{
	uint32_t low = 0, high = l->s->nr, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (l->s->items[mid].address < at)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < l->s->nr && l->s->items[low].address == at; low++)
		if (!strncmp(symbol_name(l->s, low), prefix, strlen(prefix)))
			return symbol_name(l->s, low) + strlen(prefix);
	return NULL;
}

static uint32_t note_event(struct looked *l, uint64_t event, uint32_t class_off, uint32_t system_off)
{
	const char *name = name_at(l, event, "event_"), *class;
	uint64_t of = pointer_at(l, event + class_off);
	char system[64], full[192];

	class = name_at(l, of, "event_class_");
	if (!name || !class || !text_at(l, pointer_at(l, of + system_off), system, sizeof(system)))
		return 0;
	if (!strncmp(name, "enter__", 7) && !strcmp(class, "syscall_enter"))
		snprintf(full, sizeof(full), "%s/sys_enter_%.100s", system, name + 7);
	else if (!strncmp(name, "exit__", 6) && !strcmp(class, "syscall_exit"))
		snprintf(full, sizeof(full), "%s/sys_exit_%.100s", system, name + 6);
	else
		snprintf(full, sizeof(full), "%s/%.100s", system, name);
	notes_add(l->n, NOTE_EVENT, full, class);
	return 1;
}

static void note_events(struct looked *l)
{
	struct cursor c = between(l, "__start_ftrace_events", "__stop_ftrace_events");
	uint32_t class_off, system_off, i, found = 0;

	if (!member_at(l->btf, "trace_event_call", "class", &class_off) ||
	    !member_at(l->btf, "trace_event_class", "system", &system_off))
		return;
	if (cursor_left(&c))
		while (cursor_left(&c) >= 8)
			found += note_event(l, cursor_u64(&c), class_off, system_off);
	else
		for (i = 0; i < l->s->nr; i++)
			if (!strncmp(symbol_name(l->s, i), "__event_", 8))
				found += note_event(l, pointer_at(l, l->s->items[i].address), class_off, system_off);
	if (found >= FEWEST)
		notes_add(l->n, NOTE_KNOWS, KNOWS_EVENTS, NULL);
}

/* A set of BTF ids of functions. @strip: what their names begin with and is left out. */
static bool note_set(struct looked *l, const char *symbol, enum note_tag tag, const char *strip)
{
	uint32_t nr, i, noted = 0;
	struct btf_info t;
	struct cursor c;
	uint64_t at;

	if (!address_of(l, symbol, &at))
		return false;
	c = memory_at(l->m, at, 4);
	nr = cursor_u32(&c);
	c = memory_at(l->m, at + 4, 4 * (uint64_t)nr);
	for (i = 0; i < nr && i < MOST_IDS && !c.bad; i++) {
		if (!btf_get(l->btf, cursor_u32(&c), &t) || t.kind != BTF_KIND_FUNC || strncmp(t.name, strip, strlen(strip)))
			continue;
		notes_add(l->n, tag, t.name + strlen(strip), NULL);
		noted++;
	}
	return noted;
}

static void note_sets(struct looked *l)
{
	if (note_set(l, "sleepable_lsm_hooks", NOTE_SLEEPS, "bpf_lsm_") ||
	    note_set(l, "btf_sleepable_lsm_hooks", NOTE_SLEEPS, "bpf_lsm_"))
		notes_add(l->n, NOTE_KNOWS, KNOWS_SLEEPS, NULL);
	if (note_set(l, "btf_allowlist_d_path", NOTE_D_PATH, ""))
		notes_add(l->n, NOTE_KNOWS, KNOWS_D_PATH, NULL);
}

static void note_inject(struct looked *l)
{
	struct cursor c = between(l, "__start_error_injection_whitelist", "__stop_error_injection_whitelist");
	const char *name;
	uint64_t at;

	/* none at all where the kernel was built without CONFIG_FUNCTION_ERROR_INJECTION */
	if (address_of(l, "__start_error_injection_whitelist", &at) && c.bad)
		return;
	while (cursor_left(&c) >= 16) {
		at = cursor_u64(&c);
		cursor_u64(&c);
		name = name_at(l, at, "");
		if (name)
			notes_add(l->n, NOTE_INJECT, name, NULL);
	}
	notes_add(l->n, NOTE_KNOWS, KNOWS_INJECT, NULL);
}

static int look(struct looked *l, struct abide_error *e)
{
	uint32_t i;

	l->by_name = calloc(l->s->nr, sizeof(*l->by_name));
	if (!l->by_name)
		return error_nomem(e);
	for (i = 0; i < l->s->nr; i++)
		l->by_name[i] = i;
	qsort_r(l->by_name, l->s->nr, sizeof(*l->by_name), by_name, (void *)l->s);
	if (l->s->has_addresses) {
		address_of(l, "_sinittext", &l->init_from);
		address_of(l, "_einittext", &l->init_to);
	}
	note_symbols(l);
	if (l->s->has_addresses) {
		note_traced(l);
		note_no_probes(l);
		note_events(l);
		note_sets(l);
		note_inject(l);
	} else {
		note_described(l, false);
	}
	return l->failed ? error_nomem(e) : 0;
}

int image_notes_of_symbols(const struct image_symbols *s, struct btf_data *btf, struct notes *n, struct abide_error *e)
{
	struct image_memory none = { 0 };
	struct looked l = { .m = &none, .s = s, .btf = btf, .n = n };
	int err = s->nr ? look(&l, e) : 0;

	free(l.places);
	free(l.by_name);
	return err;
}

int image_notes_of(const uint8_t *data, size_t size, struct btf_data *btf, struct notes *n, struct abide_error *e)
{
	struct image_symbols s;
	struct image_memory m;
	struct looked l = { .m = &m, .s = &s, .btf = btf, .n = n };
	int err;

	memory_of_elf(data, size, &m);
	if (!m.nr)
		m.bytes.swap = btf_other_endian(btf); /* a flat image tells its byte order by its BTF alone */
	err = symbols_read(&m, &s, e);
	if (!err && s.nr)
		err = look(&l, e);
	free(l.places);
	free(l.by_name);
	symbols_free(&s);
	return err;
}
