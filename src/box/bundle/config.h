/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Makes config.json from the configuration of an image and the options of the user.
 */
#ifndef BOX_BUNDLE_CONFIG_H
#define BOX_BUNDLE_CONFIG_H

#include "box/core/box.h"
#include "box/bundle/options.h"
#include <limits.h>

/* How a container's network is made. */
enum config_network { CONFIG_NET_NONE, CONFIG_NET_HOST, CONFIG_NET_JOIN, CONFIG_NET_CNI, CONFIG_NET_USER };

/* Volumes to fill: an empty one gets a copy of the files that the image has where the volume is mounted. */
struct config_fill {
        char name[128], destination[PATH_MAX];
};
struct config_fills {
        struct config_fill *list; /* the caller frees it */
        size_t n;
};

/* What --volumes-from finds in other containers. */
struct config_from_mount {
        char *source, *destination;
        bool readonly;
};

struct config_from {
        struct config_from_mount *list;
        size_t n;
};

struct config_input {
        const struct box *box;
        const struct run_options *o;
        const struct oci_image_config *image; /* may be NULL */
        const char *id, *hostname;
        const char *dir; /* the bundle: where hosts, resolv.conf and hostname are */
        int root_fd;     /* the mounted root file system, for user names          */
        enum config_network net;
        const char *net_name;   /* CNI: the network; JOIN: the path of the namespace     */
        const char *known_name; /* the name by which other containers of the network find it; NULL: none */
        char *const *ports;     /* to publish */
        size_t n_ports;
        uint32_t host_id, n_ids; /* a user namespace; n_ids 0: none */
        struct config_from from;
        struct config_fills *fills; /* out: the volumes to fill; may be NULL */
};

/* The configuration while it is made. */
struct config {
        const struct config_input *in;
        struct oci_config *c;
        struct oci_arena *arena, *seccomp_arena; /* the second one: of a profile that was read, or NULL */
        struct cfs_error *err;
        size_t n_usual;     /* mounts that the user did not ask for */
        unsigned n_unnamed; /* volumes without a name                  */
};

/* The document, indented. The caller frees. */
int config_build(const struct config_input *in, char **ret, struct cfs_error *err);

/* The command to run: the entry point and the arguments. Lives in the arena. */
int config_command(const struct run_options *o, const struct oci_image_config *image, struct oci_arena *arena,
                   char ***ret, size_t *ret_n, struct cfs_error *err);

/* Sets "KEY=VALUE" in *map (NULL: an empty map); "KEY" alone sets "". Makes a new map, with copies in the
 * arena, and stores it in *map. */
int config_put(struct oci_arena *arena, const char *text, struct oci_string_map **map, struct cfs_error *err);

/* The labels of the container: those of the image (NULL: no image), replaced by those of --label; the last
 * --label of a name counts. *ret is NULL when there are none. Lives in the arena, and in the image's
 * configuration. */
int config_labels(const struct run_options *o, const struct oci_image_config *image, struct oci_arena *arena,
                  struct oci_string_map **ret, struct cfs_error *err);

/* Appends to an array of strings (that lives in the arena) a formatted one. */
int config_append(struct config *x, char ***list, size_t *n, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));

/* The parts, each in a file of its own. */
int mounts_apply(struct config *x);   /* mounts.c: -v, --mount, --tmpfs, /etc/hosts ...  */
int limits_apply(struct config *x);   /* limits.c: --memory and so on                    */
int security_apply(struct config *x); /* security.c: capabilities, seccomp, --device ... */

#endif
