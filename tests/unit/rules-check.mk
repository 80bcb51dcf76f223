# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# check's tests: CO-RE against libbpf ($ABIDE_BTF_DIR: BTF files of real kernels, or only the running one)

CHECK_SAMPLES := $(patsubst tests/unit/%.bpf.c,$(B)/tests/unit/%.bpf.o,$(sort $(wildcard tests/unit/check_*.bpf.c)))
CHECK_LIB     := $(patsubst src/%.c,$(B)/%.o,$(sort $(wildcard src/util/*.c src/object/*.c src/catalog/*.c \
                   src/analyze/*.c src/policy/*.c src/translate/*.c src/check/*.c))) $(B)/gen/catalog_builtin.o
UNIT_CHECK    := $(B)/tests/unit/check_libbpf
UNIT_TESTS    += $(B)/tests/unit/check_libbpf

$(CHECK_SAMPLES): $(B)/tests/unit/%.bpf.o: tests/unit/%.bpf.c
	@mkdir -p $(@D)
	$(CLANG) -g -O2 -target bpf -mcpu=v2 -Wall -Wno-unused-function -I/usr/include/$(shell uname -m)-linux-gnu -c -o $@ $<
$(UNIT_CHECK): $(B)/tests/unit/%: tests/unit/%.c $(CHECK_LIB) $(CHECK_SAMPLES)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Itests/unit -o $@ $< $(CHECK_LIB) $(LDLIBS)
