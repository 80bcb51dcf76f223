/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Messages as bytes: what is written is what is read; cut at each byte, and with each 4 bytes made
 * another number, it is refused or still a message whose every reference is inside.
 * Links: any pieces, descriptors that are not announced, silence, no SIGPIPE.
 */
#include "control_kit.h"

static struct bpf_insn insns[12];
static struct message_line lines[] = { { 0, 10, "a.bpf.c", "first" }, { 6, 11, "a.bpf.c", "second" } };
static struct process_map_def maps[] = {
	{ .name = "counts", .type = BPF_MAP_TYPE_HASH, .key_size = 4, .value_size = 8, .max_entries = 77, .flags = 1 },
	{ .name = "jumps", .type = BPF_MAP_TYPE_PROG_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 3 },
	{ .name = "printed", .type = BPF_MAP_TYPE_RINGBUF, .max_entries = 4096 },
};
static struct message_program programs[] = {
	{ "one", "app:step", true, insns, 12, lines, 2 },
	{ "two", "app:end", false, insns, 6, NULL, 0 },
};
static struct message_slot slots[] = { { 1, 2, 1 } };
static const struct message_attach attach = { maps, 3, programs, 2, slots, 1, 2, "/run/user/7/abide/run-12.sock" };

static bool same_program(const struct message_program *a, const struct message_program *b)
{
	uint32_t i;

	if (strcmp(a->name, b->name) || strcmp(a->event, b->event) || a->attach != b->attach ||
	    a->nr_insns != b->nr_insns || a->nr_lines != b->nr_lines ||
	    memcmp(a->insns, b->insns, a->nr_insns * sizeof(*a->insns)))
		return false;
	for (i = 0; i < a->nr_lines; i++)
		if (a->lines[i].insn != b->lines[i].insn || a->lines[i].line != b->lines[i].line ||
		    strcmp(a->lines[i].file, b->lines[i].file) || strcmp(a->lines[i].text, b->lines[i].text))
			return false;
	return true;
}

static bool same_attach(const struct message_attach *a, const struct message_attach *b)
{
	uint32_t i;

	if (a->nr_maps != b->nr_maps || a->nr_programs != b->nr_programs || a->nr_slots != b->nr_slots ||
	    a->trace != b->trace || strcmp(a->children, b->children) ||
	    memcmp(a->slots, b->slots, a->nr_slots * sizeof(*a->slots)) ||
	    memcmp(a->maps, b->maps, a->nr_maps * sizeof(*a->maps)))
		return false;
	for (i = 0; i < a->nr_programs; i++)
		if (!same_program(&a->programs[i], &b->programs[i]))
			return false;
	return true;
}

/* The body of the one message in @b; its header must say @kind. */
static const uint8_t *body_of(const struct buf *b, enum message_kind kind, uint32_t *size)
{
	struct message_header h;
	struct abide_error e;

	*size = 0;
	if (message_get_header(b->data, &h, &e) || h.kind != (uint16_t)kind || h.version != MESSAGE_VERSION ||
	    h.size + MESSAGE_HEADER != b->size)
		return NULL;
	*size = h.size;
	return b->data + MESSAGE_HEADER;
}

static void attach_goes_round(void)
{
	struct abide_error e = { 0 };
	struct message_attach got;
	struct buf b = { 0 };
	const uint8_t *body;
	uint32_t size;

	memset(insns, 0x5a, sizeof(insns));
	ok(!message_put_attach(&b, &attach), "ATTACH is written");
	body = body_of(&b, MESSAGE_ATTACH, &size);
	ok(body && !message_get_attach(body, size, &got, &e) && same_attach(&attach, &got), "and read as it was");
	message_attach_free(&got);
	buf_free(&b);
}

