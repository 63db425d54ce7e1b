/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What changes something: each is a command of cfs-box, in a process of its own.
 */
#include "base/cleanup.h"
#include "box/serve/command.h"
#include "box/core/digest.h"
#include "box/core/document.h"
#include "box/serve/answer.h"
#include "box/serve/query.h"
#include "box/serve/request.h"
#include "box/serve/routes.h"
#include "box/serve/wait.h"
#include "box/store/container.h"
#include "box/store/history.h"
#include "box/store/image.h"
#include <stdio.h>

#define MAX_OUTPUT      65536
#define MAX_EXEC_OUTPUT (8U << 20)

static int start_command(struct request *q, const struct command *c,
                         int (*finish)(struct request *q, struct job *j, struct cfs_error *err),
                         struct cfs_error *err)
{
        return c->failed ? err_nomem(err) : wait_job(q, c->words, MAX_OUTPUT, finish, err);
}

/* Has it done what it should? */
static int check_job(struct job *j, struct cfs_error *err)
{
        return j->status == 0 ? 0 : command_error(j->text[1].p ? j->text[1].p : "", err);
}

struct change {
        const char *command, *signal;
        int (*finish)(struct request *q, struct job *j, struct cfs_error *err);
        int64_t timeout;
        bool has_timeout;
};

/* ---- containers ---------------------------------------------------------------------------------------- */

/* Which one the request is about; so that it is found again when it has been removed. */
static int find_container(struct request *q, const char *ref, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        struct oci_box_container *c;
        int r = arena ? store_container_find(q->server->box, ref, q->id, err) : err_nomem(err);

        if (r >= 0)
                r = store_container_get(q->server->box, q->id, arena, &c, err);
        if (r >= 0)
                (void)snprintf(q->container, sizeof(q->container), "%s", c->name);
        if (r >= 0)
                (void)snprintf(q->state, sizeof(q->state), "%s", c->state);
        return r;
}

/* How its last run ended, when --rm has removed it. */
static void last_run(struct request *q, struct oci_arena *arena, struct oci_box_outcome *o)
{
        struct store_history_filter f = { .container = q->id, .limit = 1 };
        struct oci_box_history **list;
        struct cfs_error ignored;
        size_t n;

        if (store_history_list(q->server->box, &f, arena, &list, &n, &ignored) < 0 || n == 0)
                return;
        o->name = list[0]->name;
        o->exit_code = list[0]->exit_code;
        o->has_exit_code = list[0]->has_exit_code;
}

static int answer_outcome(struct request *q, unsigned status, const char *state, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        struct oci_box_outcome o = { .id = q->id, .name = q->container, .state = (char *)"exited" };
        struct oci_box_container *c;
        struct cfs_error ignored;

        if (!arena)
                return err_nomem(err);
        if (store_container_get(q->server->box, q->id, arena, &c, &ignored) >= 0 &&
            !STREQ(c->state, "removing")) {
                o.name = c->name;
                o.state = c->state;
                o.exit_code = c->exit_code;
                o.has_exit_code = c->has_exit_code && STREQ(c->state, "exited");
        } else {
                last_run(q, arena, &o);
        }
        if (state) { /* it has been started, whatever it has come to since */
                o.state = (char *)state;
                o.has_exit_code = false;
        }
        return answer_json(q, status, &oci_box_outcome_type, &o, err);
}

static int finish_state(struct request *q, struct job *j, struct cfs_error *err)
{
        int r = check_job(j, err);

        return r < 0 ? r : answer_outcome(q, 200, NULL, err);
}

static int finish_start(struct request *q, struct job *j, struct cfs_error *err)
{
        int r = check_job(j, err);

        return r < 0 ? r : answer_outcome(q, 200, "running", err);
}

static int finish_nothing(struct request *q, struct job *j, struct cfs_error *err)
{
        int r = check_job(j, err);

        return r < 0 ? r : answer_nothing(q, err);
}

static int finish_run(struct request *q, struct job *j, struct cfs_error *err)
{
        int r = check_job(j, err);

        if (r < 0)
                return r;
        (void)snprintf(q->id, sizeof(q->id), "%.*s", BOX_ID_SIZE - 1, j->text[0].p ? j->text[0].p : "");
        return answer_outcome(q, 201, "running", err);
}

static int add_environment(struct command *c, char *const *env, size_t n, struct cfs_error *err)
{
        for (size_t i = 0; i < n; i++) {
                if (!strchr(env[i], '=')) /* alone it would be the server's own */
                        return err_set(err, CFS_E_INVALID, "body: env[%zu]: expected NAME=VALUE", i);
                command_option(c, "env", env[i]);
        }
        return 0;
}

