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
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "guest.h"

static void one_io(const char *op, int fd, void *buf, size_t bytes, unsigned long sector)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st))
		die("fstat");
	n = *op == 'w' ? pwrite(fd, buf, bytes, sector * 512) : pread(fd, buf, bytes, sector * 512);
	if (n != (ssize_t)bytes)
		die(op);
	truth("io op=%s sector=%lu bytes=%zu major=%u minor=%u disk=nvme0n1 tid=%d", op, sector, bytes,
	      major(st.st_rdev), minor(st.st_rdev), getpid());
}

void act_block(void)
{
	unsigned long long range[2] = { 6144 * 512, 16384 };
	void *buf;
	int fd = open(WORK_DISK, O_RDWR | O_DIRECT | O_CLOEXEC);

	if (fd < 0 || posix_memalign(&buf, 4096, 32768))
		die(WORK_DISK);
	memset(buf, 0xa5, 32768);
	one_io("write", fd, buf, 8192, 2048);
	one_io("read", fd, buf, 4096, 4096);
	one_io("write", fd, buf, 12288, 10240);
	one_io("read", fd, buf, 32768, 20480);
	/* The emulator fails reads of this sector (tests/matrix/run); with which errno, the kernel says. */
	if (pread(fd, buf, 4096, 30720 * 512L) >= 0)
		die("a read of a bad sector that succeeds");
	truth("io op=read sector=30720 bytes=4096 disk=nvme0n1 error=%d tid=%d", -errno, getpid());
	/* A write-back cache is flushed by fsync of the device; a discard carries no data. */
	if (fsync(fd))
		die("fsync");
	truth("io op=flush tid=%d", getpid());
	if (!ioctl(fd, BLKDISCARD, range))
		truth("io op=discard sector=6144 bytes=16384 disk=nvme0n1 tid=%d", getpid());
	free(buf);
	close(fd);
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

static void connection(int family)
{
	static const char text[1357] = "abide-matrix";
	char got[2048];
	union address a;
	int server = listener(family, 8), port = port_of(server), client, accepted;
	int mark = 0x5eed;
	ssize_t n, sum = 0;

	client = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client < 0 || setsockopt(client, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)))
		die("socket");
	if (connect(client, &a.any, loopback(&a, family, port)))
		die("connect");
	accepted = accept(server, NULL, NULL);
	if (accepted < 0)
		die("accept");
	truth("tcp family=%d protocol=%d addr=%s sport=%d dport=%d bytes=%zu mark=%d uid=%d tid=%d", family, IPPROTO_TCP,
	      family == AF_INET6 ? "::1" : "127.0.0.1", port_of(client), port, sizeof(text), mark, getuid(), getpid());
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

void act_udp(void)
{
	static char text[777];
	union address a, from;
	socklen_t len = loopback(&a, AF_INET, 0), from_len = sizeof(from);
	int in = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), out = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (in < 0 || out < 0 || bind(in, &a.any, len) || connect(out, &a.any, loopback(&a, AF_INET, port_of(in))))
		die("udp");
	/* On the wire: 20 bytes of IP header, 8 of UDP header, 14 of Ethernet header. */
	truth("udp sport=%d dport=%d payload=%zu ip_bytes=%zu frame_bytes=%zu ifindex=1 ifname=lo mtu=65536 tid=%d",
	      port_of(out), port_of(in), sizeof(text), sizeof(text) + 28, sizeof(text) + 42, getpid());
	for (int i = 0; i < 3; i++)
		if (write(out, text, sizeof(text)) != sizeof(text) ||
		    recvfrom(in, text, sizeof(text), 0, &from.any, &from_len) != sizeof(text))
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

	/* Take a port and give it back: it is free now. */
	if (udp < 0 || bind(udp, &a.any, loopback(&a, AF_INET, 0)))
		die("bind");
	port = port_of(udp);
	close(udp);
	udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (udp < 0 || connect(udp, &a.any, loopback(&a, AF_INET, port)))
		die("connect");
	truth("drop proto=udp dport=%d ip_bytes=%zu reason=NO_SOCKET tid=%d", port, sizeof(text) + 28, getpid());
	if (write(udp, text, sizeof(text)) != sizeof(text))
		die("send");
	tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (tcp < 0 || !connect(tcp, &a.any, loopback(&a, AF_INET, port)) || errno != ECONNREFUSED)
		die("a port where nobody listens");
	truth("drop proto=tcp dport=%d reason=NO_SOCKET tid=%d", port, getpid());
	close(udp);
	close(tcp);
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
	truth("retransmit family=%d addr=127.0.0.1 sport=%d dport=%d state=2", AF_INET, port_of(late), port);
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
