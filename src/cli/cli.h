/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_CLI_CLI_H
#define ABIDE_CLI_CLI_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/error.h"

/*
 * What subcommands share. Results go to stdout, all else to stderr. Exit status: 0 fine,
 * EXIT_FAILURE (1) failed or refused, EXIT_USAGE wrong arguments.
 */
#define EXIT_USAGE    2
#define ABIDE_VERSION "0.1"

/* A subcommand: argv[0] is "abide NAME", getopt's state is fresh. Returns the exit status. */
#define COMMAND(name, what) int cmd_##name(int argc, char **argv);
#include "cli/commands.def"
#undef COMMAND

/* Print an error to stderr: "abide: PROBLEM", the reason's lines indented, "try: HINT". */
void cli_error(const struct abide_error *e);

/* How a subcommand is used: on stdout, and 0, if that was @asked for; else on stderr, and EXIT_USAGE. */
int cli_usage(const char *usage, bool asked);

#endif
