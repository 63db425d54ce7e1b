/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Removing what is below a directory. */
#ifndef BASE_RMTREE_H
#define BASE_RMTREE_H

/* Removes all that is in a directory (opened O_RDONLY), not the directory itself. Nothing is followed or
 * entered but directories; one that is mounted on is -EBUSY. 0 or -errno, without a message. */
int rmtree_contents(int dir_fd);

#endif
