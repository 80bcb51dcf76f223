/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * From raw instructions to decoded ones. In: any slots. Out: one operation of ops.def each,
 * with the distances of jumps in slots and the functions that calls and addresses name.
 * Refused: whatever has no row in the table, reserved fields that are not 0, registers
 * above r10, writes to r10, jumps out of the function or into the middle of a 64-bit load,
 * and functions that run off their end. After that both engines need no check of form.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "process/decode.h"

#define OFF  FIELD_OFF
#define IMM  FIELD_IMM
#define SRC  FIELD_SRC
#define NONE FIELD_NONE
const struct op_row op_rows[NR_OPS] = {
#define OP(name, code, form, field, value) { #name, code, FORM_##form, field, value },
#include "process/ops.def"
#undef OP
};
#undef OFF
#undef IMM
#undef SRC
#undef NONE

void decode_index(struct op_index *x)
{
	uint16_t i;

	memset(x, 0, sizeof(*x));
	for (i = NR_OPS; i >= 1; i--) {
		x->next[i] = x->head[op_rows[i - 1].code];
		x->head[op_rows[i - 1].code] = i;
	}
}

static int refuse(struct abide_error *e, int code, const char *tag, uint32_t pc,
                  const struct bpf_insn *i, const char *what)
{
	error_set(e, code, tag, "instruction %u %s", pc, what);
	error_reason(e, "opcode 0x%02x dst %u src %u offset %d immediate %d", i->code, i->dst_reg,
	             i->src_reg, i->off, i->imm);
	return code; /* error_reason's is another without an error to fill in */
}

const struct op_row *decode_find(const struct op_index *x, const struct bpf_insn *i)
{
	uint16_t k;

	for (k = x->head[i->code]; k; k = x->next[k]) {
		const struct op_row *row = &op_rows[k - 1];

		switch (row->field) {
		case FIELD_NONE:
			return row;
		case FIELD_OFF:
			if (i->off == row->value)
				return row;
			break;
		case FIELD_IMM:
			if (i->imm == row->value)
				return row;
			break;
		case FIELD_SRC:
			if (i->src_reg == row->value)
				return row;
			break;
		}
	}
	return NULL;
}

bool decode_reserved(const struct op_row *row, const struct bpf_insn *i)
{
	switch (row->form) {
	case FORM_ALU_K:
		return i->src_reg;
	case FORM_ALU_X:
		return i->imm;
	case FORM_ALU_1:
		return i->src_reg || i->off;
	case FORM_JUMP_K:
	case FORM_STORE_K:
		return i->src_reg;
	case FORM_JUMP_X:
	case FORM_LOAD:
	case FORM_STORE_X:
		return i->imm;
	case FORM_GOTO:
		return i->dst_reg || i->src_reg || i->imm;
	case FORM_GOTOL:
		return i->dst_reg || i->src_reg || i->off;
	case FORM_HELPER:
	case FORM_CALL:
		return i->dst_reg || i->off;
	case FORM_EXIT:
		return i->dst_reg || i->src_reg || i->off || i->imm;
	case FORM_LD64:
	case FORM_LDFUNC:
		return i->off;
	case FORM_ATOMIC:
		return false;
	}
	return true;
}

bool decode_writes_fp(const struct op_row *row, const struct bpf_insn *i)
{
	switch (row->form) {
	case FORM_ALU_K:
	case FORM_ALU_X:
	case FORM_ALU_1:
	case FORM_LD64:
	case FORM_LDFUNC:
	case FORM_LOAD:
		return i->dst_reg == FP;
	case FORM_ATOMIC:
		return i->src_reg == FP && (i->imm & BPF_FETCH) && i->imm != BPF_CMPXCHG;
	default:
		return false;
	}
}

