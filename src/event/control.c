/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The control thread. In: connections to the process's socket. Out: programs attached and
 * detached. Between requests it sleeps in poll(2); it blocks all signals, takes the registry's
 * lock for short moments only, and nothing that fails here is seen by the application.
 *
 * Descriptors are not safe: applications close those that they do not know. So each one's inode is
 * looked at before it is used, and a descriptor that has become another file's is forgotten; a
 * daemon that closes all of them at its start listens again a little later.
 *
 * A forked child has a new thread. Connections of the parent are watched there for their end only,
 * and exchanged for one of the child's own where abide listens for children. It listens at
 * its own socket a moment later: most children call exec.
 *
 * ABIDE_EVENT_WAIT=PATH: abide listens at PATH. Each executable or library that registers waits until
 * abide has said GO, so that the first event of each is seen; abide refuses to wait by hanging up.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "event/control_peer.h"
#include "process/message_socket.h"
#include "event/event.h"
#include "process/fault.h"

#define PEERS         32
#define STACK_SIZE    (256 * 1024)
#define NS            1000000000ull
#define MS            1000000ull
#define TICK_ACTIVE   (250 * MS) /* with programs: their descriptors, the handler of faults */
#define TICK_IDLE     (3 * NS)
#define CHILD_SETTLES (100 * MS) /* from fork until a socket is worth it */
#define WAIT_START    10         /* seconds */

/*
 * start.c lets one thread at a time start, stop or fork. .table: peers, their sessions and what
 * those have attached; the control thread holds it while they change, so that a child finds
 * them whole, and takes the registry's lock after it. .gate: who waits for GO.
 */
static struct control {
	pthread_mutex_t table, gate;
	pthread_cond_t went; /* with .gate: somebody may go on */
	bool running, stop;
	/* With .gate: somebody waits; for a connection that is handed over (-1: none), or the one there is. */
	bool waiting, again, linked, gave_up;
	int handed;
	struct control_peer *starter; /* the thread's own: the connection to ABIDE_EVENT_WAIT */
	pthread_t thread;
	int kick[2]; /* a socket pair: [0] wakes the thread by [1]; changes with .gate */
	ino_t kick_inode[2];
	struct message_socket socket;
	uint64_t listen_at; /* ns: not before; 0: tried */
	struct control_peer peers[PEERS];
} control = { .table = PTHREAD_MUTEX_INITIALIZER, .gate = PTHREAD_MUTEX_INITIALIZER };

void control_table_lock(void)
{
	pthread_mutex_lock(&control.table);
}

void control_table_unlock(void)
{
	pthread_mutex_unlock(&control.table);
}

static uint32_t sessions(void)
{
	uint32_t i, n = 0;

	for (i = 0; i < PEERS; i++)
		n += control.peers[i].session != NULL;
	return n;
}

static struct control_peer *free_peer(void)
{
	uint32_t i;

	for (i = 0; i < PEERS; i++)
		if (control.peers[i].link.fd < 0)
			return &control.peers[i];
	return NULL;
}

/* @over: the connection has ended. */
static void let_go(bool over)
{
	pthread_mutex_lock(&control.gate);
	control.waiting = false;
	control.gave_up |= over;
	pthread_cond_broadcast(&control.went);
	pthread_mutex_unlock(&control.gate);
}

static void close_peer(struct control_peer *p, bool last)
{
	control_peer_close(p, last);
	if (p != control.starter)
		return;
	control.starter = NULL;
	let_go(true);
}

static void listen_now(void)
{
	control.listen_at = 0;
	message_socket_open(&control.socket, "", NULL);
}

static void close_kick(void)
{
	int i;

	for (i = 0; i < 2; i++) {
		if (control.kick[i] >= 0 && message_socket_is(control.kick[i], control.kick_inode[i]))
			close(control.kick[i]);
		control.kick[i] = -1;
	}
}

static int open_kick(void)
{
	int err, i;

	err = message_socket_pair(control.kick);
	for (i = 0; !err && i < 2; i++)
		control.kick_inode[i] = message_socket_inode(control.kick[i]);
	return err;
}

