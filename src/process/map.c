/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Maps: what all kinds have in common. A definition is judged by its kind, which also says how
 * much memory it takes; the memory is a memfd whose size is sealed, so that no other process
 * can turn an access into SIGBUS by cutting it. Opening somebody else's memfd believes nothing but
 * its size and seals: the header only catches mistakes. Operations go to the kind's functions.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process/map_impl.h"
#include "process/map_owner.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8u /* Linux 6.3 */
#endif

#define SIZE_SEALS (F_SEAL_SHRINK | F_SEAL_GROW)

static const struct map_ops *ops_of(uint32_t type)
{
	static const struct map_ops *const kinds[] = {
		[BPF_MAP_TYPE_HASH] = &map_hash,
		[BPF_MAP_TYPE_ARRAY] = &map_array,
		[BPF_MAP_TYPE_PROG_ARRAY] = &map_programs,
		[BPF_MAP_TYPE_PERF_EVENT_ARRAY] = &map_perf,
		[BPF_MAP_TYPE_STACK_TRACE] = &map_stack_trace,
		[BPF_MAP_TYPE_PERCPU_HASH] = &map_percpu_hash,
		[BPF_MAP_TYPE_PERCPU_ARRAY] = &map_percpu_array,
		[BPF_MAP_TYPE_LRU_HASH] = &map_lru_hash,
		[BPF_MAP_TYPE_LRU_PERCPU_HASH] = &map_lru_percpu_hash,
		[BPF_MAP_TYPE_QUEUE] = &map_queue,
		[BPF_MAP_TYPE_STACK] = &map_stack,
		[BPF_MAP_TYPE_RINGBUF] = &map_ring,
	};

	return type < sizeof(kinds) / sizeof(kinds[0]) ? kinds[type] : NULL;
}

int map_refuse(struct abide_error *e, int code, const struct process_map_def *def, const char *why)
{
	error_set(e, code, "map-definition", "there can be no such map as '%.31s'", def->name);
	return error_reason(
		e, "type %u, keys of %u bytes, values of %u bytes, %u entries, flags 0x%x: %s",
		def->type, def->key_size, def->value_size, def->max_entries, def->flags, why);
}

/* The private side of a map that is not mapped yet: kind, sizes, offsets. */
static int describe(const struct process_map_def *def, struct process_map *m, struct abide_error *e)
{
	int err;

	memset(m, 0, sizeof(*m));
	m->def = *def;
	m->def.name[sizeof(m->def.name) - 1] = 0;
	m->ops = ops_of(def->type);
	if (!m->ops)
		return map_refuse(e, -EINVAL, &m->def, "applications have no maps of this type");
	err = m->ops->check(&m->def, e);
	if (!err && (def->flags & MAP_ACCESS) == MAP_ACCESS)
		err = map_refuse(e, -EINVAL, &m->def, "programs could neither read nor write it");
	if (err)
		return err;
	m->size = m->ops->layout(m);
	if (m->size > MAP_MAX_SIZE)
		return map_refuse(e, -E2BIG, &m->def, "the whole is too large");
	m->mapped = m->twice ? 2 * m->size - m->twice : m->size;
	return 0;
}

int map_memfd(const char *name, uint64_t size, int *fd, struct abide_error *e)
{
	int made = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL), err;

	if (made < 0 && errno == EINVAL) /* a kernel that does not know the last flag */
		made = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (made < 0)
		return error_set(e, -errno, "", "no shared memory: %s", strerror(errno));
	if (ftruncate(made, (off_t)size) || fcntl(made, F_ADD_SEALS, SIZE_SEALS)) {
		err = errno;
		close(made);
		return error_set(e, -err, "", "no shared memory of %llu bytes: %s",
		                 (unsigned long long)size, strerror(err));
	}
	*fd = made;
	return 0;
}

int map_memfd_check(int fd, uint64_t size, bool *constant, struct abide_error *e)
{
	int seals = fcntl(fd, F_GET_SEALS);
	struct stat st;

	if (seals < 0 || (seals & SIZE_SEALS) != SIZE_SEALS)
		return error_set(e, -EINVAL, "map-memory",
		                 "the file is no shared memory whose size is sealed");
	if (fstat(fd, &st))
		return error_set(e, -errno, "", "shared memory: %s", strerror(errno));
	if (st.st_size < 0 || (uint64_t)st.st_size != size)
		return error_set(e, -EINVAL, "map-memory",
		                 "shared memory has %lld bytes where %llu are needed",
		                 (long long)st.st_size, (unsigned long long)size);
	*constant = seals & F_SEAL_WRITE;
	return 0;
}

