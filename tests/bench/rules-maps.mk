# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# make bench-maps   what operations on maps cost, at one thread and at two. Part of make bench

MAPBENCHLIB := $(patsubst src/%.c,$(B)/%.o,src/util/error.c $(sort $(wildcard src/process/map*.c src/process/ring*.c)) src/process/slots.c)

$(B)/bench/maps: tests/bench/maps/main.c tests/bench/promise.c $(MAPBENCHLIB)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Itests/bench -MF $@.d -o $@ $(filter %.c %.o,$^)
BENCH_MAPS := $(B)/bench/maps
bench-maps: $(B)/bench/maps
	@tests/bench/all $(BENCH_MAPS)
bench: $(BENCH_MAPS)

.PHONY: bench-maps