static int refuse_unknown(struct abide_error *e, uint32_t pc, const struct bpf_insn *i)
{
	if (i->code == (BPF_LD | BPF_IMM | BPF_DW) && i->src_reg &&
	    i->src_reg <= BPF_PSEUDO_MAP_IDX_VALUE) {
		refuse(e, -ENOTSUP, "exec-map", pc, i,
		       "refers to a map or a kernel symbol that nobody has filled in");
		error_hint(e, "programs that use no maps and no global variables");
		return -ENOTSUP;
	}
	if (i->code == (BPF_JMP | BPF_CALL) && i->src_reg == BPF_PSEUDO_KFUNC_CALL)
		return refuse(e, -ENOTSUP, "exec-helper", pc, i,
		              "calls a kernel function, which are not in this process");
	if (BPF_CLASS(i->code) == BPF_LD &&
	    (BPF_MODE(i->code) == BPF_ABS || BPF_MODE(i->code) == BPF_IND))
		return refuse(e, -EINVAL, "exec-insn", pc, i,
		              "is a packet load, which the instruction set has given up");
	return refuse(e, -EINVAL, "exec-insn", pc, i, "is not in the instruction set (RFC 9669)");
}

static int check_helper(const struct process_program *p, uint32_t pc, const struct bpf_insn *i,
                        struct abide_error *e)
{
	if (i->imm >= 0 && (uint32_t)i->imm < p->helpers->nr &&
	    (p->helpers->table[i->imm].fn || p->helpers->table[i->imm].tail_call))
		return 0;
	return error_set(e, -ENOTSUP, "exec-helper",
	                 "instruction %u calls helper %d, which this engine does not have", pc,
	                 i->imm);
}

/* One instruction by itself; *@slots: 1 or 2. */
static int decode_one(struct process_program *p, const struct op_index *x,
                      const struct bpf_insn *insns, uint32_t pc, uint32_t *slots,
                      struct abide_error *e)
{
	const struct bpf_insn *i = &insns[pc];
	const struct op_row *row = decode_find(x, i);
	struct insn *d = &p->insns[pc];

	*slots = 1;
	if (!row)
		return refuse_unknown(e, pc, i);
	if (decode_reserved(row, i))
		return refuse(e, -EINVAL, "exec-insn", pc, i, "has a reserved field that is not 0");
	/* where SRC chooses the operation it is no register */
	if (i->dst_reg > FP || (row->field != FIELD_SRC && i->src_reg > FP))
		return refuse(e, -EINVAL, "exec-insn", pc, i, "names a register above r10");
	if (decode_writes_fp(row, i))
		return refuse(e, -EINVAL, "exec-insn", pc, i,
		              "writes to r10, the read-only frame pointer");
	*d = (struct insn){ .op = (uint8_t)(row - op_rows),
		            .dst = i->dst_reg,
		            .src = i->src_reg,
		            .off = i->off,
		            .imm = i->imm };
	switch (row->form) {
	case FORM_GOTOL:
		d->off = i->imm;
		break;
	case FORM_HELPER:
		return check_helper(p, pc, i, e);
	case FORM_CALL:
		d->off = i->imm;
		break;
	case FORM_LD64:
	case FORM_LDFUNC:
		if (pc + 1 >= p->nr || insns[pc + 1].code || insns[pc + 1].dst_reg ||
		    insns[pc + 1].src_reg || insns[pc + 1].off)
			return refuse(e, -EINVAL, "exec-insn", pc, i,
			              "is a 64-bit load without its second half");
		d[1] = (struct insn){ .op = OP_SECOND };
		*slots = 2;
		if (row->form == FORM_LD64)
			d->imm = (int64_t)((uint64_t)(uint32_t)insns[pc + 1].imm << 32 |
			                   (uint32_t)i->imm);
		else if (insns[pc + 1].imm)
			return refuse(e, -EINVAL, "exec-insn", pc, i,
			              "has a reserved field that is not 0");
		else
			d->off = i->imm;
		break;
	default:
		break;
	}
	return 0;
}

