/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Tests of the object stage. The first argument is the directory with the objects that
 * the make rules compile from object_*.bpf.c. Output is TAP; the exit code says whether
 * all passed. $ABIDE_BTF_DIR, if set, holds BTF files of real kernels.
 */
#include <byteswap.h>
#include <linux/btf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "object_test.h"

static unsigned int nr_checks, nr_failed;

bool check(bool pass, const char *fmt, ...)
{
	va_list ap;

	nr_checks++;
	nr_failed += !pass;
	printf("%s %u - ", pass ? "ok" : "not ok", nr_checks);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	return pass;
}

void skip(const char *name, const char *why)
{
	printf("ok %u - %s # SKIP %s\n", ++nr_checks, name, why);
}

bool check_u64(uint64_t got, uint64_t want, const char *name)
{
	if (check(got == want, "%s", name))
		return true;
	printf("# got %llu, expected %llu\n", (unsigned long long)got, (unsigned long long)want);
	return false;
}

bool check_str(const char *got, const char *want, const char *name)
{
	if (check(got && !strcmp(got, want), "%s", name))
		return true;
	printf("# got '%s', expected '%s'\n", got ? got : "(null)", want);
	return false;
}

void make_word(struct btf_maker *m, uint32_t word)
{
	buf_u32(&m->types, m->swap ? bswap_32(word) : word);
}

uint32_t make_string(struct btf_maker *m, const char *s)
{
	if (!m->strings.size)
		buf_u8(&m->strings, 0);
	return *s ? buf_str(&m->strings, s) : 0;
}

uint32_t make_type(struct btf_maker *m, const char *name, uint32_t kind, bool kflag, uint32_t vlen,
                   uint32_t size_or_type)
{
	make_word(m, make_string(m, name));
	make_word(m, (uint32_t)kflag << 31 | kind << 24 | vlen);
	make_word(m, size_or_type);
	return ++m->count;
}

struct buf make_btf(struct btf_maker *m, const struct buf *layout)
{
	struct btf_maker h = { .swap = m->swap };
	uint32_t layout_size = layout ? layout->size : 0;

	make_string(m, "");
	buf_u16(&h.types, m->swap ? bswap_16(BTF_MAGIC) : BTF_MAGIC);
	buf_u8(&h.types, BTF_VERSION);
	buf_u8(&h.types, 0);
	make_word(&h, layout ? 32 : 24);
	make_word(&h, 0);
	make_word(&h, m->types.size);
	make_word(&h, m->types.size + layout_size);
	make_word(&h, m->strings.size);
	if (layout) {
		make_word(&h, m->types.size);
		make_word(&h, layout_size);
	}
	buf_add(&h.types, m->types.data, m->types.size);
	if (layout)
		buf_add(&h.types, layout->data, layout_size);
	buf_add(&h.types, m->strings.data, m->strings.size);
	buf_free(&m->types);
	buf_free(&m->strings);
	return h.types;
}

struct buf read_file(const char *path)
{
	struct buf b = { 0 };
	char part[4096];
	FILE *f = fopen(path, "rb");
	size_t n;

	if (!f) {
		check(false, "%s can be read", path);
		return b;
	}
	while ((n = fread(part, 1, sizeof(part), f)))
		buf_add(&b, part, n);
	fclose(f);
	return b;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: %s DIRECTORY-OF-OBJECTS\n", argv[0]);
		return 2;
	}
	test_btf();
	test_btf_real();
	test_disasm();
	test_elf(argv[1]);
	test_refuse(argv[1]);
	test_write(argv[1]);
	test_nomem(argv[1]);
	printf("1..%u\n", nr_checks);
	return nr_failed != 0;
}
