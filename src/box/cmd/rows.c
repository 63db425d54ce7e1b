/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * docker's names of columns, and what it writes below them.
 */
#include "box/cmd/rows.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "box/bundle/parse.h"
#include "box/core/box.h"
#include "box/core/document.h"
#include "box/core/progress.h"
#include "json.h"
#include <stdio.h>
#include <time.h>

/* An empty value has its name, too: a template that asks for it is right. */
static void text(struct json_writer *w, const char *name, const char *value)
{
        json_write_key(w, name);
        json_write_string(w, value ? value : "");
}

/* "2026-11-25 21:38:13 +0000 UTC": a time as Go prints it. */
static void when(struct json_writer *w, const char *name, int64_t seconds)
{
        time_t t = (time_t)seconds;
        char buf[48] = "";
        struct tm tm;

        if (gmtime_r(&t, &tm))
                (void)strftime(buf, sizeof(buf), "%Y-%m-%d %H:%M:%S +0000 UTC", &tm);
        text(w, name, buf);
}

static void shortened(struct json_writer *w, const char *name, const char *id, bool no_trunc)
{
        char buf[BOX_SHORT + 1];

        (void)snprintf(buf, sizeof(buf), "%s", output_short(id));
        text(w, name, no_trunc ? id : buf);
}

/* Begins and ends the object; what is between is the rest of the function. */
static struct json_writer *begin(void)
{
        struct json_writer *w = json_write_new(0);

        json_write_object(w);
        return w;
}

static int end(struct json_writer *w, int r, char **ret, struct cfs_error *err)
{
        if (r < 0) {
                json_write_free(w);
                return r;
        }
        json_write_object_end(w);
        return json_write_take(w, ret, NULL, err);
}

int rows_ports(const struct oci_box_container *c, char **ret, struct cfs_error *err)
{
        _cleanup_str_ struct str s = { 0 };

        str_add(&s, "");
        for (size_t i = 0; i < c->n_ports; i++) {
                struct parse_port p;
                char host[16], container[16];
                int r = parse_port(c->ports[i], &p, err);

                if (r < 0)
                        return r;
                (void)snprintf(host, sizeof(host), p.count > 1 ? "%u-%u" : "%u", p.host,
                               p.host + p.count - 1);
                (void)snprintf(container, sizeof(container), p.count > 1 ? "%u-%u" : "%u", p.container,
                               p.container + p.count - 1);
                str_addf(&s, strchr(p.address, ':') ? "%s[%s]:%s->%s/%s" : "%s%s:%s->%s/%s", i ? ", " : "",
                         *p.address ? p.address : "0.0.0.0", host, container, p.protocol);
        }
        return str_take(&s, ret, err);
}

static int labels_text(const struct oci_string_map *labels, char **ret, struct cfs_error *err)
{
        _cleanup_str_ struct str s = { 0 };

        for (size_t i = 0; labels && i < labels->n; i++)
                str_addf(&s, "%s%s=%s", i ? "," : "", labels->entries[i].key, labels->entries[i].value);
        return str_take(&s, ret, err);
}

int rows_container(const void *document, const struct output_options *o, char **ret, struct cfs_error *err)
{
        const struct oci_box_container *c = document;
        _cleanup_free_ char *command = NULL, *quoted = NULL, *ports = NULL, *labels = NULL;
        char ago[OUTPUT_TIME_SIZE];
        struct json_writer *w = begin();
        int r = output_words(c->command, c->n_command, o->no_trunc ? 0 : 20, &command, err);

        if (r >= 0)
                r = str_printf(&quoted, err, "\"%s\"", command);
        if (r >= 0)
                r = rows_ports(c, &ports, err);
        if (r >= 0)
                r = labels_text(c->labels, &labels, err);
        shortened(w, "ID", c->id, o->no_trunc);
        text(w, "Names", c->name);
        text(w, "Image", c->image);
        text(w, "Command", quoted);
        when(w, "CreatedAt", c->created);
        text(w, "RunningFor", output_ago(ago, c->created));
        text(w, "State", c->state);
        text(w, "Status", c->status);
        text(w, "Ports", ports);
        text(w, "Labels", labels);
        text(w, "Networks", c->network);
        text(w, "Mounts", "");
        text(w, "LocalVolumes", "0");
        text(w, "Size", "0B");
        return end(w, r, ret, err);
}

