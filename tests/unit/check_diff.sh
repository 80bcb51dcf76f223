#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# abide diff: what changed between two of the kernels that are built in, for the catalog and for
# objects of the truth's corpus; as text of 80 columns and as JSON; exit statuses like diff's.
set -u
about="diff: " subcommand=diff
. tests/unit/cli_kit.sh
objects=$B/truth/objects
# The two lines behind a line that ends so, without what is in front.
sides() { # TEXT
	grep -xF -A2 -- "$1" "$dir/out" | tail -n 2 | awk '{ $1 = ""; print substr($0, 2) }'
}

exits 1 "the catalog on 5.10 and 6.1" 5.10 6.1
[ "$(sides "  state")" = "state or exit_state @16, @2132 as task_state
__state or exit_state @24, @2308 as task_state" ]
report $? "a member of another name, with both its places"
has "not there: 5.10.0-46-cloud-amd64 has no member bi_bdev in struct bio" "a field that one lacks, with the reason"
has "(the kernel's enumerators have other values)" "an enum of other values"
lacks "  tid" "what only moved is not shown"
has "more only moved" "but counted"
exits 1 "with -v" -v 5.10 6.1
[ "$(sides "  tid")" = "pid @2232
pid @2416" ]
report $? "it is"
exits 0 "a kernel and itself" 6.12 6.12.107+deb13-cloud-amd64
has "Nothing of the catalog differs" "nothing differs"
exits 1 "another machine" 6.12 6.12.107+deb13-cloud-arm64
has "system calls: " "has other numbers of system calls"
exits 1 "JSON" --json 5.10 6.1
python3 - "$dir/out" <<'EOF'
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
fields = {(r.get("struct"), r["name"]): r for r in rows if r["type"] == "field"}
state = fields["task_struct_user", "state"]
assert state["change"] == "read" and state["from"]["where"].startswith("state or exit_state @16"), state
lost = fields["bio_user", "partition"]
assert lost["change"] == "new" and not lost["from"]["available"] and lost["from"]["why"], lost
assert fields["task_struct_user", "tid"]["change"] == "moved"
assert any(r["type"] == "argument" and r["event"] == "sched_switch" and r["name"] == "prev_state" for r in rows)
EOF
report $? "a line for each difference, of all kinds"

exits 1 "an object on 6.1 and 6.12" 6.1 6.12 "$objects/fields.bpf.o"
has "caps_array (raw_tp/sched_switch): runs on 6.1.0-50, fails on 6.12.107" "the program that no longer runs"
has "cred.cap_effective.cap[1]" "and what it depends on"
lacks "task_struct.pid" "not what is the same"
exits 1 "arguments of tracepoints" 6.1 6.18 "$objects/tp_btf.bpf.o"
has "int (struct task_struct *, bool)" "by their types"
exits 0 "an object of stable events" 5.10 7.3 "$objects/user_switch.bpf.o"
has "nothing that it depends on differs" "depends on nothing that differs"
exits 1 "an object as JSON" --json 6.1 6.12 "$objects/fields.bpf.o"
python3 - "$dir/out" <<'EOF'
import json, sys
rows = [json.loads(line) for line in open(sys.argv[1])]
worse = [r for r in rows if r["change"] == "worse"]
assert len(worse) == 1 and worse[0]["program"] == "caps_array" and worse[0]["to"]["severity"] == "fails", worse
assert all(r["type"] == "dependency" and {"from", "to", "kind", "what"} <= r.keys() for r in rows)
assert any(r["change"] == "moved" and r["from"]["place"] != r["to"]["place"] for r in rows)
EOF
report $? "a line for each difference and each move"

# Nothing is wider than the terminal that it is on.
if command -v script >/dev/null; then
	script -qec "stty cols 80; $abide diff 5.10 6.12; $abide diff 5.10 6.12 $objects/tp_btf.bpf.o" /dev/null </dev/null 2>"$dir/err" |
		tr -d '\r' | sed 's/\x1b\[[0-9;]*m//g' >"$dir/out"
	[ "$(wc -l <"$dir/out")" -gt 50 ] && ! grep -q '.\{81\}' "$dir/out"
	report $? "80 columns"
else
	echo "ok - diff: 80 columns # SKIP script(1) is not installed"
fi

exits 2 "one kernel" 5.10
exits 2 "a kernel that is not there" 5.10 no-such-kernel
says "no-such-kernel" "is named"
exits 2 "several kernels for one" 5.10 all
exits 2 "an object that is none" 5.10 6.1 "$0"
exit $bad
