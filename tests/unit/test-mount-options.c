/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test.h"
#include "base/sys.h"
#include "libcfs/mount/mount.h"
#include "oci.h"

/* config.md, "Linux mount options": all that a runtime must, should or may know. */
static const char *const specified[] = {
        "async",          "atime",      "bind",         "defaults",    "dev",
        "diratime",       "dirsync",    "exec",         "iversion",    "lazytime",
        "loud",           "mand",       "noatime",      "nodev",       "nodiratime",
        "noexec",         "noiversion", "nolazytime",   "nomand",      "norelatime",
        "nostrictatime",  "nosuid",     "nosymfollow",  "private",     "ratime",
        "rbind",          "rdev",       "rdiratime",    "relatime",    "remount",
        "rexec",          "rnoatime",   "rnodiratime",  "rnoexec",     "rnorelatime",
        "rnostrictatime", "rnosuid",    "rnosymfollow", "ro",          "rprivate",
        "rrelatime",      "rro",        "rrw",          "rshared",     "rslave",
        "rstrictatime",   "rsuid",      "rsymfollow",   "runbindable", "rw",
        "shared",         "silent",     "slave",        "strictatime", "suid",
        "symfollow",      "sync",       "tmpcopyup",    "unbindable",  "idmap",
        "ridmap",         "rnodev",
};

static struct oci_arena *arena;

static int setup(void **state)
{
        (void)state;
        arena = oci_arena_new();
        return arena ? 0 : -1;
}

static int teardown(void **state)
{
        (void)state;
        oci_arena_free(arena);
        return 0;
}

/* Parses the words of `text`, which are separated by blanks. */
static struct mount_options parse_as(const char *type, const char *text)
{
        struct oci_mount m = { .type = oci_arena_strdup(arena, type),
                               .options = oci_arena_alloc(arena, 32 * sizeof(char *)) };
        char *rest = oci_arena_strdup(arena, text), *word;
        struct mount_options o;
        struct cfs_error err;

        while ((word = strsep(&rest, " ")))
                if (*word)
                        m.options[m.n_options++] = word;
        assert_ok(mount_options_parse(&m, arena, &o, &err));
        assert_non_null(o.data);
        assert_null(o.data[o.n_data]);
        return o;
}

static struct mount_options parse(const char *text)
{
        return parse_as("tmpfs", text);
}

/* spec: config.options.1 config.options.2 config.options.3 config.options.4 config.options.5 */
/* spec: config.options.6 config.options.7 config.options.8 config.options.9 config.options.10 */
/* spec: config.options.11 config.options.12 config.options.13 */
static void every_option_of_the_specification_is_known(void **state)
{
        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(specified); i++) {
                if (!mount_options_known(specified[i]))
                        fail_msg("%s is not known", specified[i]);
                assert_int_equal(parse(specified[i]).n_data, 0);
        }
        assert_false(mount_options_known("size=1k"));
        assert_false(mount_options_known(""));
        assert_false(mount_options_known("RO"));
}

static void names_are_sorted_and_complete(void **state)
{
        const char *const *names = mount_options_names();
        size_t n = 0;

        (void)state;
        for (; names[n]; n++) {
                assert_true(mount_options_known(names[n])); /* bsearch finds every row: the table is sorted */
                if (n > 0)
                        assert_true(strcmp(names[n - 1], names[n]) < 0);
        }
        assert_true(n >= ARRAY_SIZE(specified));
}

static void flags_of_the_mount(void **state)
{
        struct mount_options o = parse("ro nosuid nodev noexec nodiratime nosymfollow");
        uint64_t all = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
                       MOUNT_ATTR_NODIRATIME | MOUNT_ATTR_NOSYMFOLLOW;

        (void)state;
        assert_int_equal(o.top.set, all);
        assert_int_equal(o.top.clr, 0);
        assert_int_equal(o.all.set | o.all.clr, 0);
        assert_int_equal(o.sb_set, MOUNT_SB_RDONLY);
        assert_int_equal(mount_options_new_attrs(&o), all);

        o = parse("rw suid dev exec diratime symfollow");
        assert_int_equal(o.top.set, 0);
        assert_int_equal(o.top.clr, all);
        assert_int_equal(mount_options_new_attrs(&o), 0);
}

