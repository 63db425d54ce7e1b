/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A bundle's configuration, loaded into a context. */
#ifndef LIBCFS_BUNDLE_H
#define LIBCFS_BUNDLE_H

#include "libcfs/walk/ctx.h"

/* Reads the text of BUNDLE/config.json (or of the file `config`) into ctx. bundle NULL: the current
 * directory. */
int bundle_read(struct ctx *c, const char *bundle, const char *config, struct cfs_error *err);

/* bundle_read(), and decodes the text; then bundle_documents(). */
int bundle_load(struct ctx *c, const char *bundle, const char *config, struct cfs_error *err);

/* Given ctx->config: points linux_, process and hooks into it, or at empty documents, and computes the
 * fields of ctx that follow from the documents alone. */
int bundle_documents(struct ctx *c, struct cfs_error *err);

/* Points ctx->config at a document made of what the record (ctx->state) keeps for exec. */
int bundle_from_record(struct ctx *c, struct cfs_error *err);

/* Puts "config.json:41:17: " in front of an error whose property is found in the document. Returns r. */
int bundle_locate(const struct ctx *c, int r, struct cfs_error *err);

#endif
