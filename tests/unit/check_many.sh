#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# abide check on more kernels than are open at once: files of BTF, profiles of one kernel in the user's store,
# and one set of all (which is never closed) must give the same report, whatever it is printed as.
set -u
about="check, many kernels: " subcommand=check
. tests/unit/cli_kit.sh
objects="$B/tests/unit/check_core.bpf.o $B/tests/unit/check_guard.bpf.o"
export XDG_DATA_HOME="$dir/data"

# Seven releases of two kernels, older and newer ones in turn.
files='' names=''
for i in 1 2 3 4 5 6 7; do
	[ $((i % 2)) = 1 ] && from=old || from=new
	file=$dir/9.$i.0-test.btf
	llvm-objcopy --dump-section .BTF="$file" "$B/tests/unit/check_kernel_$from.bpf.o" /dev/null || exit 1
	"$abide" kernel add "$file" >"$dir/out" 2>"$dir/err"
	report $? "kernel 9.$i is added"
	files="$files $file"
	names="$names --kernel 9.$i.0-test"
done
# shellcheck disable=SC2086 # lists of words
"$abide" kernel pack -o "$dir/all.kernels" $files >"$dir/out" 2>"$dir/err"
report $? "all are packed into one file"
kernels=''
for file in $files; do
	kernels="$kernels --kernel $file"
done

# shellcheck disable=SC2086
for how in '' -v --json; do
	exits 1 "files of BTF${how:+, $how}" $how $kernels $objects
	mv "$dir/out" "$dir/files"
	exits 1 "the same in the store${how:+, $how}" $how $names $objects
	cmp "$dir/files" "$dir/out" >"$dir/err"
	report $? "has the same report"
	exits 1 "the same as one set${how:+, $how}" $how --kernel "$dir/all.kernels" $objects
	cmp "$dir/files" "$dir/out" >"$dir/err"
	report $? "has the same report"
done
grep -q 9.7.0-test "$dir/files" && grep -q '"fails"\|"wrong"' "$dir/files"
report $? "and the report says something of the last one"

# Objects one at a time, and one that cannot be read between them.
# shellcheck disable=SC2086
{
	exits 1 "the first object alone" --json $kernels ${objects%% *}
	mv "$dir/out" "$dir/each"
	exits 1 "the second alone" --json $kernels ${objects##* }
	cat "$dir/out" >>"$dir/each"
	exits 2 "one between them that is not there" --json $kernels ${objects%% *} "$dir/none.o" ${objects##* }
}
says none.o "it is told"
cmp "$dir/each" "$dir/out" >"$dir/err"
report $? "and the others have the same report as alone"

# More objects than are checked together.
list='' i=0
: >"$dir/all"
while [ $i -lt 20 ]; do
	list="$list $objects"
	cat "$dir/each" >>"$dir/all"
	i=$((i + 1))
done
# shellcheck disable=SC2086
exits 1 "forty objects" --json $kernels $list
cmp "$dir/all" "$dir/out" >"$dir/err"
report $? "have the same reports"

# What cannot be used is told before anything is printed.
cp "$dir/data/abide/kernels/9.7.0-test.kernel" "$dir/cut"
head -c 400 "$dir/cut" >"$dir/data/abide/kernels/9.7.0-test.kernel"
# shellcheck disable=SC2086
exits 2 "a damaged profile behind good ones" $names $objects
[ ! -s "$dir/out" ]
report $? "ends it before anything is printed"
says damaged "and is named as that"

exit $bad
