/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Fuzz target: any bytes as BTF, or as an ELF file with BTF in it. Every type, all that hangs on it, its size, spelling and
 * name. Beside the sanitizers' checks: what is found by name has that name and kind.
 */
#include <linux/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "object/btf.h"
#include "standalone.h"

static uint64_t visit(struct btf_data *b, uint32_t id)
{
	uint32_t elem, index, count, i;
	uint8_t encoding, off, bits;
	struct btf_info t, found;
	struct btf_field f;
	struct btf_value v;
	struct btf_slot s;
	struct btf_arg a;
	int32_t component;
	char text[96];
	uint64_t sum;

	if (!btf_get(b, id, &t))
		abort();
	sum = strlen(t.name) + btf_strip(b, id, true) + btf_sizeof(b, id);
	sum += strlen(btf_spell(b, id, text, id % sizeof(text)));
	for (i = 0; btf_field_at(b, &t, i, &f); i++)
		sum += strlen(f.name) + f.bit_off + f.bit_size + f.type;
	for (i = 0; btf_value_at(b, &t, i, &v); i++)
		sum += strlen(v.name) + v.value;
	for (i = 0; btf_arg_at(b, &t, i, &a); i++)
		sum += strlen(a.name) + a.type;
	for (i = 0; btf_slot_at(b, &t, i, &s); i++)
		sum += s.type + s.off + s.size;
	if (btf_array(b, &t, &elem, &index, &count))
		sum += elem + index + count;
	if (btf_int(b, &t, &encoding, &off, &bits))
		sum += encoding + off + bits;
	if (btf_tag_component(b, &t, &component))
		sum += component;
	i = btf_find(b, t.kind, t.name);
	if (i && (i > id || !btf_get(b, i, &found) || found.kind != t.kind ||
	          strcmp(found.name, t.name)))
		abort();
	i = btf_find_type(b, t.name);
	if (i && (!btf_get(b, i, &found) || strcmp(found.name, t.name)))
		abort();
	return sum;
}

/* An ELF file around it: only a path leads there. */
static int open_elf(const uint8_t *data, size_t size, struct btf_data **b)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC), err = -1;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fd >= 0 && write(fd, data, size) == (ssize_t)size)
		err = btf_open_file(path, b, NULL);
	close(fd);
	return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool elf = size > 4 && !memcmp(data,
	                               "\x7f"
	                               "ELF",
	                               4);
	struct btf_data *b;
	struct btf_info t;
	volatile uint64_t sum = 0;
	uint32_t id;

	if (elf ? open_elf(data, size, &b) : btf_open_mem(data, size, &b, NULL))
		return 0;
	for (id = 0; id < btf_count(b); id++)
		sum += visit(b, id);
	while (id--) /* and backwards: the walk's memory must not mislead */
		sum += btf_get(b, id, &t) + t.kind;
	if (btf_get(b, btf_count(b), &t))
		abort();
	(void)sum; /* read only so that nothing is optimised away */
	btf_free(b);
	return 0;
}
