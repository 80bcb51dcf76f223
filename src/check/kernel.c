/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A kernel to check against. In: its BTF. Out: answers to questions by name. */
#include <errno.h>
#include <linux/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/core.h"
#include "check/kernel.h"
#include "util/buf.h"

#define DEPTH 8 /* of anonymous structs in one another */

static void read_helpers(struct check_kernel *k)
{
	struct btf_info t;
	struct btf_value v;
	uint32_t i;

	if (!btf_get(k->btf, btf_find(k->btf, BTF_KIND_ENUM, "bpf_func_id"), &t) || t.kind != BTF_KIND_ENUM)
		return;
	k->has_helpers = true;
	for (i = 0; i < t.vlen && btf_value_at(k->btf, &t, i, &v); i++)
		if (v.value > 0 && v.value < 512 && strcmp(v.name, "__BPF_FUNC_MAX_ID"))
			k->helpers[v.value / 64] |= 1ull << v.value % 64;
}

int check_kernel_open(struct btf_data *btf, const char *name, struct check_kernel **out, struct abide_error *e)
{
	struct check_kernel *k = calloc(1, sizeof(*k));
	int err;

	*out = NULL;
	if (!k)
		return error_nomem(e);
	k->btf = k->own = btf;
	k->big_endian = (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) != btf_other_endian(btf);
	k->name = strdup(name);
	err = k->name && btf_index_flavours(btf) ? 0 : error_nomem(e);
	if (err) {
		check_kernel_free(k);
		return err;
	}
	read_helpers(k);
	*out = k;
	return 0;
}

void check_kernel_free(struct check_kernel *k)
{
	if (!k)
		return;
	free(k->name);
	free(k);
}

void check_kernel_release(struct check_kernel *k, const char *release)
{
	unsigned a, b, c = 0;

	if (sscanf(release, "%u.%u.%u", &a, &b, &c) >= 2 && a < 256 && b < 256)
		k->release = a << 16 | b << 8 | (c > 255 ? 255 : c);
}

void check_kernel_modules(struct check_kernel *k, struct modules *modules)
{
	k->modules = modules;
}

struct btf_data *kernel_find(struct check_kernel *k, uint8_t kind, const char *name, uint32_t *id, const struct module **module)
{
	struct btf_data *b;
	uint32_t at = 0;

	*module = NULL;
	*id = btf_find(k->own, kind, name);
	if (*id)
		return k->own;
	while (k->modules && (*module = modules_with(k->modules, MODULE_TYPE, name, &at))) {
		b = modules_btf(k->modules, *module);
		*id = b ? btf_find(b, kind, name) : 0;
		if (*id)
			return b;
	}
	*module = NULL;
	return NULL;
}

const struct module *kernel_symbol_in(struct check_kernel *k, const char *name, bool code)
{
	uint32_t at = 0;

	return k->modules ? modules_with(k->modules, code ? MODULE_FUNCTION : MODULE_DATA, name, &at) : NULL;
}

void kernel_look_at(struct check_kernel *k, const struct module *module)
{
	struct btf_data *b = module ? modules_btf(k->modules, module) : NULL;

	k->module = module;
	k->btf = b ? b : k->own;
	k->split = b ? btf_count(k->own) : 0;
}

const char *kernel_modules_doubt(struct check_kernel *k)
{
	if (!k->modules)
		return " (modules are not looked at)";
	return modules_complete(k->modules) ? "" : " (not all of its modules are at hand)";
}

const char *check_kernel_name(const struct check_kernel *k)
{
	return k->name;
}

struct btf_data *check_kernel_btf(const struct check_kernel *k)
{
	return k->own;
}

bool kernel_enumerator(struct check_kernel *k, const char *in, const char *name, int64_t *value)
{
	uint32_t at = 0, id, i;
	struct btf_info t;
	struct btf_value v;

	while ((id = btf_flavour(k->own, in, &at))) {
		if (!btf_get(k->btf, id, &t) || !core_is_enum(&t))
			continue;
		for (i = 0; i < t.vlen && btf_value_at(k->btf, &t, i, &v); i++)
			if (!strcmp(v.name, name)) {
				if (value)
					*value = v.value;
				return true;
			}
	}
	return false;
}

static bool find_member(const struct btf_data *b, uint32_t id, const char *name, uint32_t base, int depth,
			struct btf_field *out)
{
	struct btf_info t;
	struct btf_field m;
	uint32_t i;

	if (!depth || !core_strip(b, id, &t) || !core_is_composite(&t))
		return false;
	for (i = 0; i < t.vlen && btf_field_at(b, &t, i, &m); i++) {
		m.bit_off += base;
		if (!*m.name) {
			if (find_member(b, m.type, name, m.bit_off, depth - 1, out))
				return true;
		} else if (!strcmp(m.name, name)) {
			*out = m;
			return true;
		}
	}
	return false;
}

bool kernel_member(const struct btf_data *b, uint32_t id, const char *name, struct btf_field *out)
{
	return find_member(b, id, name, 0, DEPTH, out);
}

