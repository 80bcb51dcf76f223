/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Actions on the disk and the loopback: direct I/O of known size at known sectors,
 * connections with known ports, datagrams of known length, drops and retransmissions
 * that are certain to happen. See work.c.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <linux/fs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/*
 * What the disk's driver sees of one transfer, and its end: a bio that is done stands
 * behind its last sector (or, when it failed, maybe still at the first).
 */
static void truth_io(const char *op, int number, unsigned long sector, size_t bytes, int partition,
                     int error, long long before)
{
	struct stat st;

	if (stat(WORK_DISK, &st))
		die(WORK_DISK);
	truth("io op=%s opnr=%d sector=%lu bytes=%zu major=%u minor=%u disk=nvme0n1 partition=%d error=%d before=%lld tid=%d",
	      op, number, sector, bytes, major(st.st_rdev), minor(st.st_rdev), partition, error,
	      before, getpid());
	truth("ioend sector=%lu error=%d", sector + bytes / 512, error);
	if (error)
		truth("ioend sector=%lu error=%d", sector, error);
}

static void one_io(int write, int fd, void *buf, size_t bytes, unsigned long sector,
                   unsigned long first, int partition)
{
	long long before = now_ns();
	ssize_t n =
		write ? pwrite(fd, buf, bytes, sector * 512) : pread(fd, buf, bytes, sector * 512);

	if (n != (ssize_t)bytes)
		die(write ? "write to the disk" : "read from the disk");
	truth_io(write ? "write" : "read", write, first + sector, bytes, partition, 0, before);
}

static void io_errors(int fd, void *buf)
{
	long long before = now_ns();

	/* The emulator fails it (tests/matrix/run); with which errno, the kernel says. */
	if (pread(fd, buf, 4096, WORK_BAD_SECTOR * 512L) >= 0)
		die("a read of a bad sector that succeeds");
	truth_io("read", 0, WORK_BAD_SECTOR, 4096, 0, -errno, before);
}

void act_block(void)
{
	unsigned long long range[2] = { 6144 * 512, 16384 };
	void *buf;
	int fd = open(WORK_DISK, O_RDWR | O_DIRECT | O_CLOEXEC),
	    part = open(WORK_PART, O_RDWR | O_DIRECT | O_CLOEXEC);
	long long before;

	if (fd < 0 || part < 0 || posix_memalign(&buf, 4096, 32768))
		die(WORK_PART);
	memset(buf, 0xa5, 32768);
	one_io(1, fd, buf, 8192, 2048, 0, 0);
	one_io(0, fd, buf, 4096, 4096, 0, 0);
	one_io(1, fd, buf, 12288, 10240, 0, 0);
	one_io(0, fd, buf, 32768, 20480, 0, 0);
	one_io(1, part, buf, 4096, 16, WORK_PART_FIRST, 3);
	one_io(0, part, buf, 20480, 1024, WORK_PART_FIRST, 3);
	io_errors(fd, buf);
	/* A write-back cache is flushed by fsync of the device; a discard carries no data. */
	if (fsync(fd))
		die("fsync");
	before = now_ns();
	if (!ioctl(fd, BLKDISCARD, range))
		truth_io("discard", 3, 6144, 16384, 0, 0, before);
	free(buf);
	close(fd);
	close(part);
}

static void scheduler(const char *name)
{
	int fd = open("/sys/block/nvme0n1/queue/scheduler", O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, name, strlen(name)) < 0)
		die(name);
	close(fd);
}

/* Requests wait in a queue only where the disk has an I/O scheduler. */
void act_queue(void)
{
	scheduler("mq-deadline");
	act_block();
	scheduler("none");
}

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* The loopback's address with that port (0: the kernel chooses). */
static socklen_t loopback(union address *a, int family, int port)
{
	memset(a, 0, sizeof(*a));
	if (family == AF_INET6) {
		a->v6.sin6_family = AF_INET6;
		a->v6.sin6_addr = in6addr_loopback;
		a->v6.sin6_port = htons(port);
		return sizeof(a->v6);
	}
	a->v4.sin_family = AF_INET;
	a->v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a->v4.sin_port = htons(port);
	return sizeof(a->v4);
}

