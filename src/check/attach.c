/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What a program attaches to. In: the section's name, the target's BTF. Out: findings
 * about the program type, the attach type and the place; and for the later checks what
 * the context holds: whose arguments, how many. A function that BTF does not describe can
 * still be probed by its symbol (BTF has no functions that are only assembler, of odd
 * names, or inlined in parts), so for kprobes that is unknown, not a failure; what needs
 * a BTF id (fentry, lsm, tp_btf, iterators) fails.
 */
#include <linux/btf.h>
#include <stdio.h>
#include <string.h>

#include "check/attach.h"

static void attach_lsm(struct program *p);
static void attach_struct_ops(struct program *p);

static const struct section_def sections[] = {
#define SECTION(...) { __VA_ARGS__ },
#include "check/sections.def"
#undef SECTION
};

const struct section_def *attach_section(const char *section, const char **target)
{
	size_t i, n;

	*target = "";
	if (*section == '?')
		section++;
	for (i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		n = strlen(sections[i].prefix);
		if (strncmp(section, sections[i].prefix, n))
			continue;
		if (!section[n])
			return &sections[i];
		if (sections[i].named && section[n] == '/') {
			*target = section + n + 1;
			return &sections[i];
		}
	}
	return NULL;
}

/* Parameters of a prototype that are arguments, as 8-byte words of the context. */
void attach_use_proto(struct program *p, uint32_t proto, uint32_t skip)
{
	const struct btf_data *b = p->x->kernel->btf;
	struct btf_info t;
	struct btf_arg a;
	int64_t size;
	uint32_t i;

	if (!btf_get(b, proto, &t) || t.kind != BTF_KIND_FUNC_PROTO)
		return;
	p->proto = proto;
	p->skip = skip;
	p->slots = 0;
	for (i = skip; i < t.vlen && btf_arg_at(b, &t, i, &a); i++) {
		size = a.type ? btf_sizeof(b, a.type) : 0;
		p->slots += size > 8 ? (uint32_t)((size + 7) / 8) : 1;
		if (i - skip < 64 && strlen(a.name) > 10 && !strcmp(a.name + strlen(a.name) - 10, "__nullable"))
			p->nullable |= 1ull << (i - skip);
	}
}

void attach_name_place(struct program *p, const char *what, const char *name)
{
	snprintf(p->of_text, sizeof(p->of_text), "%s%.80s", what, name);
	p->of = p->of_text;
}

/*
 * Arguments that the kernel's own table (kernel/bpf/btf.c, raw_tp_null_args, from 6.12 on)
 * says may be NULL.
 */
static const struct {
	const char *name;
	uint64_t args;
} null_args[] = {
	{ "kfree_skb", 1 << 3 },      { "sched_pi_setprio", 1 << 1 }, { "sched_stick_numa", 1 << 2 },
	{ "sched_swap_numa", 1 << 2 }, { "mm_page_alloc", 1 << 0 },   { "mm_page_pcpu_drain", 1 << 0 },
	{ "mm_page_alloc_zone_locked", 1 << 0 }, { "fib_table_lookup", 1 << 2 }, { "posix_lock_inode", 1 << 1 },
	{ "fcntl_setlk", 1 << 1 },    { "locks_remove_posix", 1 << 1 }, { "flock_lock_inode", 1 << 1 },
	{ "tcp_send_reset", 1 << 0 | 1 << 1 }, { "qdisc_dequeue", 1 << 3 },    { "device_pm_callback_start", 1 << 1 },
	{ "mm_khugepaged_scan_pmd", 1 << 1 }, { "mm_collapse_huge_page_isolate", 1 << 0 },
	{ "mm_khugepaged_scan_file", 1 << 1 }, { "mm_khugepaged_collapse_file", 1 << 1 },
	{ "ext4_mballoc_discard", 1 << 1 }, { "ext4_mballoc_free", 1 << 1 },
};

