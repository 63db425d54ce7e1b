/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parses options that are amounts, numbers, ports or restart policies. Errors name the option.
 */
#ifndef BOX_BUNDLE_PARSE_H
#define BOX_BUNDLE_PARSE_H

#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

/* "512m", "1.5G", "100k", "4096", "64MiB": bytes. -1 is allowed when `unlimited`. */
int parse_bytes(const char *option, const char *text, bool unlimited, int64_t *ret, struct cfs_error *err);

/* "1.5": thousandths, rounded. */
int parse_milli(const char *option, const char *text, uint64_t *ret, struct cfs_error *err);

int parse_number(const char *option, const char *text, uint64_t min, uint64_t max, uint64_t *ret,
                 struct cfs_error *err);

int parse_signed(const char *option, const char *text, int32_t min, int32_t max, int32_t *ret,
                 struct cfs_error *err);

/* A published port: [ADDRESS:][HOST:]CONTAINER[/PROTOCOL], where HOST and CONTAINER may be ranges of the
 * same length. */
struct parse_port {
        char address[64]; /* "": all */
        unsigned host, container, count;
        char protocol[8]; /* tcp, udp, sctp */
        bool any;         /* HOST is missing or 0: any free port; `host` equals `container` */
};
int parse_port(const char *text, struct parse_port *ret, struct cfs_error *err);

/* A restart policy: "no", "always", "unless-stopped", "on-failure[:N]". ret_max: 0 for no limit. */
enum parse_restart { PARSE_RESTART_NO, PARSE_RESTART_ON_FAILURE, PARSE_RESTART_ALWAYS };
int parse_restart(const char *text, enum parse_restart *ret, unsigned *ret_max, struct cfs_error *err);

#endif
