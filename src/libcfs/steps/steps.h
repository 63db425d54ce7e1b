/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every callback of every step, for plan.c. One file per property or group of properties: the function's name says
 * the file (<file>_<column>, or <file>_<part>_<column>). A step includes this header for its own declarations only
 * and never calls another step.
 */
#ifndef LIBCFS_STEPS_H
#define LIBCFS_STEPS_H

#include "libcfs/step.h"

void oci_version_check(const struct ctx *c, struct problems *p);
bool hooks_poststop_wanted(const struct ctx *c) __attribute__((weak));                    /* until it lands */
void hooks_check(const struct ctx *c, struct problems *p) __attribute__((weak));          /* until it lands */
int hooks_poststop_undo(struct state *s, struct cfs_error *err) __attribute__((weak));    /* until it lands */
void hooks_poststop_explain(const struct ctx *c, struct report *r) __attribute__((weak)); /* until it lands */
void unsupported_check(const struct ctx *c, struct problems *p);
void namespaces_check(const struct ctx *c, struct problems *p);
int namespaces_prepare(struct ctx *c, struct cfs_error *err);
void namespaces_explain(const struct ctx *c, struct report *r);
void cgroups_check(const struct ctx *c, struct problems *p);
int cgroups_prepare(struct ctx *c, struct cfs_error *err);
int cgroups_host(struct ctx *c, struct cfs_error *err);
int cgroups_init(struct ctx *c, struct cfs_error *err);
int cgroups_undo(struct state *s, struct cfs_error *err);
void cgroups_explain(const struct ctx *c, struct report *r);
bool seccomp_wanted(const struct ctx *c) __attribute__((weak));                    /* until it lands */
void seccomp_check(const struct ctx *c, struct problems *p) __attribute__((weak)); /* until it lands */
int seccomp_prepare(struct ctx *c, struct cfs_error *err) __attribute__((weak));   /* until it lands */
void seccomp_explain(const struct ctx *c, struct report *r) __attribute__((weak)); /* until it lands */
bool terminal_wanted(const struct ctx *c);
void terminal_check(const struct ctx *c, struct problems *p);
int terminal_prepare(struct ctx *c, struct cfs_error *err);
void terminal_explain(const struct ctx *c, struct report *r);
int created_prepare(struct ctx *c, struct cfs_error *err);
bool notify_socket_wanted(const struct ctx *c);
int notify_socket_prepare(struct ctx *c, struct cfs_error *err);
void mounts_check(const struct ctx *c, struct problems *p);
int mounts_prepare(struct ctx *c, struct cfs_error *err);
int mounts_host(struct ctx *c, struct cfs_error *err);
bool id_mappings_wanted(const struct ctx *c);
void id_mappings_check(const struct ctx *c, struct problems *p);
int id_mappings_host(struct ctx *c, struct cfs_error *err);
void id_mappings_explain(const struct ctx *c, struct report *r);
void rlimits_check(const struct ctx *c, struct problems *p);
int rlimits_prepare(struct ctx *c, struct cfs_error *err);
int rlimits_host(struct ctx *c, struct cfs_error *err);
int rlimits_init(struct ctx *c, struct cfs_error *err);
bool rlimits_late_wanted(const struct ctx *c);
int rlimits_late_init(struct ctx *c, struct cfs_error *err);
void rlimits_explain(const struct ctx *c, struct report *r);
bool oom_score_adj_wanted(const struct ctx *c);
void oom_score_adj_check(const struct ctx *c, struct problems *p);
int oom_score_adj_host(struct ctx *c, struct cfs_error *err);
void oom_score_adj_explain(const struct ctx *c, struct report *r);
bool intel_rdt_wanted(const struct ctx *c);
void intel_rdt_check(const struct ctx *c, struct problems *p);
int intel_rdt_prepare(struct ctx *c, struct cfs_error *err);
int intel_rdt_host(struct ctx *c, struct cfs_error *err);
int intel_rdt_undo(struct state *s, struct cfs_error *err);
void intel_rdt_explain(const struct ctx *c, struct report *r);
bool net_devices_wanted(const struct ctx *c);
void net_devices_check(const struct ctx *c, struct problems *p);
int net_devices_host(struct ctx *c, struct cfs_error *err);
void net_devices_explain(const struct ctx *c, struct report *r);
bool id_mappings_identity_wanted(const struct ctx *c);
bool id_mappings_init_wanted(const struct ctx *c);
int id_mappings_init(struct ctx *c, struct cfs_error *err);
int namespaces_init(struct ctx *c, struct cfs_error *err);
bool time_offsets_wanted(const struct ctx *c);
void time_offsets_check(const struct ctx *c, struct problems *p);
int time_offsets_init(struct ctx *c, struct cfs_error *err);
void time_offsets_explain(const struct ctx *c, struct report *r);
bool loopback_wanted(const struct ctx *c);
int loopback_init(struct ctx *c, struct cfs_error *err);
bool scheduler_wanted(const struct ctx *c);
void scheduler_check(const struct ctx *c, struct problems *p);
int scheduler_host(struct ctx *c, struct cfs_error *err);
int scheduler_init(struct ctx *c, struct cfs_error *err);
void scheduler_explain(const struct ctx *c, struct report *r);
bool io_priority_wanted(const struct ctx *c);
void io_priority_check(const struct ctx *c, struct problems *p);
int io_priority_host(struct ctx *c, struct cfs_error *err);
int io_priority_init(struct ctx *c, struct cfs_error *err);
void io_priority_explain(const struct ctx *c, struct report *r);
bool cpu_affinity_wanted(const struct ctx *c);
void cpu_affinity_check(const struct ctx *c, struct problems *p);
int cpu_affinity_prepare(struct ctx *c, struct cfs_error *err);
int cpu_affinity_init(struct ctx *c, struct cfs_error *err);
void cpu_affinity_explain(const struct ctx *c, struct report *r);
int session_init(struct ctx *c, struct cfs_error *err);
bool keyring_wanted(const struct ctx *c);
int keyring_init(struct ctx *c, struct cfs_error *err);
void keyring_explain(const struct ctx *c, struct report *r);
void rootfs_propagation_check(const struct ctx *c, struct problems *p);
int rootfs_propagation_init(struct ctx *c, struct cfs_error *err);
void rootfs_propagation_explain(const struct ctx *c, struct report *r);
void root_check(const struct ctx *c, struct problems *p);
int root_prepare(struct ctx *c, struct cfs_error *err);
int root_host(struct ctx *c, struct cfs_error *err);
int root_init(struct ctx *c, struct cfs_error *err);
int root_undo(struct state *s, struct cfs_error *err);
void root_explain(const struct ctx *c, struct report *r);
int mounts_init(struct ctx *c, struct cfs_error *err);
void mounts_explain(const struct ctx *c, struct report *r);
void devices_check(const struct ctx *c, struct problems *p);
int devices_init(struct ctx *c, struct cfs_error *err);
void devices_explain(const struct ctx *c, struct report *r);
int terminal_init(struct ctx *c, struct cfs_error *err);
bool hooks_runtime_wanted(const struct ctx *c) __attribute__((weak));                     /* until it lands */
int hooks_prestart_host(struct ctx *c, struct cfs_error *err) __attribute__((weak));      /* until it lands */
void hooks_prestart_explain(const struct ctx *c, struct report *r) __attribute__((weak)); /* until it lands */
int hooks_create_runtime_host(struct ctx *c, struct cfs_error *err)
        __attribute__((weak)); /* until it lands */
