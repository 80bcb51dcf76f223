/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * verify_refuse FILE: text cases for the verifier. Sections: program; memory N (r1 is N bytes of memory,
 * not the application's context); then either "reject TAG", whose lines must be in what is said, or
 * "accept", whose lines are facts: "stack 16", "loops", "per-cpu", "faults 3", "key 5 = 2" (known),
 * "in-range 5", "map 5 = array", "dead 7", "r3 at 7 = 0 15" (what it may be, unsigned). Every tag of
 * verify_tags.def must have a case.
 */
#include "asm.h"
#include "case.h"
#include "verify_env.h"

#define MAX_CODE 9000

static const char *const tags[] = {
#define TAG(name, tag, hint) tag,
#include "process/verify_tags.def"
#undef TAG
};
#define NR_TAGS (sizeof(tags) / sizeof(tags[0]))

#define NR_MAPS (ENV_MAPS + 6)

static const char text_map[32] = "value %d\0text %s\0no end";
static struct verify_map maps[NR_MAPS];
static bool seen[NR_TAGS];
static unsigned int nr_failed, nr_cases;
static const char *file;

struct code {
	struct bpf_insn insns[MAX_CODE];
	uint32_t nr;
};

static void fail(const struct test_case *t, const char *what)
{
	printf("not ok - %s:%u: %s: %s\n", file, t->line, t->title, what);
	nr_failed++;
}

static int find_map(const char *name, int32_t *off)
{
	size_t n = strcspn(name, "+");
	int k;

	*off = name[n] ? atoi(name + n + 1) : -1;
	for (k = 0; k < NR_MAPS; k++)
		if (maps[k].name && strlen(maps[k].name) == n && !strncmp(maps[k].name, name, n))
			return k;
	return atoi(name);
}

static void link_code(const struct assembly *a, struct code *c)
{
	uint32_t place[32], i, k, n;

	c->nr = 0;
	for (i = 0; i < a->nr_functions; i++) {
		place[i] = c->nr;
		memcpy(c->insns + c->nr, a->functions[i].insns, a->functions[i].nr_insns * sizeof(struct bpf_insn));
		c->nr += (uint32_t)a->functions[i].nr_insns;
	}
	for (i = 0; i < a->nr_functions; i++)
		for (k = 0; k < a->functions[i].nr_relocs; k++) {
			const struct asm_reloc *r = &a->functions[i].relocs[k];
			uint32_t at = place[i] + r->insn;
			int32_t off;

			if (r->kind == ASM_MAP) {
				c->insns[at].imm = find_map(r->name, &off);
				c->insns[at].src_reg = off < 0 ? BPF_PSEUDO_MAP_FD : BPF_PSEUDO_MAP_VALUE;
				c->insns[at + 1].imm = off < 0 ? 0 : off;
				continue;
			}
			for (n = 0; n < a->nr_functions && strcmp(a->functions[n].name, r->name); n++)
				;
			c->insns[at].imm = n < a->nr_functions ? (int32_t)(place[n] - at - 1) : 1 << 20;
			if (r->kind == ASM_FUNC)
				c->insns[at].src_reg = BPF_PSEUDO_FUNC;
		}
}

static bool fact_holds(const struct verify_result *r, const char *line)
{
	uint32_t at, n;
	unsigned long long low, high;
	char name[40];
	unsigned reg;

	if (sscanf(line, "stack %u", &n) == 1)
		return r->stack == n;
	if (!strcmp(line, "loops"))
		return r->loops;
	if (!strcmp(line, "no loops"))
		return !r->loops;
	if (!strcmp(line, "per-cpu"))
		return r->per_cpu;
	if (sscanf(line, "faults %u", &at) == 1)
		return at < r->nr_insns && r->facts[at].faults;
	if (sscanf(line, "dead %u", &at) == 1)
		return at < r->nr_insns && !r->facts[at].reached;
	if (sscanf(line, "in-range %u", &at) == 1)
		return at < r->nr_insns && r->facts[at].key_in_range;
	if (sscanf(line, "not in-range %u", &at) == 1)
		return at < r->nr_insns && !r->facts[at].key_in_range;
	if (sscanf(line, "key %u = %u", &at, &n) == 2)
		return at < r->nr_insns && r->facts[at].key_known && r->facts[at].key == n;
	if (sscanf(line, "no key %u", &at) == 1)
		return at < r->nr_insns && !r->facts[at].key_known;
	if (sscanf(line, "map %u = %39s", &at, name) == 2)
		return at < r->nr_insns && r->facts[at].has_map && !strcmp(maps[r->facts[at].map].name, name);
	if (sscanf(line, "no map %u", &at) == 1)
		return at < r->nr_insns && !r->facts[at].has_map;
	if (sscanf(line, "r%u at %u = %llu %llu", &reg, &at, &low, &high) == 4)
		return at < r->nr_insns && reg < 11 && r->values[at][reg].is_number && r->values[at][reg].num.umin == low &&
		       r->values[at][reg].num.umax == high;
	if (sscanf(line, "r%u at %u is no number", &reg, &at) == 2)
		return at < r->nr_insns && reg < 11 && r->facts[at].reached && !r->values[at][reg].is_number;
	return false;
}

static const char *where(void *ctx, uint32_t insn, char *buf, size_t size)
{
	(void)ctx;
	snprintf(buf, size, "case.c:%u", 100 + insn);
	return buf;
}

static void check_refusal(const struct test_case *t, const struct part *reject, const struct abide_error *e)
{
	const char *p = reject->text;
	char line[300], said[1700];
	size_t k;

	snprintf(said, sizeof(said), "%s\n%s\n%s", e->problem, e->reason, e->hint);
	if (strcmp(e->tag, reject->args)) {
		char what[700];

		snprintf(what, sizeof(what), "refused as %s, not %s: %.500s", e->tag, reject->args, said);
		fail(t, what);
	}
	for (k = 0; k < NR_TAGS; k++)
		if (!strcmp(e->tag, tags[k]))
			seen[k] = true;
	if (!e->problem[0] || !strstr(e->reason, "instruction ") || !strstr(e->reason, "case.c:") || !e->hint[0])
		fail(t, "the refusal lacks one of its three parts");
	while (next_line(&p, line, sizeof(line)))
		if (*line && !strstr(said, line)) {
			printf("# it says: %s\n", said);
			fail(t, line);
		}
}

static void one_case(const struct test_case *t)
{
	const struct part *text = case_part(t, "program", 0), *reject = case_part(t, "reject", 0), *accept = case_part(t, "accept", 0),
	                  *memory = case_part(t, "memory", 0);
	static struct code c;
	struct asm_symbols symbols = { 0 };
	struct assembly a = { 0 };
	struct verify_result *r = NULL;
	struct abide_error e = { 0 };
	struct verify_input in = { .name = "test", .types = env_types, .nr_types = 2, .maps = maps, .nr_maps = NR_MAPS, .args = env_args,
		                   .nr_args = 4, .where = where };
	char line[200];
	int err;

	nr_cases++;
	if (!text || !reject == !accept) {
		fail(t, "has no program, or not one of reject and accept");
		return;
	}
	if (!assemble(&a, text->text, "test", "main", text->line + 1, &symbols)) {
		fail(t, a.error);
		assembly_free(&a);
		return;
	}
	link_code(&a, &c);
	assembly_free(&a);
	in.insns = c.insns;
	in.nr_insns = c.nr;
	if (memory) {
		in.has_memory = true;
		in.memory = (uint32_t)atoi(memory->args);
		in.nr_args = 0;
	}
	err = verify_program(&in, true, &r, &e);
	if (err && accept) {
		printf("# %s (%s) %s\n", e.problem, e.tag, e.reason);
		fail(t, "is refused");
	} else if (!err && reject) {
		fail(t, "is accepted");
	} else if (err) {
		check_refusal(t, reject, &e);
	} else {
		const char *p = accept->text;

		while (next_line(&p, line, sizeof(line)))
			if (*line && !fact_holds(r, line))
				fail(t, line);
	}
	if ((err != 0) == (r != NULL))
		fail(t, "a result and an error exclude each other");
	verify_result_free(r);
}

int main(int argc, char **argv)
{
	struct case_file *f;
	size_t i, missing = 0;

	memcpy(maps, env_maps, sizeof(env_maps));
	maps[ENV_MAPS] = (struct verify_map){ .name = "perf", .type = BPF_MAP_TYPE_PERF_EVENT_ARRAY, .key_size = 4, .value_size = 4 };
	maps[ENV_MAPS + 1] = (struct verify_map){ .name = "text", .type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = sizeof(text_map),
		                                  .max_entries = 1, .frozen = text_map, .read_only = true };
	maps[ENV_MAPS + 2] = (struct verify_map){ .name = "blind", .type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8,
		                                  .max_entries = 1, .flags = BPF_F_WRONLY_PROG };
	maps[ENV_MAPS + 3] = (struct verify_map){ .name = "shown", .type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8,
		                                  .max_entries = 1, .flags = BPF_F_RDONLY_PROG };
	maps[ENV_MAPS + 4] = (struct verify_map){ .name = "single", .type = BPF_MAP_TYPE_HASH, .key_size = 8, .value_size = 8, .max_entries = 1 };
	maps[ENV_MAPS + 5] = (struct verify_map){ .name = "stacks", .type = BPF_MAP_TYPE_STACK_TRACE, .key_size = 4, .value_size = 64, .max_entries = 4 };
	file = argc > 1 ? argv[1] : "tests/unit/verify.case";
	f = case_file_open(file);
	for (i = 0; i < f->nr_cases; i++)
		one_case(&f->cases[i]);
	case_file_free(f);
	for (i = 0; i < NR_TAGS; i++)
		if (!seen[i]) {
			printf("# no case is refused as %s\n", tags[i]);
			missing++;
		}
	printf("%sok - every reason of the verifier to refuse has a case (%zu)\n", missing ? "not " : "", NR_TAGS);
	printf("%sok - verifier: %u cases\n", nr_failed ? "not " : "", nr_cases);
	return nr_failed || missing;
}
