/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Loading one translated program. In: its codes with relocations by index. Out: a
 * descriptor. The codes are laid one behind the other, callbacks after the program:
 *
 *	code[0] | code[1] | ...        func_info: where each begins, and its FUNC in the BTF
 *
 * and relocations are written into that copy. The verifier's log costs much, so it is
 * asked for only by a second load, after the first was refused.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/session.h"

#define LOG_FIRST (256u << 10) /* bytes */
#define LOG_MOST  (16u << 20)

struct image {
	struct bpf_insn *insns;
	uint32_t nr_insns;
	uint32_t *starts; /* of each code */
	struct bpf_func_info *funcs;
	uint32_t nr_funcs;
	struct bpf_line_info *lines;
	uint32_t nr_lines;
};

static void image_free(struct image *im)
{
	free(im->insns);
	free(im->starts);
	free(im->funcs);
	free(im->lines);
}

static int lay_out(struct image *im, const struct translated_program *p, struct abide_error *e)
{
	size_t insns = 0, lines = 0;
	uint32_t i;

	for (i = 0; i < p->nr_codes; i++) {
		insns += p->codes[i].nr_insns;
		lines += p->codes[i].nr_lines + 1;
	}
	if (insns > INT32_MAX / sizeof(*im->insns))
		return error_set(e, -E2BIG, "program-size", "program %s is too long",
		                 p->source->name);
	im->insns = calloc(insns + 1, sizeof(*im->insns));
	im->starts = calloc(p->nr_codes + 1, sizeof(*im->starts));
	im->funcs = calloc(p->nr_codes + 1, sizeof(*im->funcs));
	im->lines = calloc(lines + 1, sizeof(*im->lines));
	if (!im->insns || !im->starts || !im->funcs || !im->lines)
		return error_nomem(e);
	for (i = 0; i < p->nr_codes; i++) {
		im->starts[i] = im->nr_insns;
		memcpy(im->insns + im->nr_insns, p->codes[i].insns,
		       p->codes[i].nr_insns * sizeof(*im->insns));
		im->nr_insns += p->codes[i].nr_insns;
	}
	return 0;
}

static int filter_map(const struct session *s)
{
	uint32_t i;

	for (i = 0; s->follow && i < s->follow->nr_maps; i++)
		if (!strcmp(s->follow->object->maps[i].name, FILTER_MAP))
			return s->follow->maps[i];
	return -1;
}

static int relocate(const struct session *s, struct image *im, const struct translated_program *p,
                    uint32_t code, const struct reloc *r, struct abide_error *e)
{
	uint32_t at = im->starts[code] + r->insn;
	struct bpf_insn *insn = &im->insns[at];
	int fd = -1;

	if (r->insn + 1 >= p->codes[code].nr_insns || insn->code != (BPF_LD | BPF_IMM | BPF_DW))
		goto bad;
	switch (r->kind) {
	case RELOC_FILTER:
		fd = filter_map(s);
		insn->src_reg = BPF_PSEUDO_MAP_FD;
		break;
	case RELOC_MAP:
		fd = session_map(s, r->target);
		insn->src_reg = BPF_PSEUDO_MAP_FD;
		break;
	case RELOC_DATA:
		fd = session_map(s, r->target);
		insn->src_reg = BPF_PSEUDO_MAP_VALUE;
		if (r->addend < 0 || r->addend > INT32_MAX)
			goto bad;
		break;
	case RELOC_FUNC:
		if (r->target >= p->nr_codes)
			goto bad;
		insn->src_reg = BPF_PSEUDO_FUNC;
		insn[0].imm = (int32_t)im->starts[r->target] - (int32_t)at - 1;
		insn[1].imm = 0;
		return 0;
	case RELOC_CALL:
	case RELOC_EXTERN:
		goto bad;
	}
	if (fd < 0)
		goto bad;
	insn[0].imm = fd;
	insn[1].imm = r->kind == RELOC_DATA ? r->addend : 0;
	return 0;
bad:
	return error_set(e, -EINVAL, "relocation",
	                 "program %s: the relocation at instruction %u cannot be applied",
	                 p->source->name, r->insn);
}

