/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What fsconfig(2) cannot take, by mount(2). fsconfig(2) takes at most 255 bytes for one value, the source
 * included: a few layers of an overlay with the paths that engines use are more. mount(2) takes a page for
 * all options together.
 *
 * mount(2) mounts on a path; everything after wants a detached mount (flags, mapped ids, tmpcopyup, a
 * destination that is "/"). So a child in a copy of the mount namespace mounts it on "/" there, and clones
 * what is now on top, which "/.." leads to (path_resolution(7)). Nothing else sees that namespace, which ends
 * with the child.
 *
 * The child's working directory is the bundle: layers that are not absolute count from there, as with runc
 * and crun, and not from where the runtime was called.
 */
#include "base/cleanup.h"
#include "base/mnt.h"
#include "base/str.h"
#include "base/sys.h"
#include "libcfs/mount/mount.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define MAX_VALUE 256 /* fsconfig(2): bytes of a string, the NUL included */

struct classic {
        const struct oci_mount *m;
        unsigned long flags;
        const char *data;
        size_t len;
};

/* "lowerdir=a:/b": is one of the layers relative? */
static bool has_relative_layer(const char *word)
{
        static const char *const keys[] = { "lowerdir=", "lowerdir+=", "datadir+=", "upperdir=", "workdir=" };

        for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
                const char *p = word + strlen(keys[i]);

                if (!str_has_prefix(word, keys[i]))
                        continue;
                if (*p && *p != '/')
                        return true;
                /* Only lower layers are a list; a backslash takes the next byte's meaning away. */
                for (; keys[i][0] == 'l' && *p; p++) {
                        if (*p == '\\' && p[1])
                                p++;
                        else if (*p == ':' && p[1] && p[1] != ':' && p[1] != '/')
                                return true;
                }
                return false;
        }
        return false;
}

bool mount_classic_needed(const struct oci_mount *m, const char *const *words)
{
        if (m->source && strlen(m->source) >= MAX_VALUE)
                return true;
        for (; *words; words++) {
                const char *value = strchr(*words, '=');

                if (value && strlen(value + 1) >= MAX_VALUE)
                        return true;
                if (STREQ(m->type, "overlay") && has_relative_layer(*words))
                        return true;
        }
        return false;
}

static unsigned long superblock_flags(const char *const *words, size_t n)
{
        static const struct {
                const char *word;
                unsigned long flag;
        } names[] = { { "ro", MS_RDONLY },
                      { "sync", MS_SYNCHRONOUS },
                      { "dirsync", MS_DIRSYNC },
                      { "lazytime", MS_LAZYTIME },
                      { "mand", MS_MANDLOCK } };
        unsigned long f = 0;

        for (size_t i = 0; i < n; i++)
                for (size_t j = 0; j < ARRAY_SIZE(names); j++)
                        if (STREQ(words[i], names[j].word))
                                f |= names[j].flag;
        return f;
}

/* One word as the kernel's parser for mount(2) wants it. A comma is quoted for SELinux, which takes its
 * own words out first, and escaped for overlayfs; to others it cannot be said. */
static int add_word(struct str *data, const char *word, const char *type, struct cfs_error *err)
{
        bool selinux = mount_options_is_context(word), overlay = STREQ(type, "overlay");

        if (strchr(word, ',') && !selinux && !overlay)
                return err_set(
                        err, CFS_E_UNSUPPORTED,
                        "%s: option `%.64s...` has a comma, together with an option longer than %d bytes",
                        type, word, MAX_VALUE - 1);
        if (data->len > 0)
                str_add(data, ",");
        for (const char *p = word; *p; p++) {
                if (*p == ',' && !selinux)
                        str_add(data, "\\");
                str_add_n(data, p, 1);
                if (*p == '=' && selinux && strchr(p, ',')) {
                        str_addf(data, "\"%s\"", p + 1);
                        break;
                }
        }
        return 0;
}

static int mount_classic_mount(struct mount_env *e, void *data, int *ret_fd, struct cfs_error *err)
{
        const struct classic *c = data;
        const char *source = c->m->source ? c->m->source : c->m->type;

        /* One that cannot be entered has no layers that could be reached. */
        if (e->bundle && chdir(e->bundle) < 0 && errno != EACCES)
                return err_path(err, errno, "chdir", e->bundle, "go to the bundle `%s`", e->bundle);
        /* allowed: fsconfig(2) takes at most 255 bytes for one value */
        if (mount(source, "/", c->m->type, c->flags, c->data) < 0)
                return err_sys(err, errno, "mount", "file system `%s`, with options of %zu bytes", c->m->type,
                               c->len);
        *ret_fd = open_tree(AT_FDCWD, "/..", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        return *ret_fd < 0 ? err_sys(err, errno, "open_tree", "clone the new mount") : 0;
}

int mount_classic_make(struct mount_env *e, const struct oci_mount *m, const char *const *words, size_t n_sb,
                       int *ret_fd, struct cfs_error *err)
{
        struct classic c = { .m = m, .flags = superblock_flags(words, n_sb) };
        struct mount_aside aside = { .ns_fd = -1, .copy = true, .make = mount_classic_mount, .data = &c };
        _cleanup_str_ struct str data = { 0 };
        size_t max = (size_t)sysconf(_SC_PAGESIZE) - 1;
        int r = 0;

        for (words += n_sb; r >= 0 && *words; words++)
                r = add_word(&data, *words, m->type, err);
        if (r < 0)
                return r;
        if (data.failed)
                return err_nomem(err);
        if (data.len > max) /* mount(2) would cut them off, without a word */
                return err_set(err, CFS_E_UNSUPPORTED,
                               "%s: its options are %zu bytes; the kernel takes %zu at most", m->type,
                               data.len, max);
        c.data = data.p;
        c.len = data.len;
        return mount_aside(e, &aside, ret_fd, err);
}
