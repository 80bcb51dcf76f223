/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Calls of helpers. In: the registers r1 to r5 and the helper's row in helpers.def. Out: r0, what the
 * helper wrote, ring records taken and given up. Refused: arguments that are not what the
 * row says. What callbacks do is walked, not assumed: verify_walk.c.
 */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "process/verify_walk.h"

#define MAX_ERRNO 4095
#define MAX_LOOPS (1u << 23) /* of bpf_loop */
#define MAX_SIZE  (1u << 29) /* of one argument: what the kernel allows */
#define MAX_TEXT  (1u << 16) /* of a string constant */

enum { MAPS_NONE, MAPS_VALUES, MAPS_PERCPU, MAPS_QUEUES, MAPS_RING, MAPS_PERF, MAPS_PROGS, MAPS_STACKS };

enum {
	ARG_NONE, ARG_NUM, ARG_MAP, ARG_KEY, ARG_VALUE, ARG_VALUE_OUT, ARG_LONG_OUT, ARG_MEM, ARG_OUT, ARG_OUT_NULL,
	ARG_ARGS, ARG_ARG, ARG_SIZE, ARG_SIZE0, ARG_LENGTH, ARG_STR, ARG_CTX, ARG_ADDRESS, ARG_LOOP, ARG_EACH, ARG_DATA,
	ARG_RECORD,
};

enum { RESULT_NUMBER, RESULT_ERROR, RESULT_U32, RESULT_COUNT, RESULT_VOID, RESULT_VALUE_NULL, RESULT_RECORD_NULL };

#define ROWS 256

