// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Modules by several threads. In: files of modules, one after the other as a package has them. Out: each
 * unpacked, with its BTF, to who asked. Unpacking takes three quarters of the time, so a few threads
 * do it while the package is read on; no more files wait than there are threads. Files that are no
 * module in spite of their names are passed over.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "image/read.h"

#define THREADS 8

struct job {
	char *path;
	struct buf file;
};

struct image_pool {
	const struct image_modules_to *to;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t threads[THREADS];
	uint32_t nr_threads;
	struct job jobs[THREADS]; /* a stack: any order is as good */
	uint32_t nr_jobs;
	bool enough, closed;
	struct abide_error e; /* the first */
};

/* Where the ending of a module's file begins, or NULL. */
static const char *ending(const char *name)
{
	static const char *const endings[] = { ".ko", ".ko.xz", ".ko.zst", ".ko.gz" };
	size_t i, n = strlen(name);

	for (i = 0; i < sizeof(endings) / sizeof(*endings); i++)
		if (n > strlen(endings[i]) && !strcmp(name + n - strlen(endings[i]), endings[i]))
			return name + n - strlen(endings[i]);
	return NULL;
}

/* "a/mq-deadline.ko.xz" is mq_deadline, as the kernel says it. False: no module has such a name. */
static bool module_name(const char *path, char *name, size_t size)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path, *end = ending(base);
	size_t i, n = end ? (size_t)(end - base) : strlen(base);

	if (!n || n >= size || (!end && strchr(base, '.')))
		return false;
	for (i = 0; i < n; i++)
		name[i] = (char)(base[i] == '-' ? '_' : base[i]);
	name[n] = 0;
	return true;
}

bool image_pool_wants(const struct image_pool *p, const char *path, bool raw)
{
	char name[IMAGE_MODULE_NAME];

	if ((!raw && !ending(path)) || !module_name(path, name, sizeof(name)))
		return false;
	return !p->to->wanted || p->to->wanted(p->to->arg, name);
}

/* 0, 1: no more are wanted, -errno */
static int tell(const struct image_modules_to *to, const struct job *j, struct abide_error *e)
{
	struct reader r = { .name = j->path, .budget = IMAGE_MODULE, .e = e };
	const uint8_t *data = j->file.data, *btf = NULL;
	size_t size = j->file.size, btf_size = 0, whole;
	struct image_module m = { 0 };
	char name[IMAGE_MODULE_NAME];
	struct buf out = { 0 };
	int rc = image_unpack(&r, data, size, false, &out), elf;

	if (rc == 1) {
		data = out.data;
		size = out.size;
	}
	if (rc < 0 || !module_name(j->path, name, sizeof(name))) {
		rc = rc < 0 ? rc : 0;
		goto out;
	}
	rc = 0;
	m.name = name;
	elf = image_elf_btf(data, size, ".BTF", &btf, &btf_size);
	if (!elf) {
		btf = data;
		btf_size = size;
	} else if (elf != -EINVAL) {
		m.elf = data;
		m.elf_size = size;
	}
	if (btf && image_is_btf(btf, btf_size, &whole) && whole <= IMAGE_BTF) {
		m.btf = btf;
		m.btf_size = whole;
	}
	if (m.elf || m.btf)
		rc = to->module(to->arg, &m, e);
out:
	buf_free(&out);
	return rc;
}

static void free_job(struct job *j)
{
	free(j->path);
	buf_free(&j->file);
}

static void *work(void *arg)
{
	struct image_pool *p = arg;
	struct abide_error e;
	struct job j;
	int rc;

	pthread_mutex_lock(&p->lock);
	for (;;) {
		while (!p->nr_jobs && !p->closed)
			pthread_cond_wait(&p->changed, &p->lock);
		if (!p->nr_jobs)
			break;
		j = p->jobs[--p->nr_jobs];
		pthread_cond_broadcast(&p->changed);
		rc = 0;
		if (!p->enough) {
			pthread_mutex_unlock(&p->lock);
			memset(&e, 0, sizeof(e));
			rc = tell(p->to, &j, &e);
			pthread_mutex_lock(&p->lock);
		}
		if (rc)
			p->enough = true;
		if (rc < 0 && !p->e.code)
			p->e = e;
		free_job(&j);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

int image_pool_open(const struct image_modules_to *to, struct image_pool **out, struct abide_error *e)
{
	struct image_pool *p = calloc(1, sizeof(*p));
	long nr = sysconf(_SC_NPROCESSORS_ONLN);

	*out = NULL;
	if (!p)
		return error_nomem(e);
	p->to = to;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->changed, NULL);
	while (p->nr_threads < THREADS && (long)p->nr_threads < nr &&
	       !pthread_create(&p->threads[p->nr_threads], NULL, work, p))
		p->nr_threads++;
	*out = p;
	return 0;
}

int image_pool_add(struct image_pool *p, char *path, struct buf *file, struct abide_error *e)
{
	struct job j = { path, *file };
	int rc = 1;

	memset(file, 0, sizeof(*file));
	if (!p->nr_threads) { /* the system gives none */
		rc = tell(p->to, &j, e);
		p->enough |= rc != 0;
		free_job(&j);
		return rc < 0 ? rc : 1;
	}
	pthread_mutex_lock(&p->lock);
	while (p->nr_jobs == p->nr_threads && !p->enough)
		pthread_cond_wait(&p->changed, &p->lock);
	if (p->enough) {
		free_job(&j);
	} else {
		p->jobs[p->nr_jobs++] = j;
		pthread_cond_broadcast(&p->changed);
	}
	pthread_mutex_unlock(&p->lock);
	return rc;
}

bool image_pool_enough(struct image_pool *p)
{
	bool enough;

	pthread_mutex_lock(&p->lock);
	enough = p->enough;
	pthread_mutex_unlock(&p->lock);
	return enough;
}

int image_pool_close(struct image_pool *p, struct abide_error *e)
{
	uint32_t i;
	int err;

	pthread_mutex_lock(&p->lock);
	p->closed = true;
	pthread_cond_broadcast(&p->changed);
	pthread_mutex_unlock(&p->lock);
	for (i = 0; i < p->nr_threads; i++)
		pthread_join(p->threads[i], NULL);
	pthread_cond_destroy(&p->changed);
	pthread_mutex_destroy(&p->lock);
	err = p->e.code;
	if (err && e)
		*e = p->e;
	free(p);
	return err;
}
