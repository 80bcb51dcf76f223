#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# abide run on applications, as its user sees it: a command from its first event on, its children and what
# they execute, running processes, results in every form, refusals. Counts are compared with what the
# application itself says. B: build folder.
set -u
. tests/unit/cli_kit.sh
server=$B/tests/unit/control_server
object=$B/tests/unit/control_steps.bpf.o
pids=()
trap 'for p in "${pids[@]}"; do kill "$p" 2>/dev/null; done; wait 2>/dev/null; rm -rf "$dir"' EXIT
export XDG_RUNTIME_DIR=$dir/run
mkdir -m 700 "$XDG_RUNTIME_DIR" || exit 1
unset ABIDE_EVENT ABIDE_EVENT_WAIT

# run STATUS NAME ARGUMENTS...: of abide run OBJECT
run() {
	local want=$1 name=$2
	shift 2
	"$abide" run "$object" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	[ $? = "$want" ]
	report $? "$name"
}
has() { # PATTERN NAME: a line on stdout
	grep -qE -- "$1" "$dir/out"
	report $? "$2"
}
says() { # PATTERN NAME: a line on stderr
	grep -qE -- "$1" "$dir/err"
	report $? "$2"
}
# start VARIABLE ARGUMENTS...: an application in the background that has said "ready"
start() {
	local -n id=$1
	shift
	: >"$dir/app"
	stop_feeding
	rm -f "$dir/fifo"
	mkfifo "$dir/fifo"
	"$server" -w "$@" <"$dir/fifo" >"$dir/app" 2>&1 &
	id=$!
	pids+=("$id")
	exec {feed}>"$dir/fifo"
	until grep -q ready "$dir/app"; do sleep 0.01; done
}
go() { echo go >&"$feed"; }
# Whoever still waits for a line has none, and ends.
stop_feeding() {
	[ -z "$feed" ] || exec {feed}>&-
	feed=
}
feed=

run 0 "a command" --only=500 --say -- "$server" -t 4 -n 1000
has '^fired 4000$' "which fired 4000 events"
has '^steps: 4000$' "all of them are counted, from the first on"
has '^ +3 +1000$' "for each thread"
has '4000 values, average 50[01]' "in a histogram"
[ "$(grep -cE '^ +500 +[0-3] +0 job$' "$dir/out")" = 4 ]
report $? "a row of each thread in a ring"
[ "$(grep -cE '^thread [0-3], round 0, value 1$' "$dir/err")" = 4 ]
report $? "what the program prints is on stderr, a line each"
has '^ends: 1$' "the second program ran"

run 0 "threads that come and go" -- "$server" -t 40 -n 50 -r 20
has '^steps: 40000$' "lose no count"
run 0 "forked children" -- "$server" -t 3 -n 1000 -f 5
has '^steps: 18000$' "have their parent's programs, and are counted"
has '^ends: 6$' "to their end"
run 0 "a process that executes itself" -- "$server" -t 2 -n 700 -x
has '^steps: 2800$' "is attached again before its first event"
run 0 "a shell's children" -- sh -c "'$server' -n 300 & '$server' -n 400; wait; true"
has '^steps: 700$' "are attached, the shell is left alone"

run 0 "JSON" -j -- "$server" -t 2 -n 100
has '^\{"ts":"[^"]*","type":"attached","object":"[^"]*","programs":2,"instructions":[0-9]+,"command":\[' "says what is attached"
has '"type":"map","map":"steps","value":\{"count":200\}\}$' "and has the counts"
run 0 "-v" -v -- "$server" -t 2 -n 100
says 'on_step on app:step: [0-9]+ instructions, [0-9]+ bytes of native code; verified in' "says what was verified and compiled"
says 'job_user.value is value here' "and how loads were translated"
says 'on_step on app:step: 200 runs, 0 missed, 0 over budget, 0 bad addresses$' "and at the end how often programs ran"

run 0 "pointers that lead nowhere" -v -- "$server" -t 3 -n 1000 -b 40
has '^steps: 3000$' "are no reason to lose an event"
says 'on_step on app:step: 3000 runs, 0 missed, 0 over budget, 120 bad addresses$' "and are counted, one for each load that read 0"
run 0 "with children" -v -- "$server" -t 1 -n 100 -b 7 -f 3
[ "$(grep -cE 'on_step on app:step: 100 runs, 0 missed, 0 over budget, 7 bad addresses$' "$dir/err")" = 1 ]
report $? "which count their own"

