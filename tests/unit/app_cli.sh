#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# abide header, list, show, lock, check and translate on applications, as their users see them. B: build folder.
set -u
. tests/unit/cli_kit.sh
CLANG=${CLANG:-clang}
so=$B/tests/unit/app_events.so moved=$B/tests/unit/app_events_moved.so broken=$B/tests/unit/app_events_broken.so
object=$B/tests/unit/app_fields.bpf.o

# header
exits 0 "header of an application" header "$so"
cp "$dir/out" "$dir/things.h"
has 'struct thing_user {' "its structs"
has "five 'times' / *" "and their meanings, made harmless"
has 'things:seen: a thing came by' "its events"
exits 0 "of a build with other structs" header "$moved"
diff <(sed 's/app_events_moved.so/app_events.so/; s/APP_EVENTS_MOVED_SO/APP_EVENTS_SO/' "$dir/out") "$dir/things.h" >"$dir/diff"
report $? "it is the same"
for order in "things.h" "abide/linux.h things.h" "things.h abide/linux.h" "linux/bpf.h things.h"; do
	for f in $order; do echo "#include <$f>"; done >"$dir/p.bpf.c"
	cat >>"$dir/p.bpf.c" <<'C'
#include <abide/program.h>
HISTOGRAM(h, "h", "");
SEC("tp_user/things:seen")
int BPF_PROG(p, struct thing_user *thing) { hist_add(&h, thing->numbers[1]); return 0; }
LICENSE("GPL");
C
	"$CLANG" -g -O2 -target bpf -mcpu=v2 -Wall -Werror -Wno-unused-function -Iinclude -I"$B/include" -I"$dir" \
		-idirafter "/usr/include/$(${CC:-gcc} -print-multiarch)" -c -o "$dir/p.bpf.o" "$dir/p.bpf.c" >"$dir/out" 2>"$dir/err"
	report $? "it compiles: $order"
	exits 0 "and is translated" translate "$dir/p.bpf.o" --app "$so" -v
done
exits 1 "header of a program without events" header "$abide"
says "has no section abide_user" "says why"
exits 1 "of what is no ELF file" header "$dir/p.bpf.c"
says "is no ELF file" "says that"
exits 2 "a catalog beside an application" header --catalog x "$so"
exits 2 "no process" header -p nobody
exits 2 "a process and a file" header -p 1 "$so"

# list, show
exits 0 "list" list "$so"
has "things:seen" "its events"
has "thing_user" "its structs"
lacks "sched_switch" "and no others"
exits 0 "by pattern" list "$so" 'peer*'
lacks "things:seen" "no more than that"
exits 1 "of nothing" list "$so" 'zz*'
exits 0 "show a struct" show "$so" thing_user
has "numbers[4]" "its fields with their places"
exits 0 "one field" show --app "$moved" thing_user.tries
grep -qE '_[0-9]+->_[0-9]+->tries @0 @0 @0|_0->_0->tries' "$dir/out"
report $? "behind pointers"
exits 0 "an event" show "$so" things:args
has 'SEC("tp_user/things:args")' "as it is written"
lacks "tracepoint" "without what only a kernel has"
exits 1 "what is not there" show "$so" things:sean
says "try: things:seen" "with what was meant"
exits 2 "a kernel beside an application" show --app "$so" --kernel x thing_user
if command -v python3 >/dev/null; then
	for a in "list -j $so" "show -j $so thing_user" "show -j $so things:args" "show -j $so peer_user.fd"; do
		# shellcheck disable=SC2086 # words
		"$abide" $a
	done >"$dir/out" 2>"$dir/err"
	python3 -c 'import json, sys
for line in sys.stdin:
    assert json.loads(line)["name"]' <"$dir/out" 2>"$dir/err"
	report $? "what is printed as JSON is JSON"
fi

# lock
exits 0 "lock" lock "$so"
cp "$dir/out" "$dir/things.lock"
has "field thing_user.u64 offset" "its promises"
has "arg things:args.s16 position 1 type s16 since 1" "also of events"
exits 0 "a build with other structs keeps them" lock "$moved" --check "$dir/things.lock"
exits 1 "one that breaks some does not" lock "$broken" --check "$dir/things.lock"
has "thing_user.account changed its type from u32 to u64" "a line for each: a type"
has "field peer_user.fd vanished" "a name"
has "event things:gone vanished" "an event"
has "arg things:gone.why vanished" "its arguments"
grep -vcE '(changed|moved|vanished|shrank)' "$dir/out" >"$dir/err"
[ "$(wc -l <"$dir/out")" -ge 5 ] && [ "$(cat "$dir/err")" = 0 ]
report $? "and nothing else"
"$abide" lock "$broken" --check "$dir/things.lock" >"$dir/out" 2>"$dir/err"
says "breaks" "stderr says how many"
exits 1 "update does not write over promises" lock "$broken" --update "$dir/things.lock"
"$abide" lock "$so" | cmp -s - "$dir/things.lock"
report $? "the lock is as it was"
grep -v 'thing_user.level_again\|things:gone' "$dir/things.lock" >"$dir/older.lock"
exits 0 "what is new is fine" lock "$so" --check "$dir/older.lock"
exits 0 "and is added" lock "$so" --update "$dir/older.lock"
cmp -s "$dir/older.lock" "$dir/things.lock"
report $? "to the lock"
exits 0 "update makes the first one" lock "$so" --update "$dir/first.lock"
cmp -s "$dir/first.lock" "$dir/things.lock"
report $? "whole"
exits 1 "check against no file" lock "$so" --check "$dir/none.lock"
exits 1 "against the kernel's lock" lock "$so" --check catalog/linux.lock
says "catalog application version" "says what a lock has"
exits 2 "lock of nothing" lock

# check, translate
exits 0 "check" check "$object" --app "$so" --require abi
has "ABI" "is ABI"
exits 0 "on the other build" check "$object" --app "$moved" --require abi --json
has '"outcome":"runs"' "too"
odd=$dir/$(printf 'na\303\257ve\377.o')
cp "$object" "$odd"
exits 0 "an object of a name that is not all UTF-8" check "$odd" --app "$so" --json
has "$(printf 'na\303\257ve\\u00ff.o')" "UTF-8 stands as it is, the other byte is escaped"
exits 1 "on one without an event of its" check "$B/tests/unit/app_image.bpf.o" --app "$broken"
has "event things:gone: app_events_broken.so has no such user event" "says which"
exits 1 "without the application" check "$object"
has "abide check $object --app BINARY" "says what is missing"
exits 1 "a program for the kernel" check "$B/tools/runqlat.bpf.o" --app "$so"
has "this program is for the kernel" "does not run in an application"
exits 0 "translate" translate "$object" --app "$so"
cp "$dir/err" "$dir/here"
exits 0 "to the other build" translate "$object" --app "$moved"
! cmp -s "$dir/here" "$dir/err"
report $? "is another program"
exits 1 "a program for the kernel" translate "$B/tools/runqlat.bpf.o" --app "$so"
says "is for the kernel" "is refused"
exits 2 "no file is written" translate "$object" --app "$so" -o "$dir/x"

"$abide" header "$so" >/dev/full 2>"$dir/err"
[ $? = 1 ]
report $? "a full disk is noticed"
echo "1..$n"
exit $bad
