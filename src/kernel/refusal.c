/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What bpf(2) refuses, as sentences. In: an errno or the verifier's log. Out: the missing
 * capability, setting or kernel option and what to do; of a log the one message that
 * explains, its instruction and its source line.
 *
 * The verifier writes what it walks through ("12: (79) r1 = *(u64 *)(r1 +8)", states
 * "R1=ctx() R10=fp0", source lines behind "; "), then why it stops, then statistics.
 * Newer kernels add a diagnosis behind the reason. So the message is the first line
 * that is none of these after the last instruction.
 */
#include <bpf/bpf.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/session.h"

#define KERNEL_BTF "/sys/kernel/btf/vmlinux"

static bool has_capability(uint32_t cap)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2] = { 0 };

	if (syscall(SYS_capget, &h, d))
		return false;
	return d[cap / 32].effective >> cap % 32 & 1;
}

/* The first line of a small file, "" if it cannot be read. */
static void read_line(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	if (fd >= 0)
		close(fd);
	buf[n < 0 ? 0 : n] = 0;
	buf[strcspn(buf, "\n")] = 0;
}

static bool in_user_namespace(void)
{
	char map[64];
	unsigned long first, outside, count;

	/* The initial namespace maps all ids to themselves. */
	read_line("/proc/self/uid_map", map, sizeof(map));
	return sscanf(map, "%lu %lu %lu", &first, &outside, &count) == 3 &&
	       (outside || count != 4294967295);
}

static int refuse_privilege(const char *what, struct abide_error *e)
{
	bool admin = has_capability(CAP_SYS_ADMIN);
	bool bpf = admin || has_capability(CAP_BPF), perfmon = admin || has_capability(CAP_PERFMON);
	char line[64];

	if (!bpf || !perfmon) {
		error_set(e, -EPERM, "privilege", "no permission to %s: this needs %s%s%s", what,
		          bpf ? "" : "CAP_BPF", bpf || perfmon ? "" : " and ",
		          perfmon ? "" : "CAP_PERFMON");
		return error_hint(
			e, "run it as root, with sudo, or give the command these capabilities");
	}
	if (in_user_namespace()) {
		error_set(
			e, -EPERM, "privilege",
			"no permission to %s: root of a user namespace or container is not enough",
			what);
		return error_hint(
			e,
			"run it outside, or let the container's runtime grant CAP_BPF and CAP_PERFMON");
	}
	read_line("/sys/kernel/security/lockdown", line, sizeof(line));
	if (strstr(line, "[confidentiality]")) {
		error_set(e, -EPERM, "lockdown",
		          "no permission to %s: the kernel is locked down (confidentiality)", what);
		return error_hint(e, "boot with lockdown=integrity or none");
	}
	error_set(
		e, -EPERM, "privilege",
		"no permission to %s although CAP_BPF and CAP_PERFMON are there: a seccomp filter or security module forbids it",
		what);
	return error_hint(e, "look at the container's seccomp profile, and at the kernel's log");
}

int refusal_system(int err, const char *what, struct abide_error *e)
{
	switch (-err) {
	case EPERM:
	case EACCES:
		return refuse_privilege(what, e);
	case ENOSYS:
		error_set(e, err, "no-bpf", "cannot %s: there is no bpf(2) here", what);
		return error_hint(
			e,
			"the kernel needs CONFIG_BPF_SYSCALL=y, and no seccomp filter may hide the call");
	case ENOMEM:
		error_set(e, err, "memory", "cannot %s: the kernel has no memory for it", what);
		return error_hint(
			e,
			"before Linux 5.11 the limit is RLIMIT_MEMLOCK (ulimit -l), since then the cgroup's");
	default:
		return error_set(e, err, "", "cannot %s: %s", what, strerror(-err));
	}
}

int engine_probe(struct abide_error *e)
{
	int fd;

	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, NULL, 4, 4, 1, NULL);
	if (fd < 0)
		return refusal_system(fd, "use bpf(2)", e);
	close(fd);
	if (!has_capability(CAP_SYS_ADMIN) &&
	    !(has_capability(CAP_BPF) && has_capability(CAP_PERFMON)))
		return refuse_privilege("trace the kernel", e);
	if (access(KERNEL_BTF, R_OK)) {
		error_set(e, -ENOENT, "no-btf", "this kernel does not describe its types (%s: %s)",
		          KERNEL_BTF, strerror(errno));
		return error_hint(e, "use a kernel that is built with CONFIG_DEBUG_INFO_BTF=y");
	}
	return 0;
}

