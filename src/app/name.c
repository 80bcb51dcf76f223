/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The name of a process. In: its id. Out: what /proc has, fit for a message: a process may
 * call itself anything (prctl), so control characters are replaced. UTF-8 stays.
 */
#include <stdio.h>

#include "app/name.h"

void app_process_name(pid_t pid, char *name, size_t size)
{
	char path[48];
	size_t n = 0, i;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	f = fopen(path, "re");
	if (f) {
		n = fread(name, 1, size - 1, f);
		fclose(f);
	}
	if (n && name[n - 1] == '\n')
		n--;
	name[n] = '\0';
	for (i = 0; i < n; i++)
		if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
			name[i] = '?';
}
