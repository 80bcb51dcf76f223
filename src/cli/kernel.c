/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * abide kernel list|add|remove|pack: the kernels that --kernel knows by name. A profile is
 * made of any file with a kernel in it and kept in the user's store; some are built in. pack
 * merges files into one set, which is how the built-in one is made.
 */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/view.h"
#include "image/image.h"
#include "profile/kernels.h"
#include "profile/store.h"

static const char usage[] =
	"usage: abide kernel list [--json]\n"
	"       abide kernel add FILE... [--name NAME] [--force]\n"
	"       abide kernel remove NAME...\n"
	"       abide kernel pack -o OUT FILE...\n"
	"\n"
	"Kernels that --kernel knows by name. FILE is a kernel in any form: BTF, vmlinux,\n"
	"a bootable image, a Debian or RPM package; compressed or not. Kernels that are\n"
	"added are kept in $XDG_DATA_HOME/abide/kernels (~/.local/share/abide/kernels).\n"
	"\n"
	"  -n, --name NAME  of the kernel that is added (default: its release)\n"
	"  -f, --force      replace a kernel that was added under that name\n"
	"  -o, --output OUT pack: the file to write, for --kernel OUT\n"
	"  -j, --json       an object a line\n"
	"  -h, --help       this text\n";

struct asked {
	const char *name, *output;
	bool force, json;
};

static const char *origin_name(enum kernel_origin origin)
{
	switch (origin) {
	case KERNEL_BUILTIN:
		return "built in";
	case KERNEL_STORE:
		return "added";
	case KERNEL_FILE:
		return "file";
	case KERNEL_RUNNING:
		return "running";
	}
	return "";
}

static void hash_text(const struct profile_facts *f, char text[65])
{
	size_t i;

	for (i = 0; i < sizeof(f->btf_hash); i++)
		snprintf(text + 2 * i, 3, "%02x", f->btf_hash[i]);
}

static void list_json(const struct kernels *ks, uint32_t i)
{
	const struct profile_facts *f = kernels_facts(ks, i);
	const struct abide_error *fault = kernels_fault(ks, i);
	char hash[65];

	hash_text(f, hash);
	printf("{\"type\":\"kernel\"");
	json_member("name", f->name);
	json_member("origin", origin_name(kernels_origin(ks, i)));
	if (fault) {
		json_member("error", fault->problem);
	} else {
		json_member("release", f->release);
		json_member("machine", f->machine);
		json_member("endian", f->big_endian ? "big" : "little");
		json_member("source", f->source);
		printf(",\"btf_bytes\":%llu", (unsigned long long)f->btf_size);
		json_member("btf_sha256", hash);
	}
	printf("}\n");
}

static int list(const struct asked *q)
{
	struct abide_error e = { 0 };
	struct kernels *ks;
	uint32_t i;
	int width = 4, n;

	if (kernels_open(&ks, &e)) {
		cli_error(&e);
		return EXIT_FAILURE;
	}
	for (i = 0; i < kernels_count(ks); i++) {
		n = (int)strlen(kernels_facts(ks, i)->name);
		width = n > width ? n : width;
	}
	for (i = 0; i < kernels_count(ks); i++) {
		const struct profile_facts *f = kernels_facts(ks, i);

		if (q->json) {
			list_json(ks, i);
			continue;
		}
		if (!i)
			printf("%-*s  %-11s  %-9s  %s\n", width, "NAME", "MACHINE", "ORIGIN",
			       "RELEASE");
		if (kernels_fault(ks, i))
			printf("%-*s  %-11s  %-9s  (damaged: %s)\n", width, f->name, "?",
			       origin_name(kernels_origin(ks, i)), kernels_fault(ks, i)->problem);
		else
			printf("%-*s  %-11s  %-9s  %s\n", width, f->name, f->machine,
			       origin_name(kernels_origin(ks, i)), *f->release ? f->release : "?");
	}
	kernels_close(ks);
	return 0;
}

static int add(const struct asked *q, char **files, int n)
{
	struct abide_error e;
	struct profile_facts f;
	int i, rc = 0;

	if (q->name && n > 1) {
		fprintf(stderr, "abide: --name is for one file\n");
		return EXIT_USAGE;
	}
	for (i = 0; i < n; i++) {
		memset(&e, 0, sizeof(e));
		if (kernels_add(files[i], q->name, q->force, &f, &e)) {
			cli_error(&e);
			rc = EXIT_FAILURE;
			continue;
		}
		printf("added %s (%s, %s)\n", f.name, f.machine, f.source);
	}
	return rc;
}

static int remove_all(char **names, int n)
{
	struct abide_error e;
	int i, rc = 0;

	for (i = 0; i < n; i++) {
		memset(&e, 0, sizeof(e));
		if (kernels_remove(names[i], &e)) {
			cli_error(&e);
			rc = EXIT_FAILURE;
		}
	}
	return rc;
}

static int pack(const struct asked *q, char **files, int n)
{
	struct profile_kernel kernels[PROFILE_KERNELS] = { 0 };
	struct btf_data *btfs[PROFILE_KERNELS] = { 0 };
	struct image *images[PROFILE_KERNELS] = { 0 };
	struct abide_error e = { 0 };
	struct buf out = { 0 };
	int i, err = 0;

	if (!q->output || n > PROFILE_KERNELS) {
		fprintf(stderr, "abide: pack wants -o OUT and at most %d files\n", PROFILE_KERNELS);
		return EXIT_USAGE;
	}
	for (i = 0; i < n && !err; i++) {
		err = kernels_read(files[i], NULL, &images[i], &btfs[i], &kernels[i].facts, &e);
		kernels[i].btf = btfs[i];
		kernels[i].notes = images[i] ? &images[i]->notes : NULL;
		if (!err)
			profile_hash(btfs[i], kernels[i].facts.btf_hash);
	}
	if (!err)
		err = profile_write(kernels, (uint32_t)n, &out, &e);
	if (!err)
		err = store_write(q->output, &out, &e);
	if (err)
		cli_error(&e);
	else
		printf("%d kernels, %zu bytes\n", n, out.size);
	for (i = 0; i < n; i++) {
		btf_free(btfs[i]);
		image_free(images[i]);
	}
	buf_free(&out);
	return err ? EXIT_FAILURE : 0;
}

int cmd_kernel(int argc, char **argv)
{
	static const struct option options[] = {
		{ "name", required_argument, NULL, 'n' },   { "force", no_argument, NULL, 'f' },
		{ "output", required_argument, NULL, 'o' }, { "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },         { 0 },
	};
	struct asked q = { 0 };
	const char *what;
	char **rest;
	int c, n;

	while ((c = getopt_long(argc, argv, "n:fo:jh", options, NULL)) != -1)
		switch (c) {
		case 'n':
			q.name = optarg;
			break;
		case 'f':
			q.force = true;
			break;
		case 'o':
			q.output = optarg;
			break;
		case 'j':
			q.json = true;
			break;
		default:
			return cli_usage(usage, c == 'h');
		}
	what = optind < argc ? argv[optind] : "";
	rest = argv + optind + 1;
	n = argc - optind - 1;
	if (!strcmp(what, "list") && !n)
		return list(&q);
	if (!strcmp(what, "add") && n > 0)
		return add(&q, rest, n);
	if (!strcmp(what, "remove") && n > 0)
		return remove_all(rest, n);
	if (!strcmp(what, "pack") && n > 0)
		return pack(&q, rest, n);
	return cli_usage(usage, false);
}
