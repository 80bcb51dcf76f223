/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_APP_OFFERS_H
#define ABIDE_APP_OFFERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/error.h"

/* A process that offers user events: it listens for programs. */
struct app_offer {
	pid_t pid;
	uid_t uid;
	char *path;     /* of its socket */
	char *command;  /* as it was started, printable; "" if unknown */
	bool answers;   /* told the rest; else it is stopped, or speaks another version */
	bool waits;     /* at its start, for abide run */
	uint32_t events;
	uint32_t programs; /* attached now, all events together */
	uint32_t sessions; /* by so many instances of abide */
};

struct app_offers {
	struct app_offer *items; /* by pid */
	uint32_t nr;
	size_t room;
};

/*
 * Those of the caller's user, for root those of all: by the sockets in the runtime directories
 * ($XDG_RUNTIME_DIR/abide, /run/user/UID/abide, /tmp/abide-UID). A directory that is not its user's own is passed over.
 */
int app_offers_find(struct app_offers *out, struct abide_error *e);
void app_offers_free(struct app_offers *o);

#endif
