/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The progress bar, on standard error, ten times a second; it begins when something has taken longer than
 * that.
 */
#include "box/core/progress.h"
#include "base/clock.h"
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define INTERVAL 100
#define WIDTH    30

const char *progress_size(char *buf, unsigned size, uint64_t bytes)
{
        static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB" };
        double n = (double)bytes;
        unsigned u = 0;

        for (; n >= 1000 && u < 5; u++)
                n /= 1000;
        (void)snprintf(buf, size, u == 0 || n >= 100 ? "%.0f %s" : "%.1f %s", n, units[u]);
        return buf;
}

void progress_begin(struct progress *p, bool quiet, const char *what, uint64_t total)
{
        *p = (struct progress){ .what = what,
                                .total = total,
                                .on = !quiet && isatty(STDERR_FILENO),
                                .next = clock_now_ms() + INTERVAL };
}

void progress_update(void *data, uint64_t bytes)
{
        struct progress *p = data;
        char bar[WIDTH + 1], size[24];
        int full;

        if (!p->on || clock_now_ms() < p->next)
                return;
        p->next = clock_now_ms() + INTERVAL;
        p->shown = true;
        (void)progress_size(size, sizeof(size), bytes);
        if (p->total == 0) {
                (void)fprintf(stderr, "\r\033[K%.40s  %s", p->what, size);
        } else {
                full = bytes >= p->total ? WIDTH : (int)(bytes * WIDTH / p->total);
                for (int i = 0; i < WIDTH; i++)
                        bar[i] = i < full ? '#' : '.';
                bar[WIDTH] = '\0';
                (void)fprintf(stderr, "\r\033[K%.40s  [%s] %s", p->what, bar, size);
        }
        (void)fflush(stderr);
}

void progress_end(struct progress *p, bool success)
{
        if (p->shown)
                (void)fprintf(stderr, "\r\033[K");
        p->shown = false;
}
