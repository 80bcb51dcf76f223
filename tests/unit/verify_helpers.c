/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Every row of helpers.def: a call with good arguments is accepted; then each argument is replaced by each
 * thing that its kind forbids, and the refusal's tag must be the one for it. Results: what the
 * row promises of r0, and that r1 to r5 hold nothing afterwards.
 */
#include "verify_env.h"

enum { MAP_TEXT = ENV_MAPS, MAP_PERF, MAP_STACKS, NR_MAPS };

static const char text_map[32] = "value %d\0text %s\0no end";
static struct verify_map maps[NR_MAPS];
static struct bpf_insn code[400];
static uint32_t nr;
static unsigned int nr_failed, nr_good, nr_bad;

static const struct row {
	int32_t number;
	const char *name, *maps, *result, *arg[5];
} rows[] = {
#define HELPER(name, needs, maps, result, a1, a2, a3, a4, a5) { BPF_FUNC_##name, #name, #maps, #result, { #a1, #a2, #a3, #a4, #a5 } },
#include "process/helpers.def"
#undef HELPER
};

static void put(struct bpf_insn i)
{
	code[nr++] = i;
}

static void mov(uint8_t reg, int32_t v)
{
	put(INSN(BPF_ALU64 | BPF_MOV | BPF_K, reg, 0, 0, v));
}

static void copy(uint8_t reg, uint8_t from)
{
	put(INSN(BPF_ALU64 | BPF_MOV | BPF_X, reg, from, 0, 0));
}

static void move(uint8_t reg, int32_t by)
{
	put(INSN(BPF_ALU64 | BPF_ADD | BPF_K, reg, 0, 0, by));
}

static void map(uint8_t reg, int32_t m, bool value, int32_t off)
{
	put(INSN(BPF_LD | BPF_IMM | BPF_DW, reg, value ? BPF_PSEUDO_MAP_VALUE : BPF_PSEUDO_MAP_FD, 0, m));
	put(INSN(0, 0, 0, 0, value ? off : 0));
}

static bool is(const char *a, const char *b)
{
	return !strcmp(a, b);
}

static int32_t map_for(const char *kind)
{
	return is(kind, "VALUES") ? ENV_ARRAY : is(kind, "PERCPU") ? ENV_PERCPU : is(kind, "QUEUES") ? ENV_QUEUE
	       : is(kind, "RING") ? ENV_RING : is(kind, "PERF") ? MAP_PERF
	       : is(kind, "STACKS") ? MAP_STACKS : ENV_PROGS;
}

/* r10-128 and above are numbers; r10-136 holds a pointer, below is nothing. r6: the context, r7: a record. */
static void stack(uint8_t reg, int32_t at)
{
	copy(reg, 10);
	move(reg, at);
}

static uint32_t func_at, func_from; /* ld_imm64 of the callback, to fill in */

static void good(const struct row *r, unsigned k)
{
	const char *kind = r->arg[k];
	uint8_t reg = (uint8_t)(k + 1);
	bool printk = is(r->name, "trace_printk") || is(r->name, "trace_vprintk");

	if (is(kind, "NUM") || is(kind, "ARG") || is(kind, "DATA"))
		mov(reg, 0);
	else if (is(kind, "ADDRESS"))
		mov(reg, 4096);
	else if (is(kind, "MAP"))
		map(reg, map_for(r->maps), false, 0);
	else if (is(kind, "MEM") && printk)
		map(reg, MAP_TEXT, true, 0);
	else if (is(kind, "SIZE") && k == 1 && printk)
		mov(reg, 9);
	else if (is(kind, "SIZE") || is(kind, "SIZE0") || is(kind, "LENGTH"))
		mov(reg, 16);
	else if (is(kind, "STR"))
		map(reg, MAP_TEXT, true, 0);
	else if (is(kind, "CTX"))
		copy(reg, 6);
	else if (is(kind, "LOOP") || is(kind, "EACH")) {
		func_from = nr;
		put(INSN(BPF_LD | BPF_IMM | BPF_DW, reg, BPF_PSEUDO_FUNC, 0, 0));
		put(INSN(0, 0, 0, 0, 0));
	} else if (is(kind, "RECORD"))
		copy(reg, 7);
	else /* KEY, VALUE, VALUE_OUT, LONG_OUT, MEM, OUT, OUT_NULL, ARGS */
		stack(reg, -128);
}

