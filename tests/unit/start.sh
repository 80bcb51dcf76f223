#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# What a start of the command costs, as far as it can be seen without a clock (HACKING.md, "What a start
# costs"): which shared libraries it loads, what runs before main, and that what every run goes through
# lies together in front. The times are in `make bench`.
set -uo pipefail
export LC_ALL=C
here=$(cd "$(dirname "$0")" && pwd)
abide=$here/../../abide
bad=0
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

check() { # STATUS NAME
	if [ "$1" = 0 ]; then echo "ok - $2"; else echo "not ok - $2"; bad=1; fi
}

is_static() {
	case $(${CC:-cc} -print-file-name=lib"$1".a) in /*) true ;; *) false ;; esac
}

# No shared library beside libc and what a sanitizer needs, where there are static ones.
if is_static bpf && is_static elf && is_static archive && is_static z; then
	readelf -dW "$abide" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' >"$tmp/needs"
	[ -s "$tmp/needs" ] && ! grep -vE '^(libc|libm|ld-linux.*|libasan|libubsan|libgcc_s)\.so' "$tmp/needs" >"$tmp/others"
	check $? "abide needs libc and no other shared library"
	sed 's/^/# /' "$tmp/others"
else
	echo "ok - abide's shared libraries # SKIP libbpf, libelf, libarchive or libz has no static library here"
fi

nm "$abide" >"$tmp/symbols"
[ -s "$tmp/symbols" ] && ! grep -E ' (__cpu_indicator_init|__cpu_model)$' "$tmp/symbols" >"$tmp/others"
check $? "no constructor asks the processor"
sed 's/^/# /' "$tmp/others"

# The address of a function, in decimal.
at() {
	local a
	a=$(awk -v name="$1" '$3 == name && toupper($2) == "T" { print $1 }' "$tmp/symbols")
	[ -n "$a" ] || { echo "# there is no function $1" >&2; return 1; }
	printf '%d\n' $((16#$a))
}

# One function of each stage of a run, then one of each other stage: any of these lies behind.
last=0
status=0
for f in object_open_file btf_open_file catalog_parse resolve_field translate_object session_open render_rows_make stamp_allows; do
	a=$(at $f) || status=1
	[ "${a:-0}" -gt "$last" ] && last=${a:-0}
done
for f in cmd_check cmd_exec check_program image_open_mem profile_write process_link process_interpret app_session_start; do
	a=$(at $f) || status=1
	[ "${a:-0}" -gt "$last" ] || { echo "# $f is among what every run goes through"; status=1; }
done
check $status "what every run goes through lies in front of all else"
echo "1..3"
exit $bad