/* Those whose descriptor the application has closed. */
static void forget_closed(void)
{
	uint32_t i;

	if (control.socket.fd >= 0 && !message_socket_is(control.socket.fd, control.socket.inode)) {
		message_socket_close(&control.socket, true);
		control.listen_at = control_now_ns() + CHILD_SETTLES;
	}
	if (!message_socket_is(control.kick[1], control.kick_inode[1])) {
		pthread_mutex_lock(&control.gate);
		close_kick();
		open_kick();
		pthread_mutex_unlock(&control.gate);
	}
	for (i = 0; i < PEERS; i++)
		if (control.peers[i].link.fd >= 0 &&
		    !message_socket_is(control.peers[i].link.fd, control.peers[i].inode))
			close_peer(&control.peers[i], false);
}

static struct control_peer *open_peer(int fd, bool waiting)
{
	struct control_peer *p = free_peer();

	if (p)
		control_peer_open(p, fd, sessions(), waiting);
	else
		close(fd);
	return p;
}

/* Descriptors may have run out: then not again before the next tick. */
static bool accept_all(void)
{
	int fd;

	do {
		fd = message_socket_accept(&control.socket);
		if (fd >= 0)
			open_peer(fd, false);
	} while (fd >= 0);
	return fd == -EAGAIN;
}

/* Somebody waits: abide hears of it, unless it has its programs here already. */
static void take_handed(void)
{
	bool again;
	int fd;

	pthread_mutex_lock(&control.gate);
	fd = control.handed;
	again = control.again;
	control.handed = -1;
	control.again = false;
	pthread_mutex_unlock(&control.gate);
	if (fd >= 0) {
		control.starter = open_peer(fd, true);
		if (!control.starter)
			let_go(true);
	} else if (again && control.starter && !control.starter->session) {
		control_peer_hello(control.starter, sessions(), true);
	} else if (again) {
		let_go(false);
	}
}

/* In a child: abide is told of it, and has a connection of the child's own. */
static void exchange(struct control_peer *p)
{
	const char *path = control_session_children(p->session);
	int fd;

	if (!*path)
		return;
	fd = message_socket_connect(path);
	if (fd < 0) {
		if (fd == -ECONNREFUSED || fd == -ENOENT)
			close_peer(p, false);
		return;
	}
	control_table_lock();
	close(p->link.fd);
	p->link.fd = -1;
	control_table_unlock();
	control_peer_open(p, fd, sessions(), false);
}

static uint64_t timeout_ns(uint64_t now, bool listens)
{
	uint64_t until = sessions() ? TICK_ACTIVE : TICK_IDLE;
	uint32_t i;

	if (!listens && until > NS)
		until = NS;
	if (control.listen_at)
		until = control.listen_at > now ? control.listen_at - now : 0;
	for (i = 0; i < PEERS; i++)
		if (control.peers[i].link.fd >= 0 && control.peers[i].deadline &&
		    until > TICK_ACTIVE)
			until = TICK_ACTIVE;
	return until;
}

static void serve(const struct pollfd *fds)
{
	bool go = false;
	uint32_t i;

	for (i = 0; i < PEERS; i++) {
		if (fds[i].fd < 0 || control.peers[i].link.fd != fds[i].fd)
			continue;
		if (!control_peer_serve(&control.peers[i], fds[i].revents, &go))
			close_peer(&control.peers[i], true);
		if (go)
			let_go(false);
	}
}

static void one_round(bool *accepts)
{
	struct pollfd fds[PEERS + 2];
	uint64_t now = control_now_ns(), wait;
	char drain[16];
	uint32_t i;

	if (control.listen_at && now >= control.listen_at)
		listen_now();
	take_handed();
	for (i = 0; i < PEERS; i++) {
		if (control.peers[i].link.fd >= 0 && control.peers[i].inherited)
			exchange(&control.peers[i]);
		else if (control.peers[i].link.fd < 0 && control.peers[i].session)
			close_peer(&control.peers[i], false); /* nobody could tell when it ends */
		control_peer_tell(&control.peers[i]);
		fds[i] = (struct pollfd){ .fd = control.peers[i].link.fd };
		if (fds[i].fd >= 0)
			fds[i].events = control_peer_wants(&control.peers[i]);
	}
	fds[PEERS] = (struct pollfd){ .fd = control.kick[1], .events = POLLIN };
	fds[PEERS + 1] = (struct pollfd){ .fd = *accepts ? control.socket.fd : -1, .events = POLLIN };
	wait = timeout_ns(now, *accepts);
	*accepts = true;
	if (poll(fds, PEERS + 2, (int)((wait + MS - 1) / MS)) < 0)
		memset(fds, 0xff, sizeof(fds)); /* no events of anybody */
	forget_closed();
	if (fds[PEERS].revents > 0 && control.kick[1] >= 0)
		while (recv(control.kick[1], drain, sizeof(drain), MSG_DONTWAIT) > 0)
			;
	serve(fds);
	if (fds[PEERS + 1].fd >= 0 && fds[PEERS + 1].revents > 0 && control.socket.fd >= 0)
		*accepts = accept_all();
	if (sessions())
		fault_keep();
}

