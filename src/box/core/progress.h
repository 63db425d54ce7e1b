/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A progress bar for work that takes long. It is shown on a terminal only.
 */
#ifndef BOX_CORE_PROGRESS_H
#define BOX_CORE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
        const char *what;
        uint64_t total; /* bytes; 0: not known */
        bool on, shown;
        int64_t next; /* when the bar is drawn again: milliseconds of the monotonic clock */
};

void progress_begin(struct progress *p, bool quiet, const char *what, uint64_t total);
void progress_update(void *data, uint64_t bytes);
void progress_end(struct progress *p, bool success);

/* "12.3 MB" */
const char *progress_size(char *buf, unsigned size, uint64_t bytes);

#endif
