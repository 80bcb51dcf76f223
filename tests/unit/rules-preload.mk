# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# make check-preload      libabide-libc.so: its functions by themselves

PRELOAD_SRC  := $(sort $(wildcard src/preload/*.c))
UNIT_PRELOAD := $(B)/tests/unit/preload_calls $(B)/tests/unit/preload_symbols
UNIT_TESTS   += $(UNIT_PRELOAD)

# With what the library is made of; the test stands in for libabide-event.
$(B)/tests/unit/preload_calls: tests/unit/preload_calls.c $(PRELOAD_SRC:src/%.c=$(B)/%.o)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -U_FORTIFY_SOURCE -fno-builtin -MF $@.d -o $@ $^ -ldl -lpthread

$(B)/tests/unit/preload_symbols: tests/unit/preload_symbols.c $(B)/app/symbols.o $(B)/util/buf.o $(B)/util/error.o
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MF $@.d -o $@ $^ -ldl

check-preload: $(UNIT_PRELOAD)
	@for t in $^; do $$t || exit 1; done
.PHONY: check-preload