static bool is_jump(const struct insn *i)
{
	enum op_form form = i->op < NR_OPS ? op_rows[i->op].form : FORM_EXIT;

	return form == FORM_JUMP_K || form == FORM_JUMP_X || form == FORM_GOTO ||
	       form == FORM_GOTOL;
}

/* The slot that a jump, call or address means; -1: none that begins an instruction. */
static int64_t target_of(const struct process_program *p, uint32_t pc)
{
	int64_t at = (int64_t)pc + 1 + p->insns[pc].off;

	return at < 0 || at >= p->nr || p->insns[at].op == OP_SECOND ? -1 : at;
}

/* Functions begin at 0 and where calls and addresses point. @starts: a byte per slot. */
static int find_functions(struct process_program *p, const struct bpf_insn *insns,
                          struct abide_error *e)
{
	uint8_t *starts = calloc(p->nr, 1);
	uint32_t i, n = 1;
	int64_t at;

	if (!starts)
		return error_nomem(e);
	starts[0] = 1;
	for (i = 0; i < p->nr; i++) {
		if (p->insns[i].op != OP_CALL && p->insns[i].op != OP_LDFUNC)
			continue;
		at = target_of(p, i);
		if (at < 0) {
			free(starts);
			return refuse(e, -EINVAL, "exec-jump", i, &insns[i],
			              "calls where no instruction is");
		}
		n += !starts[at];
		starts[at] |= p->insns[i].op == OP_LDFUNC ? 3 : 1;
	}
	p->functions = calloc(n, sizeof(*p->functions));
	if (!p->functions) {
		free(starts);
		return error_nomem(e);
	}
	for (i = 0; i < p->nr; i++)
		if (starts[i])
			p->functions[p->nr_functions++] =
				(struct process_function){ .first = i, .callback = starts[i] & 2 };
	for (i = 0; i < n; i++)
		p->functions[i].nr =
			(i + 1 < n ? p->functions[i + 1].first : p->nr) - p->functions[i].first;
	free(starts);
	return 0;
}

static int link_function(struct process_program *p, const struct process_function *f,
                         const struct bpf_insn *insns, struct abide_error *e)
{
	uint32_t end = f->first + f->nr, pc = end - 1;
	const struct insn *last = &p->insns[pc];
	int64_t at;

	if (last->op != OP_EXIT && last->op != OP_JA && last->op != OP_GOTOL)
		return refuse(e, -EINVAL, "exec-jump", pc, &insns[pc],
		              "ends a function and is neither exit nor goto");
	for (pc = f->first; pc < end; pc++) {
		struct insn *i = &p->insns[pc];

		if (i->op == OP_CALL || i->op == OP_LDFUNC) {
			i->imm = program_function_at(p, (uint32_t)target_of(p, pc)) - p->functions;
			continue;
		}
		if (!is_jump(i))
			continue;
		at = target_of(p, pc);
		if (at < f->first || at >= end)
			return refuse(
				e, -EINVAL, "exec-jump", pc, &insns[pc],
				"jumps out of its function or into the middle of an instruction");
		p->target[at] |= at <= pc ? TARGET_LOOP : TARGET_AHEAD;
	}
	return 0;
}

