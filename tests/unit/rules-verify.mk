# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# make check-verify       the verifier of the process engine

VERIFY_LIB  := $(sort $(PROCESS_LIB) $(patsubst src/%.c,$(B)/%.o,$(sort $(wildcard src/object/*.c))))
VERIFY_DIR  := $(B)/tests/verify
VERIFY_CPUS := v2 v3 $(if $(findstring v4,$(shell $(CLANG) -target bpf -mcpu=help -c -x c /dev/null -o /dev/null 2>&1)),v4)
VERIFY_OBJ  := $(VERIFY_CPUS:%=$(VERIFY_DIR)/tools.%.o)

$(VERIFY_DIR)/tools.%.o: tests/unit/verify_tools.bpf.c $(B)/include/abide/linux.h
	@mkdir -p $(@D)
	$(CLANG) $(filter-out -mcpu=%,$(BPFFLAGS)) -mcpu=$* -c -o $@ $<
$(VERIFY_DIR)/verify_%: tests/unit/verify_%.c $(wildcard tests/unit/verify_*.h) $(wildcard tests/unit/process_*.h) $(VERIFY_LIB)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MF $@.d -Itests/unit -o $@ $< $(VERIFY_LIB)

# Tests that take arguments are run by a script of their name.
$(B)/tests/unit/verify_clang: $(VERIFY_DIR)/verify_clang $(VERIFY_OBJ)
	@mkdir -p $(@D)
	printf '#!/bin/sh\nexec %s\n' '$^' >$@ && chmod +x $@
$(B)/tests/unit/verify_random: $(VERIFY_DIR)/verify_random
	cp $< $@
UNIT_VERIFY := $(B)/tests/unit/verify_clang $(B)/tests/unit/verify_random
UNIT_TESTS  += $(UNIT_VERIFY)

check-verify: $(UNIT_VERIFY)
	@for t in $^; do $$t || exit 1; done
.PHONY: check-verify
