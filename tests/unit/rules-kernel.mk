# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# kernel: what needs no kernel of it.

UNIT_TESTS += $(B)/tests/unit/kernel_refusal

$(B)/tests/unit/kernel_refusal: tests/unit/kernel_refusal.c $(B)/libabide.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $< $(B)/libabide.a $(LDLIBS)
