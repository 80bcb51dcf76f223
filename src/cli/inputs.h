/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_CLI_INPUTS_H
#define ABIDE_CLI_INPUTS_H

#include "app/app.h"
#include "catalog/resolve.h"
#include "object/object.h"
#include "profile/kernels.h"

/* What most subcommands begin with: a catalog, a target (a kernel or an application) and perhaps an object. */
struct inputs {
	struct app *app;         /* where an application was named: catalog, BTF and target belong to it */
	struct catalog *catalog;
	struct kernels *kernels; /* where a kernel was named: its BTF belongs to them */
	struct btf_data *btf;
	struct target *target;
	struct object *object;
};

/*
 * @object: path of an eBPF object, NULL: none. @catalog: path of a catalog that adds to the
 * built-in one, NULL: none. @kernel: a file or a name (profile/kernels.h) that stands for one kernel, NULL: this kernel.
 */
int inputs_open(struct inputs *in, const char *object, const char *catalog, const char *kernel,
		struct abide_error *e);
/* The catalog alone; the built-in one where @path is NULL. */
int inputs_open_catalog(const char *path, struct catalog **out, struct abide_error *e);
void inputs_close(struct inputs *in);

/* An application in the place of a kernel: its files, or a process. All-zero: none was asked for. */
#define INPUTS_FILES 16
struct inputs_app {
	const char *files[INPUTS_FILES];
	uint32_t nr_files;
	int pid; /* 0: none */
};
#define INPUTS_APP_USAGE                                                                           \
	"      --app BINARY       look at an application: an executable or a shared\n"             \
	"                         library; repeatable\n"                                           \
	"  -p, --pid PID          look at a running application, its libraries included\n"

bool inputs_app_asked(const struct inputs_app *a);
/* An option's argument; false: it is refused, which was said on stderr. */
bool inputs_app_file(struct inputs_app *a, const char *path);
bool inputs_app_pid(struct inputs_app *a, const char *text);
/* Does an operand name a file with events rather than an entry of the catalog? Paths do, and ELF files. */
bool inputs_is_binary(const char *operand);
int inputs_app_open(const struct inputs_app *a, struct app **out, struct abide_error *e);
/* As inputs_open, for an application; programs of @object that are not for it are refused. */
int inputs_open_app(struct inputs *in, const char *object, const struct inputs_app *a, struct abide_error *e);

#endif