later=$(realpath "$B")/tests/unit/control_later.so
run 0 "a library that is loaded later and has an event that is laid out otherwise" -j -- "$server" -t 1 -n 100 -l "$later"
has '"map":"steps","value":\{"count":100\}\}$' "the program is not on it there"
says 'process [0-9]+ .*, loaded later, has event app:step laid out otherwise: on_step is not on it there' "which is told, even if the process ends at once"
[ "$(grep -cE '^\{"ts":"[^"]*","type":"unlike","pid":[0-9]+,"program":"on_step","event":"app:step"[,}]' "$dir/out")" = 1 ]
report $? "in JSON too, once"

start app -s -t 1 -n 0 -u 1000 -l "$later"
"$abide" run "$object" -v -p "$app" >"$dir/out" 2>"$dir/err" </dev/null &
watcher=$!
until grep -q 'watching process' "$dir/err" 2>/dev/null; do sleep 0.01; done
go
until grep -q 'laid out otherwise' "$dir/err" || ! kill -0 "$watcher"; do sleep 0.01; done
says "$later, loaded later" "at once, while the process runs"
kill "$app"
wait "$watcher"
report $? "and abide goes on to its end"
[ "$(grep -c 'laid out otherwise' "$dir/err")" = 1 ]
report $? "without saying it again"
stop_feeding

start app -s -t 2 -n 2000 -u 100
run 0 "a running process, for a while" -d 0.3 -p "$app"
has '^steps: 0$' "that does nothing yet has no events"
"$abide" run "$object" -v -p "$app" >"$dir/out" 2>"$dir/err" </dev/null &
watcher=$!
until grep -q 'watching process' "$dir/err" 2>/dev/null; do sleep 0.01; done
"$abide" run "$object" -v -p "$app" >"$dir/out2" 2>"$dir/err2" </dev/null &
second=$!
until grep -q 'watching process' "$dir/err2" 2>/dev/null; do sleep 0.01; done
go
wait "$watcher"
report $? "abide ends when the process that it watches has"
has '^steps: 4000$' "and has all events"
wait "$second"
mv "$dir/out2" "$dir/out"
has '^steps: 4000$' "so has another one at the same time"
stop_feeding

start app -s -t 2 -n 0 -u 100
go
run 0 "intervals" -p "$app" 0.1 3
[ "$(grep -c '^steps: ' "$dir/out")" = 3 ]
report $? "three of them"
run 0 "-v at the end of a process that goes on" -v -d 0.2 -p "$app"
says 'on_step on app:step: [1-9][0-9]* runs, [0-9]+ missed, 0 over budget, 0 bad addresses$' "says how often programs ran"
runs=$(sed -n 's/.*on_step on app:step: \([0-9]*\) runs.*/\1/p' "$dir/err")
has "^steps: $runs\$" "as often as they counted"
start other -s -t 1 -n 100
"$abide" run "$object" -v -p "$app" -p "$other" -d 0.5 >"$dir/out" 2>"$dir/err" </dev/null
report $? "two processes at once"
says "watching process $app $other" "are both watched"
stop_feeding
kill "$app" "$other" 2>/dev/null
wait "$app" "$other" 2>/dev/null

start quiet -t 1 -n 10
run 1 "a process that does not listen" -p "$quiet"
says "process $quiet does not listen for abide" "is named"
says 'try: .*ABIDE_EVENT=1' "with what to do"
stop_feeding
wait "$quiet" 2>/dev/null
run 1 "a process without events" -p $$
says 'has no user events' "is refused"
run 1 "no process at all"
says 'which process\?' "is asked for"
run 1 "a command that has no events" -- true
says 'no process of true ran the programs' "is a failure"
run 127 "a command that is not there" -- "$dir/nothing"
if [ "$(id -u)" = 0 ]; then
	start app -s -t 1 -n 10
	chmod 755 "$dir" "$XDG_RUNTIME_DIR"
	setpriv --reuid 65534 --regid 65534 --clear-groups "$abide" run "$object" -p "$app" -d 1 >"$dir/out" 2>"$dir/err" </dev/null
	[ $? = 1 ]
	report $? "another user's process is refused"
	says 'belongs to another user|cannot|does not listen|permission' "with the reason"
	go
	wait "$app"
	stop_feeding
else
	n=$((n + 1))
	echo "ok $n - another user's process is refused # SKIP needs root"
fi

[ -z "$(ls "$XDG_RUNTIME_DIR/abide" 2>/dev/null)" ]
report $? "no socket is left behind"
echo "1..$n"
exit $bad
