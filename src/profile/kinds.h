/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROFILE_KINDS_H
#define ABIDE_PROFILE_KINDS_H

#include <linux/btf.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * A profile's file, all numbers little-endian:
 *
 *	"ABIDEKRN" u32 version, u32 kernels, u32 size of the facts, u32 size of the types,
 *	u32 their unpacked size, u32 unpacked size of the notes
 *	facts: for each kernel name, release, machine, source (NUL-terminated), u8 big_endian,
 *	       u64 btf_size, 32 bytes of hash
 *	the types: one zstd frame
 *	the notes: another, which the file ends with
 *
 * Types, unpacked: columns, each behind its size (u32): one byte for each unnamed entry, its kind; then
 * for each kind those of enum column. Each COL_NAME token is a named entry.
 *
 * An entry is one type of any of the kernels. Named ones are (kind, name, how many of that
 * kind and name came before it in its kernel); unnamed ones are what they contain. A named
 * entry has versions, one for each content that some kernel has, with the set of its kernels.
 * Content refers to entries, so "struct task_struct *" is one entry for all kernels.
 *
 * Named entries come first, by kind and name. Unnamed ones are numbered when the first
 * reference to them is written, so most references are "the next new one". The same goes
 * for strings: each is written where it is first used, in the column of that kind of use,
 * without what it shares with the string before it there.
 *
 * A token refers to an entry or string: one byte 0 is the next new one, 1 is none (void, or ""), else three bytes,
 * the highest first, of 0x800000 + number (entry N is N + 1, the first string is 1). Numbers are LEB128; differences are zigzag first.
 *
 * The elements of a second or later version are told as runs, in COL_COPY: how many of the version before it
 * to pass over, how many are new, how many then are as there, until all are there. What is as there takes
 * no tokens; its numbers it has.
 *
 * Names of parameters are kept only where something depends on them: those of tracepoints' iterators, and names
 * that end as the verifier has it ("p__nullable").
 *
 * Notes, unpacked: u32 lines, u32 size of the references; a set of kernels for each line; one byte for each: how
 * much it shares with the last line that was no reference, or PROFILE_REFERENCE; the references; then the rest of each
 * with its NUL. A reference is how far the function's entry is behind that of the reference before it, of the
 * same tag; the rest is then the line without " NAME". Lines are those of image/notes.h of all kernels, sorted.
 */
#define PROFILE_MAGIC     "ABIDEKRN"
#define PROFILE_VERSION   3
#define PROFILE_UNPACKED  (128u << 20) /* bytes; seven kernels take 5 MiB */
#define PROFILE_LINE      1024 /* bytes of a line of notes, NUL included */
#define PROFILE_NEXT      0 /* tokens */
#define PROFILE_NONE      1
#define PROFILE_OLD       0x800000u
#define PROFILE_REFERENCE 255
#define PROFILE_SHARED    254 /* no more is told */

enum column {
	COL_NAME,  /* tokens: names of named entries, before all else */
	COL_TYPE,  /* tokens of types */
	COL_WORD,  /* tokens of other names */
	COL_HEAD,  /* elements and kflag; sizes */
	COL_NUM,   /* offsets, values and the like */
	COL_COUNT, /* versions of named entries */
	COL_MASK,  /* the kernels of each */
	COL_COPY,  /* what versions have of the one before */
	COL_OWN_SHARED,  /* a byte for each of COL_OWN: how much it shares with the one before */
	COL_OWN,         /* strings: names of the entries */
	COL_ELEM_SHARED, /* the same for COL_ELEM */
	COL_ELEM,        /* strings: names of members, enumerators and parameters */
	COL_NR,
};

enum word { /* what one of a record's words is; the letters of kind_words */
	    WORD_TYPE = 't',
	    WORD_NAME = 'n',
	    WORD_NUM = 'u',   /* as it is */
	    WORD_DELTA = 'd', /* less the same word of the element before */
	    WORD_SIZE = 's',  /* as it is, in COL_HEAD */
	    WORD_ZERO = '0',  /* nothing there */
};

struct kind_words {
	char third; /* btf_type.size or .type */
	uint8_t nr_extra, nr_element;
	const char extra[4];   /* once */
	const char element[4]; /* for each of vlen */
	bool named;            /* its name tells which it is (where it has one) */
	bool tag;              /* it has a name, which is part of its content */
};

/* Is the word a token, so that a version may have it of the one before? */
static inline bool word_is_token(char what)
{
	return what == WORD_TYPE || what == WORD_NAME;
}

#define PROFILE_KINDS (BTF_KIND_ENUM64 + 1)

static const struct kind_words kind_words[PROFILE_KINDS] = {
	[BTF_KIND_INT] = { 's', 1, 0, "u", "", true, false },
	[BTF_KIND_PTR] = { 't', 0, 0, "", "", false, false },
	[BTF_KIND_ARRAY] = { '0', 3, 0, "ttu", "", false, false },
	[BTF_KIND_STRUCT] = { 's', 0, 3, "", "ntd", true, false },
	[BTF_KIND_UNION] = { 's', 0, 3, "", "ntd", true, false },
	[BTF_KIND_ENUM] = { 's', 0, 2, "", "nd", true, false },
	[BTF_KIND_FWD] = { '0', 0, 0, "", "", true, false },
	[BTF_KIND_TYPEDEF] = { 't', 0, 0, "", "", true, false },
	[BTF_KIND_VOLATILE] = { 't', 0, 0, "", "", false, false },
	[BTF_KIND_CONST] = { 't', 0, 0, "", "", false, false },
	[BTF_KIND_RESTRICT] = { 't', 0, 0, "", "", false, false },
	[BTF_KIND_FUNC] = { 't', 0, 0, "", "", true, false },
	[BTF_KIND_FUNC_PROTO] = { 't', 0, 2, "", "nt", false, false },
	[BTF_KIND_VAR] = { 't', 1, 0, "u", "", true, false },
	[BTF_KIND_DATASEC] = { 's', 0, 3, "", "tdu", true, false },
	[BTF_KIND_FLOAT] = { 's', 0, 0, "", "", true, false },
	[BTF_KIND_DECL_TAG] = { 't', 1, 0, "d", "", false, true },
	[BTF_KIND_TYPE_TAG] = { 't', 0, 0, "", "", false, true },
	[BTF_KIND_ENUM64] = { 's', 0, 3, "", "ndd", true, false },
};

#endif
