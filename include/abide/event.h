/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_EVENT_H
#define ABIDE_EVENT_H

/*
 * User events of an application: places in its code that verified eBPF programs can be
 * attached to while it runs. A place that nobody listens to costs a load and a branch that is
 * not taken; its arguments are not evaluated. C11 and C++17, gcc and clang, 64-bit Linux.
 * Link with libabide-event (pkg-config libabide-event).
 *
 *	#include <abide/event.h>
 *
 *	DEFINE_STRUCT_USER(conn_user, struct conn,
 *		FIELD_USER(fd),
 *		FIELD_USER_CHARS(peer));
 *	DEFINE_STRUCT_USER(query_user, struct query,
 *		FIELD_USER(id),
 *		FIELD_USER(rows, result.rows),            the member result.rows
 *		FIELD_USER(owner, session, account, id),  session->account->id
 *		FIELD_USER_BITS(cached),
 *		FIELD_USER_STR(text),
 *		FIELD_USER_PTR(conn_user, conn));
 *	DEFINE_EVENT_USER(mydb, query_done, ARG_USER(query_user, query), ARG_USER_NUMBER(int, status));
 *	...
 *		EVENT_USER(mydb, query_done, q, 0);
 *
 * and a program, whose header "abide header BINARY" prints:
 *
 *	SEC("tp_user/mydb:query_done")
 *	int BPF_PROG(done, struct query_user *query, int status)
 *
 * What is named here is an ABI: programs know the events, their arguments, and the fields by
 * these names and in this order. Members may move, change their size and get other names; fields
 * and arguments are only ever added behind the others. "abide lock BINARY" checks that.
 *
 * Definitions stand at file scope (C++: also in namespaces), in a source file or in a header that many
 * include; each such file carries a copy of the descriptions (about 80 bytes a field), unless it
 * defines ABIDE_USER_NO_RECORDS before this header: then it has types and sites only, and some
 * other file of the same executable or library has the descriptions.
 *
 * Fields. NAME is the stable name. Without PATH it is the member's name, too. PATH is a member
 * ("a.b.c": of embedded structs and unions; "a[2]"), behind up to four pointers to follow. A pointer that
 * is NULL, or junk, makes the field 0.
 *
 *	FIELD_USER(NAME, PATH...)               an integer, bool or enum
 *	FIELD_USER_TYPE(TYPE, NAME, PATH...)    the same, promised as TYPE whatever the member's size is
 *	FIELD_USER_BITS(NAME, PATH...)          an unsigned bit-field; FIELD_USER_SBITS: a signed one
 *	FIELD_USER_ARRAY(NAME, PATH...)         an array of integers
 *	FIELD_USER_CHARS(NAME, PATH...)         char[N], text
 *	FIELD_USER_BYTES(NAME, PATH...)         unsigned char[N]
 *	FIELD_USER_STR(NAME, PATH...)           char *, text that ends with a NUL
 *	FIELD_USER_PTR(STRUCT, NAME, PATH...)   a pointer to another user-ized struct
 *	FIELD_USER_ADDR(NAME, PATH...)          any other pointer, as a number
 *	FIELD_USER_DOC(FIELD_USER...(...), "UNIT", "MEANING")  with a unit ("ns", "bytes", "") and its meaning
 *
 * Arguments of an event, at most 12; NAME is the stable name.
 *
 *	ARG_USER(STRUCT, NAME)                  pointer to a user-ized struct
 *	ARG_USER_NUMBER(TYPE, NAME)             an integer, bool or enum
 *	ARG_USER_STR(NAME)                      const char *
 *	ARG_USER_ADDR(NAME)                     any pointer, as a number
 *
 * DECLARE_STRUCT_USER(STRUCT, TYPE) says beforehand what STRUCT stands for, where two point to each other.
 * DOC_STRUCT_USER(STRUCT, "MEANING") and DOC_EVENT_USER(PROVIDER, NAME, "MEANING") document them.
 *
 * EVENT_USER is a statement. It may stand in signal handlers, constructors, destructors and threads of any
 * kind, and leaves errno alone. A program uses up to 5 KiB of the stack of the thread that comes by.
 */
#include <stddef.h>
#include <stdint.h>

#if !defined(__SIZEOF_POINTER__) || __SIZEOF_POINTER__ != 8
#error "user events need a 64-bit machine"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Listen for "abide run -p PID": starts one thread, with all signals blocked, and a socket in the user's
 * runtime directory. 0 or -errno. ABIDE_EVENT=1 in the environment does it at start. Until
 * then the library has no thread, no descriptor and no memory. Twice is once.
 */
int abide_event_start(void) __attribute__((visibility("default")));
/* Detach all that is attached, end that thread, remove the socket. */
void abide_event_stop(void) __attribute__((visibility("default")));

/* From here on: what the macros are made of. */
struct abide_event_state { /* of an event, one in each executable or library */
	const void *armed;  /* NULL: nobody listens */
	const void *record;
	uint32_t magic, size;
	uint64_t reserved;
} __attribute__((aligned(32)));

struct abide_event_module { /* an executable or library with events */
	uint32_t version, size;
	const void *records, *records_end;
	struct abide_event_state *states, *states_end;
	struct abide_event_module *next;
	void *info; /* the library's */
	uint32_t registered, reserved;
};

void abide_event_fire(struct abide_event_state *state, const uint64_t *args, unsigned nr_args)
	__attribute__((visibility("default")));
void abide_event_register(struct abide_event_module *module) __attribute__((visibility("default")));
void abide_event_unregister(struct abide_event_module *module) __attribute__((visibility("default")));

/*
 * Records, in the section "abide_user": no address in them, so they are read from the file
 * as well. A record is a head, its strings, then .nr items, each with its strings; zeros fill up.
 */
#define ABIDE_USER_MAGIC   0x55644241u /* "ABdU" */
#define ABIDE_USER_STATE   0x53644241u /* "ABdS" */
#define ABIDE_USER_VERSION 1
enum abide_user_record { ABIDE_USER_STRUCT = 1, ABIDE_USER_EVENT, ABIDE_USER_STRUCT_DOC, ABIDE_USER_EVENT_DOC };
enum abide_user_kind {
	ABIDE_USER_NUM = 1,
	ABIDE_USER_CHARS,
	ABIDE_USER_BYTES,
	ABIDE_USER_PTR,
	ABIDE_USER_STR,
	ABIDE_USER_ADDR,
	ABIDE_USER_BITS, /* its bits are those that are set in the sample */
};

