/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs-box, the command: options, the store, one command, and the only place where a failure becomes text and
 * an exit code.
 *
 * An ordinary user first becomes root of a new user namespace (rootless.h). Commands that enter a
 * container then replace this process by one whose executable no container can overwrite (CVE-2019-5736);
 * both execute main() again.
 */
#include "base/cleanup.h"
#include "base/str.h"
#include "box/cmd/command.h"
#include "box/container/repair.h"
#include "box/core/exit_code.h"
#include "box/rootless.h"
#include "box/store/store.h"
#include "cli/program.h"
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#define AT(field) offsetof(struct global_options, field)

/* Where cfs-box lies, for the copy of itself that no longer knows. */
#define PROGRAMS "CFS_BOX_PROGRAMS"

const struct option_def globals_options[] = {
        { "root", 0, OPTION_TEXT, AT(root), "DIR", NULL, "directory of images and containers" },
        { "run", 0, OPTION_TEXT, AT(run), "DIR", NULL, NULL }, /* for what conmon calls */
        { "error-format", 0, OPTION_TEXT, AT(error_format), "FORMAT", "text json", NULL }, /* for serve */
        { "quiet", 0, OPTION_FLAG, AT(quiet), NULL, NULL, "no progress bars" },
        { "version", 'v', OPTION_FLAG, AT(version), NULL, NULL, "show the version" },
        { 0 },
};

/* The directory of this executable: cfs, for conmon, and cfs-cni, for hooks, lie there. */
static int find_programs(char **ret, struct cfs_error *err)
{
        const char *known = getenv(PROGRAMS);
        char path[PATH_MAX];
        ssize_t n;
        char *slash;

        if (known)
                return str_dup(ret, known, err);
        n = readlink("/proc/self/exe", path, sizeof(path) - 1);
        if (n < 0)
                return err_sys(err, errno, "readlink",
                               "read the link /proc/self/exe (is procfs mounted on /proc?)");
        path[n] = '\0';
        slash = strrchr(path, '/');
        *slash = '\0';
        if (setenv(PROGRAMS, path, 1) < 0)
                return err_nomem(err);
        return str_dup(ret, path, err);
}

static int default_directories(struct box *box, const char *root, const char *run_dir, struct cfs_error *err)
{
        const char *home = getenv("HOME"), *data = getenv("XDG_DATA_HOME"), *run = getenv("XDG_RUNTIME_DIR");
        _cleanup_free_ char *absolute = NULL;

        if (root) {
                if (*root != '/') {
                        absolute = getcwd(NULL, 0);
                        if (!absolute)
                                return err_sys(err, errno, "getcwd", "find the current directory");
                }
                if (str_printf(&box->root, err, "%s%s%s", absolute ? absolute : "", absolute ? "/" : "",
                               root) < 0)
                        return -ENOMEM;
                return run_dir ? str_dup(&box->run, run_dir, err)
                               : str_printf(&box->run, err, "%s/run", box->root);
        }
        if (!box->rootless) {
                int r = str_dup(&box->root, "/var/lib/cfs-box", err);

                return r < 0 ? r : str_dup(&box->run, "/run/cfs-box", err);
        }
        if (!data && !home)
                return err_set(err, CFS_E_INVALID,
                               "neither XDG_DATA_HOME nor HOME is set, and --root is not given");
        if (str_printf(&box->root, err, "%s%s/cfs-box", data ? data : home, data ? "" : "/.local/share") < 0)
                return -ENOMEM;
        return run ? str_printf(&box->run, err, "%s/cfs-box", run)
                   : str_printf(&box->run, err, "%s/run", box->root);
}

static int open_box(struct box *box, const struct global_options *g, char **ret_state, struct cfs_error *err)
{
        int r = default_directories(box, g->root, g->run, err);

        box->quiet = g->quiet;
        if (r >= 0)
                r = str_printf(ret_state, err, "%s/cfs", box->run);
        if (r < 0)
                return r;
        box->rt.root = *ret_state;
        box->rt.cgroup_manager = box->rootless ? rootless_cgroup_manager() : CFS_CGROUP_CGROUPFS;
        r = store_open(box, err);
        return r < 0 ? r : repair_all(box, err);
}

