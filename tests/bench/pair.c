/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Pairs: a stable program, translated to this kernel, against the same program written
 * by hand with libbpf and CO-RE. Both are attached at the same time to the same events of a
 * workload, in turns first and second (who comes second finds the caches warm). A ratio is
 * that of two measurements, one of each order; the table shows medians. Short ones, so that most are not
 * disturbed, and after a few both are loaded anew, for where the kernel puts code matters
 * as much as what it is. What both computed must be equal.
 * Time is the kernel's: run_time_ns of all programs of a side over its run_cnt, which
 * counts the events of others too; both leave those by the same test.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "kernel/engine.h"
#include "translate/translate.h"

enum { MAX_PROGRAMS = 4, TURNS = 6 };

struct side { /* one of the two, loaded */
	int fds[MAX_PROGRAMS], links[MAX_PROGRAMS];
	uint32_t nr;
	uint32_t insns;
	int seen;                 /* descriptor of the map */
	struct ring_buffer *ring; /* of the map rows, or NULL */
	struct object *object;    /* stable */
	struct translated *translated;
	struct session *session;
	struct bpf_object *core; /* by hand */
};

static const struct pair {
	const char *name;
	const char *loads;
	enum work_kind work;
	const char *exempt; /* why its instructions may be more: what the one by hand does not do */
} pairs[] = {
	{ "offcpu", "plain", WORK_PIPE, NULL },
	{ "syscount", "plain", WORK_CALLS, NULL },
	{ "fields", "plain, hops", WORK_PIPE, NULL },
	{ "life", "plain, hops", WORK_SPAWN, NULL },
	{ "packets", "plain, hops", WORK_PACKETS, NULL },
	{ "runqlat", "normalised", WORK_PIPE,
	  "one stable state is made of the kernel's bits; not so by hand" },
};

enum { NR_PAIRS = sizeof(pairs) / sizeof(pairs[0]) };

struct shared { /* what all translations of a run need */
	struct catalog *catalog;
	struct btf_data *btf;
	struct target *target;
};

static int refused(const char *what, const struct abide_error *e)
{
	fprintf(stderr, "bench: %s: %s\n%s\n", what, e->problem, e->reason);
	return -1;
}

/* Rows are taken out between rounds, and nothing is done with them. */
static int drop_row(void *ctx, void *data, size_t size)
{
	(void)ctx;
	(void)data;
	(void)size;
	return 0;
}

static int open_stable(const struct shared *sh, const char *path, const struct work *w,
                       struct side *s)
{
	uint32_t first = (uint32_t)work_first(w), second = (uint32_t)work_second(w), i;
	const struct session_variable vars[] = { { "first", &first, sizeof(first) },
		                                 { "second", &second, sizeof(second) } };
	const struct session_options opts = { .variables = vars, .nr_variables = 2 };
	struct abide_error e = { 0 };

	if (object_open_file(path, &s->object, &e) ||
	    translate_object(s->object, sh->catalog, sh->target, NULL, &s->translated, &e) ||
	    session_open(s->translated, &opts, &s->session, &e))
		return refused(path, &e);
	s->insns = session_insns(s->session);
	s->nr = session_programs(s->session);
	for (i = 0; i < s->nr && i < MAX_PROGRAMS; i++)
		s->fds[i] = session_program_fd(s->session, i);
	for (i = 0; i < s->object->nr_maps; i++) {
		if (!strcmp(s->object->maps[i].name, "seen"))
			s->seen = session_map(s->session, i);
		else if (!strcmp(s->object->maps[i].name, "rows"))
			s->ring =
				ring_buffer__new(session_map(s->session, i), drop_row, NULL, NULL);
	}
	return s->nr <= MAX_PROGRAMS ? 0 : failed("load so many programs", -E2BIG);
}

static int open_by_hand(const char *path, const struct work *w, struct side *s)
{
	struct bpf_program *prog;
	int rows;

	s->core = hand_open(path, (uint32_t)work_first(w), (uint32_t)work_second(w));
	if (!s->core)
		return -1;
	bpf_object__for_each_program(prog, s->core)
	{
		if (s->nr == MAX_PROGRAMS)
			return failed("load so many programs", -E2BIG);
		s->insns += (uint32_t)bpf_program__insn_cnt(prog);
		s->fds[s->nr++] = bpf_program__fd(prog);
	}
	s->seen = bpf_object__find_map_fd_by_name(s->core, "seen");
	rows = bpf_object__find_map_fd_by_name(s->core, "rows");
	if (rows >= 0)
		s->ring = ring_buffer__new(rows, drop_row, NULL, NULL);
	return 0;
}

