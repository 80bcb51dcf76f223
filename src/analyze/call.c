/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Calls of helpers. In: the helper's number and what is in r1..r5. Out: what r0 holds,
 * which stack slots the helper may have written, and for the pseudo-helpers of
 * <abide/program.h> what the translator has to make of them. Numbers in slots that a
 * helper could reach are forgotten (a wrong constant would fold a branch); the kinds of
 * spilled pointers only where the helper is known to write.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "analyze/insn.h"
#include "analyze/walk.h"

/* Helpers whose result is a pointer (include/uapi/linux/bpf.h). */
static bool returns_pointer(int32_t helper)
{
	switch (helper) {
	case 1:   /* map_lookup_elem */
	case 81:  /* get_local_storage */
	case 84:  /* sk_lookup_tcp */
	case 85:  /* sk_lookup_udp */
	case 95:  /* sk_fullsock */
	case 96:  /* tcp_sock */
	case 98:  /* get_listener_sock */
	case 99:  /* skc_lookup_tcp */
	case 107: /* sk_storage_get */
	case 131: /* ringbuf_reserve */
	case 136: /* skc_to_tcp6_sock .. skc_to_udp6_sock */
	case 137:
	case 138:
	case 139:
	case 140:
	case 145: /* inode_storage_get */
	case 153: /* per_cpu_ptr */
	case 154: /* this_cpu_ptr */
	case 156: /* task_storage_get */
	case 158: /* get_current_task_btf */
	case 162: /* sock_from_file */
	case 175: /* task_pt_regs */
	case 178: /* skc_to_unix_sock */
	case 194: /* kptr_xchg */
	case 195: /* map_lookup_percpu_elem */
	case 196: /* skc_to_mptcp_sock */
	case 203: /* dynptr_data */
	case 210: /* cgrp_storage_get */
		return true;
	default:
		return false;
	}
}

void insn_helper_writes(int32_t helper, unsigned *mem, unsigned *size)
{
	*mem = 0;
	*size = 0;
	switch (helper) {
	case 4:   /* probe_read */
	case 45:  /* probe_read_str */
	case 112: /* probe_read_user */
	case 113: /* probe_read_kernel */
	case 114: /* probe_read_user_str */
	case 115: /* probe_read_kernel_str */
	case 16:  /* get_current_comm */
	case 165: /* snprintf */
		*mem = 1;
		*size = 2;
		break;
	case 67:  /* get_stack */
	case 141: /* get_task_stack */
		*mem = 2;
		*size = 3;
		break;
	default:
		break;
	}
}

unsigned insn_helper_args(int32_t helper)
{
	switch (helper) {
	case 5:   /* ktime_get_ns */
	case 7:   /* get_prandom_u32 */
	case 8:   /* get_smp_processor_id */
	case 14:  /* get_current_pid_tgid */
	case 15:  /* get_current_uid_gid */
	case 35:  /* get_current_task */
	case 42:  /* get_numa_node_id */
	case 80:  /* get_current_cgroup_id */
	case 118: /* jiffies64 */
	case 125: /* ktime_get_boot_ns */
	case 158: /* get_current_task_btf */
	case 160: /* ktime_get_coarse_ns */
	case 208: /* ktime_get_tai_ns */
	case PSEUDO_CURRENT_TASK:
		return 0;
	case PSEUDO_FIELD_EXISTS:
	case PSEUDO_FETCH_U8:
	case PSEUDO_FETCH_U16:
	case PSEUDO_FETCH_U32:
	case PSEUDO_FETCH_U64:
	case PSEUDO_FETCH_PTR:
		return 1;
	case 1:   /* map_lookup_elem */
	case 3:   /* map_delete_elem */
	case 16:  /* get_current_comm */
	case 132: /* ringbuf_submit */
	case 133: /* ringbuf_discard */
	case 134: /* ringbuf_query */
		return 2;
	case 4:   /* probe_read and its kin */
	case 12:  /* tail_call */
	case 27:  /* get_stackid */
	case 45:
	case 112:
	case 113:
	case 114:
	case 115:
	case 131: /* ringbuf_reserve */
	case PSEUDO_USER_STR:
	case PSEUDO_FETCH_STR:
		return 3;
	case 2:   /* map_update_elem */
	case 67:  /* get_stack */
	case 130: /* ringbuf_output */
		return 4;
	default:
		return 5;
	}
}

