// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Which loads the kernel's verifier takes from a pointer to a struct of its BTF. In: the
 * struct, an offset, a size. Out: refused, a number, or a pointer to which struct.
 *
 * The answer must hold on every kernel from 5.10 on, so where they differ this is the
 * strictest of them. What was measured (25 kernels, 5.10 to 7.3):
 *
 *  - a load lies inside one member; a bit-field may be loaded by any word around it that
 *    does not cut a member before it; a pointer is loaded whole or not at all;
 *  - of a union the first member that the offset falls into decides, also what a pointer
 *    in it points to;
 *  - an array is one member, in any number of dimensions; an element that is a struct is
 *    entered, but not one whose type is a typedef of a struct ("is not a struct" up to 6.1);
 *  - past the end of a struct only an array [0] of structs that is its last member is
 *    entered; numbers and pointers there came later (6.1.176, 6.19), and an array [1] never;
 *  - a pointer to anything but a struct or union is a number.
 */
#include <linux/btf.h>
#include <string.h>

#include "catalog/resolve_impl.h"

#define NESTING 32

struct part { /* of a struct: a member, arrays taken apart */
	uint32_t off;
	uint64_t end;
	uint32_t type;  /* of one element, stripped */
	uint32_t bytes; /* of one element */
	bool array;
	bool hidden;       /* an element that is a typedef of a struct */
	struct btf_info t; /* of .type */
};

static bool part_of(const struct btf_data *b, const struct btf_field *f, struct part *p)
{
	uint32_t elem, count, bytes, type = f->type;
	int64_t size = btf_sizeof(b, f->type);
	struct btf_info t;

	*p = (struct part){ .off = f->bit_off / 8 };
	if (size < 0 || size > INT32_MAX)
		return false;
	p->end = (uint64_t)p->off + (uint64_t)size;
	while (type_array(b, type, &elem, &count, &bytes)) {
		p->array = true;
		type = elem;
	}
	p->type = btf_strip(b, type, true);
	size = btf_sizeof(b, p->type);
	if (!btf_get(b, p->type, &p->t) || size <= 0 || size > INT32_MAX)
		return false;
	p->bytes = (uint32_t)size;
	p->hidden = p->array && btf_get(b, btf_strip(b, type, false), &t) &&
	            t.kind == BTF_KIND_TYPEDEF && type_is_struct(b, p->type);
	return true;
}

/* Past the end of @t: into the element of an array [0] of structs that is its last member. */
static bool enter_flexible(const struct btf_data *b, const struct btf_info *t, uint32_t *off,
                           uint32_t *next)
{
	uint32_t elem, count, bytes;
	struct btf_field f;

	if (!t->vlen || !btf_field_at(b, t, t->vlen - 1, &f) || f.bit_size ||
	    !type_array(b, f.type, &elem, &count, &bytes))
		return false;
	if (count || !bytes || *off < f.bit_off / 8 || !type_is_struct(b, elem))
		return false;
	*off = (*off - f.bit_off / 8) % bytes;
	*next = elem;
	return true;
}

/* Memory that the kernel does not let a program read through the pointer. */
static bool other_memory(const struct btf_data *b, uint32_t id)
{
	struct btf_info t;
	int depth;

	for (depth = 0; depth < NESTING && btf_get(b, id, &t); depth++, id = t.type) {
		if (t.kind == BTF_KIND_TYPE_TAG &&
		    (!strcmp(t.name, "user") || !strcmp(t.name, "percpu") ||
		     !strncmp(t.name, "address_space", 13)))
			return true;
		if (t.kind != BTF_KIND_TYPE_TAG && t.kind != BTF_KIND_CONST &&
		    t.kind != BTF_KIND_VOLATILE)
			return false;
	}
	return false;
}

static enum walk load_pointer(const struct btf_data *b, const struct part *p, uint32_t *next)
{
	uint32_t to = btf_strip(b, p->t.type, true);

