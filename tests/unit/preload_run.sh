#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Programs that nobody changed, with libabide-libc.so in front of their libc: counts are known
# beforehand (tests/unit/preload/work.c) and must be exact. Needs no privilege. TAP.
# B: the build folder. Watches only what it starts.
set -u
. tests/unit/preload_kit.sh
abide=$B/abide work=$B/tests/unit/preload/work tools=$B/tools events=$B/tests/unit/preload
trap 'rm -rf "$tmp"' EXIT
says() { grep -qE -- "$1" "$tmp/$2"; result $? "$3"; }
run() { # OBJECT COMMAND...
	local object=$1
	shift
	timeout 60 "$abide" run "$object" --preload libc --json -- "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	status=$?
}
sum() { row "$@" | awk '{ s += $1 } END { print s + 0 }'; }

# What the library promises to compiled programs.
"$abide" lock "$B/libabide-libc.so" --check catalog/libc.lock >"$tmp/out" 2>"$tmp/err"
result $? "the events libc:* are those of catalog/libc.lock"
sed 's/libc_call_user.ns offset 32/libc_call_user.ns offset 40/' catalog/libc.lock >"$tmp/other.lock"
! "$abide" lock "$B/libabide-libc.so" --check "$tmp/other.lock" >"$tmp/out" 2>"$tmp/err"
result $? "and a promise that is broken is seen"
"$abide" lock "$B/libabide-libc.so" >"$tmp/out" 2>"$tmp/err"
cmp -s "$tmp/out" catalog/libc.lock
result $? "nothing is there that is not promised yet (abide lock --update catalog/libc.lock)"

# Files: one open, N writes and reads of 100 bytes, and their file.
run "$tools/iolat.bpf.o" "$work" io "$tmp/file" 1000
is $status 0 "iolat on a program"
is "$(row files "\"call\":\"write\",\"file\":\"$tmp/file\"" count)" 1000 "1000 writes to the file"
is "$(row files "\"call\":\"write\",\"file\":\"$tmp/file\"" bytes)" 100000 "of 100000 bytes"
is "$(row files "\"call\":\"pread\",\"file\":\"$tmp/file\"" count)" 1000 "1000 reads"
is "$(row files "\"call\":\"open\",\"file\":\"$tmp/file\"" count)" 1 "one open"
is "$(row files "\"call\":\"fdatasync\",\"file\":\"$tmp/file\"" count)" 1 "one fdatasync"
is "$(row files "\"call\":\"close\",\"file\":\"$tmp/file\"" count)" 1 "one close"
is "$(sum files "" failed)" 0 "nothing failed"
is "$(row latency '"call":"write"' count | head -1)" 1000 "a histogram of them"
run "$tools/iolat.bpf.o" "$work" io "$tmp/no/file" 1
is "$(row files "\"call\":\"open\",\"file\":\"$tmp/no/file\"" failed)" 1 "an open that fails is counted as such"
says 'status 1' err "and so does the program, as it would without us"

# Memory
run "$tools/mallocs.bpf.o" "$work" leak 1000 30
is "$(row got . count)" 1000 "1000 blocks"
is "$(row returned . count)" 970 "970 of them given back"
is "$(row sizes . sum)" 1000000 "and their bytes"
is "$(row places keep_blocks blocks)" 30 "30 are kept by the function that got them"
is "$(row places keep_blocks bytes)" 30000 "with their bytes"
says '"stack":\["keep_blocks\+0x[0-9a-f]+","main\+0x' out "which its stack says, of a program without frame pointers"
run "$tools/mallocs.bpf.o" "$work" exec
is "$(sum places keep_blocks blocks)" 3 "programs that it starts, by fork and by vfork, are seen from their start"
is "$(row got . count)" 6 "with all of their blocks"
run "$tools/mallocs.bpf.o" "$work" fork 20
is "$(row places '"bytes":770' blocks | grep -cx 10)" 20 "20 children that never start another program, each by itself"
run "$tools/mallocs.bpf.o" "$work" churn 8 300
is "$(grep '"map":"sizes"' "$tmp/out" | grep -oE '"max":63,"count":[0-9]+' | cut -d: -f3)" 2400 "2400 threads that come and go"
run "$tools/mallocs.bpf.o" "$work" signals 100000
is "$(row got . count)" 100000 "no block is lost while a signal handler is busy"
is "$(row returned . count)" 100000 "nor when it is given back"

