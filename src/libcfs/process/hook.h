/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Running one hook: see hook.c. */
#ifndef LIBCFS_HOOK_H
#define LIBCFS_HOOK_H

#include "base/err.h"
#include "ocispec.h"
#include <stdbool.h>

struct hook_call {
        const char *kind; /* "createRuntime": its property is hooks.createRuntime[index] */
        size_t index;
        const struct oci_hook *hook;
        const char *state; /* the JSON document for its standard input */
        size_t state_len;
        const char *cwd;
        char *const *env; /* for a hook that has no env, NULL-terminated; NULL: the runtime's own */
        /* Called in the hook's process, last before the execve; 0 or -errno. NULL: nothing. It shares this
         * one's memory. */
        int (*confine)(void *data);
        void *confine_data;
        int out_fd, err_fd; /* where its output goes; -1: kept, to be shown when it fails */
        bool ends;          /* a blocked signal that is to end us ends the hook: signals_take_end() */
};

/* Runs a hook to its end. Fails with CFS_E_HOOK when it could not be executed, did not exit with status 0, or
 * took longer than its timeout or than until a signal was to end us; then it and its process group have been
 * killed. */
int hook_run(const struct hook_call *call, struct cfs_error *err);

#endif