static void *thread_main(void *unused)
{
	bool accepts = true;
	uint32_t i;

	(void)unused;
	pthread_setname_np(pthread_self(), "abide-control");
	while (!__atomic_load_n(&control.stop, __ATOMIC_ACQUIRE))
		one_round(&accepts);
	forget_closed();
	for (i = 0; i < PEERS; i++)
		if (control.peers[i].link.fd >= 0) {
			control_peer_tell(&control.peers[i]);
			control_peer_bye(&control.peers[i]);
			close_peer(&control.peers[i], true);
		}
	message_socket_close(&control.socket, true);
	return NULL;
}

static int start_thread(void)
{
	sigset_t all, before;
	pthread_attr_t attr;
	int err;

	err = open_kick();
	if (err)
		return err;
	control.stop = false;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	err = pthread_create(&control.thread, &attr, thread_main, NULL);
	if (err == EINVAL) /* much thread-local memory, which comes off the stack */
		err = pthread_create(&control.thread, NULL, thread_main, NULL);
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err) {
		close_kick();
		return -err;
	}
	control.running = true;
	return 0;
}

void event_control_before_fork(void)
{
	control_table_lock();
}

void event_control_after_fork(void)
{
	control_table_unlock();
}

static void init_gate(void)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&control.went, &attr);
	pthread_condattr_destroy(&attr);
	control.handed = -1;
	control.waiting = control.again = control.linked = control.gave_up = false;
	control.starter = NULL;
}

static void init(void)
{
	uint32_t i;

	init_gate();
	for (i = 0; i < PEERS; i++)
		control.peers[i].link.fd = -1;
	control.socket.fd = control.kick[0] = control.kick[1] = -1;
}

int event_control_start(void)
{
	int err;

	init();
	err = message_socket_open(&control.socket, "", NULL);
	if (!err)
		err = start_thread();
	if (err)
		message_socket_close(&control.socket, true);
	return err;
}

static void kick(void)
{
	if (message_socket_is(control.kick[0], control.kick_inode[0]))
		send(control.kick[0], "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void event_control_ready(void)
{
	const char *path = secure_getenv("ABIDE_EVENT_WAIT");
	struct timespec until;

	if (!control.running)
		return;
	if (!path || !*path) {
		/* nobody waits, but whoever watches may have to be told of them */
		pthread_mutex_lock(&control.gate);
		kick();
		pthread_mutex_unlock(&control.gate);
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += WAIT_START;
	pthread_mutex_lock(&control.gate);
	if (control.waiting || control.gave_up) {
		kick();
		goto out;
	}
	if (control.linked)
		control.again = true;
	else
		control.handed = message_socket_connect(path);
	control.waiting = control.again || control.handed >= 0;
	control.linked |= control.waiting;
	control.gave_up = !control.waiting;
	if (control.waiting)
		kick();
	while (control.waiting && !pthread_cond_timedwait(&control.went, &control.gate, &until))
		;
	control.gave_up |= control.waiting;
	control.waiting = false;
out:
	pthread_mutex_unlock(&control.gate);
}

void event_control_stop(void)
{
	if (!control.running)
		return;
	__atomic_store_n(&control.stop, true, __ATOMIC_RELEASE);
	pthread_mutex_lock(&control.gate);
	kick();
	pthread_mutex_unlock(&control.gate);
	pthread_join(control.thread, NULL);
	close_kick();
	control.running = false;
}

/*
 * The only thread. Connections without programs are the parent's affair; what its control
 * thread had in the making is lost memory.
 */
void event_control_forked(void)
{
	uint32_t i;

	close_kick();
	message_socket_close(&control.socket, false);
	for (i = 0; i < PEERS; i++)
		control_peer_forked(&control.peers[i]);
	pthread_mutex_init(&control.gate, NULL);
	init_gate();
	control.running = false;
	control.listen_at = control_now_ns() + CHILD_SETTLES;
	start_thread();
}
