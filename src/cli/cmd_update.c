/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs update. The options become an OCI linux.resources object with just the members that were given, so that
 * the library sees one form only, whether limits come from options, a file or standard input.
 *
 * Sizes are numbers of bytes, or have a suffix (50M), or are -1 for no limit. What a limit may be is not
 * judged here: the library's messages name the property and the controller.
 */
#include "cli/cli.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/io.h"
#include "json.h"
#include "cli/number.h"
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RESOURCES_MAX (16U << 20) /* as large as libcfs takes a document */

struct values {
        const char *resources, *l3_cache_schema, *mem_bw_schema;
        const char *blkio_weight, *cpu_burst, *cpu_idle, *cpu_period, *cpu_quota, *cpu_rt_period,
                *cpu_rt_runtime, *cpu_share, *cpuset_cpus, *cpuset_mems, *kernel_memory, *kernel_memory_tcp,
                *memory, *memory_reservation, *memory_swap, *pids_limit;
};

#define AT(field) offsetof(struct values, field)

static const struct option_def options[] = {
        { "resources", 'r', OPTION_MAYBE, AT(resources), "FILE", NULL,
          "an OCI resources object in a file, or - for standard input, in place of the options below" },
        { "blkio-weight", 0, OPTION_MAYBE, AT(blkio_weight), "N", NULL, "weight of block I/O, 10 to 1000" },
        { "cpu-period", 0, OPTION_MAYBE, AT(cpu_period), "USEC", NULL, "period of the CPU quota" },
        { "cpu-quota", 0, OPTION_MAYBE, AT(cpu_quota), "USEC", NULL,
          "CPU time in each period; -1: no limit" },
        { "cpu-burst", 0, OPTION_MAYBE, AT(cpu_burst), "USEC", NULL,
          "how much unused quota may be used later" },
        { "cpu-share", 0, OPTION_MAYBE, AT(cpu_share), "N", NULL, "weight of CPU time" },
        { "cpu-rt-period", 0, OPTION_MAYBE, AT(cpu_rt_period), "USEC", NULL,
          "period of the real-time CPU quota" },
        { "cpu-rt-runtime", 0, OPTION_MAYBE, AT(cpu_rt_runtime), "USEC", NULL,
          "real-time CPU time in each period" },
        { "cpu-idle", 0, OPTION_MAYBE, AT(cpu_idle), "N", NULL,
          "1: only CPU time that no other cgroup wants" },
        { "cpuset-cpus", 0, OPTION_MAYBE, AT(cpuset_cpus), "LIST", NULL, "CPUs to run on, as 0-3,7" },
        { "cpuset-mems", 0, OPTION_MAYBE, AT(cpuset_mems), "LIST", NULL, "memory nodes to use" },
        { "memory", 0, OPTION_MAYBE, AT(memory), "SIZE", NULL, "limit of memory; -1: none" },
        { "memory-reservation", 0, OPTION_MAYBE, AT(memory_reservation), "SIZE", NULL,
          "soft limit of memory" },
        { "memory-swap", 0, OPTION_MAYBE, AT(memory_swap), "SIZE", NULL,
          "limit of memory and swap; -1: none" },
        { "kernel-memory", 0, OPTION_MAYBE, AT(kernel_memory), "SIZE", NULL,
          "limit of kernel memory (obsolete)" },
        { "kernel-memory-tcp", 0, OPTION_MAYBE, AT(kernel_memory_tcp), "SIZE", NULL, "limit of TCP buffers" },
        { "pids-limit", 0, OPTION_MAYBE, AT(pids_limit), "N", NULL, "limit of processes; -1: none" },
        { "l3-cache-schema", 0, OPTION_MAYBE, AT(l3_cache_schema), "SCHEMA", NULL, "Intel RDT: L3 cache" },
        { "mem-bw-schema", 0, OPTION_MAYBE, AT(mem_bw_schema), "SCHEMA", NULL,
          "Intel RDT: memory bandwidth" },
        { 0 },
};

enum form { FORM_INT, FORM_SIZE, FORM_STRING };

/* Which option is which member, grouped by object. */
static const struct {
        const char *option, *object, *member;
        size_t offset;
        enum form form;
} members[] = {
        { "blkio-weight", "blockIO", "weight", AT(blkio_weight), FORM_INT },
        { "cpu-burst", "cpu", "burst", AT(cpu_burst), FORM_INT },
        { "cpu-idle", "cpu", "idle", AT(cpu_idle), FORM_INT },
        { "cpu-period", "cpu", "period", AT(cpu_period), FORM_INT },
        { "cpu-quota", "cpu", "quota", AT(cpu_quota), FORM_INT },
        { "cpu-rt-period", "cpu", "realtimePeriod", AT(cpu_rt_period), FORM_INT },
        { "cpu-rt-runtime", "cpu", "realtimeRuntime", AT(cpu_rt_runtime), FORM_INT },
        { "cpu-share", "cpu", "shares", AT(cpu_share), FORM_INT },
        { "cpuset-cpus", "cpu", "cpus", AT(cpuset_cpus), FORM_STRING },
        { "cpuset-mems", "cpu", "mems", AT(cpuset_mems), FORM_STRING },
        { "kernel-memory", "memory", "kernel", AT(kernel_memory), FORM_SIZE },
        { "kernel-memory-tcp", "memory", "kernelTCP", AT(kernel_memory_tcp), FORM_SIZE },
        { "memory", "memory", "limit", AT(memory), FORM_SIZE },
        { "memory-reservation", "memory", "reservation", AT(memory_reservation), FORM_SIZE },
        { "memory-swap", "memory", "swap", AT(memory_swap), FORM_SIZE },
        { "pids-limit", "pids", "limit", AT(pids_limit), FORM_INT },
};

