# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# numbers against brute force; translated programs against what the originals mean

UNIT_TRANSLATE := $(B)/tests/unit/num_test $(B)/tests/unit/translate_sim
UNIT_TESTS += $(UNIT_TRANSLATE)
TRANSLATE_LIB := $(patsubst src/%.c,$(B)/%.o,$(sort $(wildcard src/util/*.c src/object/*.c src/catalog/*.c \
                   src/analyze/*.c src/policy/*.c src/translate/*.c))) $(B)/gen/catalog_builtin.o

$(UNIT_TRANSLATE): $(B)/tests/unit/%: tests/unit/%.c tests/unit/resolve_kit.h tests/unit/btf_build.h $(TRANSLATE_LIB)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -Itests/unit -o $@ $< $(TRANSLATE_LIB)
