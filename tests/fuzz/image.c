/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Fuzz target: any bytes as a kernel's file. Beside the sanitizers' checks: what is taken for BTF has a BTF's
 * header, and a refusal says something. The same bytes as a module: its symbols' names end.
 */
#include <stdlib.h>
#include <string.h>

#include "image/image.h"
#include "object/btf.h"
#include "standalone.h"

static void count(void *arg, const char *name, bool code)
{
	*(size_t *)arg += strlen(name) + code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct image_module module = { .name = "fuzz", .elf = data, .elf_size = size };
	struct abide_error e = { 0 };
	size_t letters = 0;
	struct btf_data *b;
	struct image *im;

	image_module_symbols(&module, count, &letters);
	if (image_open_mem("fuzz", data, size, &im, &e)) {
		if (im || !e.problem[0] || !e.code)
			abort();
		return 0;
	}
	if (!im->btf || !im->format[0] || strlen(im->release) >= sizeof(im->release))
		abort();
	if (!btf_open_mem(im->btf, im->btf_size, &b, &e))
		btf_free(b);
	image_free(im);
	return 0;
}
