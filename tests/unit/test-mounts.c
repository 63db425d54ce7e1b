/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tree.h"

/* ---- the usual ----------------------------------------------------------------------------------------- */

static void look_usual(void)
{
        struct stat st;

        inside(is_device("/dev/null", 1, 3, 0666) && is_device("/dev/zero", 1, 5, 0666));
        inside(is_device("/dev/full", 1, 7, 0666) && is_device("/dev/random", 1, 8, 0666));
        inside(is_device("/dev/urandom", 1, 9, 0666) && is_device("/dev/tty", 5, 0, 0666));
        inside(is_link("/dev/fd", "/proc/self/fd") && is_link("/dev/stdin", "/proc/self/fd/0"));
        inside(is_link("/dev/stdout", "/proc/self/fd/1") && is_link("/dev/stderr", "/proc/self/fd/2"));
        inside(is_link("/dev/ptmx", "pts/ptmx"));
        inside(is_device("/dev/mine", 1, 3, 0640) && lstat("/dev/mine", &st) == 0 && st.st_uid == 5 &&
               st.st_gid == 6);
        inside(is_device("/dev/a/b", 1, 5, 0666) && is_device("/other/null", 1, 3, 0666));
        inside(lstat("/dev/pipe", &st) == 0 && S_ISFIFO(st.st_mode));
        inside_mount("/", " ro,");
        inside_mount("/proc", "nosuid noexec nodev");
        inside_mount("/dev", "nosuid !nodev !noexec mode=755");
        inside_mount("/dev/pts", "devpts ptmxmode=666 mode=620,");
        inside_mount("/dev/mqueue", "mqueue");
        inside_mount("/sys", "ro,nosuid,nodev,noexec sysfs");
        inside_mount("/tmp", "tmpfs");
        inside(stat("/tmp", &st) == 0 && (st.st_mode & 07777) == 01777); /* as what it covers */
        inside(mkdir("/cannot", 0755) < 0 && errno == EROFS);
        inside(access(bundle, F_OK) < 0); /* the host is gone */
        /* masks */
        inside(is_device("/proc/kcore", 1, 3, 0666) || access("/proc/kcore", F_OK) < 0);
        inside(is_device("/proc/keys", 1, 3, 0666) || access("/proc/keys", F_OK) < 0);
        inside_mount("/proc/sys", "ro,nosuid,nodev,noexec");
        inside(open("/proc/sys/kernel/domainname", O_WRONLY | O_CLOEXEC) < 0 && errno == EROFS);
        inside_mount("/proc/fs", "ro,nosuid,nodev,noexec tmpfs nr_inodes=1");
        inside_mount("/proc/irq", "ro,nosuid,nodev,noexec tmpfs nr_inodes=1");
        inside(mkdir("/proc/irq/x", 0755) < 0);
}

static void the_usual_container(void **state)
{
        (void)state;
        built("{'ociVersion':'1.2.0','root':{'path':'rootfs','readonly':true},'mounts':[{'destination':'/proc','type':'proc','source':'proc',"
              "'options':['nosuid','noexec','nodev']},"
              "{'destination':'/dev','type':'tmpfs','source':'tmpfs',"
              "'options':['nosuid','strictatime','mode=755','size=65536k']},"
              "{'destination':'/dev/pts','type':'devpts','source':'devpts',"
              "'options':['nosuid','noexec','newinstance','ptmxmode=0666','mode=0620','gid=5']},"
              "{'destination':'/dev/mqueue','type':'mqueue','source':'mqueue',"
              "'options':['nosuid']},"
              "{'destination':'/sys','type':'sysfs','source':'sysfs',"
              "'options':['nosuid','noexec','nodev','ro']},"
              "{'destination':'/tmp','type':'tmpfs'}],"
              "'linux':{'devices':[{'type':'c','path':'/dev/mine','major':1,'minor':3,'fileMode':416,'uid':5,'gid':6},"
              "{'type':'u','path':'/dev/a/b','major':1,'minor':5},"
              "{'type':'p','path':'/dev/pipe'},"
              "{'type':'c','path':'/other/null','major':1,'minor':3}],'maskedPaths':['/proc/kcore','/proc/keys','/proc/fs','/proc/irq','/proc/nothing','/etc/passwd/x'],'readonlyPaths':['/proc/sys','/proc/nothing']}}",
              look_usual);
        in_bundle("rmdir rootfs/dev/* 2>/dev/null || :; rm -r rootfs/other; test -z \"$(ls rootfs/dev)\"");
}

/* ---- every option -------------------------------------------------------------------------------------- */

