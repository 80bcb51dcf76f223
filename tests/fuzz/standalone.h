/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_FUZZ_STANDALONE_H
#define ABIDE_FUZZ_STANDALONE_H

#include <stddef.h>
#include <stdint.h>

/* libFuzzer's entry. With -DSTANDALONE there is a main() that hands it the files named as arguments. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifdef STANDALONE
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		FILE *f = fopen(argv[i], "rb");
		uint8_t *data = NULL;
		long size;

		if (!f || fseek(f, 0, SEEK_END) || (size = ftell(f)) < 0) {
			perror(argv[i]);
			return 1;
		}
		rewind(f);
		/* Exactly as large as the file, so that a sanitizer sees a read past its end. */
		data = malloc(size ? size : 1);
		if (!data || fread(data, 1, size, f) != (size_t)size) {
			perror(argv[i]);
			return 1;
		}
		fclose(f);
		LLVMFuzzerTestOneInput(data, size);
		free(data);
	}
	printf("%d inputs\n", argc - 1);
	return 0;
}
#endif

#endif
