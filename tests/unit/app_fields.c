/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Fields of an application as programs read them: this process is the application. Its events are read from its
 * own file, the programs of app_fields.bpf.c are translated to it and run here, on its own structs, and
 * what they return is compared with what C reads; then on pointers that are NULL. The engine's verifier takes all
 * of them by what this process says may be loaded. The same object, compiled once,
 * works on the builds with and without -DMOVED, whose structs are different.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app_events.h"

#include "app/app.h"
#include "app/image.h"
#include "process/layout_types.h"
#include "process/verify.h"
#include "translate/translate.h"

/* What the macros want of libabide-event: nothing fires here. */
void abide_event_fire(struct abide_event_state *state, const uint64_t *args, unsigned nr_args)
{
	(void)state, (void)args, (void)nr_args;
}

void abide_event_register(struct abide_event_module *module)
{
	module->registered = 0;
}

void abide_event_unregister(struct abide_event_module *module)
{
	(void)module;
}

static int nr, bad;

static void report(bool ok, const char *name)
{
	printf("%sok %d - %s\n", ok ? "" : "not ", ++nr, name);
	bad += !ok;
}

static void same(uint64_t have, uint64_t want, const char *name)
{
	report(have == want, name);
	if (have != want)
		printf("# have %#" PRIx64 ", want %#" PRIx64 "\n", have, want);
}

/* Strings and blocks of this process: what the engine's own helpers do, without the survival of junk. */
static uint64_t read_block(uint64_t dst, uint64_t size, uint64_t src, uint64_t r4, uint64_t r5, struct process_run *run)
{
	(void)r4, (void)r5, (void)run;
	memset((void *)dst, 0, size);
	if (!src)
		return (uint64_t)-EFAULT;
	memcpy((void *)dst, (const void *)src, size);
	return 0;
}

static uint64_t read_str(uint64_t dst, uint64_t size, uint64_t src, uint64_t r4, uint64_t r5, struct process_run *run)
{
	size_t n;

	(void)r4, (void)r5, (void)run;
	memset((void *)dst, 0, size);
	if (!src)
		return (uint64_t)-EFAULT;
	n = strnlen((const char *)src, size - 1);
	memcpy((void *)dst, (const void *)src, n);
	return n + 1;
}

static struct process_helper table[256] = {
	[113] = { .fn = read_block, .name = "probe_read_kernel" },
	[115] = { .fn = read_str, .name = "probe_read_kernel_str" },
};
static const struct process_helpers helpers = { table, 256 };

static struct app *app;
static struct app_image *image;

/* Run the program on @args; with native code, and by the interpreter: both must agree. */
static uint64_t run(const char *name, const uint64_t *args)
{
	struct process_program *p = NULL;
	struct abide_error e = { 0 };
	uint64_t r[2] = { 1, 2 };
	uint32_t i;
	int native;

	for (i = 0; i < image->nr_programs && strcmp(image->programs[i].name, name); i++)
		;
	if (i == image->nr_programs ||
	    process_program_new(image->programs[i].insns, image->programs[i].nr_insns, &helpers, &p, &e)) {
		printf("# %s: %s\n", name, i == image->nr_programs ? "there is none" : e.problem);
		return 0xbad;
	}
	for (native = 0; native < 2; native++) {
		struct process_run run = { .budget = 1 << 20 };

		r[native] = process_run(p, &run, (uint64_t)(uintptr_t)args, 0);
		if (run.status != PROCESS_DONE)
			r[native] = 0xbadbad + (uint64_t)native;
		if (!native && process_compile(p, NULL, &e)) {
			r[1] = r[0];
			break;
		}
	}
	process_program_free(p);
	if (r[0] != r[1])
		printf("# %s: interpreter %#" PRIx64 ", native code %#" PRIx64 "\n", name, r[0], r[1]);
	return r[0] == r[1] ? r[0] : 0xbad;
}

