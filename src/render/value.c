/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * One value of a column: as text for people (scaled, by name) and as JSON (exact:
 * numbers as numbers in the column's unit; enums, system calls, addresses and device
 * numbers by name).
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <linux/btf.h>
#include <stdio.h>
#include <string.h>

#include "render/plan.h"

uint64_t render_value_number(const struct column *c, const uint8_t *data, uint32_t i)
{
	uint64_t v = 0;
	unsigned bits = c->size * 8;

	if (c->size > 8)
		return 0;
	memcpy(&v, data + c->off + (size_t)i * c->size, c->size);
	if (c->bit_size) {
		v >>= c->bit_off;
		bits = c->bit_size;
		if (bits < 64)
			v &= (1ull << bits) - 1;
	}
	if (c->is_signed && bits < 64)
		v = (uint64_t)((int64_t)(v << (64 - bits)) >> (64 - bits));
	return v;
}

static uint64_t big_endian(const struct column *c, const uint8_t *data, uint32_t i)
{
	const uint8_t *p = data + c->off + (size_t)i * c->size;
	uint64_t v = 0;
	uint32_t k;

	for (k = 0; k < c->size; k++)
		v = v << 8 | p[k];
	return v;
}

static size_t text_length(const struct column *c, const uint8_t *data)
{
	return strnlen((const char *)data + c->off, c->size);
}

static const char *enum_name(const struct render_plan *p, const struct column *c, uint64_t value)
{
	struct btf_value v;
	struct btf_info t;
	uint32_t i;

	if (!btf_get(p->o->btf, c->type, &t))
		return NULL;
	for (i = 0; i < t.vlen && btf_value_at(p->o->btf, &t, i, &v); i++)
		if ((c->size < 8 ? (uint32_t)v.value == (uint32_t)value
		                 : (uint64_t)v.value == value))
			return v.name;
	return NULL;
}

static void put_hex(const struct column *c, const uint8_t *data, struct buf *out)
{
	uint32_t i;

	for (i = 0; i < c->size; i++)
		buf_printf(out, "%02x", data[c->off + i]);
}

/* "A|B|0x40": bits by name, what has none as a number. */
static void put_flags(const struct render_plan *p, const struct column *c, uint64_t value,
                      uint32_t skip, struct buf *out)
{
	struct btf_value v;
	struct btf_info t;
	const char *between = "";
	uint64_t bit;
	uint32_t i;

	if (!value || !btf_get(p->o->btf, c->type, &t)) {
		render_put_u64(out, value);
		return;
	}
	for (i = 0; i < t.vlen && btf_value_at(p->o->btf, &t, i, &v); i++) {
		bit = (uint64_t)v.value;
		if (!bit || bit & (bit - 1) || !(value & bit))
			continue;
		render_put(out, between);
		render_text_safe((const uint8_t *)v.name + skip, strlen(v.name + skip), out);
		value &= ~bit;
		between = "|";
	}
	if (value)
		buf_printf(out, "%s0x%llx", between, (unsigned long long)value);
}

/* @mapped: leave IPv4 addresses as IPv6 writes them (RFC 4291 section 2.5.5.2). */
static void put_address(const struct column *c, const uint8_t *data, uint32_t i, bool mapped,
                        struct buf *out)
{
	static const uint8_t prefix[12] = { [10] = 0xff, [11] = 0xff };
	const uint8_t *p = data + c->off + (size_t)i * c->size;
	char text[INET6_ADDRSTRLEN] = "";

	if (c->kind == KIND_IP4)
		inet_ntop(AF_INET, p, text, sizeof(text));
	else if (!mapped && !memcmp(p, prefix, sizeof(prefix)))
		inet_ntop(AF_INET, p + sizeof(prefix), text, sizeof(text));
	else
		inet_ntop(AF_INET6, p, text, sizeof(text));
	render_put(out, text);
}