static int run_words(struct command *c, const struct oci_box_run_request *d, struct cfs_error *err)
{
        command_add(c, "--detach");
        command_option(c, "name", d->name);
        command_option(c, "network", d->network);
        command_option(c, "memory", d->memory);
        command_option(c, "cpus", d->cpus);
        command_option(c, "user", d->user);
        command_option(c, "workdir", d->workdir);
        command_option(c, "restart", d->restart);
        if (d->has_pids_limit)
                command_add(c, "--pids-limit=%lld", (long long)d->pids_limit);
        if (d->rm)
                command_add(c, "--rm");
        for (size_t i = 0; i < d->n_volumes; i++)
                command_option(c, "volume", d->volumes[i]);
        for (size_t i = 0; i < d->n_ports; i++)
                command_option(c, "publish", d->ports[i]);
        return add_environment(c, d->env, d->n_env, err);
}

static int start_run(struct request *q, const struct oci_box_run_request *d, struct oci_arena *arena,
                     struct cfs_error *err)
{
        struct command c;
        char **words;
        size_t n;
        int r;

        if (str_empty(d->image))
                return err_set(err, CFS_E_INVALID, "body: image: is missing");
        r = request_command(q->body.p, q->body.len, arena, &words, &n, err);
        if (r < 0)
                return r;
        command_begin(&c, q->server->box, arena, "run", true);
        r = run_words(&c, d, err);
        command_add(&c, "--");
        command_add(&c, "%s", d->image);
        for (size_t i = 0; i < n; i++)
                command_add(&c, "%s", words[i]);
        return r < 0 ? r : start_command(q, &c, finish_run, err);
}

/* `cfs-box NAME [--time] [--signal] ID`, which answers with the state that this leads to. */
static int start_change(struct request *q, const char *ref, const struct change *change,
                        struct oci_arena *arena, struct cfs_error *err)
{
        struct command c;
        int r = find_container(q, ref, err);

        if (r < 0)
                return r;
        command_begin(&c, q->server->box, arena, change->command, true);
        if (change->has_timeout)
                command_add(&c, "--time=%lld", (long long)change->timeout);
        command_option(&c, "signal", change->signal);
        command_add(&c, "%s", q->id);
        return start_command(q, &c, change->finish, err);
}

/* A body that may be missing. */
static int decode_optional(struct request *q, const struct oci_type *type, void **ret,
                           struct oci_arena **ret_arena, struct cfs_error *err)
{
        return q->body.len > 0 ? request_decode(q->body.p, q->body.len, type, ret, ret_arena, err)
                               : request_decode("{}", 2, type, ret, ret_arena, err);
}

int actions_run(struct request *q, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        struct oci_box_run_request *d;
        int r = request_decode(q->body.p, q->body.len, &oci_box_run_request_type, (void **)&d, &arena, err);

        if (r < 0)
                return r;
        if (STREQ(d->state, "run"))
                return start_run(q, d, arena, err);
        if (!d->id)
                return err_set(err, CFS_E_INVALID, "body: id: is missing");
        return start_change(q, d->id, &(struct change){ .command = "stop", .finish = finish_state }, arena,
                            err);
}

int actions_start(struct request *q, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        struct oci_box_no_request *d;
        int r = decode_optional(q, &oci_box_no_request_type, (void **)&d, &arena, err);

        return r < 0 ? r
                     : start_change(q, q->name,
                                    &(struct change){ .command = "start", .finish = finish_start }, arena,
                                    err);
}

static int stop_with(struct request *q, struct change change, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        struct oci_box_stop_request *d;
        int r = decode_optional(q, &oci_box_stop_request_type, (void **)&d, &arena, err);

        if (r < 0)
                return r;
        change.timeout = d->timeout;
        change.has_timeout = d->has_timeout;
        return start_change(q, q->name, &change, arena, err);
}

int actions_stop(struct request *q, struct cfs_error *err)
{
        return stop_with(q, (struct change){ .command = "stop", .finish = finish_state }, err);
}

int actions_restart(struct request *q, struct cfs_error *err)
{
        return stop_with(q, (struct change){ .command = "restart", .finish = finish_start }, err);
}

int actions_kill(struct request *q, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        struct oci_box_kill_request *d;
        int r = decode_optional(q, &oci_box_kill_request_type, (void **)&d, &arena, err);

        if (r < 0)
                return r;
        return start_change(
                q, q->name,
                &(struct change){ .command = "kill", .signal = d->signal, .finish = finish_state }, arena,
                err);
}

