/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * abide lock BINARY: what an application promises to programs on its user events, a line a promise.
 * In: its files, or a process. With --check FILE: does it still keep what FILE promises? Each broken promise is a
 * line on stdout, and the exit status is 1, so that it can stand in a test. --update FILE does that and then
 * adds what is new; a broken promise is never written over.
 */
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "catalog/lock.h"
#include "cli/cli.h"
#include "cli/inputs.h"

static const char usage[] =
	"usage: abide lock BINARY... >mydb.lock\n"
	"       abide lock BINARY... --check FILE\n"
	"       abide lock BINARY... --update FILE\n"
	"\n"
	"Print what an application promises to compiled programs: its user events, their\n"
	"arguments, the fields of its user-ized structs, their places and types.\n"
	"\n"
	"  -c, --check FILE   fail, with a line for each broken promise, unless all that\n"
	"                     FILE promises is kept; new things are fine\n"
	"  -u, --update FILE  check, then add what is new to FILE, which is made if it is\n"
	"                     not there\n"
	"  -p, --pid PID      look at a running application, its libraries included\n"
	"  -h, --help         this text\n"
	"\n"
	"Exit status: 0 fine, 1 a promise is broken, or failed, 2 wrong arguments.\n";

#define MAX_LOCK (16u << 20)

/* -ENOENT when there is no such file. */
static int read_file(const char *path, struct buf *out, struct abide_error *e)
{
	FILE *f = fopen(path, "re");
	char piece[4096];
	size_t n;
	int err = 0;

	if (!f)
		return error_set(e, -errno, "", "cannot read %s: %s", path, strerror(errno));
	while (out->size <= MAX_LOCK && (n = fread(piece, 1, sizeof(piece), f)))
		buf_add(out, piece, n);
	if (out->failed)
		err = error_nomem(e);
	else if (ferror(f))
		err = error_set(e, -EIO, "", "cannot read %s: %s", path, strerror(errno));
	else if (out->size > MAX_LOCK)
		err = error_set(e, -EFBIG, "lock-syntax", "%s is larger than %u MiB", path, MAX_LOCK >> 20);
	fclose(f);
	return err;
}

/* Beside it first, so that a full disk does not cost the old one. */
static int write_file(const char *path, const struct buf *b, struct abide_error *e)
{
	char *beside;
	FILE *f;
	bool ok;

	if (asprintf(&beside, "%s.new", path) < 0)
		return error_nomem(e);
	f = fopen(beside, "we");
	ok = f && fwrite(b->data, 1, b->size, f) == b->size;
	if (f)
		ok &= !fclose(f);
	ok = ok && !rename(beside, path);
	if (!ok) {
		error_set(e, errno ? -errno : -EIO, "", "cannot write %s: %s", path, strerror(errno));
		if (f)
			unlink(beside);
	}
	free(beside);
	return ok ? 0 : e->code;
}

/* Broken promises go to stdout; 0 when all are kept. */
static int check(struct catalog *c, const char *path, const char *name, bool may_be_new, struct abide_error *e)
{
	struct buf text = { 0 }, lines = { 0 };
	uint32_t n = 0;
	size_t i;
	int err;

	err = read_file(path, &text, e);
	if (err == -ENOENT && may_be_new) {
		memset(e, 0, sizeof(*e));
		buf_free(&text);
		return 0;
	}
	if (!err)
		err = lock_breaches(c, (const char *)text.data, text.size, path, &lines, e);
	for (i = 0; i < lines.size; i++)
		n += lines.data[i] == '\n';
	if (lines.size)
		fwrite(lines.data, 1, lines.size, stdout);
	if (n) {
		error_set(e, -EINVAL, "catalog-abi", "%s breaks %u promise%s of %s", name, n, n == 1 ? "" : "s", path);
		error_hint(e, "promises are kept: add the new thing under a new name, behind the old ones");
	}
	buf_free(&text);
	buf_free(&lines);
	return err;
}

static int run(const struct inputs_app *which, const char *path, bool update, struct abide_error *e)
{
	struct buf out = { 0 };
	struct app *a = NULL;
	int err;

	err = inputs_app_open(which, &a, e);
	if (!err && path)
		err = check(a->catalog, path, a->name, update, e);
	if (!err && (!path || update))
		err = lock_write(a->catalog, &out, e);
	if (!err && update)
		err = write_file(path, &out, e);
	else if (!err && !path)
		fwrite(out.data, 1, out.size, stdout);
	buf_free(&out);
	app_free(a);
	return err;
}

int cmd_lock(int argc, char **argv)
{
	static const struct option options[] = {
		{ "check", required_argument, NULL, 'c' },
		{ "update", required_argument, NULL, 'u' },
		{ "pid", required_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *checked = NULL, *updated = NULL;
	struct inputs_app which = { 0 };
	struct abide_error e = { 0 };
	int c;

	while ((c = getopt_long(argc, argv, "c:u:p:h", options, NULL)) != -1)
		switch (c) {
		case 'c':
			checked = optarg;
			break;
		case 'u':
			updated = optarg;
			break;
		case 'p':
			if (!inputs_app_pid(&which, optarg))
				return EXIT_USAGE;
			break;
		default:
			return cli_usage(usage, c == 'h');
		}
	for (; optind < argc; optind++)
		if (!inputs_app_file(&which, argv[optind]))
			return EXIT_USAGE;
	if (!inputs_app_asked(&which) || (checked && updated))
		return cli_usage(usage, false);
	if (run(&which, checked ? checked : updated, updated, &e)) {
		cli_error(&e);
		return EXIT_FAILURE;
	}
	return 0;
}