static void small_ones_go_round(void)
{
	struct message_event events[] = { { "app:step", 3 }, { "app:end", 0 } };
	struct message_hello hello = { 4242, 7, true, true, false, events, 2 }, h;
	struct message_made made[] = { { 1, 2, 3, 4, 5, 6 }, { 7, 8, 9, 10, 1ull << 40, 12 } }, *m;
	struct message_counts counts[] = { { 1ull << 50, 2, 3, 4 } }, *c;
	struct message_unlike unlike[] = { { 3, 1ull << 46 }, { 255, 8 }, { 256, 8 } }, *u;
	struct message_replace replace = { 5, programs[0] }, r;
	struct abide_error e = { 0 }, what = { .code = -EACCES }, got;
	struct buf b = { 0 };
	const uint8_t *body;
	uint32_t size, nr;

	message_put_hello(&b, &hello);
	body = body_of(&b, MESSAGE_HELLO, &size);
	ok(body && !message_get_hello(body, size, &h, &e) && h.pid == 4242 && h.sessions == 7 &&
	           h.waits && h.inherited && !h.native && h.nr_events == 2 && h.events[0].programs == 3 &&
	           !strcmp(h.events[1].name, "app:end"),
	   "HELLO goes round");
	message_hello_free(&h);
	b.size = 0;
	message_put_result(&b, made, 2);
	body = body_of(&b, MESSAGE_RESULT, &size);
	ok(body && !message_get_result(body, size, &m, &nr, &e) && nr == 2 &&
	           !memcmp(m, made, sizeof(made)),
	   "RESULT goes round");
	free(m);
	b.size = 0;
	message_put_counts(&b, counts, 1);
	body = body_of(&b, MESSAGE_COUNTS, &size);
	ok(body && !message_get_counts(body, size, &c, &nr, &e) && nr == 1 &&
	           !memcmp(c, counts, sizeof(counts)),
	   "COUNTS goes round");
	free(c);
	b.size = 0;
	message_put_unlike(&b, unlike, 2);
	body = body_of(&b, MESSAGE_UNLIKE, &size);
	ok(body && !message_get_unlike(body, size, &u, &nr, &e) && nr == 2 && u[0].program == 3 && u[0].address == 1ull << 46 &&
	           u[1].program == 255,
	   "UNLIKE goes round");
	free(u);
	b.size = 0;
	message_put_unlike(&b, unlike, 3);
	body = body_of(&b, MESSAGE_UNLIKE, &size);
	ok(body && message_get_unlike(body, size, &u, &nr, &e) == -EINVAL && !u && !nr, "but not of programs that nobody may have");
	b.size = 0;
	message_put_replace(&b, &replace);
	body = body_of(&b, MESSAGE_REPLACE, &size);
	ok(body && !message_get_replace(body, size, &r, &e) && r.index == 5 &&
	           same_program(&r.program, &programs[0]),
	   "REPLACE goes round");
	message_replace_free(&r);
	b.size = 0;
	strcpy(what.tag, "null-deref");
	strcpy(what.problem, "r0 may be null\033[2J");
	strcpy(what.reason, "a.bpf.c:3:\n\tx");
	strcpy(what.hint, "test it");
	message_put_refusal(&b, &what);
	body = body_of(&b, MESSAGE_REFUSAL, &size);
	ok(body && !message_get_refusal(body, size, &got, &e) && got.code == -EACCES &&
	           !strcmp(got.tag, "null-deref") && !strcmp(got.reason, what.reason) && !strcmp(got.hint, what.hint),
	   "a refusal goes round with its three parts");
	ok(!strcmp(got.problem, "r0 may be null?[2J"), "but nothing that a terminal obeys");
	buf_free(&b);
}

/* Looks at everything that is said, so that a sanitizer sees what lies outside. */
static uint64_t visit(const struct message_attach *m)
{
	uint64_t sum = strlen(m->children) + m->trace;
	uint32_t i, k;

	for (i = 0; i < m->nr_maps; i++)
		sum += strnlen(m->maps[i].name, sizeof(m->maps[i].name)) < sizeof(m->maps[i].name);
	for (i = 0; i < m->nr_programs; i++) {
		sum += strlen(m->programs[i].name) + strlen(m->programs[i].event);
		for (k = 0; k < m->programs[i].nr_insns; k++)
			sum += m->programs[i].insns[k].code;
		for (k = 0; k < m->programs[i].nr_lines; k++)
			sum += strlen(m->programs[i].lines[k].file) + strlen(m->programs[i].lines[k].text);
	}
	for (i = 0; i < m->nr_slots; i++)
		if (m->slots[i].map >= m->nr_maps || m->slots[i].program >= m->nr_programs)
			abort();
	return sum;
}

