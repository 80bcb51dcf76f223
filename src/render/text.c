/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Text of strangers (names of processes, files, disks) on its way to a terminal or into
 * JSON. Control characters, what turns the direction of writing round, characters that
 * cannot be seen and bytes that are no UTF-8 become visible escapes: \n, \x1b, \u202e.
 */
#include <string.h>

#include "render/plan.h"

/*
 * One character of UTF-8 (RFC 3629): its bytes and, in *@code, its number; 0: these bytes
 * are none (too long a form, a surrogate, above 0x10ffff, cut off).
 */
static size_t decode(const uint8_t *s, size_t n, uint32_t *code)
{
	size_t len = *s < 0x80                 ? 1
	             : *s >= 0xc2 && *s < 0xe0 ? 2
	             : *s >= 0xe0 && *s < 0xf0 ? 3
	             : *s >= 0xf0 && *s < 0xf5 ? 4
	                                       : 0;
	size_t i;

	if (!len || len > n)
		return 0;
	*code = len == 1 ? *s : *s & (0x7fu >> len);
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (s[i] & 0x3f);
	}
	if ((len == 3 && (*code < 0x800 || (*code >= 0xd800 && *code < 0xe000))) ||
	    (len == 4 && (*code < 0x10000 || *code > 0x10ffff)))
		return 0;
	return len;
}

/* Not to be sent to a terminal: controls, separators, marks of direction, invisible ones. */
static bool harmful(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0, 0x1f },        { 0x7f, 0x9f },        { 0xad, 0xad },     { 0x300, 0x36f },
		{ 0x61c, 0x61c },   { 0x180e, 0x180e },    { 0x200b, 0x200f }, { 0x2028, 0x202e },
		{ 0x2060, 0x206f }, { 0xe000, 0xf8ff },    { 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff },
		{ 0xfff0, 0xffff }, { 0xe0000, 0x10ffff },
	};
	size_t i;

	for (i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	return false;
}

static char short_escape(uint32_t code)
{
	switch (code) {
	case '\n':
		return 'n';
	case '\t':
		return 't';
	case '\r':
		return 'r';
	case '\b':
		return 'b';
	case '\f':
		return 'f';
	default:
		return 0;
	}
}

