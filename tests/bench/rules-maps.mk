# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# make bench-maps   what operations on maps cost, at one thread and at two

MAPBENCHLIB := $(patsubst src/%.c,$(B)/%.o,src/util/error.c $(sort $(wildcard src/process/map*.c src/process/ring*.c)) src/process/slots.c)

$(B)/bench/maps: tests/bench/maps/main.c $(MAPBENCHLIB)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MF $@.d -o $@ $< $(MAPBENCHLIB)
bench-maps: $(B)/bench/maps
	$<

.PHONY: bench-maps
