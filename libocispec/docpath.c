/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Paths within a document, as messages give them.
 */
#include "oci_internal.h"
#include "base/utf8.h"
#include <stdio.h>
#include <string.h>

void docpath_init(struct docpath *p, char *buf, size_t size)
{
        *p = (struct docpath){ .buf = buf, .size = size };
        buf[0] = '\0';
}

void docpath_cut(struct docpath *p, size_t len)
{
        p->len = len;
        p->full = false;
        p->buf[len] = '\0';
}

static void docpath_add(struct docpath *p, const char *s, size_t len)
{
        size_t room = p->size - 1 - p->len;

        if (p->full)
                return;
        if (len > room) {
                len = room;
                p->full = true;
        }
        memcpy(p->buf + p->len, s, len);
        p->len += len;
        /* Not half a character: the path goes into messages and JSON logs. */
        if (p->full)
                p->len = utf8_length(p->buf, p->len);
        p->buf[p->len] = '\0';
}

/* Control characters would break a message's line. */
static void docpath_add_character(struct docpath *p, char c)
{
        char hex[8];

        if ((unsigned char)c >= 0x20 && c != 0x7f) {
                docpath_add(p, &c, 1);
                return;
        }
        snprintf(hex, sizeof(hex), "\\u%04x", (unsigned)c);
        docpath_add(p, hex, 6);
}

static bool is_plain_key(const char *key, size_t len)
{
        for (size_t i = 0; i < len; i++)
                if (!((key[i] >= 'a' && key[i] <= 'z') || (key[i] >= 'A' && key[i] <= 'Z') ||
                      (key[i] >= '0' && key[i] <= '9') || key[i] == '_' || key[i] == '-'))
                        return false;
        return len > 0;
}

void docpath_key(struct docpath *p, const char *key, size_t len)
{
        if (is_plain_key(key, len)) {
                if (p->len > 0)
                        docpath_add(p, ".", 1);
                docpath_add(p, key, len);
                return;
        }
        docpath_add(p, "[\"", 2);
        for (size_t i = 0; i < len; i++) {
                if (key[i] == '"' || key[i] == '\\')
                        docpath_add(p, "\\", 1);
                docpath_add_character(p, key[i]);
        }
        docpath_add(p, "\"]", 2);
}

void docpath_index(struct docpath *p, size_t index)
{
        char text[24];

        docpath_add(p, text, (size_t)snprintf(text, sizeof(text), "[%zu]", index));
}
