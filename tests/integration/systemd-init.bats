# SPDX-License-Identifier: LGPL-2.1-or-later
# systemd as the init of a container, on whatever hierarchies the machine has (tests/vm has it on cgroup v2 alone, too). Its root file
# system is the machine's own, below an overlay; what it gets is what `podman run --systemd=always` gives. On a hybrid host it
# must not find a v2 hierarchy beside the v1 ones, or it takes the host for hybrid and exits with 255.
load helpers/common

setup() {
    setup_common
    root_only
    [ -x /lib/systemd/systemd ] || skip "needs systemd in /lib/systemd"
    private_mounts
}

# The container: it boots a target of its own and leaves in /run what it found there.
systemd_bundle() {
    outside sh -ec 'mount -t tmpfs over "$1"; cd "$1"; mkdir upper work rootfs
        mount -t overlay -o lowerdir=/,upperdir="$1/upper",workdir="$1/work" overlay rootfs' sh "$1" || skip "needs an overlay on /"
    outside sh -ec 'cd "$1/rootfs/etc"; : > fstab; : > machine-id; rm -rf systemd/system; mkdir -p systemd/system
        printf "[Unit]\nRequires=basic.target\nAfter=basic.target\nWants=probe.service\n" > systemd/system/probe.target
        printf "[Unit]\nAfter=basic.target\n[Service]\nType=oneshot\nExecStart=/bin/sh -c \"cat /proc/self/cgroup > /run/cgroup; systemctl show-environment > /run/env; systemctl is-active basic.target > /run/booted\"\n" > systemd/system/probe.service' sh "$1"
    new_bundle '.process.args = ["/lib/systemd/systemd", "--unit=probe.target"] | .process.env += ["container=oci"] | .root.readonly = false |
        .process.noNewPrivileges = false | .linux.resources = {} | del(.hostname) | .process.user = {"uid": 0, "gid": 0} |
        .linux.namespaces |= (map(select(.type != "cgroup")) + [{"type": "cgroup"}]) |
        .process.capabilities = ({} | .bounding = (["CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP",
            "SETPCAP", "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE"] | map("CAP_" + .)) | .effective = .bounding | .permitted = .bounding) |
        .mounts |= (map(select(.type != "cgroup")) + [{"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
            "options": ["nosuid", "noexec", "nodev", "rw"]}] + ([["/run", "755"], ["/run/lock", "1777"], ["/tmp", "1777"], ["/var/log", "755"]] |
            map({"destination": .[0], "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "mode=\(.[1])"]})))'
    config --arg r "$1/rootfs" '.root.path = $r'
}

@test "it boots to its target, its services are in cgroups of their own, and SIGRTMIN+3 shuts it down" {
    local pid root i
    mkdir "$T/over"
    systemd_bundle "$T/over"
    outside "$CFS" --root "$STATE" run --detach --pid-file "$T/pid" -b "$B" "$ID" < /dev/null > "$T/log" 2>&1 || { cat "$T/log" >&2; return 1; }
    pid=$(cat "$T/pid") root="/proc/$(cat "$T/pid")/root"
    for ((i = 0; i < 600; i++)); do
        [ ! -s "$root/run/booted" ] || break
        [ -d "/proc/$pid/root/run" ] || { echo "systemd has ended" >&2; return 1; }
        sleep 0.1
    done
    is "$(cat "$root/run/booted")" active
    contains "$(cat "$root/run/cgroup")" /system.slice/probe.service
    # exec joins it as any other.
    is "$(outside "$CFS" --root "$STATE" exec "$ID" /bin/systemctl is-active basic.target < /dev/null)" active
    # What podman stop sends to such a container.
    cfs kill "$ID" RTMIN+3
    for ((i = 0; i < 300; i++)); do
        ! status_is "$ID" stopped || break
        sleep 0.1
    done
    status_is "$ID" stopped
    outside "$CFS" --root "$STATE" delete "$ID"
    is "$(cgroups_named "$ID")" ""
}
