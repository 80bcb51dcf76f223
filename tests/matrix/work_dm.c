/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The action "mapper": a device of the device mapper, because the completion of a bio is
 * an event of its own only on devices without requests. Its first half lies on the disk,
 * its second half is the target "error", which fails everything. See work.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "guest.h"

#define NAME       "abide-matrix"
#define SECTORS    2048  /* of each half */
#define DISK_FIRST 12288 /* where the first half lies on the disk */

struct request {
	struct dm_ioctl head;
	struct {
		struct dm_target_spec spec;
		char parameters[40];
	} targets[2];
};

static void mapper(int fd, unsigned long command, struct request *r, unsigned int flags)
{
	r->head.version[0] = DM_VERSION_MAJOR;
	r->head.data_size = sizeof(*r);
	r->head.data_start = offsetof(struct request, targets);
	r->head.flags = flags;
	strcpy(r->head.name, NAME);
	if (ioctl(fd, command, r))
		die("device mapper");
}

static void target(struct request *r, int i, const char *type)
{
	r->targets[i].spec.sector_start = i * SECTORS;
	r->targets[i].spec.length = SECTORS;
	/* From the start of the first. */
	r->targets[i].spec.next = (i + 1) * sizeof(r->targets[0]);
	strcpy(r->targets[i].spec.target_type, type);
}

static void one(int fd, int write, void *buf, size_t bytes, unsigned long sector,
                unsigned int minor_number, unsigned int major_number)
{
	ssize_t n =
		write ? pwrite(fd, buf, bytes, sector * 512) : pread(fd, buf, bytes, sector * 512);
	int error = n < 0 ? -errno : 0;

	if ((error != 0) != (sector >= SECTORS))
		die("a device of the device mapper");
	truth("io op=%s opnr=%d sector=%lu bytes=%zu major=%u minor=%u disk=dm-%u partition=0 error=%d",
	      write ? "write" : "read", write, sector, bytes, major_number, minor_number,
	      minor_number, error);
	/* Done: behind its last sector; when it failed, maybe still at the first. */
	truth("ioend sector=%lu error=%d major=%u minor=%u disk=dm-%u opnr=%d",
	      sector + bytes / 512, error, major_number, minor_number, minor_number, write);
	if (error)
		truth("ioend sector=%lu error=%d major=%u minor=%u disk=dm-%u opnr=%d", sector,
		      error, major_number, minor_number, minor_number, write);
}

void act_mapper(void)
{
	struct request r = { .head.target_count = 2 };
	unsigned int ma, mi;
	int control, fd = -1;
	struct stat st;
	char path[32];
	void *buf;

	control = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
	if (control < 0 || stat(WORK_DISK, &st) || posix_memalign(&buf, 4096, 8192))
		die("/dev/mapper/control");
	memset(buf, 0x5a, 8192);
	mapper(control, DM_DEV_CREATE, &(struct request){ 0 }, 0);
	target(&r, 0, "linear");
	snprintf(r.targets[0].parameters, sizeof(r.targets[0].parameters), "%u:%u %u",
	         major(st.st_rdev), minor(st.st_rdev), DISK_FIRST);
	target(&r, 1, "error");
	mapper(control, DM_TABLE_LOAD, &r, 0);
	memset(&r, 0, sizeof(r));
	mapper(control, DM_DEV_SUSPEND, &r, 0); /* without DM_SUSPEND_FLAG: begins to work */
	ma = major(r.head.dev);
	mi = minor(r.head.dev);
	snprintf(path, sizeof(path), "/dev/dm-%u", mi);
	fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (fd < 0)
		die(path);
	one(fd, 1, buf, 8192, 72, mi, ma);
	one(fd, 0, buf, 4096, 808, mi, ma);
	one(fd, 0, buf, 4096, SECTORS + 400, mi, ma);
	one(fd, 1, buf, 8192, SECTORS + 800, mi, ma);
	close(fd);
	mapper(control, DM_DEV_REMOVE, &(struct request){ 0 }, 0);
	close(control);
	free(buf);
}
