/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The options of mounts[] (config.md, "Linux mount options").
 *
 * fstab(5) mixes four things in one comma-separated word, and mount(2) knows all of them as one set of MS_
 * bits:
 *
 *   flags of the mount        nosuid, nodev, ro...: mount_setattr(2), MOUNT_ATTR_*. A bind mount has its own.
 *   flags of the superblock   sync, dirsync, lazytime, mand, iversion, and ro again: fsconfig(2). They belong to the file
 *                             system; a bind mount cannot have its own, and must not change those of the
 *                             host's.
 *   propagation               shared, rslave...: mount_setattr(2), one at a time.
 *   words of the file system  everything else.
 *
 * Later options win over earlier ones. What no option speaks of stays as it is: a bind mount inherits the
 * flags of its source, instead of losing (as with a remount by mount(2)) the nodev that the options do not
 * repeat.
 *
 * How access times are updated is not three flags but one choice of three. noatime, relatime and strictatime
 * choose; atime, norelatime and nostrictatime each take one of them back, to the kernel's default, which is
 * relatime (mount(2)), and leave another choice alone: "noatime,norelatime" is noatime.
 *
 * silent and loud concern the kernel's log at the time of mount(2). The descriptor-based calls report to
 * their caller instead, so both are true already.
 */
#include "libcfs/mount/mount_options.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "base/sys.h"
#include "oci.h"
#include <stdlib.h>
#include <string.h>

enum kind { NOTHING, ATTR, ATIME, PROPAGATION, ACTION };

struct row {
        const char *name;
        enum kind kind;
        bool clear; /* takes the flag back              */
        bool rec;   /* for all mounts below, too        */
        unsigned sb;
        uint64_t value; /* MOUNT_ATTR_*, MS_*, MOUNT_*  */
};

/* clang-format off */
#define SET(attr)       ATTR, false, false, 0, MOUNT_ATTR_##attr
#define CLEAR(attr)     ATTR, true, false, 0, MOUNT_ATTR_##attr
#define SET_ALL(attr)   ATTR, false, true, 0, MOUNT_ATTR_##attr
#define CLEAR_ALL(attr) ATTR, true, true, 0, MOUNT_ATTR_##attr
#define SB(flag)        NOTHING, false, false, MOUNT_SB_##flag, 0
#define NO_SB(flag)     NOTHING, true, false, MOUNT_SB_##flag, 0
#define TIME(attr)      ATIME, false, false, 0, MOUNT_ATTR_##attr
#define TIME_ALL(attr)  ATIME, false, true, 0, MOUNT_ATTR_##attr
#define NOT(attr)       ATIME, true, false, 0, MOUNT_ATTR_##attr
#define NOT_ALL(attr)   ATIME, true, true, 0, MOUNT_ATTR_##attr
#define PROP(flag)      PROPAGATION, false, false, 0, MS_##flag
#define PROP_ALL(flag)  PROPAGATION, false, true, 0, MS_##flag | MS_REC
#define DO(what)        ACTION, false, false, 0, what