static bool plain(uint8_t c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* Copy what needs no look, in one go; returns how many bytes. */
static size_t copy_plain(const uint8_t *s, size_t n, struct buf *out)
{
	size_t k = 0;

	while (k < n && plain(s[k]))
		k++;
	buf_add(out, s, k);
	return k;
}

void render_text_safe(const uint8_t *s, size_t n, struct buf *out)
{
	uint32_t code = 0;
	size_t len;

	for (; n; s += len, n -= len) {
		len = copy_plain(s, n, out);
		if (len)
			continue;
		len = decode(s, n, &code);
		if (!len) {
			buf_printf(out, "\\x%02x", *s);
			len = 1;
		} else if (short_escape(code) || code == '\\') {
			buf_printf(out, "\\%c", code == '\\' ? '\\' : short_escape(code));
		} else if (!harmful(code)) {
			buf_add(out, s, len);
		} else if (code < 0x80) {
			buf_printf(out, "\\x%02x", code);
		} else {
			buf_printf(out, code > 0xffff ? "\\U%08x" : "\\u%04x", code);
		}
	}
}

void render_put(struct buf *out, const char *s)
{
	buf_add(out, s, strlen(s));
}

void render_put_u64(struct buf *out, uint64_t v)
{
	char digits[20];
	size_t at = sizeof(digits);

	do
		digits[--at] = (char)('0' + v % 10);
	while (v /= 10);
	buf_add(out, digits + at, sizeof(digits) - at);
}

void render_put_s64(struct buf *out, int64_t v)
{
	if (v < 0)
		buf_u8(out, '-');
	render_put_u64(out, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

/* @n digits and a separator. */
static void put_digits(struct buf *out, uint64_t v, unsigned n, char after)
{
	char text[8];
	unsigned i;

	for (i = n; i--; v /= 10)
		text[i] = (char)('0' + v % 10);
	text[n] = after;
	buf_add(out, text, n + 1);
}

/* An invalid byte as \u00XX is still told apart, and the line stays valid; a reader sees Latin-1. */
void render_json_string(const uint8_t *s, size_t n, struct buf *out)
{
	uint32_t code = 0;
	size_t len;

	buf_u8(out, '"');
	for (; n; s += len, n -= len) {
		len = copy_plain(s, n, out);
		if (len)
			continue;
		len = decode(s, n, &code);
		if (!len) {
			buf_printf(out, "\\u%04x", *s);
			len = 1;
		} else if (code == '"' || code == '\\') {
			buf_printf(out, "\\%c", (char)code);
		} else if (short_escape(code)) {
			buf_printf(out, "\\%c", short_escape(code));
		} else if (!harmful(code)) {
			buf_add(out, s, len);
		} else if (code < 0x10000) {
			buf_printf(out, "\\u%04x", code);
		} else { /* RFC 8259 section 7: a surrogate pair */
			buf_printf(out, "\\u%04x\\u%04x", 0xd800 + ((code - 0x10000) >> 10),
			           0xdc00 + ((code - 0x10000) & 0x3ff));
		}
	}
	buf_u8(out, '"');
}

/* {"ts":"2026-11-26T02:20:00.123456Z","type":"hist","map":"wait" and no more; in UTC. */
void render_json_begin(const char *type, const char *map, struct timespec now, struct buf *out)
{
	struct tm tm = { 0 };

	gmtime_r(&now.tv_sec, &tm);
	render_put(out, "{\"ts\":\"");
	put_digits(out, (uint64_t)tm.tm_year + 1900, 4, '-');
	put_digits(out, (uint64_t)tm.tm_mon + 1, 2, '-');
	put_digits(out, (uint64_t)tm.tm_mday, 2, 'T');
	put_digits(out, (uint64_t)tm.tm_hour, 2, ':');
	put_digits(out, (uint64_t)tm.tm_min, 2, ':');
	put_digits(out, (uint64_t)tm.tm_sec, 2, '.');
	put_digits(out, (uint64_t)now.tv_nsec / 1000 % 1000000, 6, 'Z');
	render_put(out, "\",\"type\":\"");
	render_put(out, type);
	buf_u8(out, '"');
	if (map) {
		render_put(out, ",\"map\":");
		render_json_string((const uint8_t *)map, strlen(map), out);
	}
}

/* After render_text_safe each character takes one column, except those of East Asia, which take two. */
static size_t columns(uint32_t code)
{
	return (code >= 0x1100 && code <= 0x115f) || (code >= 0x2e80 && code <= 0xa4cf) ||
	                       (code >= 0xac00 && code <= 0xd7a3) ||
	                       (code >= 0xf900 && code <= 0xfaff) ||
	                       (code >= 0xfe30 && code <= 0xfe6f) ||
	                       (code >= 0xff00 && code <= 0xff60) ||
	                       (code >= 0x1f300 && code <= 0x1faff) ||
	                       (code >= 0x20000 && code <= 0x3fffd)
	               ? 2
	               : 1;
}

size_t render_text_width(const uint8_t *s, size_t n)
{
	size_t width = 0, len;
	uint32_t code = 0;

	for (; n; s += len, n -= len) {
		len = 1;
		if (*s < 0x80) {
			width++;
			continue;
		}
		len = decode(s, n, &code);
		width += len ? columns(code) : 1;
		len = len ? len : 1;
	}
	return width;
}

void render_text_cut(struct buf *b, size_t from, size_t width)
{
	size_t at = from, used = 0, len, w;
	uint32_t code = 0;

	if (b->failed || !width || render_text_width(b->data + from, b->size - from) <= width)
		return;
	while (at < b->size) {
		len = decode(b->data + at, b->size - at, &code);
		w = len ? columns(code) : 1;
		if (used + w > width - 1)
			break;
		used += w;
		at += len ? len : 1;
	}
	b->size = at;
	buf_u8(b, '~');
}

void render_text_pad(struct buf *b, size_t n)
{
	static const char blanks[] = "                                ";
	size_t k;

	for (; n; n -= k) {
		k = n < sizeof(blanks) - 1 ? n : sizeof(blanks) - 1;
		buf_add(b, blanks, k);
	}
}

void render_text_end(struct buf *b)
{
	while (!b->failed && b->size && b->data[b->size - 1] == ' ')
		b->size--;
	buf_u8(b, '\n');
}

void render_text_clock(struct timespec now, struct buf *out)
{
	struct tm tm = { 0 };

	localtime_r(&now.tv_sec, &tm);
	put_digits(out, (uint64_t)tm.tm_hour, 2, ':');
	put_digits(out, (uint64_t)tm.tm_min, 2, ':');
	put_digits(out, (uint64_t)tm.tm_sec, 2, ' ');
}

void render_text_bold(const struct render_plan *p, const char *s, struct buf *out)
{
	if (p->opts.color)
		buf_printf(out, "\033[1m");
	render_text_safe((const uint8_t *)s, strlen(s), out);
	if (p->opts.color)
		buf_printf(out, "\033[0m");
}
