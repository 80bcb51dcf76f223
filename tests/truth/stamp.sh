#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# abide stamp: what is written is what sha256sum says, all else of the object stays, libbpf
# takes it; abide run refuses it on another kernel and nothing fills the stamp in. The last
# part loads programs: it needs root and bpf(2), else it is a skip.
set -u
about="stamp: "
. tests/unit/cli_kit.sh
objects=$B/truth/objects

dump_btf() { # OBJECT FILE
	llvm-objcopy --dump-section ".BTF=$2" "$1" /dev/null
}

# Any BTF stands for a kernel's: two objects' own.
dump_btf "$objects/fields.bpf.o" "$dir/fields.btf"
dump_btf "$objects/walk.bpf.o" "$dir/walk.btf"
sum=$(sha256sum <"$dir/fields.btf" | cut -d' ' -f1)
cp "$objects/callbacks.bpf.o" "$dir/plain.bpf.o"

exits 0 "an object that depends on internals" stamp "$dir/plain.bpf.o" -o "$dir/one.bpf.o" -k "$dir/fields.btf" --release 5.99.1-test
exits 0 "is stamped" stamp --show -v "$dir/one.bpf.o"
has "5.99.1-test (btf sha256 $sum)" "with the release and what sha256sum says of the BTF"
has "lacks tracepoint tracepoint sched_switch" "and all that it depends on"
exits 1 "the object that it was made of is not" stamp --show "$dir/plain.bpf.o"
cmp -s "$dir/plain.bpf.o" "$objects/callbacks.bpf.o"
report $? "nor changed"
# Behind the ELF header the old file is a prefix of the new one.
size=$(stat -c %s "$dir/plain.bpf.o")
cmp -s -i 64 -n $((size - 64)) "$dir/plain.bpf.o" "$dir/one.bpf.o"
report $? "every byte behind the header stays where it was"
llvm-objdump -d "$dir/plain.bpf.o" | sed 1,3d >"$dir/out"
llvm-objdump -d "$dir/one.bpf.o" | sed 1,3d >"$dir/err"
cmp -s "$dir/out" "$dir/err" && [ "$(wc -l <"$dir/out")" -gt 20 ]
report $? "the code is the same"
cp "$dir/one.bpf.o" "$dir/two.bpf.o"
exits 0 "it can be stamped again, in its place" stamp "$dir/two.bpf.o" -k "$dir/walk.btf" --release 5.99.2-test
exits 0 "and says so" stamp --show "$dir/two.bpf.o"
has "5.99.2-test (btf sha256 $(sha256sum <"$dir/walk.btf" | cut -d' ' -f1))" "with the second kernel"
[ "$(readelf -SW "$dir/two.bpf.o" | grep -c '\.abide\.stamp')" = 1 ]
report $? "there is one section of that name"
exits 1 "check reads a stamped object" check "$dir/two.bpf.o" -k "$dir/walk.btf"
has "NOT ABI" "and says what it is"
cp "$objects/user_switch.bpf.o" "$dir/user.bpf.o"
exits 1 "a stable object needs no stamp" stamp "$dir/user.bpf.o" -k "$dir/walk.btf" --release 5.99.2-test
says "depends on no kernel's internals" "and is told so"
exits 1 "a BTF without a release" stamp "$dir/plain.bpf.o" -k "$dir/walk.btf"
exits 2 "a release without a kernel" stamp "$dir/plain.bpf.o" --release 5.99
exits 1 "several kernels" stamp "$dir/plain.bpf.o" -k all
exits 0 "a kernel by its name" stamp "$dir/plain.bpf.o" -o "$dir/six.bpf.o" -k 6.12
exits 0 "needs no release" stamp --show -v "$dir/six.bpf.o"
has "uses tracepoint tracepoint sched_switch = int (bool, struct task_struct *, struct task_struct *, unsigned int)" "and gives what it depends on"
exits 1 "a release of two words" stamp "$dir/plain.bpf.o" -k "$dir/walk.btf" --release "5.99 x"
exits 2 "no object" stamp
exits 2 "an object that is not there" stamp "$dir/none.bpf.o" -k "$dir/walk.btf" --release 1
exits 2 "an object that is none" stamp "$dir/walk.btf" -k "$dir/walk.btf" --release 1
exits 1 "a place that cannot be written" stamp "$dir/plain.bpf.o" -o "$dir/no/such/place" -k "$dir/walk.btf" --release 1

