/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROFILE_HASH_H
#define ABIDE_PROFILE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* SHA-256 (FIPS 180-4) of @size bytes. */
void hash_sha256(const void *data, size_t size, uint8_t out[32]);

#endif
