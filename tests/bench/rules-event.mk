# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# make bench-event   what a site of events costs, off and on; a USDT probe beside it. Part of make bench

EVENTBENCH := $(B)/bench/event

$(EVENTBENCH)/bench-event: tests/bench/event/main.c $(EVENTOBJ) $(B)/cli/exec_link.o $(B)/cli/exec_maps.o $(B)/libabide.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MF $@.d -o $@ $^ -pthread
bench-event: $(EVENTBENCH)/bench-event $(B)/bench/exec/maps.bpf.o
	$^
bench: bench-event

.PHONY: bench-event
