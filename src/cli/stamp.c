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
#include <unistd.h>

#include "check/stamp.h"
#include "cli/cli.h"
#include "cli/inputs.h"

static const char usage[] =
	"usage: abide stamp OBJ [-o OUT] [--kernel KERNEL [--release RELEASE]]\n"
	"       abide stamp --show OBJ\n"
	"\n"
	"Record in an object for which kernel it was built and tested. \"abide run\" then\n"
	"refuses it on another one, if something that it depends on differs there. Only\n"
	"objects that depend on a kernel's internals can have a stamp.\n"
	"\n"
	"  -o, --output OUT       where to write (default: the object itself)\n"
	"  -k, --kernel KERNEL    a kernel's file, or a name of abide kernel list\n"
	"                         (default: this kernel)\n"
	"      --release RELEASE  its release, as uname -r tells, where the file does not\n"
	"  -s, --show             only say what the object's stamp says\n"
	"  -v, --verbose          with --show: all that the object depends on there\n"
	"  -h, --help             this text\n"
	"\n"
	"Exit status: 0 fine, 1 refused or no stamp, 2 bad usage or unreadable input.\n";

struct asked {
	const char *path, *output, *kernel, *release;
	bool show, verbose;
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

static void print_stamp(const struct asked *q, const struct object *o, const struct stamp *s)
{
	const struct section *text = stamp_section(o);

	printf("%s: built and tested for %s (btf sha256 %s)\n", q->path, s->release, s->btf);
	if (q->verbose && text) /* it was read as lines of text */
		fwrite(text->data, 1, text->size, stdout);
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
		print_stamp(q, o, &s);
	else if (err == -ENOENT)
		printf("%s: no stamp\n", q->path);
	else
		cli_error(&e);
	object_free(o);
	return err ? EXIT_FAILURE : 0;
}

/* The kernel, as the store knows it. */
struct chosen {
	struct kernels *kernels;
	struct kernel_list list;
	struct stamp_kernel on;
	char hash[SHA256_HEX];
};

static const struct notes *notes_of(void *arg, bool symbols)
{
	struct chosen *k = arg;
	const struct notes *n = NULL;

	return kernels_notes(k->kernels, k->list.items[0], symbols, &n, NULL) ? NULL : n;
}

static int choose(const struct asked *q, struct chosen *k, struct abide_error *e)
{
	uint8_t hash[32];
	size_t i;
	int err;

	err = kernels_open(&k->kernels, e);
	if (!err)
		err = kernels_find(k->kernels, q->kernel, &k->list, e);
	if (!err && k->list.nr != 1)
		err = error_set(e, -EINVAL, "kernel-several", "\"%s\" is %u kernels, and an object is stamped for one", q->kernel,
				k->list.nr);
	if (!err)
		err = kernels_btf(k->kernels, k->list.items[0], &k->on.btf, e);
	if (!err)
		err = kernels_modules(k->kernels, k->list.items[0], &k->on.modules, e);
	if (!err)
		err = kernels_hash(k->kernels, k->list.items[0], hash, e);
	if (err)
		return err;
	for (i = 0; i < sizeof(hash); i++)
		snprintf(k->hash + 2 * i, 3, "%02x", hash[i]);
	k->on.hash = k->hash;
	k->on.release = q->release ? q->release : kernels_facts(k->kernels, k->list.items[0])->release;
	k->on.notes = notes_of;
	k->on.notes_arg = k;
	if (!*k->on.release) {
		error_set(e, -EINVAL, "stamp-release", "%s does not tell its release", q->kernel);
		return error_hint(e, "--release RELEASE, as uname -r says it there");
	}
	return 0;
}

static int write_stamp(const struct asked *q, const struct object *o, const struct catalog *c, struct abide_error *e)
{
	struct buf old = { 0 }, new = { 0 }, uses = { 0 };
	struct chosen k = { 0 };
	struct stamp s;
	int err;

	err = choose(q, &k, e);
	if (!err)
		err = stamp_of_kernel(&k.on, &s, e);
	if (!err)
		err = read_file(q->path, &old, e);
	if (!err)
		err = stamp_uses(o, &k.on, c, &uses, e);
	if (!err)
		err = stamp_write(old.data, old.size, &s, &uses, &new, e);
	if (!err)
		err = write_file(q->output ? q->output : q->path, &new, e);
	if (!err)
		printf("%s: built and tested for %s\n", q->output ? q->output : q->path, s.release);
	buf_free(&old);
	buf_free(&new);
	buf_free(&uses);
	free(k.list.items);
	kernels_close(k.kernels);
	return err;
}

static int stamp(const struct asked *q)
{
	struct abide_error e = { 0 };
	struct catalog *c = NULL;
	struct object *o = NULL;
	int rc = 0;

	if (object_open_file(q->path, &o, &e) || inputs_open_catalog(NULL, &c, &e)) {
		rc = EXIT_USAGE;
	} else if (!stamp_needed(o)) {
		error_set(&e, -EINVAL, "stamp-not-needed", "%s depends on no kernel's internals: there is nothing to record",
			  q->path);
		error_hint(&e, "abide run %s runs it on every kernel that has its events", q->path);
		rc = EXIT_FAILURE;
	} else if (write_stamp(q, o, c, &e)) {
		rc = EXIT_FAILURE;
	}
	if (rc)
		cli_error(&e);
	catalog_free(c);
	object_free(o);
	return rc;
}

int cmd_stamp(int argc, char **argv)
{
	static const struct option options[] = {
		{ "output", required_argument, NULL, 'o' }, { "kernel", required_argument, NULL, 'k' },
		{ "release", required_argument, NULL, 'r' }, { "show", no_argument, NULL, 's' },
		{ "verbose", no_argument, NULL, 'v' },	    { "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct asked q = { 0 };
	int c;

	while ((c = getopt_long(argc, argv, "o:k:svh", options, NULL)) != -1)
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
		case 'v':
			q.verbose = true;
			break;
		default:
			return cli_usage(usage, c == 'h');
		}
	if (argc - optind != 1 || (q.release && !q.kernel) || (q.show && (q.output || q.kernel)))
		return cli_usage(usage, false);
	q.path = argv[optind];
	return q.show ? show(&q) : stamp(&q);
}
