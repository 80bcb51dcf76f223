# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# make check-event      <abide/event.h> and the application's runtime

UNIT_EVENT := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/event_*.c))
UNIT_EVENT += $(B)/tests/unit/event_header
UNIT_TESTS += $(UNIT_EVENT)

$(B)/tests/unit/event_%: tests/unit/event_%.c $(wildcard tests/unit/event_*.h) include/abide/event.h $(EVENTOBJ)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MF $@.d -Itests/unit -o $@ $< $(EVENTOBJ) -pthread -ldl

# A script.
$(B)/tests/unit/event_header: tests/unit/event_header.sh include/abide/event.h $(EVENTLIBS)
	@mkdir -p $(@D)
	cp $< $@

check-event: $(UNIT_EVENT)
	@for t in $^; do B=$(B) CC="$(CC)" CLANG="$(CLANG)" $$t || exit 1; done
.PHONY: check-event
