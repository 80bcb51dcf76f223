# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# make check-profile   kernel images and profiles: made by the tests, and real ones

UNIT_PROFILE := $(B)/tests/unit/profile_test $(B)/tests/unit/profile_real $(B)/tests/unit/image_test $(B)/tests/unit/modules_test
UNIT_TESTS += $(UNIT_PROFILE)
PROFILE_LIB := $(patsubst src/%.c,$(B)/%.o,$(sort $(wildcard src/util/*.c src/object/*.c src/catalog/*.c src/image/*.c src/profile/*.c))) \
               $(B)/gen/catalog_builtin.o

$(UNIT_PROFILE): $(B)/tests/unit/%: tests/unit/%.c tests/unit/image_kit.h tests/unit/profile_kit.h tests/unit/resolve_kit.h tests/unit/btf_build.h $(PROFILE_LIB)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Itests/unit -o $@ $< $(PROFILE_LIB) -larchive -lzstd -lz
check-profile: $(UNIT_PROFILE)
	@for t in $(UNIT_PROFILE); do $$t >$$t.tap && tail -1 $$t.tap || { grep -A1 '^not ok' $$t.tap; exit 1; }; done
.PHONY: check-profile

# Their fuzz targets need two more stages and libraries than the others.
PROFILE_FUZZOBJ := $(patsubst src/%.c,$(B)/fuzz.o/%.o,$(filter-out src/profile/kernels.c src/profile/builtin.c src/profile/add.c src/profile/running.c,\
                     $(sort $(wildcard src/util/*.c src/object/*.c src/image/*.c src/profile/*.c))))

$(B)/fuzz/image $(B)/fuzz/profile: $(B)/fuzz/%: tests/fuzz/%.c $(PROFILE_FUZZOBJ)
	@mkdir -p $(@D)
	$(CLANG) $(FUZZFLAGS) -fsanitize=fuzzer -o $@ $< $(PROFILE_FUZZOBJ) -larchive -lzstd -lz
$(B)/fuzz.o/image/%.o: FUZZFLAGS += -DIMAGE_UNPACKED=0x2000000
