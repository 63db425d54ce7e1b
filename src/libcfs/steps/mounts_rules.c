/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What may be wrong with mounts[] (config.md, "Mounts"), before anything is mounted: mounts.c does that.
 *
 * A bind source that is missing is not a mistake where an earlier mount may provide it: in the container's
 * own root.
 */
#include "base/cleanup.h"
#include "base/nearest.h"
#include "base/path.h"
#include "base/selinux_label.h"
#include "base/str.h"
#include "libcfs/look/tree.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/walk/id_lines.h"
#include "libcfs/mount/mount.h"
#include "libcfs/steps/steps.h"
#include "oci.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char *idmap_option(const struct oci_mount *m, size_t *ret_index)
{
        for (size_t i = 0; i < m->n_options; i++)
                if (mount_options_idmap(m->options[i])) {
                        *ret_index = i;
                        return mount_options_idmap(m->options[i]);
                }
        return NULL;
}

static void check_idmap(const struct ctx *c, const struct oci_mount *m, size_t i, struct problems *p)
{
        bool option = oci_mount_has_option(m, "idmap") || oci_mount_has_option(m, "ridmap");
        struct mount_idmap_lines uids, gids;
        size_t at = 0;
        const char *text = idmap_option(m, &at), *why;

        if ((m->n_uid_mappings > 0) != (m->n_gid_mappings > 0))
                problem(p, PROP("mounts[%zu].%s", i, m->n_uid_mappings ? "gidMappings" : "uidMappings"),
                        "is missing: uidMappings and gidMappings go together");
        id_lines_check(PROP("mounts[%zu].uidMappings", i), m->uid_mappings, m->n_uid_mappings, p);
        id_lines_check(PROP("mounts[%zu].gidMappings", i), m->gid_mappings, m->n_gid_mappings, p);
        if (option && m->n_uid_mappings == 0 && !text && !ctx_has_ns(c, CLONE_NEWUSER))
                problem(p, PROP("mounts[%zu].uidMappings", i),
                        "is missing: mapped ids need mappings of the mount or a user namespace of the container");
        if ((option || text || m->n_uid_mappings > 0) && oci_mount_has_option(m, "remount"))
                problem(p, PROP("mounts[%zu].options", i),
                        "ids can be mapped on a new mount only, not by `remount`");
        if (text && m->n_uid_mappings > 0)
                problem(p, PROP("mounts[%zu].options[%zu]", i, at),
                        "has a mapping, and so has mounts[%zu].uidMappings: one of them", i);
        why = text ? mount_idmap_parse(text, c->linux_, c->arena, &uids, &gids) : NULL;
        if (text && !why && (id_lines_overlap(uids.lines, uids.n) || id_lines_overlap(gids.lines, gids.n)))
                why = "two ranges have IDs in common";
        if (why)
                problem(p, PROP("mounts[%zu].options[%zu]", i, at), "`%s`: %s", m->options[at], why);
}

/* "gid=5" of devpts in a user namespace without a group 5: the kernel's EINVAL would not say which. */
static void mounts_rules_check_owner(const struct ctx *c, const char *option, size_t i, size_t j,
                                     struct problems *p)
{
        bool gid = str_has_prefix(option, "gid="), uid = str_has_prefix(option, "uid=");
        const struct oci_linux *l = c->linux_;
        uint32_t id;

        if (!(c->ns_new & CLONE_NEWUSER) || !(gid || uid) || str_to_id(option + 4, &id) < 0)
                return;
        if (l->n_uid_mappings == 0 && l->n_gid_mappings == 0) {
                if (id == 0) /* see id_mappings.c */
                        return;
                problem(p, PROP("mounts[%zu].options[%zu]", i, j),
                        "`%s`: without linux.uidMappings and linux.gidMappings the user namespace has no ID but 0",
                        option);
                problem_hint(p, "add linux.uidMappings and linux.gidMappings");
                return;
        }
        if (gid ? oci_is_mapped(l->gid_mappings, l->n_gid_mappings, id)
                : oci_is_mapped(l->uid_mappings, l->n_uid_mappings, id))
                return;
        problem(p, PROP("mounts[%zu].options[%zu]", i, j), "`%s`: this id is not mapped by linux.%sMappings",
                option, gid ? "gid" : "uid");
        problem_hint(p, "leave the option out, or map the id");
}

static void bad_bind_option(struct problems *p, size_t i, size_t j, const char *option)
{
        const char *near = nearest_of(option, mount_options_names());

        problem(p, PROP("mounts[%zu].options[%zu]", i, j),
                "bind mounts cannot have any filesystem-specific options: `%s`", option);
        if (near)
                problem_hint(p, "did you mean `%s`?", near);
}

static bool is_cgroup(const struct oci_mount *m)
{
        return str_eq(m->type, "cgroup") || str_eq(m->type, "cgroup2");
}

