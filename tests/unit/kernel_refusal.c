/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What is taken from the verifier's log: texts as kernels of several versions write them.
 * Needs no privilege. TAP.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kernel/session.h"

static const struct {
	const char *name, *log, *reason;
} cases[] = {
	{ "5.10: states on lines of their own",
	  "func#0 @0\n"
	  "0: R1=ctx(id=0,off=0,imm=0) R10=fp0\n"
	  "; int on_exec(unsigned long long *ctx)\n"
	  "0: (79) r1 = *(u64 *)(r1 +0)\n"
	  "; *v = 3;\n"
	  "1: R0_w=map_value_or_null(id=1,off=0,ks=4,vs=8,imm=0) R10=fp0\n"
	  "1: (7b) *(u64 *)(r0 +0) = r1\n"
	  "R0 invalid mem access 'map_value_or_null'\n"
	  "processed 12 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n",
	  "R0 invalid mem access 'map_value_or_null'\nat instruction 1: (7b) *(u64 *)(r0 +0) = r1\nof source line: *v = 3;" },
	{ "6.x: states behind instructions, file names behind sources",
	  "0: R1=ctx() R10=fp0\n"
	  "; struct task_struct *t = (void *)ctx[0]; @ a.bpf.c:7\n"
	  "0: (79) r1 = *(u64 *)(r1 +0)\n"
	  "func 'sched_switch' arg0 has btf_id 1 type STRUCT 'task_struct'\n"
	  "1: R1_w=trusted_ptr_task_struct()\n"
	  "; *v = 3; @ a.bpf.c:9\n"
	  "1: (7b) *(u64 *)(r1 +8) = r2          ; R1_w=trusted_ptr_task_struct()\n"
	  "only read is supported\n"
	  "processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n",
	  "only read is supported\nat instruction 1: (7b) *(u64 *)(r1 +8) = r2          ; R1_w=trusted_ptr_task_struct()\n"
	  "of source line: *v = 3; @ a.bpf.c:9" },
	{ "7.x: a diagnosis follows the message",
	  "; *v = 3; @ a.bpf.c:9\n"
	  "9: (7b) *(u64 *)(r0 +0) = r1\n"
	  "R0 invalid mem access 'map_value_or_null'\n"
	  "Verification failed: possible NULL dereference\n"
	  "Reason: something longer\n"
	  "9: (7b) *(u64 *)(r0 +0) = r1\n"
	  "Suggestion: test it\n"
	  "processed 2 insns (limit 1000000)\n",
	  "R0 invalid mem access 'map_value_or_null'\nat instruction 9: (7b) *(u64 *)(r0 +0) = r1\nof source line: *v = 3; @ a.bpf.c:9" },
	{ "a message about another path does not count",
	  "3: (85) call bpf_probe_read#4\n"
	  "some remark\n"
	  "4: (b7) r0 = 0\n"
	  "R6 !read_ok\n",
	  "R6 !read_ok\nat instruction 4: (b7) r0 = 0" },
	{ "a message without any instruction",
	  "func_info_rec_size 3 is wrong\nprocessed 0 insns (limit 1000000)\n",
	  "func_info_rec_size 3 is wrong" },
	{ "no message at all", "processed 0 insns (limit 1000000)\n", "Invalid argument" },
	{ "no log", "", "Invalid argument, without a word" },
	{ "a log that is cut off in a line", "0: (79) r1 = *(u64 *)(r1 +0)\nR1 type=ctx expected=f",
	  "R1 type=ctx expected=f\nat instruction 0: (79) r1 = *(u64 *)(r1 +0)" },
	{ "an instruction that is cut off", "0: (79) r1 = *(u64 *)(r1 +0)\nR1 bad\n1:",
	  "R1 bad\nat instruction 0: (79) r1 = *(u64 *)(r1 +0)" },
};

int main(void)
{
	size_t i, n = sizeof(cases) / sizeof(cases[0]), failed = 0;

	printf("1..%zu\n", n);
	for (i = 0; i < n; i++) {
		struct abide_error e = { 0 };
		bool ok;

		ok = refusal_verifier(-EINVAL, "on_exec", cases[i].log, &e) == -EINVAL &&
		     !strcmp(e.tag, "verifier") && strstr(e.problem, "on_exec") &&
		     !strcmp(e.reason, cases[i].reason);
		printf("%sok %zu - %s\n", ok ? "" : "not ", i + 1, cases[i].name);
		if (!ok)
			printf("# got \"%s\"\n", e.reason);
		failed += !ok;
	}
	return failed ? 1 : 0;
}
