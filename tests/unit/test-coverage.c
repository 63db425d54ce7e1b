/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * No property of config.json is ignored in silence: each one that the schema knows is claimed by a row of the
 * plan.
 *
 * A property that is added to the schema makes this test fail, until a row applies the property and claims it
 * here. A claim without a property, or by a row that is not in the plan, fails as well.
 */
#include "test.h"
#include "libcfs/walk/step.h"
#include "oci.h"

struct claim {
        const char *row;    /* of plan.c                                     */
        const char *parent; /* the object that holds the properties, or ""   */
        const char *names;  /* its properties, separated by blanks           */
};

static const struct claim claims[] = {
        { "ociVersion", "", "ociVersion" },
        { "process.terminal", "process", "terminal" },
        { "process.terminal", "process.consoleSize", "height width" },
        { "process.user", "process.user", "uid gid umask additionalGids" },
        { "process.args", "process", "args" },
        { "process.env", "process", "env" },
        { "process.cwd", "process", "cwd" },
        { "process.capabilities", "process.capabilities",
          "bounding effective inheritable permitted ambient" },
        { "process.rlimits", "process.rlimits[]", "type soft hard" },
        { "process.noNewPrivileges", "process", "noNewPrivileges" },
        { "process.apparmorProfile", "process", "apparmorProfile" },
        { "process.oomScoreAdj", "process", "oomScoreAdj" },
        { "process.scheduler", "process.scheduler", "policy nice priority flags runtime deadline period" },
        { "process.selinuxLabel", "process", "selinuxLabel" },
        { "process.ioPriority", "process.ioPriority", "class priority" },
        { "process.execCPUAffinity", "process.execCPUAffinity", "initial final" },
        { "root.path", "root", "path" },
        { "root.readonly", "root", "readonly" },
        { "hostname", "", "hostname" },
        { "domainname", "", "domainname" },
        { "attach the mounts", "mounts[]", "destination type source options" },
        { "attach the mounts", "mounts[].uidMappings[]", "containerID hostID size" },
        { "attach the mounts", "mounts[].gidMappings[]", "containerID hostID size" },
        { "hooks.prestart", "hooks.prestart[]", "path args env timeout" },
        { "hooks.createRuntime", "hooks.createRuntime[]", "path args env timeout" },
        { "hooks.createContainer", "hooks.createContainer[]", "path args env timeout" },
        { "hooks.startContainer", "hooks.startContainer[]", "path args env timeout" },
        { "hooks.poststart", "hooks.poststart[]", "path args env timeout" },
        { "hooks.poststop", "hooks.poststop[]", "path args env timeout" },
        { "linux.namespaces", "linux.namespaces[]", "type path" },
        { "linux.uidMappings", "linux.uidMappings[]", "containerID hostID size" },
        { "linux.uidMappings", "linux.gidMappings[]", "containerID hostID size" },
        { "linux.timeOffsets", "linux.timeOffsets{}", "secs nanosecs" },
        { "linux.devices", "linux.devices[]", "type path major minor fileMode uid gid" },
        { "linux.netDevices", "linux.netDevices{}", "name" },
        { "linux.cgroupsPath", "linux", "cgroupsPath" },
        { "linux.cgroupsPath", "linux.resources.devices[]", "allow type major minor access" },
        { "linux.cgroupsPath", "linux.resources.memory",
          "limit reservation swap kernel kernelTCP swappiness disableOOMKiller useHierarchy checkBeforeUpdate" },
        { "linux.cgroupsPath", "linux.resources.cpu",
          "shares quota burst period realtimeRuntime realtimePeriod cpus mems idle" },
        { "linux.cgroupsPath", "linux.resources.pids", "limit" },
        { "linux.cgroupsPath", "linux.resources.blockIO", "weight leafWeight" },
        { "linux.cgroupsPath", "linux.resources.blockIO.weightDevice[]", "major minor weight leafWeight" },
        { "linux.cgroupsPath", "linux.resources.blockIO.throttleReadBpsDevice[]", "major minor rate" },
        { "linux.cgroupsPath", "linux.resources.blockIO.throttleWriteBpsDevice[]", "major minor rate" },
        { "linux.cgroupsPath", "linux.resources.blockIO.throttleReadIOPSDevice[]", "major minor rate" },
        { "linux.cgroupsPath", "linux.resources.blockIO.throttleWriteIOPSDevice[]", "major minor rate" },
        { "linux.cgroupsPath", "linux.resources.hugepageLimits[]", "pageSize limit" },
        { "linux.cgroupsPath", "linux.resources.network", "classID" },
        { "linux.cgroupsPath", "linux.resources.network.priorities[]", "name priority" },
        { "linux.cgroupsPath", "linux.resources.rdma{}", "hcaHandles hcaObjects" },
        { "linux.cgroupsPath", "linux.resources", "unified" },
        { "linux.rootfsPropagation", "linux", "rootfsPropagation" },
        { "linux.seccomp", "linux.seccomp",
          "defaultAction defaultErrnoRet architectures flags listenerPath listenerMetadata" },
        { "linux.seccomp", "linux.seccomp.syscalls[]", "names action errnoRet" },
        { "linux.seccomp", "linux.seccomp.syscalls[].args[]", "index value valueTwo op" },
        { "linux.sysctl", "linux", "sysctl" },
        { "linux.maskedPaths", "linux", "maskedPaths" },
        { "linux.readonlyPaths", "linux", "readonlyPaths" },
        { "attach the mounts", "linux", "mountLabel" },
        { "linux.intelRdt", "linux.intelRdt", "closID schemata l3CacheSchema memBwSchema enableMonitoring" },
        { "linux.memoryPolicy", "linux.memoryPolicy", "mode nodes flags" },
        { "linux.personality", "linux.personality", "domain flags" },
        { "publish the record", "", "annotations" },
};

