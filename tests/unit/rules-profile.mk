# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# make check-profile   kernel images and profiles: made by the tests, and real ones

UNIT_PROFILE := $(B)/tests/unit/profile_test $(B)/tests/unit/profile_real $(B)/tests/unit/image_test
UNIT_TESTS += $(UNIT_PROFILE)
PROFILE_LIB := $(patsubst src/%.c,$(B)/%.o,$(sort $(wildcard src/util/*.c src/object/*.c src/catalog/*.c src/image/*.c src/profile/*.c))) \
               $(B)/gen/catalog_builtin.o

$(UNIT_PROFILE): $(B)/tests/unit/%: tests/unit/%.c tests/unit/profile_kit.h tests/unit/resolve_kit.h tests/unit/btf_build.h $(PROFILE_LIB)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Itests/unit -o $@ $< $(PROFILE_LIB) -larchive -lzstd
check-profile: $(UNIT_PROFILE)
	@for t in $(UNIT_PROFILE); do $$t >$$t.tap && tail -1 $$t.tap || { grep -A1 '^not ok' $$t.tap; exit 1; }; done
.PHONY: check-profile
