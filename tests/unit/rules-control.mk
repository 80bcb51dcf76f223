# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# make check-control   the control protocol: its messages from anybody, an application under storms of
#                      attaching, killed controllers, the command on applications. No privilege is needed;
#                      what tells users apart needs root and is skipped without.

CTL_DIR      := $(B)/tests/unit
UNIT_CONTROL := $(patsubst %,$(CTL_DIR)/%,control_message control_socket control_hostile control_storm control_storm_tsan control_run)
UNIT_TESTS   += $(UNIT_CONTROL)

$(CTL_DIR)/control_server: tests/unit/control_server.c include/abide/event.h $(B)/libabide-event.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MF $@.d -rdynamic -o $@ $< $(B)/libabide-event.a -lpthread -ldl
$(CTL_DIR)/control_later.so: tests/unit/control_later.c include/abide/event.h
	@mkdir -p $(@D)
	$(CC) $(filter-out -MMD -MP,$(CFLAGS)) -fPIC -shared -o $@ $<
$(CTL_DIR)/control_server.user.h: $(CTL_DIR)/control_server $(B)/abide
	$(B)/abide header $< >$@.tmp && mv $@.tmp $@
$(CTL_DIR)/control_steps.bpf.o: tests/unit/control_steps.bpf.c $(CTL_DIR)/control_server.user.h include/abide/program.h
	$(CLANG) $(BPFFLAGS) -Werror -I$(CTL_DIR) -c -o $@ $<
$(CTL_DIR)/control_message $(CTL_DIR)/control_hostile $(CTL_DIR)/control_storm: $(CTL_DIR)/%: tests/unit/%.c \
		tests/unit/control_kit.h $(B)/libabide.a $(CTL_DIR)/control_server
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MF $@.d -Itests/unit -o $@ $< $(B)/libabide.a $(LDLIBS) -lpthread
$(CTL_DIR)/control_socket: tests/unit/control_socket.c tests/unit/resolve_kit.h $(B)/libabide.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MF $@.d -Itests/unit -Wl,--wrap=bind -o $@ $< $(B)/libabide.a $(LDLIBS)
# The storms once more, on an application that is compiled with the thread sanitizer, its library included.
$(CTL_DIR)/tsan/control_server: tests/unit/control_server.c include/abide/event.h $(EVENTSRC) $(wildcard src/event/*.h src/process/*.h)
	@mkdir -p $(@D)
	if echo 'int main(void) { return 0; }' | $(CC) -fsanitize=thread -x c -o $@ - 2>/dev/null; then \
		$(CC) $(filter-out -MMD -MP $(SANFLAGS),$(CFLAGS)) -Wno-tsan -fsanitize=thread -rdynamic -o $@ $< $(EVENTSRC) -lpthread -ldl; \
	else : >$@; fi
$(CTL_DIR)/tsan/control_storm: tests/unit/control_storm.c tests/unit/control_kit.h $(B)/libabide.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MF $@.d -DTHREAD_SANITIZER -Itests/unit -o $@ $< $(B)/libabide.a $(LDLIBS) -lpthread
$(CTL_DIR)/control_storm_tsan: $(CTL_DIR)/tsan/control_storm $(CTL_DIR)/tsan/control_server
	if [ -s $(CTL_DIR)/tsan/control_server ]; then printf '#!/bin/sh\nexec %s\n' '$<' >$@; \
	else printf '#!/bin/sh\necho "skip - attaching under the thread sanitizer: $(CC) has none here"\n' >$@; fi
	chmod +x $@
# A script: the command as its user sees it.
$(CTL_DIR)/control_run: tests/unit/control_run.sh $(B)/abide $(CTL_DIR)/control_server $(CTL_DIR)/control_later.so $(CTL_DIR)/control_steps.bpf.o
	@mkdir -p $(@D)
	cp $< $@

check-control: $(UNIT_CONTROL)
	@for t in $^; do B=$(B) $$t || exit 1; done
.PHONY: check-control

# The fuzz target: bodies of messages.
MESSAGE_FUZZ := $(patsubst src/%.c,$(B)/fuzz.o/%.o,$(sort $(wildcard src/util/*.c)) src/process/message.c src/process/message_get.c)
$(B)/fuzz/message: tests/fuzz/message.c $(MESSAGE_FUZZ)
	@mkdir -p $(@D)
	$(CLANG) $(FUZZFLAGS) -fsanitize=fuzzer -o $@ $< $(MESSAGE_FUZZ)