static void damage(void)
{
	static const uint32_t numbers[] = { 0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffff0 };
	struct abide_error e;
	struct message_attach got;
	struct buf b = { 0 };
	const uint8_t *body;
	uint8_t *copy;
	uint32_t size, i, k, accepted = 0, cut = 0, tagged = 0, refused = 0;

	message_put_attach(&b, &attach);
	body = body_of(&b, MESSAGE_ATTACH, &size);
	for (i = 0; i < size; i++) {
		copy = malloc(i ? i : 1); /* exactly so large: a sanitizer sees what is read behind it */
		memcpy(copy, body, i);
		cut += message_get_attach(copy, i, &got, &e) == -EINVAL && !strcmp(e.tag, "message-form");
		free(copy);
	}
	ok(cut == size, "cut anywhere (%u places), it is refused", size);
	for (i = 0; i + 4 <= size; i += 4)
		for (k = 0; k < sizeof(numbers) / sizeof(numbers[0]); k++) {
			copy = malloc(size);
			memcpy(copy, body, size);
			memcpy(copy + i, &numbers[k], 4);
			if (!message_get_attach(copy, size, &got, &e)) {
				accepted++;
				visit(&got);
				message_attach_free(&got);
			} else {
				refused++;
				tagged += !strcmp(e.tag, "message-form");
			}
			free(copy);
		}
	ok(refused == tagged && refused > 100 && accepted > 100,
	   "other numbers in it: %u times refused, %u times another message", refused, accepted);
	copy = malloc(size + 8);
	memcpy(copy, body, size);
	memset(copy + size, 0, 8);
	ok(message_get_attach(copy, size + 8, &got, &e) == -EINVAL, "bytes behind its end are refused");
	free(copy);
	buf_free(&b);
}

/* What no honest side writes. */
static void refused(const char *what, const struct message_attach *m)
{
	struct abide_error e = { 0 };
	struct message_attach got;
	struct buf b = { 0 };

	message_put_attach(&b, m);
	ok(message_get_attach(b.data + MESSAGE_HEADER, (uint32_t)(b.size - MESSAGE_HEADER), &got, &e) == -EINVAL &&
	           !strcmp(e.tag, "message-form"),
	   "%s is refused", what);
	buf_free(&b);
}

static void limits(void)
{
	struct message_program p[MESSAGE_PROGRAMS + 1];
	struct message_line back[] = { { 6, 1, "f", "t" }, { 0, 1, "f", "t" } }, far = { 12, 1, "f", "t" };
	struct process_map_def many[MESSAGE_MAPS + 1];
	struct message_slot to_map = { 0, 0, 0 }, to_entry = { 1, 3, 0 }, to_program = { 1, 0, 2 };
	struct message_attach m = attach;
	struct bpf_insn *large = calloc(PROCESS_MAX_INSNS / 2 + 1, sizeof(*large));
	unsigned i;

	for (i = 0; i <= MESSAGE_PROGRAMS; i++)
		p[i] = programs[0];
	m.programs = p;
	m.nr_programs = MESSAGE_PROGRAMS + 1;
	refused("one program more than there may be", &m);
	m.nr_programs = 0;
	m.nr_slots = 0;
	refused("no program at all", &m);
	m = attach;
	for (i = 0; i <= MESSAGE_MAPS; i++)
		many[i] = maps[1];
	m.maps = many;
	m.nr_maps = MESSAGE_MAPS + 1;
	refused("one map more than there may be", &m);
	m = attach;
	m.programs = p;
	p[0].insns = p[1].insns = large;
	p[0].nr_insns = p[1].nr_insns = PROCESS_MAX_INSNS / 2 + 1;
	refused("more instructions than a million, together", &m);
	p[0] = programs[0];
	p[1] = programs[1];
	p[0].name = "";
	refused("a program without a name", &m);
	p[0].name = "a\nb";
	refused("a name with a line's end", &m);
	p[0] = programs[0];
	p[0].lines = back;
	refused("lines out of order", &m);
	p[0].lines = &far;
	p[0].nr_lines = 1;
	refused("a line behind the program's end", &m);
	m = attach;
	m.slots = &to_map;
	refused("a slot of a map that is no program array", &m);
	m.slots = &to_entry;
	refused("a slot behind the array's end", &m);
	m.slots = &to_program;
	refused("a slot of a program that is not there", &m);
	m = attach;
	m.trace = 3;
	refused("printed text in a map that is not there", &m);
	free(large);
}

