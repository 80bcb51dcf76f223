# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# make check-process      the process engine: instruction set, random programs, refusals

PROCESS_LIB  := $(patsubst src/%.c,$(B)/%.o,$(sort $(wildcard src/util/*.c src/process/*.c)) src/object/disasm.c $(wildcard src/analyze/num*.c))
UNIT_PROCESS := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(sort $(wildcard tests/unit/process_*.c)))
UNIT_PROCESS += $(B)/tests/unit/process_cli
UNIT_TESTS   += $(UNIT_PROCESS)

$(B)/tests/unit/process_%: tests/unit/process_%.c $(wildcard tests/unit/process_*.h) $(PROCESS_LIB)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MF $@.d -Itests/unit -o $@ $< $(PROCESS_LIB)

# Linked as an application is: its signal functions are ours.
$(B)/tests/unit/process_signal: tests/unit/process_signal.c $(PROCESS_LIB) $(B)/event/signal.o
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MF $@.d -Itests/unit -o $@ $< $(B)/event/signal.o $(PROCESS_LIB)

# A script: the command as its user sees it.
$(B)/tests/unit/process_cli: tests/unit/process_cli.sh $(B)/abide
	@mkdir -p $(@D)
	cp $< $@

# The suite's programs are written in the assembler of the text cases.
ISA_ASM := $(patsubst %,$(T)/runner.o/%.o,asm asm_names asm_read case layout layout_btf)
$(B)/tests/unit/process_isa: tests/unit/process_isa.c tests/unit/process_kit.h $(ISA_ASM) $(B)/libabide.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MF $@.d -Itests/unit -Itests/runner -o $@ $< $(ISA_ASM) $(B)/libabide.a

# Looks at what clang has made of the tools.
$(B)/tests/unit/process_log2: tests/unit/process_log2.c tests/unit/process_kit.h tests/unit/process_check.h $(B)/libabide.a $(TOOLOBJ)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -DTOOLS='"$(abspath $(B))/tools"' -MF $@.d -Itests/unit -o $@ $< $(B)/libabide.a

# The fuzz target of the stage, with what it is made of.
PROCESS_FUZZ := $(patsubst src/%.c,$(B)/fuzz.o/%.o,$(sort $(wildcard src/util/*.c src/process/*.c)) src/object/disasm.c $(wildcard src/analyze/num*.c))
$(B)/fuzz/exec: tests/fuzz/exec.c tests/unit/process_random.h tests/unit/process_kit.h $(PROCESS_FUZZ)
	@mkdir -p $(@D)
	$(CLANG) $(FUZZFLAGS) -Itests/unit -fsanitize=fuzzer -o $@ $< $(PROCESS_FUZZ)

check-process: $(UNIT_PROCESS)
	@for t in $^; do B=$(B) CLANG=$(CLANG) $$t || exit 1; done
.PHONY: check-process
