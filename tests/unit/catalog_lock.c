/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The lock: a catalog, its promises, and every way of breaking them that could be thought
 * of. Each case replaces one piece of the catalog's text and names what must be said.
 */
#include "catalog/lock.h"
#include "catalog_kit.h"

static const char promised[] =
	"catalog linux 2\n"
	"enum state_user since 1 other 0 \"states\"\n"
	"\tSTATE_RUNNING 0 since 1 \"runs\"\n"
	"\tSTATE_SLEEPING 1 since 1 \"sleeps\"\n"
	"enum other_user since 1 other 0 \"others\"\n"
	"\tOTHER_ONE 1 since 1 \"one\"\n"
	"rules to_state \"rules\"\n"
	"\tmask 1 = 1\n"
	"\telse 0\n"
	"struct a_user of a since 1 \"a\"\n"
	"\tu32 tid @0 since 1 \"tid\"\n"
	"\t\tfrom pid\n"
	"\ts32 prio @8 since 1 \"prio\"\n"
	"\t\tfrom prio\n"
	"\tchar comm[16] @12 since 1 \"comm\"\n"
	"\t\tfrom comm\n"
	"\tenum state_user state @28 since 1 \"state\"\n"
	"\t\tfrom state as to_state\n"
	"\ta_user * parent @32 since 1 \"parent\"\n"
	"\t\tfrom parent\n"
	"\tu64 start @40 since 2 unit ns \"start\"\n"
	"\t\tfrom start\n"
	"\tu64 counters[3] @48 since 1 \"counters\"\n"
	"\t\tfrom counters[]\n"
	"\tbe16 port @72 since 1 \"port\"\n"
	"\t\tfrom port\n"
	"struct syscall_user of pt_regs since 1 \"a call\"\n"
	"\tu64 args[6] @0 since 1 \"arguments\"\n"
	"\t\tfrom args[]\n"
	"event ev since 1 on ev \"ev\"\n"
	"\ta_user * prev since 1 \"prev\"\n"
	"\t\tfrom prev\n"
	"\ta_user * next since 1 \"next\"\n"
	"\t\tfrom next\n"
	"event sys_enter since 1 on sys_enter \"begins\"\n"
	"\tsyscall_user * sc since 1 \"call\"\n"
	"\t\tfrom regs\n"
	"syscall openat x86_64 257 (s32 dfd, user filename, s32 flags)\n";

/* Replace @was by @is in the promised catalog, and check it against the lock. */
struct change {
	const char *name, *was, *is;
	const char *says; /* part of the problem; NULL: all promises are kept */
};

/* It cannot even be written down: the parser refuses it. */
#define UNWRITABLE "test.cat:"

