/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The tool of one event as its author would write it with libbpf: the object is embedded
 * (what a skeleton does), opened, loaded, attached; on SIGINT the histogram is printed.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

extern const char one_object[];
extern const uint32_t one_object_size;

static void print_slots(int fd)
{
	int cpus = libbpf_num_possible_cpus(), slot, cpu;
	__u64(*v)[64] = cpus > 0 ? calloc((size_t)cpus, sizeof(*v)) : NULL, sum;
	__u32 key = 0;

	if (v && !bpf_map_lookup_elem(fd, &key, v))
		for (slot = 0; slot < 64; slot++) {
			for (cpu = 0, sum = 0; cpu < cpus; cpu++)
				sum += v[cpu][slot];
			if (sum)
				printf("%20llu %llu\n", 1ull << slot, (unsigned long long)sum);
		}
	free(v);
}

int main(void)
{
	struct bpf_object *o;
	struct bpf_program *prog;
	struct bpf_link *link = NULL;
	sigset_t stop;
	int sig;

	sigemptyset(&stop);
	sigaddset(&stop, SIGINT);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	o = bpf_object__open_mem(one_object, one_object_size, NULL);
	if (!o || bpf_object__load(o)) {
		fprintf(stderr, "tool: cannot load\n");
		return 1;
	}
	prog = bpf_object__next_program(o, NULL);
	link = prog ? bpf_program__attach(prog) : NULL;
	if (!link) {
		fprintf(stderr, "tool: cannot attach\n");
		return 1;
	}
	sigwait(&stop, &sig);
	bpf_link__destroy(link);
	print_slots(bpf_object__find_map_fd_by_name(o, "hist"));
	bpf_object__close(o);
	return 0;
}
