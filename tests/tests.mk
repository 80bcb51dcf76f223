# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# make check      what needs no privilege: unit tests, text cases, rules of the tree
# make tests      builds what check runs
# make cases      the text cases alone;  make cases CASES=tests/cases/FILE.case UPDATE=1
# make fuzz       builds the fuzz targets (clang): build/fuzz/NAME DIRECTORY
#
# A folder's rules-*.mk adds its programs to UNIT_TESTS.

T       := $(B)/tests
CASES   ?= $(sort $(wildcard tests/cases/*.case))
RUNNER  := $(T)/runner
# The stages that cases drive: no libbpf, no engine.
CASESRC := $(sort $(wildcard src/image/*.c)) src/profile/modules.c \
           $(filter-out %.bpf.c,$(foreach s,util object catalog analyze policy translate check,$(sort $(wildcard src/$(s)/*.c))))
CASELIBS := -larchive -lzstd
CASEOBJ := $(CASESRC:src/%.c=$(B)/%.o) $(B)/gen/catalog_builtin.o
RUNOBJ  := $(patsubst tests/runner/%.c,$(T)/runner.o/%.o,$(sort $(wildcard tests/runner/*.c)))

UNIT_TESTS :=
-include $(sort $(wildcard tests/*/rules-*.mk))

$(T)/runner.o/%.o: tests/runner/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Itests/runner -c -o $@ $<
$(RUNNER): $(RUNOBJ) $(CASEOBJ)
	$(CC) $(CFLAGS) -o $@ $^ $(CASELIBS)
cases: $(RUNNER) $(B)/abide
	$(RUNNER) --build $(B) $(if $(UPDATE),--update) $(CASES)

# The object stage's test takes the folder of its samples.
UNIT_OBJECT := $(if $(OBJECT_TESTS),$(T)/object_test)
units: $(UNIT_TESTS) $(UNIT_OBJECT) $(OBJECT_SAMPLES)
list-units:
	@for t in $(UNIT_TESTS); do echo $$t; done
	@$(if $(UNIT_OBJECT),echo $(UNIT_OBJECT) $(OBJECT_DIR))
tests: $(RUNNER) units

# Fuzz targets: the same stages with clang's sanitizers, compiled once for all of them.
FUZZFLAGS := -O1 -g -std=gnu11 -D_GNU_SOURCE -Isrc -Iinclude -I$(B)/include -Itests/fuzz -fsanitize=address,undefined \
             -fno-sanitize-recover=undefined
FUZZOBJ   := $(CASESRC:src/%.c=$(B)/fuzz.o/%.o) $(B)/fuzz.o/gen/catalog_builtin.o
FUZZ      := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(sort $(wildcard tests/fuzz/*.c)))

$(B)/fuzz.o/gen/%.o: $(B)/gen/%.c
	@mkdir -p $(@D)
	$(CLANG) $(FUZZFLAGS) -c -o $@ $<
$(B)/fuzz.o/%.o: src/%.c
	@mkdir -p $(@D)
	$(CLANG) $(FUZZFLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<
$(B)/fuzz/%: tests/fuzz/%.c $(FUZZOBJ)
	@mkdir -p $(@D)
	$(CLANG) $(FUZZFLAGS) -fsanitize=fuzzer -o $@ $< $(FUZZOBJ) $(CASELIBS)
# The target that translates has its kernels from the cases' layouts.
$(B)/fuzz/translate: tests/fuzz/translate.c tests/runner/case.c tests/runner/layout.c tests/runner/layout_btf.c $(FUZZOBJ)
	@mkdir -p $(@D)
	$(CLANG) $(FUZZFLAGS) -Itests/runner -fsanitize=fuzzer -o $@ $^ $(CASELIBS)
fuzz: $(FUZZ)

check: all tests
	NO_INSTALL=1 scripts/test units cases rules

.PHONY: cases units list-units tests fuzz check