/* Sorted by name: looked up by bsearch(3). */
static const struct row rows[] = {
        { "async",          NO_SB(SYNC) },
        { "atime",          NOT(NOATIME) },
        { "bind",           DO(MOUNT_BIND) },
        { "copy-symlink",   DO(MOUNT_COPY_SYMLINK) },
        { "defaults",       NOTHING },
        { "dest-nofollow",  DO(MOUNT_DEST_NOFOLLOW) },
        { "dev",            CLEAR(NODEV) },
        { "diratime",       CLEAR(NODIRATIME) },
        { "dirsync",        SB(DIRSYNC) },
        { "exec",           CLEAR(NOEXEC) },
        { "idmap",          DO(MOUNT_IDMAP) },
        { "iversion",       SB(IVERSION) },
        { "lazytime",       SB(LAZYTIME) },
        { "loud",           NOTHING },
        { "mand",           SB(MAND) },
        { "noatime",        TIME(NOATIME) },
        { "nodev",          SET(NODEV) },
        { "nodiratime",     SET(NODIRATIME) },
        { "noexec",         SET(NOEXEC) },
        { "noiversion",     NO_SB(IVERSION) },
        { "nolazytime",     NO_SB(LAZYTIME) },
        { "nomand",         NO_SB(MAND) },
        { "norelatime",     NOT(RELATIME) },
        { "nostrictatime",  NOT(STRICTATIME) },
        { "nosuid",         SET(NOSUID) },
        { "nosymfollow",    SET(NOSYMFOLLOW) },
        { "private",        PROP(PRIVATE) },
        { "ratime",         NOT_ALL(NOATIME) },
        { "rbind",          DO(MOUNT_BIND | MOUNT_RECURSIVE) },
        { "rdev",           CLEAR_ALL(NODEV) },
        { "rdiratime",      CLEAR_ALL(NODIRATIME) },
        { "relatime",       TIME(RELATIME) },
        { "remount",        DO(MOUNT_REMOUNT) },
        { "rexec",          CLEAR_ALL(NOEXEC) },
        { "ridmap",         DO(MOUNT_RIDMAP) },
        { "rnoatime",       TIME_ALL(NOATIME) },
        { "rnodev",         SET_ALL(NODEV) },
        { "rnodiratime",    SET_ALL(NODIRATIME) },
        { "rnoexec",        SET_ALL(NOEXEC) },
        { "rnorelatime",    NOT_ALL(RELATIME) },
        { "rnostrictatime", NOT_ALL(STRICTATIME) },
        { "rnosuid",        SET_ALL(NOSUID) },
        { "rnosymfollow",   SET_ALL(NOSYMFOLLOW) },
        { "ro",             ATTR, false, false, MOUNT_SB_RDONLY, MOUNT_ATTR_RDONLY },
        { "rprivate",       PROP_ALL(PRIVATE) },
        { "rrelatime",      TIME_ALL(RELATIME) },
        { "rro",            SET_ALL(RDONLY) },
        { "rrw",            CLEAR_ALL(RDONLY) },
        { "rshared",        PROP_ALL(SHARED) },
        { "rslave",         PROP_ALL(SLAVE) },
        { "rstrictatime",   TIME_ALL(STRICTATIME) },
        { "rsuid",          CLEAR_ALL(NOSUID) },
        { "rsymfollow",     CLEAR_ALL(NOSYMFOLLOW) },
        { "runbindable",    PROP_ALL(UNBINDABLE) },
        { "rw",             ATTR, true, false, MOUNT_SB_RDONLY, MOUNT_ATTR_RDONLY },
        { "shared",         PROP(SHARED) },
        { "silent",         NOTHING },
        { "slave",          PROP(SLAVE) },
        { "src-nofollow",   DO(MOUNT_SRC_NOFOLLOW) },
        { "strictatime",    TIME(STRICTATIME) },
        { "suid",           CLEAR(NOSUID) },
        { "symfollow",      CLEAR(NOSYMFOLLOW) },
        { "sync",           SB(SYNC) },
        { "tmpcopyup",      DO(MOUNT_COPYUP) },
        { "unbindable",     PROP(UNBINDABLE) },
};

static const struct {
        unsigned flag;
        const char *set, *clear;
} sb_words[] = {
        { MOUNT_SB_RDONLY,   "ro",       "rw" },
        { MOUNT_SB_SYNC,     "sync",     "async" },
        { MOUNT_SB_DIRSYNC,  "dirsync",  NULL },
        { MOUNT_SB_LAZYTIME, "lazytime", "nolazytime" },
        { MOUNT_SB_MAND,     "mand",     "nomand" },
};
/* clang-format on */

static int compare(const void *key, const void *row)
{
        return strcmp(key, ((const struct row *)row)->name);
}

static const struct row *find(const char *name)
{
        return bsearch(name, rows, ARRAY_SIZE(rows), sizeof(rows[0]), compare);
}

