// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Where a user event takes place on one target. In: the event's tracepoints, best first.
 * Out: the first that the target has, with the id that tp_btf attaches to, and its
 * arguments.
 *
 * A tracepoint NAME has a typedef btf_trace_NAME, a pointer to the probe's prototype. That
 * names no arguments; FUNC __traceiter_NAME, which calls the probes, has the same prototype
 * with names, and names are what arguments are bound by: order and number drift, and two
 * ints that changed places pass every type check. Where it is missing nothing can be bound.
 * The first parameter of both is the probe's data pointer, not an argument.
 */
#include <errno.h>
#include <linux/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/resolve_impl.h"

static bool proto_of_func(const struct btf_data *b, uint32_t id, struct btf_info *proto)
{
	struct btf_info f;

	return id && btf_get(b, id, &f) && btf_get(b, f.type, proto) &&
	       proto->kind == BTF_KIND_FUNC_PROTO && proto->vlen;
}

static bool proto_of_typedef(struct btf_data *b, uint32_t id, struct btf_info *proto)
{
	uint32_t to;

	return type_pointer(b, id, &to) && btf_get(b, btf_strip(b, to, true), proto) &&
	       proto->kind == BTF_KIND_FUNC_PROTO && proto->vlen;
}

/* p->pub.btf_id stays 0 when the target has no such tracepoint. */
static void find_place(struct target *t, const char *tracepoint, struct place *p)
{
	uint32_t typedef_id;
	char name[160];

	snprintf(name, sizeof(name), "btf_trace_%s", tracepoint);
	typedef_id = btf_find(t->btf, BTF_KIND_TYPEDEF, name);
	if (!typedef_id)
		return;
	snprintf(name, sizeof(name), "__traceiter_%s", tracepoint);
	p->named = proto_of_func(t->btf, btf_find(t->btf, BTF_KIND_FUNC, name), &p->proto);
	if (!p->named && !proto_of_typedef(t->btf, typedef_id, &p->proto))
		return;
	p->first = 1;
	p->pub.btf_id = typedef_id;
	p->pub.nr_args = p->proto.vlen - p->first;
	p->pub.tracepoint = tracepoint;
}

/* "tracepoint a, b": those that were looked for. */
static void list_places(const struct cat_event *ev, char *buf, size_t size)
{
	size_t len = 0;
	uint32_t i;
	int n;

	buf[0] = '\0';
	for (i = 0; i < ev->nr_places && len < size; i++) {
		n = snprintf(buf + len, size - len, "%s%s", i ? " or " : "", ev->places[i]);
		len += n > 0 ? (size_t)n : 0;
	}
}

static int place_event(struct target *t, const struct cat_event *ev, struct place *p,
                       struct abide_error *e)
{
	char names[160];
	uint32_t i;

	p->pub.event = ev;
	p->pub.syscall_nr = -1;
	for (i = 0; i < ev->nr_places && !p->pub.btf_id; i++)
		find_place(t, ev->places[i], p);
	if (!p->pub.btf_id) {
		list_places(ev, names, sizeof(names));
		error_set(e, -ENOENT, "event-unavailable", "event %s is not available on %s",
		          ev->name, t->name);
		return error_reason(e, "%s has no tracepoint %s", t->name, names);
	}
	if (ev->syscall && ev->syscall_name) {
		p->pub.syscall_nr = target_syscall(t, ev->syscall_name);
		if (p->pub.syscall_nr < 0) {
			error_set(e, -ENOENT, "event-unavailable",
			          "event %s is not available on %s", ev->name, t->name);
			if (!target_has_syscalls(t))
				return error_reason(
					e,
					"the catalog has no numbers of system calls for %s, "
					"the machine of %s",
					t->machine, t->name);
			return error_reason(e, "%s (%s) has no system call %s", t->name, t->machine,
			                    ev->syscall_name);
		}
	}
	return 0;
}

int resolve_event(struct target *t, const struct cat_event *ev, const struct placement **out,
                  struct abide_error *e)
{
	struct kept *k = target_kept(t, ev, 0);
	struct abide_error why = { 0 };
	struct place *p;
	int rc;

	*out = NULL;
	if (!k) {
		p = calloc(1, sizeof(*p));
		if (!p)
			return error_nomem(e);
		rc = place_event(t, ev, p, &why);
		if (rc) {
			free(p);
			p = NULL;
		}
		if (rc == -ENOMEM)
			return error_nomem(e);
		k = target_keep(t, ev, 0, rc, p, &why);
		if (!k)
			return error_nomem(e);
	}
	if (k->code) {
		if (e)
			*e = *k->error;
		return k->code;
	}
	*out = &((struct place *)k->result)->pub;
	return 0;
}

/* The kernel marks some arguments that may be NULL by this ending of their name. */
#define NULLABLE "__nullable"

/*
 * Others it lists by hand (raw_tp_null_args in kernel/bpf/btf.c, 6.13 and back-ported): a
 * program that does not test them is refused there. Kernels without the list take the test.
 */
static bool listed_nullable(const char *tracepoint, const char *arg)
{
	static const struct {
		const char *tracepoint, *arg;
	} list[] = {
		{ "kfree_skb", "rx_sk" },
		{ "tcp_send_reset", "sk" },
		{ "tcp_send_reset", "skb" },
		{ "tcp_sendmsg_locked", "skb" },
		{ "qdisc_dequeue", "skb" },
		{ "fib_table_lookup", "nhc" },
		{ "mm_page_alloc", "page" },
		{ "mm_page_alloc_zone_locked", "page" },
		{ "mm_page_pcpu_drain", "page" },
		{ "writeback_dirty_folio", "mapping" },
		{ "folio_wait_writeback", "mapping" },
		{ "posix_lock_inode", "fl" },
		{ "fcntl_setlk", "fl" },
		{ "sched_pi_setprio", "pi_task" },
		{ "sched_process_wait", "pid" },
	};
	size_t i;

	for (i = 0; i < sizeof(list) / sizeof(*list); i++)
		if (!strcmp(tracepoint, list[i].tracepoint) && !strcmp(arg, list[i].arg))
			return true;
	return false;
}

/*
 * In the same list stand arguments that the verifier takes for numbers, because their
 * callers pass small ones instead of pointers (SEND_SIG_PRIV is 1): "R1 invalid mem access
 * 'scalar'" on 7.3. Fetches do on every kernel.
 */
bool place_arg_is_number(const struct place *p, const char *name)
{
	return !strcmp(name, "info") && (!strcmp(p->pub.tracepoint, "signal_generate") ||
	                                 !strcmp(p->pub.tracepoint, "signal_deliver"));
}

bool place_arg(const struct btf_data *b, const struct place *p, const char *name,
               uint32_t *position, uint32_t *type, bool *nullable)
{
	size_t len = strlen(name);
	struct btf_arg a;
	uint32_t i;

	for (i = p->first; i < p->proto.vlen && btf_arg_at(b, &p->proto, i, &a); i++) {
		*nullable = !strncmp(a.name, name, len) && !strcmp(a.name + len, NULLABLE);
		if (!*nullable && strcmp(a.name, name))
			continue;
		*nullable = *nullable || listed_nullable(p->pub.tracepoint, name);
		*position = i - p->first;
		*type = a.type;
		return true;
	}
	return false;
}