	if (!type_is_struct(b, to) || other_memory(b, p->t.type))
		return WALK_SCALAR;
	*next = to;
	return WALK_POINTER;
}

/*
 * Does the member after @i of a struct begin at or before @off? Then @i ends there as well:
 * members of a struct do not overlap. Saves asking for the size of some hundred members.
 */
static bool ends_before(const struct btf_data *b, const struct btf_info *t, uint32_t i,
                        uint32_t off)
{
	struct btf_field f;

	return t->kind == BTF_KIND_STRUCT && i + 1 < t->vlen && btf_field_at(b, t, i + 1, &f) &&
	       f.bit_off / 8 <= off;
}

/* One level. *@next set and WALK_REFUSED with *@enter: go on inside *@next at *@off. */
static enum walk one_level(const struct btf_data *b, uint32_t id, uint32_t *off, uint32_t size,
                           uint32_t *next, bool *enter)
{
	uint64_t end = (uint64_t)*off + size;
	struct btf_field f;
	struct btf_info t;
	struct part p;
	uint32_t i;

	*enter = false;
	if (!btf_get(b, btf_strip(b, id, true), &t) ||
	    (t.kind != BTF_KIND_STRUCT && t.kind != BTF_KIND_UNION))
		return WALK_REFUSED;
	if (end > t.size) {
		*enter = enter_flexible(b, &t, off, next);
		return WALK_REFUSED;
	}
	for (i = 0; i < t.vlen && btf_field_at(b, &t, i, &f); i++) {
		if (end <= f.bit_off / 8)
			return WALK_REFUSED;
		if (f.bit_size) {
			if (*off <= f.bit_off / 8 &&
			    ((uint64_t)f.bit_off + f.bit_size + 7) / 8 <= end)
				return WALK_SCALAR;
			continue;
		}
		if (*off < f.bit_off / 8)
			return WALK_REFUSED;
		if (ends_before(b, &t, i, *off) || !part_of(b, &f, &p) || *off >= p.end)
			continue;
		if (p.hidden)
			return WALK_REFUSED;
		if (p.array && (type_is_struct(b, p.type) || p.t.kind == BTF_KIND_PTR))
			p.off += (*off - p.off) / p.bytes * p.bytes;
		if (type_is_struct(b, p.type)) {
			*off -= p.off;
			*next = p.type;
			*enter = true;
			return WALK_REFUSED;
		}
		if (p.t.kind == BTF_KIND_PTR)
			return size == 8 && *off == p.off ? load_pointer(b, &p, next)
			                                  : WALK_REFUSED;
		return end <= p.end ? WALK_SCALAR : WALK_REFUSED;
	}
	return WALK_REFUSED;
}

enum walk walk_load(const struct btf_data *b, uint32_t id, uint32_t off, uint32_t size,
                    uint32_t *next)
{
	bool enter = true;
	enum walk w;
	int depth;

	for (depth = 0; depth < NESTING; depth++) {
		*next = 0;
		w = one_level(b, id, &off, size, next, &enter);
		if (!enter)
			return w;
		id = *next;
	}
	return WALK_REFUSED;
}

/*
 * Members whose pointer newer kernels give out as "or NULL" (6.12 on; the kernel keeps
 * the list by hand). A test that a kernel does not ask for was accepted by all.
 */
bool walk_nullable(const char *struct_name, const char *member)
{
	static const struct {
		const char *of, *member;
	} list[] = {
		{ "dentry", "d_inode" },
		{ "mm_struct", "exe_file" },
		{ "mm_struct", "owner" },
		{ "request_sock", "sk" },
		{ "sk_buff", "sk" },
		{ "socket", "sk" },
		{ "vm_area_struct", "vm_file" },
		{ "vm_area_struct", "vm_mm" },
	};
	size_t i;

	for (i = 0; i < sizeof(list) / sizeof(*list); i++)
		if (!strcmp(struct_name, list[i].of) && !strcmp(member, list[i].member))
			return true;
	return false;
}
