// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What a BTF itself tells of its kernel: the machine, by members of struct pt_regs that no other machine's has. */
#include <linux/btf.h>
#include <stdio.h>
#include <string.h>

#include "profile/hash.h"
#include "profile/profile.h"

static bool has_member(struct btf_data *b, const struct btf_info *t, const char *name, int depth,
                       int64_t *size)
{
	struct btf_field f;
	struct btf_info in;
	uint32_t i;

	for (i = 0; btf_field_at(b, t, i, &f); i++) {
		if (!strcmp(f.name, name)) {
			*size = btf_sizeof(b, f.type);
			return true;
		}
		if (!*f.name && depth < 4 && btf_get(b, btf_strip(b, f.type, true), &in) &&
		    has_member(b, &in, name, depth + 1, size))
			return true;
	}
	return false;
}

void profile_hash(const struct btf_data *b, uint8_t hash[32])
{
	size_t size;
	const void *p = btf_bytes(b, &size);

	hash_sha256(p, size, hash);
}

void profile_facts_of(struct btf_data *b, struct profile_facts *f)
{
	static const struct {
		const char *member, *and, *wide, *narrow; /* names with 8 and with 4 bytes */
	} list[] = {
		{ "orig_ax", NULL, "x86_64", "i386" },
		{ "orig_x0", NULL, "arm64", "unknown" },
		{ "orig_gpr2", NULL, "s390x", "s390" },
		{ "csr_era", NULL, "loongarch64", "loongarch32" },
		{ "orig_a0", "a7", "riscv64", "riscv32" },
		{ "orig_gpr3", "nip", "ppc64", "ppc" },
	};
	struct btf_info t;
	int64_t bytes, more;
	size_t i, size;

	btf_bytes(b, &size);
	f->big_endian = (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) != btf_other_endian(b);
	f->btf_size = size;
	snprintf(f->machine, sizeof(f->machine), "unknown");
	if (!btf_get(b, btf_find(b, BTF_KIND_STRUCT, "pt_regs"), &t) || !t.id)
		return;
	for (i = 0; i < sizeof(list) / sizeof(*list); i++) {
		if (!has_member(b, &t, list[i].member, 0, &bytes) ||
		    (list[i].and &&!has_member(b, &t, list[i].and, 0, &more)))
			continue;
		if (!strcmp(list[i].wide,
		            "loongarch64")) /* csr_era has 8 or 4 bytes there as well */
			has_member(b, &t, "csr_era", 0, &bytes);
		snprintf(f->machine, sizeof(f->machine), "%s%s",
		         bytes == 8 ? list[i].wide : list[i].narrow,
		         bytes == 8 && !strcmp(list[i].wide, "ppc64") && !f->big_endian ? "le"
		                                                                        : "");
		return;
	}
}
