# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# make bench-event   what a site of events costs, off and on; a USDT probe and LTTng-UST beside it. Part of make bench

EVENTBENCH := $(B)/bench/event
# LTTng-UST's part says itself that it is not there.
LTTNG_LIBS := $(if $(wildcard $(addsuffix /lttng/tracepoint.h,/usr/include /usr/include/*-linux-gnu)),-llttng-ust -ldl)

# A loop of three instructions takes twice as long where it lies across two lines that are fetched.
$(EVENTBENCH)/bench-event: tests/bench/event/main.c tests/bench/promise.c $(EVENTOBJ) $(B)/cli/exec_link.o $(B)/cli/exec_maps.o $(B)/libabide.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -falign-functions=64 -falign-loops=64 -Itests/bench -MF $@.d -o $@ $(filter %.c %.o %.a,$^) -pthread
$(EVENTBENCH)/idle-plain $(EVENTBENCH)/idle-events: tests/bench/event/idle.c include/abide/event.h $(B)/libabide-event.so
	@mkdir -p $(@D)
	$(CC) $(filter-out -MMD -MP,$(CFLAGS)) $(if $(findstring events,$@),-DEVENTS) -o $@ $< \
		$(if $(findstring events,$@),-L$(B) -labide-event -Wl$(comma)-rpath$(comma)$(abspath $(B)))
$(EVENTBENCH)/bench-event-start: tests/bench/event/start.c tests/bench/promise.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Itests/bench -MF $@.d -o $@ $(filter %.c,$^)
$(EVENTBENCH)/bench-lttng: tests/bench/lttng/main.c tests/bench/lttng/tp.h
	@mkdir -p $(@D)
	$(CC) -O2 -g -std=gnu11 -D_GNU_SOURCE -Itests/bench/lttng -o $@ $< $(LTTNG_LIBS)

EVENTPARTS := $(EVENTBENCH)/bench-event $(B)/bench/exec/maps.bpf.o $(EVENTBENCH)/bench-lttng $(EVENTBENCH)/bench-event-start \
	$(EVENTBENCH)/idle-plain $(EVENTBENCH)/idle-events
BENCH_EVENT := "$(EVENTBENCH)/bench-event $(B)/bench/exec/maps.bpf.o 'tests/bench/lttng/run $(EVENTBENCH)/bench-lttng'" \
	"$(EVENTBENCH)/bench-event-start $(EVENTBENCH)/idle-plain $(EVENTBENCH)/idle-events"
bench-event: $(EVENTPARTS)
	@tests/bench/all $(BENCH_EVENT)
bench: $(EVENTPARTS)

.PHONY: bench-event
