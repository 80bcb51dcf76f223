# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# make            the command (build/abide), the library, the tools' objects
# make event      build/libabide-event.a and .so, which applications with user events link
# make static     build/abide-static, for machines without libbpf
# make check      the tests that need no privilege;  scripts/test runs all of them
# make bench      figures, as ratios measured in one run
# make SAN=1      everything with address and undefined-behaviour sanitizers, in build-san/

B       := $(if $(SAN),build-san,build)
CC      ?= gcc
CLANG   ?= clang
WARN    := -Wall -Wextra -Wshadow -Wundef -Wvla -Wwrite-strings -Wmissing-prototypes \
           -Wstrict-prototypes -Wformat=2 -Wimplicit-fallthrough -Wno-format-nonliteral
comma   := ,
SANFLAGS := $(if $(SAN),-fsanitize=address$(comma)undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)

CFLAGS  ?= -O2 -g
override CFLAGS += -std=gnu11 $(WARN) -Werror=implicit-function-declaration -Isrc -Iinclude -I$(B)/include \
           -D_GNU_SOURCE -MMD -MP $(SANFLAGS)
LDLIBS  := -lbpf -lelf -lz
# Readers of packages and images, linked in: as shared libraries they bring a dozen more, and every start of
# abide would pay 1.3 ms for them.
IMAGELIBS := -Wl,-Bstatic -larchive -llzma -lzstd -llz4 -lbz2 -Wl,-Bdynamic
STATICLIBS := -larchive -llzma -lzstd -llz4 -lbz2 -lz

STAGES  := util object catalog analyze policy translate image profile check kernel process app render
GENSRC  := $(B)/gen/catalog_builtin.c $(B)/gen/follow_object.c
LIBSRC  := $(foreach s,$(STAGES),$(sort $(wildcard src/$(s)/*.c)))
LIBSRC  := $(filter-out %.bpf.c,$(LIBSRC))
LIBOBJ  := $(LIBSRC:src/%.c=$(B)/%.o) $(GENSRC:.c=.o)
CLIOBJ  := $(patsubst src/%.c,$(B)/%.o,$(sort $(wildcard src/cli/*.c)))
# What the header generator needs: no libbpf, no generated header.
GENOBJ  := $(patsubst src/%.c,$(B)/%.o,$(sort $(wildcard src/util/*.c)) $(filter-out src/catalog/resolve%.c,$(sort $(wildcard src/catalog/*.c)))) \
           $(B)/gen/catalog_builtin.o
CATALOG := $(sort $(wildcard catalog/*.cat))
TOOLSRC := $(sort $(wildcard tools/*.bpf.c))
TOOLOBJ := $(TOOLSRC:tools/%.bpf.c=$(B)/tools/%.bpf.o)
BPFFLAGS := -g -O2 -target bpf -mcpu=v2 -Wall -Wno-unused-function -Iinclude -I$(B)/include

all: $(B)/abide $(TOOLOBJ) event
static: $(B)/abide-static

$(B)/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c -o $@ $<
$(B)/profile/builtin.o: profiles/linux.kernels
$(B)/gen/%.o: $(B)/gen/%.c
	$(CC) $(CFLAGS) -c -o $@ $<

$(B)/gen/catalog_builtin.c: scripts/embed $(CATALOG)
	@mkdir -p $(@D)
	scripts/embed catalog_builtin $(CATALOG) >$@.tmp && mv $@.tmp $@
$(B)/gen-header: src/catalog/gen/main.c $(GENOBJ)
	$(CC) $(CFLAGS) -o $@ $< $(GENOBJ)
$(B)/include/abide/linux.h: $(B)/gen-header
	@mkdir -p $(@D)
	$(B)/gen-header >$@.tmp && mv $@.tmp $@
$(B)/tools/%.bpf.o: tools/%.bpf.c $(B)/include/abide/linux.h $(wildcard include/abide/program.h)
	@mkdir -p $(@D)
	$(CLANG) $(BPFFLAGS) -c -o $@ $<
	llvm-strip -g $@ 2>/dev/null || true
$(B)/gen/follow.bpf.o: src/kernel/follow.bpf.c $(B)/include/abide/linux.h include/abide/program.h
	@mkdir -p $(@D)
	$(CLANG) $(BPFFLAGS) -c -o $@ $<
$(B)/gen/follow_object.c: scripts/embed $(B)/gen/follow.bpf.o
	scripts/embed follow_object $(B)/gen/follow.bpf.o >$@.tmp && mv $@.tmp $@

$(B)/libabide.a: $(LIBOBJ)
	rm -f $@ && ar qcs $@ $^
$(B)/abide: $(CLIOBJ) $(B)/libabide.a
	$(CC) $(CFLAGS) -o $@ $(CLIOBJ) $(B)/libabide.a $(IMAGELIBS) $(LDLIBS)
$(B)/abide-static: $(CLIOBJ) $(B)/libabide.a
	$(CC) $(CFLAGS) -static -o $@ $(CLIOBJ) $(B)/libabide.a $(LDLIBS) $(STATICLIBS)

clean:
	rm -rf build build-san

include src/event/rules.mk
include src/preload/rules.mk
-include tests/tests.mk
-include tests/bench/bench.mk
-include $(shell find $(B) -name '*.d' 2>/dev/null)
.PHONY: all static check bench clean
.DELETE_ON_ERROR:
