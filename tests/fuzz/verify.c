/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Fuzz target: the verifier of the process engine. The first byte chooses. Even: the rest is instructions
 * as they come. Odd: the rest draws a program that is nearly safe (verify_gen.h). What is accepted
 * runs on both engines and must stay inside of what the verifier has said.
 */
#include "../unit/verify_run.h"
#include "standalone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct random_program r;
	struct draw how = { .state = 0x5eed };
	bool accepted, memory = size && data[0] & 2;

	if (!home.array) {
		env_init(&home);
		env_init(&away);
	}
	if (!size)
		return 0;
	r.d = (struct draw){ .state = 0x5eed, .bytes = data + 1, .left = size - 1 };
	if (data[0] & 1) {
		memory = false;
		if (!gen_program(&r, data[0] >> 2))
			return 0;
	} else {
		r.nr = (uint32_t)((size - 1) / sizeof(struct bpf_insn));
		if (!r.nr || r.nr > RANDOM_MAX)
			return 0;
		memcpy(r.insns, data + 1, r.nr * sizeof(struct bpf_insn));
	}
	if (!try_one(&r, memory, &how, &accepted)) {
		fprintf(stderr, "%s\n", problem);
		kit_list(r.insns, r.nr);
		abort();
	}
	return 0;
}