static void put_signal(uint32_t sig, struct buf *out)
{
	const char *name = render_name_signal(sig);

	if (name)
		buf_printf(out, "SIG%s", name);
	else
		buf_printf(out, "%u", sig);
}

static void put_wait(uint32_t status, struct buf *out)
{
	if (!(status & 0x7f)) {
		buf_printf(out, "exit %u", status >> 8 & 0xff);
		return;
	}
	put_signal(status & 0x7f, out);
	if (status & 0x80)
		render_put(out, " (core)");
}

static void put_number(const struct column *c, uint64_t v, struct buf *out)
{
	bool negative = c->is_signed && (int64_t)v < 0;

	render_scale_text(c->unit, negative ? -v : v, negative, out);
}

void render_value_code(const struct render_plan *p, const struct column *c, const uint8_t *data,
                       uint32_t i, struct buf *out)
{
	uint64_t v = render_value_number(c, data, i);
	struct buf name = { 0 };
	uint32_t pid = 0;

	if (c->pid_off != SIZE_NONE)
		memcpy(&pid, data + c->pid_off, sizeof(pid));
	if (v && p->opts.symbol)
		p->opts.symbol(p->opts.symbol_ctx, pid, v, &name);
	out->failed |= name.failed;
	if (name.size)
		render_text_safe(name.data, name.size, out);
	else
		buf_printf(out, "0x%llx", (unsigned long long)v);
	buf_free(&name);
}

bool render_value_is_stack(const struct column *c)
{
	return c->kind == KIND_CODE && c->count > 1;
}

uint32_t render_value_frames(const struct column *c, const uint8_t *data)
{
	uint32_t i;

	for (i = 0; i < c->count && render_value_number(c, data, i); i++)
		;
	return i;
}

static void text_one(const struct render_plan *p, const struct column *c, const uint8_t *data,
                     uint32_t i, struct buf *out)
{
	uint64_t v = render_value_number(c, data, i);
	const char *name = NULL;

	switch (c->kind) {
	case KIND_UINT:
	case KIND_SINT:
		put_number(c, v, out);
		return;
	case KIND_BOOL:
		render_put(out, v ? "yes" : "no");
		return;
	case KIND_FLAGS:
		put_flags(p, c, v, c->skip, out);
		return;
	case KIND_TEXT:
		render_text_safe(data + c->off, text_length(c, data), out);
		return;
	case KIND_BYTES:
		put_hex(c, data, out);
		return;
	case KIND_HEX:
		buf_printf(out, "0x%llx", (unsigned long long)v);
		return;
	case KIND_BE:
		buf_printf(out, "0x%0*llx", (int)c->size * 2,
		           (unsigned long long)big_endian(c, data, i));
		return;
	case KIND_PORT:
		render_put_u64(out, big_endian(c, data, i));
		return;
	case KIND_IP4:
	case KIND_IP6:
		put_address(c, data, i, false, out);
		return;
	case KIND_WAIT:
		put_wait((uint32_t)v, out);
		return;
	case KIND_SIGNAL:
		put_signal((uint32_t)v, out);
		return;
	case KIND_DEV:
		buf_printf(out, "%u:%u", (uint32_t)v >> 20, (uint32_t)v & 0xfffff);
		return;
	case KIND_CODE:
		render_value_code(p, c, data, i, out);
		return;
	case KIND_CLOCK:
		buf_printf(out, "%llu.%06llu", (unsigned long long)(v / 1000000000),
		           (unsigned long long)(v % 1000000000 / 1000));
		return;
	case KIND_ENUM:
		name = enum_name(p, c, v);
		name = name && name[c->skip] ? name + c->skip : name;
		break;
	case KIND_SYSCALL:
		name = render_name_syscall(p, (int64_t)v);
		break;
	case KIND_ERRNO: /* a signed one is a result: from 0 on it is a number */
		if (!c->is_signed || (int64_t)v < 0)
			name = render_name_errno((uint32_t)(c->is_signed ? -v : v));
		break;
	}
	if (name)
		render_text_safe((const uint8_t *)name, strlen(name), out);
	else if (c->is_signed)
		render_put_s64(out, v);
	else
		render_put_u64(out, v);
}