static void headers(void)
{
	struct { uint32_t magic; uint16_t version, kind; uint32_t size, fds; } h = { MESSAGE_MAGIC, 9, 1, 5, 1 };
	struct message_header got;
	struct abide_error e;

	ok(!message_get_header(&h, &got, &e) && got.version == 9 && got.size == 5, "a header of another version is read");
	h.size = MESSAGE_SIZE + 1;
	ok(message_get_header(&h, &got, &e) == -EMSGSIZE && !strcmp(e.tag, "message-size"), "one that announces too much is refused");
	h.size = 5;
	h.fds = MESSAGE_FDS + 1;
	ok(message_get_header(&h, &got, &e) == -EMSGSIZE, "one with too many descriptors is refused");
	h.fds = 1;
	h.magic = __builtin_bswap32(MESSAGE_MAGIC);
	ok(message_get_header(&h, &got, &e) == -EPROTO && !strcmp(e.tag, "message-magic"), "one in the other byte order is refused");
}

static int open_files(void)
{
	return files_of(getpid());
}

/* Send @n bytes, a few at a time, with @fds descriptors beside the first of them. */
static void send_bytes(int to, const void *bytes, size_t n, size_t piece, unsigned fds)
{
	union { struct cmsghdr align; char bytes[CMSG_SPACE(sizeof(int) * 120)]; } control = { 0 };
	struct iovec iov = { (void *)bytes, n < piece ? n : piece };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;
	unsigned i;

	if (fds) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * fds);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * fds);
		for (i = 0; i < fds; i++)
			memcpy(CMSG_DATA(c) + i * sizeof(int), &to, sizeof(int));
	}
	if (sendmsg(to, &msg, MSG_NOSIGNAL) != (ssize_t)iov.iov_len)
		exit(2);
	if (n > iov.iov_len)
		send_bytes(to, (const char *)bytes + iov.iov_len, n - iov.iov_len, piece, 0);
}

struct pipe {
	struct message_link link;
	int to;
};

static void pipe_open(struct pipe *p)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
		exit(2);
	message_link_open(&p->link, fds[0]);
	p->to = fds[1];
}

static void pipe_close(struct pipe *p)
{
	message_link_close(&p->link);
	close(p->to);
}

static void pieces(void)
{
	struct abide_error e = { 0 };
	struct message_attach got;
	struct buf b = { 0 };
	struct pipe p;
	size_t at, piece;
	int n = 0, whole = 0, files = open_files();

	message_put_attach(&b, &attach);
	for (piece = 1; piece < 40; piece += 6) {
		pipe_open(&p);
		for (at = 0; at < b.size; at += piece) {
			n = message_link_read(&p.link, &e);
			if (n)
				break;
			send_bytes(p.to, b.data + at, b.size - at < piece ? b.size - at : piece, piece, at ? 0 : 5);
		}
		whole += !n && message_link_read(&p.link, &e) == 1 && p.link.nr_fds == 5 &&
		         !message_get_attach(p.link.body, p.link.header.size, &got, &e) && same_attach(&attach, &got);
		message_attach_free(&got);
		pipe_close(&p);
	}
	ok(whole == 7, "a message in pieces of 1 to 37 bytes is one message");
	pipe_open(&p);
	send_bytes(p.to, b.data, b.size, b.size, 4);
	ok(message_link_read(&p.link, &e) == -EPROTO && !strcmp(e.tag, "message-form"), "a descriptor too few is refused");
	pipe_close(&p);
	pipe_open(&p);
	send_bytes(p.to, b.data, b.size, b.size, 6);
	ok(message_link_read(&p.link, &e) == -EPROTO, "one too many is refused");
	pipe_close(&p);
	pipe_open(&p);
	send_bytes(p.to, b.data, b.size, b.size, 100);
	ok(message_link_read(&p.link, &e) == -EMSGSIZE, "a hundred are refused");
	pipe_close(&p);
	pipe_open(&p);
	send_bytes(p.to, b.data, 40, 40, 5);
	ok(message_link_read(&p.link, &e) == 0, "half a message is none");
	pipe_close(&p);
	ok(open_files() == files, "all descriptors that came were closed: %d are open", files);
	buf_free(&b);
}