struct abide_user_head { /* then: struct: its name, the real type; event: provider, name; documents: these, text */
	uint32_t magic;
	uint16_t version, kind;
	uint32_t size;      /* of the record */
	uint32_t items_at;  /* from its start */
	uint32_t nr;
	uint32_t real_size; /* sizeof the real struct */
};

struct abide_user_field { /* then: "name, path", target, unit, doc; sample */
	uint32_t size;        /* of this item */
	uint8_t kind, is_signed, nr_hops, reserved;
	uint32_t stable_size; /* of an element */
	uint32_t real_size;   /* of an element; BITS: of the sample */
	uint32_t count;
	uint32_t hops[4];
	uint32_t offset;
	uint32_t sample_at;   /* from the start of the item */
};

struct abide_user_arg { /* then: name, target */
	uint32_t size;
	uint8_t kind, is_signed, reserved[2];
	uint32_t real_size;
};

#ifdef __cplusplus
}
#define ABIDE_C_BEGIN extern "C" {
#define ABIDE_C_END   }
#define ABIDE_ASSERT  static_assert
template <class T, bool is_enum = __is_enum(T)> struct abide_number {
	static constexpr bool is_integer = T(1) / 2 == 0, is_signed = !(T(0) < T(-1));
};
template <class T> struct abide_number<T, true> : abide_number<__underlying_type(T)> {
};
template <class T> struct abide_bare {
	typedef T type;
};
template <class T> struct abide_bare<const T> : abide_bare<T> {
};
template <class T> struct abide_bare<volatile T> : abide_bare<T> {
};
template <class T> struct abide_bare<const volatile T> : abide_bare<T> {
};
template <class T> struct abide_bare<T &> : abide_bare<T> {
};
template <class A, class B> struct abide_same {
	static constexpr bool yes = false;
};
template <class A> struct abide_same<A, A> {
	static constexpr bool yes = true;
};
#define ABIDE_TYPEOF(...)      abide_bare<__typeof__(__VA_ARGS__)>::type
#define ABIDE_SAME(A, B)       (abide_same<abide_bare<A>::type, abide_bare<B>::type>::yes)
#define ABIDE_SIGNED(T)        abide_number<abide_bare<T>::type>::is_signed
#define ABIDE_INTEGER(T)       abide_number<abide_bare<T>::type>::is_integer
#else
#define ABIDE_C_BEGIN
#define ABIDE_C_END
#define ABIDE_ASSERT           _Static_assert
#define ABIDE_TYPEOF(...)      __typeof__(__VA_ARGS__)
#define ABIDE_SAME(A, B)       __builtin_types_compatible_p(A, B)
#define ABIDE_SIGNED(T)        (!((T)0 < (T)-1))
#define ABIDE_INTEGER(T)       ((T)1 / 2 == 0)
#endif

#if defined(__has_attribute)
#if __has_attribute(retain)
#define ABIDE_RETAIN , retain
#endif
#endif
#ifndef ABIDE_RETAIN
#define ABIDE_RETAIN
#endif
#define ABIDE_RECORD __attribute__((section("abide_user"), used ABIDE_RETAIN, aligned(8)))
#define ABIDE_STATE  __attribute__((section("abide_state"), weak, visibility("hidden"), used ABIDE_RETAIN))

/* The preprocessor's. */
#define ABIDE_OPEN(...)     __VA_ARGS__
#define ABIDE_CALL(m, ...)  m(__VA_ARGS__)
#define ABIDE_CAT_(a, b)    a##b
#define ABIDE_CAT(a, b)     ABIDE_CAT_(a, b)
#define ABIDE_65TH(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, \
	a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31, a32, a33, a34, a35, \
	a36, a37, a38, a39, a40, a41, a42, a43, a44, a45, a46, a47, a48, a49, a50, a51, a52, \
	a53, a54, a55, a56, a57, a58, a59, a60, a61, a62, a63, a64, n, ...) n
#define ABIDE_COUNT(...) ABIDE_65TH(__VA_ARGS__, 64, 63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, \
	43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, \
	22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)

/* PATH... behind NAME: the type that has the member, the member, the pointers' offsets. */
#define ABIDE_BEHIND(T, p)              __typeof__(*((T *)0)->p)
#define ABIDE_IN_1(T, m)                T
#define ABIDE_IN_2(T, n, m)             T
#define ABIDE_IN_3(T, n, a, m)          ABIDE_BEHIND(T, a)
#define ABIDE_IN_4(T, n, a, b, m)       ABIDE_BEHIND(ABIDE_BEHIND(T, a), b)
#define ABIDE_IN_5(T, n, a, b, c, m)    ABIDE_BEHIND(ABIDE_IN_4(T, n, a, b, m), c)
#define ABIDE_IN_6(T, n, a, b, c, d, m) ABIDE_BEHIND(ABIDE_IN_5(T, n, a, b, c, m), d)
#define ABIDE_IN(T, ...)                ABIDE_CAT(ABIDE_IN_, ABIDE_COUNT(__VA_ARGS__))(T, __VA_ARGS__)
#define ABIDE_LAST_1(m)                 m
#define ABIDE_LAST_2(n, m)              m
#define ABIDE_LAST_3(n, a, m)           m
#define ABIDE_LAST_4(n, a, b, m)        m
#define ABIDE_LAST_5(n, a, b, c, m)     m
#define ABIDE_LAST_6(n, a, b, c, d, m)  m
#define ABIDE_LAST(...)                 ABIDE_CAT(ABIDE_LAST_, ABIDE_COUNT(__VA_ARGS__))(__VA_ARGS__)
#define ABIDE_NR_HOPS_1                 0
#define ABIDE_NR_HOPS_2                 0
#define ABIDE_NR_HOPS_3                 1
#define ABIDE_NR_HOPS_4                 2
#define ABIDE_NR_HOPS_5                 3
#define ABIDE_NR_HOPS_6                 4
#define ABIDE_HOPS_1(T, m)              0, 0, 0, 0
#define ABIDE_HOPS_2(T, n, m)           0, 0, 0, 0
#define ABIDE_HOPS_3(T, n, a, m)        offsetof(T, a), 0, 0, 0
#define ABIDE_HOPS_4(T, n, a, b, m)     offsetof(T, a), offsetof(ABIDE_BEHIND(T, a), b), 0, 0
#define ABIDE_HOPS_5(T, n, a, b, c, m)                                                  \
	offsetof(T, a), offsetof(ABIDE_BEHIND(T, a), b), offsetof(ABIDE_IN_4(T, n, a, b, m), c), 0
