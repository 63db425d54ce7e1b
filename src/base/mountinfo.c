/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * /proc/PID/mountinfo, proc(5):
 *
 *      31 23 0:28 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu
 *      id parent device root point options tags... - type source super
 *
 * The number of tags varies, so a lone "-" ends them. The kernel writes blanks, tabs, newlines and
 * backslashes of paths in octal ("\040"), so that a blank always ends a field. The source may be empty: then
 * two blanks follow each other.
 */
#include "base/mountinfo.h"
#include "base/io.h"
#include "base/str.h"
#include <stdlib.h>
#include <string.h>

#define MOUNTINFO_MAX (64u << 20)

int mountinfo_read(struct mountinfo *m, int proc_fd, const char *path, struct cfs_error *err)
{
        int r;

        *m = (struct mountinfo){ 0 };
        r = io_read_file(proc_fd, path, MOUNTINFO_MAX, &m->text, NULL, err);
        m->next = m->text;
        return r < 0 ? r : 0;
}

void mountinfo_use(struct mountinfo *m, char *text)
{
        *m = (struct mountinfo){ .next = text };
}

static void unescape(char *s)
{
        char *out = strchr(s, '\\');

        if (!out)
                return;
        for (s = out; *s; s++) {
                if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] && s[3]) {
                        *out++ = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
                        s += 3;
                } else {
                        *out++ = *s;
                }
        }
        *out = '\0';
}

/* " - " ends the tags. Where there are none, it follows the options at once: *line is then "- ...". */
static char *cut_tags(char **line)
{
        static char none[] = "";
        char *tags = *line, *dash;

        if (str_has_prefix(tags, "- ")) {
                *line = tags + 2;
                return none;
        }
        dash = strstr(tags, " - ");
        if (!dash)
                return NULL;
        *dash = '\0';
        *line = dash + 3;
        return tags;
}

static bool parse(struct mountinfo *m, char *line)
{
        const char *id = strsep(&line, " "), *parent = strsep(&line, " ");

        m->device = strsep(&line, " ");
        m->root = strsep(&line, " ");
        m->point = strsep(&line, " ");
        m->options = strsep(&line, " ");
        m->tags = line ? cut_tags(&line) : NULL;
        if (!m->tags)
                return false;
        m->type = strsep(&line, " ");
        m->source = strsep(&line, " ");
        m->super = strsep(&line, " ");
        if (!m->super)
                return false;
        m->id = (int)strtol(id, NULL, 10);
        m->parent = (int)strtol(parent, NULL, 10);
        unescape(m->root);
        unescape(m->point);
        unescape(m->source);
        return true;
}

bool mountinfo_next(struct mountinfo *m)
{
        char *line;

        while ((line = strsep(&m->next, "\n")))
                if (parse(m, line))
                        return true;
        return false;
}

void mountinfo_free(struct mountinfo *m)
{
        free(m->text);
        m->text = m->next = NULL;
}
