/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfs_spec: a default config.json.
 *
 * It is what users of the established runtime get from its `spec` command, and what tutorials edit with sed:
 * `sh` on a terminal, three capabilities, a read-only root in `rootfs`. The document is written out here as
 * it will look; only what differs for an ordinary user, or by the machine, is filled in:
 *
 * - a user namespace, in which the user is root and nothing else is mapped, so devpts cannot be given to the
 *   group tty (gid=5 has no mapping: EINVAL);
 * - no network namespace, because an unprivileged user could not connect it to anything. Then the container
 *   cannot mount a sysfs of its own either: that takes a network namespace that belongs to the user
 *   namespace (mount_namespaces(7)). The host's is bound;
 * - a cgroup namespace on cgroup v2 alone, as the other runtimes have it (both write none on v1 and on a
 *   hybrid host);
 * - no resources: without delegation an ordinary user has no cgroup to set them on.
 */
#include "libcfs/cfs.h"
#include "base/str.h"
#include "libcfs/cgroup/cgroup.h"
#include <unistd.h>

/* Members of one level each; the differences stand between them. */
static const char head[] =
        "{\n"
        "  \"ociVersion\": \"" CFS_SPEC_VERSION "\",\n"
        "  \"process\": {\n"
        "    \"terminal\": true,\n"
        "    \"user\": { \"uid\": 0, \"gid\": 0 },\n"
        "    \"args\": [\n"
        "      \"sh\"\n"
        "    ],\n"
        "    \"env\": [\n"
        "      \"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\",\n"
        "      \"TERM=xterm\"\n"
        "    ],\n"
        "    \"cwd\": \"/\",\n"
        "    \"capabilities\": {\n"
        "      \"bounding\": [ \"CAP_AUDIT_WRITE\", \"CAP_KILL\", \"CAP_NET_BIND_SERVICE\" ],\n"
        "      \"effective\": [ \"CAP_AUDIT_WRITE\", \"CAP_KILL\", \"CAP_NET_BIND_SERVICE\" ],\n"
        "      \"permitted\": [ \"CAP_AUDIT_WRITE\", \"CAP_KILL\", \"CAP_NET_BIND_SERVICE\" ]\n"
        "    },\n"
        "    \"rlimits\": [\n"
        "      { \"type\": \"RLIMIT_NOFILE\", \"hard\": 1024, \"soft\": 1024 }\n"
        "    ],\n"
        "    \"noNewPrivileges\": true\n"
        "  },\n"
        "  \"root\": {\n"
        "    \"path\": \"rootfs\",\n"
        "    \"readonly\": true\n"
        "  },\n"
        "  \"hostname\": \"cfs\",\n";

static const char mounts[] =
        "  \"mounts\": [\n"
        "    { \"destination\": \"/proc\", \"type\": \"proc\", \"source\": \"proc\" },\n"
        "    { \"destination\": \"/dev\", \"type\": \"tmpfs\", \"source\": \"tmpfs\",\n"
        "      \"options\": [ \"nosuid\", \"strictatime\", \"mode=755\", \"size=65536k\" ] },\n"
        "    { \"destination\": \"/dev/pts\", \"type\": \"devpts\", \"source\": \"devpts\",\n"
        "      \"options\": [ \"nosuid\", \"noexec\", \"newinstance\", \"ptmxmode=0666\", \"mode=0620\"%s ] },\n"
        "    { \"destination\": \"/dev/shm\", \"type\": \"tmpfs\", \"source\": \"shm\",\n"
        "      \"options\": [ \"nosuid\", \"noexec\", \"nodev\", \"mode=1777\", \"size=65536k\" ] },\n"
        "    { \"destination\": \"/dev/mqueue\", \"type\": \"mqueue\", \"source\": \"mqueue\",\n"
        "      \"options\": [ \"nosuid\", \"noexec\", \"nodev\" ] },\n"
        "%s"
        "    { \"destination\": \"/sys/fs/cgroup\", \"type\": \"cgroup\", \"source\": \"cgroup\",\n"
        "      \"options\": [ \"nosuid\", \"noexec\", \"nodev\", \"relatime\", \"ro\" ] }\n"
        "  ],\n";

