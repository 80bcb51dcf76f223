# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# make preload    build/libabide-libc.so, its header for programs, and the tools on its events
#
# libabide-event is linked in. The names of functions by which its own work begins are exchanged for
# those of quiet.c, which keeps that work out of the events.

LIBCSRC  := $(sort $(wildcard src/preload/*.c))
LIBCOBJ  := $(LIBCSRC:src/%.c=$(B)/preload.o/%.o)
# -fno-builtin: malloc and the like are ordinary functions here, and not assumed to be libc's.
LIBCFLAGS := -fPIC -fvisibility=hidden -ftls-model=initial-exec -fno-builtin -U_FORTIFY_SOURCE
LIBCTOOLS := $(patsubst tools/%.bpf.c,$(B)/tools/%.bpf.o,$(shell grep -l 'abide/libc\.h' $(TOOLSRC)))

$(B)/preload.o/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LIBCFLAGS) -c -o $@ $<
$(B)/preload.o/event.o: $(B)/event.o/all.o src/preload/rules.mk
	@mkdir -p $(@D)
	objcopy --redefine-sym pthread_create=preload_thread_create --redefine-sym pthread_atfork=preload_atfork \
		--redefine-sym abide_event_start=event_start --redefine-sym abide_event_stop=event_stop \
		--redefine-sym abide_event_register=event_register --redefine-sym abide_event_unregister=event_unregister \
		$< $@
$(B)/libabide-libc.so: $(LIBCOBJ) $(B)/preload.o/event.o src/preload/libabide-libc.map
	$(CC) $(CFLAGS) -shared -Wl,-soname,libabide-libc.so -Wl,-z,nodelete -Wl,-z,defs -Wl,--version-script=src/preload/libabide-libc.map -o $@ $(filter %.o,$^) -ldl -pthread
$(B)/include/abide/libc.h: $(B)/libabide-libc.so $(B)/abide
	@mkdir -p $(@D)
	$(B)/abide header $< >$@.tmp && mv $@.tmp $@
$(LIBCTOOLS): $(B)/include/abide/libc.h

preload: $(B)/libabide-libc.so $(LIBCTOOLS)
.PHONY: preload
