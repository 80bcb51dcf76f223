/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_OBJECT_TEST_H
#define ABIDE_TESTS_OBJECT_TEST_H

#include <stdbool.h>
#include <stdint.h>

#include "object/object.h"
#include "util/buf.h"

/* What the object tests share: lines of TAP, BTF made in memory, files. */

/* "ok N - name"; false: "not ok N - name". Returns @pass. */
bool check(bool pass, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "ok N - name # SKIP why" */
void skip(const char *name, const char *why);
/* Says what was seen where a number differs. */
bool check_u64(uint64_t got, uint64_t want, const char *name);
bool check_str(const char *got, const char *want, const char *name);

/* BTF under construction; .swap makes it of the other byte order. */
struct btf_maker {
	struct buf types, strings;
	bool swap;
	uint32_t count; /* ids given so far, void excluded */
};

uint32_t make_string(struct btf_maker *m, const char *s);
/* A record; returns its id. What follows it comes from make_word. */
uint32_t make_type(struct btf_maker *m, const char *name, uint32_t kind, bool kflag, uint32_t vlen,
                   uint32_t size_or_type);
void make_word(struct btf_maker *m, uint32_t word);
/* The finished bytes (owned by the caller); @layout: entries of 4 bytes, or NULL. Frees the maker's. */
struct buf make_btf(struct btf_maker *m, const struct buf *layout);

/* A whole file; .data is NULL (and the test has failed) if it cannot be read. */
struct buf read_file(const char *path);

void test_btf(void);
void test_btf_real(void);
void test_elf(const char *dir);
void test_write(const char *dir);
void test_disasm(void);
void test_nomem(const char *dir);
void test_refuse(const char *dir);

#endif
