/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Messages from the bus: any of its clients may send any bytes. What parses has strings that end
 * within the message, and a body that can be read to its end by any reader.
 */
#include "fuzz.h"
#include "dbus/dbus.h"

/* Each byte of the choice is a reader; none gets beyond the end. */
static void read_body(struct dbus_reader r, const uint8_t *choice, size_t n)
{
        const char *s;
        uint32_t v;

        for (size_t i = 0; i < n && i < 32; i++) {
                int e = choice[i] % 4 == 0   ? dbus_get_u32(&r, &v)
                        : choice[i] % 4 == 1 ? dbus_get_string(&r, &s)
                        : choice[i] % 4 == 2 ? dbus_get_signature(&r, &s)
                                             : dbus_get_align(&r, 8);

                CHECK(r.at <= r.n);
                if (e < 0)
                        return;
                if (choice[i] % 4 == 1 || choice[i] % 4 == 2)
                        CHECK(s >= r.p && s + strlen(s) < r.p + r.n);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct dbus_message m = { 0 };
        char *copy = malloc(
                size ? size : 1); /* so that the sanitizer sees its end; aligned, as the reader's buffer is */

        CHECK(copy);
        memcpy(copy, data, size);
        if (dbus_parse(copy, size, &m) >= 0) {
                const char *strings[] = { m.interface, m.member, m.error, m.signature };

                for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
                        CHECK(strings[i] && strlen(strings[i]) <= size);
                CHECK(m.body.at <= m.body.n && m.body.n <= size);
                read_body(m.body, data, size);
        }
        free(copy);
        return 0;
}
