# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# make check-map     maps in shared memory: against the kernel, a model, threads, processes, junk

MAP_SRC   := src/util/error.c $(sort $(wildcard src/process/map*.c src/process/ring*.c)) src/process/slots.c
MAP_LIB   := $(MAP_SRC:src/%.c=$(B)/%.o)
MAP_PLAIN := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(sort $(wildcard tests/unit/map_*.c)))
UNIT_MAP  := $(MAP_PLAIN) $(B)/tests/unit/map_threads_tsan
UNIT_TESTS += $(UNIT_MAP)

$(B)/tests/unit/map_%: tests/unit/map_%.c tests/unit/map_kit.h $(MAP_LIB)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MF $@.d -Itests/unit -o $@ $< $(MAP_LIB) $(LDLIBS)

# The same under the thread sanitizer, everything compiled with it.
$(B)/tests/unit/map_threads_tsan: tests/unit/map_threads.c tests/unit/map_kit.h $(MAP_SRC) $(wildcard src/process/*.h)
	@mkdir -p $(@D)
	$(CC) $(filter-out -MMD -MP,$(CFLAGS)) -fsanitize=thread -DTHREAD_SANITIZER -Itests/unit -o $@ $< $(MAP_SRC)

check-map: $(UNIT_MAP)
	@for t in $^; do $$t || exit 1; done
.PHONY: check-map
