/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names of all capabilities, NULL-terminated. */
#ifndef BOX_BUNDLE_SECURITY_H
#define BOX_BUNDLE_SECURITY_H

const char *const *security_all_caps(void);

#endif