int rows_stats(const void *document, const struct output_options *o, char **ret, struct cfs_error *err)
{
        const struct oci_box_stats *s = document;
        struct json_writer *w = begin();
        char a[24], b[24], both[64];
        uint64_t percent = s->has_memory_limit && s->memory_limit ? s->memory * 10000 / s->memory_limit : 0;

        shortened(w, "ID", s->id, o->no_trunc);
        text(w, "Container", s->id);
        text(w, "Name", s->name);
        (void)snprintf(both, sizeof(both), "%u.%02u%%", s->cpu_percent / 100, s->cpu_percent % 100);
        text(w, "CPUPerc", both);
        (void)snprintf(both, sizeof(both), "%s / %s", progress_size(a, sizeof(a), s->memory),
                       s->has_memory_limit ? progress_size(b, sizeof(b), s->memory_limit) : "-");
        text(w, "MemUsage", both);
        (void)snprintf(both, sizeof(both), "%u.%02u%%", (unsigned)(percent / 100), (unsigned)(percent % 100));
        text(w, "MemPerc", both);
        (void)snprintf(both, sizeof(both), "%s / %s", progress_size(a, sizeof(a), s->received),
                       progress_size(b, sizeof(b), s->sent));
        text(w, "NetIO", both);
        (void)snprintf(both, sizeof(both), "%s / %s", progress_size(a, sizeof(a), s->read),
                       progress_size(b, sizeof(b), s->written));
        text(w, "BlockIO", both);
        (void)snprintf(both, sizeof(both), "%llu", (unsigned long long)s->pids);
        text(w, "PIDs", both);
        return end(w, 0, ret, err);
}

int rows_volume(const void *document, const struct output_options *o, char **ret, struct cfs_error *err)
{
        const struct oci_box_volume *v = document;
        struct json_writer *w = begin();

        (void)o;
        text(w, "Name", v->name);
        text(w, "Driver", "local");
        text(w, "Mountpoint", v->path);
        text(w, "Scope", "local");
        text(w, "Labels", "");
        return end(w, 0, ret, err);
}

int rows_network(const void *document, const struct output_options *o, char **ret, struct cfs_error *err)
{
        const struct oci_box_network *n = document;
        struct json_writer *w = begin();

        (void)o;
        text(w, "ID", n->name);
        text(w, "Name", n->name);
        text(w, "Driver", n->driver);
        text(w, "Scope", "local");
        text(w, "Labels", "");
        return end(w, 0, ret, err);
}

int rows_image(const struct oci_box_image *image, const char *name, bool no_trunc, char **ret,
               struct cfs_error *err)
{
        const char *colon = name ? strrchr(name, ':') : NULL;
        char *repository = colon ? strndup(name, (size_t)(colon - name)) : NULL;
        char ago[OUTPUT_TIME_SIZE], size[24];
        struct json_writer *w = begin();

        shortened(w, "ID", image->id, no_trunc);
        text(w, "Repository", repository ? repository : "<none>");
        text(w, "Tag", colon ? colon + 1 : "<none>");
        text(w, "Digest", "<none>");
        text(w, "CreatedSince", output_ago(ago, image->created));
        when(w, "CreatedAt", image->created);
        text(w, "Size", progress_size(size, sizeof(size), image->size));
        free(repository);
        return end(w, 0, ret, err);
}

int rows_event(const struct oci_box_event *event, char **ret, struct cfs_error *err)
{
        struct json_writer *w = begin();

        text(w, "Type", event->type);
        text(w, "Action", event->action);
        text(w, "Status", event->action);
        text(w, "ID", event->id);
        text(w, "From", event->detail);
        json_write_key(w, "Actor");
        json_write_object(w);
        text(w, "ID", event->id);
        json_write_key(w, "Attributes");
        json_write_object(w);
        text(w, "name", event->name);
        json_write_object_end(w);
        json_write_object_end(w);
        json_write_key(w, "Time");
        json_write_number(w, event->time);
        return end(w, 0, ret, err);
}
