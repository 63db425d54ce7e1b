/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Documents of lists under the names that docker gives to their columns: what templates of docker's users
 * ask for (docker's manual, "docker container ls", "Format the output"). Each function makes a JSON text
 * that the caller frees.
 */
#ifndef BOX_CMD_ROWS_H
#define BOX_CMD_ROWS_H

#include "box/cmd/output.h"

int rows_container(const void *document, const struct output_options *o, char **ret, struct cfs_error *err);
int rows_stats(const void *document, const struct output_options *o, char **ret, struct cfs_error *err);
int rows_volume(const void *document, const struct output_options *o, char **ret, struct cfs_error *err);
int rows_network(const void *document, const struct output_options *o, char **ret, struct cfs_error *err);
/* An image has a line for each of its names; NULL: it has none. */
int rows_image(const struct oci_box_image *image, const char *name, bool no_trunc, char **ret,
               struct cfs_error *err);
int rows_event(const struct oci_box_event *event, char **ret, struct cfs_error *err);

/* "0.0.0.0:8080->80/tcp, ...", as ps shows the ports. */
int rows_ports(const struct oci_box_container *c, char **ret, struct cfs_error *err);

#endif