static void detach(struct side *s)
{
	uint32_t i;

	for (i = 0; i < s->nr && i < MAX_PROGRAMS; i++) {
		if (s->links[i] > 0)
			close(s->links[i]);
		s->links[i] = 0;
	}
}

static int attach(struct side *s)
{
	uint32_t i;

	for (i = 0; i < s->nr; i++) {
		s->links[i] = bpf_raw_tracepoint_open(NULL, s->fds[i]);
		if (s->links[i] < 0)
			return failed("attach", s->links[i]);
	}
	return 0;
}

static void side_free(struct side *s)
{
	detach(s);
	ring_buffer__free(s->ring);
	session_free(s->session);
	translated_free(s->translated);
	object_free(s->object);
	bpf_object__close(s->core);
}

struct spent {
	double ns, events;
};

static int spent(const struct side *s, struct spent *out)
{
	struct bpf_prog_info info;
	uint32_t i, len;
	int err;

	*out = (struct spent){ 0, 0 };
	for (i = 0; i < s->nr; i++) {
		memset(&info, 0, sizeof(info));
		len = sizeof(info);
		err = bpf_obj_get_info_by_fd(s->fds[i], &info, &len);
		if (err)
			return failed("read run time statistics", err);
		out->ns += (double)info.run_time_ns;
		out->events += (double)info.run_cnt;
	}
	return 0;
}

struct seen {
	uint64_t events, sum;
};

static struct seen seen(const struct side *s)
{
	int cpus = libbpf_num_possible_cpus(), i;
	struct seen *v = cpus > 0 ? calloc((size_t)cpus, sizeof(*v)) : NULL, all = { 0 };
	uint32_t key = 0;

	if (v && !bpf_map_lookup_elem(s->seen, &key, v))
		for (i = 0; i < cpus; i++) {
			all.events += v[i].events;
			all.sum += v[i].sum;
		}
	free(v);
	return all;
}

/* One round, @a attached first. *ta, *tb: what each spent. */
static int measure(struct side *a, struct side *b, struct work *w, struct spent *ta,
                   struct spent *tb)
{
	struct spent a0, b0;
	int err;

	err = attach(a) || attach(b) || spent(a, &a0) || spent(b, &b0) || work_round(w) ||
	      spent(a, ta) || spent(b, tb);
	detach(a);
	detach(b);
	if (a->ring && b->ring &&
	    (ring_buffer__consume(a->ring) < 0 || ring_buffer__consume(b->ring) < 0))
		err = failed("read rows", -errno);
	ta->ns -= a0.ns;
	ta->events -= a0.events;
	tb->ns -= b0.ns;
	tb->events -= b0.events;
	return err ? -1 : 0;
}

struct figures {
	double stable[MAX_ROUNDS * TURNS], by_hand[MAX_ROUNDS * TURNS];
	unsigned n;
	double ratio[MAX_ROUNDS]; /* of each round the median of its turns */
	uint32_t insns, insns_by_hand;
};

struct result {
	double insns, time; /* ratios */
	double noise;       /* of .time: +- */
};

static int turns(struct side *stable, struct side *hand, struct work *w, unsigned round,
                 struct figures *f)
{
	struct spent s[2], h[2];
	double ratio[TURNS];
	unsigned i;

	for (i = 0; i < TURNS + 1; i++) {
		unsigned at = f->n;

		if (measure(stable, hand, w, &s[0], &h[0]) ||
		    measure(hand, stable, w, &h[1], &s[1]))
			return -1;
		if (!i) /* it warms up */
			continue;
		f->stable[at] = (s[0].ns + s[1].ns) / (s[0].events + s[1].events);
		f->by_hand[at] = (h[0].ns + h[1].ns) / (h[0].events + h[1].events);
		ratio[i - 1] = f->stable[at] / f->by_hand[at];
		f->n++;
	}
	f->ratio[round] = median(ratio, TURNS);
	return 0;
}

