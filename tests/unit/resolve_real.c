// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The built-in catalog on real kernels: this machine's and those whose BTF lies in the
 * directory $ABIDE_BTF_DIR (*.btf). Offsets are compared with what libbpf's reader finds
 * for the same member; the catalog may lack something on a kernel, but may not be wrong.
 */
/* Both readers have a btf_array. */
#define btf_array libbpf_array
#include <bpf/btf.h>
#undef btf_array
#include <dirent.h>
#include <unistd.h>

#include "resolve_kit.h"

#define HOST "/sys/kernel/btf/vmlinux"

struct seen {
	uint32_t fields, absent, faults, compared, differ;
};

/* The offset of a direct member by libbpf, -1 if it has none or it is a bit-field. */
static int64_t member_by_libbpf(const struct btf *b, const char *of, const char *name)
{
	int id = btf__find_by_name_kind(b, of, BTF_KIND_STRUCT);
	const struct btf_type *t = id > 0 ? btf__type_by_id(b, (uint32_t)id) : NULL;
	uint32_t i;

	for (i = 0; t && i < btf_vlen(t); i++) {
		if (strcmp(btf__name_by_offset(b, btf_members(t)[i].name_off), name))
			continue;
		return btf_member_bitfield_size(t, i) ? -1
		                                      : (int64_t)btf_member_bit_offset(t, i) / 8;
	}
	return -1;
}

static void compare(struct seen *n, const struct btf *b, const char *of, const struct access *a)
{
	const struct cat_path *p = &a->source->path;
	int64_t want;

	if (a->source->nr_elements || p->nr_steps != 1 || p->current || p->steps[0].has_index ||
	    p->steps[0].cast)
		return;
	want = member_by_libbpf(b, of, p->steps[0].name);
	if (want < 0 || a->path.bit_size)
		return;
	n->compared++;
	n->differ += a->path.nr_hops || a->path.off != want;
}

static void fields(struct seen *n, struct kit *k, const struct btf *b)
{
	const struct access *a;
	const struct cat_struct *s;
	struct btf_info t;
	uint32_t i, j, elem;
	int rc;

	for (i = 0; i < k->c->nr_structs; i++) {
		s = &k->c->structs[i];
		for (j = 0; j < s->nr_fields; j++)
			for (elem = 0; elem < s->fields[j].count; elem++) {
				rc = resolve_field(k->t, s, &s->fields[j], elem, &a, &k->e);
				n->fields++;
				n->absent += rc == -ENOENT;
				n->faults += rc && rc != -ENOENT;
				if (rc)
					printf("# %s %s\n", k->e.problem, k->e.reason);
				else if (btf_get(k->btf, resolve_struct(k->t, s), &t))
					compare(n, b, t.name, a);
			}
	}
}

static void arguments(struct seen *n, struct kit *k)
{
	const struct placement *p;
	const struct access *a;
	uint32_t i, j;
	int rc;

	for (i = 0; i < k->c->nr_events; i++) {
		rc = resolve_event(k->t, &k->c->events[i], &p, &k->e);
		n->faults += rc && rc != -ENOENT;
		for (j = 0; !rc && j < k->c->events[i].nr_args; j++) {
			rc = resolve_arg(k->t, p, &k->c->events[i].args[j], &a, &k->e);
			n->faults += rc && rc != -ENOENT;
			rc = 0;
		}
	}
}

/* What no kernel may lack, because the tools need it. */
static void essentials(struct kit *k)
{
	const struct access *a = kit_field(k, "task_struct_user", "tid", 0);

	OK(a && !a->path.nr_hops && !a->path.fetch && a->path.size == 4,
	   "a task's number is one plain load");
	a = kit_field(k, "task_struct_user", "state", 0);
	OK(a && a->combine == CAT_OR && a->nr_ops == 1 && a->ops[0].kind == ACCESS_RULES,
	   "its state goes by rules");
	a = kit_arg(k, "sched_switch", "next");
	OK(a && a->typed && a->path.value && a->path.arg == 2,
	   "sched_switch hands over who comes next, third");
	a = kit_arg(k, "sys_enter", "nr");
	OK(a && a->path.value, "sys_enter hands over the number");
	OK(strcmp(target_machine(k->t), "unknown"), "the machine is known");
}

static void one(const char *path)
{
	struct btf *b = btf__parse_raw(path);
	struct kit k = { 0 };
	struct seen n = { 0 };
	int rc;

	printf("# %s\n", path);
	rc = btf_open_file(path, &k.btf, &k.e);
	if (!rc)
		rc = catalog_open_builtin(&k.c, &k.e);
	if (!rc)
		rc = target_open(k.btf, "it", k.c, &k.t, &k.e);
	OK(!rc, "BTF, catalog and target open");
	if (!rc) {
		fields(&n, &k, b);
		arguments(&n, &k);
		printf("# %u fields, %u absent, %u compared with libbpf\n", n.fields, n.absent,
		       n.compared);
		SAME(n.faults, 0, "nothing is wrong with the catalog's paths");
		OK(n.fields > 100 && n.absent * 10 < n.fields, "nine of ten fields are there");
		SAME(n.differ, 0, "offsets are those of libbpf");
		/* libbpf reads only BTF of this byte order. */
		OK(!b || n.compared > 50, "and enough were compared");
		essentials(&k);
	}
	kit_close(&k);
	btf__free(b);
}

int main(void)
{
	const char *dir = getenv("ABIDE_BTF_DIR");
	DIR *d = dir ? opendir(dir) : NULL;
	struct dirent *f;
	char path[4096];
	size_t len;

	if (!access(HOST, R_OK))
		one(HOST);
	else
		printf("ok %" PRIu32 " # SKIP %s cannot be read\n", ++kit_nr, HOST);
	while (d && (f = readdir(d))) {
		len = strlen(f->d_name);
		if (len < 5 || strcmp(f->d_name + len - 4, ".btf"))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, f->d_name);
		one(path);
	}
	if (d)
		closedir(d);
	else
		printf("ok %" PRIu32 " # SKIP no other kernels: ABIDE_BTF_DIR names no directory\n",
		       ++kit_nr);
	return kit_done();
}