# Stacks by their ids: one stack that got 1000 blocks, which the map of stacks has
run "$events/stacks.bpf.o" "$work" leak 1000 1000
is $status 0 "a map of stacks"
id=$(grep '"map":"print_stacks"' "$tmp/out" | grep -E '"value":\["keep_blocks\+0x[0-9a-f]+","main\+0x' | grep -oE '"key":[0-9]+' | cut -d: -f2)
[ -n "$id" ]; result $? "has the stack of those who got memory"
is "$(row blocks "\"key\":${id:-none}[,}]" sum)$(row blocks "\"key\":${id:-none}[,}]" count)" 1000 "under the id that 1000 blocks have"
is "$(row missed . count)" 0 "and no block is without one"
"$abide" run "$events/stacks.bpf.o" --preload libc -- "$work" leak 10 10 >"$tmp/out" 2>"$tmp/err" </dev/null
says '^ +keep_blocks\+0x' out "as a table, a line for each frame"

# Locks
run "$tools/lockwait.bpf.o" "$work" locks 500
is "$(row taken . count)" 502 "locks taken, free or not"
is "$(row locks '"caller":"wait_for_lock' waits)" 1 "one was waited for, by the function that did"
ns=$(row locks '"caller":"wait_for_lock' total)
[ "${ns:-0}" -ge 40000000 ]; result $? "for as long as the other one had it (${ns:-0} ns of 60 ms)"
is "$(row wait . count | head -1)" 1 "and no other"

# Every event at once. What abide itself does in the process is none of them: around a fork, at the start, at the end.
event() { row events "\"what\":\"$1\"" count; }
run "$events/all.bpf.o" "$work" fork 20
is "$(event EXIT)" 21 "a process and 20 children end"
is "$(row status '"key":0' count)" 21 "with status 0"
is "$(event MALLOC)" 200 "what they allocate is theirs"
is "$(event MUTEX_LOCK)$(event MUTEX_UNLOCK)" "" "no lock around their forks is an event"
run "$events/all.bpf.o" "$work" exec
is "$(event EXEC_ENTER)$(event EXEC_EXIT)" 2 "two programs are started, and neither fails to"
is "$(event EXIT)" 3 "three end"
run "$events/all.bpf.o" "$work" churn 8 300
is "$(event MUTEX_LOCK)" 2400 "locks of threads that come and go"
is "$(event MUTEX_UNLOCK)" 2400 "and as many releases"
run "$events/all.bpf.o" "$work" locks 100
is "$(event MUTEX_WAIT)" 1 "one wait begins"
run "$events/all.bpf.o" "$work" io "$tmp/file" 50
is "$(event WRITE_ENTER) $(event WRITE_EXIT) $(event READ_ENTER) $(event READ_EXIT)" "50 50 50 50" "each call has two events"
run "$events/all.bpf.o" sh -c 'exit 7'
is "$(row status '"key":7' count)" 1 "the status of a shell"

# What goes wrong
"$abide" run "$tools/iolat.bpf.o" --preload nothing -- true >"$tmp/out" 2>"$tmp/err"
is $? 2 "a library that is not there"; says 'libabide-nothing.so' err "is named"
"$abide" run "$tools/iolat.bpf.o" --preload libc -p $$ >"$tmp/out" 2>"$tmp/err"
is $? 2 "--preload is for commands"
if echo 'int main(void) { return 0; }' | cc -static -x c -o "$tmp/static" - 2>/dev/null; then
	"$abide" run "$tools/iolat.bpf.o" --preload libc -- "$tmp/static" >"$tmp/out" 2>"$tmp/err"
	is $? 1 "a program without a dynamic loader"
	says 'statically linked' err "and why nothing was seen"
fi
LD_PRELOAD=$(realpath $B)/libabide-libc.so "$work" leak 5 5 >"$tmp/out" 2>"$tmp/err"
is $? 0 "the library alone changes nothing"
is "$(cat "$tmp/out" "$tmp/err" | wc -c)" 0 "and says nothing"

# A process that runs already: come, count, go; again and again.
ABIDE_EVENT=1 LD_PRELOAD=$(realpath $B)/libabide-libc.so "$work" wait 20 >"$tmp/ready" &
pid=$!
for _ in $(seq 200); do [ -s "$tmp/ready" ] && break; sleep 0.02; done
for _ in 1 2 3; do
	timeout 20 "$abide" run "$tools/iolat.bpf.o" --json -p $pid -d 0.2 >"$tmp/out" 2>"$tmp/err" || break
	[ "$(row files '"call":"write","file":"/dev/null"' count)" -gt 0 ] || break
done
result $? "a process that runs is watched, three times over"
timeout -s KILL 0.3 "$abide" run "$tools/iolat.bpf.o" --json -p $pid >"$tmp/out" 2>"$tmp/err"
kill -0 $pid; result $? "it lives on when abide is killed"
timeout 20 "$abide" run "$tools/iolat.bpf.o" --json -p $pid -d 0.2 >"$tmp/out" 2>"$tmp/err"
[ "$(row files '"call":"write","file":"/dev/null"' count)" -gt 0 ]; result $? "and can be watched again"
kill $pid
wait $pid 2>/dev/null

echo "1..$n"
exit $((failed > 0))
