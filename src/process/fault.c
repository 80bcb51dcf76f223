/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The handler of SIGSEGV and SIGBUS behind fault.h. In: a fault. Out: the instruction mended
 * (its destination 0, or the copy ended with an error), or the application's own handler
 * called as the kernel would have called it, or its default action, with the same core dump.
 *
 * All that the handler reads is safe in any context: it takes no lock. Code is found in a list
 * of places that are never given back; a place is written under a number that is odd
 * meanwhile (a seqlock). A thread that faults in some code keeps that code's place as it is,
 * so a place that is being written is not the one looked for, and nothing is read twice.
 */
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "process/fault_signal.h"

#if defined(__x86_64__)

/*
 * A lock of writers, held with all signals blocked. It holds the owner's pid: in the child of
 * a fork its owner may be a thread that is not there.
 */
static _Atomic int writer;

static void lock(sigset_t *saved)
{
	sigset_t all;
	int me = getpid(), is;

	sigfillset(&all);
	fault_set_mask(SIG_BLOCK, &all, saved);
	for (;;) {
		is = 0;
		if (atomic_compare_exchange_strong(&writer, &is, me))
			return;
		if (is != me && atomic_compare_exchange_strong(&writer, &is, me))
			return;
		sched_yield();
	}
}

static void unlock(const sigset_t *saved)
{
	atomic_store(&writer, 0);
	fault_set_mask(SIG_SETMASK, saved, NULL);
}

/*
 * long fault_copy(dst, src, n): 0 or -1; long fault_copy_string(dst, src, n): bytes copied
 * up to and with the 0, n if there is none in them, or -1. Only reads of src may fault.
 * Between the first two labels a fault ends the function with -1.
 */
__asm__(".text\n"
        ".p2align 4\n"
        ".globl fault_asm_begin, fault_asm_end, fault_asm_failed, fault_copy, fault_copy_string\n"
        ".hidden fault_asm_begin, fault_asm_end, fault_asm_failed, fault_copy, fault_copy_string\n"
        ".type fault_copy, @function\n"
        ".type fault_copy_string, @function\n"
        "fault_asm_begin:\n"
        "fault_copy:\n"
        "	.cfi_startproc\n"
        "	cmpq $8, %rdx\n"
        "	jb 3f\n"
        "	cmpq $512, %rdx\n"
        "	jae 2f\n"
        /* whole words from the start, then the last word, which may overlap */
        "	movq -8(%rsi,%rdx), %r8\n"
        "	leaq -8(%rdi,%rdx), %r9\n"
        "	subq $8, %rdx\n"
        "	jz 1f\n"
        "0:	movq (%rsi), %rax\n"
        "	movq %rax, (%rdi)\n"
        "	addq $8, %rsi\n"
        "	addq $8, %rdi\n"
        "	subq $8, %rdx\n"
        "	ja 0b\n"
        "1:	movq %r8, (%r9)\n"
        "	xorl %eax, %eax\n"
        "	ret\n"
        "2:	movq %rdx, %rcx\n"
        "	rep movsb\n"
        "	xorl %eax, %eax\n"
        "	ret\n"
        "3:	testb $4, %dl\n"
        "	jz 4f\n"
        "	movl (%rsi), %eax\n"
        "	movl %eax, (%rdi)\n"
        "	addq $4, %rsi\n"
        "	addq $4, %rdi\n"
        "4:	testb $2, %dl\n"
        "	jz 5f\n"
        "	movzwl (%rsi), %eax\n"
        "	movw %ax, (%rdi)\n"
        "	addq $2, %rsi\n"
        "	addq $2, %rdi\n"
        "5:	testb $1, %dl\n"
        "	jz 6f\n"
        "	movzbl (%rsi), %eax\n"
        "	movb %al, (%rdi)\n"
        "6:	xorl %eax, %eax\n"
        "	ret\n"
        "	.cfi_endproc\n"
        ".size fault_copy, .-fault_copy\n"
        ".p2align 4\n"
        "fault_copy_string:\n"
        "	.cfi_startproc\n"
        "	xorl %eax, %eax\n"
        "0:	cmpq %rdx, %rax\n"
        "	je 1f\n"
        "	movzbl (%rsi,%rax), %ecx\n"
        "	movb %cl, (%rdi,%rax)\n"
        "	incq %rax\n"
        "	testb %cl, %cl\n"
        "	jnz 0b\n"
        "1:	ret\n"
        "	.cfi_endproc\n"
        ".size fault_copy_string, .-fault_copy_string\n"
        "fault_asm_end:\n"
        "fault_asm_failed:\n"
        "	movq $-1, %rax\n"
        "	ret\n");

