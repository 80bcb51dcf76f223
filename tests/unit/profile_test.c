// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Profiles of small BTFs that the test makes: every kind, several kernels in one file, either byte
 * order; what is refused; damaged files; what users' words for kernels mean; the store.
 */
#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "image/image.h"
#include "profile/hash.h"
#include "profile/kernels.h"
#include "profile/kinds.h"
#include "profile/read.h"
#include "profile_kit.h"

/* Members and enumerators of which a later kernel has lost, got and moved some. */
static void make_long(struct bb *b, uint32_t s32, bool later)
{
	struct bb_member m[200];
	struct bb_value v[200];
	char names[200][16];
	uint32_t i, n = 0;

	for (i = 0; i < 200; i++) {
		snprintf(names[i], sizeof(names[i]), "%s_%" PRIu32, i % 50 == 7 && later ? "other" : "member", i);
		if (later && (i < 3 || (i > 90 && i < 170))) /* more in a row than the writer looks for */
			continue;
		m[n] = (struct bb_member)BB_AT(names[later && (i == 20 || i == 21) ? 41 - i : i], s32, 4 * n);
		v[n] = (struct bb_value){ names[i], (int64_t)(later ? i : 2 * i) };
		n++;
	}
	bb_struct(b, BTF_KIND_STRUCT, "long", 4 * n, false, n, m);
	bb_enum(b, BTF_KIND_ENUM, "longer", false, n, v);
	bb_enum(b, BTF_KIND_ENUM, "none_yet", false, later ? n : 0, v);
}

/* Every kind; @later: a kernel in which a struct has grown, a function's argument and a struct have gone. */
static void make(struct bb *b, bool later)
{
	uint32_t s32 = bb_int(b, "int", 4, BTF_INT_SIGNED, 0, 32), u64 = bb_int(b, "long unsigned int", 8, 0, 0, 64);
	uint32_t chr = bb_int(b, "char", 1, BTF_INT_SIGNED, 0, 8), array = bb_array(b, chr, s32, 16);
	struct bb_value plain[] = { { "OFF", 0 }, { "ON", 1 }, { "MINUS", -7 } }, wide[] = { { "BIG", INT64_C(0x123456789a) } };
	struct bb_member inner[] = { BB_BITS("a", s32, 0, 3), BB_BITS("b", s32, 3, 5) };
	uint32_t in = bb_struct(b, BTF_KIND_STRUCT, "", 4, true, 2, inner), self, task, proto, func, ptr, modifier;
	size_t at;

	bb_enum(b, BTF_KIND_ENUM, "power", true, 3, plain);
	bb_enum(b, BTF_KIND_ENUM, "", false, 2, plain);
	bb_enum(b, BTF_KIND_ENUM64, "size", false, 1, wide);
	self = bb_later(b, &at);
	{
		struct bb_member m[] = { BB_AT("parent", self, 0), BB_AT("comm", array, 8), BB_AT("", in, 24),
					 BB_AT(later ? "new" : "pid", s32, 28), BB_AT("more", u64, 32) };

		task = bb_struct(b, BTF_KIND_STRUCT, "task", later ? 40 : 32, false, later ? 5 : 4, m);
		bb_struct(b, BTF_KIND_UNION, "either", 16, false, 2, m);
	}
	bb_aim(b, at, task);
	/* Two of one name, as kernels have them. */
	bb_struct(b, BTF_KIND_STRUCT, "twice", 4, true, 2, inner);
	bb_struct(b, BTF_KIND_STRUCT, "twice", 8, true, 1, inner);
	if (!later)
		bb_struct(b, BTF_KIND_STRUCT, "gone", 4, true, 1, inner);
	make_long(b, s32, later);
	bb_ref(b, BTF_KIND_FWD, "elsewhere", 0);
	bb_ref(b, BTF_KIND_TYPEDEF, "task_t", task);
	modifier = bb_ref(b, BTF_KIND_CONST, "", bb_ref(b, BTF_KIND_VOLATILE, "", bb_ref(b, BTF_KIND_RESTRICT, "", self)));
	ptr = bb_ref(b, BTF_KIND_PTR, "", bb_ref(b, BTF_KIND_TYPE_TAG, "user", chr));
	{
		struct bb_arg args[] = { { "who", modifier }, { "text", ptr }, { "", 0 } };

		proto = bb_proto(b, s32, later ? 2 : 3, args);
		func = bb_ref(b, BTF_KIND_FUNC, "tell", proto);
		args[1].name = "text__nullable";
		bb_ref(b, BTF_KIND_FUNC, "tell_it", bb_proto(b, u64, 2, args));
		bb_ref(b, BTF_KIND_FUNC, "__traceiter_told", bb_proto(b, chr, 2, args));
		bb_ref(b, BTF_KIND_FUNC, "tell_again", bb_proto(b, 0, 1, args));
	}
	bb_type(b, "tag", BTF_KIND_DECL_TAG, false, 0, func);
	bb_u32(b, &b->types, later ? 1 : UINT32_MAX);
	bb_type(b, "counter", BTF_KIND_VAR, false, 0, u64);
	bb_u32(b, &b->types, 1);
	bb_type(b, ".data..percpu", BTF_KIND_DATASEC, false, 1, 64);
	bb_u32(b, &b->types, b->nr - 1);
	bb_u32(b, &b->types, 16);
	bb_u32(b, &b->types, 8);
	bb_ref(b, BTF_KIND_FLOAT, "double", 8);
}

