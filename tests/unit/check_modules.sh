#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# abide check on what only a module of a real kernel has: with the module beside the kernel's BTF
# it is found there, without it is not.
set -u
B=${B:-build}
kernel=${ABIDE_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/abide}/kernels/6.12
object=$B/tests/unit/check_modules.bpf.o
n=0
bad=0

if [ ! -r "$kernel/btf" ] || [ ! -r "$kernel/modules/mq-deadline.ko" ]; then
	echo "ok 1 - check: modules of a real kernel # SKIP kernel 6.12 and its modules are not in the cache"
	echo 1..1
	exit 0
fi
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/with" "$dir/without" || exit 1
cp "$kernel/btf" "$dir/with/vmlinux" && cp "$kernel/btf" "$dir/without/vmlinux" &&
	cp "$kernel/modules/mq-deadline.ko" "$dir/with" || exit 1

has() { # DIRECTORY PATTERN NAME
	"$B/abide" check -v "$object" --kernel "$dir/$1/vmlinux" >"$dir/out" 2>&1
	n=$((n + 1))
	if grep -q -- "$2" "$dir/out"; then
		echo "ok $n - check: $3"
	else
		echo "not ok $n - check: $3"
		sed 's/^/# /' "$dir/out"
		bad=1
	fi
}
has with '^  entry .*: runs' "a function of a module, with its BTF"
has with '^  beyond .*: fails.*argument 7' "its arguments are the module's"
has with '^  nowhere .*: fails' "a function that the module has not either"
has with '^  field .*: runs' "a field of a module's struct"
has without '^  entry .*: fails' "without it the function is not there"
has without '^  field .*: fails.*modules are not looked at' "nor the struct"
echo 1..$n
exit $bad
