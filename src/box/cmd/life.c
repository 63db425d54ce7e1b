/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs-box start, stop, restart, kill, rm, wait; and what conmon calls at a container's end.
 */
#include "base/cleanup.h"
#include "base/str.h"
#include "box/cmd/cmd.h"
#include "box/cmd/each.h"
#include "box/container/container.h"
#include "box/store/container.h"
#include "box/store/store.h"
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>

struct values {
        const char *time, *signal;
        bool force, all, volumes;
};

#define AT(field)    offsetof(struct values, field)
#define DEFAULT_TIME 10
#define MAX_TIME     1000000

static int rm_one(struct box *box, const char *id, const struct values *v, struct cfs_error *err);

struct work {
        int (*fn)(struct box *box, const char *id, const struct values *v, struct cfs_error *err);
        const struct values *v;
};

static int do_one(struct box *box, const char *name, const void *data, struct cfs_error *err)
{
        const struct work *w = data;
        char id[BOX_ID_SIZE];
        int r = store_container_find(box, name, id, err);

        if (r >= 0)
                r = w->fn(box, id, w->v, err);
        if (r >= 0) {
                printf("%s\n", name);
        } else if (w->fn == rm_one && w->v->force && err->code == CFS_E_NOT_FOUND) { /* as docker */
                fprintf(stderr, "cfs-box: %s\n", err->text);
                r = 0;
        }
        return r;
}

/* Does it to each of the containers, and prints the names of those where it could be done. */
static int each(struct box *box, const char *const *args, const struct values *v,
                int (*fn)(struct box *box, const char *id, const struct values *v, struct cfs_error *err),
                struct cfs_error *err)
{
        return each_word(box, args, &(struct work){ fn, v }, do_one, err);
}

static int find_signal(const char *name, int *ret, struct cfs_error *err)
{
        *ret = name ? cfs_signal_number(name) : 0;
        return *ret < 0 ? err_set(err, CFS_E_INVALID, "--signal %s: there is no such signal", name) : 0;
}

/* ---- start, stop, restart ------------------------------------------------------------------------------ */

static int start_one(struct box *box, const char *id, const struct values *v, struct cfs_error *err)
{
        int r = store_exec(
                box, err,
                "UPDATE containers SET detached=1, restarts=0, stopping=0 WHERE id=? AND state IN ('created', 'exited')",
                "s", id);

        return r < 0 ? r : launch_again(box, id, err);
}

static int run_start(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        return each(box, args, values, start_one, err);
}

const struct command cmd_start_command = {
        .name = "start",
        .args = "CONTAINER...",
        .min_args = 1,
        .max_args = COMMAND_ANY,
        .summary = "run containers again that have ended",
        .description =
                "The containers run in the background, with the commands and settings that they were made\n"
                "with, and with the files that they have written.",
        .options = options_none,
        .values_size = sizeof(struct values),
        .run = run_start,
};

static int stop_one(struct box *box, const char *id, const struct values *v, struct cfs_error *err)
{
        uint64_t seconds = DEFAULT_TIME;
        int signal, r = find_signal(v->signal, &signal, err);

        if (r >= 0 && v->time && (str_to_u64(v->time, &seconds) < 0 || seconds > MAX_TIME))
                r = err_set(err, CFS_E_INVALID, "--time %s: expected a number of seconds", v->time);
        return r < 0 ? r : stop_container(box, id, signal, (unsigned)seconds, err);
}

static int run_stop(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        return each(box, args, values, stop_one, err);
}

#define STOP_OPTIONS                                                                                         \
        { "time",                                                                                            \
          't',                                                                                               \
          OPTION_TEXT,                                                                                       \
          AT(time),                                                                                          \
          "SECONDS",                                                                                         \
          NULL,                                                                                              \
          "how long to wait before SIGKILL, 10 by default" },                                                \
        {                                                                                                    \
                "signal", 's', OPTION_TEXT, AT(signal), "SIGNAL", NULL,                                      \
                        "what to send first; the container's stop signal by default"                         \
        }

static const struct option_def stop_options[] = { STOP_OPTIONS, { 0 } };

const struct command cmd_stop_command = {
        .name = "stop",
        .args = "CONTAINER...",
        .min_args = 1,
        .max_args = COMMAND_ANY,
        .summary = "end containers",
        .description =
                "Sends the stop signal (SIGTERM, unless the image or `run --stop-signal` says otherwise), and\n"
                "SIGKILL when the container has not ended in time. The restart policy does not start it\n"
                "again. A container that does not run stays as it is.",
        .options = stop_options,
        .values_size = sizeof(struct values),
        .run = run_stop,
};

