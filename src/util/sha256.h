/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_UTIL_SHA256_H
#define ABIDE_UTIL_SHA256_H

#include <stddef.h>

#define SHA256_HEX 65 /* 64 digits and the NUL */

/* SHA-256 (FIPS 180-4) of @size bytes as lower-case digits, as sha256sum(1) prints it. */
void sha256_hex(const void *data, size_t size, char out[SHA256_HEX]);

#endif
