/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Translated programs own their code and its records; names and functions are the object's. */
#include <stdlib.h>

#include "object/code.h"

void translated_free(struct translated *t)
{
	uint32_t i, j;

	if (!t)
		return;
	for (i = 0; i < t->nr_programs; i++) {
		struct translated_program *p = &t->programs[i];

		for (j = 0; j < p->nr_codes; j++) {
			free(p->codes[j].insns);
			free(p->codes[j].relocs);
			free(p->codes[j].lines);
			free(p->codes[j].core_relos);
		}
		free(p->codes);
	}
	free(t->programs);
	free(t);
}
