/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef MYDB_EVENTS_H
#define MYDB_EVENTS_H

/*
 * What mydb promises to those who listen. The names here stay; the members that they stand
 * for may move and get other names (value_bytes is value_size today, conn is two pointers away
 * in the next version), for the compiler writes down where they are.
 */
#include <abide/event.h>

#include "mydb.h"

DEFINE_STRUCT_USER(conn_user, struct conn,
	FIELD_USER(id),
	FIELD_USER_DOC(FIELD_USER(queries), "", "answered so far"),
	FIELD_USER_CHARS(peer));

DEFINE_STRUCT_USER(query_user, struct query,
	FIELD_USER_DOC(FIELD_USER(op), "", "1: get, 2: set, 3: del, 4: not understood"),
	FIELD_USER_DOC(FIELD_USER(begin_ns), "ns", "when the line had come"),
	FIELD_USER_DOC(FIELD_USER(end_ns), "ns", "when the answer was sent; 0: not yet"),
	FIELD_USER_DOC(FIELD_USER(value_bytes, value_size), "bytes", "of the value that is set"),
	FIELD_USER_CHARS(key),
	FIELD_USER_BITS(found),
	FIELD_USER_BITS(waited),
	FIELD_USER_DOC(FIELD_USER(conn_id, conn, id), "", "of the connection"),
	FIELD_USER_PTR(conn_user, conn));

DEFINE_STRUCT_USER(entry_user, struct entry,
	FIELD_USER_CHARS(key),
	FIELD_USER(size),
	FIELD_USER_STR(value));

DEFINE_EVENT_USER(mydb, conn_open, ARG_USER(conn_user, conn));
DEFINE_EVENT_USER(mydb, conn_close, ARG_USER(conn_user, conn));
DEFINE_EVENT_USER(mydb, query_start, ARG_USER(query_user, query), ARG_USER(conn_user, conn));
DEFINE_EVENT_USER(mydb, query_done, ARG_USER(query_user, query), ARG_USER(conn_user, conn));
DEFINE_EVENT_USER(mydb, stored, ARG_USER(entry_user, entry), ARG_USER(query_user, query));

DOC_EVENT_USER(mydb, conn_open, "a thread begins to serve a client");
DOC_EVENT_USER(mydb, conn_close, "and has served it");
DOC_EVENT_USER(mydb, query_start, "a line has come and was parsed");
DOC_EVENT_USER(mydb, query_done, "its answer was sent");
DOC_EVENT_USER(mydb, stored, "a key has a value; its bucket is locked");

#endif
