# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Tests on the running kernel: they need root and bpf(2), watch only what they start, and say why they skip.

LIVE_OBJ := $(patsubst %.bpf.c,$(B)/%.bpf.o,$(sort $(wildcard tests/live/*.bpf.c)))

$(B)/tests/live/%.bpf.o: tests/live/%.bpf.c $(B)/include/abide/linux.h $(wildcard include/abide/program.h)
	@mkdir -p $(@D)
	$(CLANG) $(BPFFLAGS) -c -o $@ $<
$(B)/tests/live/engine: tests/live/engine.c tests/live/worker.h $(B)/libabide.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $< $(B)/libabide.a $(LDLIBS) -lpthread

check-live: $(B)/abide $(B)/tests/live/engine $(LIVE_OBJ)
	$(B)/tests/live/engine $(B)/tests/live
	@for t in tests/live/*.sh; do echo "# $$t"; ABIDE=$(B)/abide OBJECTS=$(B)/tests/live bash $$t || exit 1; done
.PHONY: check-live
