/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The documents: reading a bundle, and standing in for what its configuration leaves out.
 *
 * The configuration is read once, at create; later edits have no effect (runtime.md, "Lifecycle" 2), because
 * nothing reads it again: start, exec and delete work from the record in the state directory.
 */
#include "base/cleanup.h"
#include "base/io.h"
#include "base/path.h"
#include "base/str.h"
#include "libcfs/cfs.h"
#include "libcfs/cgroup/cgroup.h"
#include "libcfs/process/namespaces.h"
#include "libcfs/container/bundle.h"
#include "libcfs/store/state.h"
#include "oci.h"
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONFIG_MAX (64u << 20)

/* "rootfs/" and "rootfs/." would make a link there look like a directory. The bundle itself (the first
 * `keep` bytes) may be one. */
static void cut_end(char *path, size_t keep)
{
        for (size_t n = strlen(path); n > 1; n = strlen(path)) {
                size_t cut = path[n - 1] == '/' ? 1 : n > 2 && STREQ(path + n - 2, "/.") ? 2 : 0;

                if (cut == 0 || (cut == 2 && n - 2 == keep))
                        return;
                path[n - cut] = '\0';
        }
}

static int set_rootfs(struct ctx *c, struct cfs_error *err)
{
        int r;

        if (!c->config->root || !c->config->root->path)
                return 0;
        r = path_join(c->bundle, c->config->root->path, &c->rootfs, err);
        if (r < 0)
                return r;
        cut_end(c->rootfs, strlen(c->bundle));
        return 0;
}

int bundle_documents(struct ctx *c, struct cfs_error *err)
{
        static struct oci_linux no_linux;
        static struct oci_process no_process;
        static struct oci_hooks no_hooks;

        c->linux_ = c->config->linux ? c->config->linux : &no_linux;
        c->process = c->config->process ? c->config->process : &no_process;
        c->hooks = c->config->hooks ? c->config->hooks : &no_hooks;
        namespaces_flags(c->linux_, &c->ns_new, &c->ns_join);
        return c->walk != WALK_EXEC && c->bundle ? set_rootfs(c, err) : 0;
}

int bundle_from_record(struct ctx *c, struct cfs_error *err)
{
        const struct oci_record *rec = c->state->record;
        struct oci_config *config = oci_arena_alloc(c->state->arena, sizeof(*config));
        struct oci_linux *l = oci_arena_alloc(c->state->arena, sizeof(*l));

        if (!config || !l)
                return err_nomem(err);
        config->oci_version = rec->oci_version;
        config->annotations = rec->annotations;
        config->linux = l;
        l->namespaces = rec->namespaces;
        l->n_namespaces = rec->n_namespaces;
        l->personality = rec->personality;
        l->memory_policy = rec->memory_policy;
        c->config = config;
        return 0;
}

static int absolute_bundle(const char *bundle, char **ret, struct cfs_error *err)
{
        _cleanup_free_ char *cwd = NULL, *joined = NULL;
        struct stat st;
        size_t n;
        int r;

        if (path_is_absolute(bundle ? bundle : "")) {
                r = str_dup(&joined, bundle, err);
        } else {
                cwd = getcwd(NULL, 0);
                if (!cwd)
                        return err_sys(err, errno, "getcwd", "find the current directory");
                r = str_empty(bundle) || STREQ(bundle, ".") ? str_dup(&joined, cwd, err)
                                                            : path_join(cwd, bundle, &joined, err);
        }
        if (r < 0)
                return r;
        for (n = strlen(joined); n > 1 && joined[n - 1] == '/'; n--)
                joined[n - 1] = '\0';
        if (stat(joined, &st) < 0)
                return err_path(err, errno, "stat", joined, "bundle `%s`", joined);
        if (!S_ISDIR(st.st_mode))
                return err_set(err, CFS_E_INVALID, "bundle `%s`: not a directory", joined);
        *ret = TAKE_PTR(joined);
        return 0;
}

static int read_config(struct ctx *c, const char *config, struct cfs_error *err)
{
        _cleanup_free_ char *path = NULL;
        int r = config ? str_dup(&path, config, err) : path_join(c->bundle, "config.json", &path, err);

        if (r >= 0)
                r = str_dup(&c->config_name, config ? config : "config.json", err);
        if (r < 0)
                return r;
        r = io_read_file(AT_FDCWD, path, CONFIG_MAX, &c->config_text, &c->config_len, err);
        if (r < 0 && !config && r == -ENOENT)
                return err_hint(err, r,
                                "a bundle is a directory with a config.json and a root file system; "
                                "`cfs spec` writes a first config.json");
        return r < 0 ? r : 0;
}

int bundle_read(struct ctx *c, const char *bundle, const char *config, struct cfs_error *err)
{
        int r = absolute_bundle(bundle, &c->bundle, err);

        return r < 0 ? r : read_config(c, config, err);
}

/*
 * Up to version 1.2 pids.limit was a plain number of the Go structure from which engines write their
 * documents, so that a zero is what they write for "no limit" (podman's --pids-limit -1). Version 1.3 made it
 * a limit of zero.
 */
static void forget_zero_pids(struct oci_config *config)
{
        const char *v = config->oci_version;
        bool old = v && (str_has_prefix(v, "1.0.") || str_has_prefix(v, "1.1.") || str_has_prefix(v, "1.2."));

        if (old && config->linux && config->linux->resources && config->linux->resources->pids &&
            config->linux->resources->pids->limit == 0)
                config->linux->resources->pids->has_limit = false;
}

/* Making nine or ten cgroups and making a network namespace take equally long: with v1 alone both are done
 * at once. Not with v2, into whose cgroup the init is born; nor with a user namespace, in which the init has
 * no identity yet. */
static bool enters_late(const struct ctx *c)
{
        return c->walk == WALK_CREATE && (c->ns_new & CLONE_NEWNET) && !ctx_has_ns(c, CLONE_NEWUSER) &&
               !c->rootless && c->runtime->cgroup_manager == CFS_CGROUP_CGROUPFS &&
               cgroup_detect() == CGROUP_MODE_V1;
}

int bundle_load(struct ctx *c, const char *bundle, const char *config, struct cfs_error *err)
{
        void *root = NULL;
        int r = bundle_read(c, bundle, config, err);

        if (r >= 0)
                r = oci_decode(&oci_config_type, c->config_name, c->config_text, c->config_len, &root,
                               &c->arena, err);
        if (r < 0)
                return r;
        forget_zero_pids(root);
        c->config = root;
        r = bundle_documents(c, err);
        if (r >= 0)
                c->enters_late = enters_late(c);
        return r;
}

int bundle_locate(const struct ctx *c, int r, struct cfs_error *err)
{
        unsigned line, column;

        if (!c->config_text || !err->property[0] ||
            strncmp(err->text, c->config_name, strlen(c->config_name)) == 0)
                return r;
        if (oci_locate(c->config_text, c->config_len, err->property, &line, &column) < 0)
                return r;
        return err_prefix(err, r, "%s:%u:%u", c->config_name, line, column);
}