static bool tracepoint_proto(struct program *p, const char *name)
{
	struct check_kernel *k = p->x->kernel;
	char full[160];
	struct btf_info t;
	uint32_t id;
	size_t i;

	snprintf(full, sizeof(full), "btf_trace_%s", name);
	id = btf_find(k->btf, BTF_KIND_TYPEDEF, full);
	if (!id)
		return false;
	id = core_strip(k->btf, id, &t);
	if (id && t.kind == BTF_KIND_PTR)
		attach_use_proto(p, btf_strip(k->btf, t.type, true), 1);
	/* the typedef has no names; the function that calls the probes has */
	snprintf(full, sizeof(full), "__traceiter_%s", name);
	id = btf_find(k->btf, BTF_KIND_FUNC, full);
	if (id && btf_get(k->btf, id, &t))
		attach_use_proto(p, t.type, 1);
	for (i = 0; i < sizeof(null_args) / sizeof(null_args[0]); i++)
		if (!strcmp(null_args[i].name, name) && btf_find(k->btf, BTF_KIND_STRUCT, "bpf_raw_tp_null_args"))
			p->nullable |= null_args[i].args;
	return true;
}

static void instead_tracepoint(struct program *p, const char *name)
{
	char text[96];

	if (!instead_of_tracepoint(p->x, name, text, sizeof(text)))
		return;
	finding_instead(p, "%s", text);
	snprintf(p->instead, sizeof(p->instead), "%s", text);
}

bool attach_need_target(struct program *p, enum finding_kind kind)
{
	if (*p->target)
		return true;
	finding_add(p, kind, SEV_FINE, NULL, FINDING_WHOLE, p->f->section_name, "what it attaches to is named when it is run");
	return false;
}

/* No BTF tells of the tracepoint; but raw_tp programs ask for it by its name alone, and modules have it among their symbols. */
static void raw_without_btf(struct program *p, const char *what)
{
	struct check_kernel *k = p->x->kernel;
	char symbol[160];

	snprintf(symbol, sizeof(symbol), "__tracepoint_%s", p->target);
	if (!k->module || !module_has(k->module, MODULE_DATA, symbol)) {
		finding_add(p, FIND_TRACEPOINT, SEV_FAILS, NULL, FINDING_WHOLE, what, "%s has no tracepoint %s%s", k->name, p->target,
			    kernel_modules_doubt(k));
	} else if (p->def->context == CONTEXT_ARGS) {
		finding_add(p, FIND_TRACEPOINT, SEV_FAILS, NULL, FINDING_WHOLE, what, "module %s of %s has it, and no BTF that describes it",
			    module_name(k->module), k->name);
	} else {
		finding_add(p, FIND_TRACEPOINT, SEV_FINE, NULL, FINDING_WHOLE, what, "%s has it", k->name);
		attach_in_module(p);
	}
}

void attach_raw(struct program *p)
{
	char what[128];

	if (!attach_need_target(p, FIND_TRACEPOINT))
		return;
	snprintf(what, sizeof(what), "tracepoint %s", p->target);
	attach_name_place(p, "tracepoint ", p->target);
	p->trusted = true;
	if (!tracepoint_proto(p, p->target)) {
		raw_without_btf(p, what);
		instead_tracepoint(p, p->target);
		return;
	}
	finding_add(p, FIND_TRACEPOINT, SEV_FINE, NULL, FINDING_WHOLE, what, "it has %u arguments", p->slots);
	attach_value_proto(p);
	attach_in_module(p);
	instead_tracepoint(p, p->target);
}

