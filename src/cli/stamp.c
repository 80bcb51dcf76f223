/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * abide stamp OBJ: record in an object for which kernel it was built and tested. The
 * author says so, by this command; no loader ever does. Without -o the object is replaced,
 * by a rename, so that no half of it is ever there.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "check/stamp.h"
#include "cli/cli.h"
#include "cli/inputs.h"

static const char usage[] =
	"usage: abide stamp OBJ [-o OUT] [--kernel BTF-FILE --release RELEASE]\n"
	"       abide stamp --show OBJ\n"
	"\n"
	"Record in an object for which kernel it was built and tested. \"abide run\" then refuses\n"
	"it on another one. Only objects that depend on a kernel's internals can have a stamp.\n"
	"\n"
	"  -o, --output OUT       where to write (default: the object itself)\n"
	"  -k, --kernel BTF-FILE  the kernel's BTF (default: this kernel)\n"
	"      --release RELEASE  its release, as uname -r tells; with --kernel\n"
	"  -s, --show             only say what the object's stamp says\n"
	"  -h, --help             this text\n"
	"\n"
	"Exit status: 0 fine, 1 refused or no stamp, 2 bad usage or unreadable input.\n";

struct asked {
	const char *path, *output, *kernel, *release;
	bool show;
};

static int read_file(const char *path, struct buf *b, struct abide_error *e)
{
	uint8_t piece[65536];
	ssize_t n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return error_set(e, -errno, "", "%s: %s", path, strerror(errno));
	while (!b->failed && (n = read(fd, piece, sizeof(piece))) > 0)
		buf_add(b, piece, (size_t)n);
	if (n < 0)
		error_set(e, -errno, "", "%s: %s", path, strerror(errno));
	close(fd);
	return n < 0 ? e->code : b->failed ? error_nomem(e) : 0;
}

static bool write_all(int fd, const struct buf *b)
{
	size_t at = 0;
	ssize_t n = 0;

	while (at < b->size && (n = write(fd, b->data + at, b->size - at)) > 0)
		at += (size_t)n;
	return at == b->size;
}

/* A file: beside it, then in its place, with its mode. What is none (a pipe, a device) is written to. */
static int write_file(const char *path, const struct buf *b, struct abide_error *e)
{
	struct stat st = { .st_mode = S_IFREG | 0644 };
	bool file, done;
	char *temp;
	int fd, err = 0;

	if (asprintf(&temp, "%s.XXXXXX", path) < 0)
		return error_nomem(e);
	file = stat(path, &st) || S_ISREG(st.st_mode);
	fd = file ? mkostemp(temp, O_CLOEXEC) : open(path, O_WRONLY | O_CLOEXEC);
	done = fd >= 0 && write_all(fd, b) && (!file || !fchmod(fd, st.st_mode & 0777));
	if (fd >= 0 && close(fd))
		done = false;
	if (done && file && rename(temp, path))
		done = false;
	if (!done) {
		err = error_set(e, -errno, "", "cannot write %s: %s", path, strerror(errno));
		if (fd >= 0 && file)
			unlink(temp);
	}
	free(temp);
	return err;
}

static int show(const struct asked *q)
{
	struct abide_error e = { 0 };
	struct object *o = NULL;
	struct stamp s;
	int err;

	err = object_open_file(q->path, &o, &e);
	if (err) {
		cli_error(&e);
		return EXIT_USAGE;
	}
	err = stamp_read(o, &s, &e);
	if (!err)
		printf("%s: built and tested for %s (btf sha256 %s)\n", q->path, s.release, s.btf);
	else if (err == -ENOENT)
		printf("%s: no stamp\n", q->path);
	else
		cli_error(&e);
	object_free(o);
	return err ? EXIT_FAILURE : 0;
}

static int write_stamp(const struct asked *q, struct inputs *in, struct abide_error *e)
{
	struct buf old = { 0 }, new = { 0 }, lacks = { 0 };
	struct utsname u = { .release = "" };
	struct stamp s;
	int err;

	uname(&u);
	err = stamp_of_kernel(q->release ? q->release : u.release, in->btf, &s, e);
	if (!err)
		err = read_file(q->path, &old, e);
	if (!err)
		err = stamp_lacks(in->object, in->btf, in->catalog, &lacks, e);
	if (!err)
		err = stamp_write(old.data, old.size, &s, &lacks, &new, e);
	if (!err)
		err = write_file(q->output ? q->output : q->path, &new, e);
	if (!err)
		printf("%s: built and tested for %s\n", q->output ? q->output : q->path, s.release);
	buf_free(&old);
	buf_free(&new);
	buf_free(&lacks);
	return err;
}

static int stamp(const struct asked *q)
{
	struct abide_error e = { 0 };
	struct inputs in;
	int rc = 0;

	if (inputs_open(&in, q->path, NULL, q->kernel, &e)) {
		cli_error(&e);
		return EXIT_USAGE;
	}
	if (!stamp_needed(in.object)) {
		error_set(&e, -EINVAL, "stamp-not-needed", "%s depends on no kernel's internals: there is nothing to record",
			  q->path);
		error_hint(&e, "abide run %s runs it on every kernel that has its events", q->path);
		rc = EXIT_FAILURE;
	} else if (write_stamp(q, &in, &e)) {
		rc = EXIT_FAILURE;
	}
	if (rc)
		cli_error(&e);
	inputs_close(&in);
	return rc;
}

int cmd_stamp(int argc, char **argv)
{
	static const struct option options[] = {
		{ "output", required_argument, NULL, 'o' }, { "kernel", required_argument, NULL, 'k' },
		{ "release", required_argument, NULL, 'r' }, { "show", no_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },	     { 0 },
	};
	struct asked q = { 0 };
	int c;

	while ((c = getopt_long(argc, argv, "o:k:sh", options, NULL)) != -1)
		switch (c) {
		case 'o':
			q.output = optarg;
			break;
		case 'k':
			q.kernel = optarg;
			break;
		case 'r':
			q.release = optarg;
			break;
		case 's':
			q.show = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return EXIT_USAGE;
		}
	if (argc - optind != 1 || !q.kernel != !q.release || (q.show && (q.output || q.kernel))) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	q.path = argv[optind];
	return q.show ? show(&q) : stamp(&q);
}
