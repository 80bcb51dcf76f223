/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Names in assembler text: helpers as the UAPI header lists them, the pseudo-helpers of
 * <abide/program.h>, and fields, arguments and enumerators of catalog and layout.
 */
#include <stdio.h>
#include <string.h>

#include "analyze/facts.h"
#include "asm.h"

#define NAME(x) #x /* the mapper puts the commas */
static const char *const helpers[] = { __BPF_FUNC_MAPPER(NAME) };
#undef NAME

static const struct {
	const char *name;
	int32_t number;
} pseudo[] = {
	{ "get_current_task_user", PSEUDO_CURRENT_TASK }, { "field_exists", PSEUDO_FIELD_EXISTS },
	{ "user_str", PSEUDO_USER_STR },                  { "fetch_u8", PSEUDO_FETCH_U8 },
	{ "fetch_u16", PSEUDO_FETCH_U16 },                { "fetch_u32", PSEUDO_FETCH_U32 },
	{ "fetch_u64", PSEUDO_FETCH_U64 },                { "fetch_ptr", PSEUDO_FETCH_PTR },
	{ "fetch_str", PSEUDO_FETCH_STR },
};

int32_t asm_helper(const char *name)
{
	size_t i;

	for (i = 1; i < sizeof(helpers) / sizeof(helpers[0]); i++)
		if (!strcmp(helpers[i], name))
			return (int32_t)i;
	for (i = 0; i < sizeof(pseudo) / sizeof(pseudo[0]); i++)
		if (!strcmp(pseudo[i].name, name))
			return pseudo[i].number;
	return -1;
}

const char *asm_helper_name(int32_t number)
{
	return number > 0 && (size_t)number < sizeof(helpers) / sizeof(helpers[0]) ? helpers[number] : NULL;
}

static bool catalog_symbol(struct catalog *c, const char *name, int64_t *value)
{
	const char *dot = strchr(name, '.'), *bracket;
	const struct cat_struct *s;
	const struct cat_field *f;
	const struct cat_event *ev;
	char owner[96], member[64];
	unsigned element = 0;
	uint32_t i, k;

	for (i = 0; !dot && i < c->nr_enums; i++)
		for (k = 0; k < c->enums[i].nr_values; k++)
			if (!strcmp(c->enums[i].values[k].name, name)) {
				*value = c->enums[i].values[k].value;
				return true;
			}
	if (!dot)
		return false;
	snprintf(owner, sizeof(owner), "%.*s", (int)(dot - name), name);
	bracket = strchr(dot, '[');
	snprintf(member, sizeof(member), "%.*s", bracket ? (int)(bracket - dot - 1) : 63, dot + 1);
	if (bracket && sscanf(bracket, "[%u]", &element) != 1)
		return false;
	s = catalog_struct(c, owner);
	f = s ? catalog_field(s, member) : NULL;
	if (f) {
		*value = f->offset + (int64_t)element * (f->count > 1 ? f->size : 1);
		return true;
	}
	ev = catalog_event(c, owner);
	for (i = 0; ev && i < ev->nr_args; i++)
		if (!strcmp(ev->args[i].name, member)) {
			*value = ev->args[i].offset;
			return true;
		}
	return false;
}

bool asm_symbol(const struct asm_symbols *symbols, const char *name, int64_t *value)
{
	uint32_t type;
	bool found;

	if (symbols->layout_first && symbols->layout && layout_symbol(symbols->layout, name, value, &type, NULL))
		return true;
	found = symbols->catalog && catalog_symbol(symbols->catalog, name, value);
	if (!found && !symbols->layout_first && symbols->layout)
		found = layout_symbol(symbols->layout, name, value, &type, NULL);
	return found;
}
