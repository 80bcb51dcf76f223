# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# shellcheck shell=bash disable=SC2034 # for those that source it
#
# What tests of applications' events share, from the top of the tree: TAP, and rows of what a run in JSON said. Sets B, tmp (a folder;
# removing it is the test's), n and failed.
export LC_ALL=C
B=${B:-build}
tmp=$(mktemp -d) || exit 1
n=0 failed=0

result() { # status name
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		failed=$((failed + 1))
		head -c 2000 "$tmp/out" | cut -c1-300 | sed 's/^/# stdout: /' | head -30
		sed 's/^/# stderr: /' "$tmp/err" | head -10
	fi
}
is() { [ "$1" = "$2" ]; result $? "$3 ($1, want $2)"; }
# row MAP KEY MEMBER: of the rows of a map whose line has KEY
row() { grep "\"map\":\"$1\"" "$tmp/out" | grep -E -- "$2" | grep -oE "\"$3\":-?[0-9]+" | cut -d: -f2; }
