/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_APP_APP_H
#define ABIDE_APP_APP_H

#include <sys/types.h>

#include "catalog/resolve.h"
#include "object/object.h"
#include "process/layout.h"

/*
 * An application, or a library, as a place for user events: what its files say of their
 * events (the section "abide_user"), and a catalog and a target made of it, so that programs
 * are analysed and translated for it as they are for a kernel.
 */
struct app_file { /* one ELF file with events */
	char *path; /* as the process has it mapped, or as it was named */
	struct layout *layout;
};

struct app {
	char *name;             /* for messages: "mydb", "mydb (process 12)" */
	struct app_file *files; /* at least one */
	uint32_t nr_files;
	char *unread;           /* code of the process that could not be read, the first file; NULL: none */
	struct layout all;      /* of all files together; strings are the files' */
	struct catalog *catalog;
	struct target *target;
	struct app_store *store;
};

/*
 * The ELF files at @paths. Tags: "user-events-none" (no section "abide_user"), "elf-format",
 * "elf-truncated" (no ELF file that could have one), those of layout_parse, "user-conflict" (a struct
 * or an event that two files describe differently; both are named), those of the catalog.
 */
int app_open_files(const char *const *paths, uint32_t nr, struct app **out, struct abide_error *e);
/* All code that a process has mapped, libraries and files that were deleted since included. */
int app_open_process(pid_t pid, struct app **out, struct abide_error *e);
void app_free(struct app *a);
/* Which file @pid has mapped at @address; false: none, or it cannot be known. */
bool app_file_at(pid_t pid, uint64_t address, char *path, size_t size);

/*
 * Do all programs of @o belong to events of applications, and has @a those events? A program for
 * the kernel is refused, for it could share no map with the others (tag "app-mixed").
 */
int app_check_object(const struct app *a, const struct object *o, struct abide_error *e);
/* Is some program of @o on a user event of an application ("tp_user/PROVIDER:NAME")? */
bool app_wants(const struct object *o);

#endif
