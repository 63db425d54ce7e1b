/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A client of CNI plugins: CNI specification 1.0, section 4.
 */
#ifndef BOX_NET_CNI_H
#define BOX_NET_CNI_H

#include "base/err.h"
#include <stddef.h>

#define CNI_INTERFACE "eth0" /* in the container */

struct cni {
        const char *plugins;      /* the directories of the plugins, as in PATH         */
        const char *list;         /* the text of the configuration list                 */
        const char *name;         /* what messages call it                              */
        const char *id;           /* of the container                                   */
        const char *netns;        /* path of the network namespace; NULL: it is gone    */
        const char *const *ports; /* "[ADDRESS:][HOST:]PORT[/PROTOCOL]"              */
        size_t n_ports;
};

/* Runs the plugins in order. *ret_result is what the last one printed; the caller frees. On failure those
 * that ran are undone. */
int cni_add(const struct cni *c, char **ret_result, struct cfs_error *err);

/* Runs them in reverse order. result: what ADD gave, or NULL. Goes on after a failure, and returns the
 * first. */
int cni_del(const struct cni *c, const char *result, struct cfs_error *err);

/* The configuration for one plugin of the list: its own members, and name, cniVersion, prevResult and
 * runtimeConfig. For the unit test. */
int cni_config(const char *plugin, size_t len, const char *name, const char *version, const char *result,
               const char *runtime_config, char **ret, struct cfs_error *err);

#endif