static int same(const struct pair *p, const struct side *stable, const struct side *hand)
{
	struct seen a = seen(stable), b = seen(hand);

	if (a.events && a.events == b.events && a.sum == b.sum)
		return 0;
	fprintf(stderr, "bench: %s: not the same: %llu events, sum %llu; by hand %llu, %llu\n",
	        p->name, (unsigned long long)a.events, (unsigned long long)a.sum,
	        (unsigned long long)b.events, (unsigned long long)b.sum);
	return -1;
}

/* Load both, measure, and unload: where the kernel puts the code is another place each time. */
static int one_round(const struct pair *p, const struct shared *sh, const char *dir, struct work *w,
                     unsigned round, struct figures *f)
{
	struct side stable = { .seen = -1 }, hand = { .seen = -1 };
	char path[512], path_hand[512];
	int err = -1;

	snprintf(path, sizeof(path), "%s/%s.user.bpf.o", dir, p->name);
	snprintf(path_hand, sizeof(path_hand), "%s/%s.core.bpf.o", dir, p->name);
	if (round % 2 && open_by_hand(path_hand, w, &hand))
		goto out;
	if (open_stable(sh, path, w, &stable) ||
	    (round % 2 == 0 && open_by_hand(path_hand, w, &hand)))
		goto out;
	f->insns = stable.insns;
	f->insns_by_hand = hand.insns;
	err = turns(&stable, &hand, w, round, f) || same(p, &stable, &hand) ? -1 : 0;
out:
	side_free(&stable);
	side_free(&hand);
	return err;
}

static int one_pair(const struct pair *p, const struct shared *sh, const char *dir, unsigned rounds,
                    struct result *r)
{
	struct figures *f = calloc(1, sizeof(*f));
	struct work *w = NULL;
	unsigned i;
	int err = f ? work_start(p->work, &w) : -ENOMEM;

	if (err)
		failed("start a workload", err);
	for (i = 0; i < rounds && !err; i++)
		err = one_round(p, sh, dir, w, i, f);
	if (!err) {
		r->insns = (double)f->insns / f->insns_by_hand;
		r->time = median(f->ratio, rounds);
		r->noise = noise(f->ratio, rounds);
		printf("  %-9s %-12s %6u %8u %6.2f %9.1f %8.1f %6.2f +-%.2f\n", p->name, p->loads,
		       f->insns, f->insns_by_hand, r->insns, median(f->stable, f->n),
		       median(f->by_hand, f->n), r->time, r->noise);
	}
	work_stop(w);
	free(f);
	return err ? -1 : 0;
}

int bench_pairs(const char *dir, unsigned rounds, struct promises *promises)
{
	struct shared sh = { 0 };
	struct abide_error e = { 0 };
	struct result r[NR_PAIRS];
	char what[96], why[96];
	unsigned i;
	int stats, err = -1;

	stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
	if (stats < 0)
		return failed("enable run time statistics", stats);
	if (catalog_open_builtin(&sh.catalog, &e) ||
	    btf_open_file("/sys/kernel/btf/vmlinux", &sh.btf, &e) ||
	    target_open(sh.btf, "this kernel", sh.catalog, &sh.target, &e)) {
		refused("this kernel", &e);
		goto out;
	}
	printf("Stable programs, translated, against the same ones by hand (libbpf, CO-RE)\n\n"
	       "                               instructions          ns an event\n"
	       "  program   loads        stable  by hand  ratio    stable  by hand  ratio\n");
	for (i = 0; i < NR_PAIRS; i++)
		if (one_pair(&pairs[i], &sh, dir, rounds, &r[i]))
			goto out;
	printf("\n");
	for (i = 0; i < NR_PAIRS; i++) {
		snprintf(what, sizeof(what), "%s, instructions", pairs[i].name);
		if (pairs[i].exempt)
			printf("  -       %s: %.3f times; no limit:\n          %s\n", what,
			       r[i].insns, pairs[i].exempt);
		else
			promise(promises, what, r[i].insns, 1.00, " times", NULL);
		snprintf(what, sizeof(what), "%s, time", pairs[i].name);
		snprintf(why, sizeof(why), "this run cannot tell: its noise is +-%.3f", r[i].noise);
		promise(promises, what, r[i].time, 1.02, " times",
		        r[i].time - r[i].noise < 1.02 ? why : pairs[i].exempt);
	}
	err = 0;
out:
	target_free(sh.target);
	btf_free(sh.btf);
	catalog_free(sh.catalog);
	close(stats);
	return err;
}
