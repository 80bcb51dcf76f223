/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * SHA-256 against the digests that FIPS 180-4's examples and sha256sum(1) give, at the
 * sizes where its padding changes; stamps of cut and damaged files: an error or an object,
 * never a read outside (run it with sanitizers: make SAN=1).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/stamp.h"

static int nr, bad;

static void report(bool ok, const char *what)
{
	printf("%sok %d - stamp: %s\n", ok ? "" : "not ", ++nr, what);
	bad |= !ok;
}

static void digests(void)
{
	static const struct {
		size_t n;
		const char *digest; /* of n times 'a' */
	} rows[] = {
		{ 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ 55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318" },
		{ 56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a" },
		{ 64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb" },
		{ 65, "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0" },
		{ 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0" },
	};
	char *text = malloc(1000000), hex[SHA256_HEX], what[64];

	if (!text)
		exit(1);
	memset(text, 'a', 1000000);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		sha256_hex(text, rows[i].n, hex);
		snprintf(what, sizeof(what), "SHA-256 of %zu bytes", rows[i].n);
		report(!strcmp(hex, rows[i].digest), what);
	}
	sha256_hex("abc", 3, hex);
	report(!strcmp(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"), "SHA-256 of abc");
	free(text);
}

static uint8_t *read_all(const char *path, size_t *size)
{
	FILE *f = fopen(path, "rb");
	uint8_t *p = malloc(1 << 20);

	*size = f && p ? fread(p, 1, 1 << 20, f) : 0;
	if (f)
		fclose(f);
	if (!*size) {
		fprintf(stderr, "%s cannot be read\n", path);
		exit(1);
	}
	return p;
}

/* Is what stamp_write made of these bytes, if it made something, an object with that stamp? */
static bool holds(const uint8_t *p, size_t size, const struct stamp *s, int *made)
{
	struct abide_error e = { 0 };
	struct buf out = { 0 };
	struct object *o = NULL;
	struct stamp back;
	bool ok = true;

	if (!stamp_write(p, size, s, NULL, &out, &e)) {
		ok = !object_open_mem(out.data, out.size, "written", &o, &e) && !stamp_read(o, &back, &e) &&
		     !strcmp(back.release, s->release) && !strcmp(back.btf, s->btf);
		*made += 1;
	} else {
		ok = e.code && e.problem[0];
	}
	object_free(o);
	buf_free(&out);
	return ok;
}

static void hostile(const char *path)
{
	struct stamp s = { .release = "5.99.1-test" };
	struct abide_error e = { 0 };
	struct buf stamped = { 0 };
	uint8_t *p, *copy;
	size_t size, i;
	int made = 0, cut = 0;
	bool ok = true;

	p = read_all(path, &size);
	sha256_hex(path, strlen(path), s.btf);
	report(holds(p, size, &s, &made) && made == 1, "what is written is read back");
	for (i = 0; i < size; i += 37)
		ok &= holds(p, i, &s, &cut);
	report(ok, "cut files");
	/* Damage in the header and in the section headers; then in a stamp. */
	copy = malloc(size);
	if (!copy)
		exit(1);
	for (i = 0, ok = true; i < size; i += i < 64 || i > size - 2200 ? 1 : 101) {
		memcpy(copy, p, size);
		copy[i] ^= 0xff;
		ok &= holds(copy, size, &s, &made);
	}
	report(ok && made > 100, "damaged files");
	free(copy);
	if (stamp_write(p, size, &s, NULL, &stamped, &e))
		exit(1);
	for (i = size, ok = true; i < stamped.size; i++) {
		struct object *o = NULL;
		struct stamp back;

		stamped.data[i] ^= 0x80;
		if (!object_open_mem(stamped.data, stamped.size, "damaged", &o, &e)) {
			int err = stamp_read(o, &back, &e);

			ok &= err == 0 || err == -ENOENT || err == -EINVAL;
		}
		object_free(o);
		stamped.data[i] ^= 0x80;
	}
	report(ok, "damaged stamps");
	buf_free(&stamped);
	free(p);
}

int main(int argc, char **argv)
{
	digests();
	/* By itself as "make check" runs it: an object of the corpus beside it. */
	if (argc > 1) {
		hostile(argv[1]);
	} else {
		char path[4096];

		snprintf(path, sizeof(path), "%.*s/objects/callbacks.bpf.o",
			 (int)(strrchr(argv[0], '/') ? strrchr(argv[0], '/') - argv[0] : 0), argv[0]);
		hostile(path);
	}
	return bad;
}
