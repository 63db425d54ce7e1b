/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * passwd(5): name:password:UID:GID:comment:home:shell. group(5): name:password:GID:members.
 *
 * A number is a number, even when a user is called so: as docker does, a name is tried first, so that a user
 * "1000" of the image is found by name.
 */
#include "box/bundle/user.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/path.h"
#include "base/str.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define MAX_FILE (4U << 20)

/* Field i of a line, without the end of the line. */
static const char *field(const char *line, unsigned i, size_t *ret_len)
{
        for (; i > 0; i--) {
                line += strcspn(line, ":\n");
                if (*line != ':')
                        return NULL;
                line++;
        }
        *ret_len = strcspn(line, ":\n");
        return line;
}

static bool is(const char *line, unsigned i, const char *text)
{
        size_t len;
        const char *f = field(line, i, &len);

        return f && strlen(text) == len && memcmp(f, text, len) == 0;
}

static bool number(const char *line, unsigned i, uint32_t *ret)
{
        char buf[16];
        size_t len;
        const char *f = field(line, i, &len);

        if (!f || len == 0 || len >= sizeof(buf))
                return false;
        memcpy(buf, f, len);
        buf[len] = '\0';
        return str_to_id(buf, ret) == 0;
}

static const char *next(const char *line)
{
        line += strcspn(line, "\n");
        return *line ? line + 1 : line;
}

/* The line whose first field is the name, or else whose third is the number. */
static const char *find(const char *text, const char *wanted)
{
        uint32_t id, n;

        for (const char *l = text; *l; l = next(l))
                if (is(l, 0, wanted) && *wanted)
                        return l;
        if (str_to_id(wanted, &id) < 0)
                return NULL;
        for (const char *l = text; *l; l = next(l))
                if (number(l, 2, &n) && n == id)
                        return l;
        return NULL;
}

static bool is_member(const char *line, const char *name, size_t name_len)
{
        size_t len;
        const char *f = field(line, 3, &len), *end = f ? f + len : NULL;

        while (f && f < end) {
                size_t n = strcspn(f, ",:\n");

                if (n == name_len && memcmp(f, name, n) == 0)
                        return true;
                f += n + 1;
        }
        return false;
}

static void add_groups(const char *group, const char *line, struct user *u)
{
        size_t len;
        const char *name = field(line, 0, &len);
        uint32_t gid;

        for (const char *l = group; *l && u->n_groups < USER_MAX_GROUPS; l = next(l))
                if (is_member(l, name, len) && number(l, 2, &gid) && gid != u->gid)
                        u->groups[u->n_groups++] = gid;
}

static int find_user(const char *passwd, const char *name, struct user *u, const char **ret_line,
                     struct cfs_error *err)
{
        const char *line = find(passwd, name), *home;
        size_t len;

        if (!line && str_to_id(name, &u->uid) < 0)
                return err_set(err, CFS_E_NOT_FOUND, "user `%s` is not in the image's /etc/passwd", name);
        if (line && (!number(line, 2, &u->uid) || !number(line, 3, &u->gid)))
                return err_set(err, CFS_E_INVALID, "the image's /etc/passwd has a broken line for user `%s`",
                               name);
        if (line && (home = field(line, 5, &len)) && len > 0 && len < sizeof(u->home) && *home == '/')
                (void)snprintf(u->home, sizeof(u->home), "%.*s", (int)len, home);
        *ret_line = line;
        return 0;
}

int user_find_in(const char *passwd, const char *group, const char *spec, struct user *ret,
                 struct cfs_error *err)
{
        const char *colon, *line = NULL, *group_line;
        _cleanup_free_ char *name = NULL;
        int r;

        *ret = (struct user){ .home = "/" };
        if (str_empty(spec))
                spec = "0";
        colon = strchr(spec, ':');
        name = strndup(spec, colon ? (size_t)(colon - spec) : strlen(spec));
        if (!name)
                return err_nomem(err);
        r = find_user(passwd, *name ? name : "0", ret, &line, err);
        if (r < 0)
                return r;
        if (colon && colon[1]) {
                group_line = find(group, colon + 1);
                if (group_line ? !number(group_line, 2, &ret->gid) : str_to_id(colon + 1, &ret->gid) < 0)
                        return err_set(err, CFS_E_NOT_FOUND, "group `%s` is not in the image's /etc/group",
                                       colon + 1);
        } else if (line) {
                add_groups(group, line, ret);
        }
        return 0;
}

static int read_in_root(int root_fd, const char *path, char **ret, struct cfs_error *err)
{
        _cleanup_close_ int fd = path_open_in_root(root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, NULL);
        struct stat st;

        /* A FIFO would block, a device could do anything. */
        if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
                return str_dup(ret, "", err);
        return io_read_fd(fd, path, MAX_FILE, ret, NULL, err);
}

int user_find(int root_fd, const char *spec, struct user *ret, struct cfs_error *err)
{
        _cleanup_free_ char *passwd = NULL, *group = NULL;
        int r = read_in_root(root_fd, "/etc/passwd", &passwd, err);

        if (r >= 0)
                r = read_in_root(root_fd, "/etc/group", &group, err);
        return r < 0 ? r : user_find_in(passwd, group, spec, ret, err);
}

int user_add_group(int root_fd, const char *name, struct user *u, struct cfs_error *err)
{
        _cleanup_free_ char *group = NULL;
        const char *line;
        uint32_t gid;
        int r = read_in_root(root_fd, "/etc/group", &group, err);

        if (r < 0)
                return r;
        line = find(group, name);
        if (line ? !number(line, 2, &gid) : str_to_id(name, &gid) < 0)
                return err_set(err, CFS_E_NOT_FOUND, "group `%s` is not in the image's /etc/group", name);
        for (size_t i = 0; i < u->n_groups; i++)
                if (u->groups[i] == gid)
                        return 0;
        if (u->n_groups == USER_MAX_GROUPS)
                return err_set(err, CFS_E_INVALID, "--group-add %s: there are %d groups already", name,
                               USER_MAX_GROUPS);
        u->groups[u->n_groups++] = gid;
        return 0;
}
