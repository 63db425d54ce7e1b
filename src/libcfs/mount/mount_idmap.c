/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * User namespaces for mapped ids.
 *
 * mount_setattr(2) takes the mapping of an idmapped mount from a user namespace: a file of id X in the file
 * system appears as the id that X is mapped to. The mapping is all that is wanted of the namespace; so a
 * child is made in a new one, its uid_map and gid_map are written from here, its namespace is opened, and the
 * child is ended. The descriptor keeps the namespace.
 *
 * The option idmap=uids=A-B-N#...;gids=A-B-N (crun's; podman documents it) is a mapping of its own: N IDs
 * from A on, of the file system, appear as B and on, of the host. With "@" in front, B counts in the
 * container's user namespace.
 *
 * The child's pid is not needed, which may mean nothing in the procfs at hand when we are in a PID namespace
 * of our own: the child shares our table of descriptors (CLONE_FILES), opens its own "self" there, and says
 * which number it got.
 *
 * The child is dumpable, for this reason: files of /proc/PID of a process that is not belong to the root user
 * of the host, and in a container's user namespace we could not open them. It holds nothing that we do not,
 * and no other process is in the container yet.
 */
#include "base/cleanup.h"
#include "base/str.h"
#include "libcfs/mount/mount.h"
#include "libcfs/mount/mount_child.h"
#include "oci.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

struct mount_idmap {
        struct mount_idmap *next;
        char *uids, *gids; /* as written to uid_map and gid_map */
        int fd;
};

/* The second number of uid_map counts in the namespace of the process that writes it: inside, an ID of the
 * host is the one that the container's own mapping makes of it. */
static uint32_t outside_of(const struct oci_id_mapping *map, struct oci_id_mapping *const *own, size_t n_own)
{
        for (size_t i = 0; i < n_own; i++)
                if (map->host_id >= own[i]->host_id && map->host_id - own[i]->host_id < own[i]->size)
                        return own[i]->container_id + (map->host_id - own[i]->host_id);
        return map->host_id;
}

static char *text_of(struct oci_id_mapping *const *maps, size_t n, struct oci_id_mapping *const *own,
                     size_t n_own, struct oci_arena *arena)
{
        size_t size = n * 3 * 11 + 1, len = 0;
        char *s = oci_arena_alloc(arena, size);

        for (size_t i = 0; s && i < n; i++)
                len += (size_t)snprintf(s + len, size - len, "%u %u %u\n", maps[i]->container_id,
                                        outside_of(maps[i], own, n_own), maps[i]->size);
        return s;
}

