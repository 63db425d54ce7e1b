/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The resource control file system: where it is, and reading and writing its files.
 *
 * A write that the kernel refuses fails with EINVAL for many reasons; the words are in info/last_cmd_status.
 */
#include "resctrl/resctrl.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/mountinfo.h"
#include "base/str.h"
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

#define SCHEMATA_MAX 65536

int resctrl_find(int proc_fd, char **ret_root, struct cfs_error *err)
{
        _cleanup_mountinfo_ struct mountinfo m = { 0 };
        struct statfs fs;
        int r;

        if (statfs("/sys/fs/resctrl", &fs) == 0 && fs.f_type == RDTGROUP_SUPER_MAGIC)
                return str_dup(ret_root, "/sys/fs/resctrl", err);
        r = mountinfo_read(&m, proc_fd, "self/mountinfo", err);
        if (r < 0)
                return r;
        while (mountinfo_next(&m))
                if (STREQ(m.type, "resctrl"))
                        return str_dup(ret_root, m.point, err);
        r = err_set(err, CFS_E_UNSUPPORTED, "no resctrl file system is mounted");
        return err_hint(err, r, "where the processor supports it: mount -t resctrl resctrl /sys/fs/resctrl");
}

/* ---- do schemata agree? -------------------------------------------------------------------------------- */

/* One line without blanks and leading zeros: the kernel pads what it prints ("    L3:0=0ff;1=00f"). */
static void normalise(const char *line, size_t n, struct str *s)
{
        char last = '=';

        for (size_t i = 0; i < n; i++) {
                bool more = i + 1 < n && strchr("0123456789abcdefABCDEF", line[i + 1]) && line[i + 1];

                if (line[i] == ' ' || line[i] == '\t')
                        continue;
                if (line[i] == '0' && strchr("=:;", last) && more)
                        continue;
                last = line[i] >= 'A' && line[i] <= 'F' && strchr("=0123456789abcdef", last)
                               ? (char)(line[i] + 32)
                               : line[i];
                str_add_n(s, &last, 1);
        }
}

/* Is the domain "0=ff" (n bytes) among those of a line "L3:0=ff;1=f"? */
static bool has_domain(const char *line, const char *domain, size_t n)
{
        const char *p = strchr(line, ':');

        while (p) {
                p++;
                if (strcspn(p, ";") == n && strncmp(p, domain, n) == 0)
                        return true;
                p = strchr(p, ';');
        }
        return false;
}

/* Does the schemata file say what the (normalised) line asks for? Domains that it does not name may be
 * anything. */
static bool line_agrees(const char *line, const char *file)
{
        size_t resource = strcspn(line, ":") + 1;

        if (!line[resource - 1])
                return false;
        for (const char *f = file; *f;) {
                _cleanup_str_ struct str have = { 0 };
                size_t n = strcspn(f, "\n");

                normalise(f, n, &have);
                f += n + (f[n] == '\n');
                if (!have.p || strncmp(have.p, line, resource) != 0)
                        continue;
                for (const char *d = line + resource; *d;) {
                        size_t len = strcspn(d, ";");

                        if (len && !has_domain(have.p, d, len))
                                return false;
                        d += len + (d[len] == ';');
                }
                return true;
        }
        return false;
}

bool resctrl_agrees(const char *asked, const char *schemata)
{
        while (*asked) {
                _cleanup_str_ struct str line = { 0 };
                size_t n = strcspn(asked, "\n");

                normalise(asked, n, &line);
                if (n > 0 && (!line.p || !line_agrees(line.p, schemata)))
                        return false;
                asked += n + (asked[n] == '\n');
        }
        return true;
}

/* ---- files --------------------------------------------------------------------------------------------- */

int resctrl_write(const char *root, const char *group, const char *file, const char *text,
                  struct cfs_error *err)
{
        _cleanup_free_ char *path = NULL, *status = NULL;
        char why[256];
        int r;

        r = str_printf(&path, err, "%s/%s", group, file);
        if (r < 0)
                return r;
        r = io_write_small(AT_FDCWD, path, text, err);
        if (r >= 0)
                return 0;
        if (str_printf(&status, err, "%s/info/last_cmd_status", root) == 0 &&
            io_read_small(AT_FDCWD, status, why, sizeof(why)) > 0 && !STREQ(why, "ok"))
                r = err_hint(err, r, "resctrl says: %s", why);
        return r;
}

int resctrl_write_lines(const char *root, const char *group, const char *lines, struct cfs_error *err)
{
        while (*lines) {
                _cleanup_free_ char *line = NULL;
                size_t n = strcspn(lines, "\n");
                int r = str_printf(&line, err, "%.*s\n", (int)n, lines);

                if (r == 0 && n)
                        r = resctrl_write(root, group, "schemata", line, err);
                if (r < 0)
                        return r;
                lines += n + (lines[n] == '\n');
        }
        return 0;
}

int resctrl_read(const char *group, char **ret, struct cfs_error *err)
{
        _cleanup_free_ char *path = NULL;
        int r = str_printf(&path, err, "%s/schemata", group);

        return r < 0 ? r : io_read_file(AT_FDCWD, path, SCHEMATA_MAX, ret, NULL, err);
}