bool mount_options_known(const char *name)
{
        return find(name) != NULL || mount_options_idmap(name);
}

bool mount_options_is_bind(const struct oci_mount *m)
{
        return oci_mount_has_option(m, "bind") || oci_mount_has_option(m, "rbind") || str_eq(m->type, "bind");
}

bool mount_options_is_context(const char *word)
{
        static const char *const keys[] = { "context=", "fscontext=", "defcontext=", "rootcontext=" };

        for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
                if (str_has_prefix(word, keys[i]))
                        return true;
        return false;
}

bool mount_options_is_engine(const char *word)
{
        static const char *const words[] = { "U",      "Z",      "z",          "copy",
                                             "nocopy", "cached", "consistent", "delegated" };

        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                if (STREQ(word, words[i]))
                        return true;
        return str_has_prefix(word, "volume-opt=");
}

bool mount_options_is_cgroup(const char *word)
{
        /* cgroups(7), and the kernel's admin-guide/cgroup-v2.rst and cgroup-v1/cgroups.rst */
        static const char *const words[] = {
                "all",
                "blkio",
                "clone_children",
                "cpu",
                "cpuacct",
                "cpuset",
                "cpuset_v2_mode",
                "devices",
                "favordynmods",
                "freezer",
                "hugetlb",
                "memory",
                "memory_hugetlb_accounting",
                "memory_localevents",
                "memory_recursiveprot",
                "misc",
                "net_cls",
                "net_prio",
                "nofavordynmods",
                "none",
                "noprefix",
                "nsdelegate",
                "perf_event",
                "pids",
                "pids_localevents",
                "rdma",
                "xattr",
        };

        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                if (STREQ(word, words[i]))
                        return true;
        return str_has_prefix(word, "name=") || mount_options_is_context(word);
}

const char *mount_options_idmap(const char *word)
{
        const char *value = str_has_prefix(word, "ridmap=")  ? word + 7
                            : str_has_prefix(word, "idmap=") ? word + 6
                                                             : NULL;

        return value && *value ? value : NULL;
}

static void add_propagation(struct mount_options *o, unsigned flag)
{
        if (o->n_propagation > 0 && o->propagation[o->n_propagation - 1] == flag)
                return;
        if (o->n_propagation == MOUNT_MAX_PROPAGATION) { /* the first of so many has lost its meaning */
                memmove(o->propagation, o->propagation + 1,
                        sizeof(o->propagation) - sizeof(o->propagation[0]));
                o->n_propagation--;
        }
        o->propagation[o->n_propagation++] = flag;
}

static void apply(struct mount_options *o, const struct row *row)
{
        struct mount_attrs *a = row->rec ? &o->all : &o->top;

        if (row->sb) {
                o->sb_set &= ~row->sb;
                o->sb_clr &= ~row->sb;
                *(row->clear ? &o->sb_clr : &o->sb_set) |= row->sb;
        }
        switch (row->kind) {
        case ATTR:
                a->set &= ~row->value;
                a->clr &= ~row->value;
                *(row->clear ? &a->clr : &a->set) |= row->value;
                break;
        case ATIME:
                if (row->clear && (a->clr & MOUNT_ATTR__ATIME) && (a->set & MOUNT_ATTR__ATIME) != row->value)
                        break;
                a->set &= ~(uint64_t)MOUNT_ATTR__ATIME;
                if (!row->clear)
                        a->set |= row->value;
                a->clr |= MOUNT_ATTR__ATIME;
                break;
        case PROPAGATION:
                add_propagation(o, (unsigned)row->value);
                break;
        case ACTION:
                o->flags |= (unsigned)row->value;
                break;
        case NOTHING:
                break;
        }
}

/*
 * One word may hold several options, as engines join them for mount(2): at commas. SELinux's own words may
 * have double quotes around a context with commas, which the kernel's parser for mount(2) takes off (and
 * fsconfig(2) does not); in all other words a quote is a byte like any other. overlayfs has a way of its own
 * to write a comma, "\,", and only its parser for mount(2) takes the backslash off.
 */