/* A category is a directory of tracefs and not in BTF: those of the kernel's own tree are known. */
static void doubt_category(struct program *p, const char *name)
{
	static const char known[] = " alarmtimer asoc avc bdi_dirty block bpf_test_run bpf_trace bridge btrfs cgroup clk cma compaction "
				    "context_tracking cpuhp csd dev devfreq devlink dma_fence dma drm error_report exceptions ext4 "
				    "f2fs fib fib6 filelock filemap fs_dax ftrace gpio hrtimer huge_memory hwmon i2c icmp initcall "
				    "intel_iommu interconnect io_uring iocost iomap iommu ipi irq irq_matrix irq_vectors jbd2 kmem "
				    "ksm kvm kyber libata maple_tree mce mdio memcg migrate mmap mmap_lock mmc module mptcp msr napi "
				    "neigh net netlink nfs nfsd nmi notifier nvme oom osnoise page_isolation page_pool pagemap "
				    "percpu power preemptirq printk pwm qdisc ras raw_syscalls rcu regmap regulator resctrl rpm rseq "
				    "rtc rv sched sched_ext scmi scsi signal skb smbus sock spi sunrpc swiotlb sync_trace syscalls "
				    "task tcp tegra_apb_dma thermal thp timer timer_migration timestamp tlb udp vmalloc vmscan vsock "
				    "watchdog wbt workqueue writeback x86_fpu xdp xen xfs xhci-hcd ";
	char word[64], what[160];
	const char *slash = strchr(p->target, '/');

	snprintf(word, sizeof(word), " %.*s ", slash ? (int)(slash - p->target) : 0, p->target);
	if (strstr(known, word))
		return;
	snprintf(what, sizeof(what), "category %.*s", (int)strlen(word) - 2, word + 1);
	finding_add(p, FIND_TRACEPOINT, SEV_UNKNOWN, NULL, FINDING_WHOLE, what,
		    "categories are not in BTF, and no kernel is known to have %s in this one", name);
}

static void use_record(struct program *p, const char *class)
{
	char full[160];

	/* all system calls share one record for each way */
	if (!strncmp(class, "syscall_", 8))
		snprintf(full, sizeof(full), "trace_event_raw_sys_%s", class + 8);
	else
		snprintf(full, sizeof(full), "trace_event_raw_%s", class);
	p->record = btf_find(p->x->kernel->btf, BTF_KIND_STRUCT, full);
}

static void instead_event(struct program *p, const char *name)
{
	bool enter = !strncmp(name, "sys_enter_", 10);

	if (!strncmp(p->target, "syscalls/sys_", 13) && (enter || !strncmp(name, "sys_exit_", 9)))
		finding_instead(p, "tp_user/%s:%s", enter ? "sys_enter" : "sys_exit", name + (enter ? 10 : 9));
	else
		instead_tracepoint(p, name);
}

/* The list of the kernel's own events is known: false when it is not, or when the event may be a module's. */
static bool attach_listed(struct program *p, const char *name, const char *what)
{
	struct check_kernel *k = p->x->kernel;
	char full[160], category[64];
	const char *class;
	uint32_t id;

	switch (known_in(k, KNOWS_EVENTS, NOTE_EVENT, p->target, &class)) {
	case KNOWN_YES:
		use_record(p, class);
		finding_add(p, FIND_TRACEPOINT, SEV_FINE, NULL, FINDING_WHOLE, what, "%s has it", k->name);
		finding_value(p, "there");
		break;
	case KNOWN_NO:
		snprintf(full, sizeof(full), "btf_trace_%s", name);
		id = btf_find(k->btf, BTF_KIND_TYPEDEF, full);
		if (known_category(k, name, category, sizeof(category)))
			finding_add(p, FIND_TRACEPOINT, SEV_FAILS, NULL, FINDING_WHOLE, what, "%s has %s in category %s", k->name, name,
				    category);
		else if (id)
			finding_add(p, FIND_TRACEPOINT, SEV_FAILS, NULL, FINDING_WHOLE, what,
				    "on %s it has no record, and is for raw_tp and tp_btf programs alone", k->name);
		else
			finding_add(p, FIND_TRACEPOINT, SEV_FAILS, NULL, FINDING_WHOLE, what, "%s has no tracepoint %s%s", k->name, name,
				    kernel_modules_doubt(k));
		break;
	case KNOWN_NOT:
		return false;
	}
	instead_event(p, name);
	return true;
}

