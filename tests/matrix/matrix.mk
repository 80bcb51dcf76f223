# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# What tests/matrix/run puts into its guests, on top of the project's own Makefile:
# the static command, the tools' objects, the guest's program, the generated probes.

all:
include Makefile

M        := $(B)/matrix
GUEST    := $(sort $(filter-out tests/matrix/gen.c,$(wildcard tests/matrix/*.c)))
GUESTOBJ := $(GUEST:tests/matrix/%.c=$(M)/%.o)

matrix: $(M)/guest $(M)/probes/done static $(TOOLOBJ)

$(M)/%.o: tests/matrix/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Itests/matrix -I$(M) -c -o $@ $<
# The machine's own numbers of system calls, not the catalog's.
$(M)/numbers.inc:
	@mkdir -p $(@D)
	echo '#include <asm/unistd_64.h>' | $(CC) -E -dM - | sed -n 's/^#define __NR_\([a-z0-9_]*\) \([0-9][0-9]*\)$$/{ "\1", \2 },/p' >$@
$(M)/work_calls.o: $(M)/numbers.inc
$(M)/guest: $(GUESTOBJ)
	$(CC) $(CFLAGS) -static -o $@ $(GUESTOBJ) $(LDLIBS) -lpthread

$(M)/gen: tests/matrix/gen.c $(GENOBJ)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $< $(GENOBJ)
# As many objects as the catalog has events; which, only the generator knows.
$(M)/probes/done: $(M)/gen $(B)/include/abide/linux.h include/abide/program.h
	@rm -rf $(@D) && mkdir -p $(@D)
	$(M)/gen $(@D)
	ls $(@D)/*.bpf.c | xargs -P 2 -I{} sh -c '$(CLANG) $(BPFFLAGS) -c -o "$$(echo {} | sed s/c$$/o/)" {}'
	touch $@

.PHONY: matrix
