/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * abide exec OBJ|-: run a program in this process on memory that the command line gives,
 * and print r0. The program is that of an object file, or (--raw) instructions as hex
 * digits. Unless told otherwise every access is checked, so that any bytes may be run.
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/cli.h"
#include "cli/exec_link.h"
#include "process/program.h"
#include "util/buf.h"

static const char usage[] =
	"usage: abide exec OBJ|- [--program NAME] [OPTIONS]\n"
	"       abide exec --raw [FILE|-] [OPTIONS]\n"
	"\n"
	"Run a program in this process and print r0. r1 is the memory's address, r2 its size.\n"
	"\n"
	"      --raw           instructions as hex digits, from standard input unless FILE is named\n"
	"      --program NAME  which program of the object (default: the only one)\n"
	"      --mem HEX       the memory: bytes as hex digits (default: none)\n"
	"      --interp        use the interpreter (the default)\n"
	"      --jit           compile to native code; needs --no-verify\n"
	"      --no-verify     trust the program: no access is checked\n"
	"      --budget N      end it after about N instructions of loops and calls (default 100000000)\n"
	"      --repeat N      run it N times, on the same memory, and print ns per run\n"
	"  -h, --help          this text\n";

#define MAX_INPUT (256u << 20)

struct exec {
	const char *input;
	const char *program;
	bool raw, jit, interp, no_verify;
	uint64_t budget, repeat;
	struct buf memory;
};

