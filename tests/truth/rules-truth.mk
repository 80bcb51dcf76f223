# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# make truth-objects   the corpus, compiled: build/truth/objects/
# make truth           the program that asks a kernel, and the static command, too

TRUTH        := $(B)/truth
TRUTH_SRC    := $(sort $(wildcard tests/truth/corpus/*.bpf.c))
TRUTH_OBJ    := $(TRUTH_SRC:tests/truth/corpus/%.bpf.c=$(TRUTH)/objects/%.bpf.o)
# Programs at what modules have; not part of the table (tests/truth/run --load).
TRUTH_MODULES := $(patsubst tests/truth/modules/%.bpf.c,$(TRUTH)/modules/%.bpf.o,$(sort $(wildcard tests/truth/modules/*.bpf.c)))
TRUTH_GUEST  := $(addprefix $(TRUTH)/,truth.o attach.o helpers.o log.o init.o)
TRUTH_FLAGS  := -g -O2 -target bpf -Wall -Wno-unused-function -D__TARGET_ARCH_x86 -Iinclude -I$(B)/include \
                -I/usr/include/$(shell $(CC) -print-multiarch)

# A file that ends in .v3.bpf.c has instructions of the third version.
$(TRUTH)/objects/%.v3.bpf.o: tests/truth/corpus/%.v3.bpf.c tests/truth/corpus/corpus.h
	@mkdir -p $(@D)
	$(CLANG) $(TRUTH_FLAGS) -mcpu=v3 -c -o $@ $<
$(TRUTH)/objects/%.bpf.o: tests/truth/corpus/%.bpf.c tests/truth/corpus/corpus.h $(B)/include/abide/linux.h
	@mkdir -p $(@D)
	$(CLANG) $(TRUTH_FLAGS) -mcpu=v2 -c -o $@ $<
$(TRUTH)/modules/%.bpf.o: tests/truth/modules/%.bpf.c tests/truth/corpus/corpus.h
	@mkdir -p $(@D)
	$(CLANG) $(TRUTH_FLAGS) -mcpu=v2 -c -o $@ $<
$(TRUTH)/%.o: tests/truth/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Itests -c -o $@ $<
$(TRUTH)/helpers.o: src/check/sections.def
$(TRUTH)/init.o: tests/matrix/init.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c -o $@ $<
$(TRUTH)/truth: $(TRUTH_GUEST)
	$(CC) $(CFLAGS) -static -o $@ $(TRUTH_GUEST) $(LDLIBS)

truth-objects: $(TRUTH_OBJ) $(TRUTH_MODULES)
truth: truth-objects $(TRUTH)/truth static

# The fast half of it, part of the units: predictions against the committed table.
check-truth: $(TRUTH_OBJ) $(B)/abide
	tests/truth/compare
UNIT_TESTS += $(B)/tests/check_truth
$(B)/tests/check_truth: tests/truth/compare $(TRUTH_OBJ) $(B)/abide
	@mkdir -p $(@D)
	cp $< $@

# The stamp: cut and damaged files, and the command.
UNIT_TESTS += $(TRUTH)/stamp_test $(B)/tests/stamp_cli
$(TRUTH)/stamp_test: tests/truth/stamp_test.c $(B)/libabide.a $(TRUTH)/objects/callbacks.bpf.o
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $< $(B)/libabide.a $(CASELIBS) $(LDLIBS)
$(B)/tests/stamp_cli: tests/truth/stamp.sh $(TRUTH_OBJ) $(B)/abide
	@mkdir -p $(@D)
	cp $< $@

.PHONY: truth truth-objects check-truth
