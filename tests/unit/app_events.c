/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The records of app_events.h in a shared library: what the command reads. Nothing of it is ever called. */
#include "app_events.h"
