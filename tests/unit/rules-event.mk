# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# make check-event      <abide/event.h> and the application's runtime

UNIT_EVENT := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/event_*.c))
UNIT_EVENT += $(addprefix $(B)/tests/unit/,event_header event_site event_fire_tsan)
UNIT_TESTS += $(UNIT_EVENT)

$(B)/tests/unit/event_%: tests/unit/event_%.c $(wildcard tests/unit/event_*.h) include/abide/event.h $(EVENTOBJ)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MF $@.d -Itests/unit -rdynamic -o $@ $< $(EVENTOBJ) -pthread -ldl

# A script.
$(B)/tests/unit/event_header: tests/unit/event_header.sh include/abide/event.h $(EVENTLIBS)
	@mkdir -p $(@D)
	cp $< $@

# The same.
$(B)/tests/unit/event_site: tests/unit/event_site.sh tests/unit/event/app.c tests/unit/event/app.h include/abide/event.h $(B)/libabide-event.so
	@mkdir -p $(@D)
	cp $< $@

# One application, of each compiler and language, an executable and a library.
EVENT_DIR  := $(B)/tests/unit/event
APP_WARN   := -Wall -Wextra -Wshadow -Wconversion -Werror -O2 -Iinclude
APP_CC      = $(if $(findstring clang,$*),$(CLANG),gcc) $(if $(findstring c11,$*),-x c -std=c11,-x c++ -std=c++17) $(APP_WARN)
APP_BUILDS := $(foreach b,gcc.c11 gcc.c++17 clang.c11 clang.c++17,$(EVENT_DIR)/app.$(b) $(EVENT_DIR)/app.$(b).so)
$(EVENT_DIR)/app.%.so: tests/unit/event/app.c tests/unit/event/app.h include/abide/event.h
	@mkdir -p $(@D)
	$(APP_CC) -fPIC -shared -o $@ $<
$(EVENT_DIR)/app.%: tests/unit/event/app.c tests/unit/event/app.h include/abide/event.h $(B)/libabide-event.so
	@mkdir -p $(@D)
	$(APP_CC) -DAPP_MAIN -o $@ $< -L$(B) -labide-event -Wl,-rpath,$(abspath $(B)) $(if $(SAN),-Wl$(comma)--allow-shlib-undefined)
$(B)/tests/unit/event_records: $(APP_BUILDS)

# A library that is opened and closed; its calls go to the program's own copy of libabide-event.
$(EVENT_DIR)/plugin.so: tests/unit/event/plugin.c include/abide/event.h
	@mkdir -p $(@D)
	$(CC) $(filter-out -MMD -MP,$(CFLAGS)) -fPIC -shared -o $@ $<
$(B)/tests/unit/event_modules: $(EVENT_DIR)/plugin.so

# The same test under the thread sanitizer, everything compiled with it.
$(B)/tests/unit/event_fire_tsan: tests/unit/event_fire.c tests/unit/event_kit.h include/abide/event.h $(EVENTSRC) $(wildcard src/event/*.h src/process/*.h)
	@mkdir -p $(@D)
	if echo 'int main(void) { return 0; }' | $(CC) -fsanitize=thread -x c -o $@ - 2>/dev/null; then \
		$(CC) $(filter-out -MMD -MP $(SANFLAGS),$(CFLAGS)) -Wno-tsan -fsanitize=thread -DTHREAD_SANITIZER -Itests/unit -o $@ $< $(EVENTSRC) \
			-pthread -ldl; \
	else printf '#!/bin/sh\necho "skip - firing under the thread sanitizer: $(CC) has none here"\n' >$@ && chmod +x $@; fi

check-event: $(UNIT_EVENT)
	@for t in $^; do B=$(B) CC="$(CC)" CLANG="$(CLANG)" $$t || exit 1; done
.PHONY: check-event
