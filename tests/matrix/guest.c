/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The one program of a matrix guest: process 1, or by the name that it is called by
 * ("work", "exec-target") or its first argument ("drive").
 */
#include <string.h>
#include <unistd.h>

#include "guest.h"

int main(int argc, char **argv)
{
	const char *name = argc > 0 ? argv[0] : "";
	const char *slash = strrchr(name, '/');

	if (getpid() == 1)
		return init_main();
	if (slash)
		name = slash + 1;
	if (!strcmp(name, "work"))
		return work_main(argc, argv);
	/* What act_exec executes: it only has to end with a known status. */
	if (!strcmp(name, "exec-target"))
		return WORK_EXIT;
	if (!strcmp(name, "drive"))
		return drive_main(argc, argv);
	return 2;
}