/* An event of a module. Its symbols tell whether it has a record, and of which categories its events are. */
static bool module_event(struct program *p, const char *name, const char *what)
{
	struct check_kernel *k = p->x->kernel;
	const char *slash = strchr(p->target, '/');
	char symbol[160];

	if (!k->module)
		return false;
	use_record(p, name);
	snprintf(symbol, sizeof(symbol), "event_%s", name);
	if (module_has_symbols(k->module) && !module_has(k->module, MODULE_DATA, symbol)) {
		finding_add(p, FIND_TRACEPOINT, SEV_FAILS, NULL, FINDING_WHOLE, what,
			    "in module %s of %s it has no record, and is for raw_tp and tp_btf programs alone", module_name(k->module), k->name);
		return true;
	}
	snprintf(symbol, sizeof(symbol), "str__%.*s__trace_system_name", slash ? (int)(slash - p->target) : 0, p->target);
	if (!module_has_symbols(k->module))
		doubt_category(p, name);
	if (module_has_symbols(k->module) && !module_has(k->module, MODULE_DATA, symbol)) {
		finding_add(p, FIND_TRACEPOINT, SEV_FAILS, NULL, FINDING_WHOLE, what, "module %s of %s has %s, but not in that category",
			    module_name(k->module), k->name, name);
	} else {
		finding_add(p, FIND_TRACEPOINT, SEV_FINE, NULL, FINDING_WHOLE, what, "%s has it", k->name);
		finding_value(p, "there");
		attach_in_module(p);
	}
	instead_event(p, name);
	return true;
}

/* tracepoint/CATEGORY/NAME: the record is trace_event_raw_NAME, or that of its class. */
void attach_event(struct program *p)
{
	struct check_kernel *k = p->x->kernel;
	const char *name = strchr(p->target, '/');
	char what[128], full[160];

	if (!attach_need_target(p, FIND_TRACEPOINT))
		return;
	name = name ? name + 1 : p->target;
	snprintf(what, sizeof(what), "tracepoint %s", p->target);
	attach_name_place(p, "the record of ", name);
	if (module_event(p, name, what) || attach_listed(p, name, what))
		return;
	if (!strncmp(p->target, "syscalls/sys_", 13) && strcmp(name, "sys_enter") && strcmp(name, "sys_exit")) {
		/* made of the one raw tracepoint; the kernel's table of calls is not in BTF */
		bool enter = !strncmp(name, "sys_enter_", 10);

		snprintf(full, sizeof(full), "trace_event_raw_sys_%s", enter ? "enter" : "exit");
		p->record = btf_find(k->btf, BTF_KIND_STRUCT, full);
		snprintf(full, sizeof(full), "__x64_sys_%s", name + (enter ? 10 : 9));
		if (!btf_find(k->btf, BTF_KIND_FUNC, full)) {
			snprintf(full, sizeof(full), "__arm64_sys_%s", name + (enter ? 10 : 9));
			if (!btf_find(k->btf, BTF_KIND_FUNC, full))
				snprintf(full, sizeof(full), "__s390x_sys_%s", name + (enter ? 10 : 9));
		}
		if (btf_find(k->btf, BTF_KIND_FUNC, full))
			finding_add(p, FIND_TRACEPOINT, SEV_FINE, NULL, FINDING_WHOLE, what, "%s has that system call", k->name);
		else
			finding_add(p, FIND_TRACEPOINT, SEV_UNKNOWN, NULL, FINDING_WHOLE, what,
				    "BTF of %s describes no such system call", k->name);
		instead_event(p, name);
		return;
	}
	snprintf(full, sizeof(full), "btf_trace_%s", name);
	if (!btf_find(k->btf, BTF_KIND_TYPEDEF, full)) {
		finding_add(p, FIND_TRACEPOINT, SEV_FAILS, NULL, FINDING_WHOLE, what, "%s has no tracepoint %s", k->name, name);
		instead_tracepoint(p, name);
		return;
	}
	use_record(p, name);
	doubt_category(p, name);
	finding_add(p, FIND_TRACEPOINT, SEV_FINE, NULL, FINDING_WHOLE, what, "%s has it", k->name);
	finding_value(p, "there");
	instead_tracepoint(p, name);
}

