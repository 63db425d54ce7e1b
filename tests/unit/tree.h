/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The file system steps, called in the order of the plan by a child in a mount namespace of its own. What it
 * sees from inside is in its /proc/self/mountinfo; a check that fails there says so through a pipe.
 */
#ifndef TREE_H
#define TREE_H

#include "test.h"
#include "base/path.h"
#include "base/sys.h"
#include "libcfs/walk/ctx.h"
#include "libcfs/mount/mount.h"
#include "libcfs/process/namespaces.h"
#include "libcfs/walk/problem.h"
#include "libcfs/steps/steps.h"
#include "oci.h"
#include <sched.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#define BASE                                                                                                 \
        "{'destination':'/proc','type':'proc','source':'proc'},"                                             \
        "{'destination':'/dev','type':'tmpfs','source':'tmpfs','options':['nosuid','mode=755']}"

static char *bundle; /* holds rootfs/ and src/ */

/* What a child has to say: its error, or which check failed. */
struct report_of_child {
        struct cfs_error err;
        char failed[400];
};

static struct report_of_child *report;

__attribute__((format(printf, 3, 4))) static inline void fail_at(const char *file, int line, const char *fmt,
                                                                 ...)
{
        char text[300];
        va_list ap;

        va_start(ap, fmt);
        if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
                text[0] = '\0';
        va_end(ap);
        (void)snprintf(report->failed, sizeof(report->failed), "%s:%d: %s", file, line, text);
        _exit(3);
}

