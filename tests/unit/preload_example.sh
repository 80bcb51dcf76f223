#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# examples/mydb as an outsider builds and runs it: abide installed to a folder, libabide-event
# from pkg-config, the header of its events from abide header. Counts must be what load asked
# for. Needs no privilege. TAP.
# B: the build folder.
set -u
. tests/unit/preload_kit.sh
unset MAKEFLAGS MAKELEVEL MFLAGS # this may have been started by make itself
server=
trap '[ -z "$server" ] || kill $server 2>/dev/null; rm -rf "$tmp"' EXIT
count() { row queries "\"op\":\"OP_$1\",\"found\":$2" "${3:-count}"; }
# Wait for a line of FILE, at most 10 s.
await() { for _ in $(seq 500); do grep -q -- "$1" "$2" 2>/dev/null && return 0; sleep 0.02; done; return 1; }

make -s B="$B" install PREFIX="$tmp/usr" >"$tmp/out" 2>"$tmp/err"
result $? "abide is installed"
if ! command -v pkg-config >/dev/null; then
	echo "ok $((++n)) - the rest # skip pkg-config is not installed"
	echo "1..$n"
	exit $((failed > 0))
fi
export PATH=$tmp/usr/bin:$PATH PKG_CONFIG_PATH=$tmp/usr/lib/pkgconfig LD_LIBRARY_PATH=$tmp/usr/lib
cp -r examples/mydb "$tmp/mydb"
for kind in so a; do
	[ $kind = so ] || rm "$tmp/usr/lib/libabide-event.so" # then the archive is taken
	make -s -C "$tmp/mydb" clean all >"$tmp/out" 2>"$tmp/err"
	result $? "the example builds (lib$kind)"
	is "$(cat "$tmp/err" | wc -l)" 0 "without a word"
	sock=$tmp/sock

	# A command that abide starts; three clients, 40 keys each.
	abide run "$tmp/mydb/queries.bpf.o" --json -- "$tmp/mydb/mydb" "$sock" 4 >"$tmp/out" 2>"$tmp/err" &
	server=$!
	await ready "$tmp/out"
	"$tmp/mydb/load" "$sock" 3 40
	result $? "the clients have right answers"
	kill "$(pgrep -P $server mydb)"
	wait $server
	result $? "abide ends with the server"
	server=
	is "$(count SET false)" 120 "120 keys that are new"
	is "$(count GET true)" 240 "240 that are found"
	is "$(count GET false)" 3 "3 that are not"
	is "$(count DEL true)" 60 "60 that are deleted"
	is "$(count BAD false)" 3 "3 that are nonsense"
	is "$(row values . count | head -1)" 120 "120 values, behind two pointers"
	is "$(row values . sum)" $((3 * (10 * 10 + 30 * 11))) "with their sizes"
	is "$(row connections . count)" 3 "three connections"
	is "$(row served . count)" 426 "and all queries by their own count"
	is "$(row latency '"mydb_op":"OP_SET"' count | head -1)" 120 "a histogram for each"
	is "$(grep -c '60 keys' "$tmp/out")" 1 "the server has the keys that are left"

	# Its own events beside those of libc, where both share the library.
	if [ $kind = so ]; then
		abide run "$tmp/mydb/queries.bpf.o" --json --preload libc -- "$tmp/mydb/mydb" "$sock" 4 >"$tmp/out" 2>"$tmp/err" &
		server=$!
		await ready "$tmp/out"
		is "$(abide ps | awk -v p="$(pgrep -P $server mydb)" '$1 == p { print ($2 > 5) }')" 1 "with --preload libc it has more events"
		"$tmp/mydb/load" "$sock" 2 10
		kill "$(pgrep -P $server mydb)"
		wait $server
		server=
		is "$(count SET false)" 20 "and its own are seen as before"
	fi

	# A server that runs already, with rows for all queries.
	ABIDE_EVENT=1 "$tmp/mydb/mydb" "$sock" 4 >"$tmp/ready" &
	server=$!
	await ready "$tmp/ready"
	abide run "$tmp/mydb/queries.bpf.o" --json --each -p $server >"$tmp/out" 2>"$tmp/err" &
	run=$!
	await '"type":"attached"' "$tmp/out"
	"$tmp/mydb/load" "$sock" 2 10
	kill -INT $run
	wait $run
	is "$(count SET false)" 20 "a server that runs already"
	is "$(grep -c '"map":"rows".*"peer":"client [12]".*"key":"key[01]-9"' "$tmp/out")" 6 "rows with a client's name and the key: set, and two gets"
	kill $server
	wait $server
	server=
done
abide lock --help >/dev/null 2>&1 && { abide list "$tmp/mydb/mydb" >"$tmp/out" 2>"$tmp/err"; grep -q 'mydb:query_done' "$tmp/out"; result $? "its events are listed"; }

echo "1..$n"
exit $((failed > 0))
