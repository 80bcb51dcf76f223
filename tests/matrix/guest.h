/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_MATRIX_GUEST_H
#define ABIDE_TESTS_MATRIX_GUEST_H

#include <stdint.h>
#include <sys/types.h>

/*
 * The parts of the one static program of a matrix guest; guest.c picks by name:
 * process 1, "work" (does known things and writes down what it did), "drive" (runs
 * abide around it and compares).
 */
int init_main(void);
int work_main(int argc, char **argv);
int drive_main(int argc, char **argv);

/*
 * Truth: what the workload did and what the kernel said of it (/proc, results of
 * system calls), one fact a line, "KIND KEY=VALUE KEY=VALUE ...", values without blanks.
 */
#define TRUTH_FILE "/tmp/truth"
void truth(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* "task ..." of a thread, from /proc: identity, parents, ids, priority, start. */
void truth_task(pid_t tgid, pid_t tid);
/* "file ..." of a program file: @name in @dir. */
void truth_file(const char *path, const char *name, const char *dir);

/* Actions of the workload (work_*.c). */
void act_task(void);
void act_thread(void);
void act_exec(void);
void act_signal(void);
void act_sleep(void);
void act_syscalls(void);
void act_migrate(void);
void act_rename(void);
void act_block(void);
void act_tcp(void);
void act_tcp6(void);
void act_udp(void);
void act_drop(void);
void act_retransmit(void);
void act_others(void);
void act_queue(void);
void act_mapper(void);
void act_calls(const char *names);

/* Start @fn in a child with a pipe that lets the parent say "go on"; the child's pid. */
pid_t start_child(void (*fn)(int go), int *go);
/* Wait for it; its exit status, -1 if a signal ended it. */
int wait_child(pid_t pid);
/* Say why the workload cannot go on, and end it. */
void die(const char *what) __attribute__((noreturn));

/* Distinctive values, never ones that a bug gives by accident. */
#define WORK_CGROUP "/sys/fs/cgroup/abide-matrix"
#define WORK_UID 1234
#define WORK_GID 4321
#define WORK_EXIT 42
#define WORK_SLEEP_MS 80
#define WORK_FILE "/tmp/abide-matrix-file"
#define WORK_MISSING "/no/such/abide-matrix"
#define WORK_DISK "/dev/nvme0n1"
/* A partition of it, as tests/matrix/run makes it: number 3, from this sector on. */
#define WORK_PART "/dev/nvme0n1p3"
#define WORK_PART_FIRST 24576
/* A sector that cannot be read. */
#define WORK_BAD_SECTOR 22528

#endif
