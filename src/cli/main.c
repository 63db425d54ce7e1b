/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs, the command.
 *
 * The order of things in main() is a contract with the engines:
 *
 *   1. descriptors 0, 1 and 2 are opened when the caller has closed them: nothing that is opened later may
 *      become "standard output" by accident; and SIGCHLD gets its default action when the caller ignores it:
 *      the kernel would reap our children, and their exit codes would be lost;
 *   2. the options in front of the command are parsed and the log is opened, so that every later mistake,
 *      those in the command's own options included, reaches the log that the engine reads;
 *   3. the command's options are parsed and checked: a mistake here has changed nothing yet;
 *   4. commands that enter a container replace this process by one whose executable no container can
 *      overwrite (CVE-2019-5736). It starts again at 1;
 *   5. the command runs. Only here, and nowhere else in cfs, a failure becomes text and an exit code.
 *
 * Nothing depends on the locale, on the environment (but for XDG_RUNTIME_DIR, in cfs_default_root()), or on
 * argv[0]: engines call cfs with an almost empty environment, and under other names.
 */
#include "commit.h"
#include "cli/cli.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/log.h"
#include "base/path.h"
#include "cli/logfile.h"
#include "cli/program.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef CFS_WEAKENED
#define WEAKENED_BUILD "WEAKENED for the tests (src/base/weakened.h): not to be used\n"
#else
#define WEAKENED_BUILD ""
#endif

/* Docker splits the first line at "version "; Podman and CRI-O show it. The last one is for those who look
 * for an ability of the build. */
static void version(void)
{
        printf("cfs version %s\ncommit: %s\nspec: %s\n" WEAKENED_BUILD
               "+SYSTEMD +SELINUX +APPARMOR +CAP +SECCOMP +EBPF +CRIU +YAJL\n",
               cfs_version(), CFS_COMMIT, CFS_SPEC_VERSION);
}

/* Makes a path absolute and lexically clean, as the established runtime does: engines compare the result. */
static int absolute(const char *path, char **ret, struct cfs_error *err)
{
        _cleanup_free_ char *cwd = NULL, *joined = NULL;

        if (*path != '/') {
                cwd = getcwd(NULL, 0);
                if (!cwd)
                        return err_sys(err, errno, "getcwd", "find the current directory for `%s`", path);
        }
        if (asprintf(&joined, "%s/%s", cwd ? cwd : "", path) < 0) {
                joined = NULL;
                return err_nomem(err);
        }
        path_clean(joined, joined);
        *ret = TAKE_PTR(joined);
        return 0;
}

static int find_root(const char *wanted, char **ret, struct cfs_error *err)
{
        int r;

        if (!wanted)
                return cfs_default_root(ret, err);
        if (!*wanted)
                return err_set(err, CFS_E_INVALID, "--root is empty");
        r = absolute(wanted, ret, err);
        if (r < 0)
                return r;
        if (STREQ(*ret, "/"))
                return err_set(err, CFS_E_INVALID, "--root must not be /: cfs removes directories below it");
        return 0;
}

static enum cfs_cgroup_manager find_manager(const struct cli_globals *g)
{
        if (!g->cgroup_manager)
                return g->systemd_cgroup ? CFS_CGROUP_SYSTEMD : CFS_CGROUP_CGROUPFS;
        if (STREQ(g->cgroup_manager, "systemd"))
                return CFS_CGROUP_SYSTEMD;
        return STREQ(g->cgroup_manager, "disabled") ? CFS_CGROUP_DISABLED : CFS_CGROUP_CGROUPFS;
}

/* Runs `c` with the words that follow its name. `argv` is the whole command line, for the process that
 * replaces this one. Returns the exit code, or a negative errno, and then *failure is the exit code. */
static int run_command(const struct command *c, const struct cli_globals *g, const char **words, char **argv,
                       int *failure, struct cfs_error *err)
{
        struct cfs_runtime rt = { .root_explicit = g->root,
                                  .cgroup_manager = find_manager(g),
                                  .trace = g->trace };
        _cleanup_program_words_ struct program_words parsed = { 0 };
        _cleanup_free_ char *root = NULL;
        int r = program_parse(&parsed, "cfs", HELPTEXT(c), words, err);

        if (r <= 0)
                return r;
        if (g->trace && !(c->flags & COMMAND_TRACES))
                return err_hint(err, err_set(err, CFS_E_INVALID, "%s: --trace has no effect here", c->name),
                                "create, run, start, exec and restore write a trace");
        if (c->check)
                r = c->check(parsed.values, parsed.rest.args, err);
        if (r >= 0 && !(c->flags & COMMAND_NO_ROOT))
                r = find_root(g->root, &root, err);
        if (c->flags & COMMAND_ENTERS)
                program_closed_output(CONTAINER_WRITES);
        if (r >= 0 && c->flags & COMMAND_ENTERS)
                r = cfs_protect_executable(argv, err);
        if (r < 0)
                return r;
        rt.root = root;
        /* No more than the container's name: a command line may have secrets (`exec --env`). */
        log_debug("cfs %s: %s %s", cfs_version(), c->name, parsed.rest.n > 0 ? parsed.rest.args[0] : "");
        *failure = c->failure ? c->failure : 1; /* from here on a failure is the command's */
        r = program_check_stack(err);
        return r < 0 ? r : c->run(&rt, parsed.values, parsed.rest.args, err);
}

/* The options in front of the command are parsed like any others, up to the first word that is not an option.
 * Returns as run_command() does. */
static int main_run(int argc, char **argv, int *failure, struct cfs_error *err)
{
        struct cli_globals g = { 0 };
        struct options_rest rest;
        struct logfile_options log;
        _cleanup_free_ const char **words = NULL;
        const struct command *c;
        int r = options_parse(globals_options, 1, argc - 1, argv + 1, &g, &rest, err), log_error;

        log = (struct logfile_options){ g.log, g.log_format, g.log_level, g.debug };
        if (r < 0) { /* to the log too, if that much was understood */
                struct cfs_error ignored;

                (void)logfile_open(&log, &ignored);
                return err->hint[0] ? r : err_hint(err, r, "`cfs --help` lists the options");
        }
        words = rest.args;
        log_error = logfile_open(&log, err);
        if (log_error < 0)
                return log_error;
        if (rest.help || (rest.n == 0 && !g.version))
                help_general();
        else if (g.version)
                version();
        else if (!(c = commands_find(words[0])))
                return commands_unknown(words[0], err);
        else
                return run_command(c, &g, words + 1, argv, failure, err);
        return 0;
}

int main(int argc, char **argv)
{
        struct cfs_error err = { 0 };
        int failure = 1, code;

        program_begin();
        program_closed_output(PROGRAM_WRITES);
        code = main_run(argc, argv, &failure, &err);
        if (code >= 0 && program_flush(&err) >= 0)
                return code;
        logfile_error(&err);
        return code > 0 ? code : failure;
}