struct made {
	struct bb b;
	struct btf_data *btf;
	struct profile_kernel k;
};

static void open_made(struct made *m, const char *name)
{
	struct abide_error e = { 0 };
	const void *bytes;
	size_t size;

	bytes = bb_finish(&m->b, &size);
	if (btf_open_mem(bytes, size, &m->btf, &e))
		OK(false, e.problem);
	m->k.btf = m->btf;
	profile_facts_of(m->btf, &m->k.facts);
	profile_hash(m->btf, m->k.facts.btf_hash);
	snprintf(m->k.facts.name, sizeof(m->k.facts.name), "%s", name);
}

static void close_made(struct made *m)
{
	btf_free(m->btf);
	bb_free(&m->b);
}

static void three(struct made m[3])
{
	memset(m, 0, 3 * sizeof(*m));
	m[2].b.swap = true;
	make(&m[0].b, false);
	make(&m[1].b, true);
	make(&m[2].b, false);
	open_made(&m[0], "old");
	open_made(&m[1], "new");
	open_made(&m[2], "other");
}

/* What fuzzing begins with: the kernels' BTF, the profile, and what is packed in it (tests/fuzz/profile.c). */
static void keep(const char *dir)
{
	struct abide_error e = { 0 };
	struct profile_kernel list[3];
	struct buf out = { 0 }, one;
	struct profile *p = NULL;
	struct btf_data *btf;
	struct made m[3];
	char path[4096];
	size_t size, at;
	uint32_t i;
	FILE *f;

	three(m);
	for (i = 0; i < 5; i++) {
		one = (struct buf){ 0 };
		if (i < 3) {
			list[i] = m[i].k;
			buf_u8(&one, 2);
			btf_bytes(m[i].btf, &size);
			buf_add(&one, btf_bytes(m[i].btf, &size), size);
		} else if (i == 3) {
			OK(!profile_write(list, 3, &out, &e) && !profile_open(out.data, out.size, &p, &e) &&
				   !profile_btf(p, 0, &btf, &e),
			   "a profile for fuzzing");
			btf_free(btf);
				buf_u8(&one, 0);
			buf_add(&one, out.data, out.size);
		} else {
			buf_u8(&one, 1 + 4 * 2); /* three kernels */
			at = buf_add(&one, NULL, p->unpacked_size);
			SAME(ZSTD_decompress(one.data + at, p->unpacked_size, p->packed.data, p->packed.size), p->unpacked_size,
			     "what is packed");
		}
		snprintf(path, sizeof(path), "%s/%" PRIu32, dir, i);
		f = fopen(path, "wb");
		OK(f && fwrite(one.data, 1, one.size, f) == one.size && !fclose(f), "a sample is written");
		buf_free(&one);
	}
	profile_free(p);
	buf_free(&out);
	for (i = 0; i < 3; i++)
		close_made(&m[i]);
}

