# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# make bench-event   what a site of events costs, off and on; a USDT probe beside it. Part of make bench

EVENTBENCH := $(B)/bench/event

$(EVENTBENCH)/bench-event: tests/bench/event/main.c $(EVENTOBJ) $(B)/cli/exec_link.o $(B)/cli/exec_maps.o $(B)/libabide.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MF $@.d -o $@ $^ -pthread
$(EVENTBENCH)/idle-plain $(EVENTBENCH)/idle-events: tests/bench/event/idle.c include/abide/event.h $(B)/libabide-event.so
	@mkdir -p $(@D)
	$(CC) $(filter-out -MMD -MP,$(CFLAGS)) $(if $(findstring events,$@),-DEVENTS) -o $@ $< \
		$(if $(findstring events,$@),-L$(B) -labide-event -Wl$(comma)-rpath$(comma)$(abspath $(B)))
$(EVENTBENCH)/bench-event-start: tests/bench/event/start.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MF $@.d -o $@ $<
bench-event: $(EVENTBENCH)/bench-event $(B)/bench/exec/maps.bpf.o $(EVENTBENCH)/bench-event-start $(EVENTBENCH)/idle-plain $(EVENTBENCH)/idle-events
	$(EVENTBENCH)/bench-event $(B)/bench/exec/maps.bpf.o
	$(EVENTBENCH)/bench-event-start $(EVENTBENCH)/idle-plain $(EVENTBENCH)/idle-events
bench: bench-event

.PHONY: bench-event
