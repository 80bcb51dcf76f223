# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# make check-process      the process engine: instruction set, random programs, refusals

PROCESS_LIB  := $(patsubst src/%.c,$(B)/%.o,$(sort $(wildcard src/util/*.c src/process/*.c)) src/object/disasm.c)
UNIT_PROCESS := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(sort $(wildcard tests/unit/process_*.c)))
UNIT_TESTS   += $(UNIT_PROCESS)

$(B)/tests/unit/process_%: tests/unit/process_%.c $(wildcard tests/unit/process_*.h) $(PROCESS_LIB)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MF $@.d -Itests/unit -o $@ $< $(PROCESS_LIB)

check-process: $(UNIT_PROCESS)
	@for t in $^; do $$t || exit 1; done
.PHONY: check-process
