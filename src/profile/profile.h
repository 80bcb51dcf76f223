/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROFILE_PROFILE_H
#define ABIDE_PROFILE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/notes.h"
#include "object/btf.h"
#include "util/buf.h"
#include "util/error.h"

/*
 * Kernel profiles: all types, enumerators, functions and prototypes of one or several
 * kernels' BTF, merged, and what is known of each. Nothing that a program can depend on is
 * left out: a profile gives a BTF back that holds the same types, under other ids, but for the names of
 * most parameters (profile/kinds.h). What a kernel tells beside its BTF (image/notes.h) is in it, too.
 */
#define PROFILE_KERNELS 32 /* in one file: a bit each */

struct profile_facts {
	char name[96];    /* what users call it */
	char release[96]; /* uname -r; "" when nobody knows */
	char machine[16]; /* "x86_64", "arm64", "s390x" ...; "unknown" */
	char source[64];  /* the kind of file it was read from */
	bool big_endian;
	uint64_t btf_size;    /* bytes of the kernel's own BTF ... */
	uint8_t btf_hash[32]; /* ... and their SHA-256; of kernels that are in a profile */
};

struct profile_kernel { /* what a profile is made of; borrowed */
	struct profile_facts facts;
	const struct btf_data *btf;
	const struct notes *notes; /* NULL: nothing else is known */
};

/* Merge @n kernels into one file. The same input gives the same bytes. */
int profile_write(const struct profile_kernel *kernels, uint32_t n, struct buf *out,
                  struct abide_error *e);

/* An open file. The bytes are borrowed and looked at when a kernel is asked for. */
struct profile;
int profile_open(const void *data, size_t size, struct profile **out, struct abide_error *e);
void profile_free(struct profile *p);
uint32_t profile_count(const struct profile *p);
const struct profile_facts *profile_facts(const struct profile *p, uint32_t i);

/*
 * The BTF of kernel @i, to be freed before the profile. The first call unpacks the types of all its kernels
 * (some 20 ms for seven), further kernels cost next to nothing.
 */
int profile_btf(struct profile *p, uint32_t i, struct btf_data **btf, struct abide_error *e);

/* Give back what unpacking took, most of it by far, when no BTF of it is open; the next profile_btf unpacks again. */
void profile_trim(struct profile *p);

/* What else is known of kernel @i, into @out. The first call unpacks it for all (some 5 ms for seven kernels). */
int profile_notes(struct profile *p, uint32_t i, struct notes *out, struct abide_error *e);

/* Facts of a BTF: byte order, size and machine; the rest is the caller's. */
void profile_facts_of(struct btf_data *btf, struct profile_facts *f);
/* The hash of a BTF's bytes: some 20 ms for a kernel's. */
void profile_hash(const struct btf_data *btf, uint8_t hash[32]);

#endif