static uint64_t tail(const char *text, uint64_t n)
{
	char copy[8] = "";
	int i;

	snprintf(copy, sizeof(copy), "%s", text);
	for (i = 0; i < 7; i++)
		n = n << 8 | (uint8_t)copy[i];
	return n;
}

static struct account account = {
	.nick = "somebody",
#ifdef MOVED
	.number = 0xfedcba98,
#else
	.id = 0xfedcba98,
#endif
};
static struct session session = { .tries = -7, .account = &account };
#ifdef MOVED
static struct peer other = { .descriptor = -12, .session = &session };
static struct peer peer = { .descriptor = 1034, .session = &session, .next = &other };
#else
static struct peer other = { .fd = -12, .session = &session };
static struct peer peer = { .fd = 1034, .session = &session, .next = &other };
#endif
static struct thing thing = {
	.u8 = 0xf1, .s8 = -15, .u16 = 0xf2f3, .s16 = -14, .u32 = 0xf4f5f6f7, .s32 = -13,
	.s64 = -0x123456789abcdefL, .yes = true, .level = HIGH, .three = 5, .minus = -9, .wide = 0xa1b2c3d4e5, .small = -321,
	.big = 0xc1c2c3c4, .bytes_s = { 1, -2, 3, -4 }, .numbers = { 11, 12, 13, 14, 0xe0000001 },
	.mac = { 1, 2, 3, 4, 5, 0xfe }, .name = "abcd-name", .text = "a longer text", .peer = &peer, .any = &other,
#ifdef MOVED
	.inner = { .u64 = 0xdeadbeef01234567, .narrow = { 7, 8, -9 } },
#else
	.u64 = 0xdeadbeef01234567, .narrow = { 7, 8, -9 },
#endif
};

#define SAME(name, value) same(run("get_" #name, args), (uint64_t)(value), #name)

static void test_fields(void)
{
	const uint64_t args[] = { (uintptr_t)&thing };

	SAME(u8, 0xf1);
	SAME(s8, -15);
	SAME(u16, 0xf2f3);
	SAME(s16, -14);
	SAME(u32, 0xf4f5f6f7);
	SAME(s32, -13);
	SAME(u64, 0xdeadbeef01234567);
	SAME(s64, -0x123456789abcdefL);
	SAME(yes, 1);
	SAME(level, HIGH);
	SAME(three, 5);
	SAME(minus, -9);
	SAME(small, -321);
	SAME(big, 0xc1c2c3c4);
	SAME(narrow, -9);
	SAME(bytes_s, -2);
	SAME(numbers, 0xe0000001);
	SAME(mac, 0xfe);
	SAME(name, 'd');
	SAME(fd, 1034);
	SAME(next_fd, -12);
	SAME(any, (uintptr_t)&other);
	SAME(account, 0xfedcba98);
	SAME(tries, -7);
	SAME(level_again, HIGH);
	SAME(upper, 0xdeadbeef);
	SAME(sum, 0xf1 + 0xf2f3 + 13); /* -14 & 3 is 2 */
	SAME(exists, 1);
	SAME(text, tail("a longer text", 8));
	SAME(name_str, tail("abcd-name", 8));
}

static void test_null(void)
{
	static const char *const through[] = { "get_u8", "get_s64", "get_minus", "get_name", "get_fd", "get_next_fd", "get_account" };
	const uint64_t args[] = { 0 }, here[] = { (uintptr_t)&thing };
	char name[64];
	size_t i;

	for (i = 0; i < sizeof(through) / sizeof(*through); i++) {
		snprintf(name, sizeof(name), "%s through NULL is 0", through[i]);
		same(run(through[i], args), 0, name);
	}
	peer.session = NULL;
	same(run("get_account", here), 0, "behind a hop that is NULL");
	same(run("get_fd", here), 1034, "and beside it");
	session.account = NULL;
	peer.session = &session;
	same(run("get_account", here), 0, "behind the second hop");
	same(run("get_tries", here), (uint64_t)-7, "and behind the first");
	session.account = &account;
	peer.next = NULL;
	same(run("get_next_fd", here), 0, "behind a pointer to a user-ized struct");
	peer.next = &other;
	thing.text = NULL;
	same(run("get_text", here), 0xff00000000000000, "a string that is NULL is an error, and empty");
	thing.text = "a longer text";
}

