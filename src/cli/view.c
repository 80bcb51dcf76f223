/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What `list` and `show` share. In: options, the catalog, a target. Out: answers in words
 * and text that fits a terminal. A kernel without BTF is no reason not to show the catalog.
 */
#include <errno.h>
#include <getopt.h>
#include <linux/btf.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/view.h"
#include "render/render.h"

/* A space that view_wrap does not break at, so that an argument keeps its type. */
#define TIED '\1'

void view_page(struct view *v)
{
	struct winsize w;

	if (!isatty(STDOUT_FILENO))
		return;
	v->width = 80;
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) && w.ws_col >= 40)
		v->width = w.ws_col;
	v->color = !getenv("NO_COLOR");
}

int view_options(struct view *v, int argc, char **argv, const char *usage)
{
	static const struct option options[] = {
		{ "catalog", required_argument, NULL, 'C' },
		{ "kernel", required_argument, NULL, 'k' },
		{ "app", required_argument, NULL, 'A' },
		{ "pid", required_argument, NULL, 'p' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "k:p:jh", options, NULL)) != -1)
		switch (c) {
		case 'C':
			v->catalog = optarg;
			break;
		case 'k':
			v->kernel = optarg;
			break;
		case 'A':
			if (!inputs_app_file(&v->app, optarg))
				return EXIT_USAGE;
			break;
		case 'p':
			if (!inputs_app_pid(&v->app, optarg))
				return EXIT_USAGE;
			break;
		case 'j':
			v->json = true;
			break;
		default:
			return cli_usage(usage, c == 'h');
		}
	if (inputs_app_asked(&v->app) && (v->kernel || v->catalog)) {
		fprintf(stderr, "abide: an application has its own catalog: no --kernel and no --catalog\n");
		return EXIT_USAGE;
	}
	view_page(v);
	return -1;
}

bool view_operand(struct view *v, int argc, char **argv)
{
	if (v->kernel || v->catalog || inputs_app_asked(&v->app) || optind >= argc || !inputs_is_binary(argv[optind]))
		return true;
	return inputs_app_file(&v->app, argv[optind++]);
}

int view_open(struct view *v, struct abide_error *e)
{
	struct abide_error other = { 0 };
	int err;

	if (inputs_app_asked(&v->app))
		return inputs_open_app(&v->in, NULL, &v->app, e);
	err = inputs_open(&v->in, NULL, v->catalog, v->kernel, e);
	if (!err || v->kernel)
		return err;
	if (inputs_open_catalog(v->catalog, &v->in.catalog, &other))
		return err;
	cli_error(e);
	fprintf(stderr, "abide: what this kernel has is not shown\n");
	return 0;
}

void view_close(struct view *v)
{
	inputs_close(&v->in);
}

const char *view_target(const struct view *v, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s", target_name(v->in.target), v->kernel || v->in.app ? "" : " (this kernel)");
	return buf;
}

/* The first line of an error's reason, or the problem where there is none. */
static bool no(const struct abide_error *e, char *why, size_t size)
{
	const char *text = *e->reason ? e->reason : e->problem;

	snprintf(why, size, "%.*s", (int)strcspn(text, "\n"), text);
	return false;
}

bool view_has_struct(struct view *v, const struct cat_struct *s, char *why, size_t size)
{
	if (!v->in.target || resolve_struct(v->in.target, s))
		return true;
	snprintf(why, size, "%s has no struct %s", target_name(v->in.target), s->kernel[0]);
	return false;
}

bool view_has_event(struct view *v, const struct cat_event *ev, const struct placement **p,
                    char *why, size_t size)
{
	struct abide_error e = { 0 };

	*p = NULL;
	if (!v->in.target || !resolve_event(v->in.target, ev, p, &e))
		return true;
	return no(&e, why, size);
}

bool view_has_field(struct view *v, const struct cat_struct *s, const struct placement *p,
                    const struct cat_field *f, uint32_t i, const struct access **a, char *why,
                    size_t size)
{
	struct abide_error e = { 0 };
	int err = 0;

	*a = NULL;
	if (v->in.target && s)
		err = resolve_field(v->in.target, s, f, i, a, &e);
	else if (v->in.target && p)
		err = resolve_arg(v->in.target, p, f, a, &e);
	return !err || no(&e, why, size);
}

