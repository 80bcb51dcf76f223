# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# make check      unit tests, text cases, include rule and lint: what needs no privilege
# make cases      the text cases alone;  make cases CASES=tests/cases/FILE.case UPDATE=1
# make fuzz       fuzz targets (clang);  make run-fuzz SECONDS=600

T       := $(B)/tests
CASES   ?= $(sort $(wildcard tests/cases/*.case))
RUNNER  := $(T)/runner
# The stages that cases drive: no libbpf, no engine.
CASEOBJ := $(patsubst src/%.c,$(B)/%.o,$(filter-out %.bpf.c,$(foreach s,util object catalog analyze policy translate,$(sort $(wildcard src/$(s)/*.c))))) \
           $(B)/gen/catalog_builtin.o
RUNOBJ  := $(patsubst tests/runner/%.c,$(T)/runner.o/%.o,$(sort $(wildcard tests/runner/*.c)))

$(T)/runner.o/%.o: tests/runner/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Itests/runner -c -o $@ $<
$(RUNNER): $(RUNOBJ) $(CASEOBJ)
	$(CC) $(CFLAGS) -o $@ $^

cases: $(RUNNER)
	$(RUNNER) --build $(B) $(if $(UPDATE),--update) $(CASES)
.PHONY: cases