if [ "$(id -u)" != 0 ] || [ ! -r /sys/kernel/btf/vmlinux ] || ! bpftool prog list >/dev/null 2>&1; then
	echo "skip - stamp: abide run of stamped objects: needs root, bpf(2) and a kernel with BTF"
	exit $bad
fi
exits 0 "without a stamp it runs" run -q -d 0.1 "$dir/plain.bpf.o"
exits 1 "and has none afterwards" stamp --show "$dir/plain.bpf.o"
exits 1 "stamped for another kernel it is refused" run -q -d 0.1 "$dir/one.bpf.o"
says "5.99.1-test" "the kernel is named"
says "raw_tp/sched_switch" "and what depends on it"
says "tracepoint sched_switch: it is here, and was not where the object was tested" "and what differs"
# This kernel with another name for a struct that the object knows nothing of: another BTF.
LC_ALL=C sed 's/vlan_ethhdr/vlan_ethhdR/g' /sys/kernel/btf/vmlinux >"$dir/twin.btf"
! cmp -s "$dir/twin.btf" /sys/kernel/btf/vmlinux
report $? "a kernel that differs in what the object does not use"
exits 0 "stamped for it" stamp "$dir/plain.bpf.o" -o "$dir/four.bpf.o" -k "$dir/twin.btf" --release 5.99.4-test
exits 0 "the object runs here" run -q -d 0.1 "$dir/four.bpf.o"
# And with another name for a member that one uses.
LC_ALL=C sed 's/on_rq/on_rQ/g' /sys/kernel/btf/vmlinux >"$dir/moved.btf"
exits 0 "another object, stamped for a third kernel" stamp "$objects/fields.bpf.o" -o "$dir/five.bpf.o" -k "$dir/moved.btf" --release 5.99.5-test
exits 1 "is refused" run -q -d 0.1 "$dir/five.bpf.o"
says "task_struct.on_rq: it is here, and was not where the object was tested" "for that member alone"
report "$([ "$(grep -c '^      ' "$dir/err")" = 1 ]; echo $?)" "and nothing else"
# A kernel of long ago: task_struct had a member "state". Neither has no_such_struct.
echo "struct task_struct { long state; int pid; } t;" >"$dir/old.c"
${CLANG:-clang} -g -target bpf -c -o "$dir/old.o" "$dir/old.c" && dump_btf "$dir/old.o" "$dir/old.btf"
exits 0 "tested on an old kernel" stamp "$objects/fields.bpf.o" -o "$dir/three.bpf.o" -k "$dir/old.btf" --release 5.9.9-test
exits 1 "another object is refused" run -q -d 0.1 "$dir/three.bpf.o"
says "different here" "with what differs"
says "task_struct.state: " "by name"
! grep -q no_such_struct "$dir/err"
report $? "and without what neither kernel has"
exits 0 "--force runs it" run --force -q -d 0.1 "$dir/one.bpf.o"
exits 0 "and leaves the stamp" stamp --show "$dir/one.bpf.o"
has "5.99.1-test" "as it was"
exits 0 "stamped for this kernel" stamp "$dir/one.bpf.o"
exits 0 "it runs" run -q -d 0.1 "$dir/one.bpf.o"
exits 0 "the same BTF under another name of the kernel" stamp "$dir/one.bpf.o" -k /sys/kernel/btf/vmlinux --release 5.99.3-test
exits 0 "is the same kernel" run -q -d 0.1 "$dir/one.bpf.o"
at=$((0x$(readelf -SW "$dir/two.bpf.o" | awk '/\.abide\.stamp/ { print $5 }')))
printf 'X' | dd of="$dir/two.bpf.o" bs=1 seek=$at conv=notrunc status=none
exits 1 "a damaged stamp is no stamp" run -q -d 0.1 "$dir/two.bpf.o"
says "is no stamp of abide" "and is told so"
exit $bad