static const struct change changes[] = {
	{ "a field moves", "prio @8", "prio @4", "a_user.prio moved from 8 to 4" },
	{ "a field grows", "u32 tid", "u64 tid", "a_user.tid changed its type from u32 to u64" },
	{ "a field gets a sign", "u32 tid", "s32 tid", "a_user.tid changed its type from u32 to s32" },
	{ "a field loses its sign", "s32 prio", "u32 prio", "a_user.prio changed its type from s32 to u32" },
	{ "a field's byte order", "be16 port", "u16 port", "a_user.port changed its type from be16 to u16" },
	{ "characters shrink", "comm[16]", "comm[8]", "a_user.comm changed its type from char[16] to char[8]" },
	{ "characters become bytes", "char comm", "u8 comm", "a_user.comm changed its type from char[16] to u8[16]" },
	{ "an array shrinks", "counters[3]", "counters[2]", "a_user.counters changed its type from u64[3] to u64[2]" },
	{ "a pointer to another struct", "a_user * parent", "syscall_user * parent",
	  "a_user.parent changed its type from a_user* to syscall_user*" },
	{ "a pointer becomes an address", "a_user * parent", "user parent", "a_user.parent changed its type from a_user* to user" },
	{ "another enum", "enum state_user state @28 since 1 \"state\"\n\t\tfrom state as to_state",
	  "enum other_user state @28 since 1 \"state\"\n\t\tfrom state", "a_user.state changed its type from enum:state_user to enum:other_user" },
	{ "another unit", "unit ns", "unit us", "a_user.start changed its unit from ns to us" },
	{ "a unit goes", "unit ns", "", "a_user.start changed its unit from ns to none" },
	{ "a unit appears", "@0 since 1 \"tid\"", "@0 since 1 unit ns \"tid\"", "a_user.tid changed its unit from none to ns" },
	{ "a field goes", "\ts32 prio @8 since 1 \"prio\"\n\t\tfrom prio\n", "", "field a_user.prio vanished" },
	{ "the last field goes", "\tbe16 port @72 since 1 \"port\"\n\t\tfrom port\n", "", "field a_user.port vanished" },
	{ "a field is renamed", "u32 tid", "u32 pid", "field a_user.tid vanished" },
	{ "two fields change places", "\tu32 tid @0 since 1 \"tid\"\n\t\tfrom pid\n\ts32 prio @8 since 1 \"prio\"\n\t\tfrom prio\n",
	  "\ts32 prio @0 since 1 \"prio\"\n\t\tfrom prio\n\tu32 tid @8 since 1 \"tid\"\n\t\tfrom pid\n", "a_user.prio moved from 8 to 0" },
	{ "an enumerator gets another value", "OTHER_ONE 1", "OTHER_ONE 2",
	  "other_user.OTHER_ONE changed its value from 1 to 2" },
	{ "an enumerator goes", "\tOTHER_ONE 1 since 1 \"one\"\n", "\tOTHER_TWO 2 since 2 \"two\"\n", "enumerator other_user.OTHER_ONE vanished" },
	{ "what others become", "enum other_user since 1 other 0", "enum other_user since 1 other 9",
	  "other_user changed its other from 0 to 9" },
	{ "arguments change places", "\ta_user * prev since 1 \"prev\"\n\t\tfrom prev\n\ta_user * next since 1 \"next\"\n\t\tfrom next\n",
	  "\ta_user * next since 1 \"next\"\n\t\tfrom next\n\ta_user * prev since 1 \"prev\"\n\t\tfrom prev\n", "ev.next moved from 1 to 0" },
	{ "an argument in front", "event ev since 1 on ev \"ev\"\n",
	  "event ev since 1 on ev \"ev\"\n\tu32 new since 2 \"new\"\n\t\tfrom new\n", "ev.next moved from 1 to 2" },
	{ "an argument goes", "\ta_user * next since 1 \"next\"\n\t\tfrom next\n", "", "arg ev.next vanished" },
	{ "an argument of another type", "a_user * next since", "u64 next since", "ev.next changed its type from a_user* to u64" },
	{ "an event is renamed", "event ev since", "event ew since", "arg ev.next vanished" },
	{ "a struct is renamed", "struct a_user of", "struct b_user of", UNWRITABLE },
	{ "a system call's argument", "user filename", "u64 filename", "sys_enter:openat.filename changed its type from user to u64" },
	{ "a system call's arguments change places", "s32 dfd, user filename", "user filename, s32 dfd",
	  "sys_enter:openat.dfd moved from 0 to 1" },
	{ "a system call goes", "syscall openat x86_64 257 (s32 dfd, user filename, s32 flags)\n", "", "arg sys_enter:openat.dfd vanished" },
	{ "since changes", "@0 since 1 \"tid\"", "@0 since 2 \"tid\"", "a_user.tid changed its since from 1 to 2" },
	{ "the version goes back", "catalog linux 2", "catalog linux 1", UNWRITABLE },
	/* what is kept */
	{ "nothing changes", "catalog linux 2", "catalog linux 2", NULL },
	{ "a field at the end", "struct syscall_user", "\tu32 new @76 since 2 \"new\"\n\t\tfrom new\nstruct syscall_user", NULL },
	{ "a field in a hole", "\ts32 prio @8", "\tu32 new @4 since 2 \"new\"\n\t\tfrom new\n\ts32 prio @8", NULL },
	{ "other kernel names and paths", "struct a_user of a since", "struct a_user of a a_old since", NULL },
	{ "another way to get it", "from pid\n", "from pid\n\t\tfrom tid\n", NULL },
	{ "other rules", "mask 1 = 1", "mask 3 = 1", NULL },
	{ "another meaning", "\"tid\"", "\"thread id\"", NULL },
	{ "a number of a system call", "x86_64 257", "x86_64 257 arm64 56", NULL },
	{ "an argument behind the others", "event sys_enter since", "\tu32 new since 2 \"new\"\n\t\tfrom new\nevent sys_enter since", NULL },
	{ "a new enumerator", "\tOTHER_ONE 1 since 1 \"one\"\n", "\tOTHER_ONE 1 since 1 \"one\"\n\tOTHER_TWO 2 since 2 \"two\"\n", NULL },
	{ "a new system call", "syscall openat", "syscall close since 2 x86_64 3 (u32 fd)\nsyscall openat", NULL },
	{ "a new version", "catalog linux 2", "catalog linux 3", NULL },
	/* new things that are not new enough */
	{ "an old field at the end", "struct syscall_user", "\tu32 new @76 since 1 \"new\"\n\t\tfrom new\nstruct syscall_user",
	  "field a_user.new is new but says since 1: it comes with version 2" },
	{ "an old enumerator", "\tOTHER_ONE 1 since 1 \"one\"\n", "\tOTHER_ONE 1 since 1 \"one\"\n\tOTHER_TWO 2 since 1 \"two\"\n",
	  "enumerator other_user.OTHER_TWO is new but says since 1" },
	{ "an old system call", "syscall openat", "syscall close x86_64 3 (u32 fd)\nsyscall openat",
	  "arg sys_enter:close.fd is new but says since 1" },
};

