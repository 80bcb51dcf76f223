# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# check's tests: CO-RE against libbpf ($ABIDE_BTF_DIR: BTF files of real kernels, or only the
# running one); compiled programs against two small kernels

CHECK_DIR     := $(B)/tests/unit
CHECK_KERNELS := $(CHECK_DIR)/check_kernel_old.bpf.o $(CHECK_DIR)/check_kernel_new.bpf.o
CHECK_SAMPLES := $(CHECK_DIR)/check_core.bpf.o $(CHECK_DIR)/check_guard.bpf.o
CHECK_LIB     := $(patsubst src/%.c,$(B)/%.o,$(sort $(wildcard src/util/*.c src/object/*.c src/catalog/*.c \
                   src/analyze/*.c src/policy/*.c src/translate/*.c src/image/*.c src/profile/modules.c \
                   src/check/*.c))) $(B)/gen/catalog_builtin.o
UNIT_CHECK    := $(CHECK_DIR)/check_libbpf $(CHECK_DIR)/check_guard $(CHECK_DIR)/check_nomem
UNIT_TESTS    += $(UNIT_CHECK)
CHECK_CLANG    = $(CLANG) -g -O2 -target bpf -mcpu=v2 -Wall -Wno-unused-function -I/usr/include/$(shell $(CC) -print-multiarch)

$(CHECK_SAMPLES): $(CHECK_DIR)/%.bpf.o: tests/unit/%.bpf.c
	@mkdir -p $(@D)
	$(CHECK_CLANG) -c -o $@ $<
$(CHECK_DIR)/check_kernel_old.bpf.o: tests/unit/check_kernel.bpf.c
	@mkdir -p $(@D)
	$(CHECK_CLANG) -DOLD -c -o $@ $<
$(CHECK_DIR)/check_kernel_new.bpf.o: tests/unit/check_kernel.bpf.c
	@mkdir -p $(@D)
	$(CHECK_CLANG) -c -o $@ $<
$(UNIT_CHECK): $(CHECK_DIR)/%: tests/unit/%.c $(CHECK_LIB) $(CHECK_SAMPLES) $(CHECK_KERNELS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Itests/unit $(CHECK_WRAP) -o $@ $< $(CHECK_LIB) $(CASELIBS) $(LDLIBS)
$(CHECK_DIR)/check_nomem: CHECK_WRAP := -Wl,--wrap=calloc,--wrap=malloc,--wrap=realloc

# abide diff, on the kernels that are built in
UNIT_TESTS += $(B)/tests/check_diff
$(B)/tests/check_diff: tests/unit/check_diff.sh $(B)/abide $(TRUTH_OBJ)
	@mkdir -p $(@D)
	cp $< $@

# abide check on a module of a real kernel
UNIT_TESTS += $(B)/tests/check_modules
$(CHECK_DIR)/check_modules.bpf.o $(CHECK_DIR)/check_modules_symbols.bpf.o: $(CHECK_DIR)/%.bpf.o: tests/unit/%.bpf.c
	@mkdir -p $(@D)
	$(CHECK_CLANG) -c -o $@ $<
$(B)/tests/check_modules: tests/unit/check_modules.sh $(B)/abide $(CHECK_DIR)/check_modules.bpf.o $(CHECK_DIR)/check_modules_symbols.bpf.o
	@mkdir -p $(@D)
	cp $< $@

# programs at what a module has
UNIT_TESTS += $(CHECK_DIR)/check_attach_module
$(CHECK_DIR)/check_attach_module.bpf.o: tests/unit/check_attach_module.bpf.c
	@mkdir -p $(@D)
	$(CHECK_CLANG) -c -o $@ $<
$(CHECK_DIR)/check_attach_module_externs.bpf.o: tests/unit/check_attach_module.bpf.c
	@mkdir -p $(@D)
	$(CHECK_CLANG) -DEXTERNS -c -o $@ $<
$(CHECK_DIR)/check_attach_module: tests/unit/check_attach_module.c tests/unit/image_kit.h $(B)/libabide.a \
		$(CHECK_DIR)/check_attach_module.bpf.o $(CHECK_DIR)/check_attach_module_externs.bpf.o
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Itests/unit -o $@ $< $(B)/libabide.a $(CASELIBS) $(LDLIBS)

# abide check on many kernels
UNIT_TESTS += $(B)/tests/check_many
$(B)/tests/check_many: tests/unit/check_many.sh $(B)/abide $(CHECK_KERNELS) $(CHECK_SAMPLES)
	@mkdir -p $(@D)
	cp $< $@
