/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Questions about a kernel that BTF does not answer. In: notes, taken from whoever opened the
 * kernel when the first question needs them. Out: yes, no, or nobody knows. Notes are of the kernel
 * itself: what only a module has is known by the module's BTF.
 */
#include <linux/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/known.h"

void check_kernel_notes(struct check_kernel *k, check_notes_fn notes, void *arg)
{
	k->notes = notes;
	k->notes_arg = arg;
}

static const struct notes *notes_of(struct check_kernel *k, bool symbols)
{
	static const struct notes none;
	const struct notes *n = k->notes ? k->notes(k->notes_arg, symbols) : NULL;

	return n ? n : &none;
}

enum known known_config(struct check_kernel *k, const char *option, const char **value)
{
	const struct notes *n = notes_of(k, false);

	if (!notes_know(n, KNOWS_CONFIG))
		return KNOWN_NOT;
	return notes_find(n, NOTE_CONFIG, option, value) ? KNOWN_YES : KNOWN_NO;
}

enum known known_feature(struct check_kernel *k, const char *option, const char *function)
{
	enum known known = known_config(k, option, NULL);

	if (known != KNOWN_NOT)
		return known;
	if (kernel_has_function(k, function))
		return KNOWN_YES;
	/* a BTF without functions (a vendor's, stripped) tells nothing by what it lacks */
	return k->has_helpers && kernel_has_function(k, "schedule") ? KNOWN_NO : KNOWN_NOT;
}

/* Is it a function of the module that is looked at, and not of the kernel itself? */
static bool in_module(struct check_kernel *k, const char *name)
{
	return k->module && ((k->split && btf_find(k->btf, BTF_KIND_FUNC, name) >= k->split) ||
			     module_has(k->module, MODULE_FUNCTION, name));
}

enum known known_function(struct check_kernel *k, const char *name)
{
	const struct notes *n;

	if (in_module(k, name) && module_has_symbols(k->module) && !notes_made_up(name))
		return module_has(k->module, MODULE_FUNCTION, name) ? KNOWN_YES : KNOWN_NO;
	if (in_module(k, name))
		return KNOWN_YES;
	n = notes_of(k, true);
	if (!notes_know(n, KNOWS_SYMBOLS))
		return KNOWN_NOT;
	if (kernel_has_function(k, name))
		return notes_find(n, NOTE_GONE, name, NULL) ? KNOWN_NO : KNOWN_YES;
	if (notes_find(n, NOTE_FUNCTION, name, NULL))
		return KNOWN_YES;
	return notes_made_up(name) ? KNOWN_NOT : KNOWN_NO;
}

enum known known_traceable(struct check_kernel *k, const char *name)
{
	const struct notes *n;

	if (in_module(k, name))
		return KNOWN_NOT;
	n = notes_of(k, true);
	if (!notes_know(n, KNOWS_TRACE) || notes_made_up(name))
		return KNOWN_NOT;
	return notes_find(n, NOTE_NO_TRACE, name, NULL) ? KNOWN_NO : KNOWN_YES;
}

enum known known_unprobed(struct check_kernel *k, const char *name)
{
	if (in_module(k, name) || notes_made_up(name))
		return KNOWN_NOT;
	return known_in(k, KNOWS_PROBES, NOTE_NO_PROBE, name, NULL);
}

unsigned known_how_many(struct check_kernel *k, const char *name)
{
	const char *value;

	return notes_find(notes_of(k, true), NOTE_AMBIGUOUS, name, &value) ? (unsigned)strtoul(value, NULL, 10) : 1;
}

enum known known_symbol(struct check_kernel *k, const char *name)
{
	const struct notes *n = notes_of(k, true);

	if (notes_find(n, NOTE_SYMBOL, name, NULL) || btf_find(k->btf, BTF_KIND_VAR, name))
		return KNOWN_YES;
	return notes_know(n, KNOWS_DATA) ? known_function(k, name) : KNOWN_NOT;
}

enum known known_in(struct check_kernel *k, const char *knows, enum note_tag tag, const char *name, const char **value)
{
	const struct notes *n = notes_of(k, true);

	if (!notes_know(n, knows))
		return KNOWN_NOT;
	return notes_find(n, tag, name, value) ? KNOWN_YES : KNOWN_NO;
}

const char *known_category(struct check_kernel *k, const char *event, char *buf, size_t size)
{
	const struct notes *n = notes_of(k, true);
	size_t len = strlen(event);
	const char *line, *slash;
	uint32_t i;

	for (i = 0; i < n->nr; i++) {
		line = notes_line(n, i);
		slash = strchr(line + 2, '/');
		if (line[0] != NOTE_EVENT || !slash || strncmp(slash + 1, event, len) || (slash[1 + len] && slash[1 + len] != ' '))
			continue;
		snprintf(buf, size, "%.*s", (int)(slash - line) - 2, line + 2);
		return buf;
	}
	return NULL;
}

enum known known_syscalls_open(struct check_kernel *k, const char *function)
{
	if (strncmp(function, "__x64_sys_", 10) && strncmp(function, "__arm64_sys_", 12) && strncmp(function, "__s390x_sys_", 12))
		return KNOWN_NO;
	/* the set of exceptions is the older verifier's, with and without a list */
	switch (known_symbol(k, "btf_non_sleepable_error_inject")) {
	case KNOWN_YES:
		return KNOWN_NO;
	case KNOWN_NO:
		return kernel_has_function(k, function) ? KNOWN_YES : KNOWN_NO;
	case KNOWN_NOT:
		break;
	}
	return KNOWN_NOT;
}