static int restart_one(struct box *box, const char *id, const struct values *v, struct cfs_error *err)
{
        int r = stop_one(box, id, v, err);

        return r < 0 ? r : start_one(box, id, v, err);
}

static int run_restart(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        return each(box, args, values, restart_one, err);
}

const struct command cmd_restart_command = {
        .name = "restart",
        .args = "CONTAINER...",
        .min_args = 1,
        .max_args = COMMAND_ANY,
        .summary = "stop containers and start them again",
        .description = "Does the same as `stop`, then `start`.",
        .options = stop_options,
        .values_size = sizeof(struct values),
        .run = run_restart,
};

/* ---- kill ---------------------------------------------------------------------------------------------- */

static int kill_one(struct box *box, const char *id, const struct values *v, struct cfs_error *err)
{
        int signal, r = find_signal(v->signal, &signal, err);

        if (r >= 0 && (!signal || signal == SIGKILL)) /* do not start it again */
                r = store_exec(box, err, "UPDATE containers SET stopping=1 WHERE id=?", "s", id);
        return r < 0 ? r : stop_kill(box, id, signal ? signal : SIGKILL, err);
}

static int run_kill(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        return each(box, args, values, kill_one, err);
}

static const struct option_def kill_options[] = {
        { "signal", 's', OPTION_TEXT, AT(signal), "SIGNAL", NULL, "by name or number; KILL by default" },
        { 0 },
};

const struct command cmd_kill_command = {
        .name = "kill",
        .args = "CONTAINER...",
        .min_args = 1,
        .max_args = COMMAND_ANY,
        .summary = "send a signal to containers",
        .description = "Sends the signal to the first process of each container.",
        .options = kill_options,
        .values_size = sizeof(struct values),
        .run = run_kill,
};

/* ---- rm ------------------------------------------------------------------------------------------------ */

static int rm_one(struct box *box, const char *id, const struct values *v, struct cfs_error *err)
{
        return remove_container(box, id, (v->force ? REMOVE_FORCE : 0) | (v->volumes ? REMOVE_VOLUMES : 0),
                                err);
}

static int life_run_rm(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        return each(box, args, values, rm_one, err);
}

static const struct option_def rm_options[] = {
        { "force", 'f', OPTION_FLAG, AT(force), NULL, NULL,
          "kill containers that run; a container that does not exist is not an error" },
        { "volumes", 'v', OPTION_FLAG, AT(volumes), NULL, NULL, "also remove their volumes without a name" },
        { 0 },
};

const struct command cmd_rm_command = {
        .name = "rm",
        .flags = COMMAND_ROOM,
        .args = "CONTAINER...",
        .min_args = 1,
        .max_args = COMMAND_ANY,
        .summary = "remove containers",
        .description =
                "Removes containers with all files that they have written. Volumes with a name stay, and so\n"
                "does the history.",
        .options = rm_options,
        .values_size = sizeof(struct values),
        .run = life_run_rm,
};

/* ---- wait ---------------------------------------------------------------------------------------------- */

static int wait_one(struct box *box, const char *name, const void *values, struct cfs_error *err)
{
        char id[BOX_ID_SIZE];
        int code = -1, r = store_container_find(box, name, id, err);

        (void)values;
        if (r >= 0)
                r = stop_wait(box, id, -1, &code, err);
        if (r < 0)
                return r;
        printf("%d\n", code);
        (void)fflush(stdout); /* now, not when the last of the containers has ended */
        return 0;
}

static int run_wait(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        return each_word(box, args, values, wait_one, err);
}

const struct command cmd_wait_command = {
        .name = "wait",
        .args = "CONTAINER...",
        .min_args = 1,
        .max_args = COMMAND_ANY,
        .summary = "wait for the end of containers, and print their exit codes",
        .description = "Prints -1 when the exit code is not known.",
        .options = options_none,
        .run = run_wait,
};

/* ---- for conmon ---------------------------------------------------------------------------------------- */

static int run_ended(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        return ended_monitored(box, args[0], err);
}

const struct command cmd_monitor_ended_command = {
        .name = "monitor-ended",
        .args = "ID",
        .min_args = 1,
        .max_args = 1,
        .flags = COMMAND_HIDDEN,
        .summary = "record a container's end",
        .description = "conmon calls it.",
        .options = options_none,
        .run = run_ended,
};
