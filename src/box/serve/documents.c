/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is only looked at: the documents of `ps`, `inspect`, `history`, `images`, `network ls`, `volume ls`,
 * out of the same functions.
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "box/container/container.h"
#include "box/core/document.h"
#include "box/net/networks.h"
#include "box/serve/answer.h"
#include "box/serve/query.h"
#include "box/serve/request.h"
#include "box/serve/routes.h"
#include "box/store/container.h"
#include "box/store/history.h"
#include "box/store/image.h"
#include "box/store/store.h"
#include "box/store/volumes.h"
#include <limits.h>
#include <stdio.h>

static int answer_list(struct request *q, const struct oci_type *type, void *const *list, size_t n,
                       struct cfs_error *err)
{
        _cleanup_str_ struct str s = { 0 };
        char *text;
        size_t len;
        int r = document_list(&s, type, list, n, err);

        len = s.len;
        if (r >= 0)
                r = str_take(&s, &text, err);
        return r < 0 ? r : answer_text(q, 200, ANSWER_JSON, text, len, err);
}

/* ---- containers ---------------------------------------------------------------------------------------- */

/* The answer stays until the store changes, or the second, which is in "Up 5 seconds". */
static int refresh(struct server *s, bool all, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        struct oci_box_container **list;
        int64_t version = 0, t = store_now();
        size_t n;
        int r = store_version(s->box, &version, err);

        if (r < 0 ||
            (s->containers[all].p && s->containers_version[all] == version && s->containers_time[all] == t))
                return r;
        arena = oci_arena_new();
        str_free(&s->containers[all]);
        r = arena ? store_container_list(s->box, NULL, all, arena, &list, &n, err) : err_nomem(err);
        if (r >= 0)
                r = document_list(&s->containers[all], &oci_box_container_type, (void *const *)list, n, err);
        s->containers_version[all] = version;
        s->containers_time[all] = t;
        if (r < 0)
                str_free(&s->containers[all]);
        return r;
}

int documents_containers(struct request *q, struct cfs_error *err)
{
        struct server *s = q->server;
        bool all = true;
        char *text;
        int r = query_flag(q, "all", &all, err);

        if (r >= 0)
                r = refresh(s, all, err);
        if (r < 0)
                return r;
        text = malloc(s->containers[all].len);
        if (!text)
                return err_nomem(err);
        memcpy(text, s->containers[all].p, s->containers[all].len);
        return answer_text(q, 200, ANSWER_JSON, text, s->containers[all].len, err);
}

int documents_container(struct request *q, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        struct oci_box_container *c;
        int r = arena ? inspect_container(q->server->box, q->name, arena, &c, err) : err_nomem(err);

        return r < 0 ? r : answer_json(q, 200, &oci_box_container_type, c, err);
}

/* ---- history ------------------------------------------------------------------------------------------- */

int documents_history(struct request *q, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        struct store_history_filter f = { .container = query_text(q, "container"),
                                          .image = query_text(q, "image"),
                                          .user = query_text(q, "user"),
                                          .text = query_text(q, "text"),
                                          .end = query_text(q, "end") };
        struct oci_box_history **list;
        int64_t limit = 0;
        size_t n;
        int r = arena ? query_time(q, "since", &f.since, err) : err_nomem(err);

        if (r >= 0)
                r = query_time(q, "until", &f.until, err);
        if (r >= 0)
                r = query_number(q, "before", &f.before, err);
        if (r >= 0)
                r = query_number(q, "limit", &limit, err);
        f.limit = limit > INT_MAX ? INT_MAX : (int)limit;
        if (r >= 0)
                r = store_history_list(q->server->box, &f, arena, &list, &n, err);
        return r < 0 ? r : answer_list(q, &oci_box_history_type, (void *const *)list, n, err);
}

/* ---- images -------------------------------------------------------------------------------------------- */

int documents_images(struct request *q, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        struct oci_box_image **list = NULL;
        size_t n = 0;
        int r = arena ? store_image_list(q->server->box, NULL, arena, &list, &n, err) : err_nomem(err);

        return r < 0 ? r : answer_list(q, &oci_box_image_type, (void *const *)list, n, err);
}

int documents_image(struct request *q, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new(), *config_arena = NULL;
        struct oci_box_image *image = NULL;
        int r = arena ? store_image_inspect(q->server->box, q->name, arena, &image, &config_arena, err)
                      : err_nomem(err);

        return r < 0 ? r : answer_json(q, 200, &oci_box_image_type, image, err);
}

/* ---- networks and volumes ------------------------------------------------------------------------------ */

int documents_networks(struct request *q, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        struct oci_box_network **list = NULL;
        size_t n = 0;
        int r = arena ? networks_list(q->server->box, arena, &list, &n, err) : err_nomem(err);

        return r < 0 ? r : answer_list(q, &oci_box_network_type, (void *const *)list, n, err);
}

int documents_volumes(struct request *q, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        struct oci_box_volume **list = NULL;
        size_t n = 0;
        int r = arena ? volumes_list(q->server->box, arena, &list, &n, err) : err_nomem(err);

        return r < 0 ? r : answer_list(q, &oci_box_volume_type, (void *const *)list, n, err);
}

/* ---- the server itself --------------------------------------------------------------------------------- */

int documents_info(struct request *q, struct cfs_error *err)
{
        const struct box *box = q->server->box;
        const char *user = getenv("CFS_BOX_ROOTLESS"); /* rootless.c */
        struct oci_box_info info = { .version = (char *)cfs_version(),
                                     .root = box->root,
                                     .rootless = box->rootless };

        info.has_rootless = true;
        info.has_uid = !user || str_to_id(user, &info.uid) == 0;
        return answer_json(q, 200, &oci_box_info_type, &info, err);
}

int documents_session(struct request *q, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        struct oci_box_session *session;
        char cookie[160];
        int r = request_decode(q->body.p, q->body.len, &oci_box_session_type, (void **)&session, &arena, err);

        if (r < 0)
                return r;
        if (!token_equal(session->token, q->server->token.text)) {
                q->status = 403;
                return err_set(err, CFS_E_INVALID, "the token is not right");
        }
        (void)snprintf(cookie, sizeof(cookie), "cfs_box_token=%s; HttpOnly; SameSite=Strict; Path=/",
                       q->server->token.session);
        r = answer_nothing(q, err);
        return r < 0 ? r : answer_header(q, "Set-Cookie", cookie, err);
}
