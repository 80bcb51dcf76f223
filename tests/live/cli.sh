#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# abide run as a person uses it: options, commands, signals, exit status, messages. TAP.
# Watches only what it starts. ABIDE: the command; OBJECTS: folder of the live tests' objects.
set -u
: "${ABIDE:=build/abide}" "${OBJECTS:=build/tests/live}"
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
n=0 failed=0

result() { # good? name
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		failed=$((failed + 1))
		sed 's/^/# stdout: /' "$tmp/out" | head -20
		sed 's/^/# stderr: /' "$tmp/err" | head -20
	fi
}
skip() { n=$((n + 1)); echo "ok $n - $1 # skip $2"; }
run() { "$ABIDE" run "$@" >"$tmp/out" 2>"$tmp/err" </dev/null; status=$?; }
is() { [ "$1" = "$2" ]; result $? "$3 ($1)"; }
says() { grep -q -- "$1" "$tmp/$2"; result $? "$3"; }
wait_for() { # text: in the output of a run in the background, within 5 s
	for _ in $(seq 100); do grep -q -- "$1" "$tmp/out" && return 0; sleep 0.05; done
	return 1
}

tasks=$OBJECTS/tasks.bpf.o

# What needs no privilege
run --help;                        is $status 0 "--help";              says "usage: abide run" out "usage on stdout"
run "$tasks" --help;               says "--add-s16=VALUE.*s16, default -2" out "--help of an object lists its constants"
                                   says "--add-u64=VALUE.*added to each count: u64, default 1" out "with the help that the object gives"
                                   says "--at-level=VALUE.*LEVEL_LOW" out "an enum's default by name"
                                   says "--rows-wanted=VALUE.*bool, default true" out "a bool's default"
run;                               is $status 2 "no object is bad usage"
run "$tasks" -d nonsense;          is $status 2 "a duration that is none"
run "$tasks" -d -1;                is $status 2 "a negative duration"
run "$tasks" 0;                    is $status 2 "an interval of 0"
run "$tasks" -o xml;               is $status 2 "an unknown format";    says "table, json" err "says which there are"
run "$tasks" -p 1x;                is $status 2 "a process id that is none"
run "$tasks" -p $$ -- true;        is $status 2 "-p and a command together"
run "$tasks" --;                   is $status 2 "-- without a command"
run "$tasks" -t $$;                is $status 2 "-t";                   says "-p PID" err "says what to use instead"
run "$tasks" 1 1 1;                is $status 2 "a third argument"

if [ "$(id -u)" != 0 ] || ! command -v setpriv >/dev/null; then
	skip "the rest" "needs root and setpriv"
	echo "1..$n"
	exit $((failed > 0))
fi
# Reading the object must not be what fails: nobody may not enter this folder.
cp "$ABIDE" "$tasks" "$tmp"; chmod 755 "$tmp"
setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set -all "$tmp/abide" run "$tmp/tasks.bpf.o" -d 1 -p $$ >"$tmp/out" 2>"$tmp/err"
is $? 1 "without privilege it fails"
says "needs CAP_BPF and CAP_PERFMON" err "and says which capabilities it needs"
is "$(grep -c '^abide:' "$tmp/err")" 1 "in one sentence"

run "$tasks" -p $$ -d 0.01
if [ $status != 0 ] && grep -q 'no permission\|no bpf(2)\|does not describe its types' "$tmp/err"; then
	skip "the rest" "$(head -1 "$tmp/err")"
	echo "1..$n"
	exit $((failed > 0))
fi

is $status 0 "a process is watched for a moment"

# The object's own options
for bad in --add-s16=32768 --add-s16=-32769 --add-u64=-1 --add-u64=18446744073709551616 --add-u64= --add-u64 --add-u64=1x \
	   --rows-wanted=maybe --at-level=LEVEL_NONE --only-comm=0123456789abcdef; do
	run "$tasks" "$bad" -- true;   is $status 2 "refused: $bad";       says "${bad%%=*}" err "names the option"
done
run "$tasks" --no-such=1 -- true;  is $status 2 "an unknown option";    says "unknown option --no-such" err "is named"
for good in --add-s16=-32768 --add_s16=0x7fff --add-u64=18446744073709551615 --rows-wanted --rows_wanted=off \
	    --at-level=LEVEL_HIGH --at-level=1 --only-comm=0123456789abcde; do
	run "$tasks" "$good" -- true;  is $status 0 "taken: $good"
