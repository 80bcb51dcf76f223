/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Values out of lines: one JSON object a line (what abide prints), and "KIND KEY=VALUE
 * ..." (what the workload wrote). Not a JSON parser: keys are found by a walk over the
 * line's tokens, so a key's name inside a string value is not taken for a key; nesting
 * does not matter, because the names of the columns that are looked up are unique.
 */
#include <stdlib.h>
#include <string.h>

#include "trace.h"

/* Behind the string that begins at @p (its opening quote), NULL if it does not end. */
static const char *skip_string(const char *p)
{
	for (p++; *p && *p != '"'; p++)
		if (*p == '\\' && p[1])
			p++;
	return *p ? p + 1 : NULL;
}

/* Where the value of @key begins, or NULL. */
static const char *find(const char *line, const char *key)
{
	size_t n = strlen(key);
	const char *p = line, *end;

	while ((p = strchr(p, '"'))) {
		end = skip_string(p);
		if (!end)
			return NULL;
		if ((size_t)(end - p) == n + 2 && !memcmp(p + 1, key, n)) {
			const char *v = end + strspn(end, " ");

			if (*v == ':')
				return v + 1 + strspn(v + 1, " ");
		}
		p = end;
	}
	return NULL;
}

bool json_number(const char *line, const char *key, long long *value)
{
	const char *p = find(line, key);
	char *end;

	if (!p)
		return false;
	if (!strncmp(p, "true", 4) || !strncmp(p, "false", 5)) {
		*value = *p == 't';
		return true;
	}
	if (*p == '-')
		*value = strtoll(p, &end, 10);
	else
		*value = (long long)strtoull(p, &end, 10);
	return end != p;
}

bool json_string(const char *line, const char *key, char *buf, size_t size)
{
	static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
	const char *p = find(line, key), *f;
	size_t n = 0;

	if (!p || *p != '"')
		return false;
	for (p++; *p && *p != '"' && n + 1 < size; p++) {
		if (*p == '\\' && p[1] == 'u' && strlen(p) > 6) {
			char hex[5] = { p[2], p[3], p[4], p[5] };

			buf[n++] = (char)strtoul(hex, NULL, 16);
			p += 5;
		} else if (*p == '\\' && p[1]) {
			f = strchr(from, *++p);
			buf[n++] = f ? to[f - from] : *p;
		} else {
			buf[n++] = *p;
		}
	}
	buf[n] = '\0';
	return true;
}

bool json_raw(const char *line, const char *key, char *buf, size_t size)
{
	const char *p = find(line, key), *end = p;
	size_t n;

	if (!p)
		return false;
	if (*p == '"')
		end = skip_string(p);
	else if (*p == '[')
		end = strchr(p, ']') ? strchr(p, ']') + 1 : NULL;
	else
		end = p + strcspn(p, ",}");
	if (!end)
		return false;
	n = end - p < (long)size ? (size_t)(end - p) : size - 1;
	memcpy(buf, p, n);
	buf[n] = '\0';
	return true;
}

bool json_is(const char *line, const char *key, const char *text)
{
	char buf[512];

	return json_string(line, key, buf, sizeof(buf)) && !strcmp(buf, text);
}

/* Like "buckets":[{"min":64,"max":127,"count":3},...] */
long long json_hist(const char *line, long long from, long long to)
{
	const char *p = line;
	long long sum = 0, min, max, count;

	while ((p = strstr(p, "{\"min\":"))) {
		if (json_number(p, "min", &min) && json_number(p, "max", &max) &&
		    json_number(p, "count", &count) && max >= from && min <= to)
			sum += count;
		p++;
	}
	return sum;
}

bool truth_kind(const char *line, const char *kind)
{
	size_t n = strlen(kind);

	return !strncmp(line, kind, n) && line[n] == ' ';
}

const char *truth_get(const char *line, const char *key, char *buf, size_t size)
{
	size_t n = strlen(key), len;
	const char *p = line;

	while ((p = strchr(p, ' '))) {
		p++;
		if (!strncmp(p, key, n) && p[n] == '=') {
			p += n + 1;
			len = strcspn(p, " ");
			if (len >= size)
				len = size - 1;
			memcpy(buf, p, len);
			buf[len] = '\0';
			return buf;
		}
	}
	return NULL;
}

bool truth_number(const char *line, const char *key, long long *value)
{
	char buf[64], *end;

	if (!truth_get(line, key, buf, sizeof(buf)))
		return false;
	*value = *buf == '-' ? strtoll(buf, &end, 10) : (long long)strtoull(buf, &end, 10);
	return end != buf && !*end;
}
