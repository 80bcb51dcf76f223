/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#include <stdio.h>
#include <unistd.h>

#include "guest.h"

int main(int argc, char **argv)
{
	if (getpid() == 1)
		return init_main();
	return 2;
}
