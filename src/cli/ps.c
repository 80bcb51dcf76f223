/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * abide ps: the processes that offer user events, with how many events they have and how many programs are
 * attached to them. In: the sockets in the runtime directories. Nothing is changed in any process.
 */
#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "app/offers.h"
#include "cli/view.h"

static const char usage[] =
	"usage: abide ps [--json]\n"
	"\n"
	"List the processes that offer user events: those of this user, for root all.\n"
	"\n"
	"  -j, --json  an object a line\n"
	"  -h, --help  this text\n";

#define COMMAND_COLUMN 32

static void print_json(const struct app_offer *o)
{
	printf("{\"type\":\"process\",\"pid\":%d,\"uid\":%u,\"answers\":%s", (int)o->pid, o->uid, o->answers ? "true" : "false");
	if (o->answers)
		printf(",\"waits\":%s,\"events\":%u,\"programs\":%u,\"sessions\":%u", o->waits ? "true" : "false", o->events,
		       o->programs, o->sessions);
	json_member("command", o->command);
	json_member("socket", o->path);
	printf("}\n");
}

/* @width: columns of the terminal, 0: none, and nothing is cut. */
static void print_row(const struct app_offer *o, int width)
{
	char events[16] = "?", programs[16] = "?";

	if (o->answers) {
		snprintf(events, sizeof(events), "%u", o->events);
		snprintf(programs, sizeof(programs), "%u", o->programs);
	}
	printf("%8d  %8s  %9s  %.*s\n", (int)o->pid, events, programs, width ? width - COMMAND_COLUMN : (int)strlen(o->command),
	       o->command);
}

static int terminal_width(void)
{
	struct winsize w;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &w))
		return 0;
	return w.ws_col > COMMAND_COLUMN + 8 ? w.ws_col : COMMAND_COLUMN + 8;
}

int cmd_ps(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct app_offers offers;
	struct abide_error e = { 0 };
	bool json = false;
	uint32_t i;
	int c, width, nr;

	while ((c = getopt_long(argc, argv, "jh", options, NULL)) != -1)
		switch (c) {
		case 'j':
			json = true;
			break;
		default:
			return cli_usage(usage, c == 'h');
		}
	if (optind != argc)
		return cli_usage(usage, false);
	if (app_offers_find(&offers, &e)) {
		cli_error(&e);
		return EXIT_FAILURE;
	}
	width = terminal_width();
	if (offers.nr && !json)
		printf("%8s  %8s  %9s  %s\n", "PID", "EVENTS", "PROGRAMS", "COMMAND");
	for (i = 0; i < offers.nr; i++)
		if (json)
			print_json(&offers.items[i]);
		else
			print_row(&offers.items[i], width);
	nr = (int)offers.nr;
	app_offers_free(&offers);
	if (nr)
		return 0;
	error_set(&e, -ENOENT, "", "no process offers user events");
	error_hint(&e, "start an application that has some with ABIDE_EVENT=1 in its environment");
	cli_error(&e);
	return EXIT_FAILURE;
}