static int port_of(int fd)
{
	union address a;
	socklen_t len = sizeof(a);

	if (getsockname(fd, &a.any, &len))
		die("getsockname");
	return ntohs(a.any.sa_family == AF_INET6 ? a.v6.sin6_port : a.v4.sin_port);
}

static int listener(int family, int backlog)
{
	union address a;
	socklen_t len = loopback(&a, family, 0);
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, &a.any, len) || listen(fd, backlog))
		die("listen");
	return fd;
}

/* What getsockopt(2) and fstat(2) say of a connected socket, as "sock ..." by its ports. */
static void truth_sock(int fd, int family, int protocol)
{
	union address peer;
	socklen_t len = sizeof(peer);
	int value[6] = { 0 },
	    options[] = { SO_TYPE, SO_MARK, SO_PRIORITY, SO_RCVBUF, SO_SNDBUF, SO_REUSEPORT };
	unsigned long long cookie = 0;
	struct stat st, ns, group;

	for (int i = 0; i < 6; i++) {
		socklen_t n = sizeof(int);

		getsockopt(fd, SOL_SOCKET, options[i], &value[i], &n);
	}
	len = sizeof(cookie);
	if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len))
		die("SO_COOKIE");
	len = sizeof(peer);
	if (getpeername(fd, &peer.any, &len) || fstat(fd, &st) || stat("/proc/self/ns/net", &ns) ||
	    stat(WORK_CGROUP, &group))
		die("getpeername");
	truth("sock sport=%d dport=%d family=%d protocol=%d %s type=%d mark=%d priority=%d rcvbuf=%d sndbuf=%d "
	      "reuseport=%d cookie=%llu uid=%u net_ns=%lu cgroup_id=%lu",
	      port_of(fd), ntohs(family == AF_INET6 ? peer.v6.sin6_port : peer.v4.sin_port), family,
	      protocol, family == AF_INET6 ? "ip6=::1" : "ip4=127.0.0.1", value[0], value[1],
	      value[2], value[3], value[4], value[5], cookie, st.st_uid, (unsigned long)ns.st_ino,
	      (unsigned long)group.st_ino);
}

/* Distinctive settings; the owner of a socket is that of its inode. */
static void set_up(int fd)
{
	int mark = 0x5eed, priority = 5, send = 100000, receive = 60000;
	unsigned long long cookie;
	socklen_t len = sizeof(cookie);

	if (setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) ||
	    setsockopt(fd, SOL_SOCKET, SO_PRIORITY, &priority, sizeof(priority)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send, sizeof(send)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive, sizeof(receive)) ||
	    /* The kernel gives a socket its cookie when somebody asks for it. */
	    getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len) || fchown(fd, WORK_UID, WORK_GID))
		die("socket options");
}

static void truth_states(int sport, int dport, const char *steps)
{
	int old, new, n;

	for (; sscanf(steps, " %d>%d%n", &old, &new, &n) == 2; steps += n)
		truth("tcpstate sport=%d dport=%d old=%d new=%d", sport, dport, old, new);
}

