/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The plan: how cfs builds a container, in order, and why in this order.
 *
 * This table is the whole answer to "what does cfs do, when, and why there". A row applies a property (or a
 * group of properties) of config.json, or does one thing that the properties need. Read a row from left to
 * right:
 *
 *   name      what traces and explanations call the row
 *   property  the property of config.json that the row applies: errors of the row name it. Rows without one apply none
 *   walks     C: create and run walk it. X: exec walks it. R: restore walks it. Two rows with the same work show what exec
 *             or restore does differently
 *   why       why the row stands here: `cfs explain --why` prints it
 *   wanted    does this container need the row? No column is called otherwise
 *   foreign   does the runtime wait for others here (a hook, systemd, an engine)? Then without the container's lock
 *   check     before anything is touched: is the property valid, and can this host apply it?
 *   look      for `cfs check` alone, what create finds out by doing it
 *   prepare   in the runtime, before the new process exists: open, compute, record
 *   release   in the runtime, as soon as the new process exists, or will never: close what prepare held for it
 *   host      in the runtime, acting on the new process from outside
 *   init      in the new process itself
 *   undo      from the state record alone: for a failed create, for one that was killed, and for `delete`
 *   explain   what the row would do, in words, for `cfs explain`
 *
 * Two processes walk the table at the same time: the runtime its host column, the init its init column.
 * Between two MEET rows they run concurrently; at a MEET each waits for the other. A row never depends on
 * what the other process does between the same two MEETs. `prepare` is walked whole before spawn(), so the
 * init, a fork, sees its results.
 *
 * `create` walks the host column as far as the row flagged STEP_CREATE_ENDS; `start` walks the rows after it,
 * while the init, which waited there, goes on; `run` does both. Undo runs from the last row to the first.
 *
 * `restore` checks what create checks. The new process of its walk becomes CRIU (steps/restore.c), which
 * makes the container's own from the images; so its init column ends early, and what the other rows would do
 * is in the images.
 */
#include "libcfs/walk/step.h"
#include "libcfs/steps/steps.h"
#include <stddef.h>

#define C   WALK_CREATE
#define X   WALK_EXEC
#define R   WALK_RESTORE
#define CX  (WALK_CREATE | WALK_EXEC)
#define CR  (WALK_CREATE | WALK_RESTORE)
#define CXR (WALK_CREATE | WALK_EXEC | WALK_RESTORE)

/* A row that is called like the property that it applies. */
#define PROPERTY(path) .name = (path), .property = (path)