long fault_copy(void *dst, const void *src, size_t n);
long fault_copy_string(void *dst, const void *src, size_t n);
extern const char fault_asm_begin[], fault_asm_end[], fault_asm_failed[];

/* Machine registers by their numbers. */
static const uint8_t gregs[16] = { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
	                           REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
	                           REG_R12, REG_R13, REG_R14, REG_R15 };

struct place {
	_Atomic uint32_t turn; /* odd while the rest is written */
	_Atomic uintptr_t base; /* 0: free */
	_Atomic size_t size;
	_Atomic(const struct fault_load *) loads;
	_Atomic uint32_t nr;
	_Atomic(uint64_t *) count; /* of faults; NULL: nobody counts */
};

#define PLACES 64
struct places {
	struct place place[PLACES];
	_Atomic(struct places *) next;
};

/* What the application has for a signal. */
struct theirs {
	_Atomic uint32_t turn; /* odd while .action is written */
	struct sigaction action;
	struct sigaction first; /* what was there before us; not written after the installation */
};

static struct places code;
static struct theirs theirs[2];
static _Atomic bool installed;

static const int signals[2] = { SIGSEGV, SIGBUS };

static struct theirs *theirs_of(int sig)
{
	return &theirs[sig == SIGBUS];
}

static void read_theirs(struct theirs *t, struct sigaction *out)
{
	uint32_t turn;

	do {
		while ((turn = atomic_load_explicit(&t->turn, memory_order_acquire)) & 1)
			;
		*out = t->action;
		atomic_thread_fence(memory_order_acquire);
	} while (atomic_load_explicit(&t->turn, memory_order_relaxed) != turn);
}

static void write_theirs(struct theirs *t, const struct sigaction *action)
{
	uint32_t turn = atomic_load_explicit(&t->turn, memory_order_relaxed);

	atomic_store_explicit(&t->turn, turn + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	t->action = *action;
	atomic_store_explicit(&t->turn, turn + 2, memory_order_release);
}

static const struct fault_load *find_load(const struct fault_load *loads, uint32_t nr, uint32_t at)
{
	uint32_t lo = 0, hi = nr;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (loads[mid].at == at)
			return &loads[mid];
		if (loads[mid].at < at)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static bool mend_native(ucontext_t *u, uintptr_t pc)
{
	struct places *l;
	uint32_t i;

	for (l = &code; l; l = atomic_load_explicit(&l->next, memory_order_acquire))
		for (i = 0; i < PLACES; i++) {
			struct place *p = &l->place[i];
			uint32_t turn = atomic_load_explicit(&p->turn, memory_order_acquire);
			uintptr_t base = atomic_load_explicit(&p->base, memory_order_relaxed);
			size_t size = atomic_load_explicit(&p->size, memory_order_relaxed);
			const struct fault_load *loads =
				atomic_load_explicit(&p->loads, memory_order_relaxed);
			uint32_t nr = atomic_load_explicit(&p->nr, memory_order_relaxed);
			uint64_t *count = atomic_load_explicit(&p->count, memory_order_relaxed);

			atomic_thread_fence(memory_order_acquire);
			if (!base || pc - base >= size || turn & 1 ||
			    atomic_load_explicit(&p->turn, memory_order_relaxed) != turn)
				continue;
			loads = find_load(loads, nr, (uint32_t)(pc - base));
			if (!loads)
				return false;
			u->uc_mcontext.gregs[gregs[loads->reg]] = 0;
			u->uc_mcontext.gregs[REG_RIP] += loads->length;
			if (count)
				__atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
			return true;
		}
	return false;
}

static bool mend(ucontext_t *u)
{
	uintptr_t pc = (uintptr_t)u->uc_mcontext.gregs[REG_RIP];

	if (pc >= (uintptr_t)fault_asm_begin && pc < (uintptr_t)fault_asm_end) {
		u->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)fault_asm_failed;
		return true;
	}
	return mend_native(u, pc);
}

/*
 * As if nobody had a handler: the instruction runs again, with the default action, so that
 * a core dump shows it. A signal that somebody sent comes again instead.
 */
static void by_default(int sig, siginfo_t *info, bool synchronous)
{
	struct sigaction plain = { .sa_handler = SIG_DFL };

	fault_real_sigaction(sig, &plain, NULL);
	if (!synchronous && syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid(), sig, info))
		raise(sig);
}

