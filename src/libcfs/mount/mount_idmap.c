/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * User namespaces for mapped ids.
 *
 * mount_setattr(2) takes the mapping of an idmapped mount from a user namespace: a file of id X in the file system
 * appears as the id that X is mapped to. The mapping is all that is wanted of the namespace; so a child is made in a new
 * one, its uid_map and gid_map are written from here, its namespace is opened, and the child is ended. The descriptor
 * keeps the namespace.
 *
 * The child's pid is not needed, which may mean nothing in the procfs at hand when we are in a PID namespace of our own:
 * the child shares our table of descriptors (CLONE_FILES), opens its own "self" there, and says which number it got.
 *
 * The child is dumpable, for this reason: files of /proc/PID of a process that is not belong to the root user of the
 * host, and in a container's user namespace we could not open them. It holds nothing that we do not, and nobody else is
 * in the container yet.
 */
#include "base/cleanup.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/sys.h"
#include "libcfs/mount/mount.h"
#include "oci.h"
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

struct mount_idmap {
        struct mount_idmap *next;
        char *uids, *gids; /* as written to uid_map and gid_map */
        int fd;
};

/* The second number of uid_map counts in the namespace of who writes it: inside, an ID of the host is the one that the
 * container's own mapping makes of it. */
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
static void child(int proc_fd, int sock)
{
        int fd;
        char c;

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)prctl(PR_SET_DUMPABLE, 1);
        fd = openat(proc_fd, "self", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                fd = -errno;
        if (write(sock, &fd, sizeof(fd)) == (ssize_t)sizeof(fd))
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
                return err_set(err, CFS_E_DIED, "the process of the new user namespace has died");
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

static int make(int proc_fd, const char *uids, const char *gids, int *ret_fd, struct cfs_error *err)
{
        struct clone_args args = { .flags = CLONE_NEWUSER | CLONE_FILES, .exit_signal = SIGCHLD };
        _cleanup_close_ int ours = -1, theirs = -1;
        int socks[2], status, r;
        pid_t pid;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socks) < 0)
                return err_sys(err, errno, "socketpair", "make a socket");
        ours = socks[0];
        theirs = socks[1];
        pid = sys_clone3(&args);
        if (pid < 0)
                return err_sys(err, errno, "clone3", "make a user namespace for mapped ids");
        if (pid == 0)
                child(proc_fd, theirs);
        r = fill(ours, uids, gids, ret_fd, err);
        /* One table of descriptors: closing `theirs` here would not be seen as the other end's closing. */
        (void)kill(pid, SIGKILL);
        (void)proc_reap(pid, &status);
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
        r = make(e->proc_fd, u, g, &map->fd, err);
        if (r < 0)
                return r;
        map->next = e->idmaps;
        e->idmaps = map;
        return map->fd;
}

void mount_idmap_close(struct mount_env *e)
{
        for (struct mount_idmap *m = e->idmaps; m; m = m->next)
                (void)close(m->fd);
        e->idmaps = NULL;
}
