/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs-box run: an image, a command, a container.
 */
#include "base/cleanup.h"
#include "base/str.h"
#include "box/cmd/cmd.h"
#include "box/cmd/pull.h"
#include "box/container/container.h"
#include "box/core/architecture.h"
#include "box/core/process.h"
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#define AT(field) offsetof(struct run_options, field)

static const struct option_def options[] = {
        { "name", 0, OPTION_TEXT, AT(name), "NAME", NULL, "the container's name; one is made up by default" },
        { "detach", 'd', OPTION_FLAG, AT(detach), NULL, NULL,
          "run in the background, under conmon, and print the ID" },
        { "interactive", 'i', OPTION_FLAG, AT(interactive), NULL, NULL,
          "pass standard input on; in the background: keep it open, for attach" },
        { "tty", 't', OPTION_FLAG, AT(tty), NULL, NULL, "give it a terminal" },
        { "rm", 0, OPTION_FLAG, AT(remove), NULL, NULL, "remove the container when it has ended" },
        { "restart", 0, OPTION_TEXT, AT(restart), "POLICY", NULL,
          "start it again when it ends: no, on-failure[:N], always, unless-stopped" },
        { "cidfile", 0, OPTION_TEXT, AT(cidfile), "FILE", NULL, "write the container's ID to FILE" },
        { "print-bundle", 0, OPTION_TEXT, AT(print_bundle), "DIR", NULL,
          "make the OCI bundle DIR, for any runtime, and run nothing" },
        { "pull", 0, OPTION_TEXT, AT(pull), "POLICY", "never missing always",
          "fetch the image first, by skopeo: when it is missing, or always; never by default" },
        { "platform", 0, OPTION_TEXT, AT(platform), "OS/PROCESSOR", NULL,
          "what the image must be for: linux and this machine's processor" },
        /* what runs */
        { "entrypoint", 0, OPTION_TEXT, AT(entrypoint), "PROGRAM", NULL,
          "in place of the image's entry point and command" },
        { "env", 'e', OPTION_LIST, AT(env), "NAME[=VALUE]", NULL,
          "an environment variable; NAME alone is passed on" },
        { "env-file", 0, OPTION_LIST, AT(env_files), "FILE", NULL,
          "a file with one NAME[=VALUE] on each line" },
        { "user", 'u', OPTION_TEXT, AT(user), "USER[:GROUP]", NULL, "names of the image, or numbers" },
        { "group-add", 0, OPTION_LIST, AT(groups), "GROUP", NULL, "a further group, by name or number" },
        { "workdir", 'w', OPTION_TEXT, AT(workdir), "DIR", NULL, "the working directory" },
        { "init", 0, OPTION_FLAG, AT(init), NULL, NULL,
          "a small init that forwards signals and reaps orphans" },
        { "stop-signal", 0, OPTION_TEXT, AT(stop_signal), "SIGNAL", NULL, "what `stop` sends first" },
        { "label", 'l', OPTION_LIST, AT(labels), "NAME[=VALUE]", NULL,
          "a label, which `ps --filter label=` finds" },
        { "label-file", 0, OPTION_LIST, AT(label_files), "FILE", NULL,
          "a file with one NAME[=VALUE] on each line" },
        { "log-driver", 0, OPTION_TEXT, AT(log_driver), "DRIVER", "json-file k8s-file local none",
          "of a container in the background: none keeps no log; the others are one here" },
        { "log-opt", 0, OPTION_LIST, AT(log_options), "NAME=VALUE", NULL,
          "max-size=SIZE: the log begins anew when it has become so large" },
        /* what it sees */
        { "volume", 'v', OPTION_LIST, AT(volumes), "[SOURCE:]DEST[:OPTIONS]", NULL,
          "a directory or file of the host, a named volume, or one without a name; options: ro, nocopy, idmap, rshared ..." },
        { "mount", 0, OPTION_LIST, AT(mounts), "WORDS", NULL,
          "type=bind|volume|tmpfs,source=...,target=...[,readonly][,bind-propagation=...]" },
        { "volumes-from", 0, OPTION_LIST, AT(volumes_from), "CONTAINER[:ro]", NULL,
          "the volumes and directories that another container has, at the same places" },
        { "tmpfs", 0, OPTION_LIST, AT(tmpfs), "DEST[:OPTIONS]", NULL, "a file system in memory" },
        { "read-only", 0, OPTION_FLAG, AT(read_only), NULL, NULL, "the root file system cannot be written" },
        { "shm-size", 0, OPTION_TEXT, AT(shm_size), "SIZE", NULL, "size of /dev/shm, 64m by default" },
        { "hostname", 'h', OPTION_TEXT, AT(hostname), "NAME", NULL,
          "its host name; the short ID by default" },
        { "device", 0, OPTION_LIST, AT(devices), "PATH[:DEST][:rwm]", NULL, "a device of the host" },
        /* network */
        { "network", 0, OPTION_TEXT, AT(network), "NETWORK", NULL,
          "none, host, container:NAME, or a network's name; `network ls` lists them" },
        { "net", 0, OPTION_TEXT, AT(network), "NETWORK", NULL, NULL },
        { "network-alias", 0, OPTION_LIST, AT(aliases), "NAME", NULL,
          "a further name for the others in the network" },
        { "publish", 'p', OPTION_LIST, AT(publish), "[ADDR:][PORT:]PORT[/PROTO]", NULL,
          "a port of the host, any free one where none is said, that leads to the container" },
        { "publish-all", 0, OPTION_FLAG, AT(publish_all), NULL, NULL, "all ports that the image exposes" },
        { "dns", 0, OPTION_LIST, AT(dns), "ADDRESS", NULL, "a name server; the host's by default" },
        { "dns-search", 0, OPTION_LIST, AT(dns_search), "DOMAIN", NULL, "a domain to look names up in" },
        { "dns-option", 0, OPTION_LIST, AT(dns_options), "OPTION", NULL, "an option of resolv.conf(5)" },
        { "add-host", 0, OPTION_LIST, AT(hosts), "NAME:ADDRESS", NULL, "a line of /etc/hosts" },
        /* limits */
        { "limits", 'c', OPTION_FLAG, AT(limits), NULL, NULL,
          "default limits where none is given: 512 MB, one processor, 512 processes" },
        { "memory", 'M', OPTION_TEXT, AT(memory), "SIZE", NULL, "memory, such as 512m" },
        { "m", 'm', OPTION_TEXT, AT(memory), "SIZE", NULL, NULL },
        { "memory-reservation", 0, OPTION_TEXT, AT(memory_reservation), "SIZE", NULL,
          "the amount that it is reduced to when the host is short of memory" },
        { "memory-swap", 0, OPTION_TEXT, AT(memory_swap), "SIZE", NULL,
          "memory and swap together; -1: any amount of swap" },
        { "cpus", 0, OPTION_TEXT, AT(cpus), "NUMBER", NULL, "processors, such as 1.5" },
        { "cpu-percent", 'C', OPTION_TEXT, AT(cpu_percent), "PERCENT", NULL,
          "the same in percent of one processor" },
        { "cpu-shares", 0, OPTION_TEXT, AT(cpu_shares), "NUMBER", NULL,
          "its share when processors are busy; 1024 is usual" },
        { "cpu-quota", 0, OPTION_TEXT, AT(cpu_quota), "USEC", NULL,
          "microseconds of each period that it may run; --cpus is easier" },
        { "cpu-period", 0, OPTION_TEXT, AT(cpu_period), "USEC", NULL, "the period, 100000 by default" },
        { "cpuset-mems", 0, OPTION_TEXT, AT(cpuset_mems), "LIST", NULL, "the memory nodes, such as 0-1" },
        { "cpuset-cpus", 0, OPTION_TEXT, AT(cpuset), "LIST", NULL, "the processors, such as 0-2,7" },
        { "pids-limit", 'P', OPTION_TEXT, AT(pids_limit), "NUMBER", NULL, "processes and threads" },
        { "blkio-weight", 'I', OPTION_TEXT, AT(blkio_weight), "NUMBER", NULL,
          "its share of busy disks, 10 to 1000" },
        { "ulimit", 0, OPTION_LIST, AT(ulimits), "NAME=SOFT[:HARD]", NULL,
          "a resource limit, such as nofile=1024:4096" },
        /* rights */
        { "all-namespaces", 'a', OPTION_FLAG, AT(all_namespaces), NULL, NULL,
          "every namespace: a user and a time namespace besides the usual ones" },
        { "U", 'U', OPTION_FLAG, AT(shift), NULL, NULL, NULL },
        { "userns", 0, OPTION_TEXT, AT(userns), "MODE", NULL,
          "host, auto (-U: root inside is an ordinary user outside), or FIRST[:COUNT] of the host's IDs" },
        { "pid", 0, OPTION_TEXT, AT(pid), "MODE", "host", "see the host's processes" },
        { "ipc", 0, OPTION_TEXT, AT(ipc), "MODE", "host private",
          "share the host's System V IPC and queues" },
        { "uts", 0, OPTION_TEXT, AT(uts), "MODE", "host", "share the host's name" },
        { "oom-score-adj", 0, OPTION_TEXT, AT(oom_score_adj), "NUMBER", NULL,
          "preference of the kernel to kill it when memory is short, -1000 to 1000" },
        { "cap-add", 0, OPTION_LIST, AT(cap_add), "CAPABILITY", NULL, "give it this capability, or all" },
        { "cap-drop", 0, OPTION_LIST, AT(cap_drop), "CAPABILITY", NULL, "take this capability away, or all" },
        { "security-opt", 0, OPTION_LIST, AT(security_opts), "WORD", NULL,
          "seccomp=unconfined|FILE, apparmor=PROFILE, label=disable|CONTEXT, systempaths=unconfined, no-new-privileges" },
        { "sysctl", 0, OPTION_LIST, AT(sysctls), "NAME=VALUE", NULL, "a kernel parameter of its namespaces" },
        { "privileged", 0, OPTION_FLAG, AT(privileged), NULL, NULL,
          "all capabilities, devices and system calls: no protection" },
        { 0 },
};

