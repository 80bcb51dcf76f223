# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# make check-object       tests of the object stage ($ABIDE_BTF_DIR: BTF files of real kernels, or skipped)
# make fuzz-object        its fuzz targets, build/fuzz/object and build/fuzz/btf (clang only)

OBJECT_STAGE   := $(patsubst src/%.c,$(B)/%.o,$(sort $(wildcard src/util/*.c src/object/*.c)))
OBJECT_TESTS   := $(filter-out %.bpf.c,$(sort $(wildcard tests/unit/object_*.c)))
OBJECT_DIR     := $(B)/tests/object
OBJECT_SAMPLES := $(patsubst tests/unit/%.bpf.c,$(OBJECT_DIR)/%.bpf.o,$(wildcard tests/unit/object_*.bpf.c)) \
                  $(OBJECT_DIR)/object_sample.v3.bpf.o $(OBJECT_DIR)/object_sample.bpfeb.o
# The kernel's headers include <asm/types.h>, which Debian keeps with the machine's.
OBJECT_BPF     := -g -O2 -Wall -idirafter /usr/include/$(shell $(CC) -print-multiarch)
OBJECT_FUZZ    := -O1 -g -std=gnu11 -D_GNU_SOURCE -Isrc -Itests/fuzz -fsanitize=fuzzer,address,undefined \
                  -fno-sanitize-recover=undefined

$(OBJECT_DIR)/%.bpf.o: tests/unit/%.bpf.c
	@mkdir -p $(@D)
	$(CLANG) $(OBJECT_BPF) -target bpfel -mcpu=v2 -c -o $@ $<
$(OBJECT_DIR)/%.v3.bpf.o: tests/unit/%.bpf.c
	@mkdir -p $(@D)
	$(CLANG) $(OBJECT_BPF) -target bpfel -mcpu=v3 -c -o $@ $<
$(OBJECT_DIR)/%.bpfeb.o: tests/unit/%.bpf.c
	@mkdir -p $(@D)
	$(CLANG) $(OBJECT_BPF) -target bpfeb -mcpu=v2 -c -o $@ $<
$(B)/tests/object_test: $(OBJECT_TESTS) tests/unit/object_test.h $(OBJECT_STAGE)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MF $@.d -Itests/unit $(foreach f,malloc calloc realloc strdup asprintf,-Wl,--wrap=$f) \
		-o $@ $(OBJECT_TESTS) $(OBJECT_STAGE) -lbpf -lelf -lz
check-object: $(B)/tests/object_test $(OBJECT_SAMPLES)
	$(B)/tests/object_test $(OBJECT_DIR)

$(B)/fuzz/object $(B)/fuzz/btf: $(B)/fuzz/%: tests/fuzz/%.c tests/fuzz/standalone.h $(wildcard src/util/*.c src/object/*.c src/object/*.h)
	@mkdir -p $(@D)
	$(CLANG) $(OBJECT_FUZZ) -o $@ $< $(wildcard src/util/*.c src/object/*.c)
fuzz-object: $(B)/fuzz/object $(B)/fuzz/btf

.PHONY: check-object fuzz-object
