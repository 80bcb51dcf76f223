// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The kernel's table of symbols (scripts/kallsyms.c writes it). In: bytes of an unpacked kernel,
 * from anybody. Out: names, types, and addresses where the file's layout tells them. It has no
 * header, but parts that prove one another:
 *
 *	[offsets, base]  before Linux 6.4
 *	number  u32
 *	names   for each: length (one byte, two when the first has its top bit), tokens
 *	markers u32 for each 256th name: where it lies
 *	[3 bytes for each: order by name, 6.2 and 6.3]
 *	tokens  256 strings, each ended by NUL; digits stand for themselves
 *	index   256 times u16: where each token lies
 *	[offsets i32 each, base u64]  from 6.4 on; from 7.x on each is the distance from itself, without a base
 *
 * The ten digits in a row and the index prove the tokens; the names' lengths and the markers prove the number.
 */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>

#include "image/symbols.h"

#define MIN_SYMBOLS 1000u
#define MAX_SYMBOLS (1u << 21)
#define MAX_BEFORE  (32u << 20) /* bytes of names and markers before the tokens */
#define MAX_NAME    1024
#define MAX_STEPS   (1u << 26) /* names looked at, in all places that could be the first */

struct table {
	size_t tokens, index, number, names, markers;
	uint32_t nr, steps;
	uint16_t at[256];
};

void memory_of_elf(const uint8_t *data, size_t size, struct image_memory *m)
{
	struct cursor *c = &m->bytes;
	uint16_t nr, i;
	uint64_t off;

	*m = (struct image_memory){ .bytes = cursor_over(data, size), .wide = true };
	if (size < EI_NIDENT || memcmp(data, ELFMAG, SELFMAG))
		return;
	m->wide = data[EI_CLASS] == ELFCLASS64;
	c->swap = (data[EI_DATA] == ELFDATA2MSB) != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	if (!m->wide)
		return;
	cursor_seek(c, offsetof(Elf64_Ehdr, e_phoff));
	off = cursor_u64(c);
	cursor_seek(c, offsetof(Elf64_Ehdr, e_phnum));
	nr = cursor_u16(c);
	for (i = 0; i < nr && m->nr < MEMORY_SEGMENTS && !c->bad && off < size; i++) {
		uint32_t type, flags;

		cursor_seek(c, (size_t)off + i * sizeof(Elf64_Phdr));
		type = cursor_u32(c);
		flags = cursor_u32(c);
		m->segments[m->nr].off = cursor_u64(c);
		m->segments[m->nr].address = cursor_u64(c);
		cursor_u64(c);
		m->segments[m->nr].size = cursor_u64(c);
		m->segments[m->nr].code = flags & PF_X;
		m->nr += type == PT_LOAD && !c->bad;
	}
	c->bad = false;
	c->at = 0;
}

struct cursor memory_at(const struct image_memory *m, uint64_t address, uint64_t size)
{
	struct cursor none = { .bad = true };
	uint64_t from;
	uint32_t i;

	for (i = 0; i < m->nr; i++) {
		from = address - m->segments[i].address;
		if (address < m->segments[i].address || from >= m->segments[i].size || size > m->segments[i].size - from ||
		    m->segments[i].off > m->bytes.size || from > m->bytes.size - m->segments[i].off || size > SIZE_MAX)
			continue;
		return cursor_sub(&m->bytes, (size_t)(m->segments[i].off + from), (size_t)size);
	}
	return none;
}

/* The 256 tokens around the ten digits that lie at @digits. */
static bool read_tokens(const struct cursor *bytes, size_t digits, struct table *t)
{
	struct cursor c = *bytes;
	const uint8_t *p;
	size_t end = digits;
	uint32_t i, align;

	for (i = '0'; i < 256; i++) {
		p = memchr(c.data + end, 0, c.size - end);
		if (!p || (size_t)(p - c.data) - end > 64)
			return false;
		end = (size_t)(p - c.data) + 1;
	}
	for (align = 2; align <= 8; align *= 2) {
		t->index = (end + align - 1) & ~(size_t)(align - 1);
		cursor_seek(&c, t->index);
		for (i = 0; i < 256; i++) {
			t->at[i] = cursor_u16(&c);
			if (i ? t->at[i] <= t->at[i - 1] : t->at[i])
				break;
		}
		if (c.bad)
			return false;
		if (i == 256 && t->at['0'] <= digits) {
			t->tokens = digits - t->at['0'];
			return t->tokens + t->at[255] < end;
		}
	}
	return false;
}

