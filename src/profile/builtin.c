// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The set of profiles that ships with abide, as the file has it (profiles/README says how it was made). */
#include "profile/kernels.h"

__asm__(".pushsection .rodata\n"
        ".balign 16\n"
        "abide_kernels_begin: .incbin \"profiles/linux.kernels\"\n"
        "abide_kernels_end: .byte 0\n"
        ".popsection\n");

extern const char abide_kernels_begin[], abide_kernels_end[];

const void *kernels_builtin(size_t *size)
{
	*size = (size_t)(abide_kernels_end - abide_kernels_begin);
	return abide_kernels_begin;
}
