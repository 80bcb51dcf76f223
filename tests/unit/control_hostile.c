/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * An application and peers that mean it no good: junk, messages that stop in the middle, descriptors that
 * are something else, programs that are not safe, another user, too many at once. The
 * application goes on firing, keeps no descriptor, and serves whoever comes next.
 */
#include <fcntl.h>
#include <poll.h>

#include "control_kit.h"

#define NOBODY 65534

static struct server server;
static int files_before;

static void socket_path(char *path, size_t size)
{
	snprintf(path, size, "%s/abide/%d.sock", kit_dir, server.pid);
}

static int connect_raw(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	socket_path(at.sun_path, sizeof(at.sun_path));
	if (connect(fd, (struct sockaddr *)&at, sizeof(at))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Reads whole messages until one is of @kind; false: the connection ended before. */
static bool hear(struct message_link *l, enum message_kind kind, struct abide_error *what)
{
	struct pollfd p = { .fd = l->fd, .events = POLLIN };
	struct abide_error e;
	int got;

	for (;;) {
		got = message_link_read(l, &e);
		if (got < 0)
			return false;
		if (!got) {
			poll(&p, 1, -1);
			continue;
		}
		if (l->header.kind == (uint16_t)kind)
			break;
		message_link_next(l);
	}
	if (kind == MESSAGE_REFUSAL)
		message_get_refusal(l->body, l->header.size, what, &e);
	message_link_next(l);
	return true;
}

/* Sends @n bytes and expects a refusal of @tag; @ends: and the end of the connection. */
static void refuses(const char *name, const void *bytes, size_t n, const char *tag, bool ends)
{
	struct abide_error what = { 0 };
	struct message_link l;
	int fd = connect_raw();
	bool told, over = true;

	message_link_open(&l, fd);
	hear(&l, MESSAGE_HELLO, NULL);
	if (send(fd, bytes, n, MSG_NOSIGNAL) != (ssize_t)n)
		exit(2);
	told = hear(&l, MESSAGE_REFUSAL, &what);
	if (ends)
		over = !hear(&l, MESSAGE_HELLO, NULL);
	if (!ok(told && !strcmp(what.tag, tag) && over, "%s: %s", name, tag))
		printf("# [%s] %s\n", what.tag, what.problem);
	message_link_close(&l);
}

static void junk(void)
{
	struct { uint32_t magic; uint16_t version, kind; uint32_t size, fds; } h = { MESSAGE_MAGIC, MESSAGE_VERSION, 99, 0, 0 };
	uint8_t body[MESSAGE_HEADER + 64] = { 0 };
	struct buf b = { 0 };

	refuses("another protocol", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27, "message-magic", true);
	refuses("an unknown kind of message", &h, sizeof(h), "message-kind", true);
	h.version = 7;
	refuses("another version", &h, sizeof(h), "message-version", true);
	h.version = MESSAGE_VERSION;
	h.size = UINT32_MAX;
	refuses("a body of 4 GiB", &h, sizeof(h), "message-size", true);
	h.size = 0;
	h.fds = 3;
	refuses("descriptors that did not come", &h, sizeof(h), "message-form", true);
	h.fds = 0;
	h.kind = MESSAGE_ATTACH;
	h.size = 64;
	memcpy(body, &h, sizeof(h));
	memset(body + sizeof(h), 0xff, 64);
	refuses("an ATTACH of junk", body, sizeof(body), "message-form", false);
	message_put_empty(&b, MESSAGE_START);
	refuses("START without programs", b.data, b.size, "message-order", false);
	b.size = 0;
	message_put_empty(&b, MESSAGE_BYE);
	refuses("BYE without programs", b.data, b.size, "message-order", false);
	buf_free(&b);
}

/* Connections that end in the middle of whatever they send. */
static void cut(void)
{
	struct bpf_insn insns[COUNT_INSNS];
	struct message_program p;
	struct message_attach m;
	struct abide_error e;
	struct counters c;
	struct buf b = { 0 };
	union { struct cmsghdr align; char bytes[CMSG_SPACE(sizeof(int) * 3)]; } control;
	size_t n;
	int fd;

	counters_make(&c, &e);
	count_message(&m, &p, &c, insns, 0);
	message_put_attach(&b, &m);
	for (n = 1; n < b.size; n += 7) {
		struct iovec iov = { b.data, n };
		struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes,
			              .msg_controllen = sizeof(control.bytes) };
		struct cmsghdr *h = CMSG_FIRSTHDR(&msg);

		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(sizeof(int) * 3);
		memcpy(CMSG_DATA(h), c.fds, sizeof(int) * 3);
		fd = connect_raw();
		if (fd < 0 || sendmsg(fd, &msg, MSG_NOSIGNAL) != (ssize_t)n)
			exit(2);
		close(fd);
	}
	ok(programs_of(server.pid) == 0, "an ATTACH that ends too early (%zu ways) attaches nothing", b.size / 7);
	buf_free(&b);
	counters_free(&c);
}

/* ATTACH with @fds, which are not what they should be. */
static void attach_refused(const char *name, const struct message_attach *m, const int *fds, const char *tag)
{
	struct message_made *made = NULL;
	struct abide_error e = { 0 };
	struct app_client *c;
	int err;

	if (app_client_connect(server.pid, &c, &e)) {
		ok(false, "%s: cannot connect: %s", name, e.problem);
		return;
	}
	err = app_client_attach(c, m, fds, &made, &e);
	if (!ok(err < 0 && (!*tag || !strcmp(e.tag, tag)) && *e.problem, "%s is refused (%s)", name, e.tag))
		printf("# %d [%s] %s\n", err, e.tag, e.problem);
	free(made);
	app_client_free(c);
}

static void wrong_descriptors(void)
{
	struct bpf_insn insns[COUNT_INSNS];
	struct message_program p;
	struct message_attach m;
	struct abide_error e;
	struct counters c;
	struct process_map_def larger;
	int fds[3], file = open("/dev/null", O_RDWR), pipes[2];

	counters_make(&c, &e);
	count_message(&m, &p, &c, insns, 0);
	if (pipe(pipes))
		exit(2);
	memcpy(fds, c.fds, sizeof(fds));
	fds[0] = file;
	attach_refused("/dev/null as a map", &m, fds, "");
	fds[0] = pipes[1];
	attach_refused("a pipe as a map", &m, fds, "");
	fds[0] = c.fds[1];
	attach_refused("the slots as a map", &m, fds, "");
	fds[0] = c.fds[0];
	fds[1] = pipes[0];
	attach_refused("a pipe as slots", &m, fds, "");
	fds[1] = c.fds[1];
	larger = c.def;
	larger.max_entries = 1000;
	m.maps = &larger;
	attach_refused("a map that is smaller than it is said to be", &m, fds, "");
	close(file);
	close(pipes[0]);
	close(pipes[1]);
	counters_free(&c);
}

static void unsafe_programs(void)
{
	struct bpf_insn insns[COUNT_INSNS] = {
		INSN(BPF_LDX | BPF_MEM | BPF_DW, 1, 1, 0, 0),    /* r1: the job */
		INSN(BPF_LDX | BPF_MEM | BPF_DW, 0, 1, 4000, 0), /* what nobody has described */
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	struct message_line lines[] = { { 0, 7, "evil.bpf.c", "int evil(...)" }, { 1, 8, "evil.bpf.c", "return job->secret;" } };
	struct message_made *made = NULL;
	struct message_program p;
	struct message_attach m;
	struct abide_error e = { 0 };
	struct app_client *client;
	struct counters c;

	counters_make(&c, &e);
	count_message(&m, &p, &c, insns, 0);
	insns[0] = INSN(BPF_LDX | BPF_MEM | BPF_DW, 1, 1, 0, 0);
	insns[1] = INSN(BPF_LDX | BPF_MEM | BPF_DW, 0, 1, 4000, 0);
	insns[2] = INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	p.nr_insns = 3;
	p.lines = lines;
	p.nr_lines = 2;
	if (!app_client_connect(server.pid, &client, &e)) {
		app_client_attach(client, &m, c.fds, &made, &e);
		ok(*e.tag && strstr(e.reason, "evil.bpf.c:8") && strstr(e.reason, "secret"),
		   "a load of what the application has not described: %s, with the source line", e.tag);
		free(made);
		ok(app_client_start(client, &e) && !strcmp(e.tag, "message-order"), "and it cannot be started");
		app_client_free(client);
	}
	insns[0] = INSN(BPF_STX | BPF_MEM | BPF_DW, 1, 1, 0, 0);
	attach_refused("a store into the context", &m, c.fds, "");
	insns[0] = INSN(BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_VALUE, 0, 9);
	insns[1] = INSN(0, 0, 0, 0, 0);
	attach_refused("a map that was not sent", &m, c.fds, "");
	count_program(insns, 0);
	p.nr_insns = COUNT_INSNS;
	p.nr_lines = 0;
	p.event = "app:nothing";
	attach_refused("an event that is not there", &m, c.fds, "event-unknown");
	p.event = "nothing";
	attach_refused("an event without a provider", &m, c.fds, "event-unknown");
	counters_free(&c);
}

/* The same rights are needed twice: for the directory, and for whoever has got through. */
static void another_user(void)
{
	char path[128], dir[80];
	int status, fd;
	char byte;
	pid_t child;
	struct stat st;

	socket_path(path, sizeof(path));
	snprintf(dir, sizeof(dir), "%s/abide", kit_dir);
	ok(!stat(dir, &st) && (st.st_mode & 07777) == 0700 && !stat(path, &st) && (st.st_mode & 07777) == 0600,
	   "only its user may look into the directory (0700), or connect (0600)");
	if (geteuid()) {
		printf("ok %d - another user is refused # SKIP needs root\n", ++kit_number);
		return;
	}
	chmod(kit_dir, 0755);
	chmod(dir, 0755);
	chmod(path, 0666);
	fflush(stdout);
	child = fork();
	if (!child) {
		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(2);
		fd = connect_raw();
		_exit(fd < 0 ? 3 : recv(fd, &byte, 1, 0) > 0 ? 4 : 0);
	}
	waitpid(child, &status, 0);
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 0, "another user who gets through is told nothing (%d)", status >> 8);
	chmod(path, 0600);
	chmod(dir, 0700);
	chmod(kit_dir, 0700);
}

static void many(void)
{
	struct message_link links[60];
	unsigned i, heard = 0;

	for (i = 0; i < 60; i++) {
		message_link_open(&links[i], connect_raw());
		heard += links[i].fd >= 0 && hear(&links[i], MESSAGE_HELLO, NULL);
	}
	ok(heard > 20 && heard < 60, "of 60 who are silent %u have a connection", heard);
	for (i = 0; i < 60; i++)
		message_link_close(&links[i]);
	while (programs_of(server.pid) < 0)
		usleep(1000); /* until it has seen that they are gone */
	ok(programs_of(server.pid) == 0, "when they are gone others have one");
}

/* An application that closes what it does not know: nothing of abide's may touch what comes there next. */
static void closes_descriptors(const char *self)
{
	static const char *const args[] = { "-s", "-c", "-w", "-t", "2", "-n", "1000", NULL };
	struct server s;
	int status;

	ok(server_start(&s, self, args), "an application that closes all descriptors is there");
	while (programs_of(s.pid) < 0)
		usleep(10000);
	ok(programs_of(s.pid) == 0, "it can be reached again");
	server_go(&s);
	ok(server_end(&s, &status) == 2000 && WIFEXITED(status) && !WEXITSTATUS(status), "and runs to its end");
}

int main(int argc, char **argv)
{
	static const char *const args[] = { "-s", "-w", "-t", "4", "-n", "0", "-u", "100", NULL };
	struct abide_error e = { 0 };
	struct app_client *client;
	struct counters c;
	int status, i;

	(void)argc;
	kit_begin();
	if (!ok(server_start(&server, argv[0], args), "an application is there"))
		return kit_end();
	server_go(&server);
	ok(programs_of(server.pid) == 0, "nothing is attached");
	files_before = files_of(server.pid);
	junk();
	cut();
	wrong_descriptors();
	unsafe_programs();
	another_user();
	many();
	for (i = 0; i < 10000 && files_of(server.pid) > files_before; i++)
		usleep(1000);
	ok(files_of(server.pid) <= files_before, "it has kept no descriptor: %d", files_before);
	ok(!mappings_of(server.pid, "memfd:"), "and no map");
	counters_make(&c, &e);
	client = count_steps(server.pid, &c, 3, &e);
	went(!client, &e, "whoever comes next is served");
	while (client && !counter(&c, 3))
		usleep(1000);
	ok(client && counter(&c, 3), "and counts");
	if (client)
		app_client_free(client);
	counters_free(&c);
	kill(server.pid, SIGTERM);
	server_end(&server, &status);
	ok(WIFEXITED(status) && !WEXITSTATUS(status), "the application ended as ever");
	closes_descriptors(argv[0]);
	return kit_end();
}
