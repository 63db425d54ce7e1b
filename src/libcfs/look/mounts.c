/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mounts[], looked at beforehand: what create finds out when it mounts. Whether the kernel has the file
 * system and takes its options, whether an overlay's layers are there, and whether what a mount goes on is of
 * the right kind.
 */
#include "base/cleanup.h"
#include "base/mnt.h"
#include "base/nearest.h"
#include "base/path.h"
#include "base/str.h"
#include "libcfs/look/tree.h"
#include "libcfs/mount/mount.h"
#include "libcfs/walk/ctx.h"
#include "oci.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Is something of the right kind where the mount goes, or nothing? */
static void look_target(struct look_tree *t, const struct oci_mount *m, size_t i, bool bind,
                        struct problems *p)
{
        struct look_found f = { 0 };
        _cleanup_free_ char *source = NULL;
        struct stat st = { .st_mode = S_IFDIR };
        int fd;

        if (bind && (path_join(t->bundle, m->source, &source, NULL) < 0 || stat(source, &st) < 0))
                return;
        t->n_mounts = i;
        fd = look_tree_path(t, m->destination, &f);
        if (fd == -ENOTDIR || fd == -ELOOP)
                problem_host(p, PROP("mounts[%zu].destination", i), "%s", f.why);
        if (fd < 0)
                return;
        (void)close(fd);
        if (S_ISDIR(st.st_mode) && !S_ISDIR(f.st.st_mode))
                problem_host(p, PROP("mounts[%zu].destination", i), "`%.200s` is not a directory%s",
                             m->destination, bind ? ", the source is one" : "");
        else if (!S_ISDIR(st.st_mode) && S_ISDIR(f.st.st_mode))
                problem_host(p, PROP("mounts[%zu].destination", i),
                             "`%.200s` is a directory, the source is not", m->destination);
}

/* Which option a word comes from, which may have been one of several in it. */
static size_t option_of(const struct oci_mount *m, const char *word)
{
        for (size_t j = 0; j < m->n_options; j++)
                if (strstr(m->options[j], word))
                        return j;
        return 0;
}

/* The layers of an overlay: colons separate the lower ones, "\\:" is one that does not. */
static void look_layers(const struct ctx *c, const struct oci_mount *m, const struct mount_options *o,
                        size_t i, struct problems *p)
{
        static const char *const keys[] = { "lowerdir", "upperdir", "workdir" };

        for (size_t k = 0; k < ARRAY_SIZE(keys); k++) {
                const char *value = mount_options_data(o, keys[k]);

                while (value && *value) {
                        char path[PATH_MAX];
                        _cleanup_free_ char *full = NULL;
                        struct cfs_error e = { 0 };
                        size_t n = 0;

                        for (; *value && (k > 0 || *value != ':'); value++) {
                                value += *value == '\\' && value[1];
                                if (n < sizeof(path) - 1)
                                        path[n++] = *value;
                        }
                        value += strspn(value, ":");
                        path[n] = '\0';
                        if (n == 0 || path_join(c->bundle, path, &full, NULL) < 0 || access(full, F_OK) == 0)
                                continue;
                        (void)err_path(&e, errno, "stat", full, "%s `%s`", keys[k], full);
                        problem_host(p, PROP("mounts[%zu].options[%zu]", i, option_of(m, keys[k])), "%s",
                                     e.text);
                }
        }
}

/* The name that a flag (as opposed to a KEY=VALUE) may have meant. */
static const char *meant(const char *word)
{
        return strchr(word, '=') ? NULL : nearest_of(word, mount_options_names());
}

/* Layers of an overlay have been looked for; what is too long for fsconfig(2) has another way to the
 * kernel. */
static bool is_for_mount(const char *word)
{
        static const char *const layers[] = { "lowerdir", "upperdir=", "workdir=", "datadir" };

        for (size_t i = 0; i < ARRAY_SIZE(layers); i++)
                if (str_has_prefix(word, layers[i]))
                        return true;
        return strlen(word) > 255;
}

/* The kernel's own parser of a file system's options is asked, word by word, without mounting anything. */
static void look_filesystem(const struct oci_mount *m, const struct mount_options *o, size_t i,
                            struct problems *p)
{
        struct cfs_error e = { 0 };
        int r = mnt_try_options(m->type, NULL, &e);

        if (r == -EPERM) {
                problem_note(p, PROP("mounts[%zu]", i),
                             "whether the kernel takes this mount is not known: only root may ask");
                return;
        }
        if (r < 0) {
                problem_host(p, PROP("mounts[%zu].type", i), "%s", e.text);
                problem_hint(p, "%s", e.hint);
                return;
        }
        for (size_t j = 0; j < o->n_data; j++) {
                const char *word[] = { o->data[j], NULL };

                if (is_for_mount(word[0]) || mnt_try_options(m->type, word, &e) >= 0)
                        continue;
                problem_host(p, PROP("mounts[%zu].options[%zu]", i, option_of(m, word[0])), "%s", e.text);
                if (meant(word[0]))
                        problem_hint(p, "did you mean `%s`?", meant(word[0]));
        }
}

/* A word that cfs does not know goes to the file system; the kernel can be asked about it only at create. */
static void note_typos(const struct oci_mount *m, const struct mount_options *o, size_t i, struct problems *p)
{
        for (size_t j = 0; j < o->n_data; j++) {
                if (!meant(o->data[j]))
                        continue;
                problem_note(p, PROP("mounts[%zu].options[%zu]", i, option_of(m, o->data[j])),
                             "`%s` is not a general mount option, and is left to `%s`", o->data[j], m->type);
                problem_hint(p, "did you mean `%s`?", meant(o->data[j]));
        }
}

void look_mounts(const struct ctx *c, struct problems *p)
{
        struct look_tree tree = { .root_fd = -1 };
        bool host = problem_wants_host(p) && look_view_container(&tree, c) >= 0;

        for (size_t i = 0; i < c->config->n_mounts; i++) {
                const struct oci_mount *m = c->config->mounts[i];
                struct mount_options o;
                bool bind;

                if (str_empty(m->destination) || mount_options_parse(m, c->arena, &o, NULL) < 0)
                        continue;
                bind = o.flags & MOUNT_BIND;
                if ((o.flags & MOUNT_REMOUNT) || str_empty(bind ? m->source : m->type))
                        continue;
                if (host)
                        look_target(&tree, m, i, bind, p);
                if (bind || mount_is_cgroup(m, &o))
                        continue;
                if (host && STREQ(m->type, "overlay"))
                        look_layers(c, m, &o, i, p);
                if (!host)
                        note_typos(m, &o, i, p);
                else
                        look_filesystem(m, &o, i, p);
        }
        look_tree_close(&tree);
}
