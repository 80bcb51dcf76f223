#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Programs of Debian, as they are: sqlite3, whose writes are the pages of its file, and
# redis-server, whose reads and writes are the commands that it was sent. Needs no privilege. TAP.
# B: the build folder. Both work in a folder that is removed; redis on a Unix socket in it.
set -u
. tests/unit/preload_kit.sh
abide=$B/abide tools=$B/tools
pid=
trap '[ -z "$pid" ] || kill $pid 2>/dev/null; rm -rf "$tmp"' EXIT
skip() { n=$((n + 1)); echo "ok $n - $1 # skip $2"; }
# run TOOL COMMAND...
run() {
	local tool=$1
	shift
	timeout 60 "$abide" run "$tools/$tool.bpf.o" --preload libc --json -- "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
}

if command -v sqlite3 >/dev/null; then
	db=$tmp/test.db
	# All in one transaction and in the cache: at its end each page is written once.
	run iolat sqlite3 "$db" "pragma page_size=4096; pragma journal_mode=off; pragma synchronous=off;
		pragma cache_size=100000; begin; create table t(a integer primary key, b blob);
		with recursive n(i) as (select 1 union all select i+1 from n where i<3000)
		insert into t select i, randomblob(1000) from n; commit;"
	result $? "sqlite3 writes a database"
	pages=$(sqlite3 "$db" "pragma page_count")
	size=$(stat -c %s "$db")
	is "$(row files "\"call\":\"pwrite64\",\"file\":\"$db\"" count)" "$pages" "as many writes to it as it has pages"
	is "$(row files "\"call\":\"pwrite64\",\"file\":\"$db\"" bytes)" "$size" "as many bytes as it has"
	is "$(row latency '"call":"pwrite64"' count | head -1)" "$pages" "each with its time"
	run iolat sqlite3 "$db" "select sum(length(b)) from t"
	is "$(grep -cx 3000000 "$tmp/out")" 1 "sqlite3 reads all of it, and its output is its own"
	bytes=$(row files "\"call\":\"pread64\",\"file\":\"$db\"" bytes)
	# a header and a change counter beside the pages
	[ "${bytes:-0}" -ge "$size" ] && [ "${bytes:-0}" -lt $((size + 1024)) ]
	result $? "what it reads is the file ($bytes bytes of $size)"
	run iolat sqlite3 "$tmp/sync.db" "pragma synchronous=full; create table t(a); insert into t values(1); insert into t values(2);"
	[ "$(row files "\"call\":\"f(data)?sync\",\"file\":\"$tmp/sync.db\"" count | awk '{ s += $1 } END { print s + 0 }')" -ge 3 ]
	result $? "with synchronous=full each of three transactions syncs the file"
	run mallocs sqlite3 :memory: "create table t(a); insert into t values(1); select * from t"
	got=$(row got . count)
	[ "${got:-0}" -gt 100 ]; result $? "its memory (${got:-0} blocks)"
	is "$(row places '"stack":\["_IO_file_doallocate' bytes)" 4096 "a buffer of stdio that is kept, by libc's own stack"
else
	skip "sqlite3" "it is not installed"
fi

if command -v redis-check-rdb >/dev/null && command -v redis-cli >/dev/null; then
	# The server is the same file under another name. Started by us, and reached at a socket of ours only.
	ln -s "$(command -v redis-check-rdb)" "$tmp/redis-server"
	sock=$tmp/redis.sock
	start() { # TOOL
		timeout 60 "$abide" run "$tools/$1.bpf.o" --preload libc --json -- "$tmp/redis-server" --port 0 --unixsocket "$sock" \
			--save '' --appendonly no --dir "$tmp" --daemonize no >"$tmp/out" 2>"$tmp/err" </dev/null &
		pid=$!
		for _ in $(seq 500); do [ -S "$sock" ] && break; sleep 0.02; done
	}
	stop() {
		redis-cli -s "$sock" shutdown nosave
		wait $pid
		pid=
	}
	start iolat
	is "$(redis-cli -s "$sock" -r 2000 set key value | grep -c OK)" 2000 "redis-server answers 2000 commands"
	stop
	is "$(row files "\"call\":\"write\",\"file\":\"$sock\"" count)" 2000 "with 2000 writes to its socket"
	is "$(row files "\"call\":\"write\",\"file\":\"$sock\"" bytes)" 10000 "of +OK each"
	# and one for the end of the first connection, one for the command that ends it
	is "$(row files "\"call\":\"read\",\"file\":\"$sock\"" count)" 2002 "and 2002 reads"
	is "$(row files "\"call\":\"accept4?\",\"file\":\"$sock\"" count)" $((2 + $(row files "\"call\":\"accept4?\",\"file\":\"$sock\"" failed))) "two connections"
	start mallocs
	redis-cli -s "$sock" -r 500 rpush list 0123456789012345678901234567890123456789 >/dev/null
	got=$(redis-cli -s "$sock" llen list)
	stop
	is "$got" 500 "redis-server with jemalloc, a library, behind ours"
	got=$(row got . count)
	[ "${got:-0}" -gt 1000 ]; result $? "its memory is seen (${got:-0} blocks)"
else
	skip "redis-server" "redis-tools is not installed"
fi

echo "1..$n"
exit $((failed > 0))
