/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The one way a failure is described. In: a code, a stable tag and text. Out:
 * struct abide_error, which only src/cli prints. Text that does not fit is cut,
 * never overrun.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/error.h"

int error_set(struct abide_error *e, int code, const char *tag, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return code;
	memset(e, 0, sizeof(*e));
	e->code = code;
	snprintf(e->tag, sizeof(e->tag), "%s", tag ? tag : "");
	va_start(ap, fmt);
	vsnprintf(e->problem, sizeof(e->problem), fmt, ap);
	va_end(ap);
	return code;
}

int error_reason(struct abide_error *e, const char *fmt, ...)
{
	char text[sizeof(e->reason)] = "";
	va_list ap;

	if (!e)
		return -EINVAL;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap); /* the old reason may be among the arguments */
	va_end(ap);
	memcpy(e->reason, text, sizeof(text));
	return e->code;
}

int error_hint(struct abide_error *e, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return -EINVAL;
	va_start(ap, fmt);
	vsnprintf(e->hint, sizeof(e->hint), fmt, ap);
	va_end(ap);
	return e->code;
}

int error_nomem(struct abide_error *e)
{
	return error_set(e, -ENOMEM, "", "out of memory");
}
