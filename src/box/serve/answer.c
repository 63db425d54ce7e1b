/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Responses of libmicrohttpd, with the headers that all have.
 */
#include "box/serve/answer.h"
#include "base/cleanup.h"
#include "box/core/document.h"
#include "box/serve/routes.h"

int answer_header(struct request *q, const char *name, const char *value, struct cfs_error *err)
{
        return MHD_add_response_header(q->response, name, value) == MHD_YES ? 0 : err_nomem(err);
}

static int set_response(struct request *q, unsigned status, const char *type, struct MHD_Response *response,
                        struct cfs_error *err)
{
        int r = 0;

        if (!response)
                return err_nomem(err);
        q->response = response;
        q->status = status;
        if (type)
                r = answer_header(q, "Content-Type", type, err);
        if (r >= 0)
                r = answer_header(q, "Cache-Control",
                                  q->route && q->route->flags & ROUTE_FILE ? "no-cache" : "no-store", err);
        if (r >= 0)
                r = answer_header(q, "X-Content-Type-Options", "nosniff", err);
        if (r >= 0)
                r = answer_header(q, "Cross-Origin-Resource-Policy", "same-origin", err);
        return r < 0 ? r : answer_header(q, "Referrer-Policy", "no-referrer", err);
}

int answer_text(struct request *q, unsigned status, const char *type, char *text, size_t len,
                struct cfs_error *err)
{
        struct MHD_Response *response = MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);

        if (!response)
                free(text);
        return set_response(q, status, type, response, err);
}

int answer_constant(struct request *q, const char *type, const void *data, size_t len, struct cfs_error *err)
{
        return set_response(q, 200, type,
                            MHD_create_response_from_buffer(len, (void *)data, MHD_RESPMEM_PERSISTENT), err);
}

int answer_json(struct request *q, unsigned status, const struct oci_type *type, const void *document,
                struct cfs_error *err)
{
        char *text = NULL;
        size_t len = 0;
        int r = document_encode(type, (void *)document, 0, &text, &len, err);

        return r < 0 ? r : answer_text(q, status, "application/json", text, len, err);
}

int answer_nothing(struct request *q, struct cfs_error *err)
{
        return set_response(q, 204, NULL, MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT),
                            err);
}

int answer_stream(struct request *q, const char *type, MHD_ContentReaderCallback reader,
                  struct cfs_error *err)
{
        return set_response(q, 200, type,
                            MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 16384, reader, q, NULL), err);
}

int answer_error(struct request *q, unsigned status, const struct cfs_error *e)
{
        struct cfs_error ignored;
        struct oci_box_error document = { .error = (char *)e->text,
                                          .hint = *e->hint ? (char *)e->hint : NULL,
                                          .status = (int32_t)status,
                                          .has_status = true };
        int r;

        if (q->response) {
                MHD_destroy_response(q->response);
                q->response = NULL;
        }
        r = answer_json(q, status, &oci_box_error_type, &document, &ignored);
        if (r < 0)
                r = answer_constant(q, "application/json", "{\"error\":\"failed\"}", 18, &ignored);
        q->status = status;
        if (r >= 0 && status == 401)
                r = answer_header(q, "WWW-Authenticate", "Bearer realm=\"cfs-box\"", &ignored);
        if (r >= 0 && status == 503)
                r = answer_header(q, "Retry-After", "1", &ignored);
        return r;
}

unsigned answer_status_of(const struct cfs_error *err)
{
        switch (err->code) {
        case CFS_E_INVALID:
        case CFS_E_EXEC:
        case CFS_E_UNSUPPORTED:
                return 400;
        case CFS_E_NOT_FOUND:
                return 404;
        case CFS_E_EXISTS:
        case CFS_E_STATE:
                return 409;
        default:
                return 500;
        }
}
