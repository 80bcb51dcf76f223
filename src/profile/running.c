// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What the running kernel tells beside its BTF, to anybody. In: /proc/config.gz or the file that
 * distributions keep of it, /proc/kallsyms. Out: notes. Addresses are hidden from most users, so
 * only names count, and what can be traced is not known.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "image/symbols.h"
#include "profile/running.h"

#define MOST_CONFIG  (4u << 20)
#define MOST_SYMBOLS (64u << 20) /* bytes */

/* All of a file, compressed or not; false: it is not there, or too large. */
static bool read_text(const char *path, size_t most, struct buf *out)
{
	gzFile f = gzopen(path, "rbe");
	char block[16384];
	int n = -1;

	if (!f)
		return false;
	while (out->size <= most && (n = gzread(f, block, sizeof(block))) > 0)
		buf_add(out, block, (size_t)n);
	gzclose(f);
	buf_u8(out, 0);
	return !n && out->size > 1 && !out->failed;
}

int running_config(const char *release, struct notes *n, struct abide_error *e)
{
	static const char *const places[] = { "/proc/config.gz", "/boot/config-%s", "/lib/modules/%s/config" };
	struct buf text = { 0 };
	char path[160];
	size_t i;

	for (i = 0; i < sizeof(places) / sizeof(*places); i++) {
		snprintf(path, sizeof(path), places[i], release);
		text.size = 0;
		if (read_text(path, MOST_CONFIG, &text)) {
			notes_add_config(n, (const char *)text.data);
			break;
		}
	}
	buf_free(&text);
	return notes_finish(n, e);
}

/* "ffffffff81000000 T _text", and "\t[module]" behind what is a module's. */
static bool add_symbol(struct image_symbols *s, const char *line, size_t size)
{
	const char *type = memchr(line, ' ', size), *name = type ? type + 2 : NULL, *end;
	struct image_symbol *items;

	if (!name || name + 1 >= line + size || *name != ' ')
		return true;
	name++;
	for (end = name; end < line + size && !isspace((unsigned char)*end); end++)
		;
	items = array_grow(s->items, s->nr, &s->room, sizeof(*items));
	if (!items)
		return false;
	s->items = items;
	items[s->nr++] = (struct image_symbol){ .name = (uint32_t)s->names.size, .type = type[1] };
	buf_add(&s->names, name, (size_t)(end - name));
	buf_u8(&s->names, 0);
	return !s->names.failed;
}

int running_symbols(struct btf_data *btf, struct notes *n, struct abide_error *e)
{
	struct image_symbols s = { 0 };
	struct buf text = { 0 };
	const char *line, *end;
	bool ok = true;
	int err = 0;

	if (read_text("/proc/kallsyms", MOST_SYMBOLS, &text)) {
		for (line = (const char *)text.data; *line && ok; line = end + (*end == '\n')) {
			end = strchrnul(line, '\n');
			ok = add_symbol(&s, line, (size_t)(end - line));
		}
		err = ok ? image_notes_of_symbols(&s, btf, n, e) : error_nomem(e);
	}
	symbols_free(&s);
	buf_free(&text);
	return err ? err : notes_finish(n, e);
}
