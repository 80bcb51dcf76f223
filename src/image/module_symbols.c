// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What names a module adds to the kernel's symbols. In: a module's ELF bytes, from anybody. Out: the
 * symbols that it defines in sections that are loaded and stay: what the kernel itself keeps of them
 * (kernel/module/kallsyms.c). Names that compilers and macros make by the thousand are left out, but those
 * of events.
 */
#include <elf.h>

#include "image/read.h"

/* Names of the kernel's macros for events, which tell what a module has of them. */
static bool of_event(const char *name)
{
	return !strncmp(name, "__tracepoint_", 13) || !strncmp(name, "event_", 6) || !strncmp(name, "str__", 5);
}

static void tell(const struct image_elf *elf, struct cursor *c, const struct cursor *names, image_symbol_fn fn, void *arg)
{
	struct image_section in;
	uint32_t name = cursor_u32(c);
	uint8_t info = 0;
	uint16_t index;
	const char *s;

	if (elf->wide)
		info = cursor_u8(c);
	else
		cursor_take(c, 8); /* value, size */
	if (!elf->wide)
		info = cursor_u8(c);
	cursor_u8(c); /* visibility */
	index = cursor_u16(c);
	if (elf->wide)
		cursor_take(c, 16);
	s = cursor_str_at(names, name);
	if (c->bad || !s || !*s || !index || index >= elf->nr || ELF64_ST_TYPE(info) == STT_SECTION || ELF64_ST_TYPE(info) == STT_FILE)
		return;
	if (notes_made_up(s) && !of_event(s))
		return;
	in = image_elf_section(elf, index);
	if (in.name && (in.flags & SHF_ALLOC) && strncmp(in.name, ".init", 5))
		fn(arg, s, in.flags & SHF_EXECINSTR);
}

void image_module_symbols(const struct image_module *m, image_symbol_fn fn, void *arg)
{
	struct cursor table, names, file;
	struct image_section s, text;
	struct image_elf elf;
	uint32_t i;

	if (!m->elf || image_elf_open(m->elf, m->elf_size, &elf) != 1)
		return;
	file = elf.file;
	for (i = 0; i < elf.nr; i++) {
		s = image_elf_section(&elf, i);
		if (s.type != SHT_SYMTAB || s.link >= elf.nr)
			continue;
		text = image_elf_section(&elf, s.link);
		if (s.off > m->elf_size || text.off > m->elf_size)
			continue;
		table = cursor_sub(&file, (size_t)s.off, (size_t)s.size);
		names = cursor_sub(&file, (size_t)text.off, (size_t)text.size);
		while (!table.bad && !names.bad && cursor_left(&table))
			tell(&elf, &table, &names, fn, arg);
	}
}