int process_map_create(const struct process_map_def *def, int *fd, struct abide_error *e)
{
	struct map_header header = { .magic = MAP_MAGIC, .version = MAP_VERSION };
	struct process_map m;
	int made, err;

	err = describe(def, &m, e);
	if (err)
		return err;
	err = map_memfd(m.def.name, m.size, &made, e);
	if (err)
		return err;
	header.def = m.def;
	if (!(def->flags & BPF_F_ZERO_SEED) &&
	    getrandom(&header.seed, sizeof(header.seed), GRND_NONBLOCK) != sizeof(header.seed))
		header.seed = (uintptr_t)&header ^ (uint64_t)getpid() << 32;
	if (pwrite(made, &header, sizeof(header), 0) != sizeof(header) ||
	    /* a map that programs only read stays open for the seal of process_map_freeze */
	    (!(def->flags & BPF_F_RDONLY_PROG) && fcntl(made, F_ADD_SEALS, F_SEAL_SEAL))) {
		err = error_set(e, -errno, "", "map '%s': %s", m.def.name, strerror(errno));
		close(made);
		return err;
	}
	*fd = made;
	return 0;
}

/* Map the memfd, a part of it twice if the kind wants that, and set the addresses. */
static int map_memory(struct process_map *m, int fd, struct abide_error *e)
{
	int prot = m->frozen ? PROT_READ : PROT_READ | PROT_WRITE;
	uint8_t *at;

	at = mmap(NULL, m->mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at == MAP_FAILED)
		return error_set(e, -errno, "", "map '%s': no %llu bytes of addresses: %s",
		                 m->def.name, (unsigned long long)m->mapped, strerror(errno));
	m->base = at;
	if (mmap(at, m->size, prot, MAP_SHARED | MAP_FIXED | MAP_NORESERVE, fd, 0) == MAP_FAILED ||
	    (m->twice &&
	     mmap(at + m->size, m->size - m->twice, prot, MAP_SHARED | MAP_FIXED | MAP_NORESERVE,
	          fd, (off_t)m->twice) == MAP_FAILED))
		return error_set(e, -errno, "", "map '%s': cannot be mapped: %s", m->def.name,
		                 strerror(errno));
	m->header = (void *)at;
	m->values = at + m->values_at;
	return 0;
}

static void unmap_memory(struct process_map *m)
{
	if (m->base)
		munmap(m->base, m->mapped);
	m->base = NULL;
}

int process_map_open(int fd, const struct process_map_def *def, struct process_map **out,
                     struct abide_error *e)
{
	struct process_map *m = calloc(1, sizeof(*m));
	int err;

	if (!m)
		return error_nomem(e);
	err = owner_init();
	if (err) {
		error_set(e, err, "", "no fork handler: %s", strerror(-err));
		goto out;
	}
	err = describe(def, m, e);
	if (!err)
		err = map_memfd_check(fd, m->size, &m->frozen, e);
	if (!err && m->frozen && def->type != BPF_MAP_TYPE_ARRAY)
		err = error_set(e, -EINVAL, "map-memory", "the memory of map '%s' is constant",
		                m->def.name);
	if (!err)
		err = map_memory(m, fd, e);
	if (err)
		goto out;
	if (m->header->magic != MAP_MAGIC || m->header->version != MAP_VERSION ||
	    memcmp(&m->header->def, &m->def, sizeof(m->def))) {
		err = error_set(e, -EINVAL, "map-memory",
		                "the shared memory is not that of map '%s'", m->def.name);
		goto out;
	}
	m->seed = __atomic_load_n(&m->header->seed, __ATOMIC_RELAXED);
	err = m->ops->attach ? m->ops->attach(m) : 0;
	if (err)
		error_nomem(e);
out:
	if (err)
		process_map_close(m);
	else
		*out = m;
	return err;
}

void process_map_close(struct process_map *m)
{
	if (!m)
		return;
	if (m->ops && m->ops->detach)
		m->ops->detach(m);
	unmap_memory(m);
	free(m);
}

const struct process_map_def *process_map_def(const struct process_map *m)
{
	return &m->def;
}