static void the_last_one_wins(void **state)
{
        struct mount_options o = parse("ro rw nosuid suid exec noexec sync async");

        (void)state;
        assert_int_equal(o.top.set, MOUNT_ATTR_NOEXEC);
        assert_int_equal(o.top.clr, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID);
        assert_int_equal(o.sb_set, 0);
        assert_int_equal(o.sb_clr, MOUNT_SB_RDONLY | MOUNT_SB_SYNC);
}

static void nothing_said_is_nothing_changed(void **state)
{
        struct mount_options o = parse("defaults silent loud");

        (void)state;
        assert_int_equal(o.top.set | o.top.clr | o.all.set | o.all.clr, 0);
        assert_int_equal(o.sb_set | o.sb_clr | o.flags, 0);
        assert_int_equal(o.n_propagation + o.n_data, 0);
}

static void access_times_are_one_choice(void **state)
{
        static const struct {
                const char *options;
                uint64_t atime;
        } cases[] = {
                { "noatime", MOUNT_ATTR_NOATIME },
                { "relatime", MOUNT_ATTR_RELATIME },
                { "strictatime", MOUNT_ATTR_STRICTATIME },
                { "noatime atime", MOUNT_ATTR_RELATIME },
                { "strictatime nostrictatime", MOUNT_ATTR_RELATIME },
                { "norelatime", MOUNT_ATTR_RELATIME },
                { "relatime strictatime", MOUNT_ATTR_STRICTATIME },
                { "strictatime noatime", MOUNT_ATTR_NOATIME },
                /* Each takes back its own choice alone, as the flags of mount(2) do, and so runc and crun. */
                { "noatime norelatime", MOUNT_ATTR_NOATIME },
                { "noatime nostrictatime", MOUNT_ATTR_NOATIME },
                { "strictatime norelatime", MOUNT_ATTR_STRICTATIME },
                { "strictatime atime", MOUNT_ATTR_STRICTATIME },
                { "relatime norelatime", MOUNT_ATTR_RELATIME },
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct mount_options o = parse(cases[i].options);

                assert_int_equal(o.top.set, cases[i].atime);
                assert_int_equal(o.top.clr, MOUNT_ATTR__ATIME); /* all of it, or mount_setattr(2) refuses */
                assert_int_equal(mount_options_new_attrs(&o), cases[i].atime);
        }
}

static void recursive_ones_are_kept_apart(void **state)
{
        struct mount_options o = parse("rbind rro nosuid rnodev rsuid rnoatime");

        (void)state;
        assert_int_equal(o.flags, MOUNT_BIND | MOUNT_RECURSIVE);
        assert_int_equal(o.top.set, MOUNT_ATTR_NOSUID);
        assert_int_equal(o.all.set, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOATIME);
        assert_int_equal(o.all.clr, MOUNT_ATTR_NOSUID | MOUNT_ATTR__ATIME);
        assert_int_equal(mount_options_new_attrs(&o),
                         MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOATIME);
        assert_int_equal(o.sb_set, 0); /* rro is not a flag of the superblock */
}

static void propagation_keeps_its_order(void **state)
{
        struct mount_options o = parse("rslave shared shared");

        (void)state;
        assert_int_equal(o.n_propagation, 2);
        assert_int_equal(o.propagation[0], MS_SLAVE | MS_REC);
        assert_int_equal(o.propagation[1], MS_SHARED);

        o = parse("private shared private shared private shared private shared private shared unbindable");
        assert_int_equal(o.n_propagation, MOUNT_MAX_PROPAGATION);
        assert_int_equal(o.propagation[MOUNT_MAX_PROPAGATION - 1], MS_UNBINDABLE);
}

static void superblock_words(void **state)
{
        struct mount_options o = parse("sync dirsync lazytime mand ro iversion");
        const char *words[8];

        (void)state;
        assert_int_equal(mount_options_sb_words(&o, false, words), 5); /* iversion has none */
        assert_string_equal(words[0], "ro");
        assert_string_equal(words[1], "sync");
        assert_string_equal(words[2], "dirsync");
        assert_string_equal(words[3], "lazytime");
        assert_string_equal(words[4], "mand");
        assert_true(o.sb_set & MOUNT_SB_IVERSION);

        o = parse("async nolazytime nomand rw noiversion");
        assert_int_equal(mount_options_sb_words(&o, false, words), 0);
        assert_int_equal(mount_options_sb_words(&o, true, words), 4);
        assert_string_equal(words[0], "rw");
        assert_string_equal(words[1], "async");
}