static void links(void)
{
	struct abide_error e = { 0 };
	struct buf b = { 0 };
	struct pipe p;
	int n;

	pipe_open(&p);
	send_bytes(p.to, "GET / HTTP/1.1\r\n", 16, 16, 0);
	ok(message_link_read(&p.link, &e) == -EPROTO && !strcmp(e.tag, "message-magic"), "other protocols are refused");
	pipe_close(&p);
	pipe_open(&p);
	message_put_empty(&b, MESSAGE_START);
	message_put_empty(&b, MESSAGE_GO);
	send_bytes(p.to, b.data, b.size, b.size, 0);
	ok(message_link_read(&p.link, &e) == 1 && p.link.header.kind == MESSAGE_START, "of two messages the first comes");
	message_link_next(&p.link);
	ok(message_link_read(&p.link, &e) == 1 && p.link.header.kind == MESSAGE_GO, "then the second");
	message_link_next(&p.link);
	ok(message_link_read(&p.link, &e) == 0, "then none");
	close(p.to);
	ok(message_link_read(&p.link, &e) == -ECONNRESET && !strcmp(e.tag, "message-closed"), "then the end");
	message_put_empty(&p.link.out, MESSAGE_GO);
	ok(message_link_write(&p.link, &e) == -EPIPE, "writing there is an error, and no signal");
	p.to = -1;
	pipe_close(&p);
	pipe_open(&p);
	for (n = 0; n < 4000; n++)
		message_put_attach(&p.link.out, &attach);
	ok(message_link_write(&p.link, &e) == 1, "who does not read holds nobody up");
	pipe_close(&p);
	buf_free(&b);
}

/* A file for the fuzz target: which kind (see tests/fuzz/message.c), then the body. */
static void seed(const char *folder, const char *name, uint8_t kind, const struct buf *b)
{
	char path[300];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	if (!f)
		exit(2);
	fputc(kind, f);
	fwrite(b->data + MESSAGE_HEADER, 1, b->size - MESSAGE_HEADER, f);
	fclose(f);
}

static void seeds(const char *folder)
{
	struct message_event events[] = { { "app:step", 3 } };
	struct message_hello hello = { 4242, 7, true, true, false, events, 1 };
	struct message_replace replace = { 5, programs[0] };
	struct message_counts counts[] = { { 1, 2, 3, 4 } };
	struct message_unlike unlike[] = { { 3, 1ull << 46 } };
	struct buf b[5] = { { 0 } };
	unsigned i;

	message_put_attach(&b[0], &attach);
	message_put_hello(&b[1], &hello);
	message_put_replace(&b[2], &replace);
	message_put_counts(&b[3], counts, 1);
	message_put_unlike(&b[4], unlike, 1);
	seed(folder, "attach", 0, &b[0]);
	seed(folder, "hello", 1, &b[1]);
	seed(folder, "replace", 2, &b[2]);
	seed(folder, "counts", 7, &b[3]);
	seed(folder, "unlike", 11, &b[4]);
	for (i = 0; i < 5; i++)
		buf_free(&b[i]);
}

int main(int argc, char **argv)
{
	if (argc > 1) {
		seeds(argv[1]);
		return 0;
	}
	signal(SIGPIPE, SIG_DFL);
	attach_goes_round();
	small_ones_go_round();
	damage();
	limits();
	headers();
	pieces();
	links();
	printf("1..%d\n", kit_number);
	return kit_failed != 0;
}
