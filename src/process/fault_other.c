/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * fault.h on machines that are not x86-64: there is no native code, and reads go through
 * process_vm_readv(2) on ourselves, so no handler is needed.
 */
#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "process/fault_signal.h"

#if !defined(__x86_64__)

static long copy(void *dst, const void *src, size_t size)
{
	struct iovec to = { dst, size }, from = { (void *)(uintptr_t)src, size };

	return process_vm_readv(getpid(), &to, 1, &from, 1, 0);
}

int fault_read(void *dst, const void *src, size_t size)
{
	if (!size || copy(dst, src, size) == (long)size)
		return 0;
	memset(dst, 0, size);
	return -EFAULT;
}

/* In pieces that end with a page, as the next page may not be there. */
int64_t fault_read_string(char *dst, const void *src, size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), at = 0, n;
	const char *from = src, *end;

	while (at < size) {
		n = page - ((uintptr_t)from + at) % page;
		n = n < size - at ? n : size - at;
		if (copy(dst + at, from + at, n) != (long)n) {
			memset(dst, 0, size);
			return -EFAULT;
		}
		end = memchr(dst + at, 0, n);
		if (end) {
			at = (size_t)(end - dst) + 1;
			break;
		}
		at += n;
	}
	memset(dst + at - 1, 0, size - at + 1);
	return (int64_t)at;
}

int fault_add_code(const void *base, size_t size, const struct fault_load *loads, uint32_t nr, uint64_t *count)
{
	(void)base;
	(void)size;
	(void)loads;
	(void)nr;
	(void)count;
	return 0;
}

void fault_remove_code(const void *base)
{
	(void)base;
}

void fault_keep(void)
{
}

bool fault_unblock(void)
{
	return false;
}

void fault_pass(sigset_t *set)
{
	(void)set;
}

int fault_sigaction(int sig, const struct sigaction *action, struct sigaction *old)
{
	return fault_real_sigaction(sig, action, old);
}

#endif