void render_value_text(const struct render_plan *p, const struct column *c, const uint8_t *data,
                       struct buf *out)
{
	uint32_t i, n = render_value_is_stack(c) ? render_value_frames(c, data) : c->count;

	for (i = 0; i < n; i++) {
		if (i)
			render_put(out, render_value_is_stack(c) ? " < " : " ");
		text_one(p, c, data, i, out);
	}
}

static void json_text(const struct buf *text, struct buf *out)
{
	render_json_string(text->data, text->size, out);
	if (text->failed)
		out->failed = true;
}

static void json_one(const struct render_plan *p, const struct column *c, const uint8_t *data,
                     uint32_t i, struct buf *out)
{
	uint64_t v = render_value_number(c, data, i);
	struct buf text = { 0 };
	const char *name = NULL;

	switch (c->kind) {
	case KIND_BOOL:
		render_put(out, v ? "true" : "false");
		return;
	case KIND_TEXT:
		render_json_string(data + c->off, text_length(c, data), out);
		return;
	case KIND_BE:
	case KIND_PORT:
		render_put_u64(out, big_endian(c, data, i));
		return;
	case KIND_FLAGS:
		put_flags(p, c, v, 0, &text);
		json_text(&text, out);
		buf_free(&text);
		return;
	case KIND_IP4:
	case KIND_IP6:
		put_address(c, data, i, true, &text);
		json_text(&text, out);
		buf_free(&text);
		return;
	case KIND_BYTES:
	case KIND_DEV:
	case KIND_CODE:
		text_one(p, c, data, i, &text);
		json_text(&text, out);
		buf_free(&text);
		return;
	case KIND_ENUM:
		name = enum_name(p, c, v);
		break;
	case KIND_SYSCALL:
		name = render_name_syscall(p, (int64_t)v);
		break;
	case KIND_UINT:
	case KIND_SINT:
	case KIND_HEX:
	case KIND_ERRNO:
	case KIND_SIGNAL:
	case KIND_WAIT:
	case KIND_CLOCK:
		break;
	}
	if (name)
		render_json_string((const uint8_t *)name, strlen(name), out);
	else if (c->is_signed)
		render_put_s64(out, v);
	else
		render_put_u64(out, v);
}

void render_value_json(const struct render_plan *p, const struct column *c, const uint8_t *data,
                       struct buf *out)
{
	uint32_t i, n = render_value_is_stack(c) ? render_value_frames(c, data) : c->count;

	if (c->count == 1) {
		json_one(p, c, data, 0, out);
		return;
	}
	buf_u8(out, '[');
	for (i = 0; i < n; i++) {
		if (i)
			buf_u8(out, ',');
		json_one(p, c, data, i, out);
	}
	buf_u8(out, ']');
}

void render_columns_json(const struct render_plan *p, const struct columns *cs, const uint8_t *data,
                         struct buf *out)
{
	bool first = true;
	uint32_t i, k;

	buf_u8(out, '{');
	for (i = 0; i < cs->nr; i++) {
		const struct column *c = &cs->list[i];

		if (!first)
			buf_u8(out, ',');
		if (c->open) {
			render_json_string((const uint8_t *)c->open, strlen(c->open), out);
			render_put(out, ":{");
		}
		render_json_string((const uint8_t *)c->name, c->name_size, out);
		buf_u8(out, ':');
		render_value_json(p, c, data, out);
		for (k = 0; k < c->close; k++)
			buf_u8(out, '}');
		first = false;
	}
	buf_u8(out, '}');
}

