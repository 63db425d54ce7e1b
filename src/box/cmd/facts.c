/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The document of `docker inspect` (Docker Engine API 1.43, "Inspect a container" and "Inspect an image"),
 * as far as the box has what it says. The configuration is that of the bundle.
 */
#include "box/cmd/facts.h"
#include "base/cleanup.h"
#include "base/io.h"
#include "base/str.h"
#include "box/bundle/parse.h"
#include "box/core/document.h"
#include "json.h"
#include <fcntl.h>
#include <stdio.h>
#include <time.h>

#define MAX_CONFIG (16U << 20)

static void facts_text(struct json_writer *w, const char *name, const char *value)
{
        json_write_key(w, name);
        json_write_string(w, value ? value : "");
}

static void number(struct json_writer *w, const char *name, int64_t n)
{
        json_write_key(w, name);
        json_write_number(w, n);
}

static void truth(struct json_writer *w, const char *name, bool value)
{
        json_write_key(w, name);
        json_write_raw(w, value ? "true" : "false");
}

static void facts_begin(struct json_writer *w, const char *name)
{
        json_write_key(w, name);
        json_write_object(w);
}

static void words(struct json_writer *w, const char *name, char *const *list, size_t n)
{
        json_write_key(w, name);
        json_write_array(w);
        for (size_t i = 0; i < n; i++)
                json_write_string(w, list[i]);
        json_write_array_end(w);
}

/* RFC 3339; what has not happened is the year 1, as Go has it. */
static void facts_when(struct json_writer *w, const char *name, bool has, int64_t seconds)
{
        time_t t = (time_t)seconds;
        char buf[48] = "0001-01-01T00:00:00Z";
        struct tm tm;

        if (has && gmtime_r(&t, &tm))
                (void)strftime(buf, sizeof(buf), "%Y-%m-%dT%H:%M:%SZ", &tm);
        facts_text(w, name, buf);
}

static void map(struct json_writer *w, const char *name, const struct oci_string_map *m)
{
        facts_begin(w, name);
        for (size_t i = 0; m && i < m->n; i++)
                facts_text(w, m->entries[i].key, m->entries[i].value);
        json_write_object_end(w);
}

static void state(struct json_writer *w, const struct oci_box_container *c, bool paused)
{
        facts_begin(w, "State");
        facts_text(w, "Status", paused ? "paused" : c->state);
        truth(w, "Running", STREQ(c->state, "running"));
        truth(w, "Paused", paused);
        truth(w, "Restarting", false);
        truth(w, "Dead", false);
        number(w, "Pid", c->has_pid ? c->pid : 0);
        number(w, "ExitCode", c->has_exit_code ? c->exit_code : 0);
        facts_text(w, "Error", "");
        facts_when(w, "StartedAt", c->has_started, c->started);
        facts_when(w, "FinishedAt", c->has_finished, c->finished);
        json_write_key(w, "Health");
        json_write_raw(w, "null");
        json_write_object_end(w);
}

static void config(struct json_writer *w, const struct oci_box_container *c, const struct oci_config *b)
{
        const struct oci_process *p = b ? b->process : NULL;
        char user[32] = "";

        if (p && p->user && (p->user->uid || p->user->gid))
                (void)snprintf(user, sizeof(user), "%u:%u", p->user->uid, p->user->gid);
        facts_begin(w, "Config");
        facts_text(w, "Hostname", b ? b->hostname : "");
        facts_text(w, "User", user);
        truth(w, "Tty", c->terminal);
        words(w, "Env", p ? p->env : NULL, p ? p->n_env : 0);
        words(w, "Cmd", c->command, c->n_command);
        facts_text(w, "Image", c->image);
        facts_text(w, "WorkingDir", p ? p->cwd : "");
        json_write_key(w, "Entrypoint");
        json_write_raw(w, "null");
        map(w, "Labels", c->labels);
        json_write_object_end(w);
}

/* {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}]} */
static int ports(struct json_writer *w, const char *name, const struct oci_box_container *c,
                 struct cfs_error *err)
{
        facts_begin(w, name);
        for (size_t i = 0; i < c->n_ports; i++) {
                struct parse_port p;
                char buf[32];
                int r = parse_port(c->ports[i], &p, err);

                if (r < 0)
                        return r;
                for (unsigned k = 0; k < p.count; k++) {
                        (void)snprintf(buf, sizeof(buf), "%u/%s", p.container + k, p.protocol);
                        json_write_key(w, buf);
                        json_write_array(w);
                        json_write_object(w);
                        facts_text(w, "HostIp", *p.address ? p.address : "0.0.0.0");
                        (void)snprintf(buf, sizeof(buf), "%u", p.host + k);
                        facts_text(w, "HostPort", buf);
                        json_write_object_end(w);
                        json_write_array_end(w);
                }
        }
        json_write_object_end(w);
        return 0;
}

static int facts_network(struct json_writer *w, const struct oci_box_container *c, struct cfs_error *err)
{
        int r;

        facts_begin(w, "NetworkSettings");
        facts_text(w, "IPAddress", c->address);
        r = ports(w, "Ports", c, err);
        facts_begin(w, "Networks");
        facts_begin(w, c->network ? c->network : "none");
        facts_text(w, "IPAddress", c->address);
        json_write_object_end(w);
        json_write_object_end(w);
        json_write_object_end(w);
        return r;
}

/* "on-failure:3" */
static void restart_policy(struct json_writer *w, const char *policy)
{
        struct cfs_error ignored;
        enum parse_restart kind;
        unsigned max = 0;
        char name[32];

        (void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(policy ? policy : "no", ":"),
                       policy ? policy : "no");
        (void)parse_restart(policy ? policy : "no", &kind, &max, &ignored);
        facts_begin(w, "RestartPolicy");
        facts_text(w, "Name", name);
        number(w, "MaximumRetryCount", max);
        json_write_object_end(w);
}

