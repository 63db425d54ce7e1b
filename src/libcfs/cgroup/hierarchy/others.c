/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Other containers below a container's cgroup ("/pod" and "/pod/sidecar"): what is done to a container's
 * cgroup as a whole, killing, listing and removing, is not done to theirs.
 *
 * A container is found by its mark (claim.c), and believed in when its record is there and says that it has
 * this very directory: what runs in the upper container may be able to make directories and marks, and is not
 * to get processes out of the reach of `delete` by that. For the same reason root believes the marks alone
 * that take root to make; an ordinary user, who has no other marks, those of containers whose state is kept
 * beside that of the upper one. The record names the directories of all hierarchies, as only one is marked.
 */
#include "libcfs/cgroup/hierarchy/others.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/str.h"
#include "base/weakened.h"
#include "libcfs/cgroup/hierarchy/claim.h"
#include "oci.h"
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

struct search {
        const struct cgroup *cg;
        bool trusted;
        struct tree_kept *found;
};

static bool same_parent(const char *a, const char *b)
{
        const char *x = strrchr(a, '/'), *y = strrchr(b, '/');

        return x && y && x - a == y - b && strncmp(a, b, (size_t)(x - a)) == 0;
}

/* The container's directory that `path` is below, or NULL. */
static const struct hierarchy *above(const struct cgroup *cg, const char *path)
{
        for (size_t i = 0; i < cg->n; i++) {
                size_t n = strlen(cg->h[i].path);

                if (!cg->h[i].denied && strncmp(cg->h[i].path, path, n) == 0 && path[n] == '/')
                        return &cg->h[i];
        }
        return NULL;
}

/* The other's directory, and all between it and ours. */
static int keep(const struct search *s, const char *path)
{
        const struct hierarchy *h = above(s->cg, path);
        _cleanup_free_ char *copy = NULL;
        int r;

        if (!h)
                return 0;
        copy = strdup(path);
        if (!copy)
                return -ENOMEM;
        r = tree_keep(s->found, copy, true);
        for (char *slash; r >= 0 && (slash = strrchr(copy, '/')) && slash > copy + strlen(h->path);) {
                *slash = '\0';
                r = tree_keep(s->found, copy, false);
        }
        return r;
}

static bool is_directory(const char *path, const struct stat *wanted)
{
        struct stat st;

        return stat(path, &st) == 0 && st.st_dev == wanted->st_dev && st.st_ino == wanted->st_ino;
}

/* Of a container whose record cannot be read there is nothing to be spared. */
static struct oci_record_cgroup *read_record(const char *owner, struct oci_arena **arena)
{
        struct cfs_error ignored = { 0 };
        _cleanup_free_ char *text = NULL;
        struct oci_record *record;
        char name[PATH_MAX];
        size_t len;

        if (!tree_file(name, sizeof(name), owner, "state.json") ||
            io_read_regular(AT_FDCWD, name, OCI_MAX_SIZE, &text, &len, &ignored) < 0 ||
            oci_decode(&oci_record_type, name, text, len, (void **)&record, arena, &ignored) < 0)
                return NULL;
        return record->cgroup;
}

static int visit(int fd, void *data)
{
        const struct search *s = data;
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        const char *us = s->cg->rec->owner;
        const struct oci_record_cgroup *c;
        char owner[PATH_MAX];
        bool names_it = false;
        struct stat st;
        int r = 0;

        if (claim_read(fd, s->trusted, owner, sizeof(owner)) <= 0 || STREQ(owner, us) ||
            (!s->trusted && !same_parent(owner, us)))
                return 0;
        c = fstat(fd, &st) == 0 ? read_record(owner, &arena) : NULL;
        for (size_t i = 0; c && i < c->n_hierarchies; i++)
                names_it = names_it || is_directory(c->hierarchies[i]->path, &st);
        for (size_t i = 0; names_it && r >= 0 && i < c->n_hierarchies; i++)
                r = keep(s, c->hierarchies[i]->path);
        return r;
}

int others_find(const struct cgroup *cg, struct tree_kept *ret, struct cfs_error *err)
{
        struct search s = { .cg = cg, .found = ret };
        const struct hierarchy *h = NULL;
        char owner[PATH_MAX];
        struct stat st;

        if (!cg->rec || !cg->rec->owner || WEAKENED("cgroup-below"))
                return 0;
        for (size_t i = 0; !h && i < cg->n; i++)
                h = cg->h[i].denied ? NULL : &cg->h[i];
        /* A directory of kernfs has two links, and one more for each directory in it. */
        if (!h || stat(h->path, &st) < 0 || st.st_nlink <= 2)
                return 0;
        _cleanup_close_ int fd = open(h->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        s.trusted = fd >= 0 && claim_read(fd, true, owner, sizeof(owner)) > 0;
        int r = fd < 0 ? -errno : tree_visit(h->path, visit, &s);

        return r < 0 && r != -ENOENT ? err_path(err, -r, "read", h->path,
                                                "look for cgroups of other containers below `%s`", h->path)
                                     : 0;
}
