/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The sample with bytes of its BTF changed, thousands of times, always the same ones: each
 * is refused, or planned and shown, and nothing reads or writes where it should not (make
 * SAN=1 tells). And the sample without memory, allocation by allocation.
 */
#include <elf.h>

#include "render_kit.h"

#define MUTANTS 4000
#define LARGEST 65536 /* maps above are not fed */

static uint64_t rnd(uint64_t *state) /* xorshift64 */
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

struct file {
	uint8_t *data;
	size_t size, btf, btf_size; /* where .BTF lies */
};

static struct file load(const char *dir)
{
	struct file f = { 0 };
	char path[512];
	Elf64_Ehdr eh;
	FILE *in;
	int i;

	snprintf(path, sizeof(path), "%s/render_sample.bpf.o", dir);
	in = fopen(path, "rb");
	if (!in)
		return f;
	f.data = malloc(1 << 20);
	f.size = fread(f.data, 1, 1 << 20, in);
	fclose(in);
	memcpy(&eh, f.data, sizeof(eh));
	for (i = 0; i < eh.e_shnum; i++) {
		Elf64_Shdr sh, names;
		const char *name;

		memcpy(&sh, f.data + eh.e_shoff + (size_t)i * sizeof(sh), sizeof(sh));
		memcpy(&names, f.data + eh.e_shoff + (size_t)eh.e_shstrndx * sizeof(sh),
		       sizeof(sh));
		name = (const char *)f.data + names.sh_offset + sh.sh_name;
		if (!strcmp(name, ".BTF")) {
			f.btf = sh.sh_offset;
			f.btf_size = sh.sh_size;
		}
	}
	return f;
}

/* Feed every map something, and see that what comes out is text. */
static bool show_all(struct render_plan *p, const struct object *o, uint64_t *seed, struct buf *out)
{
	struct abide_error e;
	uint32_t i, k;
	bool ok = true;

	for (i = 0; i < o->nr_maps; i++) {
		const struct map_def *m = &o->maps[i];
		uint64_t stride = ((uint64_t)m->value_size + 7) & ~7ull;
		struct render_entries in = { .n = 2, .key_size = m->key_size };
		uint8_t *bytes;
		size_t size;

		if (m->value_size > LARGEST || m->key_size > LARGEST)
			continue;
		in.value_size = (uint32_t)stride * CPUS;
		size = 2 * ((size_t)in.value_size + in.key_size) + 4096;
		bytes = malloc(size);
		for (k = 0; k < size; k++)
			bytes[k] = rnd(seed) % 3 ? (uint8_t)rnd(seed) : 0;
		in.keys = bytes;
		in.values = bytes + 2 * (size_t)in.key_size;
		if (render_wants(p, i) == RENDER_ENTRIES)
			render_map(p, i, &in, kit_now(), out, &e);
		else if (render_wants(p, i) == RENDER_RECORDS)
			render_event(p, i, bytes, 300, kit_now(), out, &e);
		free(bytes);
		for (k = 0; k < out->size; k++)
			ok &= out->data[k] >= 0x20 || out->data[k] == '\n';
		out->size = 0;
	}
	return ok;
}

static void mutants(struct kit *k)
{
	struct file f = load(k->dir);
	uint64_t seed = 0x9e3779b97f4a7c15ull;
	uint32_t n, c, opened = 0, planned = 0, refused = 0;
	uint8_t *copy = malloc(f.size);
	struct buf out = { 0 };
	bool clean = true;

	for (n = 0; n < MUTANTS; n++) {
		struct abide_error e = { 0 };
		struct render_options opts = k->opts;
		struct render_plan *p;
		struct object *o;

		memcpy(copy, f.data, f.size);
		for (c = 0; c <= rnd(&seed) % 4; c++)
			copy[f.btf + 24 + rnd(&seed) % (f.btf_size - 24)] = (uint8_t)rnd(&seed);
		opts.format = n & 1;
		opts.width = n & 2 ? 80 : 0;
		opts.per_cpu = n & 4;
		if (object_open_mem(copy, f.size, "mutant", &o, &e))
			continue;
		opened++;
		if (render_open(o, &opts, &p, &e)) {
			refused++;
			clean &= e.code < 0 && *e.tag && *e.problem;
		} else {
			planned++;
			clean &= show_all(p, o, &seed, &out);
			render_free(p);
		}
		object_free(o);
	}
	printf("# %u opened, %u planned, %u refused\n", opened, planned, refused);
	OK(planned > MUTANTS / 4, "changed BTF is shown where it still makes sense");
	OK(refused > 0, "and refused where it does not");
	OK(clean, "with a reason, and no control characters in what is shown");
	buf_free(&out);
	free(copy);
	free(f.data);
}

static uint32_t countdown; /* the how manieth allocation from now fails; 0: none */

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

static bool fails(void)
{
	return countdown && !--countdown;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

static void no_memory(struct kit *k)
{
	uint32_t n, usage = kit_map(k, "usage"), heat = kit_map(k, "heat"),
		    wait = kit_map(k, "wait"), rows = kit_map(k, "rows"), wrong = 0, failed = 0;
	static uint8_t bytes[8192] = { 1, 2, 3 };
	bool done = false;

	for (n = 1; n < 10000 && !done; n++) {
		struct render_entries in = { bytes, bytes + 64, 1, 64, 5000 };
		struct abide_error e = { 0 };
		struct render_plan *p;
		struct buf out = { 0 };
		int err;

		countdown = n;
		err = render_open(k->o, &k->opts, &p, &e);
		if (!err)
			err = render_map(p, usage, &in, kit_now(), &out, &e);
		if (!err)
			err = render_map(p, heat, &in, kit_now(), &out, &e);
		if (!err)
			err = render_map(p, wait, &in, kit_now(), &out, &e);
		if (!err)
			err = render_event(p, rows, bytes, 100, kit_now(), &out, &e);
		done = countdown > 0;
		countdown = 0;
		failed += err == -ENOMEM;
		wrong += !done && (err != -ENOMEM || e.code != -ENOMEM);
		wrong += done && err;
		render_free(p);
		buf_free(&out);
	}
	printf("# %u allocations failed\n", failed);
	OK(done && failed > 20, "each allocation was made to fail");
	OK(!wrong, "and each failure is reported as one");
}

void test_hostile(struct kit *k)
{
	mutants(k);
	no_memory(k);
}
