#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# The README's program, as it stands there: it compiles with the README's command line, is ABI, and shows
# waits of a workload that this test starts.
set -u
ABIDE=${ABIDE:-build/abide}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
n=0

check() { # NAME STATUS
	n=$((n + 1))
	if [ "$2" = 0 ]; then echo "ok $n - readme: $1"; else echo "not ok $n - readme: $1"; failed=1; fi
}
failed=0

awk '/^```c$/ { on = 1; next } /^```$/ { if (on) exit } on' README.md >"$dir/prog.bpf.c" # the first one
include=$(dirname "$ABIDE")/include
clang -g -O2 -target bpf -I include -I "$include" -c "$dir/prog.bpf.c" -o "$dir/prog.bpf.o"
check "the program compiles" $?
"$ABIDE" check --require abi "$dir/prog.bpf.o" >"$dir/check"
check "it is ABI and fits this kernel" $?
"$ABIDE" run "$dir/prog.bpf.o" -- sh -c 'for i in 1 2 3 4 5 6 7 8; do sleep 0.01; done' >"$dir/out"
check "it runs" $?
grep -q '^time from wakeup to running$' "$dir/out" && grep -Eq ' -> .* : [1-9]' "$dir/out"
check "and shows a histogram" $?
echo "1..$n"
exit $failed
