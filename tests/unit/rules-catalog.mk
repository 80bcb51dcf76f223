# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# make check-catalog      tests of the catalog stage: parser, lock, header

UNIT_CATALOG := $(B)/tests/unit/catalog_test $(B)/tests/unit/catalog_lock $(B)/tests/unit/catalog_header \
                $(B)/tests/unit/catalog_cli
UNIT_TESTS += $(UNIT_CATALOG)

$(B)/tests/unit/catalog_test $(B)/tests/unit/catalog_lock: $(B)/tests/unit/%: tests/unit/%.c tests/unit/catalog_kit.h $(GENOBJ)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MF $@.d -Itests/unit -Wl,--wrap=calloc -Wl,--wrap=realloc -o $@ $< $(GENOBJ)
# A script: what compilers say to the header.
$(B)/tests/unit/catalog_header: tests/unit/catalog_header.sh tests/unit/catalog_header.bpf.c $(B)/include/abide/linux.h $(B)/abide
	@mkdir -p $(@D)
	cp $< $@
$(B)/tests/unit/catalog_cli: tests/unit/catalog_cli.sh $(B)/abide
	@mkdir -p $(@D)
	cp $< $@

check-catalog: $(UNIT_CATALOG)
	@for t in $(UNIT_CATALOG); do B=$(B) CLANG=$(CLANG) CC=$(CC) $$t || exit 1; done
.PHONY: check-catalog
