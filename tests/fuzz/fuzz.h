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

#endif
