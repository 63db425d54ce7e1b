/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Limits of memory, processors, processes and disks: the options have docker's names, and short ones (-M, -C,
 * -P, -I).
 *
 * --limits (-c) sets modest limits where none are given: half a gigabyte of memory, one processor, 512
 * processes.
 */
#include "base/cleanup.h"
#include "base/str.h"
#include "box/bundle/config.h"
#include "box/bundle/parse.h"
#include <stdio.h>
#include <strings.h>
#include <sys/resource.h>

#define PERIOD         100000 /* microseconds, the kernel's default */
#define DEFAULT_MEMORY (512LL << 20)
#define DEFAULT_PIDS   512

static int memory(struct config *x, struct oci_resources *res)
{
        const struct run_options *o = x->in->o;
        struct oci_memory *m = oci_arena_alloc(x->arena, sizeof(*m));
        int r = m ? 0 : err_nomem(x->err);

        if (r >= 0 && o->memory) {
                r = parse_bytes("memory", o->memory, true, &m->limit, x->err);
                m->has_limit = true;
        } else if (o->limits && r >= 0) {
                m->limit = DEFAULT_MEMORY;
                m->has_limit = true;
        }
        if (r >= 0 && o->memory_reservation) {
                r = parse_bytes("memory-reservation", o->memory_reservation, false, &m->reservation, x->err);
                m->has_reservation = true;
        }
        if (r >= 0 && o->memory_swap) {
                r = parse_bytes("memory-swap", o->memory_swap, true, &m->swap, x->err);
                m->has_swap = true;
                if (r >= 0 && (!m->has_limit || (m->swap != -1 && m->swap < m->limit)))
                        r = err_set(
                                x->err, CFS_E_INVALID,
                                "--memory-swap %s is memory and swap together: --memory must be given, and not be larger",
                                o->memory_swap);
        }
        if (r >= 0)
                res->memory = m;
        return r;
}

static int cpu(struct config *x, struct oci_resources *res)
{
        const struct run_options *o = x->in->o;
        struct oci_cpu *c = oci_arena_alloc(x->arena, sizeof(*c));
        uint64_t n = 0;
        int r = c ? 0 : err_nomem(x->err);

        if (r >= 0 && o->cpus && o->cpu_percent)
                r = err_set(x->err, CFS_E_INVALID,
                            "--cpus and --cpu-percent mean the same: give one of them");
        if (r >= 0 && o->cpus)
                r = parse_milli("cpus", o->cpus, &n, x->err);
        else if (r >= 0 && o->cpu_percent &&
                 (r = parse_milli("cpu-percent", o->cpu_percent, &n, x->err)) >= 0)
                n = (n + 50) / 100;
        else if (o->limits)
                n = 1000;
        if (r >= 0 && n > 0) {
                c->quota = (int64_t)(n * PERIOD / 1000);
                c->period = PERIOD;
                c->has_quota = c->has_period = true;
                if (c->quota < 1000)
                        r = err_set(x->err, CFS_E_INVALID, "--cpus %s: the kernel's least is 0.01",
                                    o->cpus ? o->cpus : "");
        }
        if (r >= 0 && n > 0 && (o->cpu_quota || o->cpu_period))
                r = err_set(x->err, CFS_E_INVALID,
                            "--cpu-quota and --cpu-period are --cpus in other words: give one");
        if (r >= 0 && o->cpu_period) {
                r = parse_number("cpu-period", o->cpu_period, 1000, 1000000, &c->period, x->err);
                c->has_period = true;
        }
        if (r >= 0 && o->cpu_quota) {
                r = parse_number("cpu-quota", o->cpu_quota, 1000, INT64_MAX, &n, x->err);
                c->quota = (int64_t)n;
                c->has_quota = true;
        }
        if (r >= 0 && o->cpu_shares) {
                r = parse_number("cpu-shares", o->cpu_shares, 2, 262144, &c->shares, x->err);
                c->has_shares = true;
        }
        if (r < 0)
                return r;
        c->cpus = oci_arena_strdup(x->arena, o->cpuset);
        c->mems = oci_arena_strdup(x->arena, o->cpuset_mems);
        res->cpu = c;
        return 0;
}

