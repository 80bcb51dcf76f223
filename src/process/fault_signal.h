/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROCESS_FAULT_SIGNAL_H
#define ABIDE_PROCESS_FAULT_SIGNAL_H

#include "process/fault.h"

/* Signals past whoever stands in front of the C library, which may be ourselves. */
int fault_real_sigaction(int sig, const struct sigaction *action, struct sigaction *old);
void fault_set_mask(int how, const sigset_t *set, sigset_t *old);

#endif
