/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * verify_random [PROGRAMS [SEED [ONLY]]]: random programs through the whole path. What the
 * verifier accepts runs on the checked interpreter, where every access must be to what
 * the program owns and every register hold what the verifier has said, and as native
 * code in another copy of the application, at other addresses: r0, memory and all that helpers
 * were handed must be the same. Then single instructions of accepted programs are changed, and what
 * is still accepted runs too: that finds what a verifier wrongly believes.
 */
#include <signal.h>
#include <time.h>

#include "verify_run.h"

#define MUTATIONS 6

static uint64_t number, seed, nr_tried, nr_accepted, nr_made, nr_made_accepted, nr_insns;

static void on_fault(int sig)
{
	char text[160];
	int n = snprintf(text, sizeof(text), "not ok - signal %d in native code of program %llu of seed %llu\n", sig,
	                 (unsigned long long)number, (unsigned long long)seed);

	if (write(STDOUT_FILENO, text, (size_t)n) < 0)
		_exit(3);
	_exit(1);
}

/* Change one instruction a little. */
static void mutate(struct random_program *r, struct draw *how)
{
	struct bpf_insn *i;
	uint32_t tries = 6;

	/* mostly where safety is decided: accesses, comparisons with and operations on constants */
	do
		i = &r->insns[draw(how, r->nr)];
	while (--tries && (BPF_CLASS(i->code) == BPF_LD || (BPF_CLASS(i->code) == BPF_ALU64 && BPF_OP(i->code) == BPF_MOV) ||
	                   i->code == (BPF_ALU64 | BPF_MUL | BPF_K)));
	switch (draw(how, 10)) {
	case 0:
		i->dst_reg = draw(how, 11) & 15;
		break;
	case 1:
		i->src_reg = draw(how, 11) & 15;
		break;
	case 2:
		i->off = (int16_t)(i->off + (int32_t)draw(how, 17) - 8);
		break;
	case 3:
		i->imm += (int32_t)draw(how, 9) - 4;
		break;
	case 4:
		i->imm = (int32_t)draw_value(how);
		break;
	case 5: /* another operation */
		i->code = (uint8_t)((i->code & 0x0f) | draw(how, 16) << 4);
		break;
	case 6: /* 32 bits or 64 */
		i->code ^= BPF_CLASS(i->code) == BPF_JMP || BPF_CLASS(i->code) == BPF_JMP32 ? BPF_JMP ^ BPF_JMP32
		           : BPF_CLASS(i->code) == BPF_ALU || BPF_CLASS(i->code) == BPF_ALU64 ? BPF_ALU ^ BPF_ALU64
		                                                                              : draw(how, 4) << 3;
		break;
	case 7: /* register or constant */
		i->code ^= BPF_X;
		break;
	case 8: /* gone */
		if (i->code != (BPF_LD | BPF_IMM | BPF_DW) && i->code)
			*i = INSN(BPF_JMP | BPF_JA, 0, 0, 0, 0);
		break;
	default: /* a copy of another */
		*i = r->insns[draw(how, r->nr)];
	}
}

static bool failed(const struct random_program *r)
{
	printf("not ok - program %llu of seed %llu: %s\n", (unsigned long long)number, (unsigned long long)seed, problem);
	kit_list(r->insns, r->nr);
	return false;
}

static bool one(struct random_program *r, struct random_program *changed)
{
	struct draw how = { .state = r->d.state ^ 0x5555 };
	bool memory = !draw(&how, 4), accepted, good;
	uint32_t k, n;

	r->d.state = r->d.state * 0x9e3779b97f4a7c15u | 1;
	if (memory ? !random_program(r) : !gen_program(r, draw(&how, 2) ? 0 : 1 + draw(&how, 40)))
		return true;
	for (k = 0; memory && k < r->nr; k++)
		if (r->insns[k].code == (BPF_JMP | BPF_CALL) && r->insns[k].imm == KIT_MIX && !r->insns[k].src_reg)
			r->insns[k].imm = BPF_FUNC_get_prandom_u32;
	nr_tried++;
	nr_insns += r->nr;
	good = try_one(r, memory, &how, &accepted);
	if (!good)
		return failed(r);
	if (!accepted)
		return true;
	nr_accepted++;
	for (k = 0; k < MUTATIONS; k++) {
		memcpy(changed->insns, r->insns, r->nr * sizeof(*r->insns));
		changed->nr = r->nr;
		for (n = 1 + !draw(&how, 4); n; n--)
			mutate(changed, &how);
		nr_made++;
		if (!try_one(changed, memory, &how, &accepted))
			return failed(changed);
		nr_made_accepted += accepted;
	}
	return true;
}

int main(int argc, char **argv)
{
	uint64_t nr = argc > 1 ? strtoull(argv[1], NULL, 0) : 5000, only;
	static struct random_program r, changed;

	seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	only = argc > 3 ? strtoull(argv[3], NULL, 0) : UINT64_MAX;
	env_init(&home);
	env_init(&away);
	signal(SIGSEGV, on_fault);
	signal(SIGBUS, on_fault);
	signal(SIGILL, on_fault);
	signal(SIGFPE, on_fault);
	for (number = 0; number < nr; number++) {
		if (only != UINT64_MAX && only != number)
			continue;
		/* each program from its own number, so that one can be run alone */
		r.d = (struct draw){ .state = (seed * 0x9e3779b97f4a7c15u + number + 1) * 0xbf58476d1ce4e5b9u | 1 };
		if (!one(&r, &changed))
			return 1;
	}
	printf("ok - %llu random programs (%llu accepted) and %llu changed ones (%llu accepted): %llu runs are as the verifier says, "
	       "seed %llu, %llu instructions, %llu reads through NULL\n",
	       (unsigned long long)nr_tried, (unsigned long long)nr_accepted, (unsigned long long)nr_made,
	       (unsigned long long)nr_made_accepted, (unsigned long long)nr_runs, (unsigned long long)seed,
	       (unsigned long long)nr_insns, (unsigned long long)nr_faults);
	return 0;
}