/* The kernel wants a line for the first instruction of each function, and lines in order. */
static void add_lines(struct image *im, const struct code *c, uint32_t start)
{
	uint32_t i, first = c->nr_lines && c->lines[0].insn ? 1 : 0;

	for (i = 0; i < c->nr_lines + first; i++) {
		const struct line *l = &c->lines[i < first ? 0 : i - first];
		uint32_t at = start + (i < first ? 0 : l->insn);

		if (l->insn >= c->nr_insns ||
		    (im->nr_lines && im->lines[im->nr_lines - 1].insn_off >= at))
			continue;
		im->lines[im->nr_lines++] = (struct bpf_line_info){ .insn_off = at,
			                                            .file_name_off = l->file_off,
			                                            .line_off = l->line_off,
			                                            .line_col = l->line_col };
	}
}

/* All functions have their records, or the program goes without. */
static void add_records(struct image *im, const struct translated_program *p)
{
	uint32_t i;

	for (i = 0; i < p->nr_codes; i++) {
		const struct code *c = &p->codes[i];
		const struct function *f = c->function ? c->function : p->source;

		if (!f->btf_id) {
			im->nr_funcs = 0;
			break;
		}
		im->funcs[im->nr_funcs++] =
			(struct bpf_func_info){ .insn_off = im->starts[i], .type_id = f->btf_id };
	}
	for (i = 0; im->nr_funcs && i < p->nr_codes; i++) {
		if (!p->codes[i].nr_lines) {
			im->nr_lines = 0;
			break;
		}
		add_lines(im, &p->codes[i], im->starts[i]);
	}
}

static int load(const struct session *s, const struct translated_program *p, const struct image *im,
                char *log, uint32_t log_size)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = p->attach_type,
	            .attach_btf_id = p->attach_btf_id, .kern_version = s->object->version,
	            .log_buf = log, .log_size = log_size, .log_level = log ? 1 : 0);

	if (s->btf >= 0 && im->nr_funcs) {
		opts.prog_btf_fd = s->btf;
		opts.func_info = im->funcs;
		opts.func_info_cnt = im->nr_funcs;
		opts.func_info_rec_size = sizeof(*im->funcs);
		opts.line_info = im->nr_lines ? im->lines : NULL;
		opts.line_info_cnt = im->nr_lines;
		opts.line_info_rec_size = im->nr_lines ? sizeof(*im->lines) : 0;
	}
	return bpf_prog_load(p->prog_type, p->source->name, s->object->license, im->insns,
	                     im->nr_insns, &opts);
}

/*
 * Load again for the log. Kernels before 6.4 keep its beginning and say ENOSPC when it does
 * not fit; later ones keep its end. 0: it came through this time.
 */
static int load_with_log(const struct session *s, const struct translated_program *p,
                         const struct image *im, int *fd, char **log)
{
	uint32_t size;

	*log = NULL;
	for (size = LOG_FIRST; size <= LOG_MOST; size *= 4) {
		free(*log);
		*log = calloc(1, size);
		if (!*log)
			return -ENOMEM;
		*fd = load(s, p, im, *log, size - (size == LOG_MOST));
		if (*fd != -ENOSPC)
			return *fd < 0 ? *fd : 0;
	}
	return -ENOSPC;
}

static int load_image(struct session *s, const struct translated_program *p, const struct image *im,
                      int *fd, struct abide_error *e)
{
	char *log = NULL;
	int err, first;

	*fd = load(s, p, im, NULL, 0);
	if (*fd >= 0 && !s->keep_log)
		return 0;
	first = *fd;
	err = load_with_log(s, p, im, fd, &log);
	if (first >= 0) { /* it is fine; the log is only for reading */
		if (!err)
			close(first);
		else
			*fd = first;
		if (log)
			buf_printf(&s->log, "%s: %s\n", p->source->name, log);
		err = 0;
	} else if (first == -EPERM && (!log || !*log)) {
		err = refusal_system(first, "load a program", e);
	} else if (err) {
		err = refusal_verifier(first, p->source->name, log ? log : "", e);
	}
	free(log);
	return err;
}

int session_load_program(struct session *s, const struct translated_program *p, int *fd,
                         struct abide_error *e)
{
	struct image im = { 0 };
	uint32_t i, k;
	int err;

	err = lay_out(&im, p, e);
	for (i = 0; !err && i < p->nr_codes; i++)
		for (k = 0; !err && k < p->codes[i].nr_relocs; k++)
			err = relocate(s, &im, p, i, &p->codes[i].relocs[k], e);
	if (err)
		goto out;
	add_records(&im, p);
	err = load_image(s, p, &im, fd, e);
	if (!err)
		s->insns += im.nr_insns;
out:
	image_free(&im);
	return err;
}