static const char *member_value(const struct values *v, size_t i)
{
        return *(const char *const *)((const char *)v + members[i].offset);
}

static int put_value(struct json_writer *w, size_t i, const char *value, struct cfs_error *err)
{
        int64_t n = 0;

        if (members[i].form == FORM_STRING) {
                json_write_string(w, value);
                return 0;
        }
        if ((members[i].form == FORM_SIZE ? number_size(value, &n) : number_int(value, &n)) < 0)
                return err_set(err, CFS_E_INVALID, "invalid value \"%s\" for --%s: not %s", value,
                               members[i].option,
                               members[i].form == FORM_SIZE ? "a size, as 50M or -1" : "a number");
        json_write_number(w, n);
        return 0;
}

/* The options as a resources object. The members of one object stand together in the table. */
static int put_resources(struct json_writer *w, const struct values *v, struct cfs_error *err)
{
        const char *object = NULL;
        int r = 0;

        json_write_object(w);
        for (size_t i = 0; i < ARRAY_SIZE(members) && r >= 0; i++) {
                const char *value = member_value(v, i);

                if (!value)
                        continue;
                if (!object || !STREQ(object, members[i].object)) {
                        if (object)
                                json_write_object_end(w);
                        object = members[i].object;
                        json_write_key(w, object);
                        json_write_object(w);
                }
                json_write_key(w, members[i].member);
                r = put_value(w, i, value, err);
        }
        if (object)
                json_write_object_end(w);
        json_write_object_end(w);
        return r;
}

static int from_options(const struct values *v, char **ret, struct cfs_error *err)
{
        _cleanup_json_writer_ struct json_writer *w = json_write_new(0);
        int r = put_resources(w, v, err);

        return r < 0 ? r : json_write_take(TAKE_PTR(w), ret, NULL, err);
}

static int from_file(const char *path, char **ret, struct cfs_error *err)
{
        bool standard = STREQ(path, "-");
        const char *name = standard ? "standard input" : path;
        _cleanup_free_ char *text = NULL;
        size_t len;
        int r = standard ? io_read_fd(STDIN_FILENO, name, RESOURCES_MAX, &text, &len, err)
                         : io_read_file(AT_FDCWD, path, RESOURCES_MAX, &text, &len, err);

        if (r < 0)
                return r;
        if (strlen(text) != len)
                return err_set(err, CFS_E_INVALID, "%s: not JSON: it holds a zero byte", name);
        *ret = TAKE_PTR(text);
        return 0;
}

static int cmd_update_check(const void *values, const char *const *args, struct cfs_error *err)
{
        const struct values *v = values;
        _cleanup_free_ char *text = NULL;

        for (size_t i = 0; v->resources && i < ARRAY_SIZE(members); i++)
                if (member_value(v, i))
                        return err_hint(err,
                                        err_set(err, CFS_E_INVALID, "--%s cannot be used with --resources",
                                                members[i].option),
                                        "put it into the resources: \"%s\": { \"%s\": ... }",
                                        members[i].object, members[i].member);
        return from_options(v, &text, err);
}

/* The library calls the document "resources". What the user has written is a file, or options. */
static int name_origin(const struct values *v, int r, struct cfs_error *err)
{
        static const char ours[] = "resources:"; /* LINE:COLUMN: and the rest */
        const char *said = err->text, *place = said + strlen(ours), *rest = strstr(said, ": ");
        char where[32];

        if (strncmp(said, ours, strlen(ours)) != 0 || !rest)
                return r;
        if (v->resources) {
                (void)snprintf(where, sizeof(where), "%.*s", (int)(rest - place), place);
                memmove(err->text, rest + 2, strlen(rest + 2) + 1);
                return err_prefix(err, r, "%s:%s", STREQ(v->resources, "-") ? "standard input" : v->resources,
                                  where);
        }
        for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
                char property[64];
                const char *at;

                (void)snprintf(property, sizeof(property), " %s.%s: ", members[i].object, members[i].member);
                at = strstr(said, property);
                if (!at)
                        continue;
                at += strlen(property);
                memmove(err->text, at, strlen(at) + 1);
                return err_prefix(err, r, "--%s", members[i].option);
        }
        return r;
}

static int cmd_update_run(const struct cfs_runtime *rt, const void *values, const char *const *args,
                          struct cfs_error *err)
{
        const struct values *v = values;
        _cleanup_free_ char *text = NULL;
        int r = v->resources ? from_file(v->resources, &text, err) : from_options(v, &text, err);

        if (r < 0)
                return r;
        r = cfs_update(rt, args[0], text, v->l3_cache_schema, v->mem_bw_schema, err);
        return r < 0 ? name_origin(v, r, err) : r;
}

const struct command cmd_update_command = {
        .name = "update",
        .args = "CONTAINER",
        .min_args = 1,
        .max_args = 1,
        .summary = "change the resource limits of a container",
        .description =
                "Changes limits of a container's cgroup. Limits that are not named stay as they are. When one\n"
                "change fails, none is made. A SIZE is a number of bytes, or has a suffix k, m, g, t or p\n"
                "(powers of 1024).",
        .examples = "cfs update --memory 512M --pids-limit 100 web\n"
                    "echo '{\"cpu\":{\"quota\":50000,\"period\":100000}}' | cfs update --resources - web",
        .options = options,
        .values_size = sizeof(struct values),
        .check = cmd_update_check,
        .run = cmd_update_run,
};