/* Notes of three kernels: some in all, some in one; names that others begin with; a long one. */
static void make_notes(struct notes n[3])
{
	struct abide_error e = { 0 };
	char name[512];
	uint32_t i;

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (i = 0; i < 3; i++) {
		notes_add(&n[i], NOTE_KNOWS, KNOWS_SYMBOLS, NULL);
		notes_add(&n[i], NOTE_FUNCTION, "vfs_read", NULL);
		notes_add(&n[i], NOTE_FUNCTION, i ? "vfs_readv" : "vfs_r", NULL);
		notes_add(&n[i], NOTE_CONFIG, "HZ", i == 1 ? "1000" : "250");
		notes_add(&n[i], NOTE_NO_TRACE, "tell", NULL); /* functions that BTF has */
		notes_add(&n[i], NOTE_NO_TRACE, i ? "tell_again" : "tell_a", NULL);
		notes_add(&n[i], NOTE_AMBIGUOUS, "tell_again", i == 1 ? "3" : "2");
		notes_add(&n[i], NOTE_GONE, "tell", NULL);
		name[300] = (char)('a' + i);
		notes_add(&n[i], NOTE_SYMBOL, name, NULL);
		notes_add_config(&n[i], "# CONFIG_NOT is not set\nCONFIG_YES=y\nCONFIG_TEXT=\"a b\"\nCONFIG_BAD-NAME=y\nCONFIG_HZ");
		SAME(notes_finish(&n[i], &e), 0, "notes are sorted");
	}
}

static void same_notes(struct profile *p, const struct notes n[3])
{
	struct abide_error e = { 0 };
	struct notes back;
	uint32_t i, k, differ;
	const char *value;

	for (i = 3; i-- > 0;) {
		SAME(profile_notes(p, i, &back, &e), 0, "a kernel's notes");
		SAME(back.nr, n[i].nr, "are as many");
		for (k = 0, differ = 0; k < back.nr && k < n[i].nr; k++)
			differ += strcmp(notes_line(&back, k), notes_line(&n[i], k)) != 0;
		SAME(differ, 0, "and the same");
		OK(notes_find(&back, NOTE_CONFIG, "HZ", &value) && !strcmp(value, i == 1 ? "1000" : "250"), "with their values");
		OK(notes_find(&back, NOTE_CONFIG, "TEXT", &value) && !strcmp(value, "\"a b\""), "blanks included");
		OK(notes_find(&back, NOTE_FUNCTION, "vfs_read", &value) && !*value, "one without a value");
		OK(notes_find(&back, NOTE_FUNCTION, "vfs_r", NULL) == !i, "what others begin with is found only where it is");
		OK(notes_find(&back, NOTE_AMBIGUOUS, "tell_again", &value) && !strcmp(value, i == 1 ? "3" : "2"), "a described function's");
		OK(notes_find(&back, NOTE_NO_TRACE, "tell", &value) && !*value, "and one without a value");
		OK(!notes_find(&back, NOTE_FUNCTION, "vfs_rea", NULL) && !notes_find(&back, NOTE_CONFIG, "NOT", NULL),
		   "nothing else is");
		OK(notes_know(&back, KNOWS_CONFIG) && !notes_know(&back, KNOWS_TRACE), "what is known and what not");
		notes_free(&back);
	}
}

/* An id means the same type in all kernels of a set, and is a hole where a kernel has not got it. */
static void shared_ids(void)
{
	struct abide_error e = { 0 };
	struct btf_data *b[3] = { NULL };
	struct profile_kernel list[3];
	struct profile *p = NULL;
	struct buf out = { 0 };
	struct btf_info t;
	struct made m[3];
	uint32_t i, id, at = 0;
	size_t size;

	three(m);
	for (i = 0; i < 3; i++)
		list[i] = m[i].k;
	OK(!profile_write(list, 3, &out, &e) && !profile_open(out.data, out.size, &p, &e), "a profile of three kernels");
	for (i = 0; i < 3; i++)
		SAME(profile_btf(p, i, &b[i], &e), 0, "its BTF");
	id = btf_find(b[0], BTF_KIND_STRUCT, "gone");
	OK(id && btf_get(b[0], id, &t) && !strcmp(t.name, "gone"), "a struct that only some have");
	SAME(btf_find(b[2], BTF_KIND_STRUCT, "gone"), id, "has one id in these");
	SAME(btf_find(b[1], BTF_KIND_STRUCT, "gone"), 0, "is not found in the other");
	OK(!btf_get(b[1], id, &t), "is not got");
	SAME(btf_flavour(b[1], "gone", &at), 0, "nor by its essential name");
	SAME(btf_flavour(b[0], "gone___mine", &at), id, "by which the others have it");
	OK(btf_after(b[0], id - 1, ~0u) == id && btf_after(b[1], id - 1, ~0u) > id, "and is passed over");
	id = btf_find_type(b[0], "task");
	SAME(btf_find_type(b[1], "task"), id, "a struct that has changed has one id");
	OK(btf_get(b[0], id, &t) && t.size == 32 && btf_get(b[1], id, &t) && t.size == 40, "and each kernel's own content");
	OK(!btf_bytes(b[0], &size) && !size, "there are no bytes of it alone");
	for (i = 0; i < 3; i++) {
		btf_free(b[i]);
		close_made(&m[i]);
	}
	profile_free(p);
	buf_free(&out);
}

