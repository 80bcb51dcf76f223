# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# make            the command (build/abide), the library, the tools' objects
# make event      build/libabide-event.a and .so, which applications with user events link
# make preload    build/libabide-libc.so and the tools on its events
# make install    all of it, to PREFIX (/usr/local)
# make static     build/abide-static, for machines with another libc
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
# Each file's strings stay with it (gcc): the linker would fold a short one into the end of any longer one.
CFLAGS_STRINGS := $(shell $(CC) -Werror -fno-merge-constants -E -x c /dev/null >/dev/null 2>&1 && echo -fno-merge-constants)
LDLIBS  := -lbpf -lelf -lz
# What abide itself needs is linked in wherever there is a static library: every start would pay 60 to 100 us and
# 100 KiB for each shared one, and those that read packages and images (libarchive) bring a dozen more.
ABIDELIBS := bpf elf archive lzma zstd lz4 bz2 z
linked-in  = $(if $(filter /%,$(shell $(CC) -print-file-name=lib$(1).a)),-l:lib$(1).a,-l$(1))

STAGES  := util object catalog analyze policy translate image profile check kernel process app render
GENSRC  := $(B)/gen/catalog_builtin.c $(B)/gen/follow_object.c
LIBSRC  := $(foreach s,$(STAGES),$(sort $(wildcard src/$(s)/*.c)))
LIBSRC  := $(filter-out %.bpf.c,$(LIBSRC))
LIBOBJ  := $(LIBSRC:src/%.c=$(B)/%.o) $(GENSRC:.c=.o)
CLIOBJ  := $(patsubst src/%.c,$(B)/%.o,$(sort $(wildcard src/cli/*.c)))
# What every run of a kernel's tool goes through is linked first, so that it lies together: a page that is
# missing brings its neighbours into memory. HACKING.md, "What a start costs".
RUNPATH := cli/main cli/run cli/run_kernel cli/run_loop cli/run_command cli/run_constants cli/inputs \
           util/% object/% catalog/% analyze/% policy/% translate/% kernel/% render/% gen/% check/stamp profile/kernels app/app
FIRSTOBJ := $(foreach p,$(RUNPATH),$(filter $(B)/$(p).o,$(CLIOBJ) $(LIBOBJ)))
$(foreach p,$(RUNPATH),$(if $(filter $(B)/$(p).o,$(FIRSTOBJ)),,$(error RUNPATH: there is no object $(p))))
OTHEROBJ := $(filter-out $(FIRSTOBJ),$(CLIOBJ) $(LIBOBJ))
# What the header generator needs: no libbpf, no generated header.
GENOBJ  := $(patsubst src/%.c,$(B)/%.o,$(sort $(wildcard src/util/*.c)) $(filter-out src/catalog/resolve%.c,$(sort $(wildcard src/catalog/*.c)))) \
           $(B)/gen/catalog_builtin.o
SYSCALLS := catalog/syscalls.cat
CATALOG := $(filter-out $(SYSCALLS),$(sort $(wildcard catalog/*.cat)))
TOOLSRC := $(sort $(wildcard tools/*.bpf.c))
TOOLOBJ := $(TOOLSRC:tools/%.bpf.c=$(B)/tools/%.bpf.o)
BPFFLAGS := -g -O2 -target bpf -mcpu=v2 -Wall -Wno-unused-function -Iinclude -I$(B)/include

all: $(B)/abide $(B)/libabide.a $(TOOLOBJ) event preload
static: $(B)/abide-static

$(B)/%.o: src/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(CFLAGS_STRINGS) -c -o $@ $<
$(B)/profile/builtin.o: profiles/linux.kernels
$(B)/gen/%.o: $(B)/gen/%.c
	$(CC) $(CFLAGS) -c -o $@ $<

$(B)/gen/catalog_builtin.c: scripts/embed $(CATALOG) $(SYSCALLS)
	@mkdir -p $(@D)
	scripts/embed catalog_builtin $(CATALOG) >$@.tmp
	scripts/embed catalog_builtin_syscalls $(SYSCALLS) >>$@.tmp && mv $@.tmp $@
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
# Relocations packed to a bit each, where linker and libc can (binutils 2.38, lld 15; glibc 2.36): a program says so.
$(B)/gen/relr:
	@mkdir -p $(@D)
	echo 'int x, *volatile p = &x; int main(void) { return p != &x; }' >$@.c
	if $(CC) -o $@.try $@.c -Wl,--fatal-warnings,-z,pack-relative-relocs 2>/dev/null && $@.try; then \
		echo -Wl,-z,pack-relative-relocs; fi >$@.tmp
	mv $@.tmp $@
$(B)/abide: $(FIRSTOBJ) $(OTHEROBJ) $(B)/gen/relr
	$(CC) $(CFLAGS) -Wl,--gc-sections $$(cat $(B)/gen/relr) -o $@ $(FIRSTOBJ) $(call linked-in,bpf) $(OTHEROBJ) \
		$(foreach l,$(ABIDELIBS),$(call linked-in,$(l)))
$(B)/abide-static: $(FIRSTOBJ) $(OTHEROBJ)
	$(CC) $(CFLAGS) -static -Wl,--gc-sections -o $@ $(FIRSTOBJ) -lbpf $(OTHEROBJ) $(ABIDELIBS:%=-l%)

# make install [PREFIX=/usr/local] [DESTDIR=]
PREFIX  ?= /usr/local
INSTALL := $(DESTDIR)$(PREFIX)
install: all
	install -d $(INSTALL)/bin $(INSTALL)/include/abide $(INSTALL)/lib/pkgconfig $(INSTALL)/lib/abide/tools $(INSTALL)/share/man
	install $(B)/abide $(INSTALL)/bin
	install -m 644 include/abide/*.h $(B)/include/abide/*.h $(INSTALL)/include/abide
	install -m 644 $(B)/libabide-event.a $(B)/libabide-event.so.1 $(INSTALL)/lib
	ln -sf libabide-event.so.1 $(INSTALL)/lib/libabide-event.so
	sed 's|@PREFIX@|$(PREFIX)|' src/event/libabide-event.pc.in >$(INSTALL)/lib/pkgconfig/libabide-event.pc
	install -m 644 $(B)/libabide-libc.so $(INSTALL)/lib/abide
	install -m 644 $(TOOLOBJ) $(INSTALL)/lib/abide/tools
	for n in 1 5 7; do install -d $(INSTALL)/share/man/man$$n && install -m 644 man/*.$$n $(INSTALL)/share/man/man$$n; done

clean:
	rm -rf build build-san

include src/event/rules.mk
include src/preload/rules.mk
-include tests/tests.mk
-include tests/bench/bench.mk
-include $(shell find $(B) -name '*.d' 2>/dev/null)
.PHONY: all static install check bench clean
.DELETE_ON_ERROR:
