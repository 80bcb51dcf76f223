// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The notes of a profile's kernels (profile/kinds.h). In: sorted lines of each kernel, or the
 * bytes of a file. Out: the lines of all, each once with the set of its kernels, functions' names as references
 * and others without what they share with the line before; or those of one kernel. Refused: what is cut or not in order.
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

static void put_number(struct buf *to, uint32_t v)
{
	for (; v > 127; v >>= 7)
		buf_u8(to, (uint8_t)(v | 128));
	buf_u8(to, (uint8_t)v);
}

static size_t shared(const char *a, const char *b)
{
	size_t n = 0;

	while (n < PROFILE_SHARED && a[n] && a[n] == b[n])
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

struct writing {
	const char *const *functions; /* names, in order */
	uint32_t nr_functions;
	uint32_t at, last; /* the first that is not less than the line's name; that of the reference before */
	char tag;          /* of these */
	const char *before; /* the last line that was no reference */
	struct buf masks, shares, references, text;
};

/* The function that is called like the line's name; lines ask in order. */
static bool is_function(struct writing *w, const char *line)
{
	size_t len = strcspn(line + 2, " ");
	int c = -1;

	if (*line != w->tag) {
		w->tag = *line;
		w->at = w->last = 0;
	}
	for (; w->at < w->nr_functions; w->at++) {
		c = strncmp(w->functions[w->at], line + 2, len);
		if (!c && w->functions[w->at][len])
			c = 1;
		if (c >= 0)
			break;
	}
	return !c;
}

static void put_line(struct writing *w, const char *line)
{
	size_t k;

	if (is_function(w, line)) {
		buf_u8(&w->shares, PROFILE_REFERENCE);
		put_number(&w->references, w->at - w->last);
		w->last = w->at;
		buf_u8(&w->text, (uint8_t)*line);
		buf_str(&w->text, line + 2 + strlen(w->functions[w->at]));
		return;
	}
	k = shared(w->before, line);
	buf_u8(&w->shares, (uint8_t)k);
	buf_str(&w->text, line + k);
	w->before = line;
}

int profile_put_notes(const struct profile_kernel *kernels, uint32_t n, const char *const *functions, uint32_t nr_functions,
                      struct buf *out, struct abide_error *e)
{
	struct writing w = { .functions = functions, .nr_functions = nr_functions, .before = "" };
	uint32_t at[PROFILE_KERNELS] = { 0 }, mask = 0, lines = 0, i;
	const char *line;
	int err = 0;

	while ((line = least(kernels, n, at, &mask))) {
		if (strlen(line) < PROFILE_LINE) {
			for (i = 0; i < (n + 7) / 8; i++)
				buf_u8(&w.masks, (uint8_t)(mask >> 8 * i));
			put_line(&w, line);
			lines++;
		}
		for (i = 0; i < n; i++)
			at[i] += mask >> i & 1;
	}
	put_u32(out, lines);
	put_u32(out, (uint32_t)w.references.size);
	buf_add(out, w.masks.data, w.masks.size);
	buf_add(out, w.shares.data, w.shares.size);
	buf_add(out, w.references.data, w.references.size);
	buf_add(out, w.text.data, w.text.size);
	if (w.masks.failed || w.shares.failed || w.references.failed || w.text.failed || out->failed)
		err = error_nomem(e);
	buf_free(&w.masks);
	buf_free(&w.shares);
	buf_free(&w.references);
	buf_free(&w.text);
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

struct reading {
	struct cursor masks, shares, references, text;
	const struct btf_set *set;
	uint32_t function; /* of the reference before */
	char tag;          /* of it */
	char plain[PROFILE_LINE]; /* the last line that was no reference */
	char line[PROFILE_LINE];
};

/* "n" and the function's name: "n vfs_read". What stands behind the tag goes behind the name. */
static bool get_reference(struct reading *r, const char *rest)
{
	uint64_t step = cursor_uleb(&r->references);
	const uint32_t *named = r->set->named;
	const char *name;
	size_t len;

	if (*rest != r->tag)
		r->function = 0;
	r->tag = *rest;
	if (!*rest || step >= named[BTF_KIND_FUNC + 1] - named[BTF_KIND_FUNC] - r->function)
		return false;
	r->function += (uint32_t)step;
	name = btf_set_name(r->set, named[BTF_KIND_FUNC] + r->function);
	len = strlen(name);
	if (3 + len + strlen(rest) > sizeof(r->line))
		return false;
	r->line[0] = *rest;
	r->line[1] = ' ';
	memcpy(r->line + 2, name, len);
	strcpy(r->line + 2 + len, rest + 1);
	return true;
}

/* The next line; false: there is none as there should be. Lines are in order, so that they can be looked for. */
static bool get_line(struct reading *r)
{
	char before[PROFILE_LINE];
	size_t share = cursor_u8(&r->shares);
	const char *rest = cursor_str_at(&r->text, r->text.at);

	if (!rest || r->shares.bad)
		return false;
	r->text.at += strlen(rest) + 1;
	strcpy(before, r->line);
	if (share == PROFILE_REFERENCE) {
		if (!get_reference(r, rest))
			return false;
	} else {
		if (share > strlen(r->plain) || share + strlen(rest) >= sizeof(r->plain))
			return false;
		strcpy(r->plain + share, rest);
		strcpy(r->line, r->plain);
	}
	return strlen(r->line) >= 3 && r->line[1] == ' ' && strcmp(before, r->line) < 0;
}

int profile_notes(struct profile *p, uint32_t kernel, struct notes *out, struct abide_error *e)
{
	struct reading r = { .set = &p->set };
	uint32_t bytes = (p->nr + 7) / 8, lines, size, i, b, mask;
	struct cursor c;
	int err;

	memset(out, 0, sizeof(*out));
	err = profile_unpack(p, e);
	if (!err)
		err = unpack(p, e);
	if (err)
		return err;
	c = cursor_over(p->notes, p->notes_size);
	c.swap = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	lines = cursor_u32(&c);
	size = cursor_u32(&c);
	r.masks = cursor_sub(&c, c.at, (size_t)lines * bytes);
	cursor_take(&c, (size_t)lines * bytes);
	r.shares = cursor_sub(&c, c.at, lines);
	cursor_take(&c, lines);
	r.references = cursor_sub(&c, c.at, size);
	cursor_take(&c, size);
	r.text = cursor_sub(&c, c.at, cursor_left(&c));
	for (i = 0; i < lines && !c.bad; i++) {
		for (b = 0, mask = 0; b < bytes; b++)
			mask |= (uint32_t)cursor_u8(&r.masks) << 8 * b;
		if (!get_line(&r)) {
			c.bad = true;
		} else if (mask >> kernel & 1 && !keep(out, r.line)) {
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
