# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# make event      what applications with user events link: build/libabide-event.a, .so, .pc
#
# Both libraries show no symbol but those of <abide/event.h>: all else is hidden, and in the
# archive, which is one object, made local.

PREFIX      ?= /usr/local
EVENTSRC    := $(foreach s,util process event,$(sort $(wildcard src/$(s)/*.c))) $(sort $(wildcard src/analyze/num*.c))
EVENTSRC    := $(filter-out src/util/sha256.c,$(EVENTSRC))
EVENTOBJ    := $(EVENTSRC:src/%.c=$(B)/event.o/%.o)
# The library has no events of its own: its files must not announce those of whom it is linked to.
EVENTFLAGS  := -DABIDE_USER_NO_RECORDS= -fPIC -fvisibility=hidden -fno-semantic-interposition -ftls-model=initial-exec
EVENTLIBS   := $(B)/libabide-event.a $(B)/libabide-event.so $(B)/libabide-event.pc

$(B)/event.o/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(EVENTFLAGS) -c -o $@ $<
$(B)/event.o/all.o: $(EVENTOBJ)
	$(LD) -r -o $@.tmp $^
	objcopy --localize-hidden $@.tmp $@ && rm -f $@.tmp
$(B)/libabide-event.a: $(B)/event.o/all.o
	rm -f $@ && ar qcs $@ $^
$(B)/libabide-event.so.1: $(EVENTOBJ) src/event/libabide-event.map
	$(CC) $(CFLAGS) -shared -Wl,-soname,libabide-event.so.1 -Wl,-z,nodelete -Wl,-z,defs \
		-Wl,--version-script=src/event/libabide-event.map -o $@ $(EVENTOBJ) -pthread
$(B)/libabide-event.so: $(B)/libabide-event.so.1
	ln -sf libabide-event.so.1 $@
$(B)/libabide-event.pc: src/event/libabide-event.pc.in
	sed 's|@PREFIX@|$(PREFIX)|' $< >$@.tmp && mv $@.tmp $@

event: $(EVENTLIBS)
.PHONY: event