/* clang-format off */
const struct step plan[] = {
        /* ---- documents: nothing but checks ------------------------------------------------------------- */

        { PROPERTY("ociVersion"), .walks = C,
          .why = "First: a document of another major version may mean something else by every other property.",
          .check = oci_version_check },

        { PROPERTY("annotations"), .walks = C,
          .why = "An annotation that cfs knows and cannot follow is an error, before anything is made.",
          .check = annotations_check },

        { PROPERTY("hooks"), .walks = C,
          .why = "A hook that cannot be run is an error before anything is made, not in the middle of it.",
          .check = hooks_check, .look = hooks_look },

        { PROPERTY("hooks.poststop"), .walks = CR, .wanted = hooks_poststop_wanted,
          .why = "Undo runs backwards, so the undo of this row is the last one: the specification runs poststop hooks after "
                 "the container is deleted.",
          .undo = hooks_poststop_undo, .explain = hooks_poststop_explain },

        { .name = "images", .walks = R,
          .why = "When the images or CRIU are missing, nothing must be made.",
          .check = restore_check, .prepare = restore_images_prepare, .explain = restore_images_explain },

        /* ---- prepared in the runtime; host and init columns of these rows come first in their walks ---- */

        { PROPERTY("linux.namespaces"), .walks = CR,
          .why = "Paths are opened and clone flags are computed before any process is made; a path of the wrong type is an error.",
          .check = namespaces_check, .look = namespaces_look, .prepare = namespaces_prepare, .explain = namespaces_explain },
        { .name = "namespaces of the container", .walks = X,
          .why = "exec joins the namespaces of the init, which it finds by the record.",
          .prepare = namespaces_exec_prepare },

        /* And linux.resources: cgroup/limits/knobs.c has a row for each of its properties. */
        { PROPERTY("linux.cgroupsPath"), .walks = CR, .foreign = cgroups_foreign,
          .why = "The directory first, since clone3(CLONE_INTO_CGROUP) needs its descriptor; limits before any code of the user's.",
          .check = cgroups_check, .look = cgroups_look, .prepare = cgroups_prepare, .undo = cgroups_undo,
          .explain = cgroups_explain },
        { .name = "late cgroups", .property = "linux.cgroupsPath", .walks = C, .wanted = cgroups_late_wanted,
          .why = "With v1 alone, where the clone needs no directory: made while the init makes its network namespace, which takes "
                 "as long.",
          .host = cgroups_late_host },
        { .name = "network namespace", .property = "linux.namespaces", .walks = C, .wanted = cgroups_late_wanted,
          .why = "By the init, while the runtime makes the cgroups. Before the init is in them: the memory of a namespace that is "
                 "made by the clone is not charged to the container either.",
          .init = namespaces_network_init },
        { .name = "loopback meanwhile", .walks = C, .wanted = cgroups_late_wanted,
          .why = "As the network namespace, which has it down.",
          .init = loopback_init },
        { .name = "cgroups", .walks = C, .flags = STEP_MEET, .wanted = cgroups_late_wanted,
          .why = "The init waits until the cgroups are there." },
        { .name = "enter the cgroup", .property = "linux.cgroupsPath", .walks = CR, .foreign = cgroups_foreign,
          .why = "The init enters v1 hierarchies first thing, so that all of its memory is charged to the container.",
          .host = cgroups_host, .init = cgroups_init },
        { .name = "cgroup of the container", .walks = X, .foreign = cgroups_foreign,
          .why = "exec joins the cgroup that create recorded, or a child of it (--cgroup), and makes none.",
          .prepare = cgroups_exec_prepare, .host = cgroups_host, .init = cgroups_init },

        { PROPERTY("linux.seccomp"), .walks = CR, .wanted = seccomp_wanted,
          .why = "The runtime compiles it while it still has memory and files at hand, and writes it to the state, for exec, while "
                 "the init is at work.",
          .check = seccomp_check, .look = seccomp_look, .prepare = seccomp_prepare, .host = seccomp_store_host, .explain = seccomp_explain },
        { .name = "filter of the container", .walks = X, .wanted = seccomp_wanted,
          .why = "exec reads the filter that create compiled.",
          .prepare = seccomp_exec_prepare },

        /* And process.consoleSize. */
        { PROPERTY("process.terminal"), .walks = CXR, .wanted = terminal_wanted, .flags = STEP_CHECK_ALWAYS,
          .foreign = terminal_foreign,
          .why = "The console socket must be reachable before a process is made, so that an engine that has gone is found out "
                 "early. Checked always: a console socket without a terminal is the mistake.",
          .check = terminal_check, .prepare = terminal_prepare, .explain = terminal_explain },

        { PROPERTY("process.rlimits"), .walks = CX,
          .why = "Raised in the runtime, so that the new process inherits them: setrlimit(2) cannot raise them inside a user "
                 "namespace.",
          .check = rlimits_check, .look = rlimits_look, .prepare = rlimits_prepare, .release = rlimits_release, .explain = rlimits_explain },

        { .name = "start.sock", .walks = C,
          .why = "`start` connects to it. When it is gone, later commands know that the container has started.",
          .prepare = created_prepare, .init = created_block_init },

        { .name = "NOTIFY_SOCKET", .walks = C, .wanted = notify_socket_wanted,
          .why = "Its directory must exist before the mounts: it is one of them.",
          .prepare = notify_socket_prepare },

        { PROPERTY("mounts"), .walks = C,
          .why = "Sources of bind mounts are opened by the runtime when the init, in its user namespace, may not reach them; "
                 "the runtime closes its copies once the init exists.",
          .check = mounts_rules_check, .look = mounts_rules_look, .prepare = mounts_prepare, .release = mounts_release },

        /* ---- the new process exists from here on (spawn.c) --------------------------------------------- */

        /* And linux.gidMappings. */
        { PROPERTY("linux.uidMappings"), .walks = C, .wanted = id_mappings_wanted, .flags = STEP_CHECK_ALWAYS,
          .why = "The first thing that the runtime does to the init, which has no valid user ID without a mapping. Checked always: "
                 "mappings without a user namespace are the mistake.",
          .check = id_mappings_check, .look = id_mappings_look, .host = id_mappings_host, .explain = id_mappings_explain },

        { PROPERTY("process.oomScoreAdj"), .walks = C, .wanted = oom_score_adj_wanted,
          .why = "Lowering the score needs privilege on the host, so the runtime writes it, to /proc/PID.",
          .check = oom_score_adj_check, .look = oom_score_adj_look, .host = oom_score_adj_host, .explain = oom_score_adj_explain },

        { PROPERTY("linux.intelRdt"), .walks = CR, .wanted = intel_rdt_wanted,
          .why = "Groups are made before the process exists; its pid is written to them before any code of the user's runs.",
          .check = intel_rdt_check, .look = intel_rdt_look, .prepare = intel_rdt_prepare, .host = intel_rdt_host, .undo = intel_rdt_undo,
          .explain = intel_rdt_explain },

        { PROPERTY("linux.netDevices"), .walks = C, .wanted = net_devices_wanted,
          .why = "Moved from the host's side: the container cannot reach the host's network namespace.",
          .check = net_devices_check, .look = net_devices_look, .host = net_devices_host, .undo = net_devices_undo,
          .explain = net_devices_explain },

        { .name = "identity", .walks = CXR, .flags = STEP_MEET, .wanted = id_mappings_identity_wanted,
          .why = "The init waits until it has its ids, its devices and (under systemd) its scope; the runtime waits until it has "
                 "joined its cgroups." },

        { PROPERTY("linux.timeOffsets"), .walks = C, .wanted = time_offsets_wanted, .flags = STEP_CHECK_ALWAYS,
          .why = "Offsets are written before the first process enters the namespace (time_namespaces(7)), and before the init "
                 "changes its user: the file in /proc belongs to the user who called the runtime. Checked always: offsets without "
                 "a time namespace are the mistake.",
          .check = time_offsets_check, .init = time_offsets_init, .explain = time_offsets_explain },

        { .name = "join the namespaces", .walks = X,
          .why = "After the process has joined the cgroup of the container, whose files it cannot reach from inside.",
          .init = namespaces_exec_init },

        { .name = "root of the user namespace", .walks = CX, .wanted = id_mappings_init_wanted,
          .why = "The init becomes root of the user namespace before it makes or joins namespaces that are to belong to it.",
          .init = id_mappings_init },

        { .name = "late namespaces", .property = "linux.namespaces", .walks = C,
          .why = "The root of a cgroup namespace is the cgroup of the process that makes it: after joining the cgroup. Namespaces "
                 "to join come here too.",
          .init = namespaces_init },

        { .name = "loopback", .walks = C, .wanted = loopback_wanted,
          .why = "A new network namespace has its loopback interface down: after the init has entered it.",
          .init = loopback_init },

        { PROPERTY("process.execCPUAffinity"), .walks = C, .wanted = cpu_affinity_wanted,
          .why = "create checks the value that exec will use.",
          .check = cpu_affinity_check },
        { PROPERTY("process.execCPUAffinity"), .walks = X, .wanted = cpu_affinity_wanted,
          .why = "After the process has joined the cgroup: joining a cpuset replaces the mask.",
          .check = cpu_affinity_check, .prepare = cpu_affinity_prepare, .init = cpu_affinity_init,
          .explain = cpu_affinity_explain },

        { .name = "CPU affinity", .walks = C,
          .why = "After the process has joined the cgroup: it gets all CPUs of its cpuset, whatever CPUs its caller was pinned to.",
          .init = cpu_affinity_reset_init },
        { .name = "CPU affinity", .walks = X, .wanted = cpu_affinity_reset_exec_wanted,
          .why = "As for create, unless process.execCPUAffinity names the CPUs.",
          .init = cpu_affinity_reset_init },

        { .name = "session keyring", .walks = CXR, .wanted = keyring_wanted,
          .why = "In the container's user namespace, where the kernel looks up its name; with the label that the program will "
                 "have.",
          .init = keyring_init, .explain = keyring_explain },

        /* ---- the file system --------------------------------------------------------------------------- */

        { PROPERTY("linux.rootfsPropagation"), .walks = C,
          .why = "Propagation to the host is cut (or kept) before the first mount, which would appear on the host otherwise.",
          .check = rootfs_propagation_check, .init = rootfs_propagation_init, .explain = rootfs_propagation_explain },

        { .name = "criu's mounts", .walks = R,
          .why = "Mounts that CRIU makes while it works must not appear on the host. Mounts of the host must appear in the bind "
                 "mounts of the container.",
          .init = restore_mount_namespace_init },

        { PROPERTY("root.path"), .walks = CR,
          .why = "pivot_root(2) needs a mount point, so the root is cloned onto itself. It is opened once, and the rows below use "
                 "that descriptor. The runtime makes the clone where the init cannot; in a mount namespace that outlives the "
                 "container the clone is recorded before it is made, and undone.",
          .check = root_check, .prepare = root_prepare, .host = root_host, .init = root_init, .undo = root_undo,
          .explain = root_explain },

        /* And linux.mountLabel. */
        { .name = "attach the mounts", .property = "mounts", .walks = C,
          .why = "Below the new root, in the order of the list (config.md, \"Mounts\").",
          .init = mounts_init, .explain = mounts_explain },

        { PROPERTY("linux.devices"), .walks = C,
          .why = "After the mounts: /dev is usually one of them. For a user namespace, where mknod(2) is refused, the runtime "
                 "makes the nodes before.",
          .check = devices_check, .look = devices_look, .prepare = devices_prepare, .release = devices_release,
          .init = devices_init, .explain = devices_explain },

        { .name = "open the terminal", .property = "process.terminal", .walks = CX, .wanted = terminal_wanted,
          .why = "After /dev/pts exists; before the pivot, while the console socket can be sent to.",
          .init = terminal_init },
        { .name = "/dev/console", .property = "process.terminal", .walks = C, .wanted = terminal_wanted,
          .why = "create alone: the terminal of an exec is not the container's console.",
          .init = terminal_console_init },

        { .name = "bind mounts to restore", .property = "mounts", .walks = R,
          .why = "CRIU asks for the sources of bind mounts by the names in the images, and makes no mount points itself.",
          .prepare = restore_mounts_prepare, .explain = restore_mounts_explain },
        { .name = "owner of the images", .walks = R, .wanted = restore_images_wanted,
          .why = "Processes in a user namespace read the images themselves, so the images get their owner before CRIU makes "
                 "processes.",
          .host = restore_images_host },
        { .name = "criu", .walks = R, .foreign = restore_foreign,
          .why = "CRIU starts in the cgroups, the session keyring and the mount namespace that its processes will have. Its first "
                 "notification is answered after the hooks.",
          .host = restore_host, .init = restore_exec_init, .explain = restore_explain },

        { .name = "loopback", .walks = R, .wanted = loopback_wanted,
          .why = "As in create, when CRIU has left the new network namespace empty; before the hooks, which may need it.",
          .host = loopback_restore_host, .explain = loopback_restore_explain },
        { PROPERTY("linux.sysctl"), .walks = R, .wanted = sysctl_restore_wanted,
          .why = "The parameters of the network, which CRIU does not save; before CRIU restores the rest, and before a process "
                 "runs.",
          .check = sysctl_check, .look = sysctl_look, .host = sysctl_restore_host, .explain = sysctl_restore_explain },

        /* ---- hooks: after the namespaces and mounts, before pivot_root (config.md, "POSIX-platform
         * Hooks") */

        { .name = "mounted", .walks = C, .flags = STEP_MEET, .wanted = hooks_runtime_wanted,
          .why = "The hooks of the runtime find the mounts done." },
        { PROPERTY("hooks.prestart"), .walks = CR, .wanted = hooks_runtime_wanted, .foreign = hooks_foreign,
          .why = "Deprecated; runs before createRuntime (config.md, \"Prestart\").",
          .host = hooks_prestart_host, .explain = hooks_prestart_explain },
        { PROPERTY("hooks.createRuntime"), .walks = CR, .wanted = hooks_runtime_wanted, .foreign = hooks_foreign,
          .why = "After the mounts, before pivot_root (config.md, \"CreateRuntime Hooks\").",
          .host = hooks_create_runtime_host, .explain = hooks_create_runtime_explain },
        { .name = "hooked", .walks = C, .flags = STEP_MEET, .wanted = hooks_runtime_wanted,
          .why = "createContainer hooks run after createRuntime hooks; the init waits for those." },

        { .name = "PID namespace of children", .property = "linux.namespaces", .walks = C, .wanted = pid_namespace_join_wanted,
          .why = "Before the hooks that run in the container's namespaces, and while the init has the privilege.",
          .init = pid_namespace_join_init },

        { PROPERTY("hooks.createContainer"), .walks = C, .wanted = hooks_create_container_wanted,
          .why = "In the container's namespaces, with the runtime's paths: before pivot_root takes those away.",
          .prepare = hooks_output_prepare, .init = hooks_create_container_init, .explain = hooks_create_container_explain },

        { .name = "processes", .walks = R, .foreign = restore_foreign,
          .why = "After the hooks, for which the namespaces exist and no process runs.",
          .host = restore_processes_host, .explain = restore_processes_explain },
        { PROPERTY("root.readonly"), .walks = R,
          .why = "CRIU does not keep the flags of the root's mount, so this comes after CRIU has made the mounts, and before a "
                 "process runs.",
          .host = root_readonly_restore_host, .explain = root_readonly_restore_explain },

        /* ---- inside the new root ----------------------------------------------------------------------- */

        { .name = "enter the root", .walks = C,
          .why = "After the last path of the host has been used.",
          .init = root_pivot_init },

        { .name = "make the working directory", .property = "process.cwd", .walks = C,
          .why = "After the mounts, because it may lie on one; before anything becomes read-only.",
          .init = cwd_make_init },

        { PROPERTY("hostname"), .walks = C,
          .why = "In the UTS namespace, before linux.sysctl, which could set it too.",
          .check = hostname_check, .init = hostname_init, .explain = hostname_explain },
        { PROPERTY("domainname"), .walks = C,
          .why = "In the UTS namespace, before linux.sysctl, which could set it too.",
          .check = hostname_domain_check, .init = hostname_domain_init, .explain = hostname_domain_explain },

        { PROPERTY("linux.sysctl"), .walks = C, .wanted = sysctl_wanted,
          .why = "Through the host's procfs, verified and opened before the container could mount anything over it.",
          .check = sysctl_check, .look = sysctl_look, .init = sysctl_init, .explain = sysctl_explain },

        { PROPERTY("linux.maskedPaths"), .walks = C,
          .why = "After the sysctls, which a read-only /proc/sys must not stop. Before readonlyPaths: a masked path may lie below a "
                 "read-only one, and the recursive attribute must reach the mask.",
          .check = masked_paths_check, .init = masked_paths_init, .explain = masked_paths_explain },
        { PROPERTY("linux.readonlyPaths"), .walks = C,
          .why = "After the masks.",
          .check = readonly_paths_check, .init = readonly_paths_init, .explain = readonly_paths_explain },

        { .name = "propagation of the root", .property = "linux.rootfsPropagation", .walks = C, .wanted = root_propagation_wanted,
          .why = "After the masks, which are clones: an unbindable mount cannot be cloned.",
          .init = root_propagation_init },

        { .name = "read-only mounts", .property = "mounts", .walks = C,
          .why = "All mount points in them are made: a tmpfs that is to be read-only was writable until now.",
          .init = mounts_readonly_init },

        { PROPERTY("root.readonly"), .walks = C,
          .why = "The last change to the mount tree.",
          .init = root_readonly_init },

        { PROPERTY("linux.personality"), .walks = CX, .wanted = personality_wanted,
          .why = "Any time before the execve: it belongs to the process.",
          .check = personality_check, .init = personality_init, .explain = personality_explain },
        { PROPERTY("linux.memoryPolicy"), .walks = CX, .wanted = memory_policy_wanted,
          .why = "In the cgroup, whose cpuset says which nodes may be used; late, so that little memory of the init obeys it.",
          .check = memory_policy_check, .look = memory_policy_look, .init = memory_policy_init, .explain = memory_policy_explain },

        /* ---- the program, looked up while errors still reach create's caller --------------------------- */

        { PROPERTY("process.apparmorProfile"), .walks = CX, .wanted = apparmor_wanted,
          .why = "Written to /proc/self/attr while the init may still write there; it takes effect at the execve.",
          .check = apparmor_check, .init = apparmor_init, .explain = apparmor_explain },
        { PROPERTY("process.selinuxLabel"), .walks = CX, .wanted = selinux_wanted,
          .why = "Written to /proc/self/attr while the init may still write there; it takes effect at the execve.",
          .check = selinux_check, .init = selinux_init, .explain = selinux_explain },

        { .name = "the container's null device", .walks = CX,
          .why = "In the container's root, as its root user; needs the host's procfs, so before that is closed.",
          .init = descriptors_null_init },

        { .name = "close the host's descriptors", .walks = CX,
          .why = "From here on a path that leads through a descriptor of the runtime's (/proc/self/fd/7, CVE-2024-21626) leads "
                 "nowhere.",
          .init = descriptors_host_init },

        { .name = "enter the working directory", .property = "process.cwd", .walks = CX,
          .why = "Before the init changes its user, who may have no right to go there.",
          .init = cwd_enter_init },

        { PROPERTY("process.scheduler"), .walks = C, .wanted = scheduler_wanted,
          .why = "Late, so that making the container is not slowed down by it; before privileges go: a real-time policy needs "
                 "CAP_SYS_NICE. By the runtime when the init is in a user namespace, where that capability counts for nothing.",
          .check = scheduler_check, .host = scheduler_host, .init = scheduler_init, .explain = scheduler_explain },
        { PROPERTY("process.ioPriority"), .walks = C, .wanted = io_priority_wanted,
          .why = "Late, and before privileges go, as process.scheduler: a real-time class needs privilege.",
          .check = io_priority_check, .host = io_priority_host, .init = io_priority_init,
          .explain = io_priority_explain },

        { .name = "lower the limits", .property = "process.rlimits", .walks = CX,
          .why = "Late: making a container takes more than it may have itself. Before the filter, which may forbid prlimit64(2).",
          .init = rlimits_init },

        { .name = "enter the PID namespace, before a filter", .walks = CX, .wanted = pid_namespace_early_wanted,
          .why = "The filter of an agent may forbid to make a process: privileges are dropped afterwards then.",
          .host = pid_namespace_enter_host, .init = pid_namespace_enter_init },

        { .name = "load the filter of an agent", .property = "linux.seccomp", .walks = CX, .wanted = seccomp_early_wanted,
          .foreign = seccomp_foreign,
          .why = "Without noNewPrivileges. create hands the listener over, as runc and crun do, and loading needs CAP_SYS_ADMIN "
                 "(seccomp(2)): before that is dropped.",
          .host = seccomp_host, .init = seccomp_load_init },

        { .name = "bounding set", .property = "process.capabilities", .walks = CX,
          .why = "Dropping from it needs CAP_SETPCAP: before the user changes.",
          .check = capabilities_check, .look = capabilities_look, .init = capabilities_bounding_init,
          .explain = capabilities_explain },
        { PROPERTY("process.user"), .walks = C,
          .why = "umask, groups, gid and uid; before the other sets: setresuid(2) clears what is not kept.",
          .check = user_check, .init = user_init, .explain = user_explain },
        { PROPERTY("process.user"), .walks = X,
          .why = "As for create. Only the kernel knows here which IDs are mapped: the record does not have the mappings.",
          .check = user_exec_check, .init = user_init },
        { PROPERTY("process.capabilities"), .walks = CX,
          .why = "After the user has changed, with what PR_SET_KEEPCAPS kept.",
          .init = capabilities_init },

        { .name = "enter the PID namespace", .walks = CX, .wanted = pid_namespace_wanted,
          .why = "From here on the processes of the namespace see this one, which no longer has anything of the host, nor "
                 "privileges. Not in a new namespace, where the init is alone.",
          .host = pid_namespace_enter_host, .init = pid_namespace_enter_init },

        { PROPERTY("process.oomScoreAdj"), .walks = X, .wanted = oom_score_adj_wanted,
          .why = "An ordinary user's exec sets its own score, which the new process inherits: it cannot write to the files of an "
                 "undumpable process.",
          .check = oom_score_adj_check, .prepare = oom_score_adj_exec_prepare, .host = oom_score_adj_exec_host },
        { .name = "resctrl groups of the container", .walks = X, .wanted = intel_rdt_exec_wanted,
          .why = "A process of exec is not a child of the init, so it does not inherit the init's groups.",
          .host = intel_rdt_exec_host },

        { .name = "session", .walks = CX,
          .why = "A session of its own has no controlling terminal of the caller's to push input into (TIOCSTI). By the process "
                 "that the program will be: a session has one leader.",
          .init = session_init },
        { .name = "controlling terminal", .property = "process.terminal", .walks = CX, .wanted = terminal_wanted,
          .why = "The leader of the new session takes it.",
          .init = terminal_control_init },

        { .name = "scheduler of the second process", .property = "process.scheduler", .walks = CX,
          .wanted = scheduler_second_wanted,
          .why = "For the second process, which does not inherit every policy. The runtime sets it, where it has the privilege.",
          .check = scheduler_check, .host = scheduler_host, .init = scheduler_init, .explain = scheduler_explain },
        { .name = "I/O priority of the second process", .property = "process.ioPriority", .walks = CX,
          .wanted = io_priority_second_wanted,
          .why = "For the second process, which does not inherit every priority. The runtime sets it, where it has the privilege.",
          .check = io_priority_check, .host = io_priority_host, .init = io_priority_init,
          .explain = io_priority_explain },

        { PROPERTY("process.cwd"), .walks = CX,
          .why = "As the user: a directory that the user may not enter is an error of create already.",
          .check = cwd_check, .look = cwd_look, .init = cwd_init, .explain = cwd_explain },
        { PROPERTY("process.env"), .walks = CX,
          .why = "Before process.args: the program is searched along its PATH.",
          .check = env_check, .init = env_init, .explain = env_explain },
        { PROPERTY("process.args"), .walks = CX,
          .why = "As the user: a program that is not there or may not be executed is an error of create already.",
          .check = args_check, .look = args_look, .init = args_init, .explain = args_explain },

        /* ---- created ----------------------------------------------------------------------------------- */

        { .name = "write the next record", .walks = C,
          .why = "While the init is at work. Publishing the record then takes one rename(2).",
          .host = created_write_host },

        { .name = "announce", .walks = CXR, .wanted = announce_wanted, .foreign = announce_foreign,
          .why = "The pid file and the pidfd. Before the program runs: after that, a failure could not be undone.",
          .host = announce_host },

        { .name = "parent death signal", .walks = CX,
          .why = "Until here the init dies with the runtime; a runtime that ends before the MEET is seen as an end of file.",
          .init = created_detach_init },

        { .name = "created", .walks = CX, .flags = STEP_MEET, .foreign = created_foreign,
          .why = "exec meets here too: what the host column did from outside must be there before the program runs." },
        { .name = "publish the record", .walks = C, .flags = STEP_CREATE_ENDS,
          .why = "`create` ends here: the container is on record, so the init need not die with the runtime. It waits for `start` "
                 "(under `run`, it goes on at once).",
          .host = created_host, .init = created_init },

        { .name = "started", .walks = C, .flags = STEP_MEET, .foreign = created_started_foreign,
          .why = "`start` begins here." },

        { PROPERTY("process.noNewPrivileges"), .walks = CX, .wanted = no_new_privileges_wanted,
          .why = "Before the hooks of the container, which are its programs, and the filter, which needs it when it is loaded "
                 "without privilege.",
          .init = no_new_privileges_init, .explain = no_new_privileges_explain },

        { .name = "load the filter before the hooks", .property = "linux.seccomp", .walks = CX, .wanted = seccomp_before_hooks_wanted,
          .foreign = seccomp_foreign,
          .why = "With an agent, which gets one listener: for the hooks and for the program.",
          .host = seccomp_host, .init = seccomp_load_init },

        { PROPERTY("hooks.startContainer"), .walks = C, .wanted = hooks_start_container_wanted,
          .why = "By `start`, in the container, before the user's program (config.md, \"StartContainer Hooks\"), and confined as it is: "
                 "each loads the filter in its own process.",
          .prepare = hooks_output_prepare, .init = hooks_start_container_init, .explain = hooks_start_container_explain },

        { .name = "descriptors", .walks = CR,
          .why = "Before the filter, which may forbid close_range(2) and fcntl(2). What they lead to is recorded, for checkpoint.",
          .prepare = descriptors_prepare, .init = descriptors_init, .explain = descriptors_explain },
        { .name = "descriptors", .walks = X,
          .why = "As for create. A checkpoint does not need the files that the descriptors of exec lead to.",
          .prepare = descriptors_exec_prepare, .init = descriptors_init, .explain = descriptors_explain },

        { .name = "lower the last limit", .property = "process.rlimits", .walks = CX, .wanted = rlimits_late_wanted,
          .why = "With few descriptors allowed, the rows above could not have opened theirs.",
          .init = rlimits_late_init },

        { .name = "last word", .walks = CX,
          .why = "An end of the socket without it is the init's end, not the program's beginning. Before the filter, which may "
                 "forbid sendmsg(2).",
          .init = args_last_word_init },

        { .name = "load the filter", .property = "linux.seccomp", .walks = CX, .wanted = seccomp_late_wanted,
          .foreign = seccomp_foreign,
          .why = "Last, so that the filter need allow none of the init's own system calls but execve(2). Without noNewPrivileges "
                 "CAP_SYS_ADMIN has been kept for it, which the execve takes.",
          .host = seccomp_host, .init = seccomp_load_init },

        { .name = "execve", .walks = CX, .foreign = created_started_foreign,
          .why = "The end of the socket tells the runtime that the program runs.",
          .host = args_execve_host, .init = args_execve_init },

        { .name = "record the restored", .walks = R,
          .why = "The init that CRIU has made is on record before it runs: a runtime that is killed leaves nothing unknown.",
          .host = created_restored_host },
        { .name = "resume", .walks = R, .foreign = restore_foreign,
          .why = "The container is on record: now its processes may run.",
          .host = restore_resume_host, .explain = restore_resume_explain },

        { .name = "keep the interfaces", .property = "linux.netDevices", .walks = C, .wanted = net_devices_wanted,
          .why = "A `run` that fails before its program runs gives them back; after that they are the container's, and end or return with "
                 "its namespace.",
          .host = net_devices_keep_host },

        { .name = "state running", .walks = C,
          .why = "The program runs: `state` says so from here on, poststart hooks or not.",
          .host = created_running_host },

        { PROPERTY("hooks.poststart"), .walks = CR, .wanted = hooks_poststart_wanted, .foreign = hooks_foreign,
          .why = "After the user's program is executed, before start returns (runtime.md, \"Lifecycle\" 9).",
          .host = hooks_poststart_host, .explain = hooks_poststart_explain },

        { .name = NULL },
};
/* clang-format on */