/* spec: config.mounts.6 */
static void the_rest_is_the_file_systems(void **state)
{
        struct mount_options o = parse("nosuid mode=755 size=65536k huge=never noswap");

        (void)state;
        assert_int_equal(o.n_data, 4);
        assert_string_equal(o.data[0], "mode=755");
        assert_string_equal(o.data[3], "noswap");
        assert_string_equal(mount_options_data(&o, "size"), "65536k");
        assert_string_equal(mount_options_data(&o, "noswap"), "");
        assert_null(mount_options_data(&o, "mod"));
        assert_null(mount_options_data(&o, "nosuid"));

        o = parse("mode=755,size=1k,,nr_inodes=4, uid=1");
        assert_int_equal(o.n_data, 4);
        assert_string_equal(o.data[0], "mode=755");
        assert_string_equal(o.data[1], "size=1k");
        assert_string_equal(o.data[2], "nr_inodes=4");
        assert_string_equal(o.data[3], "uid=1");
}

static void quotes_keep_commas(void **state)
{
        struct mount_options o = parse("context=\"system_u:object_r:x_t:s0:c1,c2\",size=1k");

        (void)state;
        assert_int_equal(o.n_data, 2);
        assert_string_equal(o.data[0], "context=system_u:object_r:x_t:s0:c1,c2");
        assert_string_equal(o.data[1], "size=1k");

        o = parse_as("overlay", "lowerdir=/a\\,b:/c,upperdir=/d");
        assert_int_equal(o.n_data, 2);
        assert_string_equal(o.data[0], "lowerdir=/a,b:/c");
        o = parse("x=/a\\,b");
        assert_int_equal(o.n_data, 2); /* only overlayfs has that escape */
        assert_string_equal(o.data[0], "x=/a\\");
}

static void what_is_to_be_done(void **state)
{
        struct oci_id_mapping map = { 0, true, 1000, true, 1, true }, *maps[] = { &map };
        struct oci_mount m = {
                .uid_mappings = maps, .n_uid_mappings = 1, .gid_mappings = maps, .n_gid_mappings = 1
        };
        struct mount_options o;
        struct cfs_error err;

        (void)state;
        assert_int_equal(parse("tmpcopyup remount idmap ridmap").flags,
                         MOUNT_COPYUP | MOUNT_REMOUNT | MOUNT_IDMAP | MOUNT_RIDMAP);
        assert_int_equal(parse("copy-symlink src-nofollow dest-nofollow").flags,
                         MOUNT_COPY_SYMLINK | MOUNT_SRC_NOFOLLOW | MOUNT_DEST_NOFOLLOW);
        assert_int_equal(parse_as("bind", "ro").flags, MOUNT_BIND);
        /* Mappings without the option are applied too. */
        assert_ok(mount_options_parse(&m, arena, &o, &err));
        assert_int_equal(o.flags, MOUNT_IDMAP);
}

static void lexical_rules_of_proc(void **state)
{
        (void)state;
        assert_string_equal(mount_target_clean("proc//./x/../sys/", arena), "/proc/sys");
        assert_string_equal(mount_target_clean("/../..", arena), "/");
        assert_string_equal(mount_target_clean("", arena), "/");
        assert_string_equal(mount_target_clean("a/../../b", arena), "/b");
        assert_null(mount_target_refused("/proc", "proc", false));
        assert_null(mount_target_refused("/proc", "none", true)); /* what it binds is looked at later */
        assert_non_null(mount_target_refused("/proc", "tmpfs", false));
        assert_non_null(mount_target_refused("/proc/sys", "tmpfs", false));
        assert_non_null(mount_target_refused("/proc/self/attr", "bind", true));
        assert_null(mount_target_refused("/proc/cpuinfo", "bind", true));
        assert_null(mount_target_refused("/process", "tmpfs", false));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_option_of_the_specification_is_known),
                cmocka_unit_test(names_are_sorted_and_complete),
                cmocka_unit_test(flags_of_the_mount),
                cmocka_unit_test(the_last_one_wins),
                cmocka_unit_test(nothing_said_is_nothing_changed),
                cmocka_unit_test(access_times_are_one_choice),
                cmocka_unit_test(recursive_ones_are_kept_apart),
                cmocka_unit_test(propagation_keeps_its_order),
                cmocka_unit_test(superblock_words),
                cmocka_unit_test(the_rest_is_the_file_systems),
                cmocka_unit_test(quotes_keep_commas),
                cmocka_unit_test(what_is_to_be_done),
                cmocka_unit_test(lexical_rules_of_proc),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
