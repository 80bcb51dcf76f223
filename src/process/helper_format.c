/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * printf for programs. In: a format of the program's and 8-byte values. Out: the text, or
 * -EINVAL for what the kernel's helpers do not take either: bytes that do not print, unknown
 * conversions, more conversions than values, no 0 at the end.
 *
 *	%[0+- ][width]{d i u x X}, with l or ll for 8 bytes (otherwise 4)
 *	%c   %s %ps %pus (a string at any address; what cannot be read is empty)
 *	%p %px %pK %pS %ps.. %pB (an address in hex digits; there are no symbols here)
 *	%pi4 %pI4 %pi6 %pI6 (an address of the network at any address of memory)   %%
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "process/fault.h"
#include "process/helper.h"

struct text {
	char *out;
	size_t size;
	uint64_t length; /* of the whole text */
};

static void put(struct text *t, const char *s, size_t n)
{
	if (t->length < t->size) {
		size_t left = t->size - (size_t)t->length;

		memcpy(t->out + t->length, s, n < left ? n : left);
	}
	t->length += n;
}

static void fill(struct text *t, char c, uint64_t n)
{
	if (t->length < t->size) {
		size_t left = t->size - (size_t)t->length;

		memset(t->out + t->length, c, n < left ? n : left);
	}
	t->length += n;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_punct(char c)
{
	return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
	       (c >= '{' && c <= '~');
}

static bool ends_word(char c)
{
	return !c || is_space(c) || is_punct(c);
}

struct conversion {
	bool zero, left, plus, blank, wide;
	uint32_t width;
};

/* @s, at most 20 digits or a text, in the conversion's width. @sign: 0 if there is none. */
static void number(struct text *t, const struct conversion *c, char sign, const char *s, size_t n)
{
	uint64_t all = n + (sign != 0), pad = c->width > all ? c->width - all : 0;

	if (!c->left && !c->zero)
		fill(t, ' ', pad);
	if (sign)
		put(t, &sign, 1);
	if (!c->left && c->zero)
		fill(t, '0', pad);
	put(t, s, n);
	if (c->left)
		fill(t, ' ', pad);
}

static void text(struct text *t, const struct conversion *c, const char *s, size_t n)
{
	struct conversion plain = *c;

	plain.zero = false;
	number(t, &plain, 0, s, n);
}

static void integer(struct text *t, const struct conversion *c, char how, uint64_t v)
{
	static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";
	const char *digits = how == 'X' ? upper : lower;
	bool is_signed = how == 'd' || how == 'i';
	unsigned int base = how == 'x' || how == 'X' ? 16 : 10;
	char buf[24], sign = 0;
	size_t at = sizeof(buf);

	if (!c->wide)
		v = is_signed ? (uint64_t)(int32_t)v : (uint32_t)v;
	if (is_signed) {
		sign = (int64_t)v < 0 ? '-' : c->plus ? '+' : c->blank ? ' ' : 0;
		v = (int64_t)v < 0 ? 0 - v : v;
	}
	do
		buf[--at] = digits[v % base];
	while (v /= base);
	number(t, c, sign, buf + at, sizeof(buf) - at);
}

/* An address: 16 digits, unless a width says otherwise. */
static void address(struct text *t, struct conversion c, uint64_t v)
{
	c.wide = true;
	if (!c.width) {
		c.width = 16;
		c.zero = true;
	}
	integer(t, &c, 'x', v);
}

static void string(struct text *t, const struct conversion *c, uint64_t at)
{
	char buf[1024];
	int64_t n = fault_read_string(buf, helper_pointer(at), sizeof(buf));

	text(t, c, buf, n > 0 ? (size_t)n - 1 : 0);
}

/* i: with zeros in front of the digits; I: as people write it. */
static void internet(struct text *t, const struct conversion *c, bool leading, bool six, uint64_t at)
{
	char buf[64];
	uint8_t a[16];
	int n = 0, i;

	fault_read(a, helper_pointer(at), six ? 16 : 4);
	if (six && leading)
		for (i = 0; i < 16; i += 2)
			n += sprintf(buf + n, "%02x%02x", a[i], a[i + 1]);
	else if (six)
		for (i = 0; i < 16; i += 2)
			n += sprintf(buf + n, i ? ":%02x%02x" : "%02x%02x", a[i], a[i + 1]);
	else
		n = sprintf(buf, leading ? "%03u.%03u.%03u.%03u" : "%u.%u.%u.%u", a[0], a[1], a[2], a[3]);
	text(t, c, buf, (size_t)n);
}

/* %p and what follows it: bytes of the format behind the p, or -1. */
static int pointer(struct text *t, const struct conversion *c, const char *f, uint64_t v)
{
	if ((f[0] == 'k' || f[0] == 'u') && f[1] == 's') {
		if (!ends_word(f[2]))
			return -1;
		string(t, c, v);
		return 2;
	}
	if (f[0] == 'K' || f[0] == 'x' || f[0] == 's' || f[0] == 'S' || f[0] == 'B') {
		address(t, *c, v);
		return 1;
	}
	if ((f[0] == 'i' || f[0] == 'I') && (f[1] == '4' || f[1] == '6')) {
		internet(t, c, f[0] == 'i', f[1] == '6', v);
		return 2;
	}
	if (!ends_word(f[0]))
		return -1;
	address(t, *c, v);
	return 0;
}

/* Flags and width; where the conversion's letter is. */
static const char *modifiers(const char *f, struct conversion *c)
{
	*c = (struct conversion){ 0 };
	for (;; f++) {
		c->zero |= *f == '0';
		c->plus |= *f == '+';
		c->left |= *f == '-';
		c->blank |= *f == ' ';
		if (*f != '0' && *f != '+' && *f != '-' && *f != ' ')
			break;
	}
	for (; *f >= '0' && *f <= '9'; f++)
		c->width = c->width < 100000 ? c->width * 10 + (uint32_t)(*f - '0') : c->width;
	return f;
}

/* One conversion, from behind its %: where the format goes on, or NULL. */
static const char *convert(struct text *t, const char *f, uint64_t v)
{
	struct conversion c;
	char byte;
	int n;

	f = modifiers(f, &c);
	switch (*f) {
	case 'p':
		n = pointer(t, &c, f + 1, v);
		return n < 0 ? NULL : f + 1 + n;
	case 's':
		if (!ends_word(f[1]))
			return NULL;
		string(t, &c, v);
		return f + 1;
	case 'c':
		byte = (char)v;
		text(t, &c, &byte, 1);
		return f + 1;
	}
	if (*f == 'l') {
		c.wide = true;
		f += f[1] == 'l' ? 2 : 1;
	}
	if (!*f || !strchr("diuxX", *f))
		return NULL;
	integer(t, &c, *f, v);
	return f + 1;
}

static bool prints(char c)
{
	return (c >= ' ' && c <= '~') || is_space(c);
}

int64_t helper_format(char *out, size_t size, const char *format, size_t format_size,
                      const uint64_t *args, uint32_t nr)
{
	struct text t = { out, size, 0 };
	const char *f = format;
	uint32_t used = 0;

	if (!memchr(format, 0, format_size))
		return -EINVAL;
	while (*f) {
		if (!prints(*f))
			return -EINVAL;
		if (*f != '%') {
			put(&t, f++, 1);
		} else if (f[1] == '%') {
			put(&t, f, 1);
			f += 2;
		} else {
			if (used == nr)
				return -EINVAL;
			f = convert(&t, f + 1, args[used++]);
			if (!f)
				return -EINVAL;
		}
	}
	if (size)
		out[t.length < size ? t.length : size - 1] = 0;
	return (int64_t)t.length;
}
