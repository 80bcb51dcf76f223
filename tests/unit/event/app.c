/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * One source of an application, compiled as C11 and C++17 by gcc and clang: with APP_MAIN an
 * executable that writes its records to stdout, else a library. APP_WRONG: a site with a wrong pointer.
 */
#include <abide/event.h>
#include <stdbool.h>
#include <stdio.h>

#include "app.h"

DECLARE_STRUCT_USER(app_user, struct app);
DEFINE_STRUCT_USER(session_user, struct app_session, FIELD_USER_DOC(FIELD_USER(opened), "ns", "when it was opened"));
DEFINE_STRUCT_USER(app_user, struct app, FIELD_USER(first), FIELD_USER(rows, result.rows), FIELD_USER(second, result.bytes[1]),
		   FIELD_USER_ARRAY(bytes, result.bytes), FIELD_USER(state), FIELD_USER_BITS(cached), FIELD_USER_BITS(kind),
		   FIELD_USER_SBITS(delta), FIELD_USER_CHARS(name), FIELD_USER_BYTES(key), FIELD_USER_STR(text),
		   FIELD_USER_PTR(session_user, session), FIELD_USER(owner, session, owner, id),
		   FIELD_USER_TYPE(int64_t, wide, result.rows), FIELD_USER_ADDR(done), FIELD_USER_PTR(app_user, next));
DOC_STRUCT_USER(app_user, "an application");
DEFINE_EVENT_USER(test, one, ARG_USER(app_user, app), ARG_USER_NUMBER(int, n));
DEFINE_EVENT_USER(test, kinds, ARG_USER_STR(text), ARG_USER_ADDR(address), ARG_USER_NUMBER(bool, yes),
		  ARG_USER_NUMBER(enum app_state, state), ARG_USER_NUMBER(signed char, c), ARG_USER_NUMBER(uint64_t, u));
DOC_EVENT_USER(test, one, "something was done");

#ifdef __cplusplus
extern "C" {
#endif
void app_site(struct app *app, int n);
void app_arguments(struct app *app, int *evaluated);
size_t app_records(const void **records);
#ifdef __cplusplus
}
#endif

void app_site(struct app *app, int n)
{
	EVENT_USER(test, one, app, n);
}

void app_arguments(struct app *app, int *evaluated)
{
	EVENT_USER(test, one, app, ++*evaluated);
	EVENT_USER(test, kinds, app->name, &app->session, true, APP_BUSY, (signed char)++*evaluated, 7);
}

size_t app_records(const void **records)
{
	*records = abide_event_this_module.records;
	return (size_t)((const char *)abide_event_this_module.records_end - (const char *)abide_event_this_module.records);
}

#ifdef APP_WRONG
void app_wrong(struct app_session *session);
void app_wrong(struct app_session *session)
{
	EVENT_USER(test, one, session, 1);
}
#endif

#ifdef APP_MAIN
int main(void)
{
	static struct app app;
	const void *records;
	size_t size = app_records(&records);
	int evaluated = 0;

	app_arguments(&app, &evaluated);
	if (evaluated)
		return 3;
	return fwrite(records, 1, size, stdout) != size;
}
#endif
