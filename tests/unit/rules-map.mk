# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# make check-map     maps in shared memory: against the kernel, a model, threads, processes, junk

MAP_SRC   := src/util/error.c $(sort $(wildcard src/process/map*.c src/process/ring*.c)) src/process/slots.c
MAP_LIB   := $(MAP_SRC:src/%.c=$(B)/%.o)
MAP_PLAIN := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(sort $(wildcard tests/unit/map_*.c)))
UNIT_MAP  := $(MAP_PLAIN)
UNIT_TESTS += $(UNIT_MAP)

$(B)/tests/unit/map_%: tests/unit/map_%.c tests/unit/map_kit.h $(MAP_LIB)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MF $@.d -Itests/unit -o $@ $< $(MAP_LIB) $(LDLIBS)

check-map: $(UNIT_MAP)
	@for t in $^; do $$t || exit 1; done
.PHONY: check-map
