# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# make check-verify       the verifier of the process engine

VERIFY_LIB  := $(sort $(PROCESS_LIB) $(patsubst src/%.c,$(B)/%.o,$(sort $(wildcard src/object/*.c))))
VERIFY_DIR  := $(B)/tests/verify
VERIFY_CPUS := v2 v3 $(if $(findstring v4,$(shell $(CLANG) -target bpf -mcpu=help -c -x c /dev/null -o /dev/null 2>&1)),v4)
VERIFY_OBJ  := $(foreach v,$(VERIFY_CPUS),$(VERIFY_DIR)/tools.$(v).o $(VERIFY_DIR)/calls.$(v).o)

$(VERIFY_OBJ): tests/unit/verify_tools.h $(B)/include/abide/linux.h
$(VERIFY_DIR)/tools.%.o: tests/unit/verify_tools.bpf.c
	@mkdir -p $(@D)
	$(CLANG) $(filter-out -mcpu=%,$(BPFFLAGS)) -mcpu=$* -c -o $@ $<
$(VERIFY_DIR)/calls.%.o: tests/unit/verify_calls.bpf.c
	@mkdir -p $(@D)
	$(CLANG) $(filter-out -mcpu=%,$(BPFFLAGS)) -mcpu=$* -c -o $@ $<
$(VERIFY_DIR)/verify_%: tests/unit/verify_%.c $(wildcard tests/unit/verify_*.h) $(wildcard tests/unit/process_*.h) $(VERIFY_LIB)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MF $@.d -Itests/unit -o $@ $< $(VERIFY_LIB)

VERIFY_ASM := $(patsubst %,$(T)/runner.o/%.o,asm asm_names asm_read case layout layout_btf)
$(VERIFY_DIR)/verify_refuse: tests/unit/verify_refuse.c tests/unit/verify_env.h tests/unit/process_kit.h $(VERIFY_ASM) $(B)/libabide.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MF $@.d -Itests/unit -Itests/runner -o $@ $< $(VERIFY_ASM) $(B)/libabide.a
$(B)/tests/unit/verify_refuse: $(VERIFY_DIR)/verify_refuse tests/unit/verify.case
	@mkdir -p $(@D)
	printf '#!/bin/sh\nexec %s\n' '$^' >$@ && chmod +x $@

$(VERIFY_DIR)/verify_nomem: tests/unit/verify_nomem.c tests/unit/verify_kit.h tests/unit/process_kit.h $(VERIFY_LIB)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MF $@.d -Itests/unit -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free -o $@ $< $(VERIFY_LIB)
$(B)/tests/unit/verify_nomem: $(VERIFY_DIR)/verify_nomem $(VERIFY_DIR)/calls.v2.o
	@mkdir -p $(@D)
	printf '#!/bin/sh\nexec %s\n' '$^' >$@ && chmod +x $@

# Clang's stages have their own objects, with sanitizers.
$(B)/fuzz/verify: tests/fuzz/verify.c $(wildcard tests/unit/verify_*.h tests/unit/process_*.h) $(PROCESS_FUZZ)
	@mkdir -p $(@D)
	$(CLANG) $(FUZZFLAGS) -Itests/unit -fsanitize=fuzzer -o $@ $< $(PROCESS_FUZZ)

# Tests that take arguments are run by a script of their name.
$(B)/tests/unit/verify_clang: $(VERIFY_DIR)/verify_clang $(VERIFY_OBJ)
	@mkdir -p $(@D)
	printf '#!/bin/sh\nexec %s\n' '$^' >$@ && chmod +x $@
$(B)/tests/unit/verify_random $(B)/tests/unit/verify_helpers $(B)/tests/unit/verify_shapes: $(B)/tests/unit/%: $(VERIFY_DIR)/%
	@mkdir -p $(@D)
	cp $< $@
UNIT_VERIFY := $(B)/tests/unit/verify_refuse $(B)/tests/unit/verify_clang $(B)/tests/unit/verify_random $(B)/tests/unit/verify_helpers $(B)/tests/unit/verify_shapes \
               $(B)/tests/unit/verify_nomem
UNIT_TESTS  += $(UNIT_VERIFY)

check-verify: $(UNIT_VERIFY)
	@for t in $^; do $$t || exit 1; done
.PHONY: check-verify
