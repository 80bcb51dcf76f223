/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The BTF reader on the BTF of real kernels: files RELEASE.btf or RELEASE.btf.xz of
 * $ABIDE_BTF_DIR. What is expected is what pahole and bpftool say of them.
 */
#include <linux/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "object_test.h"

static const struct kernel {
	const char *release;
	uint32_t count; /* types, void included */
	uint32_t pid, comm,
		reset; /* bits into task_struct: pid, comm, sched_reset_on_fork (a bit-field) */
	bool other_endian;
} kernels[] = {
	{ "5.10.0-46-cloud-amd64", 77829, 17856, 21888, 17312, false },
	{ "6.1.0-50-cloud-amd64", 95069, 19328, 23808, 18720, false },
	{ "6.12.107+deb13-cloud-amd64", 108151, 19456, 23808, 18848, false },
	{ "6.12.107+deb13-cloud-arm64", 112556, 11008, 15360, 10400, false },
	{ "6.12.107+deb13-s390x", 88138, 15360, 18688, 14752, true },
	{ "6.18.15+deb13-cloud-amd64", 114823, 21632, 25984, 21024, false },
	{ "7.3.4+deb13-cloud-amd64", 121185, 22976, 27264, 22368, false },
};

/* The file's BTF, unpacked, at @path (a temporary file that the caller removes). */
static bool unpack(const char *dir, const char *release, char *path)
{
	char command[600];
	int fd = mkstemp(path);

	if (fd < 0)
		return false;
	close(fd);
	snprintf(command, sizeof(command),
	         "cat '%s/%s.btf' >%s 2>/dev/null || xz -dc '%s/%s.btf.xz' >%s", dir, release, path,
	         dir, release, path);
	return !system(command);
}

static bool is_there(const char *dir, const char *release)
{
	char path[300];

	snprintf(path, sizeof(path), "%s/%s.btf", dir, release);
	if (!access(path, R_OK))
		return true;
	snprintf(path, sizeof(path), "%s/%s.btf.xz", dir, release);
	return !access(path, R_OK);
}

/* Every named struct and function is found under its name, at the first place that has it. */
static uint32_t count_lost(struct btf_data *b)
{
	struct btf_info t, found;
	uint32_t id, first, lost = 0;

	for (id = 1; id < btf_count(b); id++) {
		if (!btf_get(b, id, &t) || (t.kind != BTF_KIND_STRUCT && t.kind != BTF_KIND_FUNC) ||
		    !*t.name)
			continue;
		first = btf_find(b, t.kind, t.name);
		lost += !first || first > id || !btf_get(b, first, &found) ||
		        found.kind != t.kind || strcmp(found.name, t.name);
	}
	return lost;
}

static bool find_member(const struct btf_data *b, uint32_t id, const char *name,
                        struct btf_field *f)
{
	struct btf_info t;
	uint32_t i;

	if (!btf_get(b, id, &t))
		return false;
	for (i = 0; btf_field_at(b, &t, i, f); i++)
		if (!strcmp(f->name, name))
			return true;
	return false;
}

static void test_kernel(const struct kernel *k, const char *path)
{
	struct abide_error e = { 0 };
	struct btf_data *b;
	struct btf_field f;
	struct btf_info t;
	uint32_t task;
	char text[128];

	if (!check(!btf_open_file(path, &b, &e), "%s opens %s", k->release, e.problem))
		return;
	printf("# %s\n", k->release);
	check(btf_other_endian(b) == k->other_endian, "byte order");
	check_u64(btf_count(b), k->count, "number of types");
	task = btf_find(b, BTF_KIND_STRUCT, "task_struct");
	check(find_member(b, task, "pid", &f) && f.bit_off == k->pid && btf_sizeof(b, f.type) == 4,
	      "task_struct.pid");
	check_str(btf_spell(b, f.type, text, sizeof(text)), "pid_t", "its type");
	check(find_member(b, task, "comm", &f) && f.bit_off == k->comm &&
	              btf_sizeof(b, f.type) == 16,
	      "task_struct.comm");
	check(find_member(b, task, "sched_reset_on_fork", &f) && f.bit_off == k->reset &&
	              f.bit_size == 1,
	      "task_struct.sched_reset_on_fork");
	check(btf_get(b, btf_find(b, BTF_KIND_TYPEDEF, "btf_trace_sched_switch"), &t) &&
	              !strncmp(btf_spell(b, t.type, text, sizeof(text)),
	                       "void (*)(void *, bool, struct task_struct *, struct task_struct *",
	                       65),
	      "the tracepoint's prototype: %s", text);
	check_u64(count_lost(b), 0, "all structs and functions are found by name");
	btf_free(b);
}

void test_btf_real(void)
{
	const char *dir = getenv("ABIDE_BTF_DIR");
	size_t i;

	for (i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
		char path[] = "/tmp/abide-btf-XXXXXX";

		if (!dir)
			skip(kernels[i].release, "ABIDE_BTF_DIR is not set");
		else if (!is_there(dir, kernels[i].release))
			skip(kernels[i].release, "its BTF is not in ABIDE_BTF_DIR");
		else if (check(unpack(dir, kernels[i].release, path), "%s can be read",
		               kernels[i].release))
			test_kernel(&kernels[i], path);
		unlink(path);
	}
}
