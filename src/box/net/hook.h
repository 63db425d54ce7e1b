/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The network of a container, as a hook of any OCI runtime makes it (createRuntime) and takes it down
 * (poststop).
 */
#ifndef BOX_NET_HOOK_H
#define BOX_NET_HOOK_H

#include "base/err.h"
#include <stdbool.h>

struct hook_options {
        const char *state;    /* directory that remembers what was made                          */
        const char *network;  /* name of the network                                             */
        const char *networks; /* directory of configuration lists; besides /etc/cni/net.d        */
        const char *plugins;  /* directory of the plugins; NULL: the usual ones                  */
        const char *hosts;    /* file that gets a line with the address; NULL: none              */
        const char *hostname; /* for that line                                                   */
        const char *const *ports;
        const char *const *names; /* by which the others in the network find it                  */
        bool user_mode;           /* pasta or slirp4netns in place of plugins                        */
};

/* `text`: the state that the runtime gives a hook on standard input. */
int hook_run(const struct hook_options *o, const char *text, struct cfs_error *err);

#endif