/* Call the application's handler in the signal mask that it would have found. */
static void call_theirs(const struct sigaction *a, int sig, siginfo_t *info, void *context)
{
	const ucontext_t *u = context;
	sigset_t mask;
	int i;

	/* the kernel's set is 8 bytes, of which only that much is in the context */
	mask = a->sa_mask;
	for (i = 1; i < NSIG; i++)
		if (sigismember(&u->uc_sigmask, i) == 1)
			sigaddset(&mask, i);
	if (!(a->sa_flags & SA_NODEFER))
		sigaddset(&mask, sig);
	fault_set_mask(SIG_SETMASK, &mask, NULL);
	if (a->sa_flags & SA_SIGINFO)
		a->sa_sigaction(sig, info, context);
	else
		((void (*)(int, siginfo_t *, void *))(void *)a->sa_handler)(sig, info, context);
}

static void pass_on(int sig, siginfo_t *info, void *context, bool from_kernel)
{
	struct theirs *t = theirs_of(sig);
	/* BUS_MCEERR_AO: memory that failed somewhere, not an instruction of this thread */
	bool synchronous = info->si_code > 0 && !(sig == SIGBUS && info->si_code == BUS_MCEERR_AO);
	struct sigaction a;

	/*
	 * A handler that was put over ours calls us as the one that was there before: what it
	 * means by that is what we found.
	 */
	if (from_kernel)
		read_theirs(t, &a);
	else
		a = t->first;
	if (!(a.sa_flags & SA_SIGINFO) && a.sa_handler == SIG_IGN && !synchronous)
		return;
	if (!(a.sa_flags & SA_SIGINFO) && (a.sa_handler == SIG_DFL || a.sa_handler == SIG_IGN)) {
		by_default(sig, info, synchronous);
		return;
	}
	if (from_kernel && a.sa_flags & SA_RESETHAND) {
		struct sigaction none = { .sa_handler = SIG_DFL };
		sigset_t saved;

		lock(&saved);
		write_theirs(t, &none);
		unlock(&saved);
	}
	call_theirs(&a, sig, info, context);
}

/*
 * The kernel's frame on x86-64 is the return address with the context right behind it
 * (struct rt_sigframe); a caller's is not.
 */
static void on_signal(int sig, siginfo_t *info, void *context)
{
	bool from_kernel = (char *)__builtin_frame_address(0) + 16 == (char *)context;
	int saved = errno;

	if (info->si_code <= 0 || !mend(context))
		pass_on(sig, info, context, from_kernel);
	errno = saved;
}

/*
 * In front of @a. The stack that handlers of theirs run on is theirs to choose; where there is
 * none, an alternate stack was made for nothing else.
 */
static int install_over(int sig, const struct sigaction *a)
{
	struct sigaction ours = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };
	bool none = !(a->sa_flags & SA_SIGINFO) &&
	            (a->sa_handler == SIG_DFL || a->sa_handler == SIG_IGN);

	sigfillset(&ours.sa_mask);
	ours.sa_flags |= none ? SA_ONSTACK | SA_RESTART : a->sa_flags & (SA_ONSTACK | SA_RESTART);
	return fault_real_sigaction(sig, &ours, NULL);
}

static bool is_ours(const struct sigaction *a)
{
	return a->sa_flags & SA_SIGINFO && a->sa_sigaction == on_signal;
}

static void install(void)
{
	struct sigaction a;
	sigset_t saved;
	int i;

	lock(&saved);
	for (i = 0; i < 2 && !atomic_load_explicit(&installed, memory_order_relaxed); i++) {
		fault_real_sigaction(signals[i], NULL, &a);
		theirs[i].first = a;
		write_theirs(&theirs[i], &a);
		install_over(signals[i], &a);
	}
	atomic_store_explicit(&installed, true, memory_order_release);
	unlock(&saved);
}

static inline void need_handler(void)
{
	if (__builtin_expect(!atomic_load_explicit(&installed, memory_order_acquire), 0))
		install();
}

void fault_keep(void)
{
	struct sigaction a;
	sigset_t saved;
	int i;

	if (!atomic_load_explicit(&installed, memory_order_acquire))
		return;
	for (i = 0; i < 2; i++) {
		if (fault_real_sigaction(signals[i], NULL, &a) || is_ours(&a))
			continue;
		lock(&saved);
		write_theirs(&theirs[i], &a);
		install_over(signals[i], &a);
		unlock(&saved);
	}
}

