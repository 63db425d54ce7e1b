/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values of org.systemd.property.* annotations: GVariant's text format, as D-Bus values. */
#ifndef DBUS_GVARIANT_H
#define DBUS_GVARIANT_H

#include "dbus/dbus.h"

/* Puts a variant. seconds: a number of seconds is turned into a uint64 of microseconds.
 * -EINVAL without a message; the body is then to be thrown away. */
int gvariant_put(struct dbus_body *b, const char *text, bool seconds);

#endif