static const struct helper_row rows[ROWS] = {
#define HELPER(name, needs, maps, result, a1, a2, a3, a4, a5)                                            \
	[BPF_FUNC_##name] = { #name, NEEDS_##needs, MAPS_##maps, RESULT_##result,                            \
		              { ARG_##a1, ARG_##a2, ARG_##a3, ARG_##a4, ARG_##a5 } },
#include "process/helpers.def"
#undef HELPER
};

const struct helper_row *verify_helper_row(int32_t number)
{
	return number >= 0 && number < ROWS && rows[number].name ? &rows[number] : NULL;
}

unsigned verify_helper_args(const struct helper_row *row)
{
	unsigned n = 0;

	while (n < 5 && row->arg[n] != ARG_NONE)
		n++;
	return n;
}

/* One call: what has been learnt of the arguments so far. */
struct call {
	const struct helper_row *row;
	const struct verify_map *map;
	uint32_t map_index;
	uint64_t length;    /* LENGTH */
	uint64_t size_max;  /* the last SIZE */
	const char *format; /* where it is known, with its end */
	uint32_t format_size;
	bool strings_known; /* the two below: what has been read out of the format */
	uint64_t strings;
	uint32_t nr_strings;
	bool key_in_range;
};

static bool is_per_cpu(uint32_t type)
{
	return type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

static bool takes_map(uint8_t maps, uint32_t type)
{
	switch (maps) {
	case MAPS_VALUES:
		return type == BPF_MAP_TYPE_ARRAY || type == BPF_MAP_TYPE_HASH || type == BPF_MAP_TYPE_LRU_HASH || is_per_cpu(type);
	case MAPS_PERCPU:
		return is_per_cpu(type);
	case MAPS_QUEUES:
		return type == BPF_MAP_TYPE_QUEUE || type == BPF_MAP_TYPE_STACK;
	case MAPS_RING:
		return type == BPF_MAP_TYPE_RINGBUF;
	case MAPS_PERF:
		return type == BPF_MAP_TYPE_PERF_EVENT_ARRAY;
	case MAPS_PROGS:
		return type == BPF_MAP_TYPE_PROG_ARRAY;
	case MAPS_STACKS:
		return type == BPF_MAP_TYPE_STACK_TRACE;
	default:
		return false;
	}
}

/* "r2, argument 2 of bpf_map_lookup_elem" */
static const char *named(const struct call *c, unsigned k, char *buf, size_t size)
{
	snprintf(buf, size, "r%u, argument %u of bpf_%s", k + 1, k + 1, c->row->name);
	return buf;
}

static int wrong(struct verifier *v, const struct call *c, unsigned k, const struct value *x, const char *wanted)
{
	char what[80], text[120];

	return verify_refuse(v, TAG_ARGUMENT, "%s is %s, not %s", named(c, k, what, sizeof(what)),
	                     verify_value_text(v, x, text, sizeof(text)), wanted);
}

static int want_map(struct verifier *v, struct call *c, unsigned k, const struct value *x)
{
	if (x->kind != KIND_MAP)
		return wrong(v, c, k, x, "a map");
	c->map = &v->in->maps[x->index];
	c->map_index = x->index;
	if (!takes_map(c->row->maps, c->map->type))
		return verify_refuse(v, TAG_MAP_TYPE, "bpf_%s does not work on map %s, of type %u", c->row->name, c->map->name, c->map->type);
	if (is_per_cpu(c->map->type))
		v->result->per_cpu = true;
	verify_note_map(v, x->index);
	return 0;
}

/* At least @min (at most @max) bytes at @p for the helper to read or write. */
static int want_bytes(struct verifier *v, const struct value *p, uint64_t min, uint64_t max, enum access a, uint64_t pointers,
                      const char *what)
{
	int err = verify_range(v, p, 0, max, a, what);
	int64_t low = p->num.smin, high = p->num.smax;

	if (err || p->kind != KIND_STACK)
		return err;
	if (a == ACCESS_READ)
		return verify_stack_readable(v, p->index, low, high + (int64_t)max, low == high ? pointers : 0, what);
	verify_stack_written(v, p->index, low, low == high ? low + (int64_t)min : low, high + (int64_t)max);
	return 0;
}

/* What an array's key is; and whether it certainly is one of the array. */
static int want_key(struct verifier *v, struct call *c, const struct value *x, const char *what)
{
	bool array = c->map->type == BPF_MAP_TYPE_ARRAY || c->map->type == BPF_MAP_TYPE_PERCPU_ARRAY;
	struct num key;
	int err = want_bytes(v, x, c->map->key_size, c->map->key_size, ACCESS_READ, 0, what);

	if (err || c->row->result != RESULT_VALUE_NULL || c->row->arg[2] != ARG_NONE)
		return err;
	if (!array || c->map->key_size != 4) {
		verify_note_key(v, false, 0, false);
		return 0;
	}
	key = num_range(0, UINT32_MAX);
	if (x->kind == KIND_STACK && num_is_const(&x->num))
		key = verify_stack_number(v, x->index, x->num.smin, 4);
	c->key_in_range = key.umax < c->map->max_entries;
	verify_note_key(v, num_is_const(&key), (uint32_t)key.umin, c->key_in_range);
	return 0;
}

/* A size: r(k + 1), of the memory in r(k). */
static int want_size(struct verifier *v, const struct call *c, unsigned k, struct num *size)
{
	const struct value *x;
	struct value tmp;
	char what[80];

	x = verify_read(v, k + 1, &tmp);
	if (!x)
		return -EINVAL;
	if (x->kind != KIND_NUMBER)
		return wrong(v, c, k, x, "a size");
	*size = x->num;
	if (size->umax > MAX_SIZE)
		return verify_refuse(v, TAG_SIZE, "%s is a size that may be as large as %llu%s", named(c, k, what, sizeof(what)),
		                     (unsigned long long)size->umax, size->smin < 0 ? ", or negative" : "");
	if (!size->umin && c->row->arg[k] == ARG_SIZE)
		return verify_refuse(v, TAG_SIZE, "%s is a size that may be 0", named(c, k, what, sizeof(what)));
	return 0;
}

/* The bytes of the program's own stack at @at, if they are known. */
static bool known_stack(struct verifier *v, uint32_t frame, int64_t at, uint64_t size, char *out)
{
	uint64_t n, have;
	struct num num;

	v->pool.work += size / 2;
	for (; size; at += (int64_t)n, out += n, size -= n) {
		n = at % 8 || size < 8 ? 1 : 8;
		num = verify_stack_number(v, frame, at, (uint32_t)n);
		if (!num_is_const(&num))
			return false;
		have = n == 8 ? num.umin : num.umin << (BYTE_ORDER == LITTLE_ENDIAN ? 0 : 56);
		memcpy(out, &have, n);
	}
	return true;
}

/* The bytes at @x, if nobody can change them: .rodata, or what the program itself has put on its stack. */
static bool known_bytes(struct verifier *v, const struct value *x, uint64_t size, char *out)
{
	const struct verify_map *m = &v->in->maps[x->index];

	if (!num_is_const(&x->num))
		return false;
	if (x->kind == KIND_STACK)
		return known_stack(v, x->index, x->num.smin, size, out);
	if (x->kind != KIND_ELEMENT || !m->frozen || !m->read_only || m->max_entries != 1)
		return false;
	memcpy(out, (const uint8_t *)m->frozen + x->num.umin, size);
	return true;
}

/* Which values of a format are followed as strings, a bit each; *@nr: how many it has. */
static uint64_t string_values(const char *f, uint32_t *nr)
{
	uint64_t strings = 0;
	uint32_t n = 0;

	for (; *f; f++) {
		if (*f != '%')
			continue;
		f++;
		if (*f == '%')
			continue;
		while (*f && strchr("-+ #0123456789.lhzjt", *f))
			f++;
		if (*f == 'p' && (f[1] == 'k' || f[1] == 'u') && f[2] == 's') /* %pks, %pus */
			f += 2;
		if (*f == 's' && n < 64)
			strings |= 1ull << n;
		n++;
		if (!*f)
			break;
	}
	*nr = n;
	return strings;
}

#define FORMAT_MAX 512

/* The same of @size bytes at @x; none, and no number that is too small, where they are not known. */
static uint64_t format_strings(struct verifier *v, const struct value *x, uint64_t size, uint32_t *nr)
{
	char text[FORMAT_MAX + 1];

	*nr = UINT32_MAX;
	if (!size || size > FORMAT_MAX || !known_bytes(v, x, size, text))
		return 0;
	text[size] = '\0';
	return string_values(text, nr);
}

/* A string that nobody can change, up to its end. */
static int want_string(struct verifier *v, struct call *c, const struct value *x, const char *what)
{
	const struct verify_map *m;
	uint64_t at, room;
	const char *s;

	if (x->kind != KIND_ELEMENT || x->null)
		return verify_refuse(v, TAG_FORMAT, "%s is no string constant", what);
	m = &v->in->maps[x->index];
	if (!m->frozen || !m->read_only || m->max_entries != 1 || !num_is_const(&x->num) || x->num.umin >= m->value_size)
		return verify_refuse(v, TAG_FORMAT, "%s is no string constant: it can change", what);
	at = x->num.umin;
	s = (const char *)m->frozen + at;
	room = m->value_size - at < MAX_TEXT ? m->value_size - at : MAX_TEXT;
	c->format_size = (uint32_t)strnlen(s, room);
	v->pool.work += c->format_size / 256;
	if (c->format_size == room)
		return verify_refuse(v, TAG_FORMAT, "%s has no end%s", what, room == MAX_TEXT ? " within 65536 bytes" : "");
	c->format = s;
	return 0;
}

static uint64_t pointers_allowed(struct verifier *v, struct call *c, uint32_t *nr)
{
	const struct value *fmt = &state_top(v->now)->r[1], *size = &state_top(v->now)->r[2];

	if (!c->strings_known) {
		c->strings_known = true;
		c->nr_strings = UINT32_MAX;
		if (c->format) {
			c->strings = string_values(c->format, &c->nr_strings);
			v->pool.work += c->format_size / 16;
		} else if (c->row->arg[0] == ARG_MEM && num_is_const(&size->num)) {
			c->strings = format_strings(v, fmt, size->num.umin, &c->nr_strings);
		}
	}
	*nr = c->nr_strings;
	return c->strings;
}

/* A register without a value that the format has no place for: trace_printk has always three. */
static bool is_left_out(struct verifier *v, struct call *c, unsigned k)
{
	uint32_t nr;

	if (c->row->arg[k] != ARG_ARG || state_top(v->now)->r[k + 1].kind != KIND_NONE)
		return false;
	pointers_allowed(v, c, &nr);
	return k - 2 >= nr;
}

static int want_memory(struct verifier *v, struct call *c, unsigned k, const struct value *x, const char *what)
{
	uint8_t kind = c->row->arg[k];
	bool nullable = kind == ARG_OUT_NULL || kind == ARG_ARGS;
	uint32_t nr;
	struct num size = num_any();
	int err = want_size(v, c, k + 1, &size);

	if (err)
		return err;
	c->size_max = size.umax;
	if (nullable && value_is_zero(x) && !size.umax)
		return 0;
	if (kind == ARG_ARGS && (size.bits | size.unknown) & 7)
		return verify_refuse(v, TAG_SIZE, "r%u, the size of the values, may be no multiple of 8", k + 2);
	if (kind == ARG_OUT || kind == ARG_OUT_NULL)
		return want_bytes(v, x, size.umin, size.umax, ACCESS_WRITE, 0, what);
	return want_bytes(v, x, size.umin, size.umax, ACCESS_READ, kind == ARG_ARGS ? pointers_allowed(v, c, &nr) : 0, what);
}

static int want_record(struct verifier *v, const struct call *c, unsigned k, const struct value *x)
{
	uint32_t held, i, n;

	if (x->kind != KIND_RECORD)
		return wrong(v, c, k, x, "a ring record");
	if (x->null)
		return verify_refuse(v, TAG_NULL, "r%u is a ring record that may be NULL", k + 1);
	if (!num_is_const(&x->num) || x->num.umin)
		return verify_refuse(v, TAG_ARGUMENT, "r%u does not point to the beginning of the ring record", k + 1);
	held = x->index;
	v->now->records &= ~(1u << held);
	for (i = 0; i < v->now->nr_frames; i++) {
		struct frame *f = &v->now->frame[i];

		for (n = 0; n < 10; n++)
			if (f->r[n].kind == KIND_RECORD && f->r[n].index == held)
				f->r[n] = (struct value){ 0 };
		for (n = 0; n < f->used; n++)
			if (frame_slot(f, n)->whole && frame_slot(f, n)->v.kind == KIND_RECORD && frame_slot(f, n)->v.index == held)
				*verify_slot(&v->pool, f, n) = (struct slot){ 0 };
		v->pool.work += 1 + f->used / 8;
	}
	return 0;
}

/* Argument @k, of which @x is a copy. */
static int want(struct verifier *v, struct call *c, unsigned k, const struct value *x)
{
	char what[80], text[120];
	uint32_t nr;

	named(c, k, what, sizeof(what));
	switch (c->row->arg[k]) {
	case ARG_NUM:
	case ARG_SIZE:
	case ARG_SIZE0:
		return x->kind == KIND_NUMBER ? 0 : wrong(v, c, k, x, "a number");
	case ARG_MAP:
		return want_map(v, c, k, x);
	case ARG_KEY:
		return want_key(v, c, x, what);
	case ARG_VALUE:
		return want_bytes(v, x, c->map->value_size, c->map->value_size, ACCESS_READ, 0, what);
	case ARG_VALUE_OUT:
		return want_bytes(v, x, c->map->value_size, c->map->value_size, ACCESS_WRITE, 0, what);
	case ARG_LONG_OUT:
		if ((x->num.bits | x->num.unknown) & 7 && value_is_pointer(x))
			return verify_refuse(v, TAG_ALIGN, "%s is not known to be aligned to 8 bytes", what);
		return want_bytes(v, x, 8, 8, ACCESS_WRITE, 0, what);
	case ARG_MEM:
	case ARG_OUT:
	case ARG_OUT_NULL:
	case ARG_ARGS:
		return want_memory(v, c, k, x, what);
	case ARG_ARG:
		if (x->kind == KIND_NUMBER || pointers_allowed(v, c, &nr) & 1ull << (k - 2))
			return 0;
		return verify_refuse(v, TAG_FORMAT, "%s is %s, and the format is not known to have %%s for it", what,
		                     verify_value_text(v, x, text, sizeof(text)));
	case ARG_LENGTH:
		if (x->kind != KIND_NUMBER || !num_is_const(&x->num) || !x->num.umin || x->num.umin > MAX_SIZE)
			return verify_refuse(v, TAG_SIZE, "%s, the size of a record, is not a constant above 0", what);
		c->length = x->num.umin;
		return 0;
	case ARG_STR:
		return want_string(v, c, x, what);
	case ARG_CTX:
		if (x->kind == KIND_CONTEXT && num_is_const(&x->num) && !x->num.umin)
			return 0;
		return wrong(v, c, k, x, "the program's context");
	case ARG_ADDRESS:
		if (x->kind == KIND_NUMBER || x->kind == KIND_TYPED || (x->kind == KIND_ELEMENT && !x->null))
			return 0;
		return wrong(v, c, k, x, "an address of the application's data");
	case ARG_LOOP:
	case ARG_EACH:
		return x->kind == KIND_FUNCTION ? 0 : wrong(v, c, k, x, "a function");
	case ARG_RECORD:
		return want_record(v, c, k, x);
	default: /* DATA: whatever it is, the callback gets it */
		return 0;
	}
}

static int reserve(struct verifier *v, const struct call *c, struct value *out)
{
	uint32_t k;

	for (k = 0; k < MAX_RECORDS && v->now->records & 1u << k; k++)
		;
	if (k == MAX_RECORDS)
		return verify_refuse(v, TAG_RECORD, "it holds more than %d ring records at once", MAX_RECORDS);
	v->now->records |= 1u << k;
	v->now->record[k].pc = v->pc;
	v->now->record[k].size = (uint32_t)c->length;
	*out = (struct value){ .kind = KIND_RECORD, .null = true, .index = k, .num = num_const(0) };
	return 0;
}

static int result(struct verifier *v, const struct call *c, struct value *out)
{
	struct num n = num_any();

	switch (c->row->result) {
	case RESULT_ERROR:
		n = num_signed(-MAX_ERRNO, 0);
		break;
	case RESULT_COUNT:
		n = num_signed(-MAX_ERRNO, (int64_t)c->size_max);
		break;
	case RESULT_U32:
		n = num_range(0, UINT32_MAX);
		break;
	case RESULT_VALUE_NULL:
		*out = (struct value){ .kind = KIND_ELEMENT, .null = !c->key_in_range, .index = c->map_index, .id = ++v->next_id,
			               .num = num_const(0) };
		return 0;
	case RESULT_RECORD_NULL:
		return reserve(v, c, out);
	case RESULT_VOID:
		*out = (struct value){ 0 };
		return 0;
	default:
		break;
	}
	*out = value_number(n);
	return 0;
}

static int check_tail_call(struct verifier *v)
{
	if (v->now->nr_frames > 1)
		return verify_refuse(v, TAG_TAIL_CALL, "it calls bpf_tail_call from a function of its own");
	if (v->now->records)
		return verify_refuse(v, TAG_TAIL_CALL, "it calls bpf_tail_call while it holds a ring record");
	return 0;
}

int verify_helper(struct verifier *v, const struct bpf_insn *i)
{
	struct call c = { .row = verify_helper_row(i->imm) };
	unsigned k, n = verify_helper_args(c.row);
	const struct value *x;
	struct value copy, tmp, out;
	int err = c.row->needs == NEEDS_TAIL ? check_tail_call(v) : 0;

	for (k = 0; !err && k < n; k++) {
		if (is_left_out(v, &c, k))
			continue;
		x = verify_read(v, k + 1, &tmp);
		if (!x)
			return -EINVAL;
		copy = *x;
		err = want(v, &c, k, &copy);
	}
	if (!err)
		err = result(v, &c, &out);
	if (err)
		return err;
	for (k = 1; k <= 5; k++)
		state_top(v->now)->r[k] = (struct value){ 0 };
	state_top(v->now)->r[0] = out;
	return 0;
}

int verify_callback(struct verifier *v, const struct bpf_insn *i, uint32_t *first)
{
	const struct helper_row *row = verify_helper_row(i->imm);
	bool each = row->arg[1] == ARG_EACH;
	struct value args[6], caller[6];
	uint32_t k;
	int err;

	for (k = 1; k <= 5; k++)
		caller[k] = state_top(v->now)->r[k];
	*first = caller[2].index;
	memset(args, 0, sizeof(args));
	if (each) {
		args[1] = caller[1];
		args[2] = (struct value){ .kind = KIND_KEY, .index = caller[1].index, .delta = (int32_t)v->now->nr_frames, .num = num_const(0) };
		args[3] = (struct value){ .kind = KIND_ELEMENT, .index = caller[1].index, .id = ++v->next_id, .num = num_const(0) };
		args[4] = caller[3];
	} else {
		struct num times = num_zext(&caller[1].num, 32);

		if (times.umax > MAX_LOOPS)
			times.umax = MAX_LOOPS;
		args[1] = value_number(num_range(0, times.umax ? times.umax - 1 : 0));
		args[2] = caller[3];
	}
	err = verify_push(v, true);
	for (k = 1; !err && k <= 5; k++)
		state_top(v->now)->r[k] = args[k];
	return err;
}
