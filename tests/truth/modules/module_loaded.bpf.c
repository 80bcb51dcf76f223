/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the modules kyber-iosched and dm-mod have, which the guest loads first. */
#include "../corpus/corpus.h"

struct kyber_queue_data {
	void *q;
} __attribute__((preserve_access_index));
struct dm_table {
	void *md;
} __attribute__((preserve_access_index));
struct dm_no_such_struct {
	void *md;
} __attribute__((preserve_access_index));
unsigned long long out;

SEC("fentry/kyber_bio_merge") int entry(unsigned long long *ctx) { out = ctx[0]; return 0; }
SEC("fexit/kyber_bio_merge") int leave(unsigned long long *ctx) { out = ctx[0]; return 0; }
SEC("fentry/dm_table_event") int entry_dm(unsigned long long *ctx) { out = ctx[0]; return 0; }
SEC("fentry/dm_table_event") int entry_beyond(unsigned long long *ctx) { out = ctx[6]; return 0; }
SEC("fentry/kyber_init") int entry_init(void *ctx) { return 0; }
SEC("fentry/kyber_no_such_function") int entry_absent(void *ctx) { return 0; }
SEC("fentry.s/dm_table_event") int entry_sleeps(void *ctx) { return 0; }
SEC("fmod_ret/kyber_bio_merge") int changes(void *ctx) { return 0; }
SEC("kprobe/kyber_bio_merge") int probe(void *ctx) { return 0; }
SEC("kretprobe/dm_table_event") int probe_leave(void *ctx) { return 0; }
SEC("kprobe/kyber_init") int probe_init(void *ctx) { return 0; }
SEC("kprobe/kyber_no_such_function") int probe_absent(void *ctx) { return 0; }
SEC("kprobe/kyber_iosched:kyber_bio_merge") int probe_named(void *ctx) { return 0; }
SEC("tp_btf/kyber_latency") int typed(unsigned long long *ctx) { out = ctx[0]; return 0; }
SEC("tp_btf/kyber_latency") int typed_beyond(unsigned long long *ctx) { out = ctx[11]; return 0; }
SEC("raw_tp/kyber_throttled") int raw(unsigned long long *ctx) { out = ctx[0]; return 0; }
SEC("raw_tp/kyber_throttled") int raw_beyond(unsigned long long *ctx) { out = ctx[11]; return 0; }
SEC("raw_tp/kyber_no_such_event") int raw_absent(void *ctx) { return 0; }
SEC("tp/kyber/kyber_adjust") int event(void *ctx) { return 0; }
SEC("tp/block/kyber_adjust") int event_elsewhere(void *ctx) { return 0; }
SEC("raw_tp/sched_switch") int field(void *ctx)
{
	struct kyber_queue_data *k = 0;

	bpf_probe_read_kernel(&out, sizeof(out), &k->q);
	return 0;
}
SEC("raw_tp/sched_switch") int field_dm(void *ctx)
{
	struct dm_table *t = 0;

	bpf_probe_read_kernel(&out, sizeof(out), &t->md);
	return 0;
}
SEC("raw_tp/sched_switch") int field_absent(void *ctx)
{
	struct dm_no_such_struct *t = 0;

	bpf_probe_read_kernel(&out, sizeof(out), &t->md);
	return 0;
}
SEC("raw_tp/sched_switch") int asked(void *ctx)
{
	out = bpf_core_type_exists(struct kyber_queue_data) + bpf_core_type_exists(struct dm_no_such_struct);
	return 0;
}