/* One word, or several with commas between them. */
static void check_cgroup_option(const char *option, size_t i, size_t j, struct problems *p)
{
        while (*option) {
                char word[64];
                size_t n = strcspn(option, ",");

                (void)snprintf(word, sizeof(word), "%.*s", (int)n, option);
                if (*word && !mount_options_known(word) && !mount_options_is_cgroup(word))
                        problem(p, PROP("mounts[%zu].options[%zu]", i, j),
                                "`%s` is not an option of a cgroup file system", word);
                option += n + (option[n] == ',');
        }
}

static void check_options(const struct ctx *c, const struct oci_mount *m, size_t i, struct problems *p)
{
        bool bind = mount_options_is_bind(m), remount = oci_mount_has_option(m, "remount");

        for (size_t j = 0; j < m->n_options; j++) {
                const char *o = m->options[j];

                if (bind && mount_options_is_engine(o))
                        problem_note(p, PROP("mounts[%zu].options[%zu]", i, j),
                                     "`%s` has no effect: it is for the engine", o);
                else if (bind && !mount_options_known(o) && *o)
                        bad_bind_option(p, i, j, o);
                if (!bind && !remount && is_cgroup(m))
                        check_cgroup_option(o, i, j, p);
                if (!bind && (STREQ(o, "copy-symlink") || STREQ(o, "src-nofollow")))
                        problem(p, PROP("mounts[%zu].options[%zu]", i, j), "`%s` is for bind mounts", o);
                if (STREQ(o, "tmpcopyup") && (bind || remount || !str_eq(m->type, "tmpfs")))
                        problem(p, PROP("mounts[%zu].options[%zu]", i, j), "`%s` is for mounts of type tmpfs",
                                o);
                if (!bind)
                        mounts_rules_check_owner(c, o, i, j, p);
        }
}

/* Could an earlier mount put it there? */
static bool is_made_by_mount(const struct ctx *c, size_t i)
{
        const struct mount_env e = { .bundle = c->bundle, .rootfs = c->rootfs, .arena = c->arena };
        const char *inside;

        if (!mount_bind_is_inside(&e, c->config->mounts[i], &inside))
                return false;
        for (size_t j = 0; j < i; j++) {
                const char *clean = mount_target_clean(c->config->mounts[j]->destination, c->arena);

                if (clean && mount_target_is_below(inside, clean))
                        return true;
        }
        return false;
}

static void check_source(const struct ctx *c, const struct oci_mount *m, size_t i, struct problems *p)
{
        struct cfs_error e = { 0 };
        _cleanup_free_ char *source = NULL;
        struct stat st;

        if (str_empty(m->source)) {
                problem(p, PROP("mounts[%zu].source", i), "is missing: a bind mount needs one");
                return;
        }
        if (!problem_wants_host(p) || !c->bundle || path_join(c->bundle, m->source, &source, &e) < 0)
                return;
        if (fstatat(AT_FDCWD, source, &st, AT_SYMLINK_NOFOLLOW) < 0 && !is_made_by_mount(c, i)) {
                (void)err_path(&e, errno, "stat", source, "`%s`", source);
                problem_host(p, PROP("mounts[%zu].source", i), "%s", e.text);
        }
}

static void check_label(const char *label, struct problems *p)
{
        if (str_empty(label) || !problem_wants_host(p))
                return;
        switch (selinux_label_look_up(label)) {
        case SELINUX_LABEL_NO_SELINUX:
                problem_host(p, "linux.mountLabel",
                             "\"%.128s\" cannot be applied: SELinux is not enabled on this host", label);
                problem_hint(p, "remove linux.mountLabel, or boot with SELinux");
                break;
        case SELINUX_LABEL_UNKNOWN:
                problem_host(p, "linux.mountLabel", "the policy that is loaded does not know \"%.128s\"",
                             label);
                break;
        case SELINUX_LABEL_KNOWN:
                break;
        }
}

void mounts_rules_check(const struct ctx *c, struct problems *p)
{
        check_label(c->linux_->mount_label, p);
        for (size_t i = 0; i < c->config->n_mounts; i++) {
                const struct oci_mount *m = c->config->mounts[i];
                bool bind = mount_options_is_bind(m), remount = oci_mount_has_option(m, "remount");
                const char *clean, *why;

                if (str_empty(m->destination)) {
                        problem(p, PROP("mounts[%zu].destination", i), "is empty");
                        continue;
                }
                if (!path_is_absolute(m->destination))
                        problem_note(p, PROP("mounts[%zu].destination", i),
                                     "`%s` is relative, which is deprecated; it counts from /",
                                     m->destination);
                clean = mount_target_clean(m->destination, c->arena);
                why = clean && !remount ? mount_target_refused(clean, m->type, bind) : NULL;
                if (why)
                        problem(p, PROP("mounts[%zu].destination", i), "`%s` %s", m->destination, why);
                if (bind && !remount)
                        check_source(c, m, i, p);
                else if (!remount && str_empty(m->type))
                        problem(p, PROP("mounts[%zu].type", i), "is missing: only bind mounts have none");
                check_options(c, m, i, p);
                check_idmap(c, m, i, p);
        }
}

void mounts_rules_look(const struct ctx *c, struct problems *p)
{
        look_mounts(c, p);
}
