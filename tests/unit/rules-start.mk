# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# make check-start      what a start of the command costs, without a clock

UNIT_START := $(B)/tests/unit/start
UNIT_TESTS += $(UNIT_START)

$(UNIT_START): tests/unit/start.sh $(B)/abide
	@mkdir -p $(@D)
	cp $< $@ && chmod +x $@

check-start: $(UNIT_START)
	$(UNIT_START)
.PHONY: check-start
