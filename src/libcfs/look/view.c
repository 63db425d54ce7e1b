/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * As which user a path is looked at: that of process.user, with the IDs that this user has on the host, or
 * cfs itself.
 */
#include "libcfs/look/tree.h"
#include "base/caps.h"
#include "base/str.h"
#include "libcfs/walk/ctx.h"
#include "oci.h"
#include <errno.h>
#include <grp.h>
#include <unistd.h>

/* The ID on the host; (uid_t)-1: not known, since the runtime chooses the mapping, or a namespace has it. */
static uint32_t on_host(const struct ctx *c, struct oci_id_mapping *const *maps, size_t n, uint32_t id)
{
        if (!ctx_has_ns(c, CLONE_NEWUSER))
                return id;
        for (size_t i = 0; i < n; i++)
                if (id >= maps[i]->container_id && id - maps[i]->container_id < maps[i]->size)
                        return maps[i]->host_id + (id - maps[i]->container_id);
        return (uint32_t)-1;
}

static bool has_override(const struct oci_capabilities *caps)
{
        for (size_t i = 0; caps && i < caps->n_effective; i++)
                if (caps_number(caps->effective[i]) == caps_number("CAP_DAC_OVERRIDE"))
                        return true;
        return false;
}

int look_view_container(struct look_tree *t, const struct ctx *c)
{
        static const struct oci_user root = { 0 };
        const struct oci_user *u = c->process->user ? c->process->user : &root;
        const struct oci_linux *l = c->linux_;
        const struct oci_root *of = c->config->root;
        gid_t *groups = oci_arena_alloc(c->arena, (u->n_additional_gids + 1) * sizeof(*groups));
        int r;

        if (!c->rootfs || (of && str_empty(of->path))) /* which the decoder has reported */
                return -ENOENT;
        r = groups ? look_tree_open(t, c->rootfs, c->bundle, c->config, c->arena) : -ENOMEM;
        if (r < 0)
                return r;
        for (size_t i = 0; i < u->n_additional_gids; i++)
                groups[i] = on_host(c, l->gid_mappings, l->n_gid_mappings, u->additional_gids[i]);
        t->user = (struct look_user){
                .uid = on_host(c, l->uid_mappings, l->n_uid_mappings, u->uid),
                .gid = on_host(c, l->gid_mappings, l->n_gid_mappings, u->gid),
                .groups = groups,
                .n_groups = u->n_additional_gids,
                .override = has_override(c->process->capabilities),
                .maps = ctx_has_ns(c, CLONE_NEWUSER) ? l : NULL,
        };
        return 0;
}

int look_view_host(struct look_tree *t, struct oci_arena *arena)
{
        int n = getgroups(0, NULL), r = look_tree_open(t, "/", "/", NULL, arena);
        gid_t *groups = n > 0 ? oci_arena_alloc(arena, (size_t)n * sizeof(*groups)) : NULL;

        if (r < 0)
                return r;
        t->user = (struct look_user){
                .uid = geteuid(),
                .gid = getegid(),
                .groups = groups,
                .n_groups = groups && getgroups(n, groups) == n ? (size_t)n : 0,
                .override = caps_effective((unsigned)caps_number("CAP_DAC_OVERRIDE")),
        };
        return 0;
}
