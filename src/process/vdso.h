/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROCESS_VDSO_H
#define ABIDE_PROCESS_VDSO_H

/*
 * The kernel's clock_gettime: int (clockid_t, struct timespec *), 0 or -errno, and errno stays as it
 * is. NULL: there is none.
 */
const void *vdso_clock(void);
/* A function of the image at @base, which begins with a page at least. NULL: there is none of that name. */
const void *vdso_find(const void *base, const char *name);

#endif
