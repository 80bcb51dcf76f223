# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# make check-render       tests of the render stage: golden text of every kind of result

RENDER_STAGE := $(patsubst src/%.c,$(B)/%.o,$(sort $(wildcard src/util/*.c src/object/*.c src/render/*.c) \
                $(filter-out src/catalog/resolve%.c,$(wildcard src/catalog/*.c)))) $(B)/gen/catalog_builtin.o
RENDER_TESTS := $(filter-out %.bpf.c,$(sort $(wildcard tests/unit/render_*.c)))
RENDER_DIR   := $(B)/tests/render

$(RENDER_DIR)/%.bpf.o: tests/unit/%.bpf.c $(B)/include/abide/linux.h include/abide/program.h
	@mkdir -p $(@D)
	$(CLANG) $(BPFFLAGS) -c -o $@ $<
$(B)/tests/render_test: $(RENDER_TESTS) tests/unit/render_kit.h $(RENDER_STAGE)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MF $@.d -Itests/unit -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc -o $@ $(RENDER_TESTS) $(RENDER_STAGE)
check-render: $(B)/tests/render_test $(RENDER_DIR)/render_sample.bpf.o
	$(B)/tests/render_test $(RENDER_DIR)

.PHONY: check-render