int process_map_freeze(struct process_map *m, int fd, struct abide_error *e)
{
	uint8_t *at;

	if (m->frozen)
		return 0;
	if (m->def.type != BPF_MAP_TYPE_ARRAY || !(m->def.flags & BPF_F_RDONLY_PROG))
		return error_set(e, -EINVAL, "map-freeze",
		                 "map '%s' is not global data that programs only read",
		                 m->def.name);
	/* The kernel seals only what nobody can write: ours goes first, at the same address again. */
	if (mmap(m->base, m->size, PROT_NONE,
	         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) == MAP_FAILED)
		return error_set(e, -errno, "", "map '%s': %s", m->def.name, strerror(errno));
	m->frozen = fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SEAL) == 0;
	at = mmap(m->base, m->size, m->frozen ? PROT_READ : PROT_READ | PROT_WRITE,
	          MAP_SHARED | MAP_FIXED | MAP_NORESERVE, fd, 0);
	if (at == MAP_FAILED)
		return error_set(e, -errno, "", "map '%s': cannot be mapped again: %s", m->def.name,
		                 strerror(errno));
	if (!m->frozen)
		return error_set(e, -EBUSY, "map-freeze", "somebody else can write map '%s'",
		                 m->def.name);
	return 0;
}

bool process_map_frozen(const struct process_map *m)
{
	return m->frozen;
}

void process_map_set_slots(struct process_map *m, const struct process_slots *s)
{
	m->slots = s;
}

void *process_map_lookup(struct process_map *m, const void *key, uint32_t slot)
{
	return m->ops->lookup(m, key, slot);
}

int process_map_update(struct process_map *m, const void *key, const void *value, uint64_t flags,
                       uint32_t slot)
{
	return m->ops->update ? m->ops->update(m, key, value, flags, slot) : -EINVAL;
}

int process_map_delete(struct process_map *m, const void *key)
{
	return m->ops->remove ? m->ops->remove(m, key) : -EINVAL;
}

int process_map_push(struct process_map *m, const void *value, uint64_t flags)
{
	return m->ops->push ? m->ops->push(m, value, flags) : -ENOTSUP;
}

int process_map_pop(struct process_map *m, void *value)
{
	return m->ops->pop ? m->ops->pop(m, value, false) : -ENOTSUP;
}

int process_map_peek(struct process_map *m, void *value)
{
	return m->ops->pop ? m->ops->pop(m, value, true) : -ENOTSUP;
}

void *process_map_lookup_slot(struct process_map *m, const void *key, uint32_t slot)
{
	return m->ops->lookup_slot ? m->ops->lookup_slot(m, key, slot) : NULL;
}

process_map_lookup_fn process_map_lookup_of(const struct process_map *m)
{
	return m->ops->lookup;
}

void *process_map_values(struct process_map *m, uint32_t *stride)
{
	if (m->def.type != BPF_MAP_TYPE_ARRAY && m->def.type != BPF_MAP_TYPE_PERCPU_ARRAY)
		return NULL;
	*stride = m->stride;
	return m->values;
}

uint64_t process_map_slot_stride(const struct process_map *m)
{
	return m->slot_stride;
}

int64_t process_map_for_each(struct process_map *m, uint32_t slot,
                             int (*fn)(void *ctx, const void *key, void *value), void *ctx)
{
	return m->ops->for_each ? m->ops->for_each(m, slot, fn, ctx) : -EINVAL;
}

int process_map_next_key(struct process_map *m, const void *key, void *next)
{
	return m->ops->next_key ? m->ops->next_key(m, key, next) : -EINVAL;
}

int process_map_read(struct process_map *m, const void *key, void *values)
{
	return m->ops->read ? m->ops->read(m, key, values) : -EINVAL;
}

void map_slots(const struct process_map *m, uint64_t bits[PROCESS_SLOTS / 64])
{
	uint32_t i;

	memset(bits, 0, PROCESS_SLOTS / 8);
	if (m->slots)
		slots_ever(m->slots, bits);
	for (i = 0; i < PROCESS_SLOTS / 64; i++)
		bits[i] |= __atomic_load_n(&m->header->slots[i], __ATOMIC_RELAXED);
}

uint32_t process_map_slots(const struct process_map *m)
{
	uint64_t bits[PROCESS_SLOTS / 64];
	uint32_t i;

	map_slots(m, bits);
	for (i = PROCESS_SLOTS / 64; i-- > 0;)
		if (bits[i])
			return i * 64 + 64 - (uint32_t)__builtin_clzll(bits[i]);
	return 0;
}

void map_read_slots(const struct process_map *m, uint32_t index, void *values)
{
	uint64_t bits[PROCESS_SLOTS / 64];
	uint32_t slot;

	map_slots(m, bits);
	memset(values, 0, (size_t)m->stride * PROCESS_SLOTS);
	for (slot = 0; slot < PROCESS_SLOTS; slot++)
		if (bits[slot / 64] >> slot % 64 & 1)
			map_load((uint8_t *)values + (size_t)slot * m->stride,
			         m->values + slot * m->slot_stride + (uint64_t)index * m->stride,
			         m->def.value_size);
}
