/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Reads of memory that is not there: by copies, by loads of native code and of the interpreter, from
 * junk addresses of every kind; and that an application's own handlers, masks, stacks and
 * default actions stay as they were, whether they were there before ours or came after.
 * Each scene of handlers plays in a child, whose end is looked at.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "process/fault.h"
#include "process/link.h"
#include "process_check.h"
#include "process_kit.h"

#define EXIT       INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
#define MOV(d, v)  INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, v)
#define MOVR(d, s) INSN(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define ADDR(d, s) INSN(BPF_ALU64 | BPF_ADD | BPF_X, d, s, 0, 0)
#define LOAD(size, d, s, o) INSN(BPF_LDX | (size), d, s, o, 0)
#define LEN(a)     (sizeof(a) / sizeof((a)[0]))

/* Addresses of memory that is not there. */
static uint64_t junk[16];
static const char *junk_names[16];
static size_t nr_junk;
static uint8_t *page;

static void add_junk(uint64_t address, const char *name)
{
	junk[nr_junk] = address;
	junk_names[nr_junk++] = name;
}

static void make_junk(void)
{
	uint8_t *file, *gone;
	int fd;

	page = kit_page();
	add_junk(0, "NULL");
	add_junk(8, "near NULL");
	add_junk(UINT64_C(0x8000000000000000), "not canonical");
	add_junk(UINT64_C(0x0000900000000000), "not canonical, low");
	add_junk(UINT64_C(0xffff888000001000), "the kernel's");
	add_junk(UINT64_C(0xfffffffffffffff0), "the last one");
	add_junk((uintptr_t)page + KIT_PAGE, "PROT_NONE");
	gone = mmap(NULL, KIT_PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(gone, KIT_PAGE);
	add_junk((uintptr_t)gone, "unmapped");
	fd = memfd_create("short", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, 2 * KIT_PAGE))
		exit(2);
	file = mmap(NULL, 2 * KIT_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (file == MAP_FAILED || ftruncate(fd, 100))
		exit(2);
	close(fd);
	add_junk((uintptr_t)file + KIT_PAGE, "behind the end of a file");
}

static bool is_all(const uint8_t *p, size_t n, uint8_t v)
{
	while (n)
		if (p[--n] != v)
			return false;
	return true;
}

static void test_reads(void)
{
	static uint8_t to[2000], from[2000];
	size_t i, size, k;

	for (k = 0; k < sizeof(from); k++)
		from[k] = (uint8_t)(k * 7 + 1);
	for (size = 0; size < 700; size += size < 70 ? 1 : 37) {
		memset(to, 0xaa, sizeof(to));
		check(!fault_read(to, from + 3, size) && !memcmp(to, from + 3, size) && is_all(to + size, 100, 0xaa), "what is there is read", "");
		for (i = 0; size && i < nr_junk; i++) {
			memset(to, 0xaa, sizeof(to));
			check(fault_read(to, (void *)(uintptr_t)junk[i], size) == -EFAULT && is_all(to, size, 0) && is_all(to + size, 100, 0xaa),
			      "what is not there is an error", junk_names[i]);
			memset(to, 0xaa, sizeof(to));
			check(fault_read_string((char *)to, (void *)(uintptr_t)junk[i], size) == -EFAULT && is_all(to, size, 0) &&
			              is_all(to + size, 100, 0xaa),
			      "no text is an error", junk_names[i]);
		}
		/* the last byte that is there, and one more */
		memset(page, 5, KIT_PAGE);
		if (!size)
			continue;
		check(!fault_read(to, page + KIT_PAGE - size, size) && is_all(to, size, 5), "up to the end of a page", "");
		check(fault_read(to, page + KIT_PAGE - size + 1, size) == -EFAULT && is_all(to, size, 0), "over the end of a page", "");
		check(fault_read(to, page - 1, size) == -EFAULT && is_all(to, size, 0), "before the beginning of a page", "");
	}
}

static const uint8_t sizes[] = { BPF_MEM | BPF_B, BPF_MEM | BPF_H, BPF_MEM | BPF_W, BPF_MEM | BPF_DW,
	                         INSN_MEMSX | BPF_B, INSN_MEMSX | BPF_H, INSN_MEMSX | BPF_W };

static uint64_t nr_faults; /* loads that gave 0, as programs count them */

static struct process_program *make(const struct bpf_insn *insns, uint32_t nr)
{
	struct verify_fact facts[16] = { 0 };
	struct process_program *p;
	struct abide_error e = { 0 };
	uint32_t i;
	struct link_input in = { .insns = insns, .nr_insns = nr, .facts = facts, .faults = &nr_faults };

	for (i = 0; i < nr; i++)
		facts[i] = (struct verify_fact){ .reached = true, .faults = BPF_CLASS(insns[i].code) == BPF_LDX };
	if (process_link(&in, &p, &e)) {
		printf("not ok - a program is refused: %s\n", e.problem);
		exit(1);
	}
	return p;
}

/* r0 of all engines: the interpreter, and native code with each assignment of registers. */
static void all(const struct bpf_insn *insns, uint32_t nr, uint64_t r1, uint64_t r2, uint64_t want, const char *what)
{
	struct process_run run = { .budget = 1000 };
	struct process_program *p = make(insns, nr);
	struct process_compile_options o = { 0 };
	struct abide_error e = { 0 };

	check(process_interpret(p, &run, r1, r2) == want, what, "interpreter");
	for (o.rotate = 0; o.rotate < 10; o.rotate++) {
		if (process_compile(p, &o, &e))
			break;
		check(process_run(p, &run, r1, r2) == want, what, "native code");
	}
#if defined(__x86_64__)
	check(o.rotate == 10, "native code", e.problem);
#endif
	process_program_free(p);
}

static void test_loads(void)
{
	static const uint64_t there[2] = { UINT64_C(0x8182838485868788), 0 };
	static const uint64_t values[] = { 0x88, 0x8788, 0x85868788, UINT64_C(0x8182838485868788), (uint64_t)(int8_t)0x88, (uint64_t)(int16_t)0x8788,
		                           (uint64_t)(int32_t)0x85868788 };
	uint32_t engines = 1, k;
	size_t i;

#if defined(__x86_64__)
	engines += 10;
#endif
	for (k = 0; k < LEN(sizes); k++) {
		/* into another register, into the address's own, behind a sum (which becomes one instruction), with an offset */
		const struct bpf_insn other[] = { MOV(0, 7), LOAD(sizes[k], 3, 1, 0), MOVR(0, 3), EXIT },
		                      own[] = { LOAD(sizes[k], 1, 1, 0), MOVR(0, 1), EXIT },
		                      sum[] = { MOVR(0, 1), ADDR(0, 2), LOAD(sizes[k], 0, 0, 0), EXIT },
		                      saved[] = { MOV(7, 5), MOV(8, 9), LOAD(sizes[k], 6, 1, 8), MOVR(0, 6), ADDR(0, 7), ADDR(0, 8), EXIT };

		all(other, LEN(other), (uintptr_t)there, 0, values[k], "a load of what is there");
		all(own, LEN(own), (uintptr_t)there, 0, values[k], "a load of what is there into its own address");
		all(sum, LEN(sum), (uintptr_t)there - 99, 99, values[k], "a load from a sum");
		all(saved, LEN(saved), (uintptr_t)there - 8, 0, values[k] + 14, "a load into a saved register");
		check(!nr_faults, "what is there counts as no fault", "");
		for (i = 0; i < nr_junk; i++) {
			all(other, LEN(other), junk[i], 0, 0, junk_names[i]);
			all(own, LEN(own), junk[i], 0, 0, junk_names[i]);
			all(sum, LEN(sum), junk[i] - 99, 99, 0, junk_names[i]);
			all(saved, LEN(saved), junk[i] - 8, 0, 14, junk_names[i]);
		}
		all(other, LEN(other), (uintptr_t)page + KIT_PAGE - (k & 3 ? 1 : 0), 0, 0, "a load over the end of a page");
		check(nr_faults == engines * (4 * nr_junk + 1), "each load of junk counts, on each engine", "");
		nr_faults = 0;
	}
}

/* ---- what the application has ---- */

static const struct bpf_insn deref[] = { LOAD(BPF_MEM | BPF_DW, 0, 1, 0), INSN(BPF_ALU64 | BPF_ADD | BPF_K, 0, 0, 0, 3), EXIT };
static struct process_program *program;

/* Ours works: a program that follows junk, and a copy of junk. */
static bool works(void)
{
	struct process_run run = { .budget = 1000 };
	uint64_t v = 1, good = 39;
	size_t i;

	for (i = 0; i < nr_junk; i++)
		if (process_run(program, &run, junk[i], 0) != 3 || fault_read(&v, (void *)(uintptr_t)junk[i], 8) != -EFAULT || v)
			return false;
	return process_run(program, &run, (uintptr_t)&good, 0) == 42;
}

static sigjmp_buf back;
static volatile sig_atomic_t nr_caught;
static void *volatile caught_address;
static volatile int caught_signal;
static volatile bool on_alternate, blocked_usr1, blocked_self, blocked_usr2;
static stack_t alternate;

static void look_around(int sig)
{
	char here;
	sigset_t now;

	nr_caught++;
	caught_signal = sig;
	on_alternate = alternate.ss_sp && &here >= (char *)alternate.ss_sp && &here < (char *)alternate.ss_sp + alternate.ss_size;
	pthread_sigmask(SIG_SETMASK, NULL, &now);
	blocked_usr1 = sigismember(&now, SIGUSR1);
	blocked_usr2 = sigismember(&now, SIGUSR2);
	blocked_self = sigismember(&now, sig);
}

static void jump_out(int sig, siginfo_t *info, void *context)
{
	(void)context;
	look_around(sig);
	caught_address = info->si_addr;
	siglongjmp(back, 1);
}

static void plain_jump_out(int sig)
{
	look_around(sig);
	siglongjmp(back, 1);
}

static void count_only(int sig)
{
	look_around(sig);
}

static void install(int sig, void (*handler)(int, siginfo_t *, void *), int flags, bool interposed)
{
	struct sigaction a = { .sa_sigaction = handler, .sa_flags = flags };

	sigaddset(&a.sa_mask, SIGUSR1);
	if (interposed)
		fault_sigaction(sig, &a, NULL);
	else
		sigaction(sig, &a, NULL);
}

static volatile uint64_t sink;

/* A fault of the application's own, that its handler jumps out of. */
static bool own_fault(size_t which, int sig)
{
	int before = nr_caught;

	if (!sigsetjmp(back, 1)) {
		sink = *(volatile uint64_t *)(uintptr_t)junk[which];
		return false;
	}
	return nr_caught == before + 1 && caught_signal == sig;
}

static size_t find_junk(const char *name)
{
	size_t i;

	for (i = 0; strcmp(junk_names[i], name) != 0; i++)
		;
	return i;
}

#define NEED(cond)                                                                                 \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			printf("# line %d: %s\n", __LINE__, #cond);                                \
			fflush(stdout);                                                            \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static void uses_ours(void)
{
	program = make(deref, LEN(deref));
	NEED(works());
}

static bool own_faults(void)
{
	size_t none = find_junk("PROT_NONE"), file = find_junk("behind the end of a file");

	return own_fault(none, SIGSEGV) && caught_address == (void *)(uintptr_t)junk[none] && blocked_usr1 && blocked_self && !blocked_usr2 &&
	       own_fault(file, SIGBUS) && caught_address == (void *)(uintptr_t)junk[file];
}

static void scene_before(void)
{
	install(SIGSEGV, jump_out, SA_SIGINFO, false);
	install(SIGBUS, jump_out, SA_SIGINFO, false);
	uses_ours();
	NEED(nr_caught == 0);
	NEED(own_faults() && works() && own_faults() && works());
	NEED(nr_caught == 4);
}

static void scene_after(void)
{
	uses_ours();
	install(SIGSEGV, jump_out, SA_SIGINFO, true);
	install(SIGBUS, jump_out, SA_SIGINFO, true);
	NEED(works() && nr_caught == 0);
	NEED(own_faults() && works() && own_faults());
}

/* Over ours, past us: until the next look ours does not see faults; then both work. */
static void scene_replaced(void)
{
	uses_ours();
	install(SIGSEGV, jump_out, SA_SIGINFO, false);
	install(SIGBUS, jump_out, SA_SIGINFO, false);
	NEED(own_faults());
	fault_keep();
	NEED(works() && nr_caught == 2);
	NEED(own_faults() && works());
	fault_keep();
	NEED(own_faults() && works());
}

static void scene_plain_handler(void)
{
	struct sigaction now;

	uses_ours();
	NEED(!fault_sigaction(SIGSEGV, &(struct sigaction){ .sa_handler = plain_jump_out }, &now));
	NEED(now.sa_handler == SIG_DFL);
	NEED(!fault_sigaction(SIGSEGV, NULL, &now) && now.sa_handler == plain_jump_out && !(now.sa_flags & SA_SIGINFO));
	NEED(own_fault(0, SIGSEGV) && !blocked_usr1 && blocked_self && works());
}

static void scene_flags(void)
{
	struct sigaction now;

	alternate = (stack_t){ .ss_size = 65536, .ss_sp = malloc(65536) };
	NEED(!sigaltstack(&alternate, NULL));
	uses_ours();
	install(SIGSEGV, jump_out, SA_SIGINFO | SA_ONSTACK | SA_NODEFER, true);
	NEED(own_fault(0, SIGSEGV) && on_alternate && !blocked_self && blocked_usr1);
	NEED(works());
	install(SIGSEGV, jump_out, SA_SIGINFO | SA_RESETHAND, true);
	NEED(own_fault(0, SIGSEGV) && !on_alternate && blocked_self);
	NEED(!fault_sigaction(SIGSEGV, NULL, &now) && now.sa_handler == SIG_DFL);
	NEED(works());
}

/* A signal that somebody sends is no fault, and another signal's action is left alone. */
static void scene_sent(void)
{
	struct sigaction a = { .sa_handler = count_only };

	uses_ours();
	fault_sigaction(SIGSEGV, &a, NULL);
	NEED(!kill(getpid(), SIGSEGV) && nr_caught == 1 && !raise(SIGSEGV) && nr_caught == 2 && works());
	a.sa_handler = SIG_IGN;
	fault_sigaction(SIGSEGV, &a, NULL);
	NEED(!kill(getpid(), SIGSEGV) && nr_caught == 2 && works());
	a.sa_handler = count_only;
	NEED(!fault_sigaction(SIGUSR2, &a, NULL) && !raise(SIGUSR2) && nr_caught == 3);
}

static void scene_own_segv(void)
{
	uses_ours();
	sink = *(volatile uint64_t *)(uintptr_t)junk[0];
}

static void scene_own_bus(void)
{
	uses_ours();
	sink = *(volatile uint64_t *)(uintptr_t)junk[find_junk("behind the end of a file")];
}

static void scene_killed(void)
{
	uses_ours();
	kill(getpid(), SIGSEGV);
	pause();
}

static void scene_raised_bus(void)
{
	uses_ours();
	raise(SIGBUS);
}

static void scene_ignored_fault(void)
{
	uses_ours();
	fault_sigaction(SIGSEGV, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
	sink = *(volatile uint64_t *)(uintptr_t)junk[0];
}

/* A handler over ours that hands what it does not know to the one before, which is ours. */
static struct sigaction before;

static void hand_down(int sig, siginfo_t *info, void *context)
{
	look_around(sig);
	before.sa_sigaction(sig, info, context);
}

static void scene_chained(void)
{
	struct sigaction a = { .sa_sigaction = hand_down, .sa_flags = SA_SIGINFO };

	install(SIGSEGV, jump_out, SA_SIGINFO, false);
	uses_ours();
	NEED(!sigaction(SIGSEGV, &a, &before) && before.sa_flags & SA_SIGINFO);
	/* theirs is in front: it gets our faults too, and hands them down */
	NEED(process_run(program, &(struct process_run){ .budget = 1 }, 0, 0) == 3 && nr_caught == 1);
	fault_keep();
	nr_caught = 0;
	NEED(process_run(program, &(struct process_run){ .budget = 1 }, 0, 0) == 3 && nr_caught == 0);
	/* ours, theirs, ours again as the old one, and then what was there first */
	if (!sigsetjmp(back, 1)) {
		sink = *(volatile uint64_t *)(uintptr_t)junk[0];
		NEED(false);
	}
	NEED(nr_caught == 2);
}

static void scene_chained_to_nobody(void)
{
	struct sigaction a = { .sa_sigaction = hand_down, .sa_flags = SA_SIGINFO };

	uses_ours();
	sigaction(SIGSEGV, &a, &before);
	fault_keep();
	sink = *(volatile uint64_t *)(uintptr_t)junk[0];
}

static _Atomic int nr_bad;

static void on_usr1(int sig)
{
	look_around(sig);
	nr_bad += !works() || !blocked_usr2;
}

static void scene_blocked(void)
{
	sigset_t all_signals;

	uses_ours();
	sigfillset(&all_signals);
	pthread_sigmask(SIG_BLOCK, &all_signals, NULL);
	NEED(fault_unblock() && !fault_unblock());
	NEED(works());
}

/* An application whose calls come to us cannot block what we need, and blocks all else. */
static void scene_masks(void)
{
	struct sigaction a = { .sa_handler = on_usr1 };
	sigset_t all_signals, now;

	uses_ours();
	sigfillset(&all_signals);
	sigfillset(&a.sa_mask);
	NEED(!fault_sigmask(SIG_BLOCK, &all_signals, NULL) && works());
	NEED(!fault_sigmask(SIG_SETMASK, &all_signals, &now) && works());
	NEED(sigismember(&now, SIGUSR1) && sigismember(&now, SIGTERM) && !sigismember(&now, SIGSEGV) && !sigismember(&now, SIGBUS));
	NEED(!fault_sigaction(SIGUSR1, &a, NULL) && !raise(SIGUSR1) && !nr_caught);
	sigemptyset(&all_signals);
	NEED(!fault_sigmask(SIG_SETMASK, &all_signals, &now) && nr_caught == 1 && nr_bad == 0);
	NEED(fault_sigmask(99, &all_signals, NULL) == EINVAL);
}

static void scene_fork(void)
{
	pid_t child;
	int status;

	uses_ours();
	child = fork();
	if (!child) {
		struct process_program *other = make(deref, LEN(deref));

		NEED(works());
		NEED(process_run(other, &(struct process_run){ .budget = 1 }, 8, 0) == 3);
		process_program_free(program);
		program = other;
		NEED(works());
		_exit(0);
	}
	NEED(waitpid(child, &status, 0) == child && status == 0 && works());
}

/* Programs come and go while other threads fault in theirs, and a timer's handler faults too. */
static _Atomic bool stop;

static void *faulting(void *arg)
{
	struct process_program *own = make(deref, LEN(deref));
	struct process_run run = { .budget = 1 };
	uint64_t v;
	unsigned int n = 0;

	(void)arg;
	while (!atomic_load(&stop)) {
		size_t i = n++ % nr_junk;

		nr_bad += process_run(own, &run, junk[i], 0) != 3;
		nr_bad += fault_read(&v, (void *)(uintptr_t)junk[i], 8) != -EFAULT;
	}
	process_program_free(own);
	return NULL;
}

static void on_alarm(int sig)
{
	nr_bad += !works();
	look_around(sig);
}

static void scene_threads(void)
{
	struct itimerval tick = { { 0, 1000 }, { 0, 1000 } };
	struct process_program *many[100];
	pthread_t threads[3];
	size_t i, k;

	uses_ours();
	NEED(!sigaction(SIGALRM, &(struct sigaction){ .sa_handler = on_alarm, .sa_flags = SA_RESTART }, NULL));
	NEED(!setitimer(ITIMER_REAL, &tick, NULL));
	for (i = 0; i < LEN(threads); i++)
		NEED(!pthread_create(&threads[i], NULL, faulting, NULL));
	for (k = 0; k < 20; k++) {
		for (i = 0; i < LEN(many); i++)
			many[i] = make(deref, LEN(deref));
		for (i = 0; i < LEN(many); i++) {
			nr_bad += process_run(many[i], &(struct process_run){ .budget = 1 }, junk[i % nr_junk], 0) != 3;
			process_program_free(many[i]);
		}
		fault_keep();
	}
	atomic_store(&stop, true);
	for (i = 0; i < LEN(threads); i++)
		pthread_join(threads[i], NULL);
	tick = (struct itimerval){ 0 };
	setitimer(ITIMER_REAL, &tick, NULL);
	NEED(nr_bad == 0 && works());
}

static const struct {
	const char *what;
	void (*play)(void);
	int signal; /* that ends it; 0: it ends well */
} scenes[] = {
	{ "an application's handler from before", scene_before, 0 },
	{ "an application's handler from after, through us", scene_after, 0 },
	{ "an application's handler over ours", scene_replaced, 0 },
	{ "a handler without siginfo, and what sigaction says", scene_plain_handler, 0 },
	{ "alternate stacks, SA_NODEFER, SA_RESETHAND", scene_flags, 0 },
	{ "signals that somebody sends", scene_sent, 0 },
	{ "a handler that hands down to ours", scene_chained, 0 },
	{ "signals that were blocked", scene_blocked, 0 },
	{ "signals that an application blocks through us", scene_masks, 0 },
	{ "a child", scene_fork, 0 },
	{ "threads, timers, programs that come and go", scene_threads, 0 },
	{ "an application's fault ends it by SIGSEGV", scene_own_segv, SIGSEGV },
	{ "an application's fault ends it by SIGBUS", scene_own_bus, SIGBUS },
	{ "kill by SIGSEGV", scene_killed, SIGSEGV },
	{ "raise of SIGBUS", scene_raised_bus, SIGBUS },
	{ "a fault that is ignored ends it all the same", scene_ignored_fault, SIGSEGV },
	{ "a handler that hands down to nobody", scene_chained_to_nobody, SIGSEGV },
};

static void test_scenes(void)
{
	const struct rlimit none = { 0, 0 };
	char text[80];
	size_t i;

	for (i = 0; i < LEN(scenes); i++) {
		unsigned int failed = nr_failed;
		int status = -1;
		pid_t child;

		fflush(stdout);
		child = fork();
		if (!child) {
			setrlimit(RLIMIT_CORE, &none);
			alarm(scenes[i].play == scene_threads ? 0 : 20);
			scenes[i].play();
			_exit(0);
		}
		waitpid(child, &status, 0);
		snprintf(text, sizeof(text), "ended with status 0x%x", (unsigned int)status);
		check(scenes[i].signal ? WIFSIGNALED(status) && WTERMSIG(status) == scenes[i].signal : !status, scenes[i].what, text);
		printf("%sok - faults: %s\n", nr_failed > failed ? "not " : "", scenes[i].what);
	}
}

int main(void)
{
	unsigned int failed;

	make_junk();
	/* before this process has a handler, as children inherit it */
	test_scenes();
	failed = nr_failed;
	test_reads();
	printf("%sok - faults: reads and texts from junk\n", nr_failed > failed ? "not " : "");
	failed = nr_failed;
	test_loads();
	printf("%sok - faults: loads of programs from junk, on both engines\n", nr_failed > failed ? "not " : "");
	printf("# %u checks\n", nr_checks);
	return nr_failed != 0;
}