/* The promised text with one piece replaced; the piece stands there once. */
static char *changed(const char *was, const char *is)
{
	const char *at = strstr(promised, was);
	char *text;

	if (!at || strstr(at + 1, was)) {
		printf("Bail out! \"%s\" does not stand there once\n", was);
		exit(1);
	}
	text = malloc(sizeof(promised) + strlen(is));
	if (!text)
		exit(1);
	sprintf(text, "%.*s%s%s", (int)(at - promised), promised, is, at + strlen(was));
	return text;
}

static void test_changes(const struct buf *lock)
{
	struct catalog *c;
	struct abide_error e;
	char *text;
	size_t i;
	int rc;

	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		const struct change *ch = &changes[i];

		text = changed(ch->was, ch->is);
		c = NULL;
		rc = kit_parse(text, NULL, &c, &e);
		if (rc) {
			OK(ch->says && !strcmp(ch->says, UNWRITABLE), ch->name);
			printf("# %s\n", e.problem);
		} else {
			rc = lock_check(c, (const char *)lock->data, lock->size, "lock", &e);
			if (ch->says)
				OK(rc == -EINVAL && !strcmp(e.tag, "catalog-abi") &&
					   (strstr(e.problem, ch->says) || strstr(e.reason, ch->says)),
				   ch->name);
			else
				SAME(rc, 0, ch->name);
			if (rc)
				printf("# %s\n", e.problem);
		}
		catalog_free(c);
		free(text);
	}
}

/* Once the version has gone up, the version before is closed. */
static void test_next_version(const struct buf *lock)
{
	char *text = changed("catalog linux 2", "catalog linux 3\nevent late since 2 on late \"late\"");
	struct catalog *c = kit_catalog(text, NULL);
	struct abide_error e = { 0 };

	OK(lock_check(c, (const char *)lock->data, lock->size, "lock", &e) == -EINVAL &&
		   strstr(e.problem, "event late is new but says since 2: it comes with version 3"),
	   "too late for the version before");
	catalog_free(c);
	free(text);
}

