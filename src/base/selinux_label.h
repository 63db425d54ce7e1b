/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the SELinux policy of this host knows a label. */
#ifndef BASE_SELINUX_LABEL_H
#define BASE_SELINUX_LABEL_H

enum selinux_label {
        SELINUX_LABEL_KNOWN,
        SELINUX_LABEL_UNKNOWN, /* the policy that is loaded does not know it */
        SELINUX_LABEL_NO_SELINUX,
};

enum selinux_label selinux_label_look_up(const char *label);

#endif