/* "linux/amd64", "linux/arm64/v8": what this machine runs, or an error. */
static int check_platform(const char *platform, struct cfs_error *err)
{
        size_t len = strlen(architecture_name());

        if (!platform || STREQ(platform, architecture_name()) ||
            (str_has_prefix(platform, "linux/") && str_has_prefix(platform + 6, architecture_name()) &&
             (!platform[6 + len] || platform[6 + len] == '/')))
                return 0;
        return err_set(err, CFS_E_UNSUPPORTED, "--platform %s: this machine runs linux/%s", platform,
                       architecture_name());
}

/* What comes before a container is made. */
static int get_image(struct box *box, const char *image, const struct run_options *o, struct cfs_error *err)
{
        int r = check_platform(o->platform, err);

        return r < 0 ? r : pull_for_run(box, image, o->pull, err);
}

static int detached(struct box *box, const char *image, const struct run_options *o, struct cfs_error *err)
{
        struct container c;
        int r = create_container(&c, box, image, o, err);

        if (r < 0)
                return r;
        r = launch_container(box, &c, err);
        if (r >= 0)
                r = run_write_cidfile(&c, err);
        if (r >= 0)
                printf("%s\n", c.id);
        create_release(&c);
        return r < 0 ? r : 0;
}

static int run_run(struct box *box, const void *values, const char *const *args, struct cfs_error *err)
{
        struct run_options o = *(const struct run_options *)values;
        int r = get_image(box, args[0], &o, err);

        o.args = args + 1;
        if (r < 0)
                return r;
        if (o.print_bundle)
                return print_bundle(box, args[0], &o, err);
        if (o.detach)
                return detached(box, args[0], &o, err);
        if (!o.interactive && !o.tty)
                r = process_no_input(err);
        else if (o.interactive && o.tty)
                r = process_terminal_input(err);
        if (r < 0)
                return r;
        return run_container(box, args[0], &o, err);
}

