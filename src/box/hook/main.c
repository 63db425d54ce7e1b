/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs-cni, the hook: networks for OCI bundles under any runtime. The same entry in config.json, as a
 * createRuntime hook and as a poststop hook:
 *
 *     { "path": "/usr/bin/cfs-cni", "args": [ "cfs-cni", "--network=NAME", "--publish=8080:80" ] }
 */
#include "base/cleanup.h"
#include "base/io.h"
#include "box/net/hook.h"
#include "cli/options.h"
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#define AT(field)     offsetof(struct hook_options, field)
#define DEFAULT_STATE "/run/cfs-cni"
#define MAX_STATE     (1U << 20)

static const struct option_def options[] = {
        { "state", 0, OPTION_TEXT, AT(state), "DIR", NULL,
          "remembers what was made; " DEFAULT_STATE " by default" },
        { "network", 0, OPTION_TEXT, AT(network), "NAME", NULL, "the network" },
        { "networks", 0, OPTION_TEXT, AT(networks), "DIR", NULL,
          "configuration lists, besides those in /etc/cni/net.d" },
        { "plugins", 0, OPTION_TEXT, AT(plugins), "DIR", NULL, "where the CNI plugins are" },
        { "publish", 0, OPTION_LIST, AT(ports), "[ADDR:][PORT:]PORT[/PROTO]", NULL,
          "a port of the host that leads to the container" },
        { "hosts", 0, OPTION_TEXT, AT(hosts), "FILE", NULL, "gets a line with the container's address" },
        { "hostname", 0, OPTION_TEXT, AT(hostname), "NAME", NULL, "the name in that line" },
        { "name", 0, OPTION_LIST, AT(names), "NAME", NULL,
          "the others in the network find it by this name, in their --hosts" },
        { "user-mode", 0, OPTION_FLAG, AT(user_mode), NULL, NULL,
          "pasta or slirp4netns in place of plugins" },
        { 0 },
};

static void help(void)
{
        printf("USAGE:\n   cfs-cni [OPTIONS] <STATE\n\n"
               "A createRuntime and poststop hook that makes a container's network by CNI plugins.\n\nOPTIONS:\n");
        for (const struct option_def *d = options; d->name; d++)
                printf("   --%s%s%s\n        %s\n", d->name, d->value ? " " : "", d->value ? d->value : "",
                       d->help);
}

static int run(int argc, char **argv, struct cfs_error *err)
{
        struct hook_options o = { 0 };
        struct options_rest rest = { 0 };
        _cleanup_free_ char *text = NULL;
        int r = options_parse(options, 0, argc - 1, argv + 1, &o, &rest, err);

        if (r >= 0 && rest.help) {
                help();
        } else if (r >= 0) {
                o.state = o.state ? o.state : DEFAULT_STATE;
                r = io_read_fd(STDIN_FILENO, "standard input", MAX_STATE, &text, NULL, err);
                if (r >= 0)
                        r = hook_run(&o, text, err);
        }
        options_free(options, &o);
        free(rest.args);
        return r;
}

int main(int argc, char **argv)
{
        struct cfs_error err = { 0 };

        if (run(argc, argv, &err) >= 0)
                return 0;
        fprintf(stderr, "cfs-cni: %s\n", err.text);
        if (err.hint[0])
                fprintf(stderr, "         %s\n", err.hint);
        return 1;
}
