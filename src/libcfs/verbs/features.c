/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs features (features.md): what this build of cfs can do, whatever the machine it runs on can.
 *
 * Nothing is listed by hand that a table knows: hooks, namespaces, seccomp's words and memory policies are
 * what the decoder accepts (the schema's enumerations), mount options are the mount parser's, capabilities
 * those of base/caps.h. So the document cannot promise what the parser refuses, nor hide what it takes.
 *
 * Engines read this with standard error mixed in: nothing is logged.
 */
#include "base/caps.h"
#include "base/cleanup.h"
#include "base/str.h"
#include "base/strv.h"
#include "libcfs/cfs.h"
#include "libcfs/mount/mount_options.h"
#include "oci.h"
#include <seccomp.h>
#include <string.h>

#define TRUE(x) .x = true, .has_##x = true

/* Annotations of config.json that change what cfs does; "x." stands for all that begin so (features.md). */
static const char *const unsafe_annotations[] = {
        "org.criu.config",
        "org.systemd.property.",
        "run.oci.delegate-cgroup",
        "run.oci.handler",
        "run.oci.hooks.stderr",
        "run.oci.hooks.stdout",
        "run.oci.keep_original_groups",
        "run.oci.mount_context_type",
        "run.oci.pidfd_receiver",
        "run.oci.seccomp.receiver",
        "run.oci.seccomp_bpf_data",
        "run.oci.seccomp_fail_unknown_syscall",
        "run.oci.systemd.force_cgroup_v1",
        "run.oci.systemd.subgroup",
        NULL,
};

/* A property's permitted values, from the schema; an empty list where it has none. */
static const char *const *values_of(const struct oci_type *type, const char *property)
{
        static const char *const none[] = { NULL };
        const struct oci_property *p = oci_type_find(type, property, strlen(property));

        return p && p->rule && p->rule->values ? p->rule->values : none;
}

static int property_names(struct oci_arena *arena, const struct oci_type *type, char ***ret, size_t *ret_n)
{
        char **v = oci_arena_alloc(arena, (type->n_properties + 1) * sizeof(*v));

        if (!v)
                return -ENOMEM;
        for (size_t i = 0; i < type->n_properties; i++)
                v[i] = (char *)type->properties[i].name;
        *ret = v;
        *ret_n = type->n_properties;
        return 0;
}

static int capability_names(struct oci_arena *arena, char ***ret, size_t *ret_n)
{
        unsigned n = caps_count();
        char **v = oci_arena_alloc(arena, (n + 1) * sizeof(*v));

        if (!v)
                return -ENOMEM;
        for (unsigned i = 0; i < n; i++)
                v[i] = (char *)caps_name(i);
        *ret = v;
        *ret_n = n;
        return 0;
}

#define LIST(object, field, list)                                                                            \
        do {                                                                                                 \
                const char *const *_l = (list);                                                              \
                (object).field = (char **)_l;                                                                \
                (object).n_##field = strv_length(_l);                                                        \
        } while (0)

static int encode(struct oci_arena *arena, struct oci_features *f, char **ret_json, struct cfs_error *err)
{
        static char version[32];
        static struct oci_string_pair pairs[] = {
                { (char *)"io.github.seccomp.libseccomp.version", version },
                { (char *)"org.opencontainers.runc.checkpoint.enabled", (char *)"true" },
        };
        static struct oci_string_map annotations = { ARRAY_SIZE(pairs), pairs };
        const struct scmp_version *v = seccomp_version();

        (void)snprintf(version, sizeof(version), "%u.%u.%u", v->major, v->minor, v->micro);
        f->annotations = &annotations;
        if (property_names(arena, &oci_hooks_type, &f->hooks, &f->n_hooks) < 0 ||
            capability_names(arena, &f->linux->capabilities, &f->linux->n_capabilities) < 0)
                return err_nomem(err);
        return oci_encode(&oci_features_type, f, 2, ret_json, NULL, err);
}

int cfs_features(char **ret_json, struct cfs_error *err)
{
        struct oci_features_cgroup cgroup = { TRUE(v1), TRUE(v2), TRUE(systemd), TRUE(systemd_user),
                                              TRUE(rdma) };
        struct oci_features_seccomp seccomp = { TRUE(enabled) };
        struct oci_features_apparmor apparmor = { TRUE(enabled) };
        struct oci_features_selinux selinux = { TRUE(enabled) };
        struct oci_features_intel_rdt rdt = { TRUE(enabled), TRUE(schemata), TRUE(monitoring) };
        struct oci_features_memory_policy policy = { 0 };
        struct oci_features_idmap idmap = { TRUE(enabled) };
        struct oci_features_mount_extensions extensions = { .idmap = &idmap };
        struct oci_features_net_devices net_devices = { TRUE(enabled) };
        struct oci_features_linux l = { .cgroup = &cgroup,
                                        .seccomp = &seccomp,
                                        .apparmor = &apparmor,
                                        .selinux = &selinux,
                                        .intel_rdt = &rdt,
                                        .memory_policy = &policy,
                                        .mount_extensions = &extensions,
                                        .net_devices = &net_devices };
        struct oci_features f = { .oci_version_min = (char *)"1.0.0",
                                  .oci_version_max = (char *)CFS_SPEC_VERSION,
                                  .linux = &l };
        _cleanup_oci_arena_ struct oci_arena *arena = oci_arena_new();

        if (!arena)
                return err_nomem(err);
        LIST(f, mount_options, mount_options_names());
        LIST(f, potentially_unsafe_config_annotations, unsafe_annotations);
        LIST(l, namespaces, values_of(&oci_namespace_type, "type"));
        LIST(seccomp, actions, values_of(&oci_syscall_type, "action"));
        LIST(seccomp, operators, values_of(&oci_syscall_arg_type, "op"));
        LIST(seccomp, archs, values_of(&oci_seccomp_type, "architectures"));
        LIST(seccomp, known_flags, values_of(&oci_seccomp_type, "flags"));
        LIST(seccomp, supported_flags, values_of(&oci_seccomp_type, "flags"));
        LIST(policy, modes, values_of(&oci_memory_policy_type, "mode"));
        LIST(policy, flags, values_of(&oci_memory_policy_type, "flags"));
        return encode(arena, &f, ret_json, err);
}
