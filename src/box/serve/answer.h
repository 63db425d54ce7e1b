/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Making a request's answer.
 */
#ifndef BOX_SERVE_ANSWER_H
#define BOX_SERVE_ANSWER_H

#include "box/serve/server.h"

#define ANSWER_JSON "application/json"

/* text is taken over, and freed even on failure. */
int answer_text(struct request *q, unsigned status, const char *type, char *text, size_t len,
                struct cfs_error *err);
/* For a text that is constant: it is not copied. */
int answer_constant(struct request *q, const char *type, const void *data, size_t len, struct cfs_error *err);
int answer_json(struct request *q, unsigned status, const struct oci_type *type, const void *document,
                struct cfs_error *err);
int answer_nothing(struct request *q, struct cfs_error *err); /* 204 */
/* For an answer whose length is not known: reader(q) is called for each part. */
int answer_stream(struct request *q, const char *type, MHD_ContentReaderCallback reader,
                  struct cfs_error *err);
int answer_header(struct request *q, const char *name, const char *value, struct cfs_error *err);

/* Replaces the answer by an error document. */
int answer_error(struct request *q, unsigned status, const struct cfs_error *e);
/* The status for an error. */
unsigned answer_status_of(const struct cfs_error *err);

#endif
