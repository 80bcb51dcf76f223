/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The command behind "--". It is forked before anything is opened, so it shares no
 * descriptor of a map or program, and waits at a pipe until everything is attached and
 * it is watched itself. A pipe that closes without a byte (abide failed or was killed)
 * ends it. A failed exec comes back as an errno through a second pipe, which a
 * successful one closes.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/run.h"
#include "cli/run_preload.h"

static void set_environment(const struct run_command *c)
{
	uint32_t i;

	for (i = 0; i < RUN_ENVIRONMENT; i++)
		if (c->environment[i].name)
			setenv(c->environment[i].name, c->environment[i].value, 1);
	if (c->preload)
		run_preload_set(c->preload);
}

static void child(const struct run_command *c, int go, int failed, char **argv, const sigset_t *mask)
{
	char byte;
	int err;

	sigprocmask(SIG_SETMASK, mask, NULL);
	set_environment(c);
	if (read(go, &byte, 1) != 1)
		_exit(0);
	execvp(argv[0], argv);
	err = errno;
	if (write(failed, &err, sizeof(err)) != sizeof(err))
		_exit(126);
	_exit(err == ENOENT ? 127 : 126);
}

int run_command_start(struct run_command *c, char **argv, const sigset_t *mask,
                      struct abide_error *e)
{
	int go[2], failed[2], err;

	if (pipe2(go, O_CLOEXEC))
		return error_set(e, -errno, "", "cannot make a pipe: %s", strerror(errno));
	if (pipe2(failed, O_CLOEXEC)) {
		err = errno;
		close(go[0]);
		close(go[1]);
		return error_set(e, -err, "", "cannot make a pipe: %s", strerror(err));
	}
	fflush(stdout);
	c->pid = fork();
	if (!c->pid) {
		close(go[1]);
		close(failed[0]);
		child(c, go[0], failed[1], argv, mask);
	}
	err = c->pid < 0 ? errno : 0;
	close(go[0]);
	close(failed[1]);
	c->go = go[1];
	c->failed = failed[0];
	if (err) {
		c->pid = 0;
		close(c->go);
		close(c->failed);
		return error_set(e, -err, "", "cannot start a process: %s", strerror(err));
	}
	return 0;
}

int run_command_go(struct run_command *c, char **argv, int *status, struct abide_error *e)
{
	int err = 0;
	ssize_t n;

	if (write(c->go, "", 1) != 1)
		err = errno;
	do {
		n = read(c->failed, &err, sizeof(err));
	} while (n < 0 && errno == EINTR);
	if (!err && n <= 0)
		return 0;
	*status = err == ENOENT ? 127 : 126;
	return error_set(e, -err, "command", "cannot run %s: %s", argv[0], strerror(err));
}

bool run_command_poll(struct run_command *c)
{
	if (c->pid && !c->ended && waitpid(c->pid, &c->status, WNOHANG) == c->pid)
		c->ended = true;
	return c->ended;
}

void run_command_stop(struct run_command *c)
{
	if (!c->pid)
		return;
	close(c->go);
	close(c->failed);
	if (!run_command_poll(c))
		kill(c->pid, SIGTERM);
}
