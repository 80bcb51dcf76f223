# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# shellcheck shell=sh disable=SC2034,SC3043 # for those that source it; every sh here has local
#
# What tests of the command share, from the top of the tree: TAP and looks at what a run said. Sets B, abide, dir (a folder
# that goes away), n and bad. $about stands in front of names, $subcommand in front of arguments.
B=${B:-build}
abide=$B/abide
n=0
bad=0
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

report() { # STATUS NAME
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - ${about-}$2"
	else
		echo "not ok $n - ${about-}$2"
		head -n 20 "$dir/out" "$dir/err" | sed 's/^/# /'
		bad=1
	fi
}
# exits STATUS NAME ARGUMENTS...
exits() {
	local want=$1 name=$2
	shift 2
	"$abide" ${subcommand:+"$subcommand"} "$@" >"$dir/out" 2>"$dir/err"
	[ $? = "$want" ]
	report $? "$name"
}
has() { # TEXT NAME: on stdout
	grep -qF -- "$1" "$dir/out"
	report $? "$2"
}
lacks() { # TEXT NAME: not on stdout
	! grep -qF -- "$1" "$dir/out"
	report $? "$2"
}
says() { # TEXT NAME: on stderr
	grep -qF -- "$1" "$dir/err"
	report $? "$2"
}
