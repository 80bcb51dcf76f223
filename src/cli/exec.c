/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * abide exec OBJ|-: run a program in this process on memory that the command line gives, and
 * print r0 and what its maps hold. The program is that of an object file, or (--raw)
 * instructions as hex digits. It is verified first, unless told otherwise, so any bytes may be tried.
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
#include "cli/exec_maps.h"
#include "process/link.h"
#include "util/buf.h"

static const char usage[] =
	"usage: abide exec OBJ|- [--program NAME] [OPTIONS]\n"
	"       abide exec --raw [FILE|-] [OPTIONS]\n"
	"\n"
	"Verify a program, run it in this process, print r0 and what its maps hold. r1\n"
	"is the memory's address, r2 its size.\n"
	"\n"
	"      --raw           instructions as hex digits, from standard input unless\n"
	"                      FILE is named\n"
	"      --program NAME  which program of the object (default: the only one)\n"
	"      --mem HEX       the memory: bytes as hex digits (default: none)\n"
	"      --jit           compile to native code (the default where there is a\n"
	"                      compiler)\n"
	"      --interp        use the interpreter\n"
	"      --no-verify     trust the program: nothing is checked\n"
	"      --budget N      end it after about N instructions of loops and calls\n"
	"                      (default 100000000)\n"
	"      --repeat N      run it N times, on the same memory, and print ns per run,\n"
	"                      the least of blocks\n"
	"  -h, --help          this text\n";

#define MAX_MEMORY (1u << 30)
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
			err = error_set(e, -E2BIG, "", "the program is longer than %u bytes",
			                MAX_INPUT);
	}
	if (!err && ferror(f))
		err = error_set(e, -EIO, "", "cannot read %s: %s",
		                is_stdin ? "standard input" : path, strerror(errno));
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
static int read_hex(const char *text, size_t size, const char *what, struct buf *out,
                    struct abide_error *e)
{
	size_t i;

	for (i = 0; i < size; i++) {
		if (isspace((unsigned char)text[i]))
			continue;
		if (digit(text[i]) < 0 || i + 1 == size || digit(text[i + 1]) < 0)
			return error_set(
				e, -EINVAL, "",
				"%s: byte %zu of the text is not part of a pair of hex digits",
				what, i + 1);
		buf_u8(out, (uint8_t)(digit(text[i]) << 4 | digit(text[i + 1])));
		i++;
	}
	return out->failed ? error_nomem(e) : 0;
}

static int load_raw(const struct exec *x, struct bpf_insn **out, uint32_t *nr,
                    struct abide_error *e)
{
	struct buf text = { 0 }, code = { 0 };
	int err = read_all(x->input, &text, e);

	if (!err)
		err = read_hex((const char *)text.data, text.size, "the program", &code, e);
	if (!err && code.size % sizeof(**out))
		err = error_set(e, -EINVAL, "",
		                "the program has %zu bytes, which is no multiple of 8", code.size);
	if (!err && code.size / sizeof(**out) > PROCESS_MAX_INSNS)
		err = error_set(e, -E2BIG, "", "the program has more than %d instructions",
		                PROCESS_MAX_INSNS);
	buf_free(&text);
	if (err) {
		buf_free(&code);
		return err;
	}
	*out = (struct bpf_insn *)code.data; /* malloc's alignment is enough */
	*nr = (uint32_t)(code.size / sizeof(**out));
	return 0;
}

/* What is run: the code, and the object and maps that it goes with. */
struct loaded {
	struct object *o;
	struct buf file;
	struct exec_code code;
	struct exec_maps maps;
	struct process_program *p;
};

static int load_object(const struct exec *x, struct loaded *l, struct abide_error *e)
{
	int err;

	if (strcmp(x->input, "-")) {
		err = object_open_file(x->input, &l->o, e);
	} else {
		err = read_all(x->input, &l->file, e);
		if (!err)
			err = object_open_mem(l->file.data, l->file.size, "standard input", &l->o, e);
	}
	if (!err)
		err = exec_link(l->o, x->program, &l->code, e);
	if (!err)
		err = exec_maps_open(&l->code, &l->maps, e);
	return err;
}

static int verify(const struct exec *x, struct loaded *l, struct verify_result **out, struct abide_error *e)
{
	struct verify_input in = {
		.name = l->o ? l->o->functions[l->code.order[0]].name : "program",
		.insns = l->code.insns,
		.nr_insns = l->code.nr,
		.has_memory = true,
		.memory = (uint32_t)x->memory.size,
		.maps = l->maps.verify,
		.nr_maps = l->maps.nr,
		.where = l->o ? exec_where : NULL,
		.where_ctx = &l->code,
	};

	return verify_program(&in, false, out, e);
}