/* The name of a function's parameter. */
static const char *parameter(struct btf_data *b, const char *function, uint32_t i)
{
	struct btf_info t;
	struct btf_arg a;

	return btf_get(b, btf_find(b, BTF_KIND_FUNC, function), &t) && btf_get(b, t.type, &t) && btf_arg_at(b, &t, i, &a) ? a.name : NULL;
}

/* Something depends on some names of parameters; the others are left out. */
static void parameters(void)
{
	struct abide_error e = { 0 };
	struct btf_data *btf = NULL;
	struct profile *p = NULL;
	struct buf out = { 0 };
	struct made m[3];
	const char *name;

	three(m);
	OK(!profile_write(&m[0].k, 1, &out, &e) && !profile_open(out.data, out.size, &p, &e) && !profile_btf(p, 0, &btf, &e), "a profile");
	name = parameter(btf, "__traceiter_told", 0);
	OK(name && !strcmp(name, "who"), "an argument of a tracepoint has its name");
	name = parameter(btf, "tell_it", 1);
	OK(name && !strcmp(name, "text__nullable"), "what the verifier goes by stays");
	name = parameter(btf, "tell_it", 0);
	OK(name && !*name, "any other parameter's goes");
	btf_free(btf);
	profile_free(p);
	out.data[8] = PROFILE_VERSION - 1; /* as an abide before this one wrote it */
	SAME(profile_open(out.data, out.size, &p, &e), -EINVAL, "a profile of an older version is refused");
	OK(!strcmp(e.tag, "profile-version"), "as that");
	HAS(e.hint, "abide kernel add", "and it is said what to do");
	buf_free(&out);
	close_made(&m[0]);
	close_made(&m[1]);
	close_made(&m[2]);
}

static void round_trip(void)
{
	struct abide_error e = { 0 };
	struct profile_kernel list[3];
	struct profile *p = NULL;
	struct buf out = { 0 }, again = { 0 };
	struct notes notes[3] = { 0 };
	struct made m[3];
	char text[160];
	uint32_t i;

	three(m);
	make_notes(notes);
	OK(rows_differ(m[0].btf, m[1].btf) > 0, "the comparison sees differences");
	SAME(rows_differ(m[0].btf, m[2].btf), 0, "and none in the byte order");
	for (i = 0; i < 3; i++) {
		list[i] = m[i].k;
		list[i].notes = &notes[i];
	}
	SAME(profile_write(list, 3, &out, &e), 0, "three kernels in one profile");
	profile_write(list, 3, &again, &e);
	OK(out.size == again.size && !memcmp(out.data, again.data, out.size), "the same input gives the same bytes");
	SAME(profile_open(out.data, out.size, &p, &e), 0, "it opens");
	SAME(profile_count(p), 3, "it has three kernels");
	for (i = 3; i-- > 0;) { /* in any order */
		struct btf_data *btf = NULL;

		SAME(profile_btf(p, i, &btf, &e), 0, "its BTF opens");
		snprintf(text, sizeof(text), "%s: all types are the same", profile_facts(p, i)->name);
		SAME(btf ? rows_differ(m[i].btf, btf) : 99, 0, text);
		OK(btf && btf_other_endian(btf) == (i == 2), "in its own byte order");
		OK(!memcmp(profile_facts(p, i)->btf_hash, m[i].k.facts.btf_hash, 32), "the hash is that of the kernel's BTF");
		btf_free(btf);
	}
	same_notes(p, notes);
	profile_free(p);
	buf_free(&out);
	buf_free(&again);
	for (i = 0; i < 3; i++) {
		notes_free(&notes[i]);
		close_made(&m[i]);
	}
}

