# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# catalog: parser, header and lock.

UNIT_CATALOG := $(B)/tests/unit/catalog_test $(B)/tests/unit/catalog_lock $(B)/tests/unit/catalog_header
UNIT_TESTS += $(UNIT_CATALOG)
CATALOG_LIB := $(GENOBJ)

$(B)/tests/unit/catalog_test $(B)/tests/unit/catalog_lock: $(B)/tests/unit/%: tests/unit/%.c tests/unit/catalog_kit.h $(CATALOG_LIB)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Itests/unit -o $@ $< $(CATALOG_LIB)
# a script: it asks the compilers what they think of the header
$(B)/tests/unit/catalog_header: tests/unit/catalog_header.sh tests/unit/catalog_header.bpf.c $(B)/include/abide/linux.h
	@mkdir -p $(@D)
	sed 's,@B@,$(B),; s,@CLANG@,$(CLANG),; s,@CC@,$(CC),' $< >$@ && chmod +x $@
$(B)/tests/fuzz/catalog: tests/fuzz/catalog.c tests/fuzz/standalone.h $(sort $(wildcard src/util/*.c)) $(filter-out src/catalog/resolve%,$(sort $(wildcard src/catalog/*.c))) $(B)/gen/catalog_builtin.c
	@mkdir -p $(@D)
	clang -std=gnu11 -g -O1 -D_GNU_SOURCE -Isrc -Itests/fuzz -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -o $@ $(filter %.c,$^)

check-catalog: $(UNIT_CATALOG)
	@for t in $(UNIT_CATALOG); do $$t >$$t.tap && tail -1 $$t.tap || { grep -A1 '^not ok' $$t.tap; exit 1; }; done
fuzz-catalog: $(B)/tests/fuzz/catalog
.PHONY: check-catalog fuzz-catalog
