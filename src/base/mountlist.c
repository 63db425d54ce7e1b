/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lines of base/mountinfo.h as an array. */
#include "base/mountlist.h"
#include <stdlib.h>

int mountlist_read(int proc_fd, const char *path, struct mountlist *ret, struct cfs_error *err)
{
        struct mountlist m = { 0 };
        size_t lines = 1;
        int r = mountinfo_read(&m.text, proc_fd, path, err);

        if (r < 0)
                return r;
        for (const char *p = m.text.text; *p; p++)
                lines += *p == '\n';
        m.entries = calloc(lines, sizeof(*m.entries));
        if (!m.entries) {
                mountinfo_free(&m.text);
                return err_nomem(err);
        }
        while (mountinfo_next(&m.text))
                m.entries[m.n++] = m.text;
        *ret = m;
        return 0;
}

void mountlist_free(struct mountlist *m)
{
        free(m->entries);
        m->entries = NULL;
        mountinfo_free(&m->text);
}
