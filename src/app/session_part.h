/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_APP_SESSION_PART_H
#define ABIDE_APP_SESSION_PART_H

#include "app/app.h"
#include "app/client.h"
#include "app/session.h"
#include "process/message_socket.h"

/* Inside of a session. */
struct session_version { /* the object, translated for one binary: the same events, laid out alike */
	struct app *app;
	struct translated *translated;
	struct app_image *image;
	struct message_attach message;
};

struct session_process {
	struct app_process shown;
	struct app_client *client; /* NULL: ended */
	struct message_made *made;
	struct message_counts *counts;
	bool started;
};

struct session_map {
	struct process_map *map;
	int fd;
	session_record_fn fn; /* a ring that is read */
	void *fn_ctx;
};

struct app_session {
	const struct object *object;
	struct app_session_options opts;
	/* Of all versions: the object's, and one for what programs print. */
	struct session_map maps[MESSAGE_MAPS];
	uint32_t nr_maps;
	uint32_t trace; /* index into maps, MESSAGE_NONE */
	bool has_maps;
	struct process_slots *slots;
	int slots_fd;
	int wake[2]; /* [0] is read here, [1] goes to applications */
	struct session_version **versions;
	size_t nr_versions, room_versions;
	struct session_process **processes;
	size_t nr_processes, room_processes;
	uint32_t ever;
	int epoll;
	struct message_socket listener;
};

/* session_maps.c: create the maps of the first image; they are the same for all. */
int session_make_maps(struct app_session *s, const struct app_image *im, struct abide_error *e);
void session_close_maps(struct app_session *s);
/* Descriptors for ATTACH: MESSAGE_FDS of them at most. */
uint32_t session_fds(const struct app_session *s, int *fds);

/* session_version.c: the object for the binary of a process, an earlier one if it is alike. */
int session_version(struct app_session *s, pid_t pid, struct session_version **out, struct abide_error *e);
void session_version_free(struct session_version *v);

#endif
