/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The names of the host's users.
 *
 * getpwuid(3) loads the plugins of NSS at run time. A static executable cannot do that, and it would run
 * foreign code in our process. passwd(5) is read here instead: users of LDAP and the like appear as numbers.
 */
#include "base/user.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/str.h"
#include <fcntl.h>

#define MAX_PASSWD (4U << 20)

/* "NAME:PASSWORD:UID:..." Returns the length of the name when the line is that user's, else 0. */
static size_t match(const char *line, const char *number, size_t n)
{
        size_t name = strcspn(line, ":\n"), password;

        if (line[name] != ':')
                return 0;
        password = strcspn(line + name + 1, ":\n");
        return strncmp(line + name + 1 + password, number, n) == 0 ? name : 0;
}

static void look_for(uint32_t uid, char buf[USER_NAME_SIZE])
{
        _cleanup_free_ char *text = NULL;
        char number[16];
        int n = snprintf(number, sizeof(number), ":%u:", (unsigned)uid);

        (void)snprintf(buf, USER_NAME_SIZE, "%u", (unsigned)uid);
        if (io_read_file(AT_FDCWD, "/etc/passwd", MAX_PASSWD, &text, NULL, NULL) < 0)
                return;
        for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
                size_t len = match(line, number, (size_t)n);

                if (len > 0 && len < USER_NAME_SIZE) {
                        memcpy(buf, line, len);
                        buf[len] = '\0';
                        return;
                }
        }
}

const char *user_name(struct user_name *n, uint32_t uid)
{
        if (!n->known || n->uid != uid)
                look_for(uid, n->name);
        n->uid = uid;
        n->known = true;
        return n->name;
}
