/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The error that every function of cfs fills when it fails.
 *
 * It is a plain structure of fixed size, allocated by the caller, so that it can be filled after malloc has
 * failed, inside the container's init, and sent over a socket as it is. A function that returns a negative
 * value has filled it exactly once; one that returns zero or more has left it alone.
 *
 * The sentence in `text` is complete: it is what a user reads. The other fields repeat parts of it for
 * machines (the JSON log line, see "ERRORS AND THE LOG" in docs/man/cfs.8) and are empty where unknown.
 */
#ifndef CFS_ERROR_H
#define CFS_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

/* What went wrong, as a stable code. The names (without CFS_E_, lower case) are written to the JSON log. */
enum cfs_code {
        CFS_E_NONE = 0,
        CFS_E_INVALID,     /* the caller's arguments or the bundle's documents break a rule            */
        CFS_E_NOT_FOUND,   /* no such container                                                        */
        CFS_E_EXISTS,      /* a container with this ID exists                                          */
        CFS_E_STATE,       /* the container is not in the state that the operation needs               */
        CFS_E_UNSUPPORTED, /* this kernel, machine, user or build of cfs cannot do what was asked      */
        CFS_E_SYSTEM,      /* a system call failed                                                     */
        CFS_E_HOOK,        /* a hook failed                                                            */
        CFS_E_EXEC,        /* the user's program could not be executed                                 */
        CFS_E_DIED,        /* the container's init ended before it should have                         */
        CFS_E_NOMEM,       /* out of memory                                                            */
        CFS_E_TIMEOUT,     /* a deadline passed                                                        */
        CFS_E_BUG,         /* cfs broke one of its own rules; please report it                         */
};

struct cfs_error {
        enum cfs_code code;
        int errnum;         /* errno of the failed call, or 0                                          */
        char property[160]; /* JSON path in config.json, as "mounts[3].source"                         */
        char phase[48];     /* which walk and row failed, as "create/init/linux.sysctl"                */
        char syscall[24];   /* name of the failed system call                                          */
        char path[512];     /* the file that was the object of the failed call                         */
        char hint[320];     /* what the user could do about it: one sentence                           */
        char excerpt[100];  /* the line of a document at which it is not JSON any more                 */
        unsigned caret;     /* the column of that place in the excerpt, from 0                         */
        char text[1600];    /* the whole message, one line, without a trailing newline                 */
};

#ifdef __cplusplus
}
#endif
#endif
