/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * make bench: figures of this machine as ratios of one run, and for each limit that the
 * project promises whether the run kept it. Not a test: a busy machine may miss one.
 * In: the directory of the objects, the command, the tools' objects.
 */
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

static const char usage[] =
	"usage: bench [-r ROUNDS] [-p PART]... DIR ABIDE OBJ...\n"
	"\n"
	"  -r ROUNDS  of each measurement (default 15, at most 64); figures are medians\n"
	"  -p PART    pairs, start, stages or check (default: all)\n";

double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

double median(double *v, unsigned n)
{
	qsort(v, n, sizeof(*v), ascending);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* The notch of a box plot: 1.57 times the distance of the quartiles over the root of n. */
double noise(double *v, unsigned n)
{
	qsort(v, n, sizeof(*v), ascending);
	return 1.57 * (v[(3 * n - 1) / 4] - v[n / 4]) / sqrt(n);
}

int failed(const char *what, int err)
{
	fprintf(stderr, "bench: cannot %s: %s\n", what, strerror(-err));
	return -1;
}

static bool wanted(const char *parts, const char *part)
{
	return !*parts || strstr(parts, part);
}

int main(int argc, char **argv)
{
	struct promises p = { 0 };
	struct utsname u;
	char parts[64] = "";
	unsigned rounds = 15;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	double load;
	int c, err = 0;

	while ((c = getopt(argc, argv, "r:p:h")) != -1)
		switch (c) {
		case 'r':
			rounds = (unsigned)atoi(optarg);
			break;
		case 'p':
			if (strlen(parts) + strlen(optarg) + 2 < sizeof(parts))
				strcat(strcat(parts, optarg), " ");
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	if (argc - optind < 2 || !rounds || rounds > MAX_ROUNDS) {
		fputs(usage, stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	uname(&u);
	if (getloadavg(&load, 1) != 1)
		load = 0;
	printf("Linux %s, %ld CPUs, load %.1f, medians of %u rounds\n\n", u.release, cpus, load,
	       rounds);
	if (load > (double)cpus)
		printf("This machine is busy with other work: times are longer than they need to be.\n\n");
	if (wanted(parts, "pairs"))
		err |= bench_pairs(argv[optind], rounds, &p);
	if (wanted(parts, "start"))
		err |= bench_start(argv[optind], argv[optind + 1], rounds, &p);
	if (wanted(parts, "stages"))
		err |= bench_stages(argv[optind], argv + optind + 2, (unsigned)(argc - optind - 2),
		                    rounds, &p);
	if (wanted(parts, "check"))
		err |= bench_check(argv[optind], argv[optind + 1], argv + optind + 2, (unsigned)(argc - optind - 2), rounds, &p);
	promises_total(&p, err);
	return err ? 1 : 0;
}
