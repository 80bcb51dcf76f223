/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The records of <abide/event.h> to a layout. In: bytes of a section "abide_user", from
 * the process itself or from a file that may be anybody's. Out: structs and events, each once,
 * references resolved. Refused: what the macros cannot have written, the same name with two
 * meanings, structs that nobody defines.
 *
 * The layout keeps a copy of the bytes, and its names are in there. A struct is read into the
 * place behind those that are known, and stays if its name is new. Targets are names until all
 * is read.
 */
#define ABIDE_USER_NO_RECORDS /* the format only: the command has no events of its own */
#include <abide/event.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "process/layout.h"
#include "util/buf.h"
#include "util/cursor.h"

#define MAX_BYTES  (64u << 20)
#define MAX_NAMES  4096 /* structs, events */
#define MAX_FIELDS 1024
#define MAX_COUNT  (1u << 20)
#define MAX_OFFSET (1u << 30)
#define MAX_STABLE 32767 /* what a load's offset reaches */
#define MAX_NAME   63
#define MAX_TEXT   255

struct layout_store {
	char *bytes;
	const char ***targets;                  /* of each struct's fields */
	const char *(*arg_targets)[LAYOUT_ARGS]; /* of each event's arguments */
	size_t room_structs, room_targets, room_events, room_args;
};

struct reader {
	const char *file;
	struct layout *l;
	struct abide_error *e;
	struct cursor c;  /* the record */
	size_t at;        /* of the record, for messages */
};

#define malformed(r, ...) error_set((r)->e, -EINVAL, "user-record", __VA_ARGS__)

static int truncated(struct reader *r)
{
	return malformed(r, "%s: the record of user events at byte %zu is cut off or malformed", r->file, r->at);
}

