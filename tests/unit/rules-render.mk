# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# make check-render       tests of the render stage: golden text of every kind of result

RENDER_STAGE := $(patsubst src/%.c,$(B)/%.o,$(sort $(wildcard src/util/*.c src/object/*.c src/render/*.c) \
                $(filter-out src/catalog/resolve%.c,$(wildcard src/catalog/*.c)))) $(B)/gen/catalog_builtin.o
RENDER_TESTS := $(filter-out %.bpf.c %_log2.c,$(sort $(wildcard tests/unit/render_*.c)))
RENDER_DIR   := $(B)/tests/render

$(RENDER_DIR)/%.bpf.o: tests/unit/%.bpf.c $(B)/include/abide/linux.h include/abide/program.h
	@mkdir -p $(@D)
	$(CLANG) $(BPFFLAGS) -c -o $@ $<
# Both instruction sets, with and without records of accesses.
$(RENDER_DIR)/render_pseudo.%.o: tests/unit/render_pseudo.bpf.c $(B)/include/abide/linux.h include/abide/program.h
	@mkdir -p $(@D)
	$(CLANG) $(filter-out -mcpu=%,$(BPFFLAGS)) -mcpu=$(firstword $(subst ., ,$*)) \
		$(if $(findstring plain,$*),-DABIDE_NO_PRESERVE_ACCESS_INDEX) -c -o $@ $<
RENDER_SAMPLES := $(RENDER_DIR)/render_sample.bpf.o \
                  $(foreach v,v2 v3 v2.plain v3.plain,$(RENDER_DIR)/render_pseudo.$(v).o)
$(B)/tests/render_test: $(RENDER_TESTS) tests/unit/render_kit.h $(RENDER_STAGE) $(RENDER_SAMPLES)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MF $@.d -Itests/unit -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc -o $@ \
		$(RENDER_TESTS) $(RENDER_STAGE)
$(B)/tests/render_log2: tests/unit/render_log2.c include/abide/program.h
	@mkdir -p $(@D)
	$(CLANG) -O2 -std=gnu11 -Wall -Iinclude -Wno-unknown-attributes -o $@ $<
UNIT_RENDER := $(B)/tests/render_test $(B)/tests/render_log2
UNIT_TESTS += $(UNIT_RENDER)
check-render: $(UNIT_RENDER)
	@for t in $^; do $$t || exit 1; done

.PHONY: check-render