done

# Commands
run "$tasks" -- sh -c 'exit 3';    is $status 0 "a command's failure is not abide's"
                                   says "status 3" err "but is told"
run "$tasks" -- sh -c 'kill -TERM $$'; says "signal 15" err "and so is its signal"
run "$tasks" -- /no/such/file;     is $status 127 "a command that is not there"; says "/no/such/file" err "is named"
run "$tasks" -- "$tmp";            is $status 126 "a command that cannot be executed"
run "$tasks" --json -- sh -c '/bin/true; /bin/true'
says '"type":"attached"' out "JSON says when it is attached"
is "$(grep -c '"type":"event"' "$tmp/out")" 3 "three programs begun by a command, one row each"
before=$SECONDS
run "$tasks" -d 1 -- sleep 20;     is $status 0 "-d ends it before the command"
[ $((SECONDS - before)) -lt 5 ];   result $? "in time"
                                   says "sleep still runs and is asked to end" err "and ends the command"

# Processes
run "$tasks" -p 4194304;           is $status 1 "a process that is not there"; says "no process 4194304" err "is named"
if command -v python3 >/dev/null; then
	python3 -c 'import sys, threading; threading.Thread(target=sys.stdin.read).start(); print(flush=True)' \
		< <(sleep 2) > >(cat >"$tmp/started") &
	pid=$!
	for _ in $(seq 100); do [ -s "$tmp/started" ] && break; sleep 0.02; done
	tid=$(ls /proc/$pid/task | grep -vx $pid | head -1)
	run "$tasks" -p "$tid";    is $status 1 "a thread is no process"; says "-p $pid" err "and its process is named"
	kill $pid; wait $pid 2>/dev/null
else
	skip "a thread is no process" "no python3 to make one"
fi
bash -c 'read -r _ <"$1"; /bin/true; /bin/true' _ <(sleep 0.6; echo) &
"$ABIDE" run "$tasks" --json -p $! >"$tmp/out" 2>"$tmp/err"; is $? 0 "it ends when the last watched process has ended"
is "$(grep -c '"type":"event"' "$tmp/out")" 2 "the process's children make rows, nobody else"
"$ABIDE" run "$tasks" --json -p $$ 0.2 2 >"$tmp/out" 2>"$tmp/err"; is $? 0 "INTERVAL COUNT"

if command -v unshare >/dev/null && unshare -p -f true 2>/dev/null; then
	unshare -p -f --mount-proc "$ABIDE" run "$tasks" -- true >"$tmp/out" 2>"$tmp/err"
	is $? 1 "in a PID namespace it refuses to watch";      says "PID namespace" err "and says why"
else
	skip "in a PID namespace" "cannot make one"
fi
mounted=; mountpoint -q /sys/fs/bpf && mounted=1
run "$OBJECTS/pinned.bpf.o" -- true
if [ "$mounted" ]; then
	is $status 0 "a map that is pinned"
	[ -e /sys/fs/bpf/abide_test_pin ];   result $? "has a name"
	run "$OBJECTS/pinned.bpf.o" --json -- true
	is "$(grep -c '"map":"abide_test_pin"' "$tmp/out")" 2 "and a second run goes on with it"
	rm -f /sys/fs/bpf/abide_test_pin
else
	is $status 1 "a map that is to be pinned where nothing is mounted"; says "mount -t bpf" err "says what to do"
fi

# Signals
for sig in INT TERM; do
	bash -c 'trap - INT; exec "$@"' _ "$ABIDE" run "$tasks" --json -p $$ >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	wait_for '"type":"attached"'
	/bin/true
	kill -$sig $pid
	wait $pid;                 is $? 0 "SIG$sig ends it well"
	says '"map":"count_exec"' out "and shows results a last time"
done
"$ABIDE" run "$tasks" --json -- sleep 30 >"$tmp/out" 2>"$tmp/err" &
pid=$!
wait_for '"type":"event"' # it runs; before that it would go with abide
child=$(tr ' ' '\n' <"/proc/$pid/task/$pid/children" | head -1)
kill -KILL $pid
wait $pid 2>/dev/null;             is $? 137 "killed"
[ -n "$child" ] && kill "$child" 2>/dev/null; result $? "its command lives on"

echo "1..$n"
exit $((failed > 0))