void hooks_create_runtime_explain(const struct ctx *c, struct report *r)
        __attribute__((weak));                                                 /* until it lands */
bool hooks_create_container_wanted(const struct ctx *c) __attribute__((weak)); /* until it lands */
int hooks_create_container_init(struct ctx *c, struct cfs_error *err)
        __attribute__((weak)); /* until it lands */
void hooks_create_container_explain(const struct ctx *c, struct report *r)
        __attribute__((weak)); /* until it lands */
int root_pivot_init(struct ctx *c, struct cfs_error *err);
void hostname_check(const struct ctx *c, struct problems *p);
int hostname_init(struct ctx *c, struct cfs_error *err);
void hostname_explain(const struct ctx *c, struct report *r);
void hostname_domain_check(const struct ctx *c, struct problems *p);
int hostname_domain_init(struct ctx *c, struct cfs_error *err);
void hostname_domain_explain(const struct ctx *c, struct report *r);
bool sysctl_wanted(const struct ctx *c);
void sysctl_check(const struct ctx *c, struct problems *p);
int sysctl_init(struct ctx *c, struct cfs_error *err);
void sysctl_explain(const struct ctx *c, struct report *r);
void masked_paths_check(const struct ctx *c, struct problems *p);
int masked_paths_init(struct ctx *c, struct cfs_error *err);
void masked_paths_explain(const struct ctx *c, struct report *r);
void readonly_paths_check(const struct ctx *c, struct problems *p);
int readonly_paths_init(struct ctx *c, struct cfs_error *err);
void readonly_paths_explain(const struct ctx *c, struct report *r);
int mounts_readonly_init(struct ctx *c, struct cfs_error *err);
bool root_propagation_wanted(const struct ctx *c);
int root_propagation_init(struct ctx *c, struct cfs_error *err);
int root_readonly_init(struct ctx *c, struct cfs_error *err);
bool personality_wanted(const struct ctx *c);
void personality_check(const struct ctx *c, struct problems *p);
int personality_init(struct ctx *c, struct cfs_error *err);
void personality_explain(const struct ctx *c, struct report *r);
bool memory_policy_wanted(const struct ctx *c);
void memory_policy_check(const struct ctx *c, struct problems *p);
int memory_policy_init(struct ctx *c, struct cfs_error *err);
void memory_policy_explain(const struct ctx *c, struct report *r);
bool apparmor_wanted(const struct ctx *c);
void apparmor_check(const struct ctx *c, struct problems *p);
int apparmor_init(struct ctx *c, struct cfs_error *err);
void apparmor_explain(const struct ctx *c, struct report *r);
bool selinux_wanted(const struct ctx *c);
void selinux_check(const struct ctx *c, struct problems *p);
int selinux_init(struct ctx *c, struct cfs_error *err);
void selinux_explain(const struct ctx *c, struct report *r);
int descriptors_host_init(struct ctx *c, struct cfs_error *err);
bool seccomp_early_wanted(const struct ctx *c) __attribute__((weak));               /* until it lands */
int seccomp_host(struct ctx *c, struct cfs_error *err) __attribute__((weak));       /* until it lands */
int seccomp_early_init(struct ctx *c, struct cfs_error *err) __attribute__((weak)); /* until it lands */
int capabilities_bounding_init(struct ctx *c, struct cfs_error *err);
void capabilities_explain(const struct ctx *c, struct report *r);
void user_check(const struct ctx *c, struct problems *p);
int user_init(struct ctx *c, struct cfs_error *err);
void user_explain(const struct ctx *c, struct report *r);
int capabilities_init(struct ctx *c, struct cfs_error *err);
void cwd_check(const struct ctx *c, struct problems *p);
int cwd_init(struct ctx *c, struct cfs_error *err);
void cwd_explain(const struct ctx *c, struct report *r);
void env_check(const struct ctx *c, struct problems *p);
int env_init(struct ctx *c, struct cfs_error *err);
void env_explain(const struct ctx *c, struct report *r);
void args_check(const struct ctx *c, struct problems *p);
int args_init(struct ctx *c, struct cfs_error *err);
void args_explain(const struct ctx *c, struct report *r);
int created_detach_init(struct ctx *c, struct cfs_error *err);
int created_host(struct ctx *c, struct cfs_error *err);
int created_init(struct ctx *c, struct cfs_error *err);
bool hooks_start_container_wanted(const struct ctx *c) __attribute__((weak)); /* until it lands */
int hooks_start_container_init(struct ctx *c, struct cfs_error *err)
        __attribute__((weak)); /* until it lands */
void hooks_start_container_explain(const struct ctx *c, struct report *r)
        __attribute__((weak)); /* until it lands */
bool no_new_privileges_wanted(const struct ctx *c);
int no_new_privileges_init(struct ctx *c, struct cfs_error *err);
void no_new_privileges_explain(const struct ctx *c, struct report *r);
int descriptors_prepare(struct ctx *c, struct cfs_error *err);
int descriptors_init(struct ctx *c, struct cfs_error *err);
void descriptors_explain(const struct ctx *c, struct report *r);
bool seccomp_late_wanted(const struct ctx *c) __attribute__((weak));               /* until it lands */
int seccomp_late_init(struct ctx *c, struct cfs_error *err) __attribute__((weak)); /* until it lands */
int args_execve_host(struct ctx *c, struct cfs_error *err);
int args_execve_init(struct ctx *c, struct cfs_error *err);
bool hooks_poststart_wanted(const struct ctx *c) __attribute__((weak));               /* until it lands */
int hooks_poststart_host(struct ctx *c, struct cfs_error *err) __attribute__((weak)); /* until it lands */
void hooks_poststart_explain(const struct ctx *c, struct report *r)
        __attribute__((weak)); /* until it lands */

#endif
