/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Command line options, described by constant tables: the parser, the help, the manual pages and the shell
 * completions all read the same rows.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "base/cfs-error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_kind {
        OPTION_FLAG,  /* bool: --detach, --detach=false                                          */
        OPTION_TRI,   /* int: -1 until given, then 1 or 0                                        */
        OPTION_TEXT,  /* const char *: NULL until given; the last one wins                       */
        OPTION_MAYBE, /* the same, but an empty value is as good as none: --memory "$UNSET"    */
        OPTION_INT,   /* int, zero or more                                                       */
        OPTION_LIST,  /* const char **: NULL until given; NULL-terminated, in order, repeatable  */
};

/* The offset of an option that is accepted and means nothing to cfs. */
#define OPTION_IGNORED SIZE_MAX

/* One row. A table ends with an empty row. */
struct option_def {
        const char *name;      /* without dashes                                                     */
        char letter;           /* or 0                                                               */
        enum option_kind kind; /* what the field at `offset` of the values is                        */
        size_t offset;
        const char *value;   /* placeholder in the help: FILE, DIR, N ...; NULL for flags            */
        const char *choices; /* the values that are allowed, separated by blanks; NULL: any          */
        const char *help;    /* one line, no full stop; NULL: not shown                              */
};

/* Of a command that has no options. */
extern const struct option_def options_none[];

struct options_rest {
        const char **args; /* what is not an option, NULL-terminated; the caller frees the array          */
        unsigned n;
        bool help; /* --help was met: nothing after it was looked at                                  */
};

/* Parses argv[0..argc) into `values`, the structure that the offsets are of, zeroed by the caller. Options
 * end at "--", and after `stop_after` arguments that are none (0: never). Strings point into argv. */
int options_parse(const struct option_def *defs, unsigned stop_after, int argc, char **argv, void *values,
                  struct options_rest *ret, struct cfs_error *err);

/* Frees the lists. */
void options_free(const struct option_def *defs, void *values);

/* The one of n names that a user may have meant by `word`, or NULL. name(data, i) yields them. */
const char *options_nearest(const char *word, const char *(*name)(const void *data, size_t i),
                            const void *data, size_t n);

#endif