static void close_box(struct box *box, char *state)
{
        store_close(box);
        free(box->root);
        free(box->run);
        free(box->programs);
        free(state);
}

/* Runs `c` with the words that follow its name. `argv` is the whole command line, for the processes that
 * replace this one. Returns the exit code, or a negative errno, and then *failure is the exit code. */
static int run_command(const struct command *c, const struct global_options *g, const char **words,
                       char **argv, int *failure, struct cfs_error *err)
{
        struct box box = { .root_fd = -1, .rootless = rootless_is(), .makes_room = c->flags & COMMAND_ROOM };
        _cleanup_program_words_ struct program_words parsed = { 0 };
        char *state = NULL;
        int r;

        *failure = c->failure ? c->failure : 1;
        r = program_parse(&parsed, "cfs-box", HELPTEXT(c), words, err);
        if (r <= 0)
                return r;
        r = find_programs(&box.programs, err);
        if (r >= 0)
                r = rootless_enter(argv, err);
        if (r >= 0 && c->flags & COMMAND_ENTERS)
                r = cfs_protect_executable(argv, err);
        if (r >= 0 && !(c->flags & COMMAND_NO_STORE))
                r = open_box(&box, g, &state, err);
        if (r >= 0)
                r = program_check_stack(err);
        if (r >= 0)
                r = c->run(&box, parsed.values, parsed.rest.args, err);
        if (r < 0 &&
            c->failure == 125) /* as docker: 126 cannot be executed, 127 not found, 125 anything else */
                *failure = exit_code_of(err);
        close_box(&box, state);
        return r;
}

/* Returns as run_command() does. */
static int run(int argc, char **argv, bool *ret_json, int *failure, struct cfs_error *err)
{
        struct global_options g = { 0 };
        struct options_rest rest;
        _cleanup_free_ const char **words = NULL;
        const struct command *c;
        unsigned used;
        int r = options_parse(globals_options, 1, argc - 1, argv + 1, &g, &rest, err);

        if (r < 0)
                return err->hint[0] ? r : err_hint(err, r, "`cfs-box --help` lists the options");
        words = rest.args;
        *ret_json = g.error_format && STREQ(g.error_format, "json");
        if (g.version) {
                printf("cfs-box version %s\n", cfs_version());
        } else if (rest.help || rest.n == 0 || STREQ(words[0], "help")) {
                if (rest.n > 1 && STREQ(words[1], "--json"))
                        r = help_json(err);
                else if (rest.n > 1 && (c = commands_find(words + 1, &used)))
                        help_command(c);
                else
                        help_general();
        } else if ((c = commands_find(words, &used))) {
                return run_command(c, &g, words + used, argv, failure, err);
        } else {
                return commands_unknown(words, err);
        }
        return r < 0 ? r : 0;
}

static void show(const struct cfs_error *err, bool json)
{
        struct oci_box_error document = { .error = (char *)err->text,
                                          .hint = *err->hint ? (char *)err->hint : NULL,
                                          .code = (char *)cfs_code_name(err->code) };
        _cleanup_free_ char *text = NULL;
        struct cfs_error ignored;

        if (json && oci_encode(&oci_box_error_type, &document, 0, &text, NULL, &ignored) >= 0) {
                fprintf(stderr, "%s\n", text);
                return;
        }
        fprintf(stderr, "cfs-box: %s\n", err->text);
        if (err->hint[0])
                fprintf(stderr, "         %s\n", err->hint);
}

int main(int argc, char **argv)
{
        struct cfs_error err = { 0 };
        int failure = 1, code;
        bool json = false;

        program_begin();
        code = run(argc, argv, &json, &failure, &err);
        if (code >= 0 && program_flush(&err) >= 0)
                return code;
        show(&err, json);
        return code > 0 ? code : failure;
}