static const char sys_own[] = "    { \"destination\": \"/sys\", \"type\": \"sysfs\", \"source\": \"sysfs\",\n"
                              "      \"options\": [ \"nosuid\", \"noexec\", \"nodev\", \"ro\" ] },\n";

static const char sys_host[] =
        "    { \"destination\": \"/sys\", \"type\": \"none\", \"source\": \"/sys\",\n"
        "      \"options\": [ \"rbind\", \"nosuid\", \"noexec\", \"nodev\", \"ro\" ] },\n";

static const char linux_root[] = "  \"linux\": {\n"
                                 "    \"resources\": {\n"
                                 "      \"devices\": [\n"
                                 "        { \"allow\": false, \"access\": \"rwm\" }\n"
                                 "      ]\n"
                                 "    },\n"
                                 "    \"namespaces\": [\n"
                                 "      { \"type\": \"pid\" },\n"
                                 "      { \"type\": \"network\" },\n"
                                 "      { \"type\": \"ipc\" },\n"
                                 "      { \"type\": \"uts\" },\n"
                                 "      { \"type\": \"mount\" }%s\n"
                                 "    ],\n";

static const char linux_rootless[] = "  \"linux\": {\n"
                                     "    \"uidMappings\": [\n"
                                     "      { \"containerID\": 0, \"hostID\": %lu, \"size\": 1 }\n"
                                     "    ],\n"
                                     "    \"gidMappings\": [\n"
                                     "      { \"containerID\": 0, \"hostID\": %lu, \"size\": 1 }\n"
                                     "    ],\n"
                                     "    \"namespaces\": [\n"
                                     "      { \"type\": \"pid\" },\n"
                                     "      { \"type\": \"ipc\" },\n"
                                     "      { \"type\": \"uts\" },\n"
                                     "      { \"type\": \"mount\" },\n"
                                     "      { \"type\": \"user\" }%s\n"
                                     "    ],\n";

static const char tail[] = "    \"maskedPaths\": [\n"
                           "      \"/proc/acpi\",\n"
                           "      \"/proc/asound\",\n"
                           "      \"/proc/interrupts\",\n"
                           "      \"/proc/kcore\",\n"
                           "      \"/proc/keys\",\n"
                           "      \"/proc/latency_stats\",\n"
                           "      \"/proc/timer_list\",\n"
                           "      \"/proc/timer_stats\",\n"
                           "      \"/proc/sched_debug\",\n"
                           "      \"/proc/scsi\",\n"
                           "      \"/sys/firmware\",\n"
                           "      \"/sys/devices/virtual/powercap\"\n"
                           "    ],\n"
                           "    \"readonlyPaths\": [\n"
                           "      \"/proc/bus\",\n"
                           "      \"/proc/fs\",\n"
                           "      \"/proc/irq\",\n"
                           "      \"/proc/sys\",\n"
                           "      \"/proc/sysrq-trigger\"\n"
                           "    ]\n"
                           "  }\n"
                           "}\n";

int cfs_spec(bool rootless, char **ret_json, struct cfs_error *err)
{
        const char *cgroup = cgroup_detect() == CGROUP_MODE_V2 ? ",\n      { \"type\": \"cgroup\" }" : "";
        _cleanup_str_ struct str s = { 0 };

        str_add(&s, head);
        str_addf(&s, mounts, rootless ? "" : ", \"gid=5\"", rootless ? sys_host : sys_own);
        if (rootless)
                str_addf(&s, linux_rootless, (unsigned long)geteuid(), (unsigned long)getegid(), cgroup);
        else
                str_addf(&s, linux_root, cgroup);
        str_add(&s, tail);
        return str_take(&s, ret_json, err);
}
