// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Memory that runs out: the first allocation fails, then the second, and so on, until a run
 * needs no more. Every run ends in an answer or in -ENOMEM, and a target that was refused
 * memory gives the right answers when it is asked again. Linked with --wrap.
 */
#include "nomem_kit.h"
#include "resolve_kit.h"

static const char catalog_text[] =
	"catalog linux 1\n"
	"enum op_user of op since 1 other 255 \"what a request does\"\n"
	"\tOP_USER_READ 0 = OP_READ since 1 \"reads\"\n"
	"\tOP_USER_WRITE 1 = OP_WRITE since 1 \"writes\"\n"
	"struct task_user of task since 1 \"a task\"\n"
	"\tu32 tid @0 since 1 \"thread id\"\n\t\tfrom pid\n"
	"\tenum op_user op @4 since 1 \"a mapped value\"\n\t\tfrom op as op_user\n"
	"\tu32 bit @8 since 1 \"a bit by enumerator\"\n\t\tfrom op bit OP_WRITE\n"
	"\tu32 gone @12 since 1 \"on no kernel\"\n\t\tfrom gone\n"
	"event run since 1 on run \"a task runs\"\n"
	"\ttask_user * task since 1 \"who\"\n\t\tfrom p\n";

static void build(struct kit *k)
{
	uint32_t op, task;

	kit_types(k);
	op = KIT_ENUM(k, "op", { "OP_READ", 0 }, { "OP_WRITE", 3 });
	task = KIT_STRUCT(k, "task", 16, BB_AT("op", op, 4), BB_AT("pid", k->s32, 12));
	task = kit_ptr(k, task);
	kit_tracepoint(k, "run", true, 1, (struct bb_arg[]){ { "p", task } });
}

/* All questions; how many had the right answer, -1 if one had a wrong one. */
static int ask_all(struct kit *k)
{
	static const struct {
		const char *field;
		int want;
		uint32_t off;
	} fields[] = { { "tid", 0, 12 }, { "op", 0, 4 }, { "bit", 0, 4 }, { "gone", -ENOENT, 0 } };
	const struct access *a;
	int right = 0;
	size_t i;

	for (i = 0; i < BB_N(fields); i++) {
		a = kit_field(k, "task_user", fields[i].field, 0);
		if (k->e.code == -ENOMEM && !a)
			continue;
		if (k->e.code != fields[i].want || (a && a->path.off != fields[i].off))
			return -1;
		right++;
	}
	a = kit_arg(k, "run", "task");
	if (a ? !a->typed : k->e.code != -ENOMEM)
		return -1;
	return right + !!a;
}

int main(void)
{
	struct kit k = { 0 };
	int first, second, rc;
	bool good = true, refused_open = false, refused_later = false;

	build(&k);
	kit_open(&k, catalog_text);
	/* BTF's index is made before anything is refused: a name that it cannot find is absent. */
	OK(btf_find(k.btf, BTF_KIND_STRUCT, "task") != 0, "the index is there");
	OK(ask_all(&k) == 5, "all is right while there is memory");
	for (fail_at = 0; good; fail_at++) {
		target_free(k.t);
		k.t = NULL;
		allocations = 0;
		rc = target_open(k.btf, "9.9", k.c, &k.t, &k.e);
		if (rc) {
			good = rc == -ENOMEM && !k.t;
			refused_open = true;
			continue;
		}
		first = ask_all(&k);
		if (allocations <= fail_at)
			break;
		second = ask_all(&k);
		refused_later |= first < 5;
		good = first >= 4 && second == 5;
	}
	OK(good, "an allocation that fails costs one answer, and only once");
	OK(refused_open && refused_later && fail_at > 10, "and all of them were made to fail");
	kit_close(&k);
	return kit_done();
}
