/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Numbers for people: durations and sizes in the unit that fits, with three significant
 * digits. In integers only, so that the last digit does not depend on the machine.
 */
#include <stdio.h>
#include <string.h>

#include "render/plan.h"

static const struct scale durations[] = {
	{ "ns", 1 }, { "us", 1000 }, { "ms", 1000000 }, { "s", 1000000000 }, { NULL, 0 },
};
static const struct scale sizes[] = {
	{ "B", 1 },
	{ "KiB", 1ull << 10 },
	{ "MiB", 1ull << 20 },
	{ "GiB", 1ull << 30 },
	{ "TiB", 1ull << 40 },
	{ "PiB", 1ull << 50 },
	{ NULL, 0 },
};

static const struct family {
	const char *unit; /* as the program declares it */
	uint64_t base;    /* how many of the family's smallest unit it is */
	const struct scale *steps;
} families[] = {
	{ "ns", 1, durations },         { "us", 1000, durations }, { "ms", 1000000, durations },
	{ "s", 1000000000, durations }, { "bytes", 1, sizes },     { "B", 1, sizes },
	{ "KiB", 1024, sizes },         { "MiB", 1048576, sizes },
};

static const struct family *family_of(const char *unit)
{
	size_t i;

	for (i = 0; i < sizeof(families) / sizeof(*families); i++)
		if (!strcmp(families[i].unit, unit))
			return &families[i];
	return NULL;
}

/* @value of family units, in the smallest unit; UINT64_MAX where it does not fit. */
static uint64_t smallest(const struct family *f, uint64_t value)
{
	uint64_t v;

	return __builtin_mul_overflow(value, f->base, &v) ? UINT64_MAX : v;
}

static const struct scale *step_for(const struct family *f, uint64_t small)
{
	const struct scale *s = f->steps;

	while (s[1].name && small >= s[1].factor)
		s++;
	return s;
}

/* .factor: how many of @unit make one of .name; 0: .name is smaller than @unit. */
bool render_scale_for(const char *unit, uint64_t value, struct scale *out)
{
	const struct family *f = family_of(unit);
	const struct scale *s;

	if (!f)
		return false;
	s = step_for(f, smallest(f, value));
	if (s->factor < f->base) /* a value of 0: stay with the unit that was declared */
		for (s = f->steps; s->factor < f->base; s++)
			;
	*out = (struct scale){ s->name, s->factor / f->base };
	return true;
}

void render_scale_digits(uint64_t value, uint64_t factor, bool trim, char *buf, size_t size)
{
	uint64_t whole = value / factor, rest = value % factor;
	unsigned digits = whole >= 100 || factor == 1 ? 0 : whole >= 10 ? 1 : 2;
	unsigned __int128 t;
	uint64_t ten = digits == 2 ? 100 : digits == 1 ? 10 : 1;

	if (!whole &&
	    factor > 1) /* 0.064, 0.00128: three digits behind the zeros, six places at most */
		for (digits = 3, ten = 1000;
		     digits < 6 && (unsigned __int128)rest * ten < (unsigned __int128)factor * 100;
		     digits++)
			ten *= 10;
	t = (unsigned __int128)rest * ten + factor / 2;
	rest = (uint64_t)(t / factor);
	if (rest >= ten) { /* 9.996: 10.0 */
		whole++;
		rest -= ten;
		if (digits == 2 && whole == 10) {
			digits = 1;
			rest /= 10;
		} else if (digits == 1 && whole == 100) {
			digits = 0;
		}
	}
	if (!digits) {
		snprintf(buf, size, "%llu", (unsigned long long)whole);
		return;
	}
	snprintf(buf, size, "%llu.%0*llu", (unsigned long long)whole, (int)digits,
	         (unsigned long long)rest);
	if (trim && !rest)
		*strchr(buf, '.') = '\0';
}

void render_scale_text(const char *unit, uint64_t value, bool negative, struct buf *out)
{
	const struct family *f = *unit ? family_of(unit) : NULL;
	const struct scale *s;
	uint64_t small;
	char digits[48];

	if (negative)
		buf_u8(out, '-');
	if (!f) {
		render_put_u64(out, value);
		if (!*unit)
			return;
		buf_u8(out, ' ');
		render_text_safe((const uint8_t *)unit, strlen(unit), out);
		return;
	}
	small = smallest(f, value);
	s = step_for(f, small);
	render_scale_digits(small, s->factor, false, digits, sizeof(digits));
	if (s[1].name && s[1].factor == s->factor * 1000 && !strcmp(digits, "1000")) { /* 999.9us */
		s++;
		render_scale_digits(small, s->factor, false, digits, sizeof(digits));
	}
	render_put(out, digits);
	render_put(out, s->name);
}
