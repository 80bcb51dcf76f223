/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Drives the command. Sections:
 *
 *	-- cli ARGUMENTS     runs "abide ARGUMENTS" by the shell, in a directory of its own that holds
 *	                     prog.bpf.o (the case's program), NAME.btf for each "-- layout NAME" and
 *	                     each .btf named, test.cat, and the case's "-- file NAME"
 *	-- check ARGUMENTS   the same for "abide check prog.bpf.o ARGUMENTS"
 *
 * followed by what is expected: "-- stdout" and "-- stderr" (all of it), "-- stdout-has" and
 * "-- stderr-has" (lines that occur), "-- exit N" (default 0).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"

static bool write_into(const char *dir, const char *name, const void *data, size_t size)
{
	char path[512];
	FILE *f;
	bool ok;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "wb");
	if (!f)
		return false;
	ok = fwrite(data, 1, size, f) == size;
	return fclose(f) == 0 && ok;
}

static bool write_kernel(struct run *r, const char *dir, const char *name)
{
	struct kernel *k = run_kernel(r, name);
	char file[80];

	snprintf(file, sizeof(file), "%.64s.btf", name);
	return k && write_into(dir, file, k->bytes.data, k->bytes.size);
}

/* "--kernel old.btf" means layout old. */
static bool write_named_kernels(struct run *r, const char *dir, const char *args)
{
	char word[256];
	size_t n;

	while (next_word(&args, word, sizeof(word))) {
		n = strlen(word);
		if (n <= 4 || n > 60 || strcmp(word + n - 4, ".btf") || strchr(word, '/'))
			continue;
		word[n - 4] = '\0';
		if (!write_kernel(r, dir, word))
			return false;
	}
	return true;
}

static bool write_inputs(struct run *r, const char *dir, const struct part *s)
{
	const struct part *f;
	struct abide_error e = { 0 };
	char path[700], *catalog;
	size_t i, size;
	bool ok = true;

	for (i = 0; (f = case_part(r->c, "file", i)); i++)
		ok &= write_into(dir, f->args, f->text, strlen(f->text));
	if (case_part(r->c, "program", 0) || case_part(r->c, "program-c", 0)) {
		run_object(r, &e); /* an object that does not open is the command's business */
		ok &= r->elf.size && write_into(dir, "prog.bpf.o", r->elf.data, r->elf.size);
	}
	snprintf(path, sizeof(path), "%s/test.cat", r->dir);
	catalog = read_file(path, &size);
	ok &= catalog && write_into(dir, "test.cat", catalog, size);
	free(catalog);
	return ok && write_named_kernels(r, dir, s->args);
}

static void redirect(const char *dir, const char *name, int fd)
{
	char path[512];
	int to;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	to = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (to < 0 || dup2(to, fd) < 0)
		_exit(126);
}

static int spawn(struct run *r, const char *dir, const char *out_dir, const char *args)
{
	char command[4096];
	int status;
	pid_t pid;

	snprintf(command, sizeof(command), "%s %s", r->command, args);
	pid = fork();
	if (!pid) {
		int null = open("/dev/null", O_RDONLY);

		if (chdir(dir) || null < 0 || dup2(null, 0) < 0)
			_exit(126);
		redirect(out_dir, "stdout", 1);
		redirect(out_dir, "stderr", 2);
		setenv("LC_ALL", "C", 1);
		alarm(30);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static char *output(const char *dir, const char *name)
{
	char path[512], *text;
	size_t size;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	text = read_file(path, &size);
	return text ? text : strdup("");
}

/* The sections that follow a "-- cli", up to the next one. */
static void expect_outputs(struct run *r, const struct part *s, int status, const char *out, const char *err)
{
	const struct part *end = r->c->sections + r->c->nr_sections, *x;
	int want = 0;
	bool named = false;

	for (x = s + 1; x < end && strcmp(x->name, "cli") && strcmp(x->name, "check"); x++) {
		if (!strcmp(x->name, "exit")) {
			want = atoi(x->args);
		} else if (!strcmp(x->name, "stdout")) {
			run_compare(r, x, x->text, out);
		} else if (!strcmp(x->name, "stdout-has")) {
			run_contains(r, x, out);
		} else if (!strcmp(x->name, "stderr")) {
			run_compare(r, x, x->text, err);
			named = true;
		} else if (!strcmp(x->name, "stderr-has")) {
			run_contains(r, x, err);
			named = true;
		}
	}
	if (status != want)
		run_fail(r, s, "exit status %d, not %d\n# stdout: %.300s\n# stderr: %.500s", status, want, out, err);
	if (!named && !want && *err)
		run_fail(r, s, "unexpected on stderr: %.500s", err);
}

static void run_command(struct run *r, const struct part *s, const char *args)
{
	char dir[] = "/tmp/abide-case.XXXXXX", out_dir[] = "/tmp/abide-out.XXXXXX", command[256];
	char *out, *err;
	int status;

	if (access(r->command, X_OK)) {
		run_fail(r, s, "%s is not built", r->command);
		return;
	}
	if (!mkdtemp(dir) || !mkdtemp(out_dir)) {
		run_fail(r, s, "mkdtemp: %s", strerror(errno));
		return;
	}
	if (write_inputs(r, dir, s)) {
		status = spawn(r, dir, out_dir, args);
		out = output(out_dir, "stdout");
		err = output(out_dir, "stderr");
		expect_outputs(r, s, status, out, err);
		free(out);
		free(err);
	} else if (!r->report.size) {
		run_fail(r, s, "the case's files cannot be made");
	}
	snprintf(command, sizeof(command), "rm -rf %s %s", dir, out_dir);
	if (system(command))
		run_fail(r, s, "cannot remove %s", dir);
}

static void run_cli(struct run *r, const struct part *s)
{
	run_command(r, s, s->args);
}

static void run_check(struct run *r, const struct part *s)
{
	char args[2048];

	snprintf(args, sizeof(args), "check prog.bpf.o %s", s->args);
	run_command(r, s, args);
}

const struct driver cli_drivers[] = { { "cli", run_cli }, { "check", run_check }, { 0 } };
