# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# make check-resolve   resolve's tests ($ABIDE_BTF_DIR: BTF files of real kernels, or skipped)
# make resolve_all     build/tests/tools/resolve_all, the table for people who write catalogs

UNIT_RESOLVE := $(B)/tests/unit/resolve_field $(B)/tests/unit/resolve_event $(B)/tests/unit/resolve_walk \
                $(B)/tests/unit/resolve_nomem $(B)/tests/unit/resolve_real
UNIT_TESTS += $(UNIT_RESOLVE)
RESOLVE_LIB := $(patsubst src/%.c,$(B)/%.o,$(sort $(wildcard src/util/*.c src/object/*.c src/catalog/*.c))) \
               $(B)/gen/catalog_builtin.o

$(UNIT_RESOLVE): $(B)/tests/unit/%: tests/unit/%.c tests/unit/resolve_kit.h tests/unit/btf_build.h $(RESOLVE_LIB)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Itests/unit $(RESOLVE_WRAP) -o $@ $< $(RESOLVE_LIB) $(RESOLVE_LIBS)
$(B)/tests/unit/resolve_real: RESOLVE_LIBS := $(LDLIBS)
$(B)/tests/unit/resolve_nomem: RESOLVE_WRAP := -Wl,--wrap=calloc,--wrap=malloc,--wrap=realloc
$(B)/tests/tools/resolve_all: tests/tools/resolve_all.c $(RESOLVE_LIB)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $< $(RESOLVE_LIB)

resolve_all: $(B)/tests/tools/resolve_all
check-resolve: $(UNIT_RESOLVE)
	@for t in $(UNIT_RESOLVE); do $$t >$$t.tap && tail -1 $$t.tap || { grep -A1 '^not ok' $$t.tap; exit 1; }; done
.PHONY: resolve_all check-resolve
