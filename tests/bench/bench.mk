# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# make bench      figures of this machine, as ratios measured in one run (needs bpf(2), bpftool, clang)
#                 BENCHFLAGS="-r 31 -p pairs": rounds, and which part of the first
# make bench-event, bench-exec, bench-maps: the others by themselves

N        := $(B)/bench
BENCHSRC := $(filter-out tests/bench/tool.c %.bpf.c,$(wildcard tests/bench/*.c))
PAIRS    := $(patsubst tests/bench/pairs/%.c,$(N)/%.o,$(wildcard tests/bench/pairs/*.bpf.c))
SINGLES  := $(patsubst tests/bench/%.c,$(N)/%.o,$(wildcard tests/bench/*.bpf.c))
BENCHBPF := $(BPFFLAGS) -Itests/bench -Itests/bench/pairs -I$(N)

# Made anew when another kernel runs.
$(N)/kernel-%:
	@mkdir -p $(@D)
	rm -f $(N)/kernel-* && touch $@
$(N)/vmlinux.h: $(N)/kernel-$(shell uname -r)
	bpftool btf dump file /sys/kernel/btf/vmlinux format c >$@.tmp && mv $@.tmp $@
$(N)/%.user.bpf.o: tests/bench/pairs/%.user.bpf.c $(wildcard tests/bench/pairs/*.h) $(B)/include/abide/linux.h
	@mkdir -p $(@D)
	$(CLANG) $(BENCHBPF) -c -o $@ $<
$(N)/%.core.bpf.o: tests/bench/pairs/%.core.bpf.c $(wildcard tests/bench/pairs/*.h) $(N)/vmlinux.h
	$(CLANG) $(BENCHBPF) -c -o $@ $<
$(N)/%.user.bpf.o: tests/bench/%.user.bpf.c $(wildcard include/abide/program.h) $(B)/include/abide/linux.h
	@mkdir -p $(@D)
	$(CLANG) $(BENCHBPF) -c -o $@ $<
$(N)/%.core.bpf.o: tests/bench/%.core.bpf.c tests/bench/pairs/log2.h $(N)/vmlinux.h
	$(CLANG) $(BENCHBPF) -c -o $@ $<

$(N)/one_object.c: scripts/embed $(N)/one.core.bpf.o
	scripts/embed one_object $(N)/one.core.bpf.o >$@.tmp && mv $@.tmp $@
$(N)/tool: tests/bench/tool.c $(N)/one_object.c
	$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS)
$(N)/tool-static: tests/bench/tool.c $(N)/one_object.c
	$(CC) $(CFLAGS) -static -o $@ $^ $(LDLIBS)
$(N)/bench: $(BENCHSRC) tests/bench/bench.h $(B)/libabide.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Itests/bench -o $@ $(BENCHSRC) $(B)/libabide.a $(LDLIBS) -lm

BENCHPARTS := $(N)/bench $(PAIRS) $(SINGLES) $(N)/tool $(N)/tool-static $(B)/abide $(B)/abide-static $(TOOLOBJ)

# The other parts' files add their own to what it is made of.
bench: $(BENCHPARTS)
	@tests/bench/all "$(N)/bench $(BENCHFLAGS) $(N) $(B)/abide $(filter-out $(LIBCTOOLS),$(TOOLOBJ))" \
		$(BENCH_EVENT) $(BENCH_EXEC) $(BENCH_MAPS)