/* Is `path` that of one of the claim's properties? */
static bool claims_path(const struct claim *c, const char *path)
{
        size_t n = strlen(c->parent);
        const char *name = *c->parent ? path + n + 1 : path;

        if (strncmp(path, c->parent, n) != 0 || (*c->parent && path[n] != '.'))
                return false;
        for (const char *p = c->names; *p;) {
                size_t len = strcspn(p, " ");

                if (strlen(name) == len && strncmp(p, name, len) == 0)
                        return true;
                p += len + (p[len] == ' ');
        }
        return false;
}

struct seen {
        size_t of_claim[ARRAY_SIZE(claims)];
};

static int visit(void *data, const char *path, const struct oci_property *p)
{
        struct seen *seen = data;
        unsigned n = 0;

        /* What is ignored by the specification's word, and what only holds other properties. */
        if (p->kind == OCI_IGNORED || p->kind == OCI_OBJECT)
                return 0;
        for (size_t i = 0; i < ARRAY_SIZE(claims); i++)
                if (claims_path(&claims[i], path)) {
                        seen->of_claim[i]++;
                        n++;
                }
        if (n != 1)
                fail_msg("%s is claimed by %u rows: write the row that applies it", path, n);
        return 0;
}

static void every_property_is_claimed_once(void **state)
{
        struct seen seen = { 0 };

        (void)state;
        assert_int_equal(oci_walk(&oci_config_type, visit, &seen), 0);
        for (size_t i = 0; i < ARRAY_SIZE(claims); i++) {
                size_t names = 1;

                for (const char *p = claims[i].names; *p; p++)
                        names += *p == ' ';
                if (seen.of_claim[i] != names)
                        fail_msg("%s claims %zu properties of \"%s\", and the schema has %zu of them",
                                 claims[i].row, names, claims[i].parent, seen.of_claim[i]);
        }
}

/* A row that only checks does not apply anything, but ociVersion is nothing else. */
static bool does_something(const struct step *s)
{
        return s->prepare || s->host || s->init || s->undo || STREQ(s->name, "ociVersion");
}

static void every_claim_is_of_a_row(void **state)
{
        (void)state;
        for (size_t i = 0; i < ARRAY_SIZE(claims); i++) {
                const struct step *s = plan;

                while (s->name && (!STREQ(s->name, claims[i].row) || !does_something(s)))
                        s++;
                if (!s->name)
                        fail_msg("no row \"%s\" of the plan does anything", claims[i].row);
        }
}

static void every_name_is_there_once_a_walk(void **state)
{
        (void)state;
        for (const struct step *s = plan; s->name; s++)
                for (const struct step *t = plan; t != s; t++)
                        if (STREQ(s->name, t->name) && (s->walks & t->walks))
                                fail_msg("two rows are called \"%s\"", s->name);
}

static void every_row_has_its_reason(void **state)
{
        (void)state;
        for (const struct step *s = plan; s->name; s++)
                if (!s->why || strlen(s->why) < 10)
                        fail_msg("the row \"%s\" does not say why it stands where it stands", s->name);
}

/* Only a row that applies the property may be called like it. */
static void a_row_called_like_a_property_applies_it(void **state)
{
        static const char *const roots[] = { "linux.", "process.", "hooks.",     "root.",
                                             "mounts", "hostname", "domainname", "ociVersion" };

        (void)state;
        for (const struct step *s = plan; s->name; s++)
                for (size_t i = 0; i < ARRAY_SIZE(roots); i++)
                        if (strncmp(s->name, roots[i], strlen(roots[i])) == 0 &&
                            (!s->property || !STREQ(s->name, s->property)))
                                fail_msg("the row \"%s\" applies \"%s\"", s->name,
                                         s->property ? s->property : "no property");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_property_is_claimed_once),
                cmocka_unit_test(every_claim_is_of_a_row),
                cmocka_unit_test(every_name_is_there_once_a_walk),
                cmocka_unit_test(every_row_has_its_reason),
                cmocka_unit_test(a_row_called_like_a_property_applies_it),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
