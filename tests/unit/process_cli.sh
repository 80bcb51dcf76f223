#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# abide exec as a user sees it: output, exit status, refusals. B: build folder.
set -u
B=${B:-build}
CLANG=${CLANG:-clang}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failed=0

# check NAME STATUS STDOUT STDERR-PATTERN INPUT ARGUMENTS...
check() {
	local name=$1 status=$2 out=$3 err=$4 input=$5 got rc
	shift 5
	got=$(printf '%s' "$input" | timeout 20 "$B/abide" exec "$@" 2>"$dir/err")
	rc=$?
	if [ $rc = "$status" ] && [[ $got =~ ^$out$ ]] && grep -qE -e "$err" <<<"$(cat "$dir/err")"; then
		return
	fi
	echo "not ok - abide exec: $name: status $rc, \"$got\", $(head -n 3 "$dir/err" | tr '\n' ' ')"
	failed=1
}

exit_='95 00 00 00 00 00 00 00'
mov42="b7000000 2a000000 $exit_"
sum="71 10 00 00 00 00 00 00 71 13 01 00 00 00 00 00 0f 30 00 00 00 00 00 00 0f 20 00 00 00 00 00 00 $exit_"
far="61 10 02 00 00 00 00 00 $exit_"
forever="05 00 ff ff 00 00 00 00 $exit_"
store="7a 01 00 00 07 00 00 00 b7 00 00 00 05 00 00 00 $exit_"

check "a constant" 0 0x2a '^$' "$mov42" --raw
check "- is standard input" 0 0x2a '^$' "$mov42" --raw -
printf '%s' "$mov42" >"$dir/hex"
check "a file of hex digits" 0 0x2a '^$' '' --raw "$dir/hex"
check "memory and its size" 0 0x35 '^$' "$sum" --raw --mem '10 20 00 0f0f'
check "native code" 0 0x35 '^$' "$sum" --raw --mem '10 20 00 0f0f' --jit
check "native code, unchecked" 0 0x35 '^$' "$sum" --raw --mem '10 20 00 0f0f' --jit --no-verify
check "the interpreter, unchecked" 0 0x35 '^$' "$sum" --raw --mem 102000 --mem '10 20 00 0f0f' --interp --no-verify
check "repeated" 0 $'0x5\n[0-9.]+ ns per run \\(1000 runs, interpreter\\)' '^$' "$store" --raw --mem 0000000000000000 --repeat 1000 --interp
check "repeated, native" 0 $'0x5\n[0-9.]+ ns per run \\(1000 runs, (native code|interpreter)\\)' '^$' "$store" --raw --mem 0000000000000000 --repeat 1000
check "an access outside" 1 '' '4 bytes at byte 2 of .*memory' "$far" --raw --mem 01020304
check "no memory at all" 1 '' '4 bytes at byte 2 of .*memory' "$far" --raw
check "a result that is not there" 1 '' 'r0' "$exit_" --raw
check "a helper that needs maps" 1 '' '.' "b7010000 00000000 85000000 01000000 $exit_" --raw
check "a loop without an end" 1 '' 'ran out of its instruction budget' "$forever" --raw --budget 1000
check "the same on the interpreter" 1 '' 'ran out of its instruction budget' "$forever" --raw --budget 1000 --interp
check "both engines" 2 '' 'exclude each other' "$mov42" --raw --jit --interp --no-verify
check "half a pair of digits" 1 '' 'hex digits' 'b70000002a00000' --raw
check "no hex digits" 1 '' 'hex digits' 'hello' --raw
check "no multiple of 8" 1 '' 'no multiple of 8' 'b700' --raw
check "nothing" 1 '' 'no instructions' '' --raw
check "a bad instruction" 1 '' 'is not in the instruction set' "ff 00 00 00 00 00 00 00 $exit_" --raw
check "memory that is no hex" 2 '' '--mem' "$mov42" --raw --mem xyz
check "a repeat of 0" 2 '' 'usage' "$mov42" --raw --repeat 0
check "no program" 2 '' 'usage' ''
check "a file that is not there" 1 '' 'cannot (read|open)|No such file' '' "$dir/none"
check "an object that is none" 1 '' '.' 'garbage' -
check "help" 0 'usage.*' '^$' '' --help
check "random bytes" 1 '' '.' "$(head -c 4000 /dev/urandom | od -An -tx1 | tr -d '\n')" --raw

