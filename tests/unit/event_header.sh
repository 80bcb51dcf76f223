#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# <abide/event.h> as its users compile it: no warning, wrong types refused, records without
# relocations; and what libabide-event shows of itself. B: the build folder.
set -u
B=${B:-build}
d=$(mktemp -d) || exit 2
trap 'rm -rf "$d"' EXIT
bad=0
ok() { if [ "$1" = 0 ]; then echo "ok - $2"; else echo "not ok - $2"; bad=1; fi; }
cat >"$d/a.c" <<'C'
#include <abide/event.h>
#include <stdbool.h>
struct acct { int id; };
struct sess { long pad; struct acct *account; };
struct conn { int fd; char peer[46]; };
enum st { A, B };
struct query { struct sess *session; unsigned x : 3; unsigned cached : 1; int neg : 5; bool b1 : 1; enum st est : 2; unsigned long long wide : 40; uint64_t id; struct { int rows; short arr[4]; } result; enum st st; bool ok; const char *text; unsigned char bin[16]; struct conn *conn; struct query *parent; void *tag; char name[20]; signed char sc; };
DECLARE_STRUCT_USER(query_user, struct query);
DEFINE_STRUCT_USER(conn_user, struct conn, FIELD_USER(fd), FIELD_USER_CHARS(peer));
DEFINE_STRUCT_USER(query_user, struct query,
	FIELD_USER(id), FIELD_USER(rows, result.rows), FIELD_USER(owner, session, account, id),
	FIELD_USER_BITS(x), FIELD_USER_BITS(cached), FIELD_USER_SBITS(neg), FIELD_USER_BITS(b1), FIELD_USER_BITS(est), FIELD_USER_BITS(wide), FIELD_USER(st), FIELD_USER(ok),
	FIELD_USER_STR(text), FIELD_USER_BYTES(bin), FIELD_USER_PTR(conn_user, conn), FIELD_USER_PTR(query_user, parent),
	FIELD_USER_ADDR(tag), FIELD_USER_CHARS(name), FIELD_USER_ARRAY(arr, result.arr), FIELD_USER_TYPE(long long, sc),
	FIELD_USER_CHARS(peer, conn, peer),
	FIELD_USER_DOC(FIELD_USER(r2, result.arr[2]), "ns", "third"));
DOC_STRUCT_USER(query_user, "a query");
DEFINE_EVENT_USER(mydb, query_done, ARG_USER(query_user, query), ARG_USER(conn_user, conn), ARG_USER_NUMBER(int, status), ARG_USER_STR(text), ARG_USER_ADDR(where));
DEFINE_EVENT_USER(mydb, tick, ARG_USER_NUMBER(unsigned char, n));
DOC_EVENT_USER(mydb, query_done, "done");
void f(struct query *q, struct conn *c);
void f(struct query *q, struct conn *c) { if (q) EVENT_USER(mydb, query_done, q, c, -1, "x", &f == 0 ? 0 : q); else EVENT_USER(mydb, tick, 3); }
#ifdef BAD
void g(struct query *q);
void g(struct query *q) { EVENT_USER(mydb, query_done, q, q, -1, "x", 0); }
#endif
C
cp "$d/a.c" "$d/a.cc"
warn="-Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wundef -pedantic -Werror"
for c in "gcc -std=c11" "clang -std=c11" "g++ -std=c++17" "clang++ -std=c++17"; do
	command -v "${c%% *}" >/dev/null || { echo "ok - $c # SKIP no such compiler"; continue; }
	case $c in *++*) src=$d/a.cc ;; *) src=$d/a.c ;; esac
	# shellcheck disable=SC2086 # words
	$c $warn -O2 -fPIC -Iinclude -c -o "$d/a.o" "$src"
	ok $? "$c: compiles without a warning"
	! readelf -rW "$d/a.o" | grep -q "section '\.rela\?abide_user'"
	ok $? "$c: no relocation in a record"
	$c -DBAD -Iinclude -c -o "$d/bad.o" "$src" 2>/dev/null
	[ $? != 0 ]
	ok $? "$c: a pointer to another struct does not compile"
	# f: at each of its two sites a load, a test of it and a branch, and no call
	objdump -d "$d/a.o" | sed -n '/<\(_Z1fP5queryP4conn\|f\)>:$/,/^$/p' >"$d/f"
	[ "$(grep -c '(%rip)' "$d/f")" = 2 ] && [ "$(sed '/\sret/q' "$d/f" | grep -cE '\scall')" = 0 ]
	ok $? "$c: a site is one load and a branch"
done
want="abide_event_fire abide_event_register abide_event_start abide_event_stop abide_event_unregister"
# signal.c stands in front of libc's functions: HACKING.md
own="${want// /|}|sigaction|signal|sigprocmask|pthread_sigmask"
missing() { for s in $want; do grep -qx "$s" "$1" || return 1; done; }
nm -g --defined-only "$B/libabide-event.a" | awk 'NF == 3 && $2 != "A" { print $3 }' | sort >"$d/a"
nm -D --defined-only "$B/libabide-event.so.1" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort >"$d/so"
for f in a so; do
	missing "$d/$f"
	ok $? "libabide-event.$f has what <abide/event.h> declares"
	! grep -vqE "^($own)$" "$d/$f"
	ok $? "libabide-event.$f shows no names but those and signal.c's"
done
exit $bad
