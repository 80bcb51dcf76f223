/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Fuzz target: any bytes as an object with a stamp, on a kernel whose BTF is the object's own. Whatever the
 * stamp says, it is read or refused; and what is stamped anew is an object as before, with
 * that stamp, on which nothing differs on the kernel that it was stamped for.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/stamp.h"
#include "standalone.h"

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "stamp: %s\n", what);
	abort();
}

static void read_stamp(const struct object *o, const struct stamp_kernel *on)
{
	struct abide_error e = { 0 };
	struct stamp s;
	int err = stamp_read(o, &s, &e);

	need(err == -ENOENT || !err == !*e.problem, "an error without a word, or a word without one");
	if (!err)
		need(*s.release && strlen(s.btf) == SHA256_HEX - 1, "a stamp that names no kernel");
	memset(&e, 0, sizeof(e));
	err = stamp_allows(o, on, NULL, &e);
	need(err != -ENOMEM && (!err || *e.problem), "a refusal without a word");
}

static void stamp_anew(const uint8_t *data, size_t size, const struct object *o, struct stamp_kernel *on)
{
	struct buf uses = { 0 }, out = { 0 }, text = { 0 };
	struct stamp want, have;
	struct abide_error e = { 0 };
	struct object *again = NULL;
	uint32_t nr = 1;

	if (stamp_of_kernel(on, &want, &e) || stamp_uses(o, on, NULL, &uses, &e) || stamp_write(data, size, &want, &uses, &out, &e))
		goto out; /* no room for a section more */
	need(!object_open_mem(out.data, out.size, "stamped", &again, &e), "stamped, it is no object any more");
	need(!stamp_read(again, &have, &e) && !strcmp(have.release, want.release) && !strcmp(have.btf, want.btf),
	     "the stamp is another one than was written");
	need(again->nr_functions == o->nr_functions && again->nr_maps == o->nr_maps, "the stamp has changed the programs");
	need(!stamp_differs(again, on, NULL, 3, &text, &nr, &e), "its differences cannot be told");
	if (nr)
		fprintf(stderr, "%.*s", (int)text.size, (const char *)text.data);
	need(!nr, "something differs on the very kernel");
	on->hash = "0000000000000000000000000000000000000000000000000000000000000000";
	need(!stamp_allows(again, on, NULL, &e), "refused on a kernel where nothing differs");
out:
	object_free(again);
	buf_free(&uses);
	buf_free(&text);
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stamp_kernel on = { .release = "6.1.0-fuzz" };
	struct abide_error e = { 0 };
	struct object *o = NULL;
	struct btf_data *b = NULL;
	const void *bytes;
	size_t n;

	if (object_open_mem(data, size, "fuzz", &o, &e) || !o->btf)
		goto out;
	bytes = btf_bytes(o->btf, &n);
	if (btf_open_mem(bytes, n, &b, &e))
		goto out;
	on.btf = b;
	read_stamp(o, &on);
	stamp_anew(data, size, o, &on);
out:
	btf_free(b);
	object_free(o);
	return 0;
}