static int run_create_only(struct box *box, const void *values, const char *const *args,
                           struct cfs_error *err)
{
        struct run_options o = *(const struct run_options *)values;
        char id[BOX_ID_SIZE];
        int r = get_image(box, args[0], &o, err);

        o.args = args + 1;
        if (r < 0)
                return r;
        if (o.print_bundle)
                return print_bundle(box, args[0], &o, err);
        r = make_container(box, args[0], &o, id, err);
        if (r >= 0)
                printf("%s\n", id);
        return r;
}

const struct command cmd_create_command = {
        .name = "create",
        .args = "IMAGE [COMMAND [ARG...]]",
        .min_args = 1,
        .max_args = COMMAND_ANY,
        .stop_after = 1,
        .failure = 125,
        .summary = "make a container, and run nothing",
        .description = "Makes a container as `run -d` does; `cfs-box start` runs it. Prints its ID.",
        .examples =
                "cfs-box create --name web -p 8080:80 busybox httpd -f && cfs-box cp page web:/ && cfs-box start web",
        .options = options,
        .values_size = sizeof(struct run_options),
        .run = run_create_only,
};

const struct command cmd_run_command = {
        .name = "run",
        .args = "IMAGE [COMMAND [ARG...]]",
        .min_args = 1,
        .max_args = COMMAND_ANY,
        .stop_after = 1,
        .flags = COMMAND_ENTERS,
        .failure = 125,
        .summary = "run a command in a new container",
        .description =
                "Makes a container of IMAGE and runs COMMAND in it; without COMMAND, the command of the\n"
                "image. In the foreground (without --detach) cfs-box forwards signals and the terminal. Its\n"
                "exit code is then that of the program, 128 + N when signal N ended it, 127 when it was not\n"
                "found, 126 when it could not be executed, and 125 when cfs-box failed.\n"
                "\n"
                "The container is an ordinary container of cfs: `cfs-box inspect` names its bundle and the\n"
                "state directory. It stays, with the files that it has written, until `cfs-box rm`; with --rm\n"
                "until its program ends.",
        .examples = "cfs-box run busybox echo hello\n"
                    "cfs-box run --rm -it -v $PWD:/work -w /work debian bash\n"
                    "cfs-box run -d --name web -p 8080:80 -M 128m busybox httpd -f -h /var/www",
        .options = options,
        .values_size = sizeof(struct run_options),
        .run = run_run,
};
