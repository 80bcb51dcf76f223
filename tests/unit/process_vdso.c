/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The kernel's image in this process: its clock is found and tells the time; of images that are damaged
 * byte by byte nothing outside is read, and what is found lies inside.
 */
#include <elf.h>
#include <errno.h>
#include <sys/auxv.h>
#include <time.h>

#include "process/vdso.h"
#include "process_check.h"
#include "process_kit.h"

#define NS 1000000000

static int64_t ns(const struct timespec *t)
{
	return t->tv_sec * (int64_t)NS + t->tv_nsec;
}

static void check_clock(void)
{
	int (*clock)(clockid_t, struct timespec *) = (int (*)(clockid_t, struct timespec *))(uintptr_t)vdso_clock();
	struct timespec before, t, after;
	clockid_t ids[] = { CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_TAI };
	size_t k;

	check(clock != NULL, "the kernel's clock", "is not found");
	for (k = 0; clock && k < sizeof(ids) / sizeof(ids[0]); k++) {
		clock_gettime(ids[k], &before);
		errno = 4711;
		check(!clock(ids[k], &t) && errno == 4711, "the kernel's clock", "refuses");
		clock_gettime(ids[k], &after);
		check(ns(&before) <= ns(&t) && ns(&t) <= ns(&after), "the kernel's clock", "tells another time");
	}
	check(clock && clock(1000, &t) == -EINVAL && errno == 4711, "a clock that is none", "has another error");
}

/* The loaded segment's size is what bounds everything: it alone is believed. */
static bool is_size(const uint8_t *image, size_t at)
{
	const Elf64_Ehdr *h = (const void *)image;
	size_t k, field;

	for (k = 0; k < h->e_phnum; k++) {
		field = h->e_phoff + k * sizeof(Elf64_Phdr) + offsetof(Elf64_Phdr, p_memsz);
		if (at >= field && at < field + 8)
			return true;
	}
	return false;
}

static size_t size_of(const uint8_t *image)
{
	const Elf64_Ehdr *h = (const void *)image;
	const Elf64_Phdr *p = (const void *)(image + h->e_phoff);
	size_t k, size = 0;

	for (k = 0; k < h->e_phnum; k++)
		if (p[k].p_type == PT_LOAD)
			size = p[k].p_memsz;
	return size;
}

static void check_damage(const uint8_t *image)
{
	static const uint8_t with[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };
	size_t size = size_of(image), room = (size + KIT_PAGE - 1) / KIT_PAGE * KIT_PAGE, at, k;
	uint8_t *copy = mmap(NULL, room + KIT_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const uint8_t *found;
	unsigned int none = 0, same = 0, other = 0;

	if (copy == MAP_FAILED || mprotect(copy + room, KIT_PAGE, PROT_NONE)) {
		check(false, "a copy", "no memory");
		return;
	}
	memcpy(copy, image, size);
	found = vdso_find(copy, "__vdso_clock_gettime");
	check(found && found - copy == (const uint8_t *)vdso_clock() - image, "the copy", "has it elsewhere");
	check(!vdso_find(copy, "__vdso_clock_gettim") && !vdso_find(copy, "__vdso_clock_gettimes") && !vdso_find(copy, "") &&
		      !vdso_find(NULL, "__vdso_clock_gettime"),
	      "a name that is not there", "is found");
	for (at = 0; at < size; at++) {
		for (k = 0; k < sizeof(with) && !is_size(image, at); k++) {
			copy[at] = with[k];
			found = vdso_find(copy, "__vdso_clock_gettime");
			check(!found || (found > copy && found < copy + size), "a damaged image", "what is found lies outside");
			none += !found;
			same += found == copy + ((const uint8_t *)vdso_clock() - image);
			other += found && found != copy + ((const uint8_t *)vdso_clock() - image);
		}
		copy[at] = image[at];
	}
	check(none > 100 && same > 100, "damage", "never matters, or always");
	printf("# damaged images: %u without it, %u with it, %u with it elsewhere\n", none, same, other);
	munmap(copy, room + KIT_PAGE);
}

int main(void)
{
	const uint8_t *image = (const uint8_t *)(uintptr_t)getauxval(AT_SYSINFO_EHDR);

#if !defined(__x86_64__)
	image = NULL; /* only native code looks for it */
#endif
	if (!image) {
		printf("ok # skip no vdso that native code calls\n");
		return 0;
	}
	check_clock();
	check_damage(image);
	printf("%s - process_vdso: %u checks, %u failed\n", nr_failed ? "not ok" : "ok", nr_checks, nr_failed);
	return nr_failed != 0;
}
