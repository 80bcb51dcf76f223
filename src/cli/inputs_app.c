/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Applications as inputs of subcommands. In: operands and options that name files or a process. Out: the
 * application opened in the place of a kernel: its catalog and its target.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/inputs.h"

bool inputs_app_asked(const struct inputs_app *a)
{
	return a->nr_files || a->pid;
}

static bool alone(const struct inputs_app *a, bool pid)
{
	if (pid ? !a->nr_files && !a->pid : !a->pid)
		return true;
	fprintf(stderr, "abide: either files of an application, or one process\n");
	return false;
}

bool inputs_app_file(struct inputs_app *a, const char *path)
{
	if (!alone(a, false))
		return false;
	if (a->nr_files == INPUTS_FILES) {
		fprintf(stderr, "abide: at most %d files of an application\n", INPUTS_FILES);
		return false;
	}
	a->files[a->nr_files++] = path;
	return true;
}

bool inputs_app_pid(struct inputs_app *a, const char *text)
{
	char *end;
	long pid;

	errno = 0;
	pid = strtol(text, &end, 10);
	if (errno || *end || end == text || pid < 1 || pid > INT32_MAX) {
		fprintf(stderr, "abide: \"%s\" is no process\n", text);
		return false;
	}
	if (!alone(a, true))
		return false;
	a->pid = (int)pid;
	return true;
}

bool inputs_is_binary(const char *operand)
{
	char magic[SELFMAG];
	bool is;
	int fd;

	if (strchr(operand, '/'))
		return true;
	fd = open(operand, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return false;
	is = read(fd, magic, SELFMAG) == SELFMAG && !memcmp(magic, ELFMAG, SELFMAG);
	close(fd);
	return is;
}

int inputs_app_open(const struct inputs_app *a, struct app **out, struct abide_error *e)
{
	return a->pid ? app_open_process(a->pid, out, e) : app_open_files(a->files, a->nr_files, out, e);
}

int inputs_open_app(struct inputs *in, const char *object, const struct inputs_app *a, struct abide_error *e)
{
	int err;

	memset(in, 0, sizeof(*in));
	err = object ? object_open_file(object, &in->object, e) : 0;
	if (!err)
		err = inputs_app_open(a, &in->app, e);
	if (!err) {
		in->catalog = in->app->catalog;
		in->target = in->app->target;
		in->btf = target_btf(in->target);
	}
	if (!err && object)
		err = app_check_object(in->app, in->object, e);
	if (err)
		inputs_close(in);
	return err;
}