static int host_config(struct json_writer *w, const struct oci_box_container *c, const struct oci_config *b,
                       struct cfs_error *err)
{
        const struct oci_resources *res = b && b->linux ? b->linux->resources : NULL;
        const struct oci_cpu *cpu = res ? res->cpu : NULL;
        int64_t quota = cpu && cpu->has_quota ? cpu->quota : 0;
        int64_t period = cpu && cpu->has_period && cpu->period ? (int64_t)cpu->period : 100000;
        int r;

        facts_begin(w, "HostConfig");
        facts_text(w, "NetworkMode", c->network);
        truth(w, "AutoRemove", c->auto_remove);
        truth(w, "ReadonlyRootfs", b && b->root && b->root->readonly);
        restart_policy(w, c->restart);
        number(w, "Memory", res && res->memory && res->memory->has_limit ? res->memory->limit : 0);
        number(w, "NanoCpus", quota > 0 ? quota * 1000000000 / period : 0);
        number(w, "PidsLimit", res && res->pids && res->pids->has_limit ? res->pids->limit : 0);
        r = ports(w, "PortBindings", c, err);
        json_write_object_end(w);
        return r;
}

/* Where the volume NAME is: ROOT/volumes/NAME. */
static const char *facts_volume_name(const char *source)
{
        const char *p = strstr(source, "/volumes/");

        return p && !strchr(p + strlen("/volumes/"), '/') ? p + strlen("/volumes/") : NULL;
}

/* Those of the user: directories and files of the host, volumes, and tmpfs that the runtime does not have. */
static void mounts(struct json_writer *w, const struct oci_config *b)
{
        json_write_key(w, "Mounts");
        json_write_array(w);
        for (size_t i = 0; b && i < b->n_mounts; i++) {
                const struct oci_mount *m = b->mounts[i];
                const char *name;

                if (!m->source || *m->source != '/' || str_has_prefix(m->destination, "/etc/") ||
                    str_has_prefix(m->destination, "/dev/"))
                        continue;
                name = facts_volume_name(m->source);
                json_write_object(w);
                facts_text(w, "Type", name ? "volume" : "bind");
                if (name)
                        facts_text(w, "Name", name);
                facts_text(w, "Source", m->source);
                facts_text(w, "Destination", m->destination);
                facts_text(w, "Mode", "");
                truth(w, "RW", !oci_mount_has_option(m, "ro") && !oci_mount_has_option(m, "rro"));
                json_write_object_end(w);
        }
        json_write_array_end(w);
}

static int read_bundle(const struct oci_box_container *c, struct oci_config **ret,
                       struct oci_arena **ret_arena, struct cfs_error *err)
{
        _cleanup_free_ char *path = NULL, *json = NULL;
        size_t len;
        int r = str_printf(&path, err, "%s/config.json", c->bundle);

        if (r >= 0)
                r = io_read_file(AT_FDCWD, path, MAX_CONFIG, &json, &len, err);
        if (r < 0)
                return err->errnum == ENOENT ? 0 : r; /* one that is being made, or removed */
        return oci_decode(&oci_config_type, path, json, len, (void **)ret, ret_arena, err);
}

int facts_container(const struct oci_box_container *c, bool paused, char **ret, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        _cleanup_json_writer_ struct json_writer *w = json_write_new(0);
        struct oci_config *b = NULL;
        int r = read_bundle(c, &b, &arena, err);

        if (r < 0)
                return r;
        json_write_object(w);
        facts_text(w, "Id", c->id);
        facts_when(w, "Created", true, c->created);
        facts_text(w, "Path", c->n_command ? c->command[0] : "");
        words(w, "Args", c->command + (c->n_command > 0), c->n_command - (c->n_command > 0));
        state(w, c, paused);
        facts_text(w, "Image", c->image_id);
        facts_text(w, "ImageName", c->image);
        facts_text(w, "LogPath", c->log);
        facts_text(w, "Name", c->name);
        number(w, "RestartCount", c->restarts);
        facts_text(w, "Driver", "overlay");
        facts_text(w, "Platform", "linux");
        mounts(w, b);
        config(w, c, b);
        r = facts_network(w, c, err);
        if (r >= 0)
                r = host_config(w, c, b, err);
        json_write_object_end(w);
        return r < 0 ? r : json_write_take(TAKE_PTR(w), ret, NULL, err);
}

int facts_image(const struct oci_box_image *image, char **ret, struct cfs_error *err)
{
        _cleanup_json_writer_ struct json_writer *w = json_write_new(0);
        int r = 0;

        json_write_object(w);
        facts_text(w, "Id", image->id);
        words(w, "RepoTags", image->names, image->n_names);
        words(w, "RepoDigests", NULL, 0);
        facts_when(w, "Created", true, image->created);
        facts_text(w, "Architecture", image->architecture);
        facts_text(w, "Os", "linux");
        number(w, "Size", (int64_t)image->size);
        json_write_key(w, "Config");
        if (image->config)
                r = oci_encode_into(w, &oci_image_config_type, image->config, err);
        else
                json_write_raw(w, "null");
        facts_begin(w, "RootFS");
        facts_text(w, "Type", "layers");
        words(w, "Layers", image->layers, image->n_layers);
        json_write_object_end(w);
        json_write_object_end(w);
        return r < 0 ? r : json_write_take(TAKE_PTR(w), ret, NULL, err);
}