/* Functions of the object that run while the helper does; what a kfunc does is not known. */
static bool runs_callback(int32_t helper)
{
	switch (helper) {
	case -1:
	case 164: /* for_each_map_elem */
	case 180: /* find_vma */
	case 181: /* loop */
	case 209: /* user_ringbuf_drain */
		return true;
	default:
		return false;
	}
}

/* The helper has pointers into the stack: forget numbers above, and what it is known to fill. */
static void touch_stack(struct state *s, int32_t helper)
{
	unsigned r, mem, size;
	int32_t k;

	if (runs_callback(helper)) /* what it is handed may lead to any slot */
		for (k = 0; k < STATE_SLOTS; k++)
			if (s->slot[k].kind == VAL_NUM)
				s->slot[k].num = num_any();
	insn_helper_writes(helper, &mem, &size);
	for (r = 1; r <= 5; r++) {
		const struct val *p = &s->r[r];

		if (p->kind != VAL_STACK && p->kind != VAL_MIXED)
			continue;
		for (k = 0; k < STATE_SLOTS; k++)
			if ((p->indexed || p->kind == VAL_MIXED || -8 * (k + 1) + 8 > p->delta) && s->slot[k].kind == VAL_NUM)
				s->slot[k].num = num_any();
		if (r == mem && p->kind == VAL_STACK && !p->indexed && s->r[size].kind == VAL_NUM && s->r[size].num.umax <= 512)
			slot_store(s, p->delta, (uint32_t)s->r[size].num.umax, NULL);
	}
}

static int need_user(struct analysis *a, const struct walk *w, uint32_t insn, const struct val *v, unsigned reg,
		     struct fact *f, struct abide_error *e)
{
	if (v->kind != VAL_USER || v->indexed) {
		refuse(a, w, insn, "pseudo-helper", e, "r%u is not a field of a user-ized struct", reg);
		return error_hint(e, "write it as p->field, p a pointer to a user-ized struct");
	}
	f->sid = v->sid;
	f->off = v->delta;
	f->base_null = v->maybe_null;
	f->base_untyped = v->untyped;
	return 0;
}

static int call_field_exists(struct analysis *a, const struct walk *w, uint32_t insn, struct state *s,
			     struct fact *f, struct abide_error *e)
{
	const struct cat_field *field;
	const struct access *acc;
	struct abide_error why;
	int err;

	err = need_user(a, w, insn, &s->r[1], 1, f, e);
	if (err)
		return err;
	field = f->off >= 0 ? catalog_field_at(&a->catalog->structs[f->sid], (uint32_t)f->off) : NULL;
	f->kind = FACT_VALUE;
	f->imm = 0;
	if (!a->target) {
		s->r[0] = val_num(num_range(0, 1));
		f->imm = field != NULL;
		return 0;
	}
	/* a field that a newer catalog has and this one has not does not exist either */
	if (field) {
		err = resolve_field(a->target, &a->catalog->structs[f->sid], field, 0, &acc, &why);
		if (err && err != -ENOENT) {
			*e = why;
			return err;
		}
		f->imm = !err;
	}
	s->r[0] = val_num(num_const((uint64_t)f->imm));
	return 0;
}

static int call_str(struct analysis *a, const struct walk *w, uint32_t insn, struct state *s, struct fact *f,
		    struct abide_error *e)
{
	const struct cat_field *field;
	const struct cat_struct *st;
	const struct access *acc;
	int err;

	/* an event's argument, which the compiler put on the stack to have its address */
	if (s->r[3].kind == VAL_STACK && !s->r[3].indexed && slot_load(s, s->r[3].delta, 8).kind == VAL_STRING) {
		f->kind = FACT_STR_VALUE;
		touch_stack(s, 115);
		return 0;
	}
	err = need_user(a, w, insn, &s->r[3], 3, f, e);
	if (err)
		return err;
	st = &a->catalog->structs[f->sid];
	field = f->off >= 0 ? catalog_field_at(st, (uint32_t)f->off) : NULL;
	if (!field || (field->kind != CAT_CHARS && field->kind != CAT_STRING)) {
		refuse(a, w, insn, "pseudo-helper", e, "user_str reads strings, and %s%s%s is none", st->name,
		       field ? "." : " at that offset", field ? field->name : "");
		return error_hint(e, "abide show %s", st->name);
	}
	if (a->target) {
		err = resolve_field(a->target, st, field, 0, &acc, e);
		if (err)
			return refuse_at(a, w, insn, e);
	}
	f->kind = FACT_STR;
	touch_stack(s, 115);
	return 0;
}

