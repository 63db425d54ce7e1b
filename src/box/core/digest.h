/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SHA-256 (FIPS 180-4), the digest of images. It is written here because these are 100 lines, and a library
 * would be loaded at every start of cfs-box. It uses the processor's instructions for SHA-256 when there are
 * any: each layer is hashed while it is unpacked.
 */
#ifndef BOX_CORE_DIGEST_H
#define BOX_CORE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIGEST_SIZE 72 /* "sha256:", 64 digits, NUL */

struct digest {
        uint32_t h[8];
        uint64_t len;
        unsigned char block[64];
};

void digest_init(struct digest *d);
void digest_add(struct digest *d, const void *data, size_t len);
void digest_text(struct digest *d, char ret[DIGEST_SIZE]); /* ends it */

/* Of a whole text. */
void digest_of(const void *data, size_t len, char ret[DIGEST_SIZE]);

/* "sha256:" and 64 lower case hexadecimal digits? Anything else never becomes part of a path. */
bool digest_valid(const char *s);

#endif
