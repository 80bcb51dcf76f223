/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Memory of native code, and the end of a program. Never writable and executable at once:
 * code is written into a private mapping that is then made executable. The mapping is put
 * near what the code calls if there is room, since a direct call reaches 2 GiB.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "process/fault.h"
#include "process/native.h"

#define STEP  (16ul << 20) /* between the places that are tried */
#define TRIES 64

size_t native_room(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (size + page - 1) / page * page;
}

uint8_t *native_map(size_t room, uintptr_t near)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), base = near & ~(page - 1), at;
	void *p = MAP_FAILED;
	int i;

	for (i = 1; near && i <= TRIES && p == MAP_FAILED; i++) {
		if (base <= i * STEP)
			break;
		/* below: the heap grows above */
		at = base - (uintptr_t)i * STEP;
		p = mmap((void *)at, room, PROT_READ | PROT_WRITE,
		         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
		/* a kernel before 4.17 takes the address for a wish */
		if (p != MAP_FAILED && (uintptr_t)p != at) {
			munmap(p, room);
			break;
		}
	}
	if (p == MAP_FAILED || (near && (uintptr_t)p != at))
		p = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

int native_seal(uint8_t *code, size_t room)
{
	return mprotect(code, room, PROT_READ | PROT_EXEC) ? -errno : 0;
}

void native_unmap(struct process_program *p)
{
	if (p->loads && p->entry)
		fault_remove_code(p->code);
	if (p->code)
		munmap(p->code, p->code_room);
	free(p->loads);
	p->loads = NULL;
	p->nr_loads = 0;
	p->code = NULL;
	p->code_size = p->code_room = 0;
	p->entry = NULL;
	p->body = NULL;
}

const void *process_code(const struct process_program *p, size_t *size)
{
	if (size)
		*size = p->code_size;
	return p->code;
}

void process_program_free(struct process_program *p)
{
	if (!p)
		return;
	native_unmap(p);
	free(p->insns);
	free(p->functions);
	free(p->target);
	free(p->calls);
	free(p);
}