/* Edits between two names, at most @most + 1; names longer than the table are far. */
static unsigned distance(const char *a, const char *b, unsigned most)
{
	uint8_t row[64], last, up;
	size_t n = strlen(b), i, j;

	if (n >= sizeof(row) || strlen(a) >= sizeof(row))
		return most + 1;
	for (j = 0; j <= n; j++)
		row[j] = (uint8_t)j;
	for (i = 1; a[i - 1]; i++) {
		last = row[0];
		row[0] = (uint8_t)i;
		for (j = 1; j <= n; j++) {
			up = row[j];
			row[j] = (uint8_t)(last + (a[i - 1] != b[j - 1]));
			if (up + 1 < row[j])
				row[j] = (uint8_t)(up + 1);
			if (row[j - 1] + 1 < row[j])
				row[j] = (uint8_t)(row[j - 1] + 1);
			last = up;
		}
	}
	return row[n];
}

/* "state" and "__state": how kernels rename what nobody shall touch any more. */
static bool same_but_underscores(const char *a, const char *b)
{
	size_t n, m;

	a += strspn(a, "_");
	b += strspn(b, "_");
	for (n = strlen(a); n && a[n - 1] == '_'; n--)
		;
	for (m = strlen(b); m && b[m - 1] == '_'; m--)
		;
	return n && n == m && !memcmp(a, b, n);
}

static void nearest(const struct btf_data *b, uint32_t id, const char *name, int depth, unsigned *best,
		    const char **found)
{
	struct btf_info t;
	struct btf_field m;
	unsigned d;
	uint32_t i;

	if (!depth || !core_strip(b, id, &t) || !core_is_composite(&t))
		return;
	for (i = 0; i < t.vlen && btf_field_at(b, &t, i, &m); i++) {
		if (!*m.name) {
			nearest(b, m.type, name, depth - 1, best, found);
			continue;
		}
		d = same_but_underscores(name, m.name) ? 0 : distance(name, m.name, *best);
		if (d < *best) {
			*best = d;
			*found = m.name;
		}
	}
}

const char *kernel_near_member(const struct btf_data *b, uint32_t id, const char *name)
{
	unsigned best = strlen(name) / 3 + 2;
	const char *found = NULL;

	nearest(b, id, name, DEPTH, &best, &found);
	return found;
}

bool kernel_has_helper(const struct check_kernel *k, int32_t helper)
{
	return helper > 0 && helper < 512 && (k->helpers[helper / 64] >> helper % 64 & 1);
}

bool kernel_has_function(struct check_kernel *k, const char *name)
{
	return btf_find(k->btf, BTF_KIND_FUNC, name) != 0;
}

/* What came with a release: an enumerator (.in is its enum), a struct ("struct"), a function (NULL). */
static const struct mark {
	uint8_t major, minor;
	const char *in, *name;
} marks[] = {
	{ 5, 11, "bpf_func_id", "BPF_FUNC_get_current_task_btf" },
	{ 5, 12, "bpf_func_id", "BPF_FUNC_check_mtu" },
	{ 5, 13, "bpf_func_id", "BPF_FUNC_for_each_map_elem" },
	{ 5, 15, "bpf_func_id", "BPF_FUNC_timer_init" },
	{ 5, 18, "bpf_attach_type", "BPF_TRACE_KPROBE_MULTI" },
	{ 6, 0, "bpf_attach_type", "BPF_LSM_CGROUP" },
	{ 6, 1, "bpf_func_id", "BPF_FUNC_ktime_get_tai_ns" },
	{ 6, 2, "bpf_func_id", "BPF_FUNC_cgrp_storage_delete" },
	{ 6, 4, "bpf_prog_type", "BPF_PROG_TYPE_NETFILTER" },
	{ 6, 6, "bpf_attach_type", "BPF_TCX_INGRESS" },
	{ 6, 7, "bpf_attach_type", "BPF_NETKIT_PRIMARY" },
	{ 6, 9, "bpf_map_type", "BPF_MAP_TYPE_ARENA" },
	{ 6, 10, "bpf_attach_type", "BPF_TRACE_KPROBE_SESSION" },
	{ 6, 13, "bpf_attach_type", "BPF_TRACE_UPROBE_SESSION" },
	{ 6, 15, NULL, "bpf_dynptr_copy" },
	{ 6, 17, NULL, "bpf_strcmp" },
	{ 6, 19, "bpf_map_type", "BPF_MAP_TYPE_INSN_ARRAY" },
	{ 7, 0, "bpf_attach_type", "BPF_TRACE_FSESSION" },
};

#define RELEASE(major, minor) ((uint32_t)(major) << 16 | (uint32_t)(minor) << 8)

/* By the newest mark that is there. Each is a search, and every call of a helper asks. */
static void find_versions(struct check_kernel *k)
{
	const struct mark *m;
	size_t i;

	k->first = 0;
	k->last = UINT32_C(0xffffff); /* the most that KERNEL_VERSION() gives: signed comparisons must not see a negative number */
	k->versions = true;
	for (i = k->has_helpers ? sizeof(marks) / sizeof(marks[0]) : 0; i; i--) {
		m = &marks[i - 1];
		if (m->in ? kernel_enumerator(k, m->in, m->name, NULL) : kernel_has_function(k, m->name)) {
			k->first = RELEASE(m->major, m->minor);
			return;
		}
		k->last = RELEASE(m->major, m->minor) - 1;
	}
}

void kernel_versions(struct check_kernel *k, uint32_t *first, uint32_t *last)
{
	if (!k->release && !k->versions)
		find_versions(k);
	*first = k->release ? k->release : k->first;
	*last = k->release ? k->release : k->last;
}

bool kernel_is_at_least(struct check_kernel *k, unsigned major, unsigned minor)
{
	uint32_t first, last;

	kernel_versions(k, &first, &last);
	return first >= RELEASE(major, minor);
}
