/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What a program on a user event begins with, before its own first instruction, while
 * only r1 (the context) holds anything:
 *
 *	sys_enter:NAME     leave unless the call's number is NAME's here, by the native entry
 *	process filter     leave unless a subject of the event is a process that is watched
 *
 * Leaving is "r0 = 0; exit". Afterwards r1 is the context again.
 */
#include <errno.h>
#include <string.h>

#include "analyze/insn.h"
#include "translate/lower.h"

static void open_prologue(struct lower *l, struct emit *m, struct target *t)
{
	*l = (struct lower){ .m = m, .t = t, .live = 1u << 6, .usable = 0x3ff };
}

/*
 * r2 = argument @name of the generic event sys_enter or sys_exit at the place at hand.
 * -ENOENT when the catalog or the target has none; no code has been emitted then.
 */
static int read_generic(struct lower *l, const char *generic, const char *name, uint32_t size, uint32_t leave,
			struct abide_error *e)
{
	const struct cat_event *ev = catalog_event(l->m->a->catalog, generic);
	const struct placement *place;
	const struct access *acc;
	uint32_t i;
	int err;

	for (i = 0; ev && i < ev->nr_args && strcmp(ev->args[i].name, name); i++)
		;
	if (!ev || i == ev->nr_args)
		return error_set(e, -ENOENT, "catalog-name", "event %s has no argument %s", generic, name);
	err = resolve_event(l->t, ev, &place, e);
	if (!err)
		err = resolve_arg(l->t, place, &ev->args[i], &acc, e);
	return err ? err : lower_value(l, 2, 6, acc, false, 8, 0, size, leave, e);
}

/* The call is NAME's, and not by a 32-bit entry, which has the numbers of another table. */
static int only_syscall(struct lower *l, uint32_t leave, struct abide_error *e)
{
	const struct placement *p = l->m->a->placement;
	const char *generic = strncmp(p->event->name, "sys_enter", 9) ? "sys_exit" : "sys_enter";
	struct abide_error why;
	int err;

	err = read_generic(l, generic, "nr", 4, leave, e);
	if (err)
		return err;
	emit_jump_raw(l->m, (struct bpf_insn){ .code = BPF_JMP32 | BPF_JNE | BPF_K, .dst_reg = 2, .imm = p->syscall_nr },
		      leave);
	err = read_generic(l, generic, "compat", 4, leave, &why);
	if (err == -ENOENT) /* a machine with one entry */
		return 0;
	if (err)
		*e = why;
	else
		emit_jump_k(l->m, BPF_JNE, 2, 0, leave);
	return err;
}

/* r0 = is the thread group in r2 watched? */
static void look_up(struct emit *m)
{
	emit_store(m, 4, FP, -4, 2);
	emit_mov(m, 2, FP);
	emit_alu_k(m, BPF_ADD, 2, -4);
	emit_reloc(m, (struct reloc){ .kind = RELOC_FILTER });
	emit_raw(m, (struct bpf_insn){ .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = 1 });
	emit_raw(m, (struct bpf_insn){ 0 });
	emit_call(m, 1); /* map_lookup_elem */
}

static int one_subject(struct lower *l, int32_t subject, struct abide_error *e)
{
	const struct analysis *a = l->m->a;
	const struct cat_struct *s;
	const struct cat_field *f;
	const struct access *acc;
	uint32_t none = emit_label(l->m);
	bool untyped;
	int err;

	if (subject < 0) {
		emit_call(l->m, 14); /* get_current_pid_tgid */
		emit_mov(l->m, 2, 0);
		emit_alu_k(l->m, BPF_RSH, 2, 32);
		look_up(l->m);
		return 0;
	}
	s = &a->catalog->structs[a->event->args[subject].target];
	f = catalog_field(s, "tgid");
	if (!f)
		return error_set(e, -EINVAL, "catalog-name", "subject %s of event %s has no tgid",
				 a->event->args[subject].name, a->event->name);
	err = resolve_arg(l->t, a->placement, &a->event->args[subject], &acc, e);
	if (!err)
		err = lower_value(l, 2, 6, acc, false, 8, 0, 8, none, e);
	if (err)
		return err;
	untyped = !acc->typed;
	if ((acc->nullable || a->event->args[subject].nullable) && !untyped)
		emit_jump_k(l->m, BPF_JEQ, 2, 0, none);
	err = resolve_field(l->t, s, f, 0, &acc, e);
	if (!err)
		err = lower_value(l, 2, 2, acc, untyped, f->size, 0, f->size, none, e);
	emit_bind(l->m, none); /* NULL: thread group 0, which nobody watches */
	look_up(l->m);
	return err;
}

int lower_prologue(struct emit *m, struct target *t, bool filter, struct abide_error *e)
{
	const struct cat_event *ev = m->a->event;
	uint32_t leave, pass, i;
	struct lower l;
	int err = 0;

	filter &= ev && !ev->anybody;
	if (!ev || (!filter && !ev->syscall))
		return 0;
	open_prologue(&l, m, t);
	leave = emit_label(m);
	pass = emit_label(m);
	emit_mov(m, 6, 1);
	if (ev->syscall)
		err = only_syscall(&l, leave, e);
	for (i = 0; !err && filter && (i < ev->nr_subjects || !i); i++) {
		err = one_subject(&l, ev->nr_subjects ? ev->subjects[i] : -1, e);
		emit_jump_k(m, BPF_JNE, 0, 0, pass);
	}
	if (!filter)
		emit_goto(m, pass);
	emit_bind(m, leave);
	emit_number(m, 0, 0);
	emit_exit(m);
	emit_bind(m, pass);
	emit_mov(m, 1, 6);
	return err;
}
