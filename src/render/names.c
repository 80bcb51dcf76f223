/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Names of numbers that the kernel's user-space ABI gives: errors, signals, system
 * calls. Errors and signals are those of the machine that this was built for.
 */
#include <signal.h>
#include <string.h>

#include "render/plan.h"

const char *render_name_errno(uint32_t err)
{
	/* Errors that applications never see, but programs in the kernel do (include/linux/errno.h). */
	switch (err) {
	case 512:
		return "ERESTARTSYS";
	case 513:
		return "ERESTARTNOINTR";
	case 514:
		return "ERESTARTNOHAND";
	case 516:
		return "ERESTART_RESTARTBLOCK";
	default:
		return err && err < 4096 ? strerrorname_np((int)err) : NULL;
	}
}

const char *render_name_signal(uint32_t sig)
{
	return sig && sig < 64 ? sigabbrev_np((int)sig) : NULL;
}

const char *render_name_syscall(const struct render_plan *p, int64_t nr)
{
	const struct catalog *c = p->opts.catalog;
	const char *machine = p->opts.machine;
	const struct cat_syscall *all;
	uint32_t i, n;

	if (!c || !machine || nr < 0)
		return NULL;
	all = catalog_syscalls(c, &n);
	for (i = 0; i < n; i++) {
		const struct cat_syscall *s = &all[i];
		int32_t have = !strcmp(machine, "x86_64")  ? s->x86_64
		               : !strcmp(machine, "arm64") ? s->arm64
		                                           : s->generic;

		if (have == nr)
			return s->name;
	}
	return NULL;
}
