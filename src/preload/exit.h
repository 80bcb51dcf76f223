/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PRELOAD_EXIT_H
#define ABIDE_PRELOAD_EXIT_H

/* Once, before the application registers handlers: ours is to run last. */
void preload_exit_watch(void);

#endif