static const struct {
        const char *option;
        const char *words; /* of the tmpfs that has it                          */
} on_tmpfs[] = {
        { "async", "!sync" },
        { "atime", "relatime" },
        { "defaults", "rw," },
        { "dev", "!nodev" },
        { "diratime", "!nodiratime" },
        { "dirsync", "dirsync" },
        { "exec", "!noexec" },
        { "iversion", "tmpfs" },
        { "lazytime", "lazytime" },
        { "loud", "tmpfs" },
        { "mand", "tmpfs" },
        { "noatime", "noatime" },
        { "nodev", "nodev" },
        { "nodiratime", "nodiratime" },
        { "noexec", "noexec" },
        { "noiversion", "tmpfs" },
        { "nolazytime", "!lazytime" },
        { "nomand", "tmpfs" },
        { "norelatime", "relatime" },
        { "nostrictatime", "relatime" },
        { "nosuid", "nosuid" },
        { "nosymfollow", "nosymfollow" },
        { "private", "!shared !master" },
        { "relatime", "relatime" },
        { "ro", "ro," },
        { "rprivate", "!shared" },
        { "rshared", "shared:" },
        { "rslave", "!shared" },
        { "runbindable", "unbindable" },
        { "rw", "rw," },
        { "shared", "shared:" },
        { "silent", "tmpfs" },
        { "slave", "!shared" },
        { "strictatime", "!relatime !noatime" },
        { "suid", "!nosuid" },
        { "symfollow", "!nosymfollow" },
        { "sync", "sync" },
        { "tmpcopyup", "tmpfs" },
        { "unbindable", "unbindable" },
        { "rro", "ro," },
        { "rnosuid", "nosuid" },
        { "rnoatime", "noatime" },
        { "rnosymfollow", "nosymfollow" },
        { "size=4k", "size=4k" },
        { "mode=700,size=8k", "size=8k,mode=700" },
};

static const char *wanted_words;

static void look_option(void)
{
        inside_mount("/mnt", wanted_words);
}

static void every_option_on_a_new_mount(void **state)
{
        char json[1024];

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(on_tmpfs); i++) {
                wanted_words = on_tmpfs[i].words;
                (void)snprintf(json, sizeof(json),
                               CONFIG(BASE ",{'destination':'/mnt','type':'tmpfs','options':['%s']}", ""),
                               on_tmpfs[i].option);
                if (build(json, look_option) < 0)
                        fail_msg("%s: %s", on_tmpfs[i].option, report->err.text);
        }
}

static void an_unknown_option_is_the_kernels_error(void **state)
{
        (void)state;
        assert_int_equal(
                build(CONFIG(BASE ",{'destination':'/mnt','type':'tmpfs','options':['sise=4k']}", ""), NULL),
                -EINVAL);
        assert_contains(report->err.text, "mounts[2]: mount tmpfs on /mnt: ");
        assert_contains(report->err.text, "Unknown parameter 'sise'");
        assert_string_equal(report->err.property, "mounts[2]");
        assert_true(build(CONFIG(BASE ",{'destination':'/mnt','type':'nofs'}", ""), NULL) < 0);
        assert_contains(report->err.text, "no such device");
}

/* ---- bind mounts --------------------------------------------------------------------------------------- */

static void look_binds(void)
{
        inside(strcmp(text_of("/mnt/f"), "f\n") == 0);
        inside(strcmp(text_of("/made/by/us"), "hello\n") == 0);
        inside_mount("/mnt", "rw, !shared !master");
        inside_mount("/made/by/us", "ro,nosuid,nodev,noexec");
        inside(access("/mnt/f", W_OK) == 0);
}

static void files_and_directories_are_bound(void **state)
{
        (void)state;
        built(CONFIG(BASE ",{'destination':'mnt','type':'none','source':'src/dir',"
                          "'options':['rbind','rprivate']},"
                          "{'destination':'/made/by/us','type':'bind','source':'src/file',"
                          "'options':['bind','ro','nosuid','nodev','noexec']}",
                     ""),
              look_binds);
        in_bundle("test -f rootfs/made/by/us && test ! -s rootfs/made/by/us && rm -r rootfs/made");
}

static void look_recursive(void)
{
        inside_mount("/mnt", "ro, nosuid nodev noexec");
        inside_mount("/mnt/dir", "ro, nodev !nosuid");
        inside_mount("/mnt/sub", "ro, nodev");
}

/* What the source's own mount has stays; what lies below changes by the options with an r. */
static void flags_of_the_source_are_kept(void **state)
{
        (void)state;
        if (unshare(CLONE_NEWNS) < 0)
                TEST_SKIP("no mount namespace");
        in_bundle("mount --make-rprivate /;"
                  " mount -t tmpfs -o noexec x src/sub;"
                  " mkdir src/sub/dir src/sub/sub;mount -t tmpfs x src/sub/dir;"
                  " mount -t tmpfs x src/sub/sub");
        built(CONFIG(BASE ",{'destination':'/mnt','source':'src/sub',"
                          "'options':['rbind','nosuid','rro','rnodev']}",
                     ""),
              look_recursive);
        in_bundle("umount -R src/sub");
}