static bool find_tokens(const struct cursor *bytes, struct table *t)
{
	static const uint8_t digits[] = { '0', 0, '1', 0, '2', 0, '3', 0, '4', 0, '5', 0, '6', 0, '7', 0, '8', 0, '9', 0 };
	const uint8_t *p = bytes->data, *end = bytes->data + bytes->size;

	while ((p = memmem(p, (size_t)(end - p), digits, sizeof(digits)))) {
		if (read_tokens(bytes, (size_t)(p - bytes->data), t))
			return true;
		p++;
	}
	return false;
}

/* Length of the name at the cursor; 0: there is none. */
static uint32_t name_size(struct cursor *c)
{
	uint32_t n = cursor_u8(c);

	return n & 128 ? (n & 127) | (uint32_t)cursor_u8(c) << 7 : n;
}

/* Is there, where the markers of @nr names would lie, what could be some? Cheap, and nearly always no. */
static bool markers_fit(const struct cursor *bytes, uint32_t nr, const struct table *t)
{
	size_t count = (nr + 255) / 256, order, pad, before;
	struct cursor c;
	uint32_t second;

	for (order = 0; order <= 3; order += 3) /* bytes for each name between them and the tokens */
		for (pad = 0; pad < 16; pad += 4) {
			before = 4 * count + order * ((size_t)nr + 1) / 4 * 4 + pad;
			if (before > (t->tokens & ~(size_t)3))
				continue;
			c = *bytes;
			cursor_seek(&c, (t->tokens & ~(size_t)3) - before);
			if (cursor_u32(&c))
				continue;
			second = cursor_u32(&c);
			if (second >= 512 && second < 256 * 128 && cursor_u32(&c) > second)
				return true;
		}
	return false;
}

/* Do @nr names begin at @names, and are the markers behind them theirs? */
static bool names_fit(const struct cursor *bytes, size_t names, uint32_t nr, struct table *t)
{
	struct cursor c = *bytes, m = *bytes;
	uint32_t i, align;
	size_t second = 0;

	cursor_seek(&c, names);
	for (i = 0; i < nr; i++) {
		if (i == 256)
			second = c.at - names;
		uint32_t n = name_size(&c);

		t->steps++;
		if (!n || !cursor_take(&c, n) || c.at > t->tokens)
			return false;
	}
	for (align = 4; align <= 8; align *= 2) {
		t->markers = (c.at + align - 1) & ~(size_t)(align - 1);
		cursor_seek(&m, t->markers);
		if (!cursor_u32(&m) && cursor_u32(&m) == second && !m.bad)
			return true;
	}
	return false;
}

static bool find_names(const struct cursor *bytes, struct table *t)
{
	size_t at = t->tokens & ~(size_t)3, first = at > MAX_BEFORE ? at - MAX_BEFORE : 0;
	struct cursor c = *bytes;
	uint32_t nr;

	for (; at > first && t->steps < MAX_STEPS; at -= 4) {
		cursor_seek(&c, at - 4);
		nr = cursor_u32(&c);
		/* each name has two bytes at least, and the first is short */
		if (nr < MIN_SYMBOLS || nr > MAX_SYMBOLS || nr > (t->tokens - at) / 2 || !markers_fit(bytes, nr, t))
			continue;
		t->number = at - 4;
		t->nr = nr;
		t->names = at;
		if (names_fit(bytes, t->names, nr, t))
			return true;
		t->names = (at + 7) & ~(size_t)7;
		if (t->names != at && names_fit(bytes, t->names, nr, t))
			return true;
	}
	return false;
}