enum log_line { LOG_INSN, LOG_SOURCE, LOG_NOISE, LOG_MESSAGE };

static bool starts(const char *line, size_t n, const char *with)
{
	size_t m = strlen(with);

	return n >= m && !memcmp(line, with, m);
}

/* "R1=ctx() R10=fp0", "R1_w=inv(id=0)", "R6_rw=..." : a state; "R1 type=..": a message. */
static bool is_state(const char *line, size_t n)
{
	size_t i = 1;

	if (n < 3 || line[0] != 'R' || !isdigit((unsigned char)line[1]))
		return false;
	while (i < n && (isalnum((unsigned char)line[i]) || line[i] == '_'))
		i++;
	return i < n && line[i] == '=';
}

static enum log_line classify(const char *line, size_t n)
{
	static const char *const noise[] = { "processed ",
		                             "from ",
		                             "func#",
		                             "Func#",
		                             "last_idx",
		                             "first_idx",
		                             "regs=",
		                             "parent ",
		                             "mark_precise",
		                             "verification time",
		                             "stack depth",
		                             "frame",
		                             "caller:",
		                             "callee:",
		                             "returning from",
		                             "propagating",
		                             "-- ",
		                             "fp-",
		                             "Validating",
		                             "Live regs",
		                             "max_states",
		                             "combining",
		                             "live regs",
		                             "Global function",
		                             "failed to find kernel BTF",
		                             " frame",
		                             "to caller" };
	size_t i = 0;

	while (i < n && isdigit((unsigned char)line[i]))
		i++;
	if (i && i < n && line[i] == ':')
		return LOG_INSN;
	if (n && line[0] == ';')
		return LOG_SOURCE;
	if (!n || is_state(line, n) || isspace((unsigned char)line[0]))
		return LOG_NOISE;
	/* Of an argument that is fine; "func 'x' doesn't have 5-th argument" is a message. */
	if (starts(line, n, "func '") && memmem(line, n, " has btf_id ", 12))
		return LOG_NOISE;
	for (i = 0; i < sizeof(noise) / sizeof(noise[0]); i++)
		if (starts(line, n, noise[i]))
			return LOG_NOISE;
	return LOG_MESSAGE;
}

struct found { /* in the log */
	const char *message, *insn, *source;
	int message_len, insn_len, source_len;
};

static void search(const char *log, struct found *f)
{
	const char *p, *end, *colon, *source = NULL;
	int source_len = 0;

	memset(f, 0, sizeof(*f));
	for (p = log; *p; p = end + (*end == '\n')) {
		end = strchrnul(p, '\n');
		if (f->message && starts(p, end - p, "Verification failed"))
			break; /* the diagnosis of Linux 7.3 says it again at length */
		switch (classify(p, end - p)) {
		case LOG_INSN:
			colon = memchr(p, ':', end - p);
			if (end - colon < 3 || colon[2] != '(')
				break; /* "12: R1=ctx() R10=fp0", the state in front of it */
			f->message = NULL;
			f->insn = p;
			f->insn_len = end - p;
			f->source = source;
			f->source_len = source_len;
			break;
		case LOG_SOURCE:
			source = p + strspn(p, "; ");
			source_len = end - source;
			break;
		case LOG_MESSAGE:
			if (!f->message) {
				f->message = p;
				f->message_len = end - p;
			}
			break;
		case LOG_NOISE:
			break;
		}
	}
}

int refusal_verifier(int err, const char *program, const char *log, struct abide_error *e)
{
	char lockdown[64];
	struct found f;

	search(log, &f);
	error_set(e, err, "verifier", "the kernel's verifier refuses program %s", program);
	if (!f.message)
		error_reason(e, "%s%s", strerror(-err), *log ? "" : ", without a word");
	else
		error_reason(e, "%.*s%s%.*s%s%.*s", f.message_len, f.message,
		             f.insn ? "\nat instruction " : "", f.insn_len, f.insn ? f.insn : "",
		             f.source_len > 0 ? "\nof source line: " : "",
		             f.source_len > 0 ? f.source_len : 0, f.source_len > 0 ? f.source : "");
	read_line("/sys/kernel/security/lockdown", lockdown, sizeof(lockdown));
	if (f.message && starts(f.message, f.message_len, "unknown func") &&
	    strstr(lockdown, "[confidentiality]"))
		return error_hint(
			e, "the kernel is locked down (confidentiality) and hides this helper");
	return error_hint(
		e,
		"if the program only uses stable events and structs this is a bug of abide, please report it; "
		"else change what the program does there");
}
