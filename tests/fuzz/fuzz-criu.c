/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CRIU's answers. The input is a message. Whatever is accepted has texts that end, and reads the same a
 * second time. */
#include "fuzz.h"
#include "criu/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct criu_response a, b;

        memset(&a, 0x55, sizeof(a));
        if (message_get_response((const char *)data, size, &a) < 0)
                return 0;
        CHECK(memchr(a.script, '\0', sizeof(a.script)) && memchr(a.message, '\0', sizeof(a.message)));
        CHECK(!strchr(a.message, '\n') && !strchr(a.script, '\n'));
        CHECK(message_get_response((const char *)data, size, &b) == 0);
        CHECK(a.type == b.type && a.success == b.success && a.pid == b.pid && a.version == b.version);
        return 0;
}
