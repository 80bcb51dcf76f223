# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# make bench-exec   the process engine's native code against gcc -O2 on the same C. Part of make bench

EXECBENCH := $(B)/bench/exec
EXECLIB   := $(patsubst src/%.c,$(B)/%.o,$(sort $(wildcard src/util/*.c src/process/*.c src/object/*.c)) $(wildcard src/analyze/num*.c)) $(B)/cli/exec_link.o $(B)/cli/exec_maps.o $(B)/libabide.a

$(EXECBENCH)/work.bpf.o: tests/bench/exec/work.bpf.c tests/bench/exec/work.h
	@mkdir -p $(@D)
	$(CLANG) -g -O2 -target bpf -mcpu=$(or $(BPFCPU),v3) -Wall -c -o $@ $<
$(EXECBENCH)/maps.bpf.o: tests/bench/exec/maps.bpf.c include/abide/program.h
	@mkdir -p $(@D)
	$(CLANG) $(BPFFLAGS) -mcpu=$(or $(BPFCPU),v3) -I/usr/include/$(shell uname -m)-linux-gnu -c -o $@ $<
$(EXECBENCH)/%.o: tests/bench/exec/%.c tests/bench/exec/exec.h tests/bench/exec/work.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Itests/bench -MF $@.d -c -o $@ $<
$(EXECBENCH)/promise.o: tests/bench/promise.c tests/bench/promise.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MF $@.d -c -o $@ $<
$(EXECBENCH)/bench-exec: $(EXECBENCH)/promise.o $(EXECBENCH)/main.o $(EXECBENCH)/work.o $(EXECBENCH)/mix.o $(EXECBENCH)/maps.o $(EXECLIB)
	$(CC) $(CFLAGS) -o $@ $^
EXECPARTS  := $(EXECBENCH)/bench-exec $(EXECBENCH)/work.bpf.o $(EXECBENCH)/maps.bpf.o
BENCH_EXEC := "$(EXECPARTS)"
bench-exec: $(EXECPARTS)
	@tests/bench/all $(BENCH_EXEC)
bench: $(EXECPARTS)

.PHONY: bench-exec
