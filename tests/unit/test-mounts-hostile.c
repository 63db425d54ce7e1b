/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tree.h"

/* ---- a hostile root ------------------------------------------------------------------------------------ */

static void nothing(void)
{
}

static void links_stay_inside(void **state)
{
        char command[1024];

        (void)state;
        (void)snprintf(command, sizeof(command),
                       "mkdir -p canary;"
                       " ln -sfn %s/canary rootfs/out;"
                       " ln -sfn ../../../../../canary rootfs/up;"
                       " ln -sfn /proc rootfs/p",
                       bundle);
        in_bundle(command);
        built(CONFIG(BASE ",{'destination':'/out/x','type':'tmpfs'},"
                          "{'destination':'/up/y','source':'src/file',"
                          "'options':['bind']}",
                     ""),
              nothing);
        (void)snprintf(command, sizeof(command),
                       "test -z \"$(ls canary)\";"
                       " test -d rootfs%s/canary/x;"
                       " test -f rootfs/canary/y;rm -r rootfs/out rootfs/up rootfs/tmp/* rootfs/canary",
                       bundle);
        in_bundle(command);
        /* By a link, into procfs. */
        assert_true(build(CONFIG(BASE ",{'destination':'/p/sys','source':'src/dir','options':['bind']}", ""),
                          NULL) < 0);
        assert_contains(report->err.text, "cannot be mounted because it is inside /proc");
        in_bundle("rm rootfs/p");
}

static void kernel_file_systems_need_ordinary_directories(void **state)
{
        (void)state;
        in_bundle("mv rootfs/proc rootfs/proc.d; ln -s tmp rootfs/proc");
        assert_true(build(CONFIG(BASE, ""), NULL) < 0);
        assert_contains(report->err.text, "must be mounted on ordinary directory");
        in_bundle("rm rootfs/proc; mv rootfs/proc.d rootfs/proc");
        assert_true(build(CONFIG("{'destination':'/proc','source':'src/dir',"
                                 "'options':['bind']}",
                                 ""),
                          NULL) < 0);
        assert_contains(report->err.text, "not of type proc");
}

static void a_linked_dev_stays_inside(void **state)
{
        char command[512];

        (void)state;
        (void)snprintf(command, sizeof(command),
                       "mkdir -p canary; mv rootfs/dev rootfs/dev.d; ln -s %s/canary rootfs/dev", bundle);
        in_bundle(command);
        /* The link is one of the container's, and leads to a directory of the same path inside. */
        built(CONFIG("{'destination':'/proc','type':'proc'}", ""), nothing);
        (void)snprintf(command, sizeof(command),
                       "test -z \"$(ls canary)\"; test -c rootfs%s/canary/null; rm -r rootfs%s;"
                       " rm rootfs/dev; mv rootfs/dev.d rootfs/dev",
                       bundle, bundle);
        in_bundle(command);
}

static void existing_nodes_must_match(void **state)
{
        (void)state;
        in_bundle("mknod rootfs/dev/x c 1 3; mkdir rootfs/dev/y");
        built(CONFIG("{'destination':'/proc','type':'proc'}",
                     ",'linux':{'devices':[{'type':'c','path':'/dev/x','major':1,'minor':3}]}"),
              nothing);
        assert_true(build(CONFIG("{'destination':'/proc','type':'proc'}",
                                 ",'linux':{'devices':[{'type':'c','path':'/dev/x','major':1,'minor':5}]}"),
                          NULL) < 0);
        assert_string_equal(report->err.property, "linux.devices[0]");
        assert_true(build(CONFIG("{'destination':'/proc','type':'proc'}",
                                 ",'linux':{'devices':[{'type':'b','path':'/dev/y','major':1,'minor':5}]}"),
                          NULL) < 0);
        in_bundle("rm -r rootfs/dev; mkdir rootfs/dev");
}

static void is_empty(void)
{
        char buf[8];
        int fd = open("/proc/uptime", O_RDONLY | O_CLOEXEC);

        if (fd < 0 || read(fd, buf, sizeof(buf)) != 0)
                fail_at(__FILE__, __LINE__, "/proc/uptime is not masked by something empty");
        if (open("/proc/uptime", O_WRONLY | O_CLOEXEC) >= 0)
                fail_at(__FILE__, __LINE__, "the mask can be written to");
}

