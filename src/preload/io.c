/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Bytes move: libc:read_*, libc:write_*, libc:sync_*. What stdio does for itself goes past
 * these functions, inside of libc. How many bytes a vector asks for is read from the vector
 * only when the call went well: then the kernel has read it too, so it is there.
 */
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#include "preload/call.h"
#include "preload/fortified.h"

CALL(ssize_t, read, (int fd, void *buf, size_t size), (fd, buf, size),
     read, "read", .fd = fd, .size = size, HERE)
CALL(ssize_t, __read_chk, (int fd, void *buf, size_t size, size_t room), (fd, buf, size, room),
     read, "read", .fd = fd, .size = size, HERE)
CALL(ssize_t, pread, (int fd, void *buf, size_t size, off_t offset), (fd, buf, size, offset),
     read, "pread", .fd = fd, .size = size, .offset = offset)
CALL(ssize_t, pread64, (int fd, void *buf, size_t size, off64_t offset), (fd, buf, size, offset),
     read, "pread64", .fd = fd, .size = size, .offset = offset)
CALL(ssize_t, __pread_chk, (int fd, void *buf, size_t size, off_t offset, size_t room),
     (fd, buf, size, offset, room),
     read, "pread", .fd = fd, .size = size, .offset = offset)
CALL(ssize_t, __pread64_chk, (int fd, void *buf, size_t size, off64_t offset, size_t room),
     (fd, buf, size, offset, room),
     read, "pread64", .fd = fd, .size = size, .offset = offset)

CALL(ssize_t, write, (int fd, const void *buf, size_t size), (fd, buf, size),
     write, "write", .fd = fd, .size = size, HERE)
CALL(ssize_t, pwrite, (int fd, const void *buf, size_t size, off_t offset), (fd, buf, size, offset),
     write, "pwrite", .fd = fd, .size = size, .offset = offset)
CALL(ssize_t, pwrite64, (int fd, const void *buf, size_t size, off64_t offset),
     (fd, buf, size, offset),
     write, "pwrite64", .fd = fd, .size = size, .offset = offset)

static uint64_t vector_size(const struct iovec *iov, size_t nr)
{
	uint64_t size = 0;
	size_t i;

	for (i = 0; i < nr; i++)
		size += iov[i].iov_len;
	return size;
}

#define VECTOR      c.size = result < 0 ? 0 : vector_size(iov, nr)
#define VECTOR_HERE (int fd, const struct iovec *iov, int nr), (fd, iov, nr)
#define VECTOR_AT(off_type)                                                                        \
	(int fd, const struct iovec *iov, int nr, off_type offset), (fd, iov, nr, offset)
#define VECTOR_FLAGS(off_type)                                                                     \
	(int fd, const struct iovec *iov, int nr, off_type offset, int flags),                     \
		(fd, iov, nr, offset, flags)
#define CALL_VECTOR(...) CALL_THEN(__VA_ARGS__)

CALL_VECTOR(ssize_t, readv, VECTOR_HERE, read, "readv", VECTOR, .fd = fd, HERE)
CALL_VECTOR(ssize_t, preadv, VECTOR_AT(off_t), read, "preadv", VECTOR, .fd = fd, .offset = offset)
CALL_VECTOR(ssize_t, preadv64, VECTOR_AT(off64_t), read, "preadv64", VECTOR, .fd = fd,
            .offset = offset)
CALL_VECTOR(ssize_t, preadv2, VECTOR_FLAGS(off_t), read, "preadv2", VECTOR, .fd = fd,
            .offset = offset, .flags = flags)
CALL_VECTOR(ssize_t, preadv64v2, VECTOR_FLAGS(off64_t), read, "preadv64v2", VECTOR, .fd = fd,
            .offset = offset, .flags = flags)
CALL_VECTOR(ssize_t, writev, VECTOR_HERE, write, "writev", VECTOR, .fd = fd, HERE)
CALL_VECTOR(ssize_t, pwritev, VECTOR_AT(off_t), write, "pwritev", VECTOR, .fd = fd,
            .offset = offset)
CALL_VECTOR(ssize_t, pwritev64, VECTOR_AT(off64_t), write, "pwritev64", VECTOR, .fd = fd,
            .offset = offset)
CALL_VECTOR(ssize_t, pwritev2, VECTOR_FLAGS(off_t), write, "pwritev2", VECTOR, .fd = fd,
            .offset = offset, .flags = flags)
CALL_VECTOR(ssize_t, pwritev64v2, VECTOR_FLAGS(off64_t), write, "pwritev64v2", VECTOR, .fd = fd,
            .offset = offset, .flags = flags)

/* Of two descriptors the one that is written to; the place is one in the other. */
CALL(ssize_t, sendfile, (int to, int from, off_t *offset, size_t size), (to, from, offset, size),
     write, "sendfile", .fd = to, .size = size, HERE)
CALL(ssize_t, sendfile64, (int to, int from, off64_t *offset, size_t size),
     (to, from, offset, size),
     write, "sendfile64", .fd = to, .size = size, HERE)

CALL(int, fsync, (int fd), (fd), sync, "fsync", .fd = fd, HERE)
CALL(int, fdatasync, (int fd), (fd), sync, "fdatasync", .fd = fd, HERE)

CALL(ssize_t, recv, (int fd, void *buf, size_t size, int flags), (fd, buf, size, flags),
     read, "recv", .fd = fd, .size = size, .flags = flags, HERE)
CALL(ssize_t, __recv_chk, (int fd, void *buf, size_t size, size_t room, int flags),
     (fd, buf, size, room, flags),
     read, "recv", .fd = fd, .size = size, .flags = flags, HERE)
CALL(ssize_t, recvfrom,
     (int fd, void *buf, size_t size, int flags, struct sockaddr *addr, socklen_t *len),
     (fd, buf, size, flags, addr, len),
     read, "recvfrom", .fd = fd, .size = size, .flags = flags, HERE)
CALL(ssize_t, __recvfrom_chk,
     (int fd, void *buf, size_t size, size_t room, int flags, struct sockaddr *addr,
      socklen_t *len),
     (fd, buf, size, room, flags, addr, len),
     read, "recvfrom", .fd = fd, .size = size, .flags = flags, HERE)
CALL(ssize_t, send, (int fd, const void *buf, size_t size, int flags), (fd, buf, size, flags),
     write, "send", .fd = fd, .size = size, .flags = flags, HERE)
CALL(ssize_t, sendto,
     (int fd, const void *buf, size_t size, int flags, const struct sockaddr *addr, socklen_t len),
     (fd, buf, size, flags, addr, len),
     write, "sendto", .fd = fd, .size = size, .flags = flags, HERE)

#define MESSAGE c.size = result < 0 ? 0 : vector_size(msg->msg_iov, msg->msg_iovlen)

CALL_THEN(ssize_t, recvmsg, (int fd, struct msghdr *msg, int flags), (fd, msg, flags),
          read, "recvmsg", MESSAGE, .fd = fd, .flags = flags, HERE)
CALL_THEN(ssize_t, sendmsg, (int fd, const struct msghdr *msg, int flags), (fd, msg, flags),
          write, "sendmsg", MESSAGE, .fd = fd, .flags = flags, HERE)
