/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The plan: how cfs builds a container, in order, and why in this order.
 *
 * This table is the whole answer to "what does cfs do, when, and why there". Each row is a property (or a group of
 * properties) of config.json. Read a row from left to right:
 *
 *   prepare   in the runtime, before the new process exists: open, compute, record
 *   release   in the runtime, as soon as the new process has been forked, or will not be: what it held for it
 *   host      in the runtime, acting on the new process from outside
 *   init      in the new process itself
 *   undo      from the state record alone: for a failed create, for one that was killed, and for `delete`
 *
 * Two processes walk the table at the same time, the runtime its host column, the init its init column. Between two
 * MEET rows they run concurrently; at a MEET both wait for each other. A row never depends on what the other process
 * does between the same two MEETs. `prepare` is walked whole before spawn(), so the init, a fork, sees its results.
 *
 * `create` and `run` walk the rows marked C, `exec` those marked X; `start` walks the host column from the MEET
 * "started" on, while the init, which waited there, goes on. The checks of all rows run first, before anything is
 * touched. Undo runs from the last row to the first.
 */
#include "libcfs/walk/step.h"
#include "libcfs/steps/steps.h"
#include <stddef.h>

#define C  WALK_CREATE
#define X  WALK_EXEC
#define CX (WALK_CREATE | WALK_EXEC)
#define S  WALK_START