/* FUNC of that name; its prototype becomes that of the context. */
bool attach_function_proto(struct program *p, const char *name)
{
	struct check_kernel *k = p->x->kernel;
	uint32_t id = btf_find(k->btf, BTF_KIND_FUNC, name);
	struct btf_info t;

	if (!id || !btf_get(k->btf, id, &t))
		return false;
	attach_use_proto(p, t.type, 0);
	return true;
}

void attach_instead_function(struct program *p, const char *name)
{
	char text[96];

	if (!instead_of_function(p->x, name, text, sizeof(text)))
		return;
	finding_instead(p, "%s", text);
	snprintf(p->instead, sizeof(p->instead), "%s", text);
}

/* What the kernel must have been built with: false, and a finding, when it was not. */
bool attach_need_feature(struct program *p, const char *option, const char *function, const char *what)
{
	if (known_feature(p->x->kernel, option, function) != KNOWN_NO)
		return true;
	finding_add(p, FIND_TYPE, SEV_FAILS, NULL, FINDING_WHOLE, what, "%s was built without CONFIG_%s", p->x->kernel->name, option);
	return false;
}

/* The prototype as text: what differs between kernels of a function that both have. */
void attach_value_proto(struct program *p)
{
	char text[sizeof(p->out->items[0].value)], one[64];
	const struct btf_data *b = p->x->kernel->btf;
	struct btf_info t;
	struct btf_arg a;
	uint32_t i;
	size_t n;

	if (!p->proto || !btf_get(b, p->proto, &t))
		return;
	btf_spell(b, t.type, one, sizeof(one));
	n = (size_t)snprintf(text, sizeof(text), "%s (", t.type ? one : "void");
	for (i = p->skip; i < t.vlen && btf_arg_at(b, &t, i, &a) && n < sizeof(text); i++) {
		btf_spell(b, a.type, one, sizeof(one));
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", i > p->skip ? ", " : "", a.type ? one : "...");
	}
	finding_value(p, "%s)", text);
}

/* Hooks that a program may sleep in (kernel/bpf/bpf_lsm.c, sleepable_lsm_hooks, from 5.11 on). */
static void lsm_sleeps(struct program *p, const char *what)
{
	static const char *const list[] = { "bprm_check_security", "bprm_committed_creds", "bprm_committing_creds",
					    "bprm_creds_for_exec", "bprm_creds_from_file", "file_ioctl", "file_lock", "file_open",
					    "file_receive", "inode_create", "inode_getattr", "inode_link", "inode_mkdir",
					    "inode_mknod", "inode_permission", "inode_rename", "inode_rmdir", "inode_setattr",
					    "inode_unlink", "kernel_read_file", "mmap_file", "path_chmod", "path_mkdir",
					    "path_unlink", "socket_bind", "socket_connect", "socket_create", "socket_listen",
					    "socket_recvmsg", "socket_sendmsg", "syslog", "task_alloc", "userns_create" };
	enum known listed = known_in(p->x->kernel, KNOWS_SLEEPS, NOTE_SLEEPS, p->target, NULL);
	bool known = false;
	char sleeps[160];
	size_t i;

	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		known |= !strcmp(list[i], p->target);
	snprintf(sleeps, sizeof(sleeps), "sleeping in %s", what);
	if (listed == KNOWN_YES)
		return;
	if (listed == KNOWN_NO)
		finding_add(p, FIND_HOOK, SEV_FAILS, NULL, FINDING_WHOLE, sleeps, "%s lets no program sleep in that hook",
			    p->x->kernel->name);
	else if (!kernel_has_helper(p->x->kernel, HELPER_OF_5_12))
		finding_add(p, FIND_HOOK, SEV_UNKNOWN, NULL, FINDING_WHOLE, sleeps, "%s lets few hooks sleep, and BTF lists them not",
			    p->x->kernel->name);
	else if (!known)
		finding_add(p, FIND_HOOK, SEV_UNKNOWN, NULL, FINDING_WHOLE, sleeps, "which hooks may sleep is not in BTF");
}