static int add_data(struct mount_options *o, const char *type, const char *text, struct oci_arena *arena)
{
        bool overlay = type && STREQ(type, "overlay"), context = mount_options_is_context(text);
        bool quoted = false;
        char *buf, *out;

        if (!strpbrk(text, ",\"")) {
                if (*text)
                        o->data[o->n_data++] = text;
                return 0;
        }
        buf = out = oci_arena_alloc(arena, strlen(text) + 1);
        if (!buf)
                return -ENOMEM;
        for (; *text; text++) {
                if (overlay && text[0] == '\\' && text[1] == ',') {
                        *out++ = *++text;
                } else if (*text == '"' && context) {
                        quoted = !quoted;
                } else if (*text == ',' && !quoted) {
                        *out++ = '\0';
                        if (*buf)
                                o->data[o->n_data++] = buf;
                        buf = out;
                        context = mount_options_is_context(text + 1);
                } else {
                        *out++ = *text;
                }
        }
        *out = '\0';
        if (*buf)
                o->data[o->n_data++] = buf;
        return 0;
}

/* How many words add_data() could make at most. */
static size_t count_data(const struct oci_mount *m)
{
        size_t n = 0;

        for (size_t i = 0; i < m->n_options; i++) {
                n++;
                for (const char *p = m->options[i]; (p = strchr(p, ',')); p++)
                        n++;
        }
        return n;
}

int mount_options_parse(const struct oci_mount *m, struct oci_arena *arena, struct mount_options *ret,
                        struct cfs_error *err)
{
        struct mount_options o = { 0 };

        o.data = oci_arena_alloc(arena, (count_data(m) + 1) * sizeof(*o.data));
        if (!o.data)
                return err_nomem(err);
        for (size_t i = 0; i < m->n_options; i++) {
                const struct row *row = find(m->options[i]);

                if (row) {
                        apply(&o, row);
                } else if (mount_options_idmap(m->options[i])) {
                        o.flags |= m->options[i][0] == 'r' ? MOUNT_RIDMAP : MOUNT_IDMAP;
                        o.idmap = mount_options_idmap(m->options[i]);
                } else if (add_data(&o, m->type, m->options[i], arena) < 0) {
                        return err_nomem(err);
                }
        }
        /* No file system has that name, and engines have been seen to leave the option out. */
        if (m->type && STREQ(m->type, "bind"))
                o.flags |= MOUNT_BIND;
        /* config.md: mappings MUST be applied; the option only says how far. */
        if (m->n_uid_mappings > 0 && !(o.flags & MOUNT_RIDMAP))
                o.flags |= MOUNT_IDMAP;
        *ret = o;
        return 0;
}

uint64_t mount_options_new_attrs(const struct mount_options *o)
{
        uint64_t a = (o->top.set & ~o->all.clr) | o->all.set;

        return a;
}

const char *mount_options_data(const struct mount_options *o, const char *key)
{
        size_t n = strlen(key);

        for (size_t i = o->n_data; i-- > 0;)
                if (strncmp(o->data[i], key, n) == 0 && (o->data[i][n] == '=' || o->data[i][n] == '\0'))
                        return o->data[i][n] ? o->data[i] + n + 1 : o->data[i] + n;
        return NULL;
}

size_t mount_options_sb_words(const struct mount_options *o, bool also_clear, const char **words)
{
        size_t n = 0;

        for (size_t i = 0; i < ARRAY_SIZE(sb_words); i++) {
                if (o->sb_set & sb_words[i].flag)
                        words[n++] = sb_words[i].set;
                else if (also_clear && (o->sb_clr & sb_words[i].flag) && sb_words[i].clear)
                        words[n++] = sb_words[i].clear;
        }
        return n;
}

const char *const *mount_options_names(void)
{
        static const char *names[ARRAY_SIZE(rows) + 1];

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                names[i] = rows[i].name;
        return names;
}