#define ABIDE_HOPS_6(T, n, a, b, c, d, m)                                               \
	offsetof(T, a), offsetof(ABIDE_BEHIND(T, a), b), offsetof(ABIDE_IN_4(T, n, a, b, m), c), \
		offsetof(ABIDE_IN_5(T, n, a, b, c, m), d)
#define ABIDE_HOPS(T, ...)              ABIDE_CAT(ABIDE_HOPS_, ABIDE_COUNT(__VA_ARGS__))(T, __VA_ARGS__)
#define ABIDE_NR_HOPS(...)              ABIDE_CAT(ABIDE_NR_HOPS_, ABIDE_COUNT(__VA_ARGS__))
/* The member itself, for sizeof and the like: never evaluated. */
#define ABIDE_VALUE(T, ...)             (((ABIDE_IN(T, __VA_ARGS__) *)0)->ABIDE_LAST(__VA_ARGS__))
#define ABIDE_TYPE(T, ...)              ABIDE_TYPEOF(ABIDE_VALUE(T, __VA_ARGS__))
#define ABIDE_TYPE_0(T, ...)            ABIDE_TYPEOF(ABIDE_VALUE(T, __VA_ARGS__)[0])
#define ABIDE_OFFSET(T, ...)            offsetof(ABIDE_IN(T, __VA_ARGS__), ABIDE_LAST(__VA_ARGS__))
/* Whether it is a pointer, and no array. */
#define ABIDE_POINTER(T, ...)           ABIDE_SAME(ABIDE_TYPE(T, __VA_ARGS__), ABIDE_TYPEOF(&*ABIDE_VALUE(T, __VA_ARGS__)))

/* A field: kind, what goes with it, unit, document, "NAME, PATH...", NAME, PATH... */
#define FIELD_USER(...)            (NUM, , "", "", #__VA_ARGS__, __VA_ARGS__)
#define FIELD_USER_TYPE(type, ...) (TYPE, type, "", "", #__VA_ARGS__, __VA_ARGS__)
#define FIELD_USER_BITS(...)       (BITS, 0, "", "", #__VA_ARGS__, __VA_ARGS__)
#define FIELD_USER_SBITS(...)      (BITS, 1, "", "", #__VA_ARGS__, __VA_ARGS__)
#define FIELD_USER_ARRAY(...)      (ARRAY, , "", "", #__VA_ARGS__, __VA_ARGS__)
#define FIELD_USER_CHARS(...)      (CHARS, , "", "", #__VA_ARGS__, __VA_ARGS__)
#define FIELD_USER_BYTES(...)      (BYTES, , "", "", #__VA_ARGS__, __VA_ARGS__)
#define FIELD_USER_STR(...)        (STR, , "", "", #__VA_ARGS__, __VA_ARGS__)
#define FIELD_USER_ADDR(...)       (ADDR, , "", "", #__VA_ARGS__, __VA_ARGS__)
#define FIELD_USER_PTR(user, ...)  (PTR, user, "", "", #__VA_ARGS__, __VA_ARGS__)
#define FIELD_USER_DOC(field, unit, doc)           ABIDE_CALL(ABIDE_DOC_, unit, doc, ABIDE_OPEN field)
#define ABIDE_DOC_(unit, doc, kind, aux, u, d, ...) (kind, aux, unit, doc, __VA_ARGS__)

