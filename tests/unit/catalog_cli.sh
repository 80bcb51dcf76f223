#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# abide list, show and header: everything that is listed can be shown, as text and as JSON;
# exit statuses; what a catalog of one's own adds; nothing but plain text into a pipe.
set -u
. tests/unit/cli_kit.sh

exits 0 "--help" --help
has "abide show" "it names the commands"
for command in $(sed -n 's/^  abide \([a-z]*\) .*/\1/p' "$dir/out") ""; do
	# shellcheck disable=SC2086 # "" is no argument
	"$abide" $command --help >"$dir/out" 2>"$dir/err" && [ -s "$dir/out" ] && ! grep -E '.{81}' "$dir/out" >"$dir/err"
	report $? "abide${command:+ $command} --help fits 80 columns"
done
exits 0 "--version" --version
exits 2 "no command"
says "usage: abide COMMAND" "usage goes to stderr"
exits 2 "a command that does not exist" frobnicate
says 'there is no command "frobnicate"' "and is named"
exits 0 "help COMMAND" help show
has "usage: abide show" "is its --help"
exits 2 "an option that does not exist" list --frobnicate
exits 2 "show without a name" show
exits 1 "show what is not there" show sched_swich
says "try: abide show sched_switch" "with what was meant"
exits 1 "list what is not there" list 'zz*'
exits 1 "a catalog that is none" list --catalog /dev/null
says "/dev/null" "is named"
exits 1 "a kernel that is none" list --kernel /dev/null

cat >"$dir/my.cat" <<'CATALOG'
catalog linux 1
struct mm_user of mm_struct since 1 "memory of a process"
	u64 total	@0	since 1	unit pages	"address space"
		from total_vm
	u32 nope	@8	since 1			"in no kernel"
		from nothing.at_all
event never since 1 on no_such_tracepoint "an event of no kernel"
	mm_user * mm	since 1	"memory"
		from mm
CATALOG
exits 0 "list with a catalog of one's own" list --catalog "$dir/my.cat" '*e[mv]*r'
has "an event of no kernel" "its event"
exits 0 "show its struct" show --catalog "$dir/my.cat" mm_user
has "address space [pages]" "a field with its unit"
exits 0 "show one field" show --catalog "$dir/my.cat" mm_user.nope
has "in no kernel" "that field"
! grep -qF "address space" "$dir/out"
report $? "and no other"
if [ -r /sys/kernel/btf/vmlinux ]; then
	has "not here:" "what this kernel lacks is said"
	"$abide" list --catalog "$dir/my.cat" never >"$dir/out" 2>"$dir/err"
	has "! never" "and marked in the list"
	"$abide" show task_struct_user.ppid >"$dir/out" 2>"$dir/err"
	grep -qE 'real_parent->tgid @[0-9]+ @[0-9]+' "$dir/out"
	report $? "a path has its offsets"
	"$abide" show openat >"$dir/out" 2>"$dir/err"
	has 'SEC("tp_user/sys_enter:openat")' "a system call by its bare name"
else
	echo "ok $((n += 1)) - offsets on this kernel # skip: it has no BTF"
fi

exits 0 "list syscalls" list syscalls 'openat*'
has "openat2" "by pattern"

# everything that is listed can be shown
"$abide" list --json >"$dir/list" 2>"$dir/err"
names=$(sed -n 's/^{"type":"[a-z]*","name":"\([A-Za-z0-9_]*\)".*/\1/p' "$dir/list")
[ "$(wc -l <"$dir/list")" = "$(echo "$names" | wc -l)" ] && [ "$(echo "$names" | wc -l)" -gt 20 ]
report $? "a JSON object a line, each with a name"
: >"$dir/json"
: >"$dir/text"
failed=0
for name in $names; do
	"$abide" show "$name" >>"$dir/text" 2>"$dir/err" || failed=1
	"$abide" show --json "$name" >>"$dir/json" 2>"$dir/err" || failed=1
done
report $failed "each is shown"
if command -v python3 >/dev/null; then
	cat "$dir/list" "$dir/json" >"$dir/all"
	python3 -c 'import json, sys
for line in sys.stdin:
    assert json.loads(line)["name"]' <"$dir/all" >"$dir/out" 2>"$dir/err"
	report $? "what is printed as JSON is JSON"
else
	echo "ok $((n += 1)) - JSON # skip: there is no python3 to read it"
fi
"$abide" list >>"$dir/text" 2>"$dir/err"
! LC_ALL=C grep -q '[^ -~]' "$dir/text"
report $? "into a pipe goes plain text"

"$abide" list >/dev/full 2>"$dir/err"
[ $? = 1 ]
report $? "a full disk is a failure"
says "cannot write" "and said"
echo "1..$n"
exit $bad