static bool is_name(const char *s)
{
	size_t i;

	for (i = 0; s[i]; i++)
		if (i == MAX_NAME || !((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z') || s[i] == '_' ||
				       (i && s[i] >= '0' && s[i] <= '9')))
			return false;
	return i != 0;
}

static bool is_text(const char *s)
{
	size_t i;

	for (i = 0; s[i]; i++)
		if (i == MAX_TEXT || (unsigned char)s[i] < ' ' || s[i] == 0x7f)
			return false;
	return true;
}

/* The next string of @c, which must be a name; NULL: refused. */
static char *take_text(struct cursor *c)
{
	const char *s = cursor_str_at(c, c->at);

	if (!s || !is_text(s))
		return NULL;
	cursor_take(c, strlen(s) + 1);
	return (char *)(uintptr_t)s; /* of our own copy */
}

static char *take_name(struct cursor *c)
{
	char *s = take_text(c);

	return s && is_name(s) ? s : NULL;
}

/* The next item of the record, zeros before it skipped: a cursor over it behind its size. */
static struct cursor take_item(struct cursor *c)
{
	uint32_t size = 0;
	struct cursor item;

	while (cursor_left(c) >= 4 && !size)
		size = cursor_u32(c);
	item = cursor_sub(c, c->at - 4, size);
	if (size < 4 || size % 4 || c->bad)
		item.bad = true;
	cursor_take(&item, 4);
	cursor_take(c, size - 4);
	return item;
}

static bool is_size(uint32_t n)
{
	return n == 1 || n == 2 || n == 4 || n == 8;
}

/* Where the bits are: the smallest aligned word around them, which is what is loaded. */
static bool find_bits(struct cursor *item, uint32_t at, uint32_t size, struct layout_field *f)
{
	struct cursor c = cursor_sub(item, at, size);
	const uint8_t *p = cursor_take(&c, size);
	uint64_t first = UINT64_MAX, end = 0, i, n = 0;
	uint32_t word;

	for (i = 0; p && i < (uint64_t)size * 8; i++) {
		if (!(p[i / 8] >> (i % 8) & 1))
			continue;
		if (first == UINT64_MAX)
			first = i;
		end = i + 1;
		n++;
	}
	if (!n || n != end - first)
		return false;
	for (word = 1; word <= 8; word *= 2) {
		f->offset = (uint32_t)(first / 8 / word * word);
		if (end <= ((uint64_t)f->offset + word) * 8)
			break;
	}
	if (word > 8)
		return false;
	f->size = word;
	f->stable_size = n > 32 ? 8 : 4;
	if (n == word * 8)
		return true;
	f->bit_off = (uint8_t)(first - f->offset * 8u);
	f->bit_size = (uint8_t)n;
	return true;
}

/* What the kind says of sizes and counts. */
static bool fits_kind(uint8_t kind, bool sign, const char *target, struct layout_field *f)
{
	bool one_pointer = f->size == 8 && f->stable_size == 8 && f->count == 1;

	switch (kind) {
	case ABIDE_USER_NUM:
		f->kind = sign ? LAYOUT_SINT : LAYOUT_UINT;
		return is_size(f->size) && is_size(f->stable_size);
	case ABIDE_USER_BITS:
		f->kind = sign ? LAYOUT_SINT : LAYOUT_UINT;
		return f->count == 1;
	case ABIDE_USER_CHARS:
	case ABIDE_USER_BYTES:
		f->kind = kind == ABIDE_USER_CHARS ? LAYOUT_CHARS : LAYOUT_BYTES;
		f->stable_size = f->count;
		return f->size == 1;
	case ABIDE_USER_PTR:
		f->kind = LAYOUT_POINTER;
		return one_pointer && is_name(target);
	case ABIDE_USER_STR:
	case ABIDE_USER_ADDR:
		f->kind = kind == ABIDE_USER_STR ? LAYOUT_STRING : LAYOUT_ADDRESS;
		return one_pointer;
	default:
		return false;
	}
}

/* One field; *@end: the stable bytes so far. */
static int read_field(struct reader *r, const struct layout_struct *s, struct layout_field *f, const char **target,
		      uint32_t *end)
{
	struct cursor c = take_item(&r->c);
	uint32_t sample_at, i, align;
	uint8_t kind, sign;
	bool is_bits, in_place;
	uint64_t total;
	char *name, *comma;

	kind = cursor_u8(&c);
	sign = cursor_u8(&c);
	f->nr_hops = cursor_u8(&c);
	cursor_u8(&c);
	f->stable_size = cursor_u32(&c);
	f->size = cursor_u32(&c);
	f->count = cursor_u32(&c);
	for (i = 0; i < LAYOUT_HOPS; i++)
		f->hops[i] = cursor_u32(&c);
	f->offset = cursor_u32(&c);
	sample_at = cursor_u32(&c);
	name = take_text(&c);
	*target = take_text(&c);
	f->unit = take_text(&c);
	f->doc = take_text(&c);
	if (!name || !*target || !f->unit || !f->doc || c.bad)
		return truncated(r);
	/* behind the comma is where it is, in the source's words */
	comma = strchr(name, ',');
	if (comma)
		*comma = 0;
	f->name = name;
	is_bits = kind == ABIDE_USER_BITS;
	if (!is_name(name) || sign > 1 || f->nr_hops > LAYOUT_HOPS || !f->count || f->count > MAX_COUNT ||
	    !fits_kind(kind, sign, *target, f) || (is_bits && !find_bits(&c, sample_at, f->size, f)))
		return malformed(r, "%s: the field \"%.64s\" of %s is described wrongly", r->file, name, s->name);
	for (i = 0; i < f->nr_hops; i++)
		if (f->hops[i] > MAX_OFFSET || (!i && (uint64_t)f->hops[i] + 8 > s->size))
			return malformed(r, "%s: the pointer to %s.%s is outside of its struct", r->file, s->name, name);
	if (f->offset > MAX_OFFSET ||
	    (!f->nr_hops && (uint64_t)f->offset + (uint64_t)f->size * f->count > s->size))
		return malformed(r, "%s: %s.%s is outside of its struct", r->file, s->name, name);
	in_place = f->kind == LAYOUT_CHARS || f->kind == LAYOUT_BYTES;
	align = in_place ? 1 : f->stable_size;
	f->stable = (*end + align - 1) / align * align;
	total = f->stable + (in_place ? f->count : (uint64_t)f->count * f->stable_size);
	if (total > MAX_STABLE)
		return malformed(r, "%s: %s is larger than %d bytes with its field %s", r->file, s->name, MAX_STABLE, name);
	*end = (uint32_t)total;
	return 0;
}

static bool same_field(const struct layout_field *a, const struct layout_field *b)
{
	return !strcmp(a->name, b->name) && !strcmp(a->unit, b->unit) && !strcmp(a->doc, b->doc) &&
	       a->kind == b->kind && a->stable == b->stable && a->stable_size == b->stable_size &&
	       a->count == b->count && !memcmp(a->hops, b->hops, sizeof(a->hops)) && a->nr_hops == b->nr_hops &&
	       a->offset == b->offset && a->size == b->size && a->bit_off == b->bit_off && a->bit_size == b->bit_size;
}

static int conflict(struct reader *r, const char *what, const char *provider, const char *name)
{
	error_set(r->e, -EINVAL, "user-conflict", "%s: %s %s%s%s is defined twice, and differently", r->file, what,
		  provider, *provider ? ":" : "", name);
	return error_hint(r->e, "compile all source files with the same headers and options");
}

static bool same_struct(const struct layout_struct *a, const char *const *ta, const struct layout_struct *b,
			const char *const *tb)
{
	uint32_t i;

	if (a->size != b->size || a->nr_fields != b->nr_fields)
		return false;
	for (i = 0; i < a->nr_fields; i++)
		if (!same_field(&a->fields[i], &b->fields[i]) || strcmp(ta[i], tb[i]))
			return false;
	return true;
}

static int read_fields(struct reader *r, struct layout_struct *s, const char **targets, uint32_t nr)
{
	uint32_t i, j, end = 0, align = 1;
	int err;

	for (i = 0; i < nr; i++) {
		err = read_field(r, s, &s->fields[i], &targets[i], &end);
		if (err)
			return err;
		if (s->fields[i].kind != LAYOUT_CHARS && s->fields[i].kind != LAYOUT_BYTES &&
		    s->fields[i].stable_size > align)
			align = s->fields[i].stable_size;
		for (j = 0; j < i; j++)
			if (!strcmp(s->fields[j].name, s->fields[i].name))
				return malformed(r, "%s: %s has two fields \"%s\"", r->file, s->name, s->fields[i].name);
		s->nr_fields++;
	}
	s->stable_size = (end + align - 1) / align * align;
	return 0;
}

static int read_struct(struct reader *r, uint32_t items_at, uint32_t nr, uint32_t size)
{
	struct layout *l = r->l;
	struct layout_store *store = l->store;
	struct layout_struct s = { .size = size, .doc = "" }, *old;
	const char **targets = NULL;
	void *grown;
	int err;

	s.name = take_name(&r->c);
	s.real = take_text(&r->c);
	if (!s.name || !s.real || !size || !nr || nr > MAX_FIELDS)
		return truncated(r);
	cursor_seek(&r->c, items_at);
	s.fields = calloc(nr, sizeof(*s.fields));
	targets = calloc(nr, sizeof(*targets));
	err = s.fields && targets ? read_fields(r, &s, targets, nr) : error_nomem(r->e);
	if (err)
		goto out;
	old = (struct layout_struct *)(uintptr_t)layout_struct(l, s.name);
	if (old) {
		if (!same_struct(old, store->targets[old - l->structs], &s, targets))
			err = conflict(r, "the struct", "", s.name);
		goto out;
	}
	if (l->nr_structs == MAX_NAMES) {
		err = malformed(r, "%s: more than %d user-ized structs", r->file, MAX_NAMES);
		goto out;
	}
	grown = array_grow(l->structs, l->nr_structs, &store->room_structs, sizeof(s));
	if (grown)
		l->structs = grown;
	err = grown ? 0 : error_nomem(r->e);
	grown = array_grow(store->targets, l->nr_structs, &store->room_targets, sizeof(targets));
	if (grown)
		store->targets = grown;
	else
		err = error_nomem(r->e);
	if (err)
		goto out;
	store->targets[l->nr_structs] = targets;
	l->structs[l->nr_structs++] = s;
	return 0;
out:
	free(s.fields);
	free(targets);
	return err;
}

static bool read_arg(struct cursor *record, struct layout_arg *a, const char **target)
{
	struct cursor c = take_item(record);
	uint8_t kind = cursor_u8(&c), sign = cursor_u8(&c);

	cursor_u16(&c);
	a->size = cursor_u32(&c);
	a->name = take_name(&c);
	*target = take_text(&c);
	if (!a->name || !*target || c.bad || sign > 1)
		return false;
	switch (kind) {
	case ABIDE_USER_NUM:
		a->kind = sign ? LAYOUT_SINT : LAYOUT_UINT;
		return is_size(a->size);
	case ABIDE_USER_PTR:
		a->kind = LAYOUT_POINTER;
		return a->size == 8 && is_name(*target);
	case ABIDE_USER_STR:
	case ABIDE_USER_ADDR:
		a->kind = kind == ABIDE_USER_STR ? LAYOUT_STRING : LAYOUT_ADDRESS;
		return a->size == 8;
	default:
		return false;
	}
}

static bool same_event(const struct layout_event *a, const char *const *ta, const struct layout_event *b,
		       const char *const *tb)
{
	uint32_t i;

	if (a->nr_args != b->nr_args)
		return false;
	for (i = 0; i < a->nr_args; i++)
		if (strcmp(a->args[i].name, b->args[i].name) || a->args[i].kind != b->args[i].kind ||
		    a->args[i].size != b->args[i].size || strcmp(ta[i], tb[i]))
			return false;
	return true;
}

static int read_event(struct reader *r, uint32_t items_at, uint32_t nr)
{
	struct layout *l = r->l;
	struct layout_store *store = l->store;
	struct layout_event ev = { .doc = "" };
	const struct layout_event *old;
	const char *targets[LAYOUT_ARGS];
	uint32_t i, j;
	void *grown;

	ev.provider = take_name(&r->c);
	ev.name = take_name(&r->c);
	if (!ev.provider || !ev.name || !nr || nr > LAYOUT_ARGS)
		return truncated(r);
	cursor_seek(&r->c, items_at);
	for (i = 0; i < nr; i++) {
		if (!read_arg(&r->c, &ev.args[i], &targets[i]))
			return malformed(r, "%s: argument %u of %s:%s is described wrongly", r->file, i + 1, ev.provider,
					 ev.name);
		for (j = 0; j < i; j++)
			if (!strcmp(ev.args[j].name, ev.args[i].name))
				return malformed(r, "%s: %s:%s has two arguments \"%s\"", r->file, ev.provider, ev.name,
						 ev.args[i].name);
		ev.nr_args++;
	}
	old = layout_event(l, ev.provider, ev.name);
	if (old)
		return same_event(old, store->arg_targets[old - l->events], &ev, targets)
			       ? 0
			       : conflict(r, "the event", ev.provider, ev.name);
	if (l->nr_events == MAX_NAMES)
		return malformed(r, "%s: more than %d user events", r->file, MAX_NAMES);
	grown = array_grow(l->events, l->nr_events, &store->room_events, sizeof(ev));
	if (!grown)
		return error_nomem(r->e);
	l->events = grown;
	grown = array_grow(store->arg_targets, l->nr_events, &store->room_args, sizeof(targets));
	if (!grown)
		return error_nomem(r->e);
	store->arg_targets = grown;
	memcpy(store->arg_targets[l->nr_events], targets, nr * sizeof(*targets));
	l->events[l->nr_events++] = ev;
	return 0;
}

/* Documents are read last, when there is what they are about; those of nothing are let go. */
static int read_doc(struct reader *r, bool of_event)
{
	const char *a = take_name(&r->c), *b = take_text(&r->c), *doc = take_text(&r->c);
	struct layout_event *ev;
	struct layout_struct *s;
	const char **into;

	if (!a || !b || !doc)
		return truncated(r);
	if (of_event) {
		ev = (struct layout_event *)(uintptr_t)layout_event(r->l, a, b);
		into = ev ? &ev->doc : NULL;
	} else {
		s = (struct layout_struct *)(uintptr_t)layout_struct(r->l, a);
		into = s ? &s->doc : NULL;
	}
	if (into && **into && strcmp(*into, doc))
		return of_event ? conflict(r, "the document of", a, b) : conflict(r, "the document of", "", a);
	if (into)
		*into = doc;
	return 0;
}

static int read_record(struct reader *r, bool docs)
{
	uint16_t version, kind;
	uint32_t items_at, nr, real_size;

	cursor_u32(&r->c); /* the magic */
	version = cursor_u16(&r->c);
	kind = cursor_u16(&r->c);
	cursor_u32(&r->c);
	items_at = cursor_u32(&r->c);
	nr = cursor_u32(&r->c);
	real_size = cursor_u32(&r->c);
	if (r->c.bad)
		return truncated(r);
	if (version != ABIDE_USER_VERSION) {
		malformed(r, "%s: the record of user events at byte %zu has version %u", r->file, r->at, version);
		return error_hint(r->e, "this abide knows version %d: a newer one is needed", ABIDE_USER_VERSION);
	}
	switch (kind) {
	case ABIDE_USER_STRUCT:
		return docs ? 0 : read_struct(r, items_at, nr, real_size);
	case ABIDE_USER_EVENT:
		return docs ? 0 : read_event(r, items_at, nr);
	case ABIDE_USER_STRUCT_DOC:
	case ABIDE_USER_EVENT_DOC:
		return docs ? read_doc(r, kind == ABIDE_USER_EVENT_DOC) : 0;
	default:
		return truncated(r);
	}
}

static int read_records(struct reader *r, struct cursor all, bool docs)
{
	uint32_t magic, size;
	int err;

	while (cursor_left(&all) >= 4) {
		r->at = all.at;
		magic = cursor_u32(&all);
		if (!magic)
			continue;
		cursor_u32(&all);
		size = cursor_u32(&all);
		r->c = cursor_sub(&all, r->at, size);
		if (magic != ABIDE_USER_MAGIC || size < sizeof(struct abide_user_head) || size % 4 || all.bad || r->c.bad)
			return truncated(r);
		cursor_seek(&all, r->at + size);
		err = read_record(r, docs);
		if (err)
			return err;
	}
	return 0;
}

static int resolve(struct reader *r, const char *target, const char *whose, const char *name, uint32_t *out)
{
	const struct layout_struct *s = layout_struct(r->l, target);

	if (s) {
		*out = (uint32_t)(s - r->l->structs);
		return 0;
	}
	error_set(r->e, -EINVAL, "user-unknown", "%s: %s.%s points to %s, which is not defined", r->file, whose, name,
		  target);
	return error_hint(r->e, "DEFINE_STRUCT_USER(%s, ...) in a source file of it", target);
}

static int resolve_all(struct reader *r)
{
	struct layout *l = r->l;
	uint32_t i, k;
	int err = 0;

	for (i = 0; i < l->nr_structs; i++)
		for (k = 0; k < l->structs[i].nr_fields && !err; k++)
			if (l->structs[i].fields[k].kind == LAYOUT_POINTER)
				err = resolve(r, l->store->targets[i][k], l->structs[i].name, l->structs[i].fields[k].name,
					      &l->structs[i].fields[k].target);
	for (i = 0; i < l->nr_events; i++)
		for (k = 0; k < l->events[i].nr_args && !err; k++)
			if (l->events[i].args[k].kind == LAYOUT_POINTER)
				err = resolve(r, l->store->arg_targets[i][k], l->events[i].name, l->events[i].args[k].name,
					      &l->events[i].args[k].target);
	return err;
}

int layout_parse(const void *data, size_t size, const char *name, struct layout **out, struct abide_error *e)
{
	struct layout *l = calloc(1, sizeof(*l));
	struct reader r = { .file = name, .l = l, .e = e };
	int err;

	*out = NULL;
	if (size > MAX_BYTES) {
		err = malformed(&r, "%s: %zu bytes of records of user events", name, size);
		goto out;
	}
	if (l)
		l->store = calloc(1, sizeof(*l->store));
	if (l && l->store)
		l->store->bytes = malloc(size + 1);
	if (!l || !l->store || !l->store->bytes) {
		err = error_nomem(e);
		goto out;
	}
	if (size)
		memcpy(l->store->bytes, data, size);
	err = read_records(&r, cursor_over(l->store->bytes, size), false);
	if (!err)
		err = read_records(&r, cursor_over(l->store->bytes, size), true);
	if (!err)
		err = resolve_all(&r);
	if (!err)
		*out = l;
out:
	if (err)
		layout_free(l);
	return err;
}

void layout_free(struct layout *l)
{
	uint32_t i;

	if (!l)
		return;
	for (i = 0; i < l->nr_structs; i++) {
		free(l->structs[i].fields);
		free(l->store->targets[i]);
	}
	if (l->store) {
		free(l->store->targets);
		free(l->store->arg_targets);
		free(l->store->bytes);
	}
	free(l->store);
	free(l->structs);
	free(l->events);
	free(l);
}

const struct layout_event *layout_event(const struct layout *l, const char *provider, const char *name)
{
	uint32_t i;

	for (i = 0; i < l->nr_events; i++)
		if (!strcmp(l->events[i].name, name) && !strcmp(l->events[i].provider, provider))
			return &l->events[i];
	return NULL;
}

const struct layout_struct *layout_struct(const struct layout *l, const char *name)
{
	uint32_t i;

	for (i = 0; i < l->nr_structs; i++)
		if (!strcmp(l->structs[i].name, name))
			return &l->structs[i];
	return NULL;
}
