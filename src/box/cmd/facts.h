/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What `docker inspect` says of a container and of an image, for templates: {{.State.Status}},
 * {{.NetworkSettings.IPAddress}}, {{.Config.Env}}. Each function makes a JSON text that the caller frees.
 */
#ifndef BOX_CMD_FACTS_H
#define BOX_CMD_FACTS_H

#include "base/err.h"
#include "oci.h"

/* `paused`: it runs, and is frozen. */
int facts_container(const struct oci_box_container *c, bool paused, char **ret, struct cfs_error *err);
int facts_image(const struct oci_box_image *image, char **ret, struct cfs_error *err);

#endif