/* What kinds forbid: argument kinds, what is put there, the tag. */
enum wrong { NUMBER, NOTHING, STACK, STACK_HIGH, STACK_UNINIT, STACK_POINTER, STACK_ODD, CONTEXT, CONTEXT_8, MAYBE_NULL, TYPED, RODATA, OTHER_MAP,
	     ZERO, LARGE, UNKNOWN, NEGATIVE, SIX, DATA_VALUE, NO_END, RECORD_8, FUNCTION };

static const struct {
	const char *kinds; /* " KEY VALUE " */
	enum wrong what;
	const char *tag;
} wrongs[] = {
	{ " NUM MAP KEY VALUE VALUE_OUT LONG_OUT MEM OUT OUT_NULL ARGS ARG SIZE SIZE0 LENGTH STR CTX ADDRESS LOOP EACH DATA RECORD ", NOTHING,
	  "uninit-register" },
	{ " NUM SIZE SIZE0 MAP CTX LOOP EACH RECORD ADDRESS ", STACK, "helper-argument" },
	{ " LENGTH ", STACK, "helper-size" },
	{ " STR ", STACK, "helper-format" },
	{ " ARG ", STACK, "helper-format" },
	{ " MAP CTX LOOP EACH RECORD ", NUMBER, "helper-argument" },
	{ " KEY VALUE VALUE_OUT LONG_OUT MEM OUT OUT_NULL ARGS ", NUMBER, "not-pointer" },
	{ " KEY VALUE VALUE_OUT LONG_OUT MEM OUT OUT_NULL ARGS ", STACK_HIGH, "stack-bounds" },
	{ " KEY VALUE MEM ARGS ", STACK_UNINIT, "uninit-stack" },
	{ " KEY VALUE MEM ARGS ", STACK_POINTER, "pointer-leak" },
	{ " LONG_OUT ", STACK_ODD, "atomic-align" },
	{ " KEY VALUE MEM ARGS ", CONTEXT, "helper-argument" },
	{ " VALUE_OUT LONG_OUT OUT OUT_NULL ", CONTEXT, "read-only" },
	{ " CTX ", CONTEXT_8, "helper-argument" },
	{ " KEY VALUE VALUE_OUT LONG_OUT MEM OUT OUT_NULL ARGS ", MAYBE_NULL, "null-deref" },
	{ " ADDRESS RECORD ", MAYBE_NULL, "helper-argument" },
	{ " KEY VALUE MEM ARGS ", TYPED, "helper-argument" },
	{ " VALUE_OUT LONG_OUT OUT OUT_NULL ", TYPED, "read-only" },
	{ " VALUE_OUT LONG_OUT OUT OUT_NULL ", RODATA, "read-only" },
	{ " MAP ", OTHER_MAP, "map-type" },
	{ " SIZE ", ZERO, "helper-size" },
	{ " LENGTH ", ZERO, "helper-size" },
	{ " SIZE SIZE0 LENGTH ", UNKNOWN, "helper-size" },
	{ " SIZE SIZE0 LENGTH ", NEGATIVE, "helper-size" },
	{ " SIZE SIZE0 ", LARGE, "" }, /* of what memory, decides the tag */
	{ " STR ", DATA_VALUE, "helper-format" },
	{ " STR ", NO_END, "helper-format" },
	{ " RECORD ", RECORD_8, "helper-argument" },
	{ " KEY VALUE VALUE_OUT LONG_OUT MEM OUT OUT_NULL ARGS ", FUNCTION, "not-pointer" },
};

static void wrong(const struct row *r, unsigned k, enum wrong what)
{
	uint8_t reg = (uint8_t)(k + 1);

	switch (what) {
	case NUMBER:
		mov(reg, 5);
		break;
	case NOTHING: /* left as a call before has left it */
		break;
	case STACK:
		stack(reg, -128);
		break;
	case STACK_HIGH:
		stack(reg, 0);
		break;
	case STACK_UNINIT:
		stack(reg, -400);
		break;
	case STACK_POINTER:
		stack(reg, -136);
		break;
	case STACK_ODD:
		stack(reg, -124);
		break;
	case CONTEXT:
		copy(reg, 6);
		break;
	case CONTEXT_8:
		copy(reg, 6);
		move(reg, 8);
		break;
	case MAYBE_NULL:
		copy(reg, 8);
		break;
	case TYPED:
		put(INSN(BPF_LDX | BPF_MEM | BPF_DW, reg, 6, 0, 0));
		break;
	case RODATA:
		map(reg, ENV_RODATA, true, 0);
		break;
	case OTHER_MAP:
		map(reg, is(r->maps, "RING") ? ENV_ARRAY : ENV_RING, false, 0);
		break;
	case ZERO:
		mov(reg, 0);
		break;
	case LARGE:
		mov(reg, 100000);
		break;
	case UNKNOWN:
		put(INSN(BPF_LDX | BPF_MEM | BPF_DW, reg, 6, 16, 0));
		break;
	case NEGATIVE:
		mov(reg, -1);
		break;
	case SIX:
		mov(reg, 6);
		break;
	case DATA_VALUE:
		map(reg, ENV_DATA, true, 0);
		break;
	case NO_END:
		map(reg, MAP_TEXT, true, 17);
		break;
	case RECORD_8:
		copy(reg, 7);
		move(reg, 8);
		break;
	case FUNCTION:
		func_from = nr;
		put(INSN(BPF_LD | BPF_IMM | BPF_DW, reg, BPF_PSEUDO_FUNC, 0, 0));
		put(INSN(0, 0, 0, 0, 0));
		break;
	}
}

