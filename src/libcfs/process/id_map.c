/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The maps of a user namespace that is joined are known to the kernel alone: what the configuration says
 * beside the path is a hint, and may be absent. A process shows its maps in /proc/PID/uid_map, in the numbers
 * of the reader's user namespace; so a child enters the namespace, and the runtime reads its files
 * (user_namespaces(7)).
 */
#include "libcfs/process/id_map.h"
#include "base/ask.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/sys.h"
#include "oci.h"
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_MAP 65536 /* bytes of a map: 340 lines */

bool id_map_host(const struct id_map *map, uint32_t id, uint32_t *ret)
{
        for (size_t i = 0; i < map->n; i++) {
                const struct oci_id_mapping *m = map->lines[i];

                if (id >= m->container_id && id - m->container_id < m->size) {
                        *ret = m->host_id + (id - m->container_id);
                        return true;
                }
        }
        return false;
}

uint32_t id_map_root(const struct id_map *map)
{
        uint32_t unused;

        return map->n == 0 || id_map_host(map, 0, &unused) ? 0 : map->lines[0]->container_id;
}

int id_map_parse(const char *text, struct oci_arena *arena, struct id_map *ret, struct cfs_error *err)
{
        const struct oci_id_mapping **lines;
        size_t max = 1, n = 0;

        for (const char *p = text; (p = strchr(p, '\n')); p++)
                max++;
        lines = oci_arena_alloc(arena, max * sizeof(*lines));
        for (const char *p = text; lines && *p; p += strcspn(p, "\n"), p += *p == '\n') {
                struct oci_id_mapping *m = oci_arena_alloc(arena, sizeof(*m));

                if (!m)
                        return err_nomem(err);
                /* NOLINTNEXTLINE(cert-err34-c): by the kernel; the number of fields is checked */
                if (sscanf(p, "%" SCNu32 " %" SCNu32 " %" SCNu32, &m->container_id, &m->host_id, &m->size) !=
                    3)
                        break;
                lines[n++] = m;
        }
        if (!lines)
                return err_nomem(err);
        *ret = (struct id_map){ lines, n };
        return 0;
}

/* Our own ID as 0: what id_mappings.c writes when the configuration maps nothing. */
static int own(uint32_t id, struct oci_arena *arena, struct id_map *ret, struct cfs_error *err)
{
        char text[32];

        (void)snprintf(text, sizeof(text), "0 %" PRIu32 " 1\n", id);
        return id_map_parse(text, arena, ret, err);
}

static int64_t enter(const void *userns_fd)
{
        return setns(*(const int *)userns_fd, CLONE_NEWUSER) < 0 ? -errno : 0;
}

static int read_one(int proc_fd, pid_t pid, const char *file, struct oci_arena *arena, struct id_map *ret,
                    struct cfs_error *err)
{
        _cleanup_free_ char *text = NULL;
        char path[48];
        int r;

        (void)snprintf(path, sizeof(path), "%d/%s", (int)pid, file);
        r = io_read_file(proc_fd, path, MAX_MAP, &text, NULL, err);
        return r < 0 ? r : id_map_parse(text, arena, ret, err);
}

static int of_joined(int userns_fd, int proc_fd, struct oci_arena *arena, struct id_map *uids,
                     struct id_map *gids, struct cfs_error *err)
{
        int64_t entered;
        pid_t pid;
        int r = ask_child(enter, &userns_fd, "the joined user namespace", &entered, &pid, err);

        if (r < 0)
                return r;
        if (entered < 0)
                r = err_sys(err, (int)-entered, "setns", "read the mappings of the user namespace");
        if (r >= 0)
                r = read_one(proc_fd, pid, "uid_map", arena, uids, err);
        if (r >= 0)
                r = read_one(proc_fd, pid, "gid_map", arena, gids, err);
        ask_end(pid);
        return r;
}

int id_map_get(const struct namespaces_plan *plan, const struct oci_linux *l, int proc_fd,
               struct oci_arena *arena, struct id_map *ret_uids, struct id_map *ret_gids,
               struct cfs_error *err)
{
        int r;

        if (plan->join_fd[NS_USER] >= 0)
                return of_joined(plan->join_fd[NS_USER], proc_fd, arena, ret_uids, ret_gids, err);
        *ret_uids =
                (struct id_map){ (const struct oci_id_mapping *const *)l->uid_mappings, l->n_uid_mappings };
        *ret_gids =
                (struct id_map){ (const struct oci_id_mapping *const *)l->gid_mappings, l->n_gid_mappings };
        r = ret_uids->n ? 0 : own(geteuid(), arena, ret_uids, err);
        if (r >= 0 && ret_gids->n == 0)
                r = own(getegid(), arena, ret_gids, err);
        return r;
}
