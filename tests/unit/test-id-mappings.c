/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rows of user namespaces: who writes the maps, and becoming root inside. */
#include "ctx.h"
#include "libcfs/steps/steps.h"
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>

/* The content of /proc/PID/FILE with all blanks made single. */
static void proc_file(pid_t pid, const char *file, char *buf, size_t size)
{
        char path[64], raw[512];
        int fd;
        ssize_t n;
        size_t k = 0;

        (void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        CHILD_TRUE(fd >= 0);
        n = read(fd, raw, sizeof(raw));
        (void)close(fd);
        for (ssize_t i = 0; i < n && k + 1 < size; i++)
                if (raw[i] != ' ' || (k > 0 && buf[k - 1] != ' ' && buf[k - 1] != '\n'))
                        buf[k++] = raw[i];
        buf[k] = '\0';
}

/* A child in a new user namespace, which becomes root there when told to, and looks around. */
static pid_t container(struct ctx *c, uid_t uid, int *ret_go)
{
        int go[2], ready[2];
        char b;
        pid_t pid;

        CHILD_TRUE(pipe2(go, O_CLOEXEC) == 0 && pipe2(ready, O_CLOEXEC) == 0);
        pid = fork();
        CHILD_TRUE(pid >= 0);
        if (pid == 0) {
                /* The parent may end without telling us to go on. */
                (void)close(go[1]);
                (void)close(ready[0]);
                if (unshare(CLONE_NEWUSER) < 0)
                        _exit(77);
                CHILD_TRUE(write(ready[1], "", 1) == 1);
                if (read(go[0], &b, 1) != 1)
                        _exit(0);
                CHILD_OK(id_mappings_init(c, &err));
                CHILD_TRUE(getuid() == uid && geteuid() == uid && getgid() == uid);
                _exit(0);
        }
        (void)close(ready[1]);
        if (read(ready[0], &b, 1) != 1)
                _exit(77); /* no user namespaces here */
        *ret_go = go[1];
        c->ns_new = CLONE_NEWUSER;
        return pid;
}

static void done(pid_t pid, int go)
{
        int status = -1;

        CHILD_TRUE(write(go, "", 1) == 1);
        CHILD_TRUE(waitpid(pid, &status, 0) == pid && status == 0);
}

/* As test_in_child(), for functions that end with 77 where there are no user namespaces. */
static bool in_child(void (*fn)(struct ctx *), struct ctx *c)
{
        int status = -1;
        pid_t pid = fork();

        if (pid == 0) {
                fn(c);
                _exit(0);
        }
        assert_true(waitpid(pid, &status, 0) == pid);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
                return false;
        assert_int_equal(status, 0);
        return true;
}

static void as_root(struct ctx *c)
{
        char map[256];
        int go;

        c->pid = container(c, 0, &go);
        CHILD_OK(id_mappings_host(c, &err));
        proc_file(c->pid, "uid_map", map, sizeof(map));
        CHILD_TRUE(STREQ(map, "0 100000 1000\n1000 500 1\n"));
        proc_file(c->pid, "gid_map", map, sizeof(map));
        CHILD_TRUE(STREQ(map, "0 200000 65536\n"));
        proc_file(c->pid, "setgroups", map, sizeof(map));
        CHILD_TRUE(STREQ(map, "allow\n"));
        done(c->pid, go);
}

#define BOTH                                                                                                 \
        TEST_LINUX("\"namespaces\":[{\"type\":\"user\"}],"                                                   \
                   "\"uidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":1000},"                   \
                   "{\"containerID\":1000,\"hostID\":500,\"size\":1}],"                                      \
                   "\"gidMappings\":[{\"containerID\":0,\"hostID\":200000,\"size\":65536}]")

static void root_writes_any_map(void **state)
{
        struct ctx c;
        bool ran;

        (void)state;
        if (geteuid() != 0)
                TEST_SKIP("not root");
        test_ctx(&c, WALK_CREATE, BOTH);
        assert_true(id_mappings_wanted(&c));
        ran = in_child(as_root, &c);
        ctx_done(&c);
        if (!ran)
                TEST_SKIP("no user namespaces");
}

static void become(uid_t uid)
{
        CHILD_TRUE(setresgid(uid, uid, uid) == 0 && setresuid(uid, uid, uid) == 0);
        /* Or our files in /proc would be root's; spawn.c does this for the init. */
        CHILD_TRUE(prctl(PR_SET_DUMPABLE, 1) == 0);
}

static void as_user(struct ctx *c)
{
        char map[256];
        int go;

        become(4321);
        c->pid = container(c, 0, &go);
        CHILD_OK(id_mappings_host(c, &err));
        proc_file(c->pid, "uid_map", map, sizeof(map));
        CHILD_TRUE(STREQ(map, "0 4321 1\n"));
        proc_file(c->pid, "gid_map", map, sizeof(map));
        CHILD_TRUE(STREQ(map, "0 4321 1\n"));
        proc_file(c->pid, "setgroups", map, sizeof(map));
        CHILD_TRUE(STREQ(map, "deny\n"));
        done(c->pid, go);
}

static void a_user_maps_itself(void **state)
{
        struct ctx c;
        bool ran;

        (void)state;
        if (geteuid() != 0)
                TEST_SKIP("not root");
        /* Also the default: a user namespace without mappings. */
        test_ctx(&c, WALK_CREATE, TEST_LINUX(TEST_NS("user")));
        assert_true(id_mappings_wanted(&c));
        ran = in_child(as_user, &c);
        ctx_done(&c);
        if (!ran)
                TEST_SKIP("no user namespaces for ordinary users");
}

static void without_range(struct ctx *c)
{
        struct cfs_error e = { 0 };
        int go;

        CHILD_TRUE(setenv("PATH", "/nonexistent:relative", 1) == 0);
        become(4321);
        c->pid = container(c, 0, &go);
        CHILD_TRUE(id_mappings_host(c, &e) < 0);
        CHILD_TRUE(STREQ(e.property, "linux.uidMappings"));
        /* With the package it is the helper that refuses, without it we name the package. */
        CHILD_TRUE(strstr(e.text, "newuidmap"));
        CHILD_TRUE(strstr(e.text, "failed with exit code 1: newuidmap: ") ||
                   strstr(e.hint, "package uidmap"));
        CHILD_TRUE(strstr(e.hint, "/etc/subuid"));
        CHILD_TRUE(close(go) == 0 && waitpid(c->pid, NULL, 0) == c->pid);
}

static void a_user_without_a_range_is_told(void **state)
{
        struct ctx c;
        bool ran;

        (void)state;
        if (geteuid() != 0)
                TEST_SKIP("not root");
        test_ctx(&c, WALK_CREATE, BOTH);
        ran = in_child(without_range, &c);
        ctx_done(&c);
        if (!ran)
                TEST_SKIP("no user namespaces for ordinary users");
}

/* Gives user nobody a range, in a mount namespace of our own. */
static void give_range(const char *file)
{
        static const char range[] = "nobody:300000:2000\n";
        char template[] = "/tmp/cfs-test-XXXXXX";
        int fd = mkostemp(template, O_CLOEXEC);

        CHILD_TRUE(fd >= 0 && write(fd, range, sizeof(range) - 1) == sizeof(range) - 1 &&
                   fchmod(fd, 0644) == 0);
        CHILD_TRUE(mount(template, file, NULL, MS_BIND, NULL) == 0);
        CHILD_TRUE(unlink(template) == 0 && close(fd) == 0);
}

static void with_range(struct ctx *c)
{
        char map[256];
        int go;

        CHILD_TRUE(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
        give_range("/etc/subuid");
        give_range("/etc/subgid");
        become(65534);
        c->pid = container(c, 0, &go);
        CHILD_OK(id_mappings_host(c, &err));
        proc_file(c->pid, "uid_map", map, sizeof(map));
        CHILD_TRUE(STREQ(map, "0 300000 1000\n1000 65534 1\n"));
        proc_file(c->pid, "gid_map", map, sizeof(map));
        CHILD_TRUE(STREQ(map, "0 300100 1900\n"));
        done(c->pid, go);
}

static void helpers_write_what_a_user_may_not(void **state)
{
        struct ctx c;
        bool ran;

        (void)state;
        if (geteuid() != 0 || access("/usr/bin/newuidmap", X_OK) < 0 || access("/etc/subuid", F_OK) < 0)
                TEST_SKIP("not root, or no newuidmap(1)");
        test_ctx(&c, WALK_CREATE,
                 TEST_LINUX("\"namespaces\":[{\"type\":\"user\"}],"
                            "\"uidMappings\":[{\"containerID\":0,\"hostID\":300000,\"size\":1000},"
                            "{\"containerID\":1000,\"hostID\":65534,\"size\":1}],"
                            "\"gidMappings\":[{\"containerID\":0,\"hostID\":300100,\"size\":1900}]"));
        ran = in_child(with_range, &c);
        ctx_done(&c);
        if (!ran)
                TEST_SKIP("no user namespaces for ordinary users");
}

static void unmapped_root(struct ctx *c)
{
        int go;

        c->pid = container(c, 5, &go);
        CHILD_OK(id_mappings_host(c, &err));
        done(c->pid, go);
}

static void without_0_inside_we_are_the_first(void **state)
{
        struct ctx c;
        bool ran;

        (void)state;
        if (geteuid() != 0)
                TEST_SKIP("not root");
        test_ctx(&c, WALK_CREATE,
                 TEST_LINUX("\"namespaces\":[{\"type\":\"user\"}],"
                            "\"uidMappings\":[{\"containerID\":5,\"hostID\":100000,\"size\":1000}],"
                            "\"gidMappings\":[{\"containerID\":5,\"hostID\":100000,\"size\":1000}]"));
        ran = in_child(unmapped_root, &c);
        ctx_done(&c);
        if (!ran)
                TEST_SKIP("no user namespaces");
}

static void wanted(void **state)
{
        struct ctx c;

        (void)state;
        test_ctx(&c, WALK_CREATE,
                 TEST_LINUX("\"namespaces\":[{\"type\":\"user\",\"path\":\"/proc/1/ns/user\"}]"));
        assert_false(id_mappings_wanted(&c));
        assert_true(id_mappings_init_wanted(&c));
        assert_false(id_mappings_identity_wanted(&c));
        c.ns_new = CLONE_NEWUSER;
        assert_true(id_mappings_identity_wanted(&c));
        ctx_done(&c);
        test_ctx(&c, WALK_CREATE, TEST_LINUX(TEST_NS("network") ",\"netDevices\":{\"v9\":{}}"));
        assert_true(id_mappings_identity_wanted(&c));
        ctx_done(&c);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(root_writes_any_map),
                cmocka_unit_test(a_user_maps_itself),
                cmocka_unit_test(a_user_without_a_range_is_told),
                cmocka_unit_test(helpers_write_what_a_user_may_not),
                cmocka_unit_test(without_0_inside_we_are_the_first),
                cmocka_unit_test(wanted),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