/* Of each field: its part of the record's type; its value; what must hold of the member. */
#define ABIDE_FIELD_TYPE(T, R, i, f)  ABIDE_CALL(ABIDE_FIELD_TYPE_, T, i, ABIDE_OPEN f)
#define ABIDE_FIELD_VALUE(T, R, i, f) ABIDE_CALL(ABIDE_FIELD_VALUE_, T, R, i, ABIDE_OPEN f)
#define ABIDE_FIELD_CHECK(T, R, i, f) ABIDE_CALL(ABIDE_FIELD_CHECK_, T, i, ABIDE_OPEN f)
#define ABIDE_FIELD_TYPE_(T, i, kind, aux, unit, doc, text, ...)                        \
	struct {                                                                        \
		struct abide_user_field field;                                          \
		char name[sizeof(text)];                                                \
		char target[sizeof(ABIDE_TARGET_##kind(aux))];                          \
		char unit_[sizeof(unit)];                                               \
		char doc_[sizeof(doc)];                                                 \
		ABIDE_SAMPLE_TYPE_##kind(ABIDE_IN(T, __VA_ARGS__))                      \
	} item_##i;
#define ABIDE_FIELD_VALUE_(T, R, i, kind, aux, unit, doc, text, ...)                       \
	{ { sizeof(((R *)0)->item_##i), ABIDE_KIND_##kind,                     \
	    ABIDE_SIGN_##kind(T, aux, __VA_ARGS__), ABIDE_NR_HOPS(__VA_ARGS__), 0,      \
	    ABIDE_STABLE_##kind(T, aux, __VA_ARGS__), ABIDE_REAL_##kind(T, aux, __VA_ARGS__), \
	    ABIDE_COUNT_##kind(T, aux, __VA_ARGS__), { ABIDE_HOPS(T, __VA_ARGS__) },    \
	    ABIDE_OFFSET_##kind(T, aux, __VA_ARGS__), ABIDE_SAMPLE_AT_##kind(R, item_##i) }, \
	  text, ABIDE_TARGET_##kind(aux), unit, doc,                                    \
	  ABIDE_SAMPLE_##kind(ABIDE_IN(T, __VA_ARGS__), ABIDE_LAST(__VA_ARGS__)) },
#define ABIDE_FIELD_CHECK_(T, i, kind, aux, unit, doc, text, ...)                       \
	ABIDE_ASSERT(ABIDE_CHECK_##kind(T, aux, __VA_ARGS__), text ABIDE_WRONG_##kind);

#define ABIDE_KIND_NUM ABIDE_USER_NUM
#define ABIDE_TARGET_NUM(aux) ""
#define ABIDE_SIGN_NUM(T, aux, ...) ABIDE_SIGNED(ABIDE_TYPE(T, __VA_ARGS__))
#define ABIDE_STABLE_NUM(T, aux, ...) sizeof(ABIDE_VALUE(T, __VA_ARGS__))
#define ABIDE_REAL_NUM(T, aux, ...) sizeof(ABIDE_VALUE(T, __VA_ARGS__))
#define ABIDE_COUNT_NUM(T, aux, ...) 1
#define ABIDE_OFFSET_NUM(T, aux, ...) ABIDE_OFFSET(T, __VA_ARGS__)
#define ABIDE_CHECK_NUM(T, aux, ...) ABIDE_INTEGER(ABIDE_TYPE(T, __VA_ARGS__))
#define ABIDE_WRONG_NUM " is no integer"
#define ABIDE_SAMPLE_TYPE_NUM(T)
#define ABIDE_SAMPLE_AT_NUM(R, i) 0
#define ABIDE_SAMPLE_NUM(T, m)

#define ABIDE_KIND_TYPE ABIDE_USER_NUM
#define ABIDE_TARGET_TYPE(aux) ""
#define ABIDE_SIGN_TYPE(T, aux, ...) ABIDE_SIGNED(ABIDE_TYPE(T, __VA_ARGS__))
#define ABIDE_STABLE_TYPE(T, aux, ...) sizeof(aux)
#define ABIDE_REAL_TYPE(T, aux, ...) sizeof(ABIDE_VALUE(T, __VA_ARGS__))
#define ABIDE_COUNT_TYPE(T, aux, ...) 1
#define ABIDE_OFFSET_TYPE(T, aux, ...) ABIDE_OFFSET(T, __VA_ARGS__)
#define ABIDE_CHECK_TYPE(T, aux, ...) ABIDE_INTEGER(ABIDE_TYPE(T, __VA_ARGS__)) && ABIDE_INTEGER(aux) && ABIDE_SIGNED(aux) == ABIDE_SIGNED(ABIDE_TYPE(T, __VA_ARGS__))
#define ABIDE_WRONG_TYPE " is no integer, or its sign is not that of the type promised"
#define ABIDE_SAMPLE_TYPE_TYPE(T)
#define ABIDE_SAMPLE_AT_TYPE(R, i) 0
#define ABIDE_SAMPLE_TYPE(T, m)

#define ABIDE_KIND_BITS ABIDE_USER_BITS
#define ABIDE_TARGET_BITS(aux) ""
#define ABIDE_SIGN_BITS(T, aux, ...) aux
#define ABIDE_STABLE_BITS(T, aux, ...) 4
#define ABIDE_REAL_BITS(T, aux, ...) sizeof(ABIDE_IN(T, __VA_ARGS__))
#define ABIDE_COUNT_BITS(T, aux, ...) 1
#define ABIDE_OFFSET_BITS(T, aux, ...) 0
#define ABIDE_CHECK_BITS(T, aux, ...) 1
#define ABIDE_WRONG_BITS " "

#define ABIDE_KIND_ARRAY ABIDE_USER_NUM
#define ABIDE_TARGET_ARRAY(aux) ""
#define ABIDE_SIGN_ARRAY(T, aux, ...) ABIDE_SIGNED(ABIDE_TYPE_0(T, __VA_ARGS__))
#define ABIDE_STABLE_ARRAY(T, aux, ...) sizeof(ABIDE_VALUE(T, __VA_ARGS__)[0])
#define ABIDE_REAL_ARRAY(T, aux, ...) sizeof(ABIDE_VALUE(T, __VA_ARGS__)[0])
#define ABIDE_COUNT_ARRAY(T, aux, ...) sizeof(ABIDE_VALUE(T, __VA_ARGS__)) / sizeof(ABIDE_VALUE(T, __VA_ARGS__)[0])
#define ABIDE_OFFSET_ARRAY(T, aux, ...) ABIDE_OFFSET(T, __VA_ARGS__)
#define ABIDE_CHECK_ARRAY(T, aux, ...) !ABIDE_POINTER(T, __VA_ARGS__) && ABIDE_INTEGER(ABIDE_TYPE_0(T, __VA_ARGS__))
#define ABIDE_WRONG_ARRAY " is no array of integers"
#define ABIDE_SAMPLE_TYPE_ARRAY(T)
#define ABIDE_SAMPLE_AT_ARRAY(R, i) 0
#define ABIDE_SAMPLE_ARRAY(T, m)

#define ABIDE_KIND_CHARS ABIDE_USER_CHARS
#define ABIDE_TARGET_CHARS(aux) ""
#define ABIDE_SIGN_CHARS(T, aux, ...) 0
#define ABIDE_STABLE_CHARS(T, aux, ...) 1
#define ABIDE_REAL_CHARS(T, aux, ...) 1
#define ABIDE_COUNT_CHARS(T, aux, ...) sizeof(ABIDE_VALUE(T, __VA_ARGS__))
#define ABIDE_OFFSET_CHARS(T, aux, ...) ABIDE_OFFSET(T, __VA_ARGS__)
#define ABIDE_CHECK_CHARS(T, aux, ...) !ABIDE_POINTER(T, __VA_ARGS__) && sizeof(ABIDE_VALUE(T, __VA_ARGS__)[0]) == 1
#define ABIDE_WRONG_CHARS " is no array of char"
#define ABIDE_SAMPLE_TYPE_CHARS(T)
#define ABIDE_SAMPLE_AT_CHARS(R, i) 0
#define ABIDE_SAMPLE_CHARS(T, m)

#define ABIDE_KIND_BYTES ABIDE_USER_BYTES
#define ABIDE_TARGET_BYTES(aux) ""
#define ABIDE_SIGN_BYTES(T, aux, ...) 0
#define ABIDE_STABLE_BYTES(T, aux, ...) 1
#define ABIDE_REAL_BYTES(T, aux, ...) 1
#define ABIDE_COUNT_BYTES(T, aux, ...) sizeof(ABIDE_VALUE(T, __VA_ARGS__))
#define ABIDE_OFFSET_BYTES(T, aux, ...) ABIDE_OFFSET(T, __VA_ARGS__)
#define ABIDE_CHECK_BYTES(T, aux, ...) !ABIDE_POINTER(T, __VA_ARGS__) && sizeof(ABIDE_VALUE(T, __VA_ARGS__)[0]) == 1
#define ABIDE_WRONG_BYTES " is no array of bytes"
#define ABIDE_SAMPLE_TYPE_BYTES(T)
#define ABIDE_SAMPLE_AT_BYTES(R, i) 0
#define ABIDE_SAMPLE_BYTES(T, m)

#define ABIDE_KIND_STR ABIDE_USER_STR
#define ABIDE_TARGET_STR(aux) ""
#define ABIDE_SIGN_STR(T, aux, ...) 0
#define ABIDE_STABLE_STR(T, aux, ...) 8
#define ABIDE_REAL_STR(T, aux, ...) 8
#define ABIDE_COUNT_STR(T, aux, ...) 1
#define ABIDE_OFFSET_STR(T, aux, ...) ABIDE_OFFSET(T, __VA_ARGS__)
#define ABIDE_CHECK_STR(T, aux, ...) ABIDE_POINTER(T, __VA_ARGS__) && sizeof(ABIDE_VALUE(T, __VA_ARGS__)[0]) == 1
#define ABIDE_WRONG_STR " is no char *"
#define ABIDE_SAMPLE_TYPE_STR(T)
#define ABIDE_SAMPLE_AT_STR(R, i) 0
#define ABIDE_SAMPLE_STR(T, m)

#define ABIDE_KIND_ADDR ABIDE_USER_ADDR
#define ABIDE_TARGET_ADDR(aux) ""
#define ABIDE_SIGN_ADDR(T, aux, ...) 0
#define ABIDE_STABLE_ADDR(T, aux, ...) 8
#define ABIDE_REAL_ADDR(T, aux, ...) 8
#define ABIDE_COUNT_ADDR(T, aux, ...) 1
#define ABIDE_OFFSET_ADDR(T, aux, ...) ABIDE_OFFSET(T, __VA_ARGS__)
#define ABIDE_CHECK_ADDR(T, aux, ...) sizeof(ABIDE_VALUE(T, __VA_ARGS__)) == 8
#define ABIDE_WRONG_ADDR " is no pointer"
#define ABIDE_SAMPLE_TYPE_ADDR(T)
#define ABIDE_SAMPLE_AT_ADDR(R, i) 0
#define ABIDE_SAMPLE_ADDR(T, m)

#define ABIDE_KIND_PTR ABIDE_USER_PTR
#define ABIDE_TARGET_PTR(user) #user
#define ABIDE_SIGN_PTR(T, user, ...) 0
#define ABIDE_STABLE_PTR(T, user, ...) 8
#define ABIDE_REAL_PTR(T, user, ...) 8
#define ABIDE_COUNT_PTR(T, user, ...) 1
#define ABIDE_OFFSET_PTR(T, user, ...) ABIDE_OFFSET(T, __VA_ARGS__)
#define ABIDE_CHECK_PTR(T, user, ...) ABIDE_POINTER(T, __VA_ARGS__) && ABIDE_SAME(ABIDE_TYPE_0(T, __VA_ARGS__), abide_real_##user)
#define ABIDE_WRONG_PTR " points to something else than that user-ized struct stands for"
#define ABIDE_SAMPLE_TYPE_PTR(T)
#define ABIDE_SAMPLE_AT_PTR(R, i) 0
#define ABIDE_SAMPLE_PTR(T, m)

/* A bit-field's place: a sample of the struct in which nothing but its bits is set. */
#define ABIDE_SAMPLE_TYPE_BITS(T) T sample;
#define ABIDE_SAMPLE_AT_BITS(R, i)   (uint32_t)offsetof(R, i.sample) - (uint32_t)offsetof(R, i)
#ifdef __cplusplus
#define ABIDE_SAMPLE_BITS(T, m)                                                         \
	[]() constexpr {                                                                \
		typename abide_bare<T>::type abide_s{};                                 \
		abide_s.m = static_cast<decltype(abide_s.m)>(-1);                       \
		return abide_s;                                                         \
	}()
#else
#define ABIDE_SAMPLE_BITS(T, m) { .m = -1 }
#endif

/* m(T, R, number, field) for each; the numbers count down. */
#define ABIDE_EACH(m, T, R, ...) ABIDE_CAT(ABIDE_EACH_, ABIDE_COUNT(__VA_ARGS__))(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_1(m, T, R, f) m(T, R, 1, f)
#define ABIDE_EACH_2(m, T, R, f, ...) m(T, R, 2, f) ABIDE_EACH_1(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_3(m, T, R, f, ...) m(T, R, 3, f) ABIDE_EACH_2(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_4(m, T, R, f, ...) m(T, R, 4, f) ABIDE_EACH_3(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_5(m, T, R, f, ...) m(T, R, 5, f) ABIDE_EACH_4(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_6(m, T, R, f, ...) m(T, R, 6, f) ABIDE_EACH_5(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_7(m, T, R, f, ...) m(T, R, 7, f) ABIDE_EACH_6(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_8(m, T, R, f, ...) m(T, R, 8, f) ABIDE_EACH_7(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_9(m, T, R, f, ...) m(T, R, 9, f) ABIDE_EACH_8(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_10(m, T, R, f, ...) m(T, R, 10, f) ABIDE_EACH_9(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_11(m, T, R, f, ...) m(T, R, 11, f) ABIDE_EACH_10(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_12(m, T, R, f, ...) m(T, R, 12, f) ABIDE_EACH_11(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_13(m, T, R, f, ...) m(T, R, 13, f) ABIDE_EACH_12(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_14(m, T, R, f, ...) m(T, R, 14, f) ABIDE_EACH_13(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_15(m, T, R, f, ...) m(T, R, 15, f) ABIDE_EACH_14(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_16(m, T, R, f, ...) m(T, R, 16, f) ABIDE_EACH_15(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_17(m, T, R, f, ...) m(T, R, 17, f) ABIDE_EACH_16(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_18(m, T, R, f, ...) m(T, R, 18, f) ABIDE_EACH_17(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_19(m, T, R, f, ...) m(T, R, 19, f) ABIDE_EACH_18(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_20(m, T, R, f, ...) m(T, R, 20, f) ABIDE_EACH_19(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_21(m, T, R, f, ...) m(T, R, 21, f) ABIDE_EACH_20(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_22(m, T, R, f, ...) m(T, R, 22, f) ABIDE_EACH_21(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_23(m, T, R, f, ...) m(T, R, 23, f) ABIDE_EACH_22(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_24(m, T, R, f, ...) m(T, R, 24, f) ABIDE_EACH_23(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_25(m, T, R, f, ...) m(T, R, 25, f) ABIDE_EACH_24(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_26(m, T, R, f, ...) m(T, R, 26, f) ABIDE_EACH_25(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_27(m, T, R, f, ...) m(T, R, 27, f) ABIDE_EACH_26(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_28(m, T, R, f, ...) m(T, R, 28, f) ABIDE_EACH_27(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_29(m, T, R, f, ...) m(T, R, 29, f) ABIDE_EACH_28(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_30(m, T, R, f, ...) m(T, R, 30, f) ABIDE_EACH_29(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_31(m, T, R, f, ...) m(T, R, 31, f) ABIDE_EACH_30(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_32(m, T, R, f, ...) m(T, R, 32, f) ABIDE_EACH_31(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_33(m, T, R, f, ...) m(T, R, 33, f) ABIDE_EACH_32(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_34(m, T, R, f, ...) m(T, R, 34, f) ABIDE_EACH_33(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_35(m, T, R, f, ...) m(T, R, 35, f) ABIDE_EACH_34(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_36(m, T, R, f, ...) m(T, R, 36, f) ABIDE_EACH_35(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_37(m, T, R, f, ...) m(T, R, 37, f) ABIDE_EACH_36(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_38(m, T, R, f, ...) m(T, R, 38, f) ABIDE_EACH_37(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_39(m, T, R, f, ...) m(T, R, 39, f) ABIDE_EACH_38(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_40(m, T, R, f, ...) m(T, R, 40, f) ABIDE_EACH_39(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_41(m, T, R, f, ...) m(T, R, 41, f) ABIDE_EACH_40(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_42(m, T, R, f, ...) m(T, R, 42, f) ABIDE_EACH_41(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_43(m, T, R, f, ...) m(T, R, 43, f) ABIDE_EACH_42(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_44(m, T, R, f, ...) m(T, R, 44, f) ABIDE_EACH_43(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_45(m, T, R, f, ...) m(T, R, 45, f) ABIDE_EACH_44(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_46(m, T, R, f, ...) m(T, R, 46, f) ABIDE_EACH_45(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_47(m, T, R, f, ...) m(T, R, 47, f) ABIDE_EACH_46(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_48(m, T, R, f, ...) m(T, R, 48, f) ABIDE_EACH_47(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_49(m, T, R, f, ...) m(T, R, 49, f) ABIDE_EACH_48(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_50(m, T, R, f, ...) m(T, R, 50, f) ABIDE_EACH_49(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_51(m, T, R, f, ...) m(T, R, 51, f) ABIDE_EACH_50(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_52(m, T, R, f, ...) m(T, R, 52, f) ABIDE_EACH_51(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_53(m, T, R, f, ...) m(T, R, 53, f) ABIDE_EACH_52(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_54(m, T, R, f, ...) m(T, R, 54, f) ABIDE_EACH_53(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_55(m, T, R, f, ...) m(T, R, 55, f) ABIDE_EACH_54(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_56(m, T, R, f, ...) m(T, R, 56, f) ABIDE_EACH_55(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_57(m, T, R, f, ...) m(T, R, 57, f) ABIDE_EACH_56(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_58(m, T, R, f, ...) m(T, R, 58, f) ABIDE_EACH_57(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_59(m, T, R, f, ...) m(T, R, 59, f) ABIDE_EACH_58(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_60(m, T, R, f, ...) m(T, R, 60, f) ABIDE_EACH_59(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_61(m, T, R, f, ...) m(T, R, 61, f) ABIDE_EACH_60(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_62(m, T, R, f, ...) m(T, R, 62, f) ABIDE_EACH_61(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_63(m, T, R, f, ...) m(T, R, 63, f) ABIDE_EACH_62(m, T, R, __VA_ARGS__)
#define ABIDE_EACH_64(m, T, R, f, ...) m(T, R, 64, f) ABIDE_EACH_63(m, T, R, __VA_ARGS__)

/* m(number, argument), with commas between them */
#define ABIDE_LIST(m, ...) ABIDE_CAT(ABIDE_LIST_, ABIDE_COUNT(__VA_ARGS__))(m, __VA_ARGS__)
#define ABIDE_LIST_1(m, a) m(1, a)
#define ABIDE_LIST_2(m, a, ...) m(2, a), ABIDE_LIST_1(m, __VA_ARGS__)
#define ABIDE_LIST_3(m, a, ...) m(3, a), ABIDE_LIST_2(m, __VA_ARGS__)
#define ABIDE_LIST_4(m, a, ...) m(4, a), ABIDE_LIST_3(m, __VA_ARGS__)
#define ABIDE_LIST_5(m, a, ...) m(5, a), ABIDE_LIST_4(m, __VA_ARGS__)
#define ABIDE_LIST_6(m, a, ...) m(6, a), ABIDE_LIST_5(m, __VA_ARGS__)
#define ABIDE_LIST_7(m, a, ...) m(7, a), ABIDE_LIST_6(m, __VA_ARGS__)
#define ABIDE_LIST_8(m, a, ...) m(8, a), ABIDE_LIST_7(m, __VA_ARGS__)
#define ABIDE_LIST_9(m, a, ...) m(9, a), ABIDE_LIST_8(m, __VA_ARGS__)
#define ABIDE_LIST_10(m, a, ...) m(10, a), ABIDE_LIST_9(m, __VA_ARGS__)
#define ABIDE_LIST_11(m, a, ...) m(11, a), ABIDE_LIST_10(m, __VA_ARGS__)
#define ABIDE_LIST_12(m, a, ...) m(12, a), ABIDE_LIST_11(m, __VA_ARGS__)

/* What the compilers say about samples and about C++'s structs is meant so. */
#if defined(__clang__)
#define ABIDE_QUIET_BEGIN                                                               \
	_Pragma("clang diagnostic push") _Pragma("clang diagnostic ignored \"-Wbitfield-constant-conversion\"") \
	_Pragma("clang diagnostic ignored \"-Wconversion\"") _Pragma("clang diagnostic ignored \"-Winvalid-offsetof\"")
#define ABIDE_QUIET_END _Pragma("clang diagnostic pop")
#elif defined(__cplusplus)
#define ABIDE_QUIET_BEGIN                                                               \
	_Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Woverflow\"")  \
	_Pragma("GCC diagnostic ignored \"-Wconversion\"") _Pragma("GCC diagnostic ignored \"-Winvalid-offsetof\"")
#define ABIDE_QUIET_END _Pragma("GCC diagnostic pop")
#else
#define ABIDE_QUIET_BEGIN                                                               \
	_Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Woverflow\"")  \
	_Pragma("GCC diagnostic ignored \"-Wconversion\"") _Pragma("GCC diagnostic ignored \"-Wsign-conversion\"")
#define ABIDE_QUIET_END _Pragma("GCC diagnostic pop")
#endif

#define DECLARE_STRUCT_USER(user, T) typedef T abide_real_##user
#define DEFINE_STRUCT_USER(user, T, ...)                                                \
	DECLARE_STRUCT_USER(user, T);                                                   \
	ABIDE_STRUCT(abide_struct_type_##user, abide_struct_record_##user, #user, #T, abide_real_##user, __VA_ARGS__)
#define DOC_STRUCT_USER(user, doc)                                                      \
	ABIDE_DOC(abide_struct_doc_##user, ABIDE_USER_STRUCT_DOC, #user, "", doc)
#define DEFINE_EVENT_USER(provider, name, ...)                                          \
	ABIDE_EVENT(abide_event_type_##provider##_##name, abide_event_record_##provider##_##name, \
		    abide_event_state_##provider##_##name, #provider, #name, __VA_ARGS__) \
	ABIDE_FIRE(abide_event_fire_##provider##_##name, abide_event_state_##provider##_##name, __VA_ARGS__) \
	ABIDE_ASSERT(1, "")
#define DOC_EVENT_USER(provider, name, doc)                                             \
	ABIDE_DOC(abide_event_doc_##provider##_##name, ABIDE_USER_EVENT_DOC, #provider, #name, doc)

#define ARG_USER(user, name)        (PTR, abide_real_##user const *, #user, #name)
#define ARG_USER_NUMBER(type, name) (NUM, type, "", #name)
#define ARG_USER_STR(name)          (STR, const char *, "", #name)
#define ARG_USER_ADDR(name)         (ADDR, const volatile void *, "", #name)

#define ABIDE_ARG_TYPE(T, R, i, a)  ABIDE_CALL(ABIDE_ARG_TYPE_, i, ABIDE_OPEN a)
#define ABIDE_ARG_VALUE(T, R, i, a) ABIDE_CALL(ABIDE_ARG_VALUE_, R, i, ABIDE_OPEN a)
#define ABIDE_ARG_CHECK(T, R, i, a) ABIDE_CALL(ABIDE_ARG_CHECK_, i, ABIDE_OPEN a)
#define ABIDE_ARG_TYPE_(i, kind, type, target, text)                                    \
	struct {                                                                        \
		struct abide_user_arg arg;                                              \
		char name[sizeof(text)];                                                \
		char target_[sizeof(target)];                                           \
	} item_##i;
#define ABIDE_ARG_VALUE_(R, i, kind, type, target, text)                                \
	{ { sizeof(((R *)0)->item_##i), ABIDE_USER_##kind, ABIDE_ARG_SIGN_##kind(type), { 0, 0 }, sizeof(type) }, \
	  text, target },
#define ABIDE_ARG_CHECK_(i, kind, type, target, text)                                   \
	ABIDE_ASSERT(ABIDE_ARG_GOOD_##kind(type), text " is no integer of at most 8 bytes");
#define ABIDE_ARG_SIGN_NUM(type)  ABIDE_SIGNED(type)
#define ABIDE_ARG_SIGN_PTR(type)  0
#define ABIDE_ARG_SIGN_STR(type)  0
#define ABIDE_ARG_SIGN_ADDR(type) 0
#define ABIDE_ARG_GOOD_NUM(type)  ABIDE_INTEGER(type) && sizeof(type) <= 8
#define ABIDE_ARG_GOOD_PTR(type)  1
#define ABIDE_ARG_GOOD_STR(type)  1
#define ABIDE_ARG_GOOD_ADDR(type) 1
#define ABIDE_PARAMETER(i, a)     ABIDE_CALL(ABIDE_PARAMETER_, i, ABIDE_OPEN a)
#define ABIDE_PASS(i, a)          ABIDE_CALL(ABIDE_PASS_, i, ABIDE_OPEN a)
#define ABIDE_PARAMETER_(i, kind, type, target, text) type abide_arg_##i
#define ABIDE_PASS_(i, kind, type, target, text)      ABIDE_PASS_##kind(abide_arg_##i)
#define ABIDE_PASS_NUM(x)         (uint64_t)x
#define ABIDE_PASS_PTR(x)         (uint64_t)(uintptr_t)x
#define ABIDE_PASS_STR(x)         (uint64_t)(uintptr_t)x
#define ABIDE_PASS_ADDR(x)        (uint64_t)(uintptr_t)x

/* Out of the way, so that a site is small and leaves registers alone; its types are those of the definition. */
#define ABIDE_FIRE(fire, state, ...)                                                    \
	__attribute__((noinline, cold, unused)) static void fire(ABIDE_LIST(ABIDE_PARAMETER, __VA_ARGS__)) \
	{                                                                               \
		const uint64_t abide_args[] = { ABIDE_LIST(ABIDE_PASS, __VA_ARGS__) };  \
		abide_event_fire(&state, abide_args, ABIDE_COUNT(__VA_ARGS__));         \
	}

#ifdef ABIDE_USER_NO_RECORDS
#define ABIDE_STRUCT(R, record, name, real, T, ...) ABIDE_ASSERT(sizeof(T) > 0, "")
#define ABIDE_DOC(record, kind, a, b, doc)          ABIDE_ASSERT(1, "")
#define ABIDE_EVENT(R, record, state, provider, name, ...)                              \
	ABIDE_C_BEGIN                                                                   \
	extern struct abide_event_state state __attribute__((visibility("hidden")));     \
	ABIDE_C_END
#else
#define ABIDE_STRUCT(R, record, name, real, T, ...)                                     \
	ABIDE_QUIET_BEGIN                                                               \
	typedef struct {                                                                \
		struct {                                                                \
			struct abide_user_head head;                                    \
			char name_[sizeof(name)];                                       \
			char real_[sizeof(real)];                                       \
		} first;                                                                \
		ABIDE_EACH(ABIDE_FIELD_TYPE, T, R, __VA_ARGS__)                         \
	} R;                                                                            \
	ABIDE_EACH(ABIDE_FIELD_CHECK, T, R, __VA_ARGS__)                                \
	static const R record ABIDE_RECORD = {                                          \
		{ { ABIDE_USER_MAGIC, ABIDE_USER_VERSION, ABIDE_USER_STRUCT, sizeof(R), \
		    sizeof(((R *)0)->first), ABIDE_COUNT(__VA_ARGS__), sizeof(T) },     \
		  name, real },                                                         \
		ABIDE_EACH(ABIDE_FIELD_VALUE, T, R, __VA_ARGS__)                        \
	};                                                                              \
	ABIDE_QUIET_END                                                                 \
	ABIDE_ASSERT(sizeof(T) > 0, "")
#define ABIDE_EVENT(R, record, state, provider, name, ...)                              \
	typedef struct {                                                                \
		struct {                                                                \
			struct abide_user_head head;                                    \
			char provider_[sizeof(provider)];                               \
			char name_[sizeof(name)];                                       \
		} first;                                                                \
		ABIDE_EACH(ABIDE_ARG_TYPE, , R, __VA_ARGS__)                            \
	} R;                                                                            \
	ABIDE_EACH(ABIDE_ARG_CHECK, , R, __VA_ARGS__)                                   \
	static const R record ABIDE_RECORD = {                                          \
		{ { ABIDE_USER_MAGIC, ABIDE_USER_VERSION, ABIDE_USER_EVENT, sizeof(R),  \
		    sizeof(((R *)0)->first), ABIDE_COUNT(__VA_ARGS__), 0 },             \
		  provider, name },                                                     \
		ABIDE_EACH(ABIDE_ARG_VALUE, , R, __VA_ARGS__)                           \
	};                                                                              \
	ABIDE_C_BEGIN                                                                   \
	extern struct abide_event_state state __attribute__((weak, visibility("hidden"))); \
	struct abide_event_state state ABIDE_STATE = { NULL, &record, ABIDE_USER_STATE,             \
					   sizeof(struct abide_event_state), 0 };       \
	ABIDE_C_END
#define ABIDE_DOC(record, kind, a, b, doc)                                              \
	static const struct {                                                           \
		struct abide_user_head head;                                            \
		char a_[sizeof(a)];                                                     \
		char b_[sizeof(b)];                                                     \
		char doc_[sizeof(doc)];                                                 \
	} record ABIDE_RECORD = { { ABIDE_USER_MAGIC, ABIDE_USER_VERSION, kind, sizeof(record), \
				    sizeof(record), 0, 0 }, a, b, doc }

/* Each file that has records announces its executable or library; the first one does it. */
ABIDE_C_BEGIN
extern const char __start_abide_user[] __attribute__((weak, visibility("hidden")));
extern const char __stop_abide_user[] __attribute__((weak, visibility("hidden")));
extern struct abide_event_state __start_abide_state[] __attribute__((weak, visibility("hidden")));
extern struct abide_event_state __stop_abide_state[] __attribute__((weak, visibility("hidden")));
extern struct abide_event_module abide_event_this_module __attribute__((weak, visibility("hidden")));
struct abide_event_module abide_event_this_module = {
	ABIDE_USER_VERSION, sizeof(struct abide_event_module), __start_abide_user, __stop_abide_user,
	__start_abide_state, __stop_abide_state, NULL, NULL, 0, 0,
};
ABIDE_C_END
/* 101: the first and last that a program may ask for, so events in other constructors and destructors count. */
__attribute__((constructor(101), used)) static void abide_event_enter(void)
{
	if (!abide_event_this_module.registered)
		abide_event_register(&abide_event_this_module);
}
__attribute__((destructor(101), used)) static void abide_event_leave(void)
{
	if (abide_event_this_module.registered)
		abide_event_unregister(&abide_event_this_module);
}
#endif

/* A wrong struct is an error in C, too. */
#ifdef __cplusplus
#define ABIDE_STRICT_BEGIN
#define ABIDE_STRICT_END
#else
#define ABIDE_STRICT_BEGIN                                                              \
	_Pragma("GCC diagnostic push") _Pragma("GCC diagnostic error \"-Wincompatible-pointer-types\"") \
	_Pragma("GCC diagnostic error \"-Wint-conversion\"")
#define ABIDE_STRICT_END _Pragma("GCC diagnostic pop")
#endif
#define EVENT_USER(provider, name, ...)                                                 \
	do {                                                                            \
		if (__builtin_expect(!!__atomic_load_n(&abide_event_state_##provider##_##name.armed, \
						       __ATOMIC_RELAXED), 0)) {         \
			ABIDE_STRICT_BEGIN                                              \
			abide_event_fire_##provider##_##name(__VA_ARGS__);              \
			ABIDE_STRICT_END                                                \
		}                                                                       \
	} while (0)

#endif