/* Verified, with maps in place, and compiled if that is wanted. */
static int prepare(const struct exec *x, struct loaded *l, struct abide_error *e)
{
	struct verify_result *verified = NULL;
	struct link_input in = { .insns = l->code.insns,
		                 .nr_insns = l->code.nr,
		                 .maps = l->maps.maps,
		                 .nr_maps = l->maps.nr,
		                 .trace = l->maps.trace,
		                 .interpret = x->interp };
	int err = x->no_verify ? 0 : verify(x, l, &verified, e);

	if (!err) {
		in.facts = verified ? verified->facts : NULL;
		err = process_link(&in, &l->p, e);
	}
	if (!err && x->jit && !process_code(l->p, NULL)) {
		struct abide_error why = { 0 };

		process_compile(l->p, NULL, &why);
		fprintf(stderr, "abide exec: %s; the interpreter runs it\n", why.problem);
	}
	verify_result_free(verified);
	return err;
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

#define BLOCKS 20

/* @n runs; false: one of them failed. */
static bool run_block(const struct exec *x, const struct process_program *p, struct process_run *r, uint64_t n)
{
	const void *memory = x->memory.data;
	uint64_t i;

	for (i = 0; i < n; i++) {
		r->budget = (int64_t)x->budget;
		process_run(p, r, (uint64_t)(uintptr_t)memory, x->memory.size);
		if (r->status != PROCESS_DONE)
			return false;
	}
	return true;
}

static int failed(const struct exec *x, const struct process_program *p, const struct process_run *r, struct abide_error *e)
{
	char text[200];

	error_set(e, -EFAULT, "exec-fault", "the program %s", process_status_text(r, text, sizeof(text)));
	if (!process_code(p, NULL))
		error_reason(e, "at instruction %u", r->fault_pc);
	if (r->status == PROCESS_BUDGET)
		error_hint(e, "--budget with more than %" PRIu64, x->budget);
	return -EFAULT;
}

/* Run as often as asked for. The first run's r0 is what is printed; the time is the least of blocks. */
static int run(const struct exec *x, const struct loaded *l, struct abide_error *e)
{
	uint64_t left = x->repeat - 1, block = left / BLOCKS + !!(left % BLOCKS), r0;
	struct process_run r = { .budget = (int64_t)x->budget, .slot = l->maps.slot };
	double ns = 0, took, start;

	r.frame = __builtin_frame_address(0);
	start = now_ns();
	r0 = process_run(l->p, &r, (uint64_t)(uintptr_t)x->memory.data, x->memory.size);
	if (r.status != PROCESS_DONE)
		return failed(x, l->p, &r, e);
	ns = now_ns() - start;
	while (left) {
		uint64_t n = left < block ? left : block;

		start = now_ns();
		if (!run_block(x, l->p, &r, n))
			return failed(x, l->p, &r, e);
		took = (now_ns() - start) / (double)n;
		ns = took < ns ? took : ns;
		left -= n;
	}
	printf("0x%" PRIx64 "\n", r0);
	if (x->repeat > 1)
		printf("%.1f ns per run (%" PRIu64 " runs, %s)\n", ns, x->repeat,
		       process_code(l->p, NULL) ? "native code" : "interpreter");
	return 0;
}

/* What the runs left behind: lines that the program printed, maps. */
static int show(const struct loaded *l, struct abide_error *e)
{
	struct buf lines = { 0 }, maps = { 0 };
	uint64_t lost;
	int err;

	if (!l->o)
		return 0;
	lost = exec_maps_trace(&l->maps, &lines);
	err = exec_maps_show(&l->maps, &maps, e);
	fwrite(lines.data, 1, lines.size, stderr);
	if (lost)
		fprintf(stderr, "abide exec: %" PRIu64 " lines more were printed than there was room for\n", lost);
	fwrite(maps.data, 1, maps.size, stdout);
	if (!err && (lines.failed || maps.failed))
		err = error_nomem(e);
	buf_free(&lines);
	buf_free(&maps);
	return err;
}

static int exec(const struct exec *x, struct abide_error *e)
{
	struct loaded l = { 0 };
	int err;

	err = x->raw ? load_raw(x, &l.code.insns, &l.code.nr, e) : load_object(x, &l, e);
	if (!err)
		err = prepare(x, &l, e);
	if (!err)
		err = run(x, &l, e);
	if (!err)
		err = show(&l, e);
	process_program_free(l.p);
	exec_maps_close(&l.maps);
	exec_code_free(&l.code);
	object_free(l.o);
	buf_free(&l.file);
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

	if (left > 1 || (!x->raw && !x->input))
		return cli_usage(usage, false);
	if (x->jit && x->interp)
		error_set(&e, -EINVAL, "", "--jit and --interp exclude each other");
	else if (x->memory.size > MAX_MEMORY)
		error_set(&e, -EINVAL, "", "--mem has more than %u bytes", MAX_MEMORY);
	else if (x->raw && x->program)
		error_set(&e, -EINVAL, "", "--raw has one program; --program is for objects");
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