static void attach_lsm(struct program *p)
{
	char what[128], full[160];

	if (!attach_need_target(p, FIND_HOOK))
		return;
	snprintf(what, sizeof(what), "LSM hook %s", p->target);
	attach_name_place(p, "LSM hook ", p->target);
	snprintf(full, sizeof(full), "bpf_lsm_%s", p->target);
	p->trusted = true;
	if (!attach_function_proto(p, full)) {
		finding_add(p, FIND_HOOK, SEV_FAILS, NULL, FINDING_WHOLE, what, "%s has no LSM hook %s", p->x->kernel->name,
			    p->target);
		return;
	}
	attach_need_feature(p, "BPF_LSM", "bpf_lsm_file_open", "LSM programs");
	finding_add(p, FIND_HOOK, SEV_FINE, NULL, FINDING_WHOLE, what, "it has %u arguments", p->slots);
	attach_value_proto(p);
	p->slots++; /* what the hooks before it returned */
	if (!strcmp(p->def->prefix, "lsm.s"))
		lsm_sleeps(p, what);
}

void attach_iter(struct program *p)
{
	char what[128], full[160];
	uint32_t i;

	if (!attach_need_target(p, FIND_HOOK))
		return;
	snprintf(what, sizeof(what), "iterator %s", p->target);
	attach_name_place(p, "iterator ", p->target);
	snprintf(full, sizeof(full), "bpf_iter_%s", p->target);
	p->trusted = true;
	if (!attach_function_proto(p, full)) {
		finding_add(p, FIND_HOOK, SEV_FAILS, NULL, FINDING_WHOLE, what, "%s has no iterator %s", p->x->kernel->name,
			    p->target);
		return;
	}
	/* meta is always there; the end of the walk is told by a NULL object */
	for (i = 1; i < p->slots && i < 64; i++)
		p->nullable |= 1ull << i;
	finding_add(p, FIND_HOOK, SEV_FINE, NULL, FINDING_WHOLE, what, "%s has it", p->x->kernel->name);
	attach_value_proto(p);
	attach_in_module(p);
}

/* libbpf sets each member of the object's struct in the kernel's: all must be there. */
static bool lacks_member(const struct btf_data *own, uint32_t mine, const struct btf_data *b, uint32_t there, const char **lost)
{
	struct btf_info t;
	struct btf_field m, other;
	uint32_t i;

	for (i = 0; btf_get(own, mine, &t) && i < t.vlen && btf_field_at(own, &t, i, &m); i++) {
		*lost = m.name;
		if (*m.name && !kernel_member(b, there, m.name, &other))
			return true;
	}
	return false;
}

/* The struct that an object's .struct_ops variables are of. */
static void attach_struct_ops(struct program *p)
{
	const struct btf_data *own = p->x->object->btf;
	struct check_kernel *k = p->x->kernel;
	struct btf_info sec, var, t;
	struct btf_slot slot;
	struct btf_field m;
	char what[128], full[160];
	uint32_t id = 0, i, there;
	const char *lost;

	while (own && (id = btf_after(own, id, 1u << BTF_KIND_DATASEC))) {
		if (!btf_get(own, id, &sec) || strncmp(sec.name, ".struct_ops", 11))
			continue;
		for (i = 0; i < sec.vlen && btf_slot_at(own, &sec, i, &slot); i++) {
			if (!btf_get(own, slot.type, &var) || !core_strip(own, var.type, &t) || t.kind != BTF_KIND_STRUCT)
				continue;
			snprintf(what, sizeof(what), "struct %.*s", (int)btf_essential(t.name), t.name);
			snprintf(full, sizeof(full), "bpf_struct_ops_%.*s", (int)btf_essential(t.name), t.name);
			there = btf_find(k->btf, BTF_KIND_STRUCT, what + 7);
			attach_name_place(p, "", what);
			if (!there || !btf_find(k->btf, BTF_KIND_STRUCT, full)) {
				finding_add(p, FIND_HOOK, SEV_FAILS, NULL, FINDING_WHOLE, what,
					    "%s cannot implement %s in BPF", k->name, what);
			} else if (lacks_member(own, t.id, k->btf, there, &lost)) {
				finding_add(p, FIND_HOOK, SEV_FAILS, NULL, FINDING_WHOLE, what, "%s of %s has no member %s",
					    what, k->name, lost);
			} else if (*p->target && !kernel_member(k->btf, there, p->target, &m)) {
				finding_add(p, FIND_HOOK, SEV_FAILS, NULL, FINDING_WHOLE, what, "%s of %s has no member %s",
					    what, k->name, p->target);
			} else {
				finding_add(p, FIND_HOOK, SEV_FINE, NULL, FINDING_WHOLE, what, "%s has it", k->name);
				if (*p->target && core_strip(k->btf, m.type, &t) && t.kind == BTF_KIND_PTR)
					attach_use_proto(p, btf_strip(k->btf, t.type, true), 0);
			}
			p->trusted = true;
			return;
		}
	}
	finding_add(p, FIND_HOOK, SEV_UNKNOWN, NULL, FINDING_WHOLE, p->f->section_name, "which struct it is for is not in the object");
}

