# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# numbers against brute force; the analysis' facts and refusals; translated programs against
# what the originals mean (build/tests/unit/translate_sim PROGRAMS SEED runs more of them)

UNIT_TRANSLATE := $(B)/tests/unit/num_test
UNIT_TESTS += $(UNIT_TRANSLATE) $(B)/tests/unit/translate_sim $(B)/tests/unit/analyze_test
TRANSLATE_LIB := $(patsubst src/%.c,$(B)/%.o,$(sort $(wildcard src/util/*.c src/object/*.c src/catalog/*.c \
                   src/analyze/*.c src/policy/*.c src/translate/*.c))) $(B)/gen/catalog_builtin.o
TRANSLATE_SIM := $(sort $(wildcard tests/unit/translate_sim*.c))

$(UNIT_TRANSLATE): $(B)/tests/unit/%: tests/unit/%.c tests/unit/resolve_kit.h tests/unit/btf_build.h $(TRANSLATE_LIB)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MF $@.d -Itests/unit -o $@ $< $(TRANSLATE_LIB)
$(B)/tests/unit/translate_sim: $(TRANSLATE_SIM) tests/unit/translate_sim.h tests/unit/translate_sim_gen.h tests/unit/resolve_kit.h tests/unit/btf_build.h \
                               $(TRANSLATE_LIB)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MF $@.d -Itests/unit -o $@ $(TRANSLATE_SIM) $(TRANSLATE_LIB)
$(B)/tests/unit/analyze_test: tests/unit/analyze_test.c tests/unit/translate_sim_kernel.c tests/unit/translate_sim.h \
                              tests/unit/resolve_kit.h tests/unit/btf_build.h $(TRANSLATE_LIB)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -MF $@.d -Itests/unit -o $@ tests/unit/analyze_test.c tests/unit/translate_sim_kernel.c $(TRANSLATE_LIB)