/* CVE-2025-31133: what a mask is made of. */
static void the_null_device_is_verified(void **state)
{
        (void)state;
        in_bundle("mkdir -p src/dev; ln -sf /etc/passwd src/dev/null");
        built(CONFIG("{'destination':'/proc','type':'proc'},"
                     "{'destination':'/dev','source':'src/dev',"
                     "'options':['bind']}",
                     ",'linux':{'maskedPaths':['/proc/timer_list','/proc/uptime']}"),
              is_empty);
        in_bundle("rm src/dev/null; echo x >src/dev/null");
        built(CONFIG("{'destination':'/proc','type':'proc'},"
                     "{'destination':'/dev','source':'src/dev',"
                     "'options':['bind']}",
                     ",'linux':{'maskedPaths':['/proc/uptime']}"),
              is_empty);
        in_bundle("test \"$(cat src/dev/null)\" = x");
}

/* ---- checks -------------------------------------------------------------------------------------------- */

struct found {
        char text[2000];
};

static void collect(void *data, enum problem_kind kind, const char *property, const char *message,
                    const char *hint)
{
        struct found *f = data;
        size_t len = strlen(f->text);

        (void)kind;
        (void)hint;
        (void)snprintf(f->text + len, sizeof(f->text) - len, "%s: %s\n", property, message);
}

static const char *problems_of(const char *json)
{
        static struct found f;
        struct problems p = { .fn = collect, .data = &f };
        struct ctx c;

        f.text[0] = '\0';
        load(&c, json);
        if (c.linux_->n_masked_paths > 0)
                c.ns_new = 0;
        root_check(&c, &p);
        mounts_rules_check(&c, &p);
        devices_check(&c, &p);
        masked_paths_check(&c, &p);
        rootfs_propagation_check(&c, &p);
        problem_flush(&p);
        unload(&c);
        return f.text;
}

static void checks(void **state)
{
        (void)state;
        assert_string_equal(problems_of(CONFIG(BASE, "")), "");
        assert_contains(problems_of(CONFIG("{'destination':'/a','options':['bind']}", "")),
                        "mounts[0].source: ");
        assert_contains(problems_of(CONFIG("{'destination':'/a'}", "")), "mounts[0].type: ");
        assert_contains(problems_of(CONFIG("{'destination':'/a','source':'/',"
                                           "'options':['ro','bind','size=1']}",
                                           "")),
                        "mounts[0].options[2]: bind mounts cannot have any filesystem-specific options");
        assert_contains(
                problems_of(CONFIG("{'destination':'/a','source':'/','options':['bind','idmap']}", "")),
                "mounts[0].uidMappings: ");
        assert_contains(
                problems_of(CONFIG(
                        "{'destination':'/a','type':'tmpfs','uidMappings':[{'containerID':0,'hostID':0,'size':1}]}",
                        "")),
                "mounts[0].gidMappings: ");
        assert_contains(problems_of(CONFIG("{'destination':'/proc/sys','type':'tmpfs'}", "")),
                        "mounts[0].destination: ");
        assert_contains(problems_of(CONFIG("{'destination':'/a','type':'ext4',"
                                           "'options':['tmpcopyup']}",
                                           "")),
                        "mounts[0].options[0]: ");
        assert_contains(
                problems_of(CONFIG(BASE, ",'linux':{'devices':[{'type':'c','path':'/dev/x','major':1}]}")),
                "linux.devices[0].minor: is missing");
        assert_contains(
                problems_of(CONFIG(
                        BASE,
                        ",'linux':{'devices':[{'type':'c','path':'/dev/x','major':1,'minor':1048576}]}")),
                "linux.devices[0].minor: 1048576 is not between");
        assert_contains(problems_of(CONFIG(BASE, ",'linux':{'devices':[{'type':'p','path':'/dev/../x'}]}")),
                        "linux.devices[0].path: ");
        assert_contains(problems_of(CONFIG(BASE, ",'linux':{'maskedPaths':['/proc/kcore']}")),
                        "without a private MNT namespace");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(links_stay_inside, setup, teardown),
                cmocka_unit_test_setup_teardown(kernel_file_systems_need_ordinary_directories, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(a_linked_dev_stays_inside, setup, teardown),
                cmocka_unit_test_setup_teardown(existing_nodes_must_match, setup, teardown),
                cmocka_unit_test_setup_teardown(the_null_device_is_verified, setup, teardown),
                cmocka_unit_test_setup_teardown(checks, setup, teardown),
        };

        return tree_main(tests);
}