static void look_propagation(void)
{
        inside_mount("/mnt", "shared: master:");
        inside_mount("/tmp", "master: !shared:");
        inside_mount("/etc", "!master: !shared:");
        inside_mount("/", "!master: !shared:");
}

static void look_shared_root(void)
{
        inside_mount("/mnt", "shared:");
        inside_mount("/", "shared:");
}

static void look_unbindable_root(void)
{
        inside_mount("/", "unbindable");
        inside_mount("/dev", "unbindable");
}

static void propagation(void **state)
{
        (void)state;
        if (unshare(CLONE_NEWNS) < 0)
                TEST_SKIP("no mount namespace");
        in_bundle("mount --make-rprivate /; mount -t tmpfs x src/sub; mount --make-shared src/sub");
        built(CONFIG(BASE ",{'destination':'/mnt','source':'src/sub',"
                          "'options':['rbind','rshared']},"
                          "{'destination':'/tmp','source':'src/sub',"
                          "'options':['rbind']},"
                          "{'destination':'/etc','source':'src/sub',"
                          "'options':['rbind','rprivate']}",
                     ""),
              look_propagation);
        in_bundle("mount --make-shared /");
        built(CONFIG(BASE ",{'destination':'/mnt','source':'src/sub','options':['rbind','rshared']}",
                     ",'linux':{'rootfsPropagation':'shared'}"),
              look_shared_root);
        built(CONFIG(BASE,
                     ",'linux':{'rootfsPropagation':'runbindable','maskedPaths':['/proc/keys','/proc/irq']}"),
              look_unbindable_root);
        in_bundle("umount src/sub; ! grep cfs-test /proc/self/mountinfo"); /* nothing reached the host */
}

static void look_links(void)
{
        inside(is_link("/copied", "file"));
        inside(is_link("/over", "file")); /* a link is mounted there, over an ordinary file */
}

static void links_as_sources(void **state)
{
        (void)state;
        in_bundle("ln -sf file src/link");
        built(CONFIG(BASE ",{'destination':'/copied','source':'src/link',"
                          "'options':['bind','copy-symlink']},"
                          "{'destination':'/over','source':'src/link',"
                          "'options':['bind','src-nofollow','dest-nofollow']}",
                     ""),
              look_links);
        in_bundle("rm rootfs/copied rootfs/over");
}

static void what_bind_mounts_cannot_be(void **state)
{
        (void)state;
        assert_int_equal(
                build(CONFIG(BASE ",{'destination':'/mnt','source':'src/nothing','options':['bind']}", ""),
                      NULL),
                -ENOENT);
        assert_string_equal(report->err.property, "mounts[2].source");
        assert_contains(report->err.text, "no such file or directory");
        assert_int_equal(
                build(CONFIG(BASE ",{'destination':'/mnt','source':'src/file','options':['bind']}", ""),
                      NULL),
                -ENOTDIR);
        assert_contains(report->err.hint, "the source is a file, the destination is a directory");
        assert_int_equal(build(CONFIG(BASE ",{'destination':'/etc/passwd','source':'src/dir',"
                                           "'options':['bind']}",
                                      ""),
                               NULL),
                         -ENOTDIR);
}

/* ---- tmpfs --------------------------------------------------------------------------------------------- */

static void look_copyup(void)
{
        struct stat st;

        inside_mount("/etc", "tmpfs");
        inside(strcmp(text_of("/etc/passwd"), "x\n") == 0 && stat("/etc/passwd", &st) == 0 &&
               (st.st_mode & 07777) == 0600);
        inside(is_link("/etc/link", "passwd"));
        inside(strcmp(text_of("/etc/deep/file"), "y\n") == 0);
        inside(stat("/etc/deep", &st) == 0 && st.st_uid == 12 && st.st_gid == 34);
        inside(lstat("/etc/fifo", &st) == 0 && S_ISFIFO(st.st_mode));
        inside(unlink("/etc/passwd") == 0);
}

static void a_tmpfs_can_begin_with_a_copy(void **state)
{
        (void)state;
        built(CONFIG(BASE ",{'destination':'/etc','type':'tmpfs',"
                          "'options':['tmpcopyup']}",
                     ""),
              look_copyup);
        in_bundle("test -f rootfs/etc/passwd");
}

static void look_readonly_tmpfs(void)
{
        inside_mount("/mnt", "ro,");
        inside_mount("/mnt/sub", "rw,");
        inside_mount("/", "ro,");
}

