/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The process filter from user space. In: thread groups to watch. Out: how many are
 * alive, from the counts of the program that follows (follow.bpf.c). A process may end
 * while it is being added: it is looked for once more afterwards.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "kernel/follow.h"
#include "kernel/session.h"

static int find_map(const struct session *s, const char *name)
{
	uint32_t i;

	for (i = 0; i < s->nr_maps; i++)
		if (!strcmp(s->object->maps[i].name, name))
			return s->maps[i];
	return -1;
}

static bool read_counts(const struct session *s, struct follow_counts *c)
{
	uint32_t zero = 0;

	memset(c, 0, sizeof(*c));
	return s->follow && !bpf_map_lookup_elem(find_map(s->follow, ".bss"), &zero, c);
}

/*
 * Programs see the ids of the initial namespace (its inode is fixed: PROC_PID_INIT_INO); ours
 * must be the same. Without /proc nothing is known, and nothing refused.
 */
static int check_namespace(struct abide_error *e)
{
	struct stat st;

	if (stat("/proc/self/ns/pid", &st) || st.st_ino == 0xeffffffc)
		return 0;
	error_set(
		e, -ENOTSUP, "pid-namespace",
		"processes cannot be watched from inside a PID namespace: their ids are others there");
	return error_hint(e, "run it on the host, or give the container the host's (--pid=host)");
}

int session_watch(struct session *s, pid_t tgid, struct abide_error *e)
{
	uint32_t key = tgid;
	uint8_t one = 1;
	int fd, err;

	if (!s->follow)
		return error_set(e, -EINVAL, "filter", "this session has no process filter");
	err = check_namespace(e);
	if (err)
		return err;
	fd = find_map(s->follow, FILTER_MAP);
	err = bpf_map_update_elem(fd, &key, &one, BPF_NOEXIST);
	if (err == -EEXIST)
		return 0;
	if (err)
		return error_set(e, err, "filter", "cannot watch process %d: %s", tgid,
		                 strerror(-err));
	s->watched++;
	if (!kill(tgid, 0) || errno != ESRCH)
		return 0;
	if (!bpf_map_delete_elem(fd, &key))
		s->watched--;
	return error_set(e, -ESRCH, "no-process", "there is no process %d", tgid);
}

int session_watched(const struct session *s)
{
	struct follow_counts c;
	uint64_t all;

	if (!read_counts(s, &c))
		return 0;
	all = s->watched + c.followed;
	return all > c.ended ? all - c.ended : 0;
}

uint64_t session_unfollowed(const struct session *s)
{
	struct follow_counts c;

	return read_counts(s, &c) ? c.missed : 0;
}