static size_t add(char *buf, size_t size, size_t n, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static size_t add(char *buf, size_t size, size_t n, const char *fmt, ...)
{
	va_list ap;
	int more;

	if (n >= size)
		return n;
	va_start(ap, fmt);
	more = vsnprintf(buf + n, size - n, fmt, ap);
	va_end(ap);
	return more > 0 ? n + (size_t)more : n;
}

/* Offsets from pointer to pointer: "@2464 @2460". */
static size_t add_offsets(const struct access_path *p, char *buf, size_t size, size_t n)
{
	uint32_t i;

	if (p->root == ROOT_CONST)
		return n;
	if (p->root == ROOT_ARG)
		n = add(buf, size, n, " (argument %u)", p->arg + 1);
	if (p->value && p->root != ROOT_STRUCT)
		return n;
	for (i = 0; i < p->nr_hops; i++)
		n = add(buf, size, n, " @%u", p->hops[i].off);
	n = add(buf, size, n, " @%u", p->off);
	if (p->bit_size == 1)
		n = add(buf, size, n, " bit %u", p->bit_off);
	else if (p->bit_size)
		n = add(buf, size, n, " bits %u-%u", p->bit_off, p->bit_off + p->bit_size - 1);
	return n;
}

/* What is done to the value, as the catalog has it: " and 0xff as req_op_user". */
static size_t add_ops(const struct cat_source *s, char *buf, size_t size, size_t n)
{
	static const char *const words[] = {
		[CAT_AND] = "and",  [CAT_SHR] = "shr",     [CAT_SHL] = "shl",
		[CAT_ADD] = "add",  [CAT_BSWAP] = "bswap", [CAT_NONZERO] = "nonzero",
		[CAT_BIT] = "bit",  [CAT_ENUMMAP] = "as",  [CAT_RULES] = "as",
		[CAT_ERRNO] = "as",
	};
	uint32_t i;

	for (i = 0; i < s->nr_ops; i++) {
		const struct cat_op *op = &s->ops[i];

		n = add(buf, size, n, " %s", words[op->kind]);
		if (op->name)
			n = add(buf, size, n, " %s", op->name);
		else if (op->kind == CAT_AND)
			n = add(buf, size, n, " 0x%llx", (unsigned long long)op->imm);
		else if (op->kind != CAT_BSWAP && op->kind != CAT_NONZERO)
			n = add(buf, size, n, " %lld", (long long)op->imm);
	}
	return n;
}

static bool path_is_fetched(const struct access_path *p)
{
	bool fetch = p->fetch;
	uint32_t i;

	for (i = 0; i < p->nr_hops; i++)
		fetch |= p->hops[i].fetch;
	return fetch;
}

bool view_is_fetched(const struct access *a)
{
	return path_is_fetched(&a->path) ||
	       (a->combine != CAT_ALONE && path_is_fetched(&a->second));
}

void view_where(const struct access *a, char *buf, size_t size)
{
	size_t n = add(buf, size, 0, "%s", a->text);

	n = add_offsets(&a->path, buf, size, n);
	if (a->combine != CAT_ALONE) {
		n = add(buf, size, n, ",");
		n = add_offsets(&a->second, buf, size, n);
	}
	n = add_ops(a->source, buf, size, n);
	if (view_is_fetched(a))
		add(buf, size, n, " (fetched)");
}

bool view_enumerator(struct view *v, const struct cat_enum *en, const char *name, int64_t *value)
{
	struct btf_data *b = v->in.target ? target_btf(v->in.target) : NULL;
	struct btf_info t;
	struct btf_value found;
	uint32_t i, k, id;

	for (i = 0; b && i < en->nr_kernel; i++) {
		id = btf_find(b, BTF_KIND_ENUM, en->kernel[i]);
		if (!id)
			id = btf_find(b, BTF_KIND_ENUM64, en->kernel[i]);
		if (!id || !btf_get(b, id, &t))
			continue;
		for (k = 0; btf_value_at(b, &t, k, &found); k++)
			if (!strcmp(found.name, name)) {
				*value = found.value;
				return true;
			}
	}
	return false;
}

const char *field_text(const struct cat_field *f, char *buf, size_t size)
{
	const char *type = !strncmp(f->type, "__", 2) ? f->type + 2 : f->type;
	bool pointer = type[strlen(type) - 1] == '*';
	size_t n = add(buf, size, 0, "%s%s%s", type, pointer ? "" : " ", f->name);

	if (f->kind == CAT_CHARS || f->kind == CAT_BYTES)
		add(buf, size, n, "[%u]", f->size);
	else if (f->count > 1)
		add(buf, size, n, "[%u]", f->count);
	return buf;
}

const char *args_text(const struct cat_event *ev, char *buf, size_t size)
{
	size_t n = add(buf, size, 0, "(");
	char field[160], *p;
	uint32_t i;

	for (i = 0; i < ev->nr_args; i++) {
		field_text(&ev->args[i], field, sizeof(field));
		for (p = field; (p = strchr(p, ' '));)
			*p = TIED;
		n = add(buf, size, n, "%s%s", i ? ", " : "", field);
	}
	add(buf, size, n, ")");
	return buf;
}

void view_to_column(uint32_t at, uint32_t to)
{
	if (at >= to) {
		putchar('\n');
		at = 0;
	}
	printf("%*s", (int)(to - at), "");
}

void view_wrap(const struct view *v, uint32_t at, uint32_t indent, const char *text)
{
	bool first = true;
	const char *end;
	uint32_t n, i;

	for (; *text; text = end + (*end == ' ')) {
		end = strchrnul(text, ' ');
		n = (uint32_t)(end - text);
		if (!first && v->width && at + 1 + n > v->width) {
			printf("\n%*s", (int)indent, "");
			at = indent;
		} else if (!first) {
			putchar(' ');
			at++;
		}
		for (i = 0; i < n; i++)
			putchar(text[i] == TIED                ? ' '
			        : (unsigned char)text[i] < ' ' ? '?'
			                                       : text[i]);
		at += n;
		first = false;
	}
	putchar('\n');
}

void view_json_string(const char *text)
{
	struct buf out = { 0 };

	render_json_string((const uint8_t *)text, strlen(text), &out);
	if (out.failed)
		fputs("null", stdout); /* no memory; the line stays valid */
	else
		fwrite(out.data, 1, out.size, stdout);
	buf_free(&out);
}

void json_member(const char *key, const char *text)
{
	printf(",\"%s\":", key);
	view_json_string(text);
}