/* Does the target's enum of program or attach types have it? A kernel without the enum does not tell. */
static void need_enumerator(struct program *p, const char *in, const char *prefix, const char *name)
{
	char full[96];
	uint32_t at = 0;

	if (!*name)
		return;
	snprintf(full, sizeof(full), "%s%s", prefix, name);
	if (kernel_enumerator(p->x->kernel, in, full, NULL))
		finding_add(p, FIND_TYPE, SEV_FINE, NULL, FINDING_WHOLE, full, "%s has it", p->x->kernel->name);
	else if (btf_flavour(p->x->kernel->own, in, &at))
		finding_add(p, FIND_TYPE, SEV_FAILS, NULL, FINDING_WHOLE, full, "%s does not know %s", p->x->kernel->name, full);
	else
		finding_add(p, FIND_TYPE, SEV_UNKNOWN, NULL, FINDING_WHOLE, full, "BTF of %s has no enum %s", p->x->kernel->name,
			    in);
}

/* The strings that the kernel takes for it (include/linux/license.h). */
bool license_is_gpl(const char *license)
{
	static const char *const list[] = { "GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL",
					    "Dual MPL/GPL" };
	size_t i;

	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (!strcmp(license, list[i]))
			return true;
	return false;
}

void attach_check(struct program *p)
{
	if (p->x->kernel->big_endian)
		finding_add(p, FIND_TYPE, SEV_FAILS, NULL, FINDING_WHOLE, "byte order",
			    "the object is little-endian, and %s is big-endian", p->x->kernel->name);
	if (!p->def) {
		finding_add(p, FIND_TYPE, SEV_UNKNOWN, NULL, FINDING_WHOLE, p->f->section_name,
			    "libbpf does not know the section %s", p->f->section_name);
		return;
	}
	need_enumerator(p, "bpf_prog_type", "BPF_PROG_TYPE_", p->def->prog_type);
	need_enumerator(p, "bpf_attach_type", "BPF_", p->def->attach_type);
	/* programs of other kinds than TRACING and LSM sleep from 6.0 on */
	if ((!strncmp(p->def->prefix, "uprobe.s", 8) || !strncmp(p->def->prefix, "uretprobe.s", 11)) && p->x->kernel->has_helpers && !kernel_is_at_least(p->x->kernel, 6, 0))
		finding_add(p, FIND_TYPE, SEV_FAILS, NULL, FINDING_WHOLE, "sleepable program",
			    "%s is older than programs of this kind that sleep", p->x->kernel->name);
	if (!strcmp(p->def->prog_type, "LSM") && !license_is_gpl(p->x->object->license))
		finding_add(p, FIND_TYPE, SEV_FAILS, NULL, FINDING_WHOLE, "license", "LSM programs must be under the GPL");
	if (p->def->mirror)
		p->record = btf_find(p->x->kernel->btf, BTF_KIND_STRUCT, p->def->mirror);
	if (p->def->attach)
		p->def->attach(p);
}
