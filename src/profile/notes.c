// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The notes of a profile's kernels (profile/kinds.h). In: sorted lines of each kernel, or the
 * bytes of a file. Out: the lines of all, each once with the set of its kernels and without what it
 * shares with the one before it; or those of one kernel. Refused: what is cut or not in order.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "profile/kinds.h"
#include "profile/notes.h"
#include "profile/read.h"

static void put_u32(struct buf *to, uint32_t v)
{
	int i;

	for (i = 0; i < 4; i++)
		buf_u8(to, (uint8_t)(v >> 8 * i));
}

static size_t shared(const char *a, const char *b)
{
	size_t n = 0;

	while (n < 255 && a[n] && a[n] == b[n])
		n++;
	return n;
}

/* The least of the lines that the kernels are at, and which of them are at it. */
static const char *least(const struct profile_kernel *kernels, uint32_t n, const uint32_t *at, uint32_t *mask)
{
	const char *best = NULL, *line;
	uint32_t i;
	int c;

	for (i = 0; i < n; i++) {
		if (!kernels[i].notes || at[i] == kernels[i].notes->nr)
			continue;
		line = notes_line(kernels[i].notes, at[i]);
		c = best ? strcmp(line, best) : -1;
		if (c < 0) {
			best = line;
			*mask = 0;
		}
		if (c <= 0)
			*mask |= UINT32_C(1) << i;
	}
	return best;
}

int profile_put_notes(const struct profile_kernel *kernels, uint32_t n, struct buf *out, struct abide_error *e)
{
	uint32_t at[PROFILE_KERNELS] = { 0 }, mask = 0, lines = 0, i;
	struct buf masks = { 0 }, prefixes = { 0 }, text = { 0 };
	const char *line, *before = "";
	size_t k;
	int err = 0;

	while ((line = least(kernels, n, at, &mask))) {
		if (strlen(line) < PROFILE_LINE) {
			for (i = 0; i < (n + 7) / 8; i++)
				buf_u8(&masks, (uint8_t)(mask >> 8 * i));
			k = shared(before, line);
			buf_u8(&prefixes, (uint8_t)k);
			buf_add(&text, line + k, strlen(line + k) + 1);
			before = line;
			lines++;
		}
		for (i = 0; i < n; i++)
			at[i] += mask >> i & 1;
	}
	put_u32(out, lines);
	if (lines) {
		buf_add(out, masks.data, masks.size);
		buf_add(out, prefixes.data, prefixes.size);
		buf_add(out, text.data, text.size);
	}
	if (masks.failed || prefixes.failed || text.failed || out->failed)
		err = error_nomem(e);
	buf_free(&masks);
	buf_free(&prefixes);
	buf_free(&text);
	return err;
}

static int damaged(struct abide_error *e)
{
	return error_set(e, -EINVAL, "profile-damaged", "the kernel profile is damaged");
}

static int unpack(struct profile *p, struct abide_error *e)
{
	size_t n;

	if (p->notes)
		return 0;
	p->notes = malloc(p->notes_size ? p->notes_size : 1);
	if (!p->notes)
		return error_nomem(e);
	n = ZSTD_decompress(p->notes, p->notes_size, p->packed_notes.data, p->packed_notes.size);
	if (!ZSTD_isError(n) && n == p->notes_size)
		return 0;
	free(p->notes);
	p->notes = NULL;
	return damaged(e);
}

/* One line into a kernel's notes, as it stands. */
static bool keep(struct notes *out, const char *line)
{
	uint32_t *lines = array_grow(out->lines, out->nr, &out->room, sizeof(*lines));

	if (!lines)
		return false;
	out->lines = lines;
	lines[out->nr++] = (uint32_t)buf_add(&out->text, line, strlen(line) + 1);
	return !out->text.failed;
}

int profile_notes(struct profile *p, uint32_t kernel, struct notes *out, struct abide_error *e)
{
	struct cursor c, masks, prefixes;
	uint32_t bytes = (p->nr + 7) / 8, lines, i, b, mask;
	char line[PROFILE_LINE] = "";
	const char *rest;
	size_t k, len = 0;
	int err;

	memset(out, 0, sizeof(*out));
	err = unpack(p, e);
	if (err)
		return err;
	c = cursor_over(p->notes, p->notes_size);
	c.swap = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	lines = cursor_u32(&c);
	masks = cursor_sub(&c, c.at, (size_t)lines * bytes);
	cursor_take(&c, (size_t)lines * bytes);
	prefixes = cursor_sub(&c, c.at, lines);
	cursor_take(&c, lines);
	for (i = 0; i < lines && !c.bad; i++) {
		for (b = 0, mask = 0; b < bytes; b++)
			mask |= (uint32_t)cursor_u8(&masks) << 8 * b;
		k = cursor_u8(&prefixes);
		rest = cursor_str_at(&c, c.at);
		/* in order, so that they can be looked for: what is not shared is more */
		if (!rest || k > len || k + strlen(rest) >= sizeof(line) ||
		    (i && k < 255 && (unsigned char)rest[0] <= (unsigned char)line[k])) {
			c.bad = true;
			break;
		}
		len = k + strlen(rest);
		c.at += strlen(rest) + 1;
		memcpy(line + k, rest, len - k + 1);
		if (len < 3 || line[1] != ' ') {
			c.bad = true;
			break;
		}
		if (mask >> kernel & 1 && !keep(out, line)) {
			notes_free(out);
			return error_nomem(e);
		}
	}
	if (c.bad) {
		notes_free(out);
		return damaged(e);
	}
	return 0;
}