/* clang-format off */
const struct step plan[] = {
        /* ---- documents: nothing but checks ------------------------------------------------------------------- */

        { .name = "ociVersion", .when = C,
          .check = oci_version_check },

        /* Its undo comes last of all: the specification runs poststop after the container is deleted. */
        { .name = "hooks.poststop", .when = C, .wanted = hooks_poststop_wanted,
          .check = hooks_check, .undo = hooks_poststop_undo, .explain = hooks_poststop_explain },

        /* ---- prepared in the runtime; host and init columns of these rows come first in their walks ----------- */

        /* Paths are opened and clone flags computed before anything is spawned; a path of the wrong type is an error. */
        { .name = "linux.namespaces", .when = CX,
          .check = namespaces_check, .prepare = namespaces_prepare, .explain = namespaces_explain },

        /* The directory first, since clone3(CLONE_INTO_CGROUP) needs its descriptor; limits before any user code.
         * In the init: v1 hierarchies are entered first thing, so that all memory is charged to the container. */
        { .name = "linux.cgroupsPath", .when = CX,
          .check = cgroups_check, .prepare = cgroups_prepare, .host = cgroups_host, .init = cgroups_init,
          .undo = cgroups_undo, .explain = cgroups_explain },

        /* Compiled (or read from the container's state, for exec) while we still have memory and files at hand; written
         * to the state while the init is at work. */
        { .name = "linux.seccomp", .when = CX, .wanted = seccomp_wanted,
          .check = seccomp_check, .prepare = seccomp_prepare, .host = seccomp_store_host, .explain = seccomp_explain },

        /* The console socket must be reachable before we spawn: an engine that went away is found out early. */
        { .name = "process.terminal", .when = CX, .wanted = terminal_wanted,
          .check = terminal_check, .prepare = terminal_prepare, .explain = terminal_explain },

        /* Raised before the process is made, which inherits them: a user namespace has no privilege to. */
        { .name = "process.rlimits", .when = CX,
          .check = rlimits_check, .prepare = rlimits_prepare, .release = rlimits_release, .explain = rlimits_explain },

        /* Where `start` will connect; its absence later says that the container has started. */
        { .name = "state", .when = C,
          .prepare = created_prepare },

        { .name = "NOTIFY_SOCKET", .when = C, .wanted = notify_socket_wanted,
          .prepare = notify_socket_prepare },

        /* Sources of bind mounts are opened here when the init, in its user namespace, may not reach them. The host
         * column closes the runtime's copies, once the init exists. */
        { .name = "mounts", .when = C,
          .check = mounts_check, .prepare = mounts_prepare, .release = mounts_release },

        /* ---- the new process exists from here on (spawn.c) ----------------------------------------------------- */

        /* First: the init is nobody until it is mapped. */
        { .name = "linux.uidMappings", .when = C, .wanted = id_mappings_wanted,
          .check = id_mappings_check, .host = id_mappings_host, .explain = id_mappings_explain },

        /* Lowering the score needs the host's privileges: /proc/PID from outside. */
        { .name = "process.oomScoreAdj", .when = CX, .wanted = oom_score_adj_wanted,
          .check = oom_score_adj_check, .prepare = oom_score_adj_prepare, .host = oom_score_adj_host,
          .explain = oom_score_adj_explain },

        { .name = "linux.intelRdt", .when = CX, .wanted = intel_rdt_wanted,
          .check = intel_rdt_check, .prepare = intel_rdt_prepare, .host = intel_rdt_host, .undo = intel_rdt_undo,
          .explain = intel_rdt_explain },

        /* Moved from the host's side: the container cannot reach the host's network namespace. */
        { .name = "linux.netDevices", .when = C, .wanted = net_devices_wanted,
          .check = net_devices_check, .host = net_devices_host, .explain = net_devices_explain },

        /* Now the init has its ids, its devices and (systemd) its scope; and it has joined its cgroups. */
        { .name = "identity", .when = CX | WALK_MEET, .wanted = id_mappings_identity_wanted },

        /* Its offsets must be written before the first process enters (time_namespaces(7)), and to a file of ours in
         * /proc that belongs to the user who started us: before we are another one. */
        { .name = "linux.timeOffsets", .when = C, .wanted = time_offsets_wanted,
          .check = time_offsets_check, .init = time_offsets_init, .explain = time_offsets_explain },

        /* Root of the user namespace, before it makes or joins anything that it shall own. */
        { .name = "linux.gidMappings", .when = CX, .wanted = id_mappings_init_wanted,
          .init = id_mappings_init },

        /* The cgroup namespace's root is the cgroup that one is in: after joining it. Joined namespaces. */
        { .name = "linux.namespaces (late)", .when = CX,
          .init = namespaces_init },

        /* A fresh network namespace has its loopback interface down. */
        { .name = "loopback", .when = C, .wanted = loopback_wanted,
          .init = loopback_init },

        /* In the cgroup now, whose cpuset would undo it. */
        { .name = "process.execCPUAffinity", .when = CX, .wanted = cpu_affinity_wanted,
          .check = cpu_affinity_check, .prepare = cpu_affinity_prepare, .init = cpu_affinity_init,
          .explain = cpu_affinity_explain },

        /* A session of its own: no controlling terminal of the caller to push input into (TIOCSTI). Before the keyring,
         * whose default is per session, and before the terminal, which becomes the controlling one. */
        { .name = "session", .when = CX,
          .init = session_init },
        { .name = "session keyring", .when = CX, .wanted = keyring_wanted,
          .init = keyring_init, .explain = keyring_explain },

        /* ---- the file system ------------------------------------------------------------------------------------- */

        /* Cut (or keep) propagation before the first mount, or it would appear on the host. */
        { .name = "linux.rootfsPropagation", .when = C,
          .check = rootfs_propagation_check, .init = rootfs_propagation_init, .explain = rootfs_propagation_explain },

        /* pivot_root(2) wants a mount point: the root is cloned onto itself, and opened once; what follows works on
         * that descriptor. The runtime makes the clone where the init could not; in a mount namespace that outlives
         * the container it is recorded before and undone. */
        { .name = "root", .when = C,
          .check = root_check, .prepare = root_prepare, .host = root_host, .init = root_init, .undo = root_undo,
          .explain = root_explain },

        /* In the order of the list (config.md, "Mounts"). */
        { .name = "mounts (attach)", .when = C,
          .init = mounts_init, .explain = mounts_explain },

        /* After the mounts: /dev is usually one of them. */
        { .name = "linux.devices", .when = C,
          .check = devices_check, .init = devices_init, .explain = devices_explain },

        /* After /dev and /dev/pts exist; before the pivot, while the console socket can be sent to. */
        { .name = "process.terminal (open)", .when = CX, .wanted = terminal_wanted,
          .init = terminal_init },

        /* ---- hooks: after the namespaces and mounts, before pivot_root (config.md, "POSIX-platform Hooks") -------- */

        { .name = "mounted", .when = C | WALK_MEET, .wanted = hooks_runtime_wanted },
        { .name = "hooks.prestart", .when = C, .wanted = hooks_runtime_wanted,
          .host = hooks_prestart_host, .explain = hooks_prestart_explain },
        { .name = "hooks.createRuntime", .when = C, .wanted = hooks_runtime_wanted,
          .host = hooks_create_runtime_host, .explain = hooks_create_runtime_explain },
        { .name = "hooked", .when = C | WALK_MEET, .wanted = hooks_runtime_wanted },

        /* In the container's namespaces, with the runtime's paths: before the pivot takes those away. */
        { .name = "hooks.createContainer", .when = C, .wanted = hooks_create_container_wanted,
          .prepare = hooks_output_prepare, .init = hooks_create_container_init, .explain = hooks_create_container_explain },

        /* ---- inside the new root ------------------------------------------------------------------------------------ */

        { .name = "root (pivot)", .when = C,
          .init = root_pivot_init },

        { .name = "hostname", .when = C,
          .check = hostname_check, .init = hostname_init, .explain = hostname_explain },
        { .name = "domainname", .when = C,
          .check = hostname_domain_check, .init = hostname_domain_init, .explain = hostname_domain_explain },

        /* Through the host's procfs, verified and opened before the container could mount over anything. */
        { .name = "linux.sysctl", .when = C, .wanted = sysctl_wanted,
          .check = sysctl_check, .init = sysctl_init, .explain = sysctl_explain },

        /* After the sysctls, which a read-only /proc/sys is not to stop. Masks first: a masked path may lie below a
         * read-only one, and the recursive attribute must see it. */
        { .name = "linux.maskedPaths", .when = C,
          .check = masked_paths_check, .init = masked_paths_init, .explain = masked_paths_explain },
        { .name = "linux.readonlyPaths", .when = C,
          .check = readonly_paths_check, .init = readonly_paths_init, .explain = readonly_paths_explain },

        /* After the masks, which are clones: an unbindable mount cannot be cloned. */
        { .name = "linux.rootfsPropagation (root)", .when = C, .wanted = root_propagation_wanted,
          .init = root_propagation_init },

        /* All mount points in them are made: a tmpfs that shall be read-only was writable until now. */
        { .name = "mounts (read-only)", .when = C,
          .init = mounts_readonly_init },

        /* The last change to the mount tree. */
        { .name = "root.readonly", .when = C,
          .init = root_readonly_init },

        { .name = "linux.personality", .when = CX, .wanted = personality_wanted,
          .check = personality_check, .init = personality_init, .explain = personality_explain },
        { .name = "linux.memoryPolicy", .when = CX, .wanted = memory_policy_wanted,
          .check = memory_policy_check, .init = memory_policy_init, .explain = memory_policy_explain },

        /* Late, so that making the container is not slowed down by them; before privileges go: a real-time policy or class
         * needs CAP_SYS_NICE. By the runtime when the init is in a user namespace, where that counts for nothing. */
        { .name = "process.scheduler", .when = CX, .wanted = scheduler_wanted,
          .check = scheduler_check, .host = scheduler_host, .init = scheduler_init, .explain = scheduler_explain },
        { .name = "process.ioPriority", .when = CX, .wanted = io_priority_wanted,
          .check = io_priority_check, .host = io_priority_host, .init = io_priority_init,
          .explain = io_priority_explain },

        /* ---- the program, looked up while errors still reach create's caller ------------------------------------------ */

        /* Written to /proc/self/attr, effective at the execve: while we may still write there. */
        { .name = "process.apparmorProfile", .when = CX, .wanted = apparmor_wanted,
          .check = apparmor_check, .init = apparmor_init, .explain = apparmor_explain },
        { .name = "process.selinuxLabel", .when = CX, .wanted = selinux_wanted,
          .check = selinux_check, .init = selinux_init, .explain = selinux_explain },

        /* From here on a path that leads through a descriptor of ours (/proc/self/fd/7, CVE-2024-21626) leads nowhere. */
        { .name = "descriptors (host)", .when = CX,
          .init = descriptors_host_init },

        /* Lowered late: whoever makes a container needs more than it may have itself. Before the filter, which may forbid
         * prlimit64(2). */
        { .name = "process.rlimits (lower)", .when = CX,
          .init = rlimits_init },

        /* Without noNewPrivileges loading a filter needs CAP_SYS_ADMIN (seccomp(2)): before it is dropped. */
        { .name = "linux.seccomp (privileged)", .when = CX, .wanted = seccomp_early_wanted,
          .host = seccomp_host, .init = seccomp_early_init },

        /* umask, bounding set, groups, uid, gid, then the remaining sets: setresuid(2) clears what is not kept. */
        { .name = "process.capabilities (bounding)", .when = CX,
          .init = capabilities_bounding_init, .explain = capabilities_explain },
        { .name = "process.user", .when = CX,
          .check = user_check, .init = user_init, .explain = user_explain },
        { .name = "process.capabilities", .when = CX,
          .init = capabilities_init },

        /* As the user: a directory or a program that the user may not reach is an error of create already. */
        { .name = "process.cwd", .when = CX,
          .check = cwd_check, .init = cwd_init, .explain = cwd_explain },
        { .name = "process.env", .when = CX,
          .check = env_check, .init = env_init, .explain = env_explain },
        { .name = "process.args", .when = CX,
          .check = args_check, .init = args_init, .explain = args_explain },

        /* ---- created ----------------------------------------------------------------------------------------------- */

        /* The record as it will be is written beside the one that there is. */
        { .name = "state (next)", .when = C,
          .host = created_write_host },

        /* Until here the init dies with the runtime; a runtime that ends before the MEET is seen as an end of file. */
        { .name = "parent death signal", .when = CX,
          .init = created_detach_init },

        /* exec meets here too: what the host column did from outside must be there before the program runs. */
        { .name = "created", .when = CX | WALK_MEET },
        { .name = "state created", .when = C,
          .host = created_host, .init = created_init },

        /* `create` ends here; the init waits for `start` (or goes on at once under `run`). */
        { .name = "started", .when = C | S | WALK_MEET },

        { .name = "hooks.startContainer", .when = C, .wanted = hooks_start_container_wanted,
          .prepare = hooks_output_prepare, .init = hooks_start_container_init, .explain = hooks_start_container_explain },

        { .name = "process.noNewPrivileges", .when = CX, .wanted = no_new_privileges_wanted,
          .init = no_new_privileges_init, .explain = no_new_privileges_explain },

        /* Stray descriptors go before the filter, which may forbid close_range(2). */
        { .name = "descriptors", .when = CX,
          .prepare = descriptors_prepare, .init = descriptors_init, .explain = descriptors_explain },

        /* With few descriptors allowed, the rows above could not have opened theirs. */
        { .name = "process.rlimits (last)", .when = CX, .wanted = rlimits_late_wanted,
          .init = rlimits_late_init },

        /* With noNewPrivileges: last, so that the filter need allow the fewest of our own system calls. */
        { .name = "linux.seccomp (unprivileged)", .when = CX | S, .wanted = seccomp_late_wanted,
          .host = seccomp_host, .init = seccomp_late_init },

        { .name = "execve", .when = CX | S,
          .host = args_execve_host, .init = args_execve_init },

        /* After the user's program is executed, before start returns (runtime.md, "Lifecycle" 9). */
        { .name = "hooks.poststart", .when = C | S, .wanted = hooks_poststart_wanted,
          .host = hooks_poststart_host, .explain = hooks_poststart_explain },

        { .name = NULL },
};
/* clang-format on */