static void a_readonly_tmpfs_can_have_mount_points(void **state)
{
        (void)state;
        built("{'ociVersion':'1.2.0','root':{'path':'rootfs','readonly':true},'mounts':[" BASE
              ",{'destination':'/mnt','type':'tmpfs',"
              "'options':['ro']},"
              "{'destination':'/mnt/sub','type':'tmpfs'}]}",
              look_readonly_tmpfs);
}

static void look_remount(void)
{
        inside_mount("/mnt", "ro,nosuid,noexec size=8k");
}

static void remount(void **state)
{
        (void)state;
        built(CONFIG(BASE ",{'destination':'/mnt','type':'tmpfs',"
                          "'options':['nosuid','size=4k']},"
                          "{'destination':'/mnt',"
                          "'options':['remount','ro','noexec','size=8k']}",
                     ""),
              look_remount);
        assert_int_equal(build(CONFIG(BASE ",{'destination':'/etc','options':['remount','ro']}", ""), NULL),
                         -EINVAL);
}

/* ---- mapped ids ---------------------------------------------------------------------------------------- */

static void look_idmap(void)
{
        struct stat st;

        inside(stat("/mnt/f", &st) == 0 && st.st_uid == 1000 && st.st_gid == 2000);
        inside(stat("/tmp", &st) == 0 && st.st_uid == 1000 && st.st_gid == 2000);
        inside(stat("/etc/passwd", &st) == 0 && st.st_uid == 0);
}

#define MAPS                                                                                                 \
        "'uidMappings':[{'containerID':0,'hostID':1000,'size':10}],"                                         \
        "'gidMappings':[{'containerID':0,'hostID':2000,'size':10}]"

static void ids_are_mapped(void **state)
{
        int r;

        (void)state;
        r = build(CONFIG(BASE ",{'destination':'/mnt','source':'src/dir','options':['bind','idmap']," MAPS
                              "},{'destination':'/tmp','type':'tmpfs'," MAPS "}",
                         ""),
                  look_idmap);
        if (r == -EINVAL && strstr(report->err.hint, "does not support"))
                TEST_SKIP("this kernel's file system cannot map ids");
        if (r < 0)
                fail_msg("%s", report->err.text);
}

/* ---- long options -------------------------------------------------------------------------------------- */

static void look_overlay(void)
{
        inside(strcmp(text_of("/mnt/f"), "f\n") == 0);
        inside_mount("/mnt", "overlay nosuid");
        inside(creat("/mnt/new", 0644) >= 0);
}

static void options_longer_than_fsconfig_takes(void **state)
{
        char json[4096], name[201];

        (void)state;
        memset(name, 'n', sizeof(name) - 1);
        name[sizeof(name) - 1] = '\0';
        (void)snprintf(json, sizeof(json),
                       "mkdir -p %s/up %s/work src/top; mount -t tmpfs x src/top; mkdir src/top/u src/top/w",
                       name, name);
        if (unshare(CLONE_NEWNS) < 0)
                TEST_SKIP("no mount namespace");
        in_bundle("mount --make-rprivate /");
        in_bundle(json);
        (void)snprintf(
                json, sizeof(json),
                CONFIG(BASE
                       ",{'destination':'/mnt','type':'overlay','source':'overlay',"
                       "'options':['nosuid','lowerdir=%s/src/dir:%s/%s/up:%s/%s/work','upperdir=%s/src/top/u','workdir=%s/src/top/w','private']}",
                       ""),
                bundle, bundle, name, bundle, name, bundle, bundle);
        built(json, look_overlay);
        in_bundle("umount src/top");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(the_usual_container, setup, teardown),
                cmocka_unit_test_setup_teardown(every_option_on_a_new_mount, setup, teardown),
                cmocka_unit_test_setup_teardown(an_unknown_option_is_the_kernels_error, setup, teardown),
                cmocka_unit_test_setup_teardown(files_and_directories_are_bound, setup, teardown),
                cmocka_unit_test_setup_teardown(flags_of_the_source_are_kept, setup, teardown),
                cmocka_unit_test_setup_teardown(propagation, setup, teardown),
                cmocka_unit_test_setup_teardown(links_as_sources, setup, teardown),
                cmocka_unit_test_setup_teardown(what_bind_mounts_cannot_be, setup, teardown),
                cmocka_unit_test_setup_teardown(a_tmpfs_can_begin_with_a_copy, setup, teardown),
                cmocka_unit_test_setup_teardown(a_readonly_tmpfs_can_have_mount_points, setup, teardown),
                cmocka_unit_test_setup_teardown(remount, setup, teardown),
                cmocka_unit_test_setup_teardown(ids_are_mapped, setup, teardown),
                cmocka_unit_test_setup_teardown(options_longer_than_fsconfig_takes, setup, teardown),
        };

        return tree_main(tests);
}