void render_column_heading(const struct column *c, struct buf *out)
{
	uint32_t i;

	if (c->title)
		render_text_safe((const uint8_t *)c->title, strlen(c->title), out);
	for (i = 0; !c->title && i < c->name_size; i++) {
		uint8_t letter = (uint8_t)toupper((unsigned char)c->name[i]);

		render_text_safe(&letter, 1, out);
	}
}

bool render_value_is_text(const struct column *c)
{
	switch (c->kind) {
	case KIND_UINT:
	case KIND_SINT:
	case KIND_PORT:
	case KIND_CLOCK:
	case KIND_HEX:
	case KIND_BE:
		return c->count > 1;
	case KIND_BOOL:
	case KIND_ENUM:
	case KIND_FLAGS:
	case KIND_TEXT:
	case KIND_BYTES:
	case KIND_IP4:
	case KIND_IP6:
	case KIND_SYSCALL:
	case KIND_ERRNO:
	case KIND_SIGNAL:
	case KIND_WAIT:
	case KIND_DEV:
	case KIND_CODE:
		return true;
	}
	return true;
}

static int compare_one(const struct column *c, const uint8_t *a, const uint8_t *b, uint32_t i)
{
	uint64_t x, y;
	int r;

	if (c->kind == KIND_TEXT) {
		r = strncmp((const char *)a + c->off, (const char *)b + c->off, c->size);
	} else if (c->size > 8 || c->kind == KIND_BE || c->kind == KIND_PORT ||
	           c->kind == KIND_IP4) {
		r = memcmp(a + c->off + (size_t)i * c->size, b + c->off + (size_t)i * c->size,
		           c->size);
	} else {
		x = render_value_number(c, a, i);
		y = render_value_number(c, b, i);
		r = c->is_signed ? ((int64_t)x > (int64_t)y) - ((int64_t)x < (int64_t)y)
		                 : (x > y) - (x < y);
	}
	return r;
}

int render_value_compare(const struct column *c, const uint8_t *a, const uint8_t *b)
{
	uint32_t i;
	int r = 0;

	for (i = 0; i < c->count && !r; i++)
		r = compare_one(c, a, b, i);
	return r;
}

/* The longest name of an enum, within reason. */
static uint32_t enum_width(const struct render_plan *p, const struct column *c)
{
	struct btf_value v;
	struct btf_info t;
	uint32_t i, n, most = 1;

	if (!btf_get(p->o->btf, c->type, &t))
		return 1;
	for (i = 0; i < t.vlen && btf_value_at(p->o->btf, &t, i, &v); i++) {
		n = (uint32_t)strlen(v.name) - c->skip;
		most = n > most ? n : most;
	}
	return most > 12 ? 12 : most;
}

uint32_t render_value_width(const struct render_plan *p, const struct column *c)
{
	if (c->count > 1)
		return 16;
	switch (c->kind) {
	case KIND_UINT:
	case KIND_SINT:
		return *c->unit ? 7 : c->size > 4 ? 10 : c->size > 2 ? 7 : c->size > 1 ? 5 : 3;
	case KIND_BOOL:
		return 3;
	case KIND_ENUM:
	case KIND_FLAGS:
		return enum_width(p, c);
	case KIND_TEXT:
		return c->size > 16 ? 24 : c->size > 1 ? c->size - 1 : 1;
	case KIND_BYTES:
		return c->size > 16 ? 32 : c->size * 2;
	case KIND_HEX:
		return c->size > 4 ? 18 : 2 + c->size * 2;
	case KIND_BE:
		return 2 + c->size * 2;
	case KIND_PORT:
		return 5;
	case KIND_IP4:
	case KIND_IP6:
		return 15;
	case KIND_SYSCALL:
		return 16;
	case KIND_ERRNO:
		return 12;
	case KIND_SIGNAL:
		return 9;
	case KIND_WAIT:
		return 9;
	case KIND_DEV:
		return 7;
	case KIND_CLOCK:
		return 14;
	case KIND_CODE:
		return 24;
	}
	return 10;
}
