/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_APP_SYMBOLS_H
#define ABIDE_APP_SYMBOLS_H

#include <stdint.h>
#include <sys/types.h>

#include "util/buf.h"
#include "util/error.h"

/*
 * Names of addresses in applications, also of those that have ended since: which files a
 * process has mapped is noted while it runs, and the symbols of a file are read when an
 * address in it is first asked for.
 */
struct app_symbols;

int app_symbols_new(struct app_symbols **out, struct abide_error *e);
void app_symbols_free(struct app_symbols *s);
/* Note what @pid has mapped. Again, when that may have changed; a process that is gone stays as it was. */
void app_symbols_look(struct app_symbols *s, pid_t pid);
/*
 * Append "function+0x1d", or "library.so+0x1234" where it has no symbol, or nothing where no
 * file is. @pid 0: the process that was looked at first. render_options.symbol.
 */
void app_symbols_name(void *symbols, uint32_t pid, uint64_t address, struct buf *out);

#endif