static void test_locks(struct catalog *c, const struct buf *lock)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "", "no lock" },
		{ "field a.b offset 0\n", "no lock" },
		{ "catalog linux version 1\nfield\n", "lock:2: a name is missing" },
		{ "catalog linux version 1\nfield a.b offset\n", "lock:2: the property's value is missing" },
		{ "catalog linux version 1\nenum a since 1\nenum a since 1\n", "lock:3: enum a stands twice" },
		{ "catalog linux version 1\nenum a a 1 b 2 c 3 d 4 e 5\n", "lock:2: more than 4 properties" },
	};
	struct abide_error e;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(&e, 0, sizeof(e));
		OK(lock_check(c, bad[i].text, strlen(bad[i].text), "lock", &e) == -EINVAL &&
			   !strcmp(e.tag, "lock-syntax") && strstr(e.problem, bad[i].says),
		   bad[i].says);
	}
	SAME(lock_check(c, "catalog linux version 5\n", 24, "lock", &e), -EINVAL, "a lock of a later version");
	TEXT(e.problem, "catalog linux shrank from 5 to 2", "and what is said of it");
	OK(strstr((const char *)lock->data, "field a_user.start offset 40 type u64 unit ns since 2\n") &&
		   strstr((const char *)lock->data, "arg ev.next position 1 type a_user* since 1\n") &&
		   strstr((const char *)lock->data, "enumerator state_user.STATE_SLEEPING value 1 since 1\n") &&
		   strstr((const char *)lock->data, "struct a_user size 74 since 1\n"),
	   "promises as lines");
	OK(!strstr((const char *)lock->data, "to_state") && !strstr((const char *)lock->data, "257"),
	   "rules and numbers are no promises");
}

static void test_order(void)
{
	/* entries and enumerators in another order: the same lock */
	struct catalog *c = kit_catalog("catalog linux 1\nenum b since 1 other 0 \"b\"\n\tB2 2 since 1 \"b\"\n\tB1 1 since 1 \"b\"\n"
					"enum a since 1 other 0 \"a\"\n\tA1 1 since 1 \"a\"\n", NULL);
	struct catalog *d = kit_catalog("catalog linux 1\nenum a since 1 other 0 \"a\"\n\tA1 1 since 1 \"a\"\n"
					"enum b since 1 other 0 \"b\"\n\tB1 1 since 1 \"b\"\n\tB2 2 since 1 \"b\"\n", NULL);
	struct buf x = { 0 }, y = { 0 };

	lock_write(c, &x, NULL);
	lock_write(d, &y, NULL);
	OK(x.size > 100 && x.size == y.size && !memcmp(x.data, y.data, x.size), "the lock does not depend on the text's order");
	buf_free(&x);
	buf_free(&y);
	catalog_free(c);
	catalog_free(d);
}

static void test_no_memory(const struct buf *lock)
{
	struct catalog *c = kit_catalog(promised, NULL);
	struct abide_error e;
	int rc = -ENOMEM;
	long i;

	for (i = 0; rc == -ENOMEM && i < 1000; i++) {
		fail_in = i;
		rc = lock_check(c, (const char *)lock->data, lock->size, "lock", &e);
		fail_in = -1;
	}
	OK(!rc && i > 5, "each allocation fails once");
	catalog_free(c);
}

/* The real thing: the built-in catalog keeps what the tree's lock promises, and adds nothing unsaid. */
static void test_tree(void)
{
	struct buf lock = { 0 }, now = { 0 };
	struct abide_error e = { 0 };
	struct catalog *c = NULL;
	FILE *f = fopen("catalog/linux.lock", "r");
	char piece[4096];
	size_t n;
	int rc;

	while (f && (n = fread(piece, 1, sizeof(piece), f)))
		buf_add(&lock, piece, n);
	OK(f && lock.size > 1000 && !catalog_open_builtin(&c, &e), "the tree has a lock and a catalog");
	if (!f || !c)
		return;
	fclose(f);
	rc = lock_check(c, (const char *)lock.data, lock.size, "catalog/linux.lock", &e);
	SAME(rc, 0, "the catalog keeps its promises");
	if (rc)
		printf("# %s\n# %s\n", e.problem, e.hint);
	OK(!lock_write(c, &now, &e) && now.size == lock.size && !memcmp(now.data, lock.data, now.size),
	   "the lock has all of them (if not: scripts/lock)");
	buf_free(&lock);
	buf_free(&now);
	catalog_free(c);
}

int main(void)
{
	struct catalog *c = kit_catalog(promised, NULL);
	struct buf lock = { 0 };
	struct abide_error e;

	SAME(lock_write(c, &lock, &e), 0, "the promises are written");
	buf_u8(&lock, 0);
	lock.size--;
	test_changes(&lock);
	test_next_version(&lock);
	test_locks(c, &lock);
	test_order();
	test_no_memory(&lock);
	test_tree();
	catalog_free(c);
	buf_free(&lock);
	return kit_done();
}