static int read_all(const char *path, struct buf *b, struct abide_error *e)
{
	bool is_stdin = !path || !strcmp(path, "-");
	FILE *f = is_stdin ? stdin : fopen(path, "rb");
	char block[65536];
	size_t n;
	int err = 0;

	if (!f)
		return error_set(e, -errno, "", "cannot read %s: %s", path, strerror(errno));
	while (!err && (n = fread(block, 1, sizeof(block), f)) > 0) {
		buf_add(b, block, n);
		if (b->size > MAX_INPUT)
			err = error_set(e, -E2BIG, "", "the program is longer than %u bytes", MAX_INPUT);
	}
	if (!err && ferror(f))
		err = error_set(e, -EIO, "", "cannot read %s: %s", is_stdin ? "standard input" : path,
		                strerror(errno));
	if (!err && b->failed)
		err = error_nomem(e);
	if (!is_stdin)
		fclose(f);
	return err;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Pairs of hex digits, with white space between pairs, to bytes. */
static int read_hex(const char *text, size_t size, const char *what, struct buf *out, struct abide_error *e)
{
	size_t i;

	for (i = 0; i < size; i++) {
		if (isspace((unsigned char)text[i]))
			continue;
		if (digit(text[i]) < 0 || i + 1 == size || digit(text[i + 1]) < 0)
			return error_set(e, -EINVAL, "", "%s: byte %zu of the text is not part of a pair of hex digits",
			                 what, i + 1);
		buf_u8(out, (uint8_t)(digit(text[i]) << 4 | digit(text[i + 1])));
		i++;
	}
	return out->failed ? error_nomem(e) : 0;
}

static int load_raw(const struct exec *x, struct bpf_insn **out, uint32_t *nr, struct abide_error *e)
{
	struct buf text = { 0 }, code = { 0 };
	int err = read_all(x->input, &text, e);

	if (!err)
		err = read_hex((const char *)text.data, text.size, "the program", &code, e);
	if (!err && code.size % sizeof(**out))
		err = error_set(e, -EINVAL, "", "the program has %zu bytes, which is no multiple of 8", code.size);
	if (!err && code.size / sizeof(**out) > PROCESS_MAX_INSNS)
		err = error_set(e, -E2BIG, "", "the program has more than %d instructions", PROCESS_MAX_INSNS);
	buf_free(&text);
	if (err) {
		buf_free(&code);
		return err;
	}
	*out = (struct bpf_insn *)code.data; /* malloc's alignment is enough */
	*nr = (uint32_t)(code.size / sizeof(**out));
	return 0;
}

static int load_object(const struct exec *x, struct bpf_insn **out, uint32_t *nr, struct abide_error *e)
{
	struct object *o = NULL;
	struct buf file = { 0 };
	int err;

	if (strcmp(x->input, "-")) {
		err = object_open_file(x->input, &o, e);
	} else {
		err = read_all(x->input, &file, e);
		if (!err)
			err = object_open_mem(file.data, file.size, "standard input", &o, e);
	}
	if (!err)
		err = exec_link(o, x->program, out, nr, e);
	object_free(o);
	buf_free(&file);
	return err;
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Run as often as asked for. The first run's r0 is what is printed. */
static int run(const struct exec *x, const struct process_program *p, struct abide_error *e)
{
	struct process_region memory = { (uint64_t)(uintptr_t)x->memory.data, x->memory.size, true };
	struct process_run r = { .checked = !x->no_verify, .regions = &memory, .nr_regions = 1 };
	uint64_t r0 = 0, last, i;
	char text[200];
	double start = now_ns(), ns;

	for (i = 0; i < x->repeat; i++) {
		r.budget = (int64_t)x->budget;
		last = process_run(p, &r, memory.base, memory.size);
		if (r.status != PROCESS_DONE)
			break;
		if (!i)
			r0 = last;
	}
	ns = now_ns() - start;
	if (r.status != PROCESS_DONE) {
		error_set(e, -EFAULT, "exec-fault", "the program %s", process_status_text(&r, text, sizeof(text)));
		if (!process_code(p, NULL))
			error_reason(e, "at instruction %u, in run %" PRIu64, r.fault_pc, i + 1);
		if (r.status == PROCESS_BUDGET)
			error_hint(e, "--budget with more than %" PRIu64, x->budget);
		return -EFAULT;
	}
	printf("0x%" PRIx64 "\n", r0);
	if (x->repeat > 1)
		printf("%.1f ns per run (%" PRIu64 " runs, %s)\n", ns / (double)x->repeat, x->repeat,
		       process_code(p, NULL) ? "native code" : "interpreter");
	return 0;
}

static int exec(const struct exec *x, struct abide_error *e)
{
	struct process_program *p = NULL;
	struct bpf_insn *insns = NULL;
	struct abide_error why = { 0 };
	uint32_t nr = 0;
	int err;

	err = x->raw ? load_raw(x, &insns, &nr, e) : load_object(x, &insns, &nr, e);
	if (!err)
		err = process_program_new(insns, nr, process_helpers_basic(), &p, e);
	free(insns);
	if (!err && x->jit) {
		err = process_compile(p, NULL, &why);
		if (err == -ENOTSUP) {
			fprintf(stderr, "abide exec: %s; the interpreter runs it\n", why.problem);
			err = 0;
		} else if (err) {
			*e = why;
		}
	}
	if (!err)
		err = run(x, p, e);
	process_program_free(p);
	return err;
}

static bool read_number(const char *text, uint64_t max, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 0);
	return isdigit((unsigned char)*text) && !*end && !errno && *out && *out <= max;
}

/* Wrong arguments that no parser sees: EXIT_USAGE with the reason, or 0. */
static int check(const struct exec *x, int left)
{
	struct abide_error e = { 0 };

	if (left > 1 || (!x->raw && !x->input)) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	if (x->jit && x->interp)
		error_set(&e, -EINVAL, "", "--jit and --interp exclude each other");
	else if (x->raw && x->program)
		error_set(&e, -EINVAL, "", "--raw has one program; --program is for objects");
	else if (x->jit && !x->no_verify) {
		error_set(&e, -EINVAL, "", "--jit runs the program unchecked, and there is no verifier yet that could vouch for it");
		error_hint(&e, "--jit --no-verify for a program of your own; the interpreter checks each access");
	}
	if (!e.code)
		return 0;
	cli_error(&e);
	return EXIT_USAGE;
}

int cmd_exec(int argc, char **argv)
{
	enum { RAW = 256, PROGRAM, MEM, JIT, INTERP, NO_VERIFY, BUDGET, REPEAT };
	static const struct option options[] = {
		{ "raw", no_argument, NULL, RAW },
		{ "program", required_argument, NULL, PROGRAM },
		{ "mem", required_argument, NULL, MEM },
		{ "jit", no_argument, NULL, JIT },
		{ "interp", no_argument, NULL, INTERP },
		{ "no-verify", no_argument, NULL, NO_VERIFY },
		{ "budget", required_argument, NULL, BUDGET },
		{ "repeat", required_argument, NULL, REPEAT },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct exec x = { .budget = 100000000, .repeat = 1 };
	struct abide_error e = { 0 };
	bool good = true;
	int c, status;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1)
		switch (c) {
		case RAW:
			x.raw = true;
			break;
		case PROGRAM:
			x.program = optarg;
			break;
		case MEM:
			x.memory.size = 0;
			if (read_hex(optarg, strlen(optarg), "--mem", &x.memory, &e)) {
				cli_error(&e);
				buf_free(&x.memory);
				return EXIT_USAGE;
			}
			break;
		case JIT:
			x.jit = true;
			break;
		case INTERP:
			x.interp = true;
			break;
		case NO_VERIFY:
			x.no_verify = true;
			break;
		case BUDGET:
			good &= read_number(optarg, INT64_MAX, &x.budget);
			break;
		case REPEAT:
			good &= read_number(optarg, 1000000000000, &x.repeat);
			break;
		case 'h':
			fputs(usage, stdout);
			buf_free(&x.memory);
			return 0;
		default:
			good = false;
		}
	x.input = argc > optind ? argv[optind] : NULL;
	if (!good)
		fputs(usage, stderr);
	status = good ? check(&x, argc - optind) : EXIT_USAGE;
	if (!status && exec(&x, &e)) {
		cli_error(&e);
		status = EXIT_FAILURE;
	}
	buf_free(&x.memory);
	return status;
}
