/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The user events of a small application, with a field of every kind. With -DMOVED its own structs
 * are others: members have moved, have other names and sizes, or lie behind pointers; what is promised
 * is the same. With -DBROKEN it breaks promises.
 */
#include <abide/event.h>
#include <stdbool.h>

enum level { LOW, MIDDLE, HIGH = 70000 };

struct account {
#ifdef MOVED
	char before[40];
	char nick[32];
	unsigned long long number;
#else
	unsigned id;
	char nick[16];
#endif
};

struct session {
	int tries;
	struct account *account;
};

struct peer {
#ifdef MOVED
	struct session *session;
	short descriptor; /* was an int */
#else
	int fd;
	struct session *session;
#endif
	struct peer *next;
};

struct thing {
#ifdef MOVED
	struct peer *peer;
	const char *text;
	struct {
		unsigned long long u64;
		short narrow[3];
	} inner;
	unsigned pad : 3, three : 3;
	int minus : 5;
	unsigned long long wide : 40;
	long s64;
	signed char s8;
	unsigned char u8;
	short s16;
	unsigned short u16;
	int s32;
	unsigned u32;
	unsigned long long big;
	long long small;
	bool yes;
	enum level level;
	signed char bytes_s[4];
	unsigned numbers[5];
	unsigned char mac[6];
	char name[16];
	void *any;
#else
	unsigned char u8;
	signed char s8;
	unsigned short u16;
	short s16;
	unsigned u32;
	int s32;
	unsigned long u64;
	long s64;
	bool yes;
	enum level level;
	unsigned three : 3;
	int minus : 5;
	unsigned long long wide : 40;
	short small;
	unsigned big;
	short narrow[3];
	signed char bytes_s[4];
	unsigned numbers[5];
	unsigned char mac[6];
	char name[16];
	const char *text;
	struct peer *peer;
	void *any;
#endif
};

DECLARE_STRUCT_USER(peer_user, struct peer);
DEFINE_STRUCT_USER(thing_user, struct thing,
	FIELD_USER(u8), FIELD_USER(s8), FIELD_USER(u16), FIELD_USER(s16), FIELD_USER(u32), FIELD_USER(s32),
#ifdef MOVED
	FIELD_USER_TYPE(unsigned long, u64, inner.u64),
#else
	FIELD_USER_TYPE(unsigned long, u64),
#endif
	FIELD_USER(s64), FIELD_USER(yes), FIELD_USER(level), FIELD_USER_BITS(three), FIELD_USER_SBITS(minus),
	FIELD_USER_TYPE(long, small), FIELD_USER_TYPE(unsigned, big),
#ifdef MOVED
	FIELD_USER_ARRAY(narrow, inner.narrow),
#else
	FIELD_USER_ARRAY(narrow),
#endif
	FIELD_USER_ARRAY(bytes_s), FIELD_USER_DOC(FIELD_USER_ARRAY(numbers), "ns", "five \"times\" /* */"),
	FIELD_USER_BYTES(mac), FIELD_USER_CHARS(name), FIELD_USER_STR(text), FIELD_USER_PTR(peer_user, peer),
	FIELD_USER_ADDR(any),
#ifdef BROKEN
	FIELD_USER_TYPE(unsigned long, account, peer, session, account, id),
#elif defined(MOVED)
	FIELD_USER_TYPE(unsigned, account, peer, session, account, number),
#else
	FIELD_USER_TYPE(unsigned, account, peer, session, account, id),
#endif
	FIELD_USER(tries, peer, session, tries), FIELD_USER_TYPE(unsigned, level_again, level));
DEFINE_STRUCT_USER(peer_user, struct peer,
#ifdef MOVED
	FIELD_USER_TYPE(int, fd, descriptor),
#elif defined(BROKEN)
	FIELD_USER_TYPE(int, descriptor, fd),
#else
	FIELD_USER_TYPE(int, fd),
#endif
	FIELD_USER_PTR(peer_user, next));
DOC_STRUCT_USER(peer_user, "who is at the other end");

DEFINE_EVENT_USER(things, seen, ARG_USER(thing_user, thing));
DOC_EVENT_USER(things, seen, "a thing came by");
DEFINE_EVENT_USER(things, args, ARG_USER_NUMBER(unsigned char, u8), ARG_USER_NUMBER(short, s16), ARG_USER_NUMBER(int, s32),
	ARG_USER_NUMBER(unsigned long, u64), ARG_USER_NUMBER(bool, yes), ARG_USER_STR(text), ARG_USER_ADDR(any),
	ARG_USER(peer_user, peer));
#ifndef BROKEN
DEFINE_EVENT_USER(things, gone, ARG_USER(thing_user, thing), ARG_USER_NUMBER(int, why));
#endif
