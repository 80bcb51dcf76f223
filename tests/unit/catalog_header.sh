#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# <abide/linux.h>: what compilers say to it, alone and with libbpf's headers, and that a
# field of a later version carries its tag.
set -u
CLANG=${CLANG:-clang}
CC=${CC:-gcc}
. tests/unit/cli_kit.sh
try() { # NAME COMMAND...
	name=$1
	shift
	"$@" >"$dir/out" 2>"$dir/err"
	report $? "$name"
}
bpf() { "$CLANG" -g -O2 -target bpf -Wall -Wextra -Werror -Wno-unused-parameter -I"$B/include" "$@"; }

program=tests/unit/catalog_header.bpf.c
header=$B/include/abide/linux.h
try "a program compiles without warnings" bpf -c -o "$dir/a.o" $program
try "with 64-bit atomics and short jumps" bpf -mcpu=v3 -c -o "$dir/b.o" $program
try "without records of accesses" bpf -DABIDE_NO_PRESERVE_ACCESS_INDEX -c -o "$dir/c.o" $program
try "after <stdbool.h> and <stddef.h>" bpf -include stdbool.h -include stddef.h -c -o "$dir/d.o" $program
try "after <linux/bpf.h>" bpf -idirafter "/usr/include/$($CC -print-multiarch)" -include linux/bpf.h -c -o "$dir/e.o" $program
try "twice" bpf -include abide/linux.h -include abide/linux.h -c -o "$dir/f.o" $program
try "as C11 of gcc's" "$CC" -std=c11 -pedantic -Wall -Wextra -Werror -Wno-unused -fsyntax-only -x c "$header"
try "as C of clang's newest standard" "$CLANG" -std=c2x -Wall -Werror -fsyntax-only -x c "$header"

bpf -D__VMLINUX_H__ -c -o "$dir/g.o" $program >"$dir/out" 2>&1
if grep -q 'instead of vmlinux.h' "$dir/out"; then report 0 "not with vmlinux.h"; else report 1 "not with vmlinux.h"; fi

llvm-objdump -h "$dir/a.o" >"$dir/out" 2>&1
grep -q '\.BTF\.ext' "$dir/out"
report $? "a program has its BTF"

# no line of it is wider than 100 columns
expand "$header" | awk 'length > 100 { print; wide = 1 } END { exit wide }' >"$dir/out"
report $? "lines fit 100 columns"

# what is added later carries its version, in the text and in the program's BTF
cat >"$dir/new.cat" <<'CATALOG'
catalog linux 7
struct later_user of later since 1 "a struct that got more"
	u32 first	@0	since 1			"from the beginning"
		from first
	u64 second	@8	since 7	unit ns		"came later"
		from second
	char name[5]	@16	since 7			"ends at 21, so C adds 3 bytes"
		from name
CATALOG
if [ -x "$B/abide" ]; then
	mkdir -p "$dir/include/abide"
	"$B/abide" header --catalog "$dir/new.cat" >"$dir/include/abide/linux.h" 2>"$dir/out"
	report $? "a header with a catalog of one's own"
	grep -q '__u64 second ABIDE_SINCE(7);.*\[ns\]' "$dir/include/abide/linux.h" &&
		grep -q '__pad_4\[4\]' "$dir/include/abide/linux.h" && grep -q '__pad_21\[3\]' "$dir/include/abide/linux.h" &&
		grep -q 'define ABIDE_CATALOG_VERSION 7' "$dir/include/abide/linux.h"
	report $? "its fields, padding and version"
	cat >"$dir/later.bpf.c" <<'PROGRAM'
#include <abide/linux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
SEC("tp_user/x")
int BPF_PROG(on_x, struct later_user *l)
{
	return l->second + l->first;
}
PROGRAM
	"$CLANG" -g -O2 -target bpf -I"$dir/include" -c -o "$dir/later.o" "$dir/later.bpf.c" >"$dir/out" 2>&1 &&
		grep -q 'abide:since=7' "$dir/later.o"
	report $? "a program knows which version a field is of"
else
	echo "ok $((n += 1)) - header --catalog # skip: $B/abide is not built"
fi
echo "1..$n"
exit $bad
