/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The resource control file system (Documentation/arch/x86/resctrl.rst): shares of the cache and of memory
 * bandwidth.
 *
 * A group is a directory. Its file `schemata` has one line per resource ("L3:0=ff;1=f"), its file `tasks` the
 * threads.
 */
#ifndef RESCTRL_RESCTRL_H
#define RESCTRL_RESCTRL_H

#include "base/err.h"
#include <stdbool.h>

/* Where it is mounted; proc_fd is open on a procfs. CFS_E_UNSUPPORTED when it is mounted nowhere. The
 * caller frees. */
int resctrl_find(int proc_fd, char **ret_root, struct cfs_error *err);

/* Writes `text` to a file of a group, in one write(2). When the kernel refuses it, the hint says why
 * (ROOT/info/last_cmd_status). */
int resctrl_write(const char *root, const char *group, const char *file, const char *text,
                  struct cfs_error *err);

/* Writes each line to the group's schemata in a write(2) of its own: the kernel takes or refuses whole
 * lines. */
int resctrl_write_lines(const char *root, const char *group, const char *lines, struct cfs_error *err);

/* Reads the group's schemata. The caller frees. */
int resctrl_read(const char *group, char **ret, struct cfs_error *err);

/* Do the lines that are asked for agree with the text of a schemata file? The kernel pads what it prints,
 * and domains that are not asked for may be anything. */
bool resctrl_agrees(const char *asked, const char *schemata);

#endif