static void hashes(void)
{
	static const uint8_t abc[32] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
					 0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
					 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad };
	static const uint8_t two[32] = { 0x24, 0x8d, 0x6a, 0x61, 0xd2, 0x06, 0x38, 0xb8, 0xe5, 0xc0, 0x26,
					 0x93, 0x0c, 0x3e, 0x60, 0x39, 0xa3, 0x3c, 0xe4, 0x59, 0x64, 0xff,
					 0x21, 0x67, 0xf6, 0xec, 0xed, 0xd4, 0x19, 0xdb, 0x06, 0xc1 };
	uint8_t out[32];

	hash_sha256("abc", 3, out);
	OK(!memcmp(out, abc, 32), "SHA-256 of FIPS 180's example of one block");
	hash_sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, out);
	OK(!memcmp(out, two, 32), "and of two");
}

/* A BTF that must be refused. */
static void refuse(struct made *m, const char *part)
{
	struct abide_error e = { 0 };
	struct buf out = { 0 };

	open_made(m, "bad");
	OK(profile_write(&m->k, 1, &out, &e) < 0, "a hostile BTF is refused");
	HAS(e.problem, part, "and it is said why");
	buf_free(&out);
	close_made(m);
	memset(m, 0, sizeof(*m));
}

static void refusals(void)
{
	struct made m = { 0 };
	char name[600];
	uint32_t i;
	size_t at;

	bb_ref(&m.b, BTF_KIND_PTR, "", bb_later(&m.b, &at));
	bb_aim(&m.b, at, 2);
	refuse(&m, "contains itself");
	bb_ref(&m.b, BTF_KIND_CONST, "", 9);
	refuse(&m, "refers to type 9");
	for (i = 0; i < 300; i++)
		bb_ref(&m.b, BTF_KIND_PTR, "", i < 299 ? i + 2 : 0);
	refuse(&m, "nested too deep");
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	bb_int(&m.b, name, 4, 0, 0, 32);
	refuse(&m, "more than 511 characters");
}

/* Whatever is cut or changed: an error or a profile, never a crash. */
static void damage(void)
{
	struct abide_error e = { 0 };
	struct profile_kernel list[3];
	struct notes notes[3] = { 0 }, back;
	struct buf out = { 0 };
	uint32_t i, opened = 0;
	struct made m[3];
	size_t n;

	three(m);
	make_notes(notes);
	for (i = 0; i < 3; i++) {
		list[i] = m[i].k;
		list[i].notes = &notes[i];
	}
	profile_write(list, 3, &out, &e);
	for (n = 0; n < 2 * out.size; n++) {
		size_t size = n < out.size ? n : out.size;
		uint8_t *copy = malloc(size + 1);
		struct btf_data *btf = NULL;
		struct profile *p = NULL;

		memcpy(copy, out.data, size);
		if (n >= out.size)
			copy[n - out.size] ^= 0x55;
		memset(&back, 0, sizeof(back));
		if (!profile_open(copy, size, &p, &e) && !profile_btf(p, 0, &btf, &e) && !profile_notes(p, 0, &back, &e))
			opened += n < out.size;
		notes_free(&back);
		btf_free(btf);
		profile_free(p);
		free(copy);
	}
	SAME(opened, 0, "a cut profile never opens");
	buf_free(&out);
	for (i = 0; i < 3; i++) {
		notes_free(&notes[i]);
		close_made(&m[i]);
	}
}

static void write_file(const char *path, const void *data, size_t size)
{
	FILE *f = fopen(path, "wb");

	OK(f && fwrite(data, 1, size, f) == size && !fclose(f), "a file of the test is written");
}

