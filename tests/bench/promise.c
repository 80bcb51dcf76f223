/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#include "promise.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

void promise(struct promises *p, const char *what, double value, double limit, const char *unit,
             const char *why)
{
	bool kept = value <= limit;
	int digits = limit < 2 ? 3 : 2; /* limits of ratios are of a few hundredths */

	if (kept)
		p->kept++;
	else
		p->missed++;
	if (value < 0 && value > -0.05)
		value = 0; /* less than nothing is noise */
	printf("  %-7s %-38s %8.*f%s, at most %.2f\n", kept ? "ok" : "missed", what, digits, value, unit, limit);
	if (!kept && why)
		printf("          %s\n", why);
}

void remark(const char *format, ...)
{
	va_list args;

	printf("  -       ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

void promises_total(const struct promises *p, int incomplete)
{
	printf("\n%u of %u limits kept%s\n", p->kept, p->kept + p->missed,
	       incomplete ? "; not all could be measured" : "");
}