static void test_args(void)
{
	/* as EVENT_USER hands them over: extended to 8 bytes */
	const uint64_t args[] = { 0xf1, (uint64_t)-3, (uint64_t)-4, 0x123456789abcdef0, 1, (uintptr_t)"words", 0xffff800000001234,
		                  (uintptr_t)&peer };

	same(run("arg_u8", args), 0xf1, "argument u8");
	same(run("arg_s16", args), (uint64_t)-3, "argument s16");
	same(run("arg_s32", args), (uint64_t)-4, "argument s32");
	same(run("arg_u64", args), 0x123456789abcdef0, "argument u64");
	same(run("arg_yes", args), 1, "argument bool");
	same(run("arg_any", args), 0xffff800000001234, "argument that is an address");
	same(run("arg_fd", args), (uint64_t)-12, "through an argument");
	same(run("arg_text", args), tail("words", 6), "argument that is a string");
}

/* As the application itself does, with the types that come of its own records. */
static void test_verifier(void)
{
	const struct layout *l = app->files[0].layout;
	struct layout_types *types = NULL;
	struct verify_result *result;
	struct abide_error e = { 0 };
	struct verify_arg args[LAYOUT_ARGS];
	uint32_t i, accepted = 0, faults = 0, k;

	report(!layout_types_new(l, &types, &e), "types for the verifier");
	for (i = 0; types && i < image->nr_programs; i++) {
		const struct app_program *p = &image->programs[i];
		const struct layout_event *ev = layout_event(l, "things", strchr(p->event, ':') + 1);
		struct verify_input in = {
			.name = p->name,
			.insns = p->insns,
			.nr_insns = p->nr_insns,
			.args = args,
			.nr_args = layout_types_args(types, ev, args),
			.types = types->types,
			.nr_types = types->nr_types,
		};

		if (verify_program(&in, false, &result, &e)) {
			printf("# %s: %s: %s\n# %s\n", p->name, e.tag, e.problem, e.reason);
			continue;
		}
		accepted++;
		for (k = 0; k < result->nr_insns; k++)
			faults += result->facts[k].faults;
		verify_result_free(result);
	}
	report(accepted == image->nr_programs, "it accepts all programs");
	report(faults >= image->nr_programs / 2, "and knows where they may meet junk");
	layout_types_free(types);
}

static bool load(const char *path, const char *self, struct abide_error *e)
{
	static struct object *o;
	static struct translated *t;

	return !app_open_files(&self, 1, &app, e) && !object_open_file(path, &o, e) && !app_check_object(app, o, e) &&
	       !translate_object(o, app->catalog, app->target, NULL, &t, e) && !app_image_make(t, NULL, 0, &image, e);
}

int main(int argc, char **argv)
{
	struct abide_error e = { 0 };
	char path[4096], *slash;
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 32);

	(void)argc;
	if (n < 0)
		return 1;
	path[n] = '\0';
	slash = strrchr(path, '/');
	strcpy(slash ? slash + 1 : path, "app_fields.bpf.o");
	report(load(path, argv[0], &e), "the object is translated to this process");
	if (!image) {
		printf("# %s\n# %s\n", e.problem, e.reason);
		return 1;
	}
	report(image->nr_programs == 38, "with all of its programs");
	test_verifier();
	test_fields();
	test_null();
	test_args();
	printf("1..%d\n", nr);
	app_image_free(image);
	app_free(app);
	return bad != 0;
}