int actions_remove(struct request *q, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        struct command c;
        bool force = false;
        int r = arena ? query_flag(q, "force", &force, err) : err_nomem(err);

        if (r >= 0)
                r = find_container(q, q->name, err);
        if (r < 0)
                return r;
        command_begin(&c, q->server->box, arena, "rm", true);
        if (force)
                command_add(&c, "--force");
        command_add(&c, "%s", q->id);
        return start_command(q, &c, finish_nothing, err);
}

/* ---- exec ---------------------------------------------------------------------------------------------- */

static char *output_of(struct job *j, int which)
{
        document_clean(j->text[which].p, j->text[which].len);
        return j->text[which].p ? j->text[which].p : (char *)"";
}

static int finish_exec(struct request *q, struct job *j, struct cfs_error *err)
{
        struct oci_box_exec_result result = { .exit_code = j->status,
                                              .has_exit_code = true,
                                              .stdout = output_of(j, 0),
                                              .stderr = output_of(j, 1),
                                              .truncated = j->cut,
                                              .has_truncated = j->cut };

        return j->text[0].failed || j->text[1].failed
                       ? err_nomem(err)
                       : answer_json(q, 200, &oci_box_exec_result_type, &result, err);
}

static int exec_words(struct request *q, const struct oci_box_exec_request *d, struct command *c,
                      struct oci_arena *arena, struct cfs_error *err)
{
        char **words;
        size_t n;
        int r = request_command(q->body.p, q->body.len, arena, &words, &n, err);

        if (r >= 0 && n == 0)
                return err_set(err, CFS_E_INVALID, "body: command: is missing");
        if (r < 0)
                return r;
        command_begin(c, q->server->box, arena, "exec", false);
        command_option(c, "user", d->user);
        command_option(c, "workdir", d->workdir);
        r = add_environment(c, d->env, d->n_env, err);
        command_add(c, "%s", q->id);
        for (size_t i = 0; i < n; i++)
                command_add(c, "%s", words[i]);
        return r < 0 ? r : c->failed ? err_nomem(err) : 0;
}

int actions_exec(struct request *q, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        struct oci_box_exec_request *d;
        struct command c;
        int r = request_decode(q->body.p, q->body.len, &oci_box_exec_request_type, (void **)&d, &arena, err);

        if (r >= 0)
                r = find_container(q, q->name, err);
        if (r >= 0 && !STREQ(q->state, "running"))
                return err_set(err, CFS_E_STATE, "container `%s` does not run: it is %s", q->name, q->state);
        if (r >= 0)
                r = exec_words(q, d, &c, arena, err);
        q->is_exec = true;
        return r < 0 ? r : wait_job(q, c.words, MAX_EXEC_OUTPUT, finish_exec, err);
}

/* ---- images -------------------------------------------------------------------------------------------- */

int actions_remove_image(struct request *q, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();
        struct command c;
        bool force = false;
        int r = arena ? query_flag(q, "force", &force, err) : err_nomem(err);

        if (r < 0)
                return r;
        command_begin(&c, q->server->box, arena, "image", true);
        command_add(&c, "rm");
        if (force)
                command_add(&c, "--force");
        command_add(&c, "--");
        command_add(&c, "%s", q->name);
        return start_command(q, &c, finish_nothing, err);
}

static int finish_pull(struct request *q, struct job *j, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new(), *config_arena = NULL;
        struct oci_box_image *image;
        char id[DIGEST_SIZE];
        int r = arena ? check_job(j, err) : err_nomem(err);

        if (r < 0) {
                if (err->code == CFS_E_NOT_FOUND) /* skopeo, not something of ours */
                        err->code = CFS_E_SYSTEM;
                return r;
        }
        (void)snprintf(id, sizeof(id), "%.*s", DIGEST_SIZE - 1, j->text[0].p ? j->text[0].p : "");
        id[strcspn(id, "\n")] = '\0';
        r = store_image_inspect(q->server->box, id, arena, &image, &config_arena, err);
        return r < 0 ? r : answer_json(q, 200, &oci_box_image_type, image, err);
}

int actions_pull(struct request *q, struct cfs_error *err)
{
        _cleanup_oci_arena_ struct oci_arena *arena = NULL;
        struct oci_box_pull_request *d;
        struct command c;
        int r = request_decode(q->body.p, q->body.len, &oci_box_pull_request_type, (void **)&d, &arena, err);

        if (r < 0)
                return r;
        command_begin(&c, q->server->box, arena, "pull", true);
        command_add(&c, "--");
        command_add(&c, "%s", d->reference);
        return start_command(q, &c, finish_pull, err);
}
