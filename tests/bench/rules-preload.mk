# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# make bench-preload   what libabide-libc.so adds to calls of libc, silent and counting

$(B)/bench/preload/calls: tests/bench/preload/calls.c
	@mkdir -p $(@D)
	$(CC) -O2 -D_GNU_SOURCE -fno-builtin -Wall -Wextra -o $@ $< -lpthread
$(B)/bench/preload/count.bpf.o: tests/bench/preload/count.bpf.c $(B)/include/abide/libc.h include/abide/program.h
	@mkdir -p $(@D)
	$(CLANG) $(BPFFLAGS) -c -o $@ $<
bench-preload: $(B)/bench/preload/calls $(B)/bench/preload/count.bpf.o $(B)/abide $(B)/libabide-libc.so
	tests/bench/preload/run $(B)
.PHONY: bench-preload
