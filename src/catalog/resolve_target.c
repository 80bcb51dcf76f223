// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A target kernel. In: its BTF, its name, the catalog. Out: the machine it is for, what
 * it knows (helpers, atomics, system calls), its enumerators by name; and the store of
 * all that was resolved on it, which lives as long as the target.
 *
 * The store is a hash table of pointers, so entries stay where they are while it grows.
 * A failure is kept as well: the same question gets the same answer, word for word.
 */
#include <errno.h>
#include <linux/btf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/resolve_impl.h"
#include "util/buf.h"

int why_set(struct why *w, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w->text, sizeof(w->text), fmt, ap);
	va_end(ap);
	return code;
}

/* By members of struct pt_regs that no other machine's has. */
static const char *find_machine(struct btf_data *b)
{
	static const struct {
		const char *machine, *member, *and;
	} list[] = {
		{ "x86_64", "orig_ax", NULL },           { "arm64", "orig_x0", "syscallno" },
		{ "s390x", "orig_gpr2", NULL },          { "riscv64", "orig_a0", "a7" },
		{ "loongarch64", "orig_a0", "csr_era" },
	};
	uint32_t id = btf_find(b, BTF_KIND_STRUCT, "pt_regs"), bytes;
	struct member m;
	bool sign;
	size_t i;

	for (i = 0; id && i < sizeof(list) / sizeof(*list); i++) {
		if (list[i].and &&!type_member(b, id, list[i].and, &m))
			continue;
		/* 8 bytes: a 32-bit kernel of the same family is another machine. */
		if (type_member(b, id, list[i].member, &m) &&
		    type_scalar(b, m.type, &bytes, &sign) && bytes == 8)
			return list[i].machine;
	}
	return "unknown";
}

int target_open(struct btf_data *btf, const char *name, struct catalog *c, struct target **out,
                struct abide_error *e)
{
	struct target *t = calloc(1, sizeof(*t));

	*out = NULL;
	if (!t)
		return error_nomem(e);
	t->btf = btf;
	t->catalog = c;
	t->name = strdup(name);
	t->structs = calloc(c->nr_structs + 1, sizeof(*t->structs));
	t->nr_slots = 64;
	t->slots = calloc(t->nr_slots, sizeof(struct kept *));
	if (!t->name || !t->structs || !t->slots) {
		target_free(t);
		return error_nomem(e);
	}
	t->big_endian = (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) != btf_other_endian(btf);
	t->machine = find_machine(btf);
	*out = t;
	return 0;
}

void target_free(struct target *t)
{
	struct kept_map *m, *next;
	uint32_t i;

	if (!t)
		return;
	for (i = 0; t->slots && i < t->nr_slots; i++) {
		if (!t->slots[i])
			continue;
		free(t->slots[i]->error);
		free(t->slots[i]->result);
		free(t->slots[i]);
	}
	for (m = t->maps; m; m = next) {
		next = m->next;
		free(m->map.runs);
		free(m);
	}
	free(t->slots);
	free(t->structs);
	free(t->enums.ids);
	free(t->name);
	free(t);
}

struct btf_data *target_btf(const struct target *t)
{
	return t->btf;
}

const char *target_name(const struct target *t)
{
	return t->name;
}

const char *target_machine(const struct target *t)
{
	return t->machine;
}

/* Which of a system call's numbers is the machine's; NULL: none. */
static const int32_t *number_of(const struct target *t, const struct cat_syscall *s)
{
	if (!strcmp(t->machine, "x86_64"))
		return &s->x86_64;
	if (!strcmp(t->machine, "arm64"))
		return &s->arm64;
	if (!strcmp(t->machine, "riscv64") || !strcmp(t->machine, "loongarch64"))
		return &s->generic;
	return NULL;
}

bool target_has_syscalls(const struct target *t)
{
	uint32_t n;
	const struct cat_syscall *all = catalog_syscalls(t->catalog, &n);

	return n && number_of(t, all);
}

int32_t target_syscall(const struct target *t, const char *name)
{
	uint32_t i, n;
	const struct cat_syscall *all = catalog_syscalls(t->catalog, &n);
	const int32_t *number;

	for (i = 0; i < n; i++) {
		if (strcmp(all[i].name, name))
			continue;
		number = number_of(t, &all[i]);
		return number ? *number : -1;
	}
	return -1;
}