/* Never returns. Waits for the other end to close. */
static void mount_idmap_child(int proc_fd, int sock)
{
        int fd;
        char c;

        (void)prctl(PR_SET_DUMPABLE, 1);
        fd = openat(proc_fd, "self", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                fd = -errno;
        if (write(sock, &fd, sizeof(fd)) < 0)
                _exit(errno);
        (void)!read(sock, &c, 1);
        _exit(0);
}

static int write_map(int self_fd, const char *name, const char *text, struct cfs_error *err)
{
        _cleanup_close_ int fd = openat(self_fd, name, O_WRONLY | O_CLOEXEC);

        if (fd < 0)
                return err_sys(err, errno, "openat", "open the new user namespace's %s", name);
        if (write(fd, text, strlen(text)) < 0)
                return err_sys(err, errno, "write", "write the new user namespace's %s", name);
        return 0;
}

static int fill(int sock, const char *uids, const char *gids, int *ret_fd, struct cfs_error *err)
{
        _cleanup_close_ int self_fd = -1;
        int fd, r;

        if (read(sock, &self_fd, sizeof(self_fd)) != (ssize_t)sizeof(self_fd))
                return err_sys(err, errno, "read", "hear of the process of the new user namespace");
        if (self_fd < 0)
                return err_sys(err, -self_fd, "openat", "open /proc/self of the new user namespace");
        r = write_map(self_fd, "uid_map", uids, err);
        if (r >= 0)
                r = write_map(self_fd, "gid_map", gids, err);
        if (r < 0)
                return r;
        fd = openat(self_fd, "ns/user", O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return err_sys(err, errno, "openat", "open the new user namespace");
        *ret_fd = fd;
        return 0;
}

static int mount_idmap_make(int proc_fd, const char *uids, const char *gids, int *ret_fd,
                            struct cfs_error *err)
{
        _cleanup_close_ int ours = -1, theirs = -1;
        int r;
        pid_t pid = mount_child(CLONE_NEWUSER | CLONE_FILES, "a user namespace for mapped ids", &ours,
                                &theirs, err);

        if (pid < 0)
                return pid;
        if (pid == 0)
                mount_idmap_child(proc_fd, theirs);
        r = mount_child_wait(ours, pid, "the process of the new user namespace", err);
        if (r < 0)
                return r;
        r = fill(ours, uids, gids, ret_fd, err);
        mount_child_end(ours, pid);
        return r;
}

int mount_idmap_get(struct mount_env *e, struct oci_id_mapping *const *uids, size_t n_uids,
                    struct oci_id_mapping *const *gids, size_t n_gids, struct cfs_error *err)
{
        const struct oci_linux *l = e->linux_;
        char *u = text_of(uids, n_uids, l->uid_mappings, e->inside ? l->n_uid_mappings : 0, e->arena);
        char *g = text_of(gids, n_gids, l->gid_mappings, e->inside ? l->n_gid_mappings : 0, e->arena);
        struct mount_idmap *map;
        int r;

        if (!u || !g)
                return err_nomem(err);
        for (map = e->idmaps; map; map = map->next)
                if (STREQ(map->uids, u) && STREQ(map->gids, g))
                        return map->fd;
        map = oci_arena_alloc(e->arena, sizeof(*map));
        if (!map)
                return err_nomem(err);
        map->uids = u;
        map->gids = g;
        r = mount_idmap_make(e->proc_fd, u, g, &map->fd, err);
        if (r < 0)
                return r;
        map->next = e->idmaps;
        e->idmaps = map;
        return map->fd;
}

/* ---- the option ---------------------------------------------------------------------------------------- */

struct parser {
        struct oci_arena *arena;
        struct mount_idmap_lines *to;
        struct oci_id_mapping *const *own; /* the container's mappings, of this kind */
        size_t n_own;
};

static const char bad_range[] = "a range is FIRST-TO-COUNT, or @FIRST-TO-COUNT";
static const char not_mapped[] =
        "a range with @ counts in the container's user namespace, which does not map all of it";

/* NULL or what is wrong. */
static const char *add_line(struct parser *p, uint32_t first, uint32_t to, uint32_t count)
{
        struct oci_id_mapping *line = oci_arena_alloc(p->arena, sizeof(*line));
        struct oci_id_mapping **lines;

        lines = oci_arena_alloc(p->arena, (p->to->n + 1) * sizeof(*lines));
        if (!line || !lines)
                return "out of memory";
        if (p->to->n > 0)
                memcpy(lines, p->to->lines, p->to->n * sizeof(*lines));
        *line = (struct oci_id_mapping){ .container_id = first, .host_id = to, .size = count };
        lines[p->to->n++] = line;
        p->to->lines = lines;
        return NULL;
}

/* A range that counts in the container may be in pieces on the host. */
static const char *add_relative(struct parser *p, uint32_t first, uint32_t to, uint32_t count)
{
        while (count > 0) {
                const struct oci_id_mapping *m = NULL;
                const char *why;
                uint32_t n;

                for (size_t i = 0; i < p->n_own && !m; i++)
                        if (to >= p->own[i]->container_id && to - p->own[i]->container_id < p->own[i]->size)
                                m = p->own[i];
                if (!m)
                        return not_mapped;
                n = m->size - (to - m->container_id);
                n = n < count ? n : count;
                why = add_line(p, first, m->host_id + (to - m->container_id), n);
                if (why)
                        return why;
                first += n;
                to += n;
                count -= n;
        }
        return NULL;
}

/* "1000-0-10": three numbers, strictly. */
static bool parse_numbers(char *text, uint32_t ids[3])
{
        for (int i = 0; i < 3; i++) {
                char *word = strsep(&text, "-");

                if (!word || str_to_id(word, &ids[i]) < 0)
                        return false;
        }
        return !text;
}

static const char *parse_range(struct parser *p, const char *text, size_t n)
{
        bool relative = n > 0 && text[0] == '@';
        uint32_t ids[3];
        char buf[40];

        text += relative;
        n -= relative;
        if (n >= sizeof(buf))
                return bad_range;
        memcpy(buf, text, n);
        buf[n] = '\0';
        if (!parse_numbers(buf, ids) || ids[2] == 0)
                return bad_range;
        if ((uint64_t)ids[0] + ids[2] > UINT32_MAX || (uint64_t)ids[1] + ids[2] > UINT32_MAX)
                return "a range leads beyond 4294967294, the last ID";
        return (relative ? add_relative : add_line)(p, ids[0], ids[1], ids[2]);
}

const char *mount_idmap_parse(const char *text, const struct oci_linux *l, struct oci_arena *arena,
                              struct mount_idmap_lines *uids, struct mount_idmap_lines *gids)
{
        *uids = *gids = (struct mount_idmap_lines){ 0 };
        while (*text) {
                bool users = str_has_prefix(text, "uids=");
                struct parser p = { arena, users ? uids : gids, users ? l->uid_mappings : l->gid_mappings,
                                    users ? l->n_uid_mappings : l->n_gid_mappings };

                if (!users && !str_has_prefix(text, "gids="))
                        return "a mapping is uids=RANGE#RANGE...;gids=RANGE...";
                for (text += strlen("uids=");;) {
                        size_t n = strcspn(text, "#;");
                        const char *why = parse_range(&p, text, n);

                        if (why)
                                return why;
                        text += n;
                        if (*text != '#')
                                break;
                        text++;
                }
                text += *text == ';';
        }
        return uids->n == 0 || gids->n == 0 ? "uids and gids go together: the kernel wants both" : NULL;
}

void mount_idmap_close(struct mount_env *e)
{
        for (struct mount_idmap *m = e->idmaps; m; m = m->next)
                (void)close(m->fd);
        e->idmaps = NULL;
}
