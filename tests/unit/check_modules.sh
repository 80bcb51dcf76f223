#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# abide check on what only a module of a real kernel has: with the module beside the kernel's BTF
# it is found there, without it is not.
set -u
B=${B:-build}
kernel=${ABIDE_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/abide}/kernels/6.12
object=$B/tests/unit/check_modules.bpf.o
symbols=$B/tests/unit/check_modules_symbols.bpf.o
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
	cp "$kernel/modules/mq-deadline.ko" "$kernel/modules/dm-mod.ko" "$dir/with" || exit 1

say() { # WHETHER NAME
	n=$((n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $n - check: $2"
	else
		echo "not ok $n - check: $2"
		sed 's/^/# /' "$dir/out"
		bad=1
	fi
}
has() { # DIRECTORY PATTERN NAME
	"$B/abide" check -v "${of:-$object}" --kernel "$dir/$1/vmlinux" >"$dir/out" 2>&1
	grep -q -- "$2" "$dir/out"
	say $? "$3"
}
loaded="runs where module mq_deadline is loaded\$"
has with "^  entry .*: $loaded" "a function of a module, with its BTF"
has with '^  beyond .*: fails.*argument 8' "its arguments are the module's"
has with '^  nowhere .*: fails' "a function that the module has not either"
has with "^  named .*: $loaded" "a function of a module that is named"
has with "^  named_exit .*: $loaded" "and where it returns"
has with '^  named_nowhere .*: fails.*BTF of module mq_deadline' "a function that the named module has not"
has with '^  named_own .*: fails' "the kernel's own is not the module's"
has with '^  no_module .*: fails.*no module no_such_module' "a module that is not there"
has with '^  kernel_itself .*: runs$' "the kernel itself, by the name of a module"
has with '^  begins .*: fails.*only for its begin' "a function that is thrown away"
has with "^  probed .*: $loaded" "a kprobe in a module"
has with '^  probe_named .*: fails.*colon' "a kprobe with a module's name"
has with '^  event_nowhere .*: fails' "an event that no module has"
has with "^  field .*: $loaded" "a field of a module's struct"
has with '^  asked .*: runs$' "who asks whether a type is there needs no module"
has with '^  plain .*: runs$' "nor who needs nothing of it"
of=$symbols
has with '^  symbol .*: runs where module dm_mod is loaded$' "a symbol of a module"
has with '^  weak .*: runs where module dm_mod is loaded$' "which the object wants, whichever program uses it"
has without '^  symbol .*: unknown' "without the module nobody knows it"
of=
has without '^  entry .*: fails' "without it the function is not there"
has without '^  named .*: unknown.*not among' "of a module that is named nobody knows"
has without '^  field .*: fails' "nor the struct"

"$B/abide" check --json "$object" --kernel "$dir/with/vmlinux" >"$dir/out" 2>&1
grep -q '"module":"mq_deadline","if_loaded":true' "$dir/out"
say $? "the condition is in JSON"

# What differs for the object is that a module is there, or is not.
"$B/abide" diff "$dir/with/vmlinux" "$dir/without/vmlinux" "$object" >"$dir/out" 2>&1
[ $? = 1 ] && grep -A 3 'function dd_merged_requests' "$dir/out" | grep -q 'in module mq_deadline'
say $? "diff names the module"
"$B/abide" diff "$dir/with/vmlinux" "$dir/with/vmlinux" "$object" >"$dir/out" 2>&1
say $? "the same modules are no difference"

"$B/abide" stamp "$object" -o "$dir/stamped" --kernel "$dir/with/vmlinux" --release 6.12.0-test >"$dir/out" 2>&1 &&
	"$B/abide" stamp --show -v "$dir/stamped" >"$dir/out" 2>&1 &&
	grep -q '^uses function function dd_merged_requests = void (.*) in module mq_deadline$' "$dir/out" &&
	grep -q '^uses field deadline_data.front_merges = 4 bytes in module mq_deadline$' "$dir/out"
say $? "a stamp says which module has what"
echo 1..$n
exit $bad
