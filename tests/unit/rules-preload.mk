# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# make check-preload      libabide-libc.so: its functions by themselves

PRELOAD_SRC  := $(sort $(wildcard src/preload/*.c))
UNIT_PRELOAD := $(B)/tests/unit/preload_calls $(B)/tests/unit/preload_symbols
# Scripts: the command, on programs that it starts.
PRELOAD_RUNS := $(B)/tests/unit/preload_run $(B)/tests/unit/preload_programs $(B)/tests/unit/preload_example
UNIT_PRELOAD += $(PRELOAD_RUNS)
UNIT_TESTS   += $(UNIT_PRELOAD)

$(B)/tests/unit/preload/work: tests/unit/preload/work.c
	@mkdir -p $(@D)
	$(CC) -O2 -g -D_GNU_SOURCE -fomit-frame-pointer -Wall -Wextra -o $@ $< -lpthread
PRELOAD_BPF  := $(patsubst %,$(B)/tests/unit/preload/%.bpf.o,all stacks)
$(PRELOAD_BPF): $(B)/tests/unit/preload/%.bpf.o: tests/unit/preload/%.bpf.c $(B)/include/abide/libc.h include/abide/program.h
	@mkdir -p $(@D)
	$(CLANG) $(BPFFLAGS) -c -o $@ $<
$(PRELOAD_RUNS): $(B)/tests/unit/%: tests/unit/%.sh $(B)/abide $(B)/libabide-libc.so $(LIBCTOOLS) $(B)/tests/unit/preload/work $(PRELOAD_BPF) $(EVENTLIBS)
	@mkdir -p $(@D)
	cp $< $@ && chmod +x $@

# With what the library is made of; the test stands in for libabide-event.
$(B)/tests/unit/preload_calls: tests/unit/preload_calls.c $(PRELOAD_SRC:src/%.c=$(B)/%.o)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -U_FORTIFY_SOURCE -fno-builtin -MF $@.d -o $@ $^ -ldl -lpthread

$(B)/tests/unit/preload_symbols: tests/unit/preload_symbols.c $(B)/app/symbols.o $(B)/util/buf.o $(B)/util/error.o
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MF $@.d -o $@ $^ -ldl

check-preload: $(UNIT_PRELOAD)
	@for t in $^; do $$t || exit 1; done
.PHONY: check-preload
