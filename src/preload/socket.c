/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Connections and names of hosts: libc:connect_*, libc:accept_*, libc:getaddrinfo_*. The
 * address that is connected to is the application's memory, which the kernel would refuse
 * with EFAULT where it is not there; it is copied in a way that does the same.
 */
#include <errno.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "preload/call.h"
#include "preload/names.h"

/* "127.0.0.1:80", or "" if it cannot be read. */
static const char *address(const struct sockaddr *addr, socklen_t len, char *buf, size_t size)
{
	struct sockaddr_storage sa = { 0 };
	struct iovec to = { &sa, len < sizeof(sa) ? len : sizeof(sa) };
	struct iovec from = { (void *)addr, to.iov_len };

	if (!addr || process_vm_readv(getpid(), &to, 1, &from, 1, 0) != (ssize_t)to.iov_len)
		to.iov_len = 0;
	return preload_name_address(&sa, to.iov_len, buf, size);
}

static COLD int connect_told(int fd, const struct sockaddr *addr, socklen_t len, const void *caller)
{
	char name[128];
	struct libc_call c = { .function = "connect", .caller = caller, .fd = fd, HERE };
	int result, saved = errno;

	c.name = address(addr, len, name, sizeof(name));
	errno = saved;
	preload_connect_before(&c);
	result = real(connect)(fd, addr, len);
	preload_name_forget(fd);
	preload_connect_after(&c, result);
	return result;
}

EXPORT int connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	int result;

	if (unlikely(WANTED(connect)))
		return connect_told(fd, addr, len, CALLER);
	result = real(connect)(fd, addr, len);
	preload_name_forget(fd);
	return result;
}

/* The listening socket's name becomes that of the connection. */
static COLD int accept_told(bool is_4, int fd, struct sockaddr *addr, socklen_t *len, int flags,
                            const void *caller)
{
	struct libc_call c = { .function = is_4 ? "accept4" : "accept", .caller = caller,
		               .fd = fd, .flags = flags, HERE };
	int result;

	preload_accept_before(&c);
	result = is_4 ? real(accept4)(fd, addr, len, flags) : real(accept)(fd, addr, len);
	preload_name_accepted(result);
	preload_accept_after(&c, result);
	return result;
}

EXPORT int accept(int fd, struct sockaddr *addr, socklen_t *len)
{
	int result;

	if (unlikely(WANTED(accept)))
		return accept_told(false, fd, addr, len, 0, CALLER);
	result = real(accept)(fd, addr, len);
	preload_name_accepted(result);
	return result;
}

EXPORT int accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	int result;

	if (unlikely(WANTED(accept)))
		return accept_told(true, fd, addr, len, flags, CALLER);
	result = real(accept4)(fd, addr, len, flags);
	preload_name_accepted(result);
	return result;
}

CALL(int, getaddrinfo,
     (const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **out),
     (node, service, hints, out),
     getaddrinfo, "getaddrinfo", .name = node ?: "", .fd = -1, HERE)