struct process_function *program_function_at(const struct process_program *p, uint32_t at)
{
	uint32_t lo = 0, hi = p->nr_functions;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (p->functions[mid].first == at)
			return &p->functions[mid];
		if (p->functions[mid].first < at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

/*
 * Longest chains by relaxation: level[callee] > level[caller]. Levels that pass the limit
 * mean either too deep a chain or a cycle; no recursion of ours on a stranger's call graph.
 */
bool program_nests(const struct process_program *p)
{
	uint8_t *level = calloc(p->nr_functions, 1);
	bool changed = true, fits = level != NULL;
	uint32_t i, pc;

	while (fits && changed) {
		changed = false;
		for (i = 0; fits && i < p->nr_functions; i++)
			for (pc = p->functions[i].first;
			     pc < p->functions[i].first + p->functions[i].nr; pc++) {
				const struct insn *c = &p->insns[pc];

				if ((c->op != OP_CALL && c->op != OP_LDFUNC) ||
				    level[c->imm] > level[i])
					continue;
				level[c->imm] = level[i] + 1;
				changed = true;
				fits &= level[c->imm] < PROCESS_FRAMES;
			}
	}
	free(level);
	return fits;
}

/* What the verifier knows goes where unused fields of instructions are. */
static int take_facts(struct process_program *p, const struct verify_fact *facts,
                      struct process_map *const *maps, struct abide_error *e)
{
	uint32_t i, n = 0;

	for (i = 0; i < p->nr; i++)
		n += p->insns[i].op == OP_HELPER;
	p->calls = calloc(n ? n : 1, sizeof(*p->calls));
	if (!p->calls)
		return error_nomem(e);
	for (i = 0; i < p->nr; i++) {
		struct insn *d = &p->insns[i];
		const struct verify_fact *f = &facts[i];

		if (d->op >= NR_OPS)
			continue;
		if (op_rows[d->op].form == FORM_LOAD)
			d->imm = f->faults;
		if (d->op != OP_HELPER || !f->has_map)
			continue;
		p->calls[p->nr_calls++] = (struct process_call){
			maps[f->map], f->key_known, f->key_known && f->key_in_range, f->key
		};
		d->off = (int32_t)p->nr_calls;
	}
	return 0;
}

/* What native code and the ends of runs have to do for the helpers that are called. */
static void look_at_helpers(struct process_program *p)
{
	uint32_t i;

	for (i = 0; i < p->nr; i++) {
		const struct insn *d = &p->insns[i];
		const struct process_helper *h;

		if (d->op != OP_HELPER)
			continue;
		h = &p->helpers->table[d->imm];
		p->wants_program |= h->wants_program || h->tail_call;
		p->reserves |= d->imm == BPF_FUNC_ringbuf_reserve || h->tail_call;
	}
}

int process_program_new(const struct bpf_insn *insns, uint32_t nr,
                        const struct process_helpers *helpers, struct process_program **out,
                        struct abide_error *e)
{
	return program_decode(insns, nr, helpers, NULL, NULL, out, e);
}

int program_decode(const struct bpf_insn *insns, uint32_t nr, const struct process_helpers *helpers,
                   const struct verify_fact *facts, struct process_map *const *maps,
                   struct process_program **out, struct abide_error *e)
{
	struct process_program *p = NULL;
	struct op_index x;
	uint32_t i, slots;
	int err;

	*out = NULL;
	if (!nr)
		return error_set(e, -EINVAL, "exec-insn", "the program has no instructions");
	if (nr > PROCESS_MAX_INSNS)
		return error_set(e, -E2BIG, "exec-insn",
		                 "the program has %u instructions; the limit is %u", nr,
		                 PROCESS_MAX_INSNS);
	p = calloc(1, sizeof(*p));
	if (!p)
		return error_nomem(e);
	p->nr = nr;
	p->helpers = helpers;
	p->insns = calloc(nr, sizeof(*p->insns));
	p->target = calloc(nr, 1);
	err = p->insns && p->target ? 0 : error_nomem(e);
	decode_index(&x);
	for (i = 0; !err && i < nr; i += slots)
		err = decode_one(p, &x, insns, i, &slots, e);
	if (!err)
		err = find_functions(p, insns, e);
	for (i = 0; !err && i < p->nr_functions; i++)
		err = link_function(p, &p->functions[i], insns, e);
	if (!err && facts)
		err = take_facts(p, facts, maps, e);
	if (!err) {
		look_at_helpers(p);
		decode_steps(p);
	}
	if (err)
		process_program_free(p);
	else
		*out = p;
	return err;
}