int fault_sigaction(int sig, const struct sigaction *action, struct sigaction *old)
{
	struct theirs *t = theirs_of(sig);
	struct sigaction now, was;
	sigset_t saved;

	now = action ? *action : (struct sigaction){ 0 };
	fault_pass(&now.sa_mask);
	if ((sig != SIGSEGV && sig != SIGBUS) ||
	    !atomic_load_explicit(&installed, memory_order_acquire))
		return fault_real_sigaction(sig, action ? &now : NULL, old);
	lock(&saved);
	was = t->action;
	if (action) {
		write_theirs(t, &now);
		install_over(sig, &now);
	}
	unlock(&saved);
	if (old)
		*old = was;
	return 0;
}

void fault_pass(sigset_t *set)
{
	if (!atomic_load_explicit(&installed, memory_order_acquire))
		return;
	sigdelset(set, SIGSEGV);
	sigdelset(set, SIGBUS);
}

bool fault_unblock(void)
{
	sigset_t both, was;

	sigemptyset(&was);
	sigemptyset(&both);
	sigaddset(&both, SIGSEGV);
	sigaddset(&both, SIGBUS);
	fault_set_mask(SIG_UNBLOCK, &both, &was);
	return sigismember(&was, SIGSEGV) || sigismember(&was, SIGBUS);
}

static void write_place(struct place *p, const void *base, size_t size, const struct fault_load *loads, uint32_t nr,
                        uint64_t *count)
{
	uint32_t turn = atomic_load_explicit(&p->turn, memory_order_relaxed);

	atomic_store_explicit(&p->turn, turn + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	atomic_store_explicit(&p->base, (uintptr_t)base, memory_order_relaxed);
	atomic_store_explicit(&p->size, size, memory_order_relaxed);
	atomic_store_explicit(&p->loads, loads, memory_order_relaxed);
	atomic_store_explicit(&p->nr, nr, memory_order_relaxed);
	atomic_store_explicit(&p->count, count, memory_order_relaxed);
	atomic_store_explicit(&p->turn, turn + 2, memory_order_release);
}

/* The place of @base, in the list or (NULL) a free one; the last part of the list. */
static struct place *find_place(const void *base, struct places **last)
{
	struct places *l;
	uint32_t i;

	for (l = &code; l; l = atomic_load_explicit(&l->next, memory_order_relaxed)) {
		*last = l;
		for (i = 0; i < PLACES; i++)
			if (!(atomic_load_explicit(&l->place[i].turn, memory_order_relaxed) & 1) &&
			    atomic_load_explicit(&l->place[i].base, memory_order_relaxed) == (uintptr_t)base)
				return &l->place[i];
	}
	return NULL;
}

int fault_add_code(const void *base, size_t size, const struct fault_load *loads, uint32_t nr, uint64_t *count)
{
	struct places *last, *more = calloc(1, sizeof(*more));
	struct place *p;
	sigset_t saved;

	if (!more)
		return -ENOMEM;
	need_handler();
	lock(&saved);
	p = find_place(NULL, &last);
	if (!p) {
		p = &more->place[0];
		atomic_store_explicit(&last->next, more, memory_order_release);
		more = NULL;
	}
	write_place(p, base, size, loads, nr, count);
	unlock(&saved);
	free(more);
	return 0;
}

void fault_remove_code(const void *base)
{
	struct places *last;
	struct place *p;
	sigset_t saved;

	lock(&saved);
	p = find_place(base, &last);
	if (p)
		write_place(p, NULL, 0, NULL, 0, NULL);
	unlock(&saved);
}

int fault_read(void *dst, const void *src, size_t size)
{
	need_handler();
	if (__builtin_expect(!fault_copy(dst, src, size), 1))
		return 0;
	memset(dst, 0, size);
	return -EFAULT;
}

int64_t fault_read_string(char *dst, const void *src, size_t size)
{
	int64_t n;

	need_handler();
	n = fault_copy_string(dst, src, size);
	if (n < 0) {
		memset(dst, 0, size);
		return -EFAULT;
	}
	/* a string that is cut loses its last byte for the 0 */
	memset(dst + n - 1, 0, size - (size_t)n + 1);
	return n;
}

#endif