/* The helper's enumerator, by number (@name NULL) or by name. */
static bool find_helper(struct target *t, int64_t helper, const char *name)
{
	struct btf_value v;
	struct btf_info e;
	uint32_t i;

	if (!btf_get(t->btf, btf_find(t->btf, BTF_KIND_ENUM, "bpf_func_id"), &e))
		return false;
	for (i = 0; i < e.vlen && btf_value_at(t->btf, &e, i, &v); i++)
		if (name ? !strcmp(v.name, name)
		         : v.value == helper && !strncmp(v.name, "BPF_FUNC_", 9))
			return true;
	return false;
}

bool target_has_helper(struct target *t, uint32_t helper)
{
	return find_helper(t, helper, NULL);
}

bool target_has_atomics(struct target *t)
{
	/* bpf_check_mtu and the atomics both came with 5.12; the atomics leave nothing in BTF. */
	return t->catalog->application || find_helper(t, 0, "BPF_FUNC_check_mtu");
}

static bool list_enums(struct target *t)
{
	uint32_t id = 0, *grown;

	if (t->listed)
		return true;
	t->enums.nr = 0;
	while ((id = btf_after(t->btf, id, 1u << BTF_KIND_ENUM | 1u << BTF_KIND_ENUM64))) {
		grown = array_grow(t->enums.ids, t->enums.nr, &t->enums.room, sizeof(*grown));
		if (!grown)
			return false;
		t->enums.ids = grown;
		t->enums.ids[t->enums.nr++] = id;
	}
	t->listed = true;
	return true;
}

int target_enumerator(struct target *t, const char *name, int64_t *value)
{
	struct btf_value v;
	struct btf_info e;
	uint32_t j;
	size_t i;

	if (!list_enums(t))
		return -ENOMEM;
	for (i = 0; i < t->enums.nr; i++) {
		if (!btf_get(t->btf, t->enums.ids[i], &e))
			continue;
		for (j = 0; j < e.vlen && btf_value_at(t->btf, &e, j, &v); j++)
			if (*v.name == *name && !strcmp(v.name, name)) {
				*value = v.value;
				return 0;
			}
	}
	return -ENOENT;
}

static struct kept **slot_of(struct kept **slots, uint32_t nr, const void *key, uint32_t elem)
{
	uint64_t h = ((uint64_t)(uintptr_t)key ^ (uint64_t)elem << 48) * 0x9e3779b97f4a7c15;
	uint32_t i = (uint32_t)(h >> 32) & (nr - 1);

	while (slots[i] && (slots[i]->key != key || slots[i]->elem != elem))
		i = (i + 1) & (nr - 1);
	return &slots[i];
}

struct kept *target_kept(const struct target *t, const void *key, uint32_t elem)
{
	return *slot_of(t->slots, t->nr_slots, key, elem);
}

static bool grow(struct target *t)
{
	struct kept **slots;
	uint32_t i;

	if (t->nr_kept < t->nr_slots / 4 * 3)
		return true;
	if (t->nr_slots > UINT32_MAX / 4)
		return false;
	slots = calloc((size_t)t->nr_slots * 2, sizeof(*slots));
	if (!slots)
		return false;
	for (i = 0; i < t->nr_slots; i++)
		if (t->slots[i])
			*slot_of(slots, t->nr_slots * 2, t->slots[i]->key, t->slots[i]->elem) =
				t->slots[i];
	free(t->slots);
	t->slots = slots;
	t->nr_slots *= 2;
	return true;
}

struct kept *target_keep(struct target *t, const void *key, uint32_t elem, int code, void *result,
                         const struct abide_error *e)
{
	struct kept *k = calloc(1, sizeof(*k));

	if (!k || !grow(t))
		goto nomem;
	*k = (struct kept){ .key = key, .elem = elem, .code = code, .result = result };
	if (code) {
		k->error = malloc(sizeof(*k->error));
		if (!k->error)
			goto nomem;
		*k->error = *e;
	}
	*slot_of(t->slots, t->nr_slots, key, elem) = k;
	t->nr_kept++;
	return k;
nomem:
	free(k);
	free(result);
	return NULL;
}
