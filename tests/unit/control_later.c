/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A library that control_server loads later. It has the event app:step too, with the struct laid out otherwise. */
#include <abide/event.h>

struct job {
	char pad[40];
	unsigned long long value;
	unsigned thread;
	char name[16];
};

DEFINE_STRUCT_USER(job_user, struct job, FIELD_USER(value), FIELD_USER(thread), FIELD_USER_CHARS(name));
DEFINE_EVENT_USER(app, step, ARG_USER(job_user, job), ARG_USER_NUMBER(int, round));

__attribute__((visibility("default"))) void later(unsigned n);

void later(unsigned n)
{
	struct job job = { .value = 77, .name = "later" };

	while (n--)
		EVENT_USER(app, step, &job, 0);
}
