/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A program by hand, loaded by libbpf. In: an object, the values of its two variables in
 * .rodata, which a skeleton would know as members. A file of its own: libbpf's BTF
 * functions have names that ours have too.
 */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

/* Put @value where the variable @name lies in @data, the contents of .rodata. */
static int set(const struct btf *btf, const struct btf_type *sec, char *data, size_t size,
               const char *name, uint32_t value)
{
	const struct btf_var_secinfo *v = btf_var_secinfos(sec);
	const struct btf_type *var;
	int i;

	for (i = 0; i < btf_vlen(sec); i++, v++) {
		var = btf__type_by_id(btf, v->type);
		if (strcmp(btf__name_by_offset(btf, var->name_off), name))
			continue;
		if (v->size != sizeof(value) || v->offset > size - sizeof(value))
			return -EINVAL;
		memcpy(data + v->offset, &value, sizeof(value));
		return 0;
	}
	return -ENOENT;
}

static int set_variables(struct bpf_object *o, uint32_t first, uint32_t second)
{
	struct bpf_map *map = bpf_object__find_map_by_name(o, ".rodata");
	const struct btf *btf = bpf_object__btf(o);
	int sec = btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC), err;
	const struct btf_type *t;
	const void *initial;
	size_t size = 0;
	char *data;

	if (!map || sec < 0)
		return -ENOENT;
	initial = bpf_map__initial_value(map, &size);
	data = initial && size >= sizeof(first) ? malloc(size) : NULL;
	if (!data)
		return -ENOMEM;
	memcpy(data, initial, size);
	t = btf__type_by_id(btf, (uint32_t)sec);
	err = set(btf, t, data, size, "first", first);
	if (!err)
		err = set(btf, t, data, size, "second", second);
	if (!err)
		err = bpf_map__set_initial_value(map, data, size);
	free(data);
	return err;
}

struct bpf_object *hand_open(const char *path, uint32_t first, uint32_t second)
{
	struct bpf_object *o = bpf_object__open_file(path, NULL);
	int err;

	if (!o) {
		failed(path, -errno);
		return NULL;
	}
	err = set_variables(o, first, second);
	if (!err)
		err = bpf_object__load(o);
	if (!err)
		return o;
	failed(path, err);
	bpf_object__close(o);
	return NULL;
}