static int call_pseudo(struct analysis *a, const struct walk *w, uint32_t insn, struct state *s, int32_t helper,
		       struct fact *f, struct abide_error *e)
{
	const struct cat_struct *task;
	struct val v = val_num(num_any());
	int err = 0;

	switch ((enum pseudo_helper)helper) {
	case PSEUDO_CURRENT_TASK:
		task = catalog_struct(a->catalog, "task_struct_user");
		if (!task)
			return refuse(a, w, insn, "pseudo-helper", e, "%s",
			              a->catalog->application ? "the running task is the kernel's, and this is an event of an application"
			                                      : "this catalog has no task_struct_user");
		f->kind = FACT_CURRENT;
		v = val_pointer(VAL_USER);
		v.sid = (uint16_t)(task - a->catalog->structs);
		v.untyped = a->target && !target_has_helper(a->target, 158);
		break;
	case PSEUDO_FIELD_EXISTS:
		err = call_field_exists(a, w, insn, s, f, e);
		v = s->r[0];
		break;
	case PSEUDO_USER_STR:
		err = call_str(a, w, insn, s, f, e);
		break;
	case PSEUDO_FETCH_U8:
	case PSEUDO_FETCH_U16:
	case PSEUDO_FETCH_U32:
	case PSEUDO_FETCH_U64:
	case PSEUDO_FETCH_PTR:
		if (need_whole(a, w, insn, &s->r[1], "pointer-leak", "is fetched from", e))
			return e->code;
		f->kind = FACT_FETCH;
		f->size = helper == PSEUDO_FETCH_PTR ? 8 : 1u << (helper - PSEUDO_FETCH_U8);
		break;
	case PSEUDO_FETCH_STR:
		if (need_whole(a, w, insn, &s->r[3], "pointer-leak", "is fetched from", e))
			return e->code;
		f->kind = FACT_FETCH_STR;
		touch_stack(s, 115);
		break;
	}
	s->r[0] = v;
	return err;
}

static bool is_pseudo(int32_t helper)
{
	switch ((enum pseudo_helper)helper) {
	case PSEUDO_CURRENT_TASK:
	case PSEUDO_FIELD_EXISTS:
	case PSEUDO_USER_STR:
	case PSEUDO_FETCH_U8:
	case PSEUDO_FETCH_U16:
	case PSEUDO_FETCH_U32:
	case PSEUDO_FETCH_U64:
	case PSEUDO_FETCH_PTR:
	case PSEUDO_FETCH_STR:
		return true;
	}
	return false;
}

int step_call(struct analysis *a, const struct walk *w, uint32_t insn, struct state *s, struct fact *f,
	      struct abide_error *e)
{
	const struct bpf_insn *i = &w->cfg->function->insns[insn];
	int32_t helper = i->src_reg == 0 ? i->imm : -1;
	char what[32];
	unsigned r;
	int err;

	if (helper >= 0 && is_pseudo(helper)) {
		a->changes = true;
		err = call_pseudo(a, w, insn, s, helper, f, e);
		if (err)
			return err;
	} else {
		for (r = 1; r <= (helper < 0 ? 5 : insn_helper_args(helper)); r++)
			if (val_hides(&s->r[r])) {
				snprintf(what, sizeof(what), "goes into a call in r%u", r);
				need_whole(a, w, insn, &s->r[r], "pointer-leak", what, e);
				return error_hint(e, "strings: user_str(dst, size, p->field); others: read the field first");
			} else if (s->r[r].kind == VAL_STACK && !s->r[r].indexed && !in_frame(a, w, s->r[r].delta, 0)) {
				return refuse_frame(a, w, insn, e);
			}
		if (helper >= 0 && (uint32_t)helper >> 8 == PSEUDO_CURRENT_TASK >> 8) {
			refuse(a, w, insn, "pseudo-helper", e, "call 0x%x is none that abide knows", (uint32_t)helper);
			return error_hint(e, "the object may want a newer abide");
		}
		if (helper >= 0 && a->target && helper < 4096 && !target_has_helper(a->target, (uint32_t)helper)) {
			refuse(a, w, insn, "helper-unavailable", e, "%s has no helper %d", target_name(a->target), helper);
			return error_hint(e, "abide check names the kernels that have it");
		}
		touch_stack(s, helper);
		s->r[0] = helper < 0 || returns_pointer(helper) ? val_pointer(VAL_OTHER) : val_num(num_any());
	}
	for (r = 1; r <= 5; r++)
		s->r[r] = (struct val){ 0 };
	return 0;
}