#define inside(cond)                                                                                         \
        do {                                                                                                 \
                if (!(cond))                                                                                 \
                        fail_at(__FILE__, __LINE__, "%s", #cond);                                            \
        } while (0)

/* The container's line of mountinfo for the last mount on `where`, or NULL. */
static const char *mount_line(const char *where)
{
        static char found[1024];
        char line[1024], path[512];
        FILE *f = fopen("/proc/self/mountinfo", "re");

        found[0] = '\0';
        inside(f != NULL);
        while (fgets(line, sizeof(line), f))
                if (sscanf(line, "%*s %*s %*s %*s %511s", path) == 1 && strcmp(path, where) == 0)
                        memcpy(found, line, sizeof(found));
        (void)fclose(f);
        return found[0] ? found : NULL;
}

static inline void has_words(const char *where, const char *words, const char *file, int line)
{
        const char *l = mount_line(where);
        char copy[400], *rest = copy, *w;

        if (!l)
                fail_at(file, line, "nothing is mounted on %s", where);
        (void)snprintf(copy, sizeof(copy), "%s", words);
        while ((w = strsep(&rest, " "))) {
                bool not = *w == '!';

                if (*w && (strstr(l, w + not ) != NULL) == not )
                        fail_at(file, line, "%s: %s in %s", where, w, l);
        }
}

/* Words that the line of a mount has to have; those with a "!" in front it must not have. */
#define inside_mount(where, words) has_words(where, words, __FILE__, __LINE__)

static inline int steps(struct ctx *c, struct cfs_error *err)
{
        static int (*const inits[])(struct ctx *, struct cfs_error *) = {
                rootfs_propagation_init, root_init,          mounts_init,         devices_init,
                root_pivot_init,         masked_paths_init,  readonly_paths_init, root_propagation_init,
                mounts_readonly_init,    root_readonly_init,
        };

        for (size_t i = 0; i < ARRAY_SIZE(inits); i++) {
                bool wanted = inits[i] != root_propagation_init || root_propagation_wanted(c);
                int r = wanted ? inits[i](c, err) : 0;

                if (r < 0)
                        return r;
        }
        return 0;
}

static struct namespaces_plan no_joins = { .join_fd = { -1, -1, -1, -1, -1, -1, -1, -1 } };

/* JSON with apostrophes for quotes. */
static inline void load(struct ctx *c, const char *text)
{
        static struct oci_linux no_linux;
        char json[4096], *p;
        struct cfs_error err;
        void *root = NULL;

        (void)snprintf(json, sizeof(json), "%s", text);
        for (p = json; (p = strchr(p, '\''));)
                *p = '"';

        ctx_init(c, WALK_CREATE);
        assert_ok(oci_decode(&oci_config_type, "test", json, strlen(json), &root, &c->arena, &err));
        c->config = root;
        c->linux_ = c->config->linux ? c->config->linux : &no_linux;
        c->bundle = strdup(bundle);
        assert_true(asprintf(&c->rootfs, "%s/rootfs", bundle) > 0);
        c->proc_fd = path_open_host_proc(&err);
        c->ns_new = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC;
        c->namespaces = &no_joins;
}

static inline void unload(struct ctx *c)
{
        c->namespaces = NULL;
        (void)close(c->proc_fd);
        if (c->rootfs_fd >= 0)
                (void)close(c->rootfs_fd);
        free(c->bundle);
        free(c->rootfs);
        oci_arena_free(c->arena);
}

/* Builds the container's tree in a child and calls look() inside. Returns 0 or -errno with report->err
 * filled. */
static inline int build(const char *json, void (*look)(void))
{
        struct ctx c;
        int status = 0, r;
        pid_t pid;

        memset(report, 0, sizeof(*report));
        load(&c, json);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                r = mounts_prepare(&c, &report->err);
                if (r >= 0 && unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC) < 0)
                        _exit(4);
                if (r >= 0)
                        r = steps(&c, &report->err);
                if (r >= 0 && look)
                        look();
                _exit(r < 0 ? 2 : 0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        unload(&c);
        if (report->failed[0])
                fail_msg("%s", report->failed);
        assert_true(WIFEXITED(status));
        if (WEXITSTATUS(status) == 2) {
                assert_true(report->err.text[0] != '\0');
                return report->err.errnum ? -report->err.errnum : -EINVAL;
        }
        assert_int_equal(WEXITSTATUS(status), 0);
        return 0;
}

#define CONFIG(mounts, more) "{'ociVersion':'1.2.0','root':{'path':'rootfs'},'mounts':[" mounts "]" more "}"

static inline void built(const char *json, void (*look)(void))
{
        if (build(json, look) < 0)
                fail_msg("%s", report->err.text);
}

/* ---- a root file system -------------------------------------------------------------------------------- */

static inline void in_bundle(const char *command)
{
        char line[8192];
        int status;
        pid_t pid;

        (void)snprintf(line, sizeof(line), "cd %s && %s", bundle, command);
        pid = fork();
        if (pid == 0) {
                (void)execl("/bin/sh", "sh", "-ec", line, (char *)NULL);
                _exit(127);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (status != 0)
                fail_msg("`%s` failed", line);
}

static inline int setup(void **state)
{
        (void)state;
        bundle = test_mkdir();
        in_bundle(
                "mkdir -p rootfs/proc rootfs/dev rootfs/sys rootfs/etc/deep rootfs/tmp rootfs/mnt src/dir src/sub;chmod 1777 rootfs/tmp;"
                " echo hello >src/file;"
                " echo x >rootfs/etc/passwd;"
                " chmod 600 rootfs/etc/passwd;ln -s passwd rootfs/etc/link;"
                " echo y >rootfs/etc/deep/file;"
                " mkfifo rootfs/etc/fifo;"
                " chown 12:34 rootfs/etc/deep;"
                " echo f >src/dir/f");
        return 0;
}

static inline int teardown(void **state)
{
        (void)state;
        if (bundle)
                test_rmdir(bundle);
        bundle = NULL;
        return 0;
}

static inline char *text_of(const char *path)
{
        static char buf[256];
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd >= 0 ? read(fd, buf, sizeof(buf) - 1) : -1;

        if (fd >= 0)
                (void)close(fd);
        buf[n > 0 ? n : 0] = '\0';
        return buf;
}

static inline bool is_device(const char *path, unsigned ma, unsigned mi, mode_t mode)
{
        struct stat st;

        return lstat(path, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(ma, mi) &&
               (st.st_mode & 07777) == mode;
}

static inline bool is_link(const char *path, const char *text)
{
        char buf[256];
        ssize_t n = readlink(path, buf, sizeof(buf) - 1);

        if (n < 0)
                return false;
        buf[n] = '\0';
        return strcmp(buf, text) == 0;
}

/* Runs the tests, or says why not. */
#define tree_main(tests)                                                                                     \
        ({                                                                                                   \
                report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, \
                              0);                                                                            \
                if (geteuid() != 0)                                                                          \
                        printf("1..0 # SKIP mounting needs root\n");                                         \
                geteuid() != 0 ? 0 : report == MAP_FAILED ? 1 : cmocka_run_group_tests(tests, NULL, NULL);   \
        })

#endif