static void connection(int family)
{
	static const char text[1357] = "abide-matrix";
	char got[2048];
	union address a;
	int server = listener(family, 8), port = port_of(server), client, accepted, own;
	ssize_t n, sum = 0;

	client = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client < 0)
		die("socket");
	set_up(client);
	/* A known port before it connects, so that every state has both. */
	if (bind(client, &a.any, loopback(&a, family, 0)))
		die("bind");
	own = port_of(client);
	truth("tcp family=%d addr=%s sport=%d dport=%d bytes=%zu tid=%d", family,
	      family == AF_INET6 ? "::1" : "127.0.0.1", own, port, sizeof(text), getpid());
	/* RFC 9293, numbers of the kernel: 1 established, 2 syn sent, 3 syn received, 4 and 5 fin wait, ... */
	truth_states(own, port, "7>2 2>1 1>4 4>5 4>7 5>7 6>7");
	truth_states(port, own, "7>3 10>3 12>3 3>1 1>8 8>9 9>7");
	/* Before 6.14 a connection that is accepted begins as a copy of its listener. */
	truth_states(port, 0, "7>10 10>7 10>3");
	if (connect(client, &a.any, loopback(&a, family, port)))
		die("connect");
	accepted = accept(server, NULL, NULL);
	if (accepted < 0)
		die("accept");
	truth_sock(client, family, IPPROTO_TCP);
	if (write(client, text, sizeof(text)) != sizeof(text))
		die("send");
	while (sum < (ssize_t)sizeof(text) && (n = read(accepted, got, sizeof(got))) > 0)
		sum += n;
	/* The client closes first, so it is the one that ends in TIME-WAIT. */
	close(client);
	if (sum != sizeof(text) || read(accepted, got, sizeof(got)) != 0)
		die("receive");
	close(accepted);
	close(server);
}

void act_tcp(void)
{
	connection(AF_INET);
}

void act_tcp6(void)
{
	connection(AF_INET6);
}

static long long sysfs_number(const char *file)
{
	char path[64], text[32] = "";
	int fd;

	snprintf(path, sizeof(path), "/sys/class/net/lo/%s", file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		die(path);
	close(fd);
	return strtoll(text, NULL, 0);
}

/* The loopback, as sysfs shows it. */
static void truth_device(void)
{
	unsigned long long cookie = 0;
	socklen_t len = sizeof(cookie);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct stat ns;

	/* SO_NETNS_COOKIE, from 5.14 on. */
	if (fd < 0 || stat("/proc/self/ns/net", &ns))
		die("/proc/self/ns/net");
	if (!getsockopt(fd, SOL_SOCKET, 71, &cookie, &len))
		truth("device ifindex=%lld net_cookie=%llu", sysfs_number("ifindex"), cookie);
	close(fd);
	truth("device ifindex=%lld name=lo mtu=%lld flags=%lld type=%lld tx_queue_len=%lld group=%lld net_ns=%lu queues=1 "
	      "operstate=0",
	      sysfs_number("ifindex"), sysfs_number("mtu"), sysfs_number("flags"),
	      sysfs_number("type"), sysfs_number("tx_queue_len"), sysfs_number("netdev_group"),
	      (unsigned long)ns.st_ino);
}

void act_udp(void)
{
	static char text[777];
	union address a, from;
	socklen_t len = loopback(&a, AF_INET, 0), from_len = sizeof(from);
	int in = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0),
	    out = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (in < 0 || out < 0 || bind(in, &a.any, len) ||
	    connect(out, &a.any, loopback(&a, AF_INET, port_of(in))))
		die("udp");
	set_up(out);
	truth_sock(out, AF_INET, IPPROTO_UDP);
	truth_device();
	/* On the wire: 20 bytes of IP header, 8 of UDP header, 14 of Ethernet header. */
	truth("udp sport=%d dport=%d payload=%zu ip_bytes=%zu frame_bytes=%zu ifindex=%u ethertype=%d mark=%d priority=5 "
	      "pkt_type=0 tid=%d",
	      port_of(out), port_of(in), sizeof(text), sizeof(text) + 28, sizeof(text) + 42,
	      if_nametoindex("lo"), 0x0800, 0x5eed, getpid());
	for (int i = 0; i < 3; i++)
		if (write(out, text, sizeof(text)) != sizeof(text) ||
		    recvfrom(in, text, sizeof(text), 0, &from.any, &from_len) != sizeof(text))
			die("datagram");
	close(in);
	close(out);
}

