/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a container uses: the numbers of `cfs events --stats`, which knows both kinds of cgroups, and the
 * counters of the interfaces in /proc/PID/net/dev, which cgroups do not have.
 */
#include "box/container/stats.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/str.h"
#include "box/store/container.h"
#include <fcntl.h>
#include <stdio.h>
#include <strings.h>

#define UNLIMITED (1ULL << 60) /* v1 says "no limit" by a number near 2^63 */

struct line {
        char *text;
};

static int keep(void *data, const char *text)
{
        struct line *l = data;

        if (!l->text)
                l->text = strdup(text);
        return 0;
}

static void add_disks(const struct oci_cfs_stats_blkio *b, struct oci_box_stats *s)
{
        for (size_t i = 0; b && i < b->n_io_service_bytes_recursive; i++) {
                const struct oci_cfs_stats_blkio_entry *e = b->io_service_bytes_recursive[i];

                if (e->op && strcasecmp(e->op, "read") == 0)
                        s->read += e->value;
                else if (e->op && strcasecmp(e->op, "write") == 0)
                        s->written += e->value;
        }
        s->has_read = s->has_written = true;
}

static void add_network(int pid, struct oci_box_stats *s)
{
        _cleanup_free_ char *text = NULL;
        struct cfs_error ignored;
        char path[48];

        (void)snprintf(path, sizeof(path), "/proc/%d/net/dev", pid);
        if (pid <= 0 || io_read_file(AT_FDCWD, path, 1U << 20, &text, NULL, &ignored) < 0)
                return;
        for (const char *line = text; *line;) {
                const char *name = line + strspn(line, " "), *colon = strchr(name, ':');
                unsigned long long in, out;

                line += strcspn(line, "\n");
                line += *line != '\0';
                if (colon && colon < line && strncmp(name, "lo:", 3) != 0 &&
                    /* NOLINTNEXTLINE(cert-err34-c): by the kernel; the number of fields is checked */
                    sscanf(colon + 1, "%llu %*u %*u %*u %*u %*u %*u %*u %llu", &in, &out) == 2) {
                        s->received += in;
                        s->sent += out;
                }
        }
        s->has_received = s->has_sent = true;
}

/* One sample. Strings live in the arena. */
static int sample(const struct box *box, const struct oci_box_container *c, struct oci_arena *arena,
                  struct oci_box_stats *ret, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *other = NULL;
        struct oci_cfs_stats *s;
        struct line line = { 0 };
        int r = cfs_events(&box->rt, c->id, true, 0, keep, &line, err);

        if (r >= 0 && !line.text)
                r = err_set(err, CFS_E_STATE, "container `%s` does not run", c->name);
        if (r >= 0)
                r = oci_decode(&oci_cfs_stats_type, "stats", line.text, strlen(line.text), (void **)&s,
                               &other, err);
        free(line.text);
        if (r < 0)
                return r;
        *ret = (struct oci_box_stats){ .id = oci_arena_strdup(arena, c->id),
                                       .name = oci_arena_strdup(arena, c->name) };
        if (s->data && s->data->cpu && s->data->cpu->usage) {
                ret->cpu_time = s->data->cpu->usage->total;
                ret->cpu_usec = ret->cpu_time / 1000;
                ret->has_cpu_time = ret->has_cpu_usec = true;
        }
        if (s->data && s->data->memory && s->data->memory->usage) {
                ret->memory = s->data->memory->usage->usage;
                ret->memory_limit = s->data->memory->usage->limit;
                ret->memory_bytes = ret->memory;
                ret->memory_limit_bytes = ret->memory_limit;
                ret->has_memory = ret->has_memory_bytes = true;
                ret->has_memory_limit = ret->memory_limit > 0 && ret->memory_limit < UNLIMITED;
                ret->has_memory_limit_bytes = ret->has_memory_limit;
        }
        if (s->data && s->data->pids) {
                ret->pids = s->data->pids->current;
                ret->has_pids = true;
                ret->pids_limit = s->data->pids->limit;
                ret->has_pids_limit = ret->pids_limit > 0 && ret->pids_limit < UNLIMITED;
        }
        ret->time = (uint64_t)clock_wall_ns() / 1000;
        ret->has_time = true;
        if (s->data)
                add_disks(s->data->blkio, ret);
        add_network(c->pid, ret);
        return 0;
}

/* ---- all of them --------------------------------------------------------------------------------------- */

static void percent(const struct stats_round *before, struct stats_round *now, struct oci_box_stats *s)
{
        uint64_t when = (uint64_t)clock_now_ns();

        for (size_t i = 0; i < before->n; i++) {
                uint64_t cpu = before->list[i].cpu, then = before->list[i].when;

                if (STREQ(before->list[i].id, s->id) && when > then && s->cpu_time >= cpu) {
                        s->cpu_percent =
                                (uint32_t)((double)(s->cpu_time - cpu) / (double)(when - then) * 10000);
                        s->has_cpu_percent = true;
                }
        }
        if (now->n == ARRAY_SIZE(now->list))
                return;
        (void)snprintf(now->list[now->n].id, sizeof(now->list[now->n].id), "%s", s->id);
        now->list[now->n].cpu = s->cpu_time;
        now->list[now->n++].when = when;
}

int stats_all(const struct box *box, const char *only, struct oci_arena *arena,
              const struct stats_round *before, struct stats_round *now, struct oci_box_stats ***ret,
              size_t *ret_n, struct cfs_error *err)
{
        struct oci_box_container **list;
        struct cfs_error ignored;
        size_t n;
        int r = store_container_list(box, only, false, arena, &list, &n, err);

        now->n = 0;
        if (r < 0)
                return r;
        *ret = oci_arena_alloc(arena, (n + 1) * sizeof(**ret));
        *ret_n = 0;
        for (size_t i = 0; *ret && i < n; i++) {
                struct oci_box_stats *s = oci_arena_alloc(arena, sizeof(*s));

                if (!s || !STREQ(list[i]->state, "running") || sample(box, list[i], arena, s, &ignored) < 0)
                        continue; /* it has just ended */
                percent(before, now, s);
                (*ret)[(*ret_n)++] = s;
        }
        return *ret ? 0 : err_nomem(err);
}
