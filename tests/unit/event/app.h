/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_EVENT_APP_H
#define ABIDE_TESTS_EVENT_APP_H

#include <stdint.h>

/* What app.c makes user-ized, and event_records.c knows the offsets of. */
enum app_state { APP_IDLE, APP_BUSY = 7 };

struct app_owner {
	char pad[12];
	int32_t id;
};

struct app_session {
	uint64_t opened;
	struct app_owner *owner;
};

struct app {
	uint8_t first;
	struct {
		int16_t rows;
		uint64_t bytes[3];
	} result;
	enum app_state state;
	unsigned cached : 1, kind : 5;
	signed delta : 6;
	char name[20];
	unsigned char key[16];
	const char *text;
	struct app_session *session;
	void (*done)(void);
	struct app *next;
};

#endif
