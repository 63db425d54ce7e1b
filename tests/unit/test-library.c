/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs as a library, in a process that stays: whatever happens to a container, the caller has its descriptors,
 * limits, umask, working directory and signal mask as before. (What a create changes for good is written in
 * cfs.h, and is done once before the first measurement.)
 */
#include "test.h"
#include "libcfs/cfs.h"
#include <signal.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/wait.h>

#define NAMESPACES "{'type':'mount'},{'type':'pid'},{'type':'network'},{'type':'ipc'},{'type':'uts'}"
#define SLEEPS     "'process':{'cwd':'/','args':['/bin/inspector','sleep'],'user':{'uid':0,'gid':0}},"

static char *dir; /* holds rootfs/ and the state directory root/ */
static char *root;
static char id[32]; /* its cgroup has that name, and so may another run's at the same time */
static struct cfs_runtime rt;

struct caller {
        int fds;
        struct rlimit limits[RLIM_NLIMITS];
        mode_t mask;
        char cwd[512];
        sigset_t signals;
};

static void measure(struct caller *ret)
{
        memset(ret, 0, sizeof(*ret));
        ret->fds = test_count_fds();
        for (int i = 0; i < RLIM_NLIMITS; i++)
                assert_int_equal(getrlimit((__rlimit_resource_t)i, &ret->limits[i]), 0);
        ret->mask = umask(0);
        (void)umask(ret->mask);
        assert_non_null(getcwd(ret->cwd, sizeof(ret->cwd)));
        assert_int_equal(sigprocmask(SIG_BLOCK, NULL, &ret->signals), 0);
}

static void unchanged_since(const struct caller *before)
{
        struct caller after;

        measure(&after);
        assert_int_equal(after.fds, before->fds);
        assert_memory_equal(&after.limits, &before->limits, sizeof(after.limits));
        assert_int_equal(after.mask, before->mask);
        assert_string_equal(after.cwd, before->cwd);
        assert_memory_equal(&after.signals, &before->signals, sizeof(after.signals));
}

/* JSON with apostrophes for quotes. */
static void configure(const char *json)
{
        char text[4096], *p;

        (void)snprintf(text, sizeof(text), "%s", json);
        for (p = text; (p = strchr(p, '\''));)
                *p = '"';
        test_write(dir, "config.json", text);
}

static void copy_inspector(void)
{
        const char *inspector = getenv("INSPECTOR");
        _cleanup_close_ int from =
                open(inspector ? inspector : "tests/integration/helpers/inspector", O_RDONLY | O_CLOEXEC);
        _cleanup_close_ int to = -1;
        struct stat st;
        char path[512];

        (void)snprintf(path, sizeof(path), "%s/rootfs", dir);
        assert_int_equal(mkdir(path, 0755), 0);
        (void)snprintf(path, sizeof(path), "%s/rootfs/bin", dir);
        assert_int_equal(mkdir(path, 0755), 0);
        (void)snprintf(path, sizeof(path), "%s/rootfs/bin/inspector", dir);
        to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
        assert_true(from >= 0 && to >= 0 && fstat(from, &st) == 0);
        assert_int_equal(sendfile(to, from, NULL, (size_t)st.st_size), st.st_size);
}

static int setup(void **state)
{
        (void)state;
        if (geteuid() != 0)
                return 0;
        dir = test_mkdir();
        assert_true(asprintf(&root, "%s/root", dir) > 0);
        copy_inspector();
        (void)snprintf(id, sizeof(id), "library-%d", (int)getpid());
        rt = (struct cfs_runtime){ .root = root };
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        test_rmdir(dir);
        free(root);
        return 0;
}

static void a_failed_create_leaves_the_caller_as_it_was(void **state)
{
        static const char *const configs[] = {
                /* prepare, half way: the runtime has made the first mount for the init, and procfs maps no
                 * ids. */
                "{'ociVersion':'1.2.0','root':{'path':'rootfs'}," SLEEPS
                "'mounts':[{'destination':'/a','type':'bind','source':'/','options':['bind']},"
                "{'destination':'/b','type':'bind','source':'/proc','options':['bind','idmap'],"
                "'uidMappings':[{'containerID':0,'hostID':5,'size':9}],'gidMappings':[{'containerID':0,'hostID':5,'size':9}]}],"
                "'linux':{'namespaces':[" NAMESPACES ",{'type':'user'}],"
                "'uidMappings':[{'containerID':0,'hostID':100000,'size':1000}],"
                "'gidMappings':[{'containerID':0,'hostID':100000,'size':1000}]}}",
                /* the init's part: no such program */
                "{'ociVersion':'1.2.0','root':{'path':'rootfs'},"
                "'process':{'cwd':'/','args':['/bin/nothing'],'user':{'uid':0,'gid':0}},"
                "'linux':{'namespaces':[" NAMESPACES "]}}",
                /* check */
                "{'ociVersion':'1.2.0','root':{'path':'rootfs'}," SLEEPS "'linux':{'namespaces':[" NAMESPACES
                ",{'type':'pid'}]}}",
        };
        const struct cfs_create_options o = { .bundle = dir };
        struct cfs_error err = { 0 };
        struct caller before;

        (void)state;
        if (geteuid() != 0)
                TEST_SKIP("not root");
        configure(configs[1]);
        assert_true(cfs_create(&rt, "once", &o, &err) < 0);
        measure(&before);
        for (size_t i = 0; i < ARRAY_SIZE(configs); i++) {
                configure(configs[i]);
                err = (struct cfs_error){ 0 };
                assert_true(cfs_create(&rt, id, &o, &err) < 0);
                assert_true(err.text[0]);
                unchanged_since(&before);
                assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
        }
}

static void a_container_s_life_leaves_the_caller_as_it_was(void **state)
{
        static const char *const args[] = { "/bin/inspector", "exit", "7", NULL };
        const struct cfs_create_options o = { .bundle = dir };
        const struct cfs_exec_options x = { .args = args, .no_new_privs = -1 };
        struct cfs_error err = { 0 };
        struct caller before;
        char *json = NULL;

        (void)state;
        if (geteuid() != 0)
                TEST_SKIP("not root");
        configure("{'ociVersion':'1.2.0','root':{'path':'rootfs'}," SLEEPS
                  "'linux':{'namespaces':[" NAMESPACES "]}}");
        for (int i = 0; i < 3; i++) {
                assert_ok(cfs_create(&rt, id, &o, &err));
                assert_ok(cfs_start(&rt, id, &err));
                assert_int_equal(cfs_exec(&rt, id, &x, &err), 7);
                assert_ok(cfs_state(&rt, id, &json, &err));
                assert_contains(json, "\"running\"");
                free(json);
                assert_ok(cfs_kill(&rt, id, SIGKILL, false, &err));
                assert_ok(cfs_delete(&rt, id, true, &err));
                /* Ours: create does not wait for what outlives it. */
                while (waitpid(-1, NULL, 0) > 0)
                        ;
                if (i == 0)
                        measure(&before);
                else
                        unchanged_since(&before);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_failed_create_leaves_the_caller_as_it_was),
                cmocka_unit_test(a_container_s_life_leaves_the_caller_as_it_was),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
