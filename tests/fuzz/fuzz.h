/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What every fuzzer includes. It defines LLVMFuzzerTestOneInput(); an input that shows a mistake ends the
 * process by CHECK.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                                                     \
        do {                                                                                                 \
                if (!(condition))                                                                            \
                        abort();                                                                             \
        } while (0)

/* What follows the first byte, as a string; the caller frees it. Of an input that is not empty. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
        char *text = malloc(size);

        CHECK(text);
        memcpy(text, data + 1, size - 1);
        text[size - 1] = '\0';
        return text;
}

#endif