/* Undo the tokens of one name: its type first. */
static bool expand(const struct cursor *bytes, const struct table *t, struct cursor *c, struct image_symbols *out)
{
	uint32_t n = name_size(c), i, at = (uint32_t)out->names.size;
	const uint8_t *tokens = cursor_take(c, n);
	struct image_symbol *items;
	char text[MAX_NAME], type;
	size_t len = 0, k;

	if (!tokens)
		return false;
	for (i = 0; i < n; i++) {
		const char *s = cursor_str_at(bytes, t->tokens + t->at[tokens[i]]);

		k = s ? strlen(s) : 0;
		if (k > sizeof(text) - 1 - len)
			return true; /* none that any kernel has */
		memcpy(text + len, s ? s : "", k);
		len += k;
	}
	text[len] = 0;
	type = text[0];
	items = array_grow(out->items, out->nr, &out->room, sizeof(*items));
	if (!items)
		return false;
	out->items = items;
	buf_add(&out->names, len ? text + 1 : "", len ? len : 1);
	items[out->nr++] = (struct image_symbol){ .name = at, .type = type };
	return !out->names.failed;
}

enum way {
	FROM_BASE, /* base + offset */
	BELOW_BASE, /* base - 1 - offset of negative ones; others are absolute (per CPU) */
	FROM_ITSELF, /* base: where the offset lies */
	WAYS,
};

static uint64_t address_of(uint64_t base, int32_t off, int way)
{
	if (way == BELOW_BASE)
		return off >= 0 ? (uint64_t)off : base - 1 - (uint64_t)(int64_t)off;
	return way == FROM_ITSELF ? base + (uint64_t)(int64_t)off : base + (uint32_t)off;
}

/* The address of what lies at an offset of the file, or 0. */
static uint64_t address_in(const struct image_memory *m, uint64_t off)
{
	uint32_t i;

	for (i = 0; i < m->nr; i++)
		if (off >= m->segments[i].off && off - m->segments[i].off < m->segments[i].size)
			return m->segments[i].address + (off - m->segments[i].off);
	return 0;
}

/* Where the offsets lie, if those of functions are addresses of code. */
static bool take_addresses(struct image_memory *m, struct image_symbols *s, size_t offsets, size_t base_at)
{
	struct cursor c = m->bytes;
	uint32_t i, good, all;
	uint64_t base, here = address_in(m, offsets);
	int way;

	cursor_seek(&c, base_at);
	base = cursor_u64(&c);
	c.bad = false;
	for (way = 0; way < WAYS; way++) {
		cursor_seek(&c, offsets);
		for (i = 0, good = 0, all = 0; i < s->nr && !c.bad; i++) {
			s->items[i].address = address_of(way == FROM_ITSELF ? here + 4 * (uint64_t)i : base,
							 (int32_t)cursor_u32(&c), way);
			if (s->items[i].type != 'T')
				continue;
			all++;
			good += !memory_at(m, s->items[i].address, 1).bad;
		}
		if (!c.bad && all && good > all - all / 16)
			return true;
		c.bad = false;
	}
	for (i = 0; i < s->nr; i++)
		s->items[i].address = 0;
	return false;
}

static void find_addresses(struct image_memory *m, const struct table *t, struct image_symbols *s)
{
	size_t size = 4 * (size_t)s->nr, at;

	if (!m->wide || s->nr != t->nr)
		return;
	/* behind the index, then the base */
	at = (t->index + 512 + 7) & ~(size_t)7;
	s->has_addresses = take_addresses(m, s, at, (at + size + 7) & ~(size_t)7);
	/* or before the number, the base first */
	if (!s->has_addresses && t->number >= 16 + size)
		s->has_addresses = take_addresses(m, s, ((t->number & ~(size_t)7) - 8 - size) & ~(size_t)7,
						  (t->number & ~(size_t)7) - 8);
}

static int by_address(const void *pa, const void *pb)
{
	const struct image_symbol *a = pa, *b = pb;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return a->name < b->name ? -1 : a->name > b->name;
}

int symbols_read(struct image_memory *m, struct image_symbols *out, struct abide_error *e)
{
	struct cursor c = m->bytes;
	struct table t = { 0 };
	uint32_t i;

	memset(out, 0, sizeof(*out));
	if (!find_tokens(&m->bytes, &t) || !find_names(&m->bytes, &t))
		return 0;
	cursor_seek(&c, t.names);
	for (i = 0; i < t.nr; i++)
		if (!expand(&m->bytes, &t, &c, out)) {
			symbols_free(out);
			return error_nomem(e);
		}
	find_addresses(m, &t, out);
	qsort(out->items, out->nr, sizeof(*out->items), by_address);
	return 0;
}

void symbols_free(struct image_symbols *s)
{
	buf_free(&s->names);
	free(s->items);
	memset(s, 0, sizeof(*s));
}