static int others(struct config *x, struct oci_resources *res)
{
        const struct run_options *o = x->in->o;
        uint64_t n = 0;
        int r = 0;

        if (o->pids_limit || o->limits) {
                res->pids = oci_arena_alloc(x->arena, sizeof(*res->pids));
                if (!res->pids)
                        return err_nomem(x->err);
                n = DEFAULT_PIDS;
                if (o->pids_limit && STREQ(o->pids_limit, "-1"))
                        n = 0;
                else if (o->pids_limit)
                        r = parse_number("pids-limit", o->pids_limit, 1, INT32_MAX, &n, x->err);
                res->pids->limit = n ? (int64_t)n : -1;
                res->pids->has_limit = true;
        }
        if (r >= 0 && o->blkio_weight) {
                res->block_io = oci_arena_alloc(x->arena, sizeof(*res->block_io));
                if (!res->block_io)
                        return err_nomem(x->err);
                r = parse_number("blkio-weight", o->blkio_weight, 10, 1000, &n, x->err);
                res->block_io->weight = (uint16_t)n;
                res->block_io->has_weight = true;
        }
        return r;
}

/* ---- ulimits ------------------------------------------------------------------------------------------- */

static int one_ulimit(struct config *x, const char *text)
{
        static const char *const names[] = { "core",     "cpu",        "data",   "fsize", "locks", "memlock",
                                             "msgqueue", "nice",       "nofile", "nproc", "rss",   "rtprio",
                                             "rttime",   "sigpending", "stack",  "as" };
        struct oci_process *p = x->c->process;
        const char *eq = strchr(text, '='), *colon;
        struct oci_rlimit **grown, *limit = oci_arena_alloc(x->arena, sizeof(*limit));
        char name[32] = "RLIMIT_", number[32];
        size_t i, len = eq ? (size_t)(eq - text) : 0;

        for (i = 0; i < ARRAY_SIZE(names); i++)
                if (strlen(names[i]) == len && strncmp(names[i], text, len) == 0)
                        break;
        if (i == ARRAY_SIZE(names))
                return err_set(x->err, CFS_E_INVALID,
                               "--ulimit %s: expected NAME=SOFT[:HARD], as nofile=1024:4096", text);
        for (size_t k = 0; k < len; k++)
                name[7 + k] = (char)(names[i][k] - 'a' + 'A');
        colon = strchr(eq + 1, ':');
        (void)snprintf(number, sizeof(number), "%.*s", (int)(colon ? colon - eq - 1 : 30), eq + 1);
        grown = oci_arena_alloc(x->arena, (p->n_rlimits + 1) * sizeof(*grown));
        if (!limit || !grown)
                return err_nomem(x->err);
        limit->type = oci_arena_strdup(x->arena, name);
        limit->has_soft = limit->has_hard = true;
        limit->soft = limit->hard = (uint64_t)RLIM_INFINITY;
        if ((!STREQ(number, "-1") && str_to_u64(number, &limit->soft) < 0))
                return err_set(x->err, CFS_E_INVALID, "--ulimit %s: `%s` is not a number", text, number);
        limit->hard = limit->soft;
        if (colon && !STREQ(colon + 1, "-1") && str_to_u64(colon + 1, &limit->hard) < 0)
                return err_set(x->err, CFS_E_INVALID, "--ulimit %s: `%s` is not a number", text, colon + 1);
        for (i = 0; i < p->n_rlimits; i++) /* the user's replaces the one from the template */
                if (STREQ(p->rlimits[i]->type, name)) {
                        p->rlimits[i] = limit;
                        return 0;
                }
        memcpy(grown, p->rlimits, p->n_rlimits * sizeof(*grown));
        grown[p->n_rlimits++] = limit;
        p->rlimits = grown;
        return 0;
}

int limits_apply(struct config *x)
{
        const struct box *box = x->in->box;
        struct oci_resources *res = oci_arena_alloc(x->arena, sizeof(*res));
        char path[64];
        int r;

        if (!res)
                return err_nomem(x->err);
        r = memory(x, res);
        if (r >= 0)
                r = cpu(x, res);
        if (r >= 0)
                r = others(x, res);
        x->c->linux->resources = res;
        (void)snprintf(path, sizeof(path), "/cfs-box-%s", x->in->id);
        if (!box->rootless)
                x->c->linux->cgroups_path = oci_arena_strdup(x->arena, path);
        else
                x->c->linux->cgroups_path = NULL;
        x->c->process->n_rlimits = 0; /* the caller's */
        for (const char **u = x->in->o->ulimits; r >= 0 && u && *u; u++)
                r = one_ulimit(x, *u);
        return r;
}
