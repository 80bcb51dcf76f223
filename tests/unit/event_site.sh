#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# The code of a site that nobody listens to, a wrong pointer there with the error that is meant, and
# what libabide-event.so needs. event_header has the rest of what compilers say.
set -uo pipefail
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here" && while [ ! -e include/abide/event.h ] && [ "$PWD" != / ]; do cd ..; done; pwd)
lib=$(cd "$here/../.." && pwd)
bad=0
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

check() { # NAME, with the status of what came before
	if [ "$1" = 0 ]; then echo "ok - $2"; else echo "not ok - $2"; bad=1; fi
}
warn="-Wall -Wextra -Wshadow -Wconversion -Werror -O2 -fPIC -I$top/include"

# LANGUAGE COMPILER
one() {
	local app=$top/tests/unit/event/app.c what="$2 -std=$1" lang=c
	[ "$1" = c11 ] || lang=c++
	# shellcheck disable=SC2086
	$2 -x $lang -std="$1" $warn -c -o "$tmp/site.o" "$app" 2>"$tmp/err"
	check $? "$what: no warning"
	sed 's/^/# /' "$tmp/err"
	# shellcheck disable=SC2086
	if $2 -x $lang -std="$1" -I"$top/include" -DAPP_WRONG -c -o "$tmp/wrong.o" "$app" 2>"$tmp/err"; then
		check 1 "$what: a wrong pointer at a site is an error"
	else
		grep -qE 'error: .*(incompatible|no matching function|cannot convert|cannot initialize)' "$tmp/err"
		check $? "$what: a wrong pointer at a site is an error"
	fi
	if [ "$(uname -m)" != x86_64 ]; then
		echo "skip - $what: the code of a silent site: its instructions are known for x86_64 only"
		return
	fi
	# What is executed when nobody listens: from the function's start to its first return, the branch not taken.
	objdump -d --no-show-raw-insn "$tmp/site.o" | awk '/<app_site>:$/ { on = 1; next } on && /^$/ { exit }
		on { sub(/^[^:]*:[ \t]*/, ""); if ($1 != "endbr64") print; if ($1 ~ /^ret/) exit }' >"$tmp/code"
	awk '/\(%rip\)/ { loads++ } $1 ~ /^(cmp|test)/ { compares++ } $1 ~ /^j/ { jumps++ } $1 ~ /^call/ { calls++ } $1 ~ /^ret/ { end++ }
		END { exit !(loads == 1 && compares == 1 && jumps == 1 && !calls && end == 1 && NR <= 4) }' "$tmp/code"
	local rc=$?
	check $rc "$what: a silent site is one load, one compare, one branch"
	[ $rc = 0 ] || sed 's/^/# /' "$tmp/code"
}
for cc in gcc clang; do
	one c11 $cc
	one c++17 $cc
done

readelf -d "$lib/libabide-event.so" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -vE '^(libc\.so|libpthread\.so|ld-linux)' | sed 's/^/# /' >"$tmp/needs"
[ ! -s "$tmp/needs" ]
check $? "libabide-event.so needs libc and pthreads only"
exit $bad
