# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# make check-app   an application's events: its fields as programs read them, its records from anybody, the
#                  command on it

APP_DIR   := $(B)/tests/unit
APP_LIB   := $(B)/libabide.a
UNIT_APP  := $(patsubst %,$(APP_DIR)/%,app_fields app_fields_moved app_files app_target app_image app_nomem app_offers app_cli)
APP_SOS   := $(patsubst %,$(APP_DIR)/%,app_events.so app_events_moved.so app_events_broken.so)
UNIT_TESTS += $(UNIT_APP)

# Three builds of one application.
APP_BUILD = $(CC) $(CFLAGS) -MF $@.d -Itests/unit $(APP_DEFINES) -o $@ $< $(APP_LIB) $(LDLIBS)
$(APP_DIR)/app_fields: tests/unit/app_fields.c tests/unit/app_events.h $(APP_LIB) $(APP_DIR)/app_fields.bpf.o
	@mkdir -p $(@D)
	$(APP_BUILD)
$(APP_DIR)/app_fields_moved: tests/unit/app_fields.c tests/unit/app_events.h $(APP_LIB) $(APP_DIR)/app_fields.bpf.o
	@mkdir -p $(@D)
	$(APP_BUILD)
$(APP_DIR)/app_fields_moved: APP_DEFINES := -DMOVED
$(APP_DIR)/app_files $(APP_DIR)/app_target $(APP_DIR)/app_offers: $(APP_DIR)/%: tests/unit/%.c tests/unit/resolve_kit.h $(APP_LIB) $(APP_SOS)
	@mkdir -p $(@D)
	$(APP_BUILD)
APP_FORMS := PINNED INNER KERNEL KPROBE FOREIGN KCONFIG
APP_FORMS := $(APP_DIR)/app_image.bpf.o $(APP_FORMS:%=$(APP_DIR)/app_image.%.bpf.o)
$(APP_FORMS): tests/unit/app_image.bpf.c $(APP_DIR)/app_events.user.h $(B)/include/abide/linux.h include/abide/program.h
	$(CLANG) $(BPFFLAGS) -Werror $(patsubst app_image.%,-D%,$(filter app_image.%,$(patsubst %.bpf.o,%,$(@F)))) -I$(APP_DIR) -c -o $@ $<
$(APP_DIR)/app_image: tests/unit/app_image.c tests/unit/resolve_kit.h $(APP_LIB) $(APP_SOS) $(APP_FORMS)
	@mkdir -p $(@D)
	$(APP_BUILD)
$(APP_DIR)/app_nomem: tests/unit/app_nomem.c $(APP_LIB) $(APP_SOS) $(APP_DIR)/app_image.bpf.o
	@mkdir -p $(@D)
	$(APP_BUILD) -Wl,--wrap=calloc,--wrap=malloc,--wrap=realloc,--wrap=strdup
# A script: the command as its user sees it.
$(APP_DIR)/app_cli: tests/unit/app_cli.sh $(B)/abide $(APP_SOS) $(APP_FORMS) $(APP_DIR)/app_fields.bpf.o $(TOOLOBJ)
	@mkdir -p $(@D)
	cp $< $@
# Applications for the command to look at: their records only.
$(APP_SOS): tests/unit/app_events.c tests/unit/app_events.h include/abide/event.h
	@mkdir -p $(@D)
	$(CC) -O2 -Wall -Iinclude -Itests/unit $(APP_DEFINES) -fPIC -shared -s -o $@ $<
$(APP_DIR)/app_events_moved.so: APP_DEFINES := -DMOVED
$(APP_DIR)/app_events_broken.so: APP_DEFINES := -DBROKEN
$(APP_DIR)/app_events.user.h: $(APP_DIR)/app_events.so $(B)/abide
	$(B)/abide header $< >$@.tmp && mv $@.tmp $@
$(APP_DIR)/app_fields.bpf.o: tests/unit/app_fields.bpf.c $(APP_DIR)/app_events.user.h include/abide/program.h
	$(CLANG) $(BPFFLAGS) -Werror -I$(APP_DIR) -c -o $@ $<

check-app: $(UNIT_APP)
	@for t in $^; do B=$(B) CLANG=$(CLANG) CC=$(CC) $$t || exit 1; done
.PHONY: check-app

# The fuzz target, with what reads an application. Seeds: the libraries of app_events.h.
APP_FUZZ := $(patsubst src/%.c,$(B)/fuzz.o/%.o,$(foreach s,util object catalog analyze policy,$(sort $(wildcard src/$(s)/*.c))) \
              $(addprefix src/app/,app.c binary.c maps.c merge.c name.c target.c text.c) \
              src/process/layout.c) $(B)/fuzz.o/gen/catalog_builtin.o
$(B)/fuzz/app: tests/fuzz/app.c $(APP_FUZZ)
	@mkdir -p $(@D)
	$(CLANG) $(FUZZFLAGS) -fsanitize=fuzzer -o $@ $< $(APP_FUZZ)