static const char *found(struct kernels *ks, const char *what)
{
	static char names[400];
	struct kernel_list l = { 0 };
	struct abide_error e = { 0 };
	uint32_t i;

	names[0] = '\0';
	if (kernels_find(ks, what, &l, &e))
		snprintf(names, sizeof(names), "%s", e.tag);
	for (i = 0; i < l.nr; i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s", i ? " " : "", kernels_facts(ks, l.items[i])->name);
	free(l.items);
	return names;
}

static uint32_t other_endian(struct kernels *ks)
{
	uint32_t i, nr = 0;

	for (i = 0; i < kernels_count(ks); i++)
		nr += kernels_facts(ks, i)->big_endian != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	return nr;
}

static void store(void)
{
	char dir[] = "/tmp/abide-profile-XXXXXX", path[PATH_MAX], profile[PATH_MAX];
	struct abide_error e = { 0 };
	struct profile_facts f;
	struct kernels *ks = NULL;
	struct btf_data *btf;
	struct kernel_list l = { 0 };
	struct made m = { 0 };
	const void *bytes;
	uint32_t builtin;
	uint8_t hash[32];
	size_t size;

	OK(mkdtemp(dir), "a directory for the store");
	setenv("XDG_DATA_HOME", dir, 1);
	make(&m.b, false);
	open_made(&m, "x");
	snprintf(path, sizeof(path), "%s/9.1.7-test.btf", dir);
	bytes = btf_bytes(m.btf, &size);
	write_file(path, bytes, size);

	SAME(kernels_open(&ks, &e), 0, "kernels without a store");
	builtin = kernels_count(ks);
	OK(builtin >= 7, "the built-in set has the matrix's kernels");
	HAS(found(ks, "5.10"), "5.10.", "the beginning of a name is enough");
	HAS(found(ks, "6.1"), "6.1.", "6.1 is not 6.12 or 6.18");
	HAS(found(ks, "6.12.107+deb13-s390x"), "s390x", "a kernel of another machine by its name");
	HAS(found(ks, "6.13"), "kernel-unknown", "no such kernel");
	HAS(found(ks, path), "9.1.7-test", "a file is a kernel");
	HAS(found(ks, path), "9.1.7-test", "and is read once");
	SAME(kernels_count(ks), builtin + 1, "as one kernel");
	SAME(kernels_find(ks, "/nonexistent/x", &l, &e), -ENOENT, "a file that is not there");
	SAME(kernels_find(ks, path, &l, &e), 0, "a file again");
	SAME(kernels_btf(ks, l.items[0], &btf, &e), 0, "its BTF");
	OK(!kernels_hash(ks, l.items[0], hash, &e) && !memcmp(hash, m.k.facts.btf_hash, 32), "its hash");
	SAME(rows_differ(m.btf, btf), 0, "is the file's");
	free(l.items);
	memset(&l, 0, sizeof(l));
	kernels_close(ks);

	SAME(kernels_add(path, NULL, false, &f, &e), 0, "the file is added");
	HAS(f.release, "9.1.7-test", "its name is like a release");
	SAME(kernels_add(path, NULL, false, &f, &e), -EEXIST, "not twice");
	SAME(kernels_add(path, NULL, true, &f, &e), 0, "unless forced");
	SAME(kernels_add(path, "../../x", false, &f, &e), -EINVAL, "no name leads out of the store");
	SAME(kernels_add(path, "mine", false, &f, &e), 0, "under another name");
	snprintf(profile, sizeof(profile), "%s/abide/kernels/broken.kernel", dir);
	write_file(profile, "ABIDEKRN\3\0\0\0", 12);
	SAME(kernels_open(&ks, &e), 0, "a damaged profile hides no others");
	SAME(kernels_count(ks), builtin + 3, "all are listed");
	SAME(kernels_find(ks, "9.1", &l, &e), 0, "the added one is found");
	SAME(kernels_btf(ks, l.items[0], &btf, &e), 0, "its BTF opens");
	SAME(rows_differ(m.btf, btf), 0, "and is what was added");
	l.nr = 0;
	SAME(kernels_find(ks, "broken", &l, &e), 0, "the damaged one is found");
	OK(kernels_btf(ks, l.items[0], &btf, &e) < 0, "and refused");
	HAS(e.problem, "damaged", "as damaged");
	l.nr = 0;
	SAME(kernels_find(ks, "all", &l, &e), 0, "all");
	SAME(l.nr, builtin + 3 - other_endian(ks), "is all profiles of this byte order");
	free(l.items);
	kernels_close(ks);
	SAME(kernels_remove("mine", &e), 0, "one is removed");
	SAME(kernels_remove("mine", &e), -ENOENT, "once");
	SAME(kernels_remove("6.1.0-50-cloud-amd64", &e), -ENOENT, "a built-in one cannot be removed");
	kernels_remove("9.1.7-test", &e);
	kernels_remove("broken", &e);
	unlink(path);
	snprintf(path, sizeof(path), "%s/abide/kernels", dir);
	rmdir(path);
	snprintf(path, sizeof(path), "%s/abide", dir);
	rmdir(path);
	SAME(rmdir(dir), 0, "the store is empty again");
	close_made(&m);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		keep(argv[1]);
	hashes();
	round_trip();
	parameters();
	shared_ids();
	refusals();
	damage();
	store();
	return kit_done();
}
