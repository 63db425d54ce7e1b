/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Is a label one that this host's SELinux knows? libselinux asks the kernel, security_check_context(3); any
 * failure but EINVAL does not answer that, and what the kernel thinks of the label is seen when it is
 * applied.
 */
#include "base/selinux_label.h"
#include "base/constructors.h"
#include <errno.h>
#include <selinux/selinux.h>

enum selinux_label selinux_label_look_up(const char *label)
{
        constructors_needed();
        if (is_selinux_enabled() <= 0)
                return SELINUX_LABEL_NO_SELINUX;
        return security_check_context_raw(label) < 0 && errno == EINVAL ? SELINUX_LABEL_UNKNOWN
                                                                        : SELINUX_LABEL_KNOWN;
}