/* Kernels before 5.17 do not say why a packet is dropped; the tracepoint's format shows it. */
static int knows_reasons(void)
{
	char text[4096] = "";
	int fd = open("/sys/kernel/tracing/events/skb/kfree_skb/format", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		die("tracefs");
	close(fd);
	return strstr(text, "reason") != NULL;
}

/* More than a socket has room for: the last datagram is dropped, and the kernel knows for whom it was. */
static void drop_at_socket(int reason)
{
	static char text[1111];
	union address a;
	socklen_t len = loopback(&a, AF_INET, 0);
	int in = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0),
	    out = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int room = 1;

	if (in < 0 || out < 0 || bind(in, &a.any, len) ||
	    connect(out, &a.any, loopback(&a, AF_INET, port_of(in))) ||
	    connect(in, &a.any, loopback(&a, AF_INET, port_of(out))))
		die("udp");
	set_up(in);
	if (setsockopt(in, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)))
		die("SO_RCVBUF");
	truth_sock(in, AF_INET, IPPROTO_UDP);
	for (int header = 8; header <= 28; header += 20)
		truth("drop proto=udp dport=%d bytes=%zu reason=%d ifindex=%u ethertype=%d",
		      port_of(in), sizeof(text) + header, reason, if_nametoindex("lo"), 0x0800);
	for (int i = 0; i < 20; i++)
		if (write(out, text, sizeof(text)) != sizeof(text))
			die("datagram");
	close(in);
	close(out);
}

/* A datagram and a connection to a port where nobody listens. */
void act_drop(void)
{
	static char text[555];
	union address a;
	int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), port, tcp;
	/* The catalog's numbers: nobody listens there, or not specified. */
	int reason = knows_reasons() ? 3 : 2;

	/* Take a port and give it back: it is free now. */
	if (udp < 0 || bind(udp, &a.any, loopback(&a, AF_INET, 0)))
		die("bind");
	port = port_of(udp);
	close(udp);
	udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (udp < 0 || connect(udp, &a.any, loopback(&a, AF_INET, port)))
		die("connect");
	set_up(udp);
	/* From its IP header or from its UDP header on: where the packet stands is the kernel's. */
	for (int header = 8; header <= 28; header += 20)
		truth("drop proto=udp dport=%d bytes=%zu reason=%d name=%s ifindex=%u ethertype=%d tid=%d",
		      port, sizeof(text) + header, reason,
		      reason == 3 ? "NO_SOCKET" : "NOT_SPECIFIED", if_nametoindex("lo"), 0x0800,
		      getpid());
	if (write(udp, text, sizeof(text)) != sizeof(text))
		die("send");
	tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (tcp < 0 || !connect(tcp, &a.any, loopback(&a, AF_INET, port)) || errno != ECONNREFUSED)
		die("a port where nobody listens");
	close(udp);
	close(tcp);
	drop_at_socket(reason == 3 ? 6 : 2);
}

/*
 * A listener with a full accept queue ignores further SYNs, so the last client sends its
 * SYN again after a second. (Backlog 0 has room for one; a second SYN is dropped.)
 */
void act_retransmit(void)
{
	union address a;
	int server = listener(AF_INET, 0), port = port_of(server), full, late, retries = 0;
	struct tcp_info info;
	socklen_t len;

	full = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	late = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (full < 0 || late < 0 || connect(full, &a.any, loopback(&a, AF_INET, port)))
		die("connect");
	if (!connect(late, &a.any, loopback(&a, AF_INET, port)) || errno != EINPROGRESS)
		die("a connection to a full queue");
	set_up(late);
	truth("retransmit family=%d addr=127.0.0.1 sport=%d dport=%d state=2 protocol=%d type=%d mark=%d priority=5 uid=%d",
	      AF_INET, port_of(late), port, IPPROTO_TCP, SOCK_STREAM, 0x5eed, WORK_UID);
	/* Until the kernel itself counts one. */
	for (int i = 0; i < 60 && !retries; i++) {
		poll(NULL, 0, 50);
		len = sizeof(info);
		if (getsockopt(late, IPPROTO_TCP, TCP_INFO, &info, &len))
			die("TCP_INFO");
		retries = info.tcpi_retransmits;
	}
	if (!retries)
		die("no retransmission in 3 s");
	close(late);
	close(full);
	close(server);
}