/* What is the same in all programs. r8: a value that may be NULL. */
static uint32_t to_skip; /* the branch around it all */

static void begin(bool record)
{
	int32_t at;

	nr = 0;
	func_from = to_skip = 0;
	copy(6, 1);
	for (at = -128; at < 0; at += 8)
		put(INSN(BPF_ST | BPF_MEM | BPF_DW, 10, 0, at, 0));
	put(INSN(BPF_STX | BPF_MEM | BPF_DW, 10, 6, -136, 0));
	map(1, ENV_HASH, false, 0);
	stack(2, -128);
	put(INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_map_lookup_elem));
	copy(8, 0);
	if (record) {
		map(1, ENV_RING, false, 0);
		mov(2, 16);
		mov(3, 0);
		put(INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_ringbuf_reserve));
		copy(7, 0);
		to_skip = nr;
		put(INSN(BPF_JMP | BPF_JEQ | BPF_K, 7, 0, 0, 0));
	}
}

static void end(void)
{
	if (to_skip)
		code[to_skip].off = (int16_t)(nr - to_skip - 1);
	mov(0, 0);
	put(INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
	func_at = nr;
	mov(0, 1);
	put(INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
	if (func_from)
		code[func_from].imm = (int32_t)(func_at - func_from - 1);
	else
		nr = func_at;
}

static bool takes_record(const struct row *r)
{
	return is(r->arg[0], "RECORD");
}

static void fail(const struct row *r, const char *what, const struct abide_error *e)
{
	printf("not ok - bpf_%s: %s: %s (%s) %s\n", r->name, what, e->problem, e->tag, e->reason);
	nr_failed++;
}

/* @tag: NULL: accepted; "": refused, for whatever reason; else with that tag. */
static const struct verify_value *expect(const struct row *r, const char *what, const char *tag, uint32_t at, uint8_t reg)
{
	static struct verify_value value;
	struct verify_input in = { .name = "test", .insns = code, .nr_insns = nr, .types = env_types, .nr_types = 2, .maps = maps,
		                   .nr_maps = NR_MAPS, .args = env_args, .nr_args = 4 };
	struct abide_error e = { 0 };
	struct verify_result *v;
	int err = verify_program(&in, true, &v, &e);

	nr_good += !tag;
	nr_bad += tag != NULL;
	if (!err != !tag || (tag && *tag && strcmp(tag, e.tag))) {
		char said[200];

		snprintf(said, sizeof(said), "%s, expected %s", what, tag ? tag : "to be accepted");
		fail(r, said, &e);
		kit_list(code, nr);
	}
	if (err)
		return NULL;
	value = v->values[at][reg];
	verify_result_free(v);
	return &value;
}

static unsigned nr_args(const struct row *r)
{
	unsigned n = 0;

	while (n < 5 && !is(r->arg[n], "NONE"))
		n++;
	return n;
}

static void call(const struct row *r, unsigned bad_arg, enum wrong what)
{
	unsigned k;

	for (k = 0; k < nr_args(r); k++)
		if (k == bad_arg)
			wrong(r, k, what);
		else
			good(r, k);
	put(INSN(BPF_JMP | BPF_CALL, 0, 0, 0, r->number));
}

/* Records that the call has given. */
static void give_up(void)
{
	uint32_t at = nr;

	put(INSN(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3, 0));
	copy(1, 0);
	mov(2, 0);
	put(INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_ringbuf_discard));
	code[at].off = (int16_t)(nr - at - 1);
}

static void check_result(const struct row *r)
{
	const struct verify_value *v;
	const char *res = r->result;
	uint32_t at;

	begin(takes_record(r));
	call(r, 9, NUMBER);
	at = nr;
	copy(9, 0);
	if (is(res, "VOID")) {
		end();
		expect(r, "r0 is looked at", "uninit-register", 0, 0);
		return;
	}
	if (is(res, "VALUE_NULL") || is(res, "RECORD_NULL")) {
		uint32_t size = is(res, "RECORD_NULL") ? 16 : maps[map_for(r->maps)].value_size;

		if (is(res, "RECORD_NULL")) {
			put(INSN(BPF_LDX | BPF_MEM | BPF_B, 2, 9, 0, 0));
			end();
			expect(r, "r0 is not tested", "null-deref", 0, 0);
			begin(false);
			call(r, 9, NUMBER);
			copy(9, 0);
		}
		put(INSN(BPF_JMP | BPF_JEQ | BPF_K, 9, 0, 1, 0));
		put(INSN(BPF_LDX | BPF_MEM | BPF_B, 2, 9, (int32_t)size, 0));
		end();
		expect(r, "beyond what r0 leads to", "bounds", 0, 0);
		begin(false);
		call(r, 9, NUMBER);
		put(INSN(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1, 0));
		put(INSN(BPF_LDX | BPF_MEM | BPF_B, 2, 0, (int32_t)size - 1, 0));
		if (is(res, "RECORD_NULL"))
			give_up();
		end();
		expect(r, "the last byte of what r0 leads to", NULL, 0, 0);
		return;
	}
	end();
	v = expect(r, "r0 is a number", NULL, at, 0);
	if (!v)
		return;
	if (!v->is_number || (is(res, "ERROR") && (v->num.smin != -4095 || v->num.smax != 0)) ||
	    (is(res, "U32") && v->num.umax != UINT32_MAX) || (is(res, "COUNT") && (v->num.smin != -4095 || v->num.smax != 16)) ||
	    (is(res, "NUMBER") && v->num.umax != UINT64_MAX)) {
		printf("not ok - bpf_%s: r0 is in s[%lld %lld], which is no %s\n", r->name, (long long)v->num.smin, (long long)v->num.smax, res);
		nr_failed++;
	}
}

static void check_row(const struct row *r)
{
	unsigned k, n = nr_args(r), w;
	char kind[40], what[80];

	begin(takes_record(r));
	call(r, 9, NUMBER);
	if (is(r->result, "RECORD_NULL"))
		give_up();
	end();
	expect(r, "good arguments", NULL, 0, 0);
	for (k = 1; k <= 5; k++) {
		begin(takes_record(r));
		call(r, 9, NUMBER);
		put(INSN(BPF_ALU64 | BPF_MOV | BPF_X, 9, (int)k, 0, 0));
		end();
		snprintf(what, sizeof(what), "r%u afterwards", k);
		expect(r, what, "uninit-register", 0, 0);
	}
	for (k = 0; k < n; k++) {
		snprintf(kind, sizeof(kind), " %s ", r->arg[k]);
		for (w = 0; w < sizeof(wrongs) / sizeof(wrongs[0]); w++) {
			/* values behind those that the format has are not looked at */
			if (!strstr(wrongs[w].kinds, kind) || (is(r->arg[k], "ARG") && wrongs[w].what == NOTHING && k > 2))
				continue;
			begin(takes_record(r));
			call(r, k, wrongs[w].what);
			end();
			snprintf(what, sizeof(what), "argument %u (%s) with fault %d", k + 1, r->arg[k], wrongs[w].what);
			expect(r, what, wrongs[w].tag, 0, 0);
		}
		if (is(r->arg[k], "ARGS")) {
			begin(false);
			call(r, k + 1, SIX);
			end();
			expect(r, "a size that is no multiple of 8", "helper-size", 0, 0);
		}
	}
	check_result(r);
}

int main(void)
{
	size_t i;

	memcpy(maps, env_maps, sizeof(env_maps));
	maps[MAP_TEXT] = (struct verify_map){ .name = "text", .type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 23, /* up to the end of "no end" */
		                              .max_entries = 1, .frozen = text_map, .read_only = true };
	maps[MAP_PERF] = (struct verify_map){ .name = "perf", .type = BPF_MAP_TYPE_PERF_EVENT_ARRAY, .key_size = 4, .value_size = 4 };
	maps[MAP_STACKS] = (struct verify_map){ .name = "stacks", .type = BPF_MAP_TYPE_STACK_TRACE, .key_size = 4, .value_size = 64, .max_entries = 4 };
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(&rows[i]);
	printf("%sok - verifier: %zu helpers, %u good calls accepted, %u bad ones refused\n", nr_failed ? "not " : "",
	       sizeof(rows) / sizeof(rows[0]), nr_good, nr_bad);
	return nr_failed != 0;
}
