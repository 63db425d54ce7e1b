/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of methods and paths, and finding the row of a request.
 */
#include "box/serve/routes.h"
#include "base/cleanup.h"
#include <stdio.h>

const struct route routes_table[] = {
        /* the page */
        { "GET", "/", "", ROUTE_OPEN | ROUTE_PAGE | ROUTE_FILE, files_index },
        { "GET", "/app.js", "", ROUTE_OPEN | ROUTE_FILE, files_script },
        { "GET", "/style.css", "", ROUTE_OPEN | ROUTE_FILE, files_style },
        { "GET", "/icon.svg", "", ROUTE_OPEN | ROUTE_FILE, files_icon },
        { "GET", "/openapi.json", "", ROUTE_OPEN | ROUTE_FILE, files_openapi },
        { "POST", "/session", "", ROUTE_OPEN | ROUTE_BODY, documents_session },
        /* containers */
        { "GET", "/containers", "all", 0, documents_containers },
        { "GET", "/history", "container image user text end since until before limit", 0, documents_history },
        { "POST", "/run", "", ROUTE_BODY, actions_run },
        { "GET", "/containers/{id}", "", 0, documents_container },
        { "DELETE", "/containers/{id}", "force", 0, actions_remove },
        { "POST", "/containers/{id}/start", "", ROUTE_MAY_BODY, actions_start },
        { "POST", "/containers/{id}/stop", "", ROUTE_MAY_BODY, actions_stop },
        { "POST", "/containers/{id}/restart", "", ROUTE_MAY_BODY, actions_restart },
        { "POST", "/containers/{id}/kill", "", ROUTE_MAY_BODY, actions_kill },
        { "POST", "/containers/{id}/exec", "", ROUTE_BODY, actions_exec },
        { "GET", "/containers/{id}/logs", "follow tail timestamps", 0, stream_logs },
        { "GET", "/containers/{id}/stats", "stream", 0, stream_stats },
        { "GET", "/stats", "stream", 0, stream_all_stats },
        { "GET", "/events", "follow since", 0, stream_events },
        /* images */
        { "GET", "/images", "", 0, documents_images },
        { "POST", "/images/pull", "", ROUTE_BODY, actions_pull },
        { "GET", "/images/{name}", "", 0, documents_image },
        { "DELETE", "/images/{name}", "force", 0, actions_remove_image },
        /* networks and volumes */
        { "GET", "/networks", "", 0, documents_networks },
        { "GET", "/volumes", "", 0, documents_volumes },
        /* the server */
        { "GET", "/info", "", 0, documents_info },
        { 0 },
};

/* Does the path fit? *ret is what stands for {...}. {id} is one word, {name} the rest up to what follows. */
static bool fits(const char *pattern, const char *path, const char **ret, size_t *ret_len)
{
        const char *brace = strchr(pattern, '{'), *tail;
        size_t before, tail_len, len = strlen(path);

        if (!brace)
                return STREQ(pattern, path);
        before = (size_t)(brace - pattern);
        tail = strchr(brace, '}') + 1;
        tail_len = strlen(tail);
        if (len <= before + tail_len || strncmp(pattern, path, before) != 0 ||
            !STREQ(path + len - tail_len, tail))
                return false;
        *ret = path + before;
        *ret_len = len - before - tail_len;
        return str_has_prefix(brace, "{name}") || !memchr(*ret, '/', *ret_len);
}

const struct route *routes_find(const char *method, const char *path, const char **ret_name,
                                struct str *ret_name_text, char ret_allow[64])
{
        const char *wanted = STREQ(method, "HEAD") ? "GET" : method;

        *ret_allow = '\0';
        for (const struct route *r = routes_table; r->method; r++) {
                const char *name = NULL;
                size_t len = 0, used = strlen(ret_allow);

                if (!fits(r->path, path, &name, &len))
                        continue;
                if (STREQ(r->method, wanted)) {
                        str_add_n(ret_name_text, name ? name : "", len);
                        *ret_name = ret_name_text->p;
                        return r;
                }
                (void)snprintf(ret_allow + used, 64 - used, "%s%s", used ? ", " : "",
                               STREQ(r->method, "GET") ? "GET, HEAD" : r->method);
        }
        return NULL;
}

void routes_print(void)
{
        for (const struct route *r = routes_table; r->method; r++)
                printf("%s %s%s%s%s\n", r->method, r->path, *r->query ? " " : "", r->query,
                       r->flags & (ROUTE_BODY | ROUTE_MAY_BODY) ? " body" : "");
}