cat >"$dir/p.bpf.c" <<'C'
typedef unsigned long long u64;
struct { int (*type)[2]; int (*max_entries)[1]; int *key; u64 *value; } counts __attribute__((section(".maps"), used));
static void *(*const lookup)(void *map, const void *key) = (void *)1;
static long (*const print)(const char *f, unsigned int size, ...) = (void *)6;
static const char text[] = "the value is %d";
int global = 3;
static __attribute__((noinline)) u64 twice(u64 v) { return v * 2 + 1; }
__attribute__((section("socket"), used)) u64 first(unsigned char *p, u64 n) { return n ? twice(p[0]) : 7; }
__attribute__((section("socket"), used)) u64 maps(u64 *p) { int k = 0; u64 *v = lookup(&counts, &k); return v ? *v += p[0] : 0; }
__attribute__((section("socket"), used)) u64 data(void *p) { return global += 4; }
__attribute__((section("socket"), used)) u64 wild(int *p) { int k = p[0]; u64 *v = lookup(&counts, &k); return *v; }
__attribute__((section("socket"), used)) u64 say(void *p) { print(text, sizeof(text), 5); return 1; }
char its_license[] __attribute__((section("license"), used)) = "GPL";
C
if $CLANG -O2 -g -target bpf -mcpu=v3 -c -o "$dir/p.o" "$dir/p.bpf.c" 2>"$dir/cc"; then
	check "an object's program with a function" 0 0x21 '^$' '' "$dir/p.o" --program first --mem 10
	check "the same, native" 0 0x21 '^$' '' "$dir/p.o" --program first --mem 10 --jit
	check "the same on the interpreter" 0 0x21 '^$' '' "$dir/p.o" --program first --mem 10 --interp
	check "which of several" 1 '' 'first, maps, data, wild, say' '' "$dir/p.o"
	check "a program that is not there" 1 '' 'no program last' '' "$dir/p.o" --program last
	for how in --jit --interp "--jit --no-verify" "--interp --no-verify"; do
		check "a map $how" 0 0x5 '^$' '' "$dir/p.o" --program maps --mem 0500000000000000 $how
		check "global data $how" 0 0x7 '^$' '' "$dir/p.o" --program data $how
		check "what it prints $how" 0 0x1 '^the value is 5$' '' "$dir/p.o" --program say $how
	done
	check "a lookup that was not tested" 1 '' 'wild.*(null|NULL)' '' "$dir/p.o" --program wild --mem 00000000
	got=$("$B/abide" exec - --program first --mem 10 <"$dir/p.o" 2>&1)
	[ "$got" = 0x21 ] || { echo "not ok - abide exec: an object on standard input: $got"; failed=1; }
else
	echo "skip - abide exec of an object: $(head -n 1 "$dir/cc")"
fi
cat >"$dir/q.bpf.c" <<'C'
#include <linux/bpf.h>
#include <abide/program.h>
struct row { __u64 n, square; };
COUNTER(hits, "hits");
HISTOGRAM(sizes, "sizes", "bytes");
EVENTS(rows, struct row, "rows");
SEC("socket") int results(__u64 *m)
{
	struct row *r = event_reserve(&rows);

	count(&hits, m[0]);
	hist_add(&sizes, 100);
	if (!r)
		return 1;
	r->n = m[0];
	r->square = m[0] * m[0];
	event_submit(r);
	return 0;
}
LICENSE("GPL");
C
if $CLANG -O2 -g -target bpf -mcpu=v3 -Iinclude -I/usr/include/"$(uname -m)"-linux-gnu -c -o "$dir/q.o" "$dir/q.bpf.c" 2>"$dir/cc"; then
	for how in --jit --interp; do
		got=$("$B/abide" exec "$dir/q.o" --mem 0700000000000000 $how 2>&1)
		for want in '^0x0$' '^hits: 7$' '64B -> 127B +: 1 ' '^ *7 +49$'; do
			grep -qE -e "$want" <<<"$got" || { echo "not ok - abide exec: maps are shown $how: no \"$want\" in $got"; failed=1; }
		done
	done
else
	echo "skip - abide exec of results: $(head -n 1 "$dir/cc")"
fi
[ $failed = 0 ] && echo "ok - abide exec: results, exit status, refusals"
exit $failed
