# SPDX-License-Identifier: LGPL-2.1-or-later
# The same bundles under cfs and under the runtimes that are installed (runc, crun): what a process finds inside must be the same,
# but for the differences that are listed here, each with its reason.
load helpers/common

setup() {
    setup_common
    # Standard input: crun would give the machine's /dev/null to the process's user.
    : > "$T/empty"
    root_only
}

# What remains when names of namespaces, numbers of mounts and the like are gone. The deliberate differences are listed there.
normalise() { "$PYTHON" "$BATS_TEST_DIRNAME/helpers/inside.py" "$1" "$B/config.json" "$HOST_NS"; }

# As an engine would: crun works only where there is no v2 hierarchy beside the v1 ones.
runtime() {
    local name=$1
    shift
    case $name in
        cfs) cfs "$@" ;;
        runc) runc --root "$T/runc" "$@" ;;
        crun) if [ -d /sys/fs/cgroup/unified ]; then
            unshare --mount --propagation private sh -c 'umount /sys/fs/cgroup/unified && exec crun "$@"' sh --root "$T/crun" "$@"
        else
            crun --root "$T/crun" "$@"
        fi ;;
    esac
}

compare() {
    local name others=0
    config '.ociVersion = "1.0.2"'
    HOST_NS=$(for f in /proc/self/ns/*; do echo "${f##*/} $(readlink "$f")"; done | jq -Rn '[inputs | split(" ") | {key: .[0], value: .[1]}] | from_entries')
    runtime cfs run -b "$B" "$ID" < "$T/empty" > "$T/cfs.json"
    normalise "$T/cfs.json" > "$T/cfs.normal"
    for name in ${OTHERS:-runc crun}; do
        command -v $name > /dev/null || continue
        others=$((others + 1))
        runtime $name run -b "$B" "$ID$name" < "$T/empty" > "$T/$name.json" 2> "$T/$name.err" || {
            echo "# $name does not run this: $(tail -1 "$T/$name.err")" >&3
            continue
        }
        normalise "$T/$name.json" > "$T/$name.normal"
        diff -U2 "$T/cfs.normal" "$T/$name.normal" >&2 || { echo "cfs (-) and $name (+) differ" >&2; return 1; }
    done
    [ $others -gt 0 ] || skip "needs runc or crun to compare with"
}

@test "the default configuration" {
    new_bundle
    compare
}

@test "an ordinary user with limits, groups, capabilities, a filter" {
    new_bundle '.process += {"user": {"uid": 1000, "gid": 1001, "umask": 23, "additionalGids": [5, 10]}, "cwd": "/home/user",
        "env": ["PATH=/bin", "A=1"], "noNewPrivileges": true, "oomScoreAdj": 500,
        "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200}, {"type": "RLIMIT_CORE", "soft": 0, "hard": 0}],
        "capabilities": {"bounding": ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID"], "effective": ["CAP_KILL"], "permitted": ["CAP_KILL"],
                "inheritable": ["CAP_KILL"], "ambient": ["CAP_KILL"]}}' \
        '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["swapon"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1}]}'
    compare
}

@test "a user namespace" {
    new_bundle '.linux.namespaces |= (map(select(.type != "cgroup")) + [{"type": "user"}])' \
        '.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] | .linux.gidMappings = [{"containerID": 0, "hostID": 300000, "size": 65536}]' \
        '.mounts |= map(select(.type != "cgroup"))'
    chown -R 100000:300000 "$B/rootfs"
    chmod 755 "$BATS_RUN_TMPDIR" "$T" "$B"
    compare
}

@test "few namespaces, a writable root, more mounts and devices" {
    mkdir "$T/volume"
    new_bundle '.linux.namespaces = [{"type": "mount"}, {"type": "pid"}] | del(.hostname) | .root.readonly = false | .mounts |= map(select(.type != "cgroup" and .type != "mqueue"))' \
        '.linux.devices = [{"path": "/dev/mine", "type": "c", "major": 1, "minor": 5, "fileMode": 384, "uid": 5, "gid": 6}]' \
        '.mounts += [{"destination": "/tmp", "type": "tmpfs", "source": "x", "options": ["nosuid", "nodev", "size=1m"]},
            {"destination": "/srv/v", "type": "bind", "source": "'"$T/volume"'", "options": ["rbind", "ro", "rslave"]},
            {"destination": "/srv/w", "type": "bind", "source": "'"$T/volume"'", "options": ["bind", "nosuid", "noexec"]}]'
    compare
}

@test "sysctls, no capabilities, an additional group" {
    new_bundle '.linux.sysctl = {"net.ipv4.ip_forward": "1"} | .process.capabilities = {} | .process.user.additionalGids = [77] | .process.noNewPrivileges = false'
    compare
}

@test "rootfsPropagation" {
    # runc before 1.3.1 does not apply it to what is mounted.
    local value OTHERS=crun
    new_bundle
    for value in shared slave private; do
        config '.linux.rootfsPropagation = "r'$value'"'
        compare
    done
}

@test "exec" {
    new_bundle '.process.args = ["/bin/sleep", "100"] | .ociVersion = "1.0.2" | .process.user = {"uid": 1000, "gid": 1001, "additionalGids": [7]}'
    local name others=0
    HOST_NS='{}'
    jq '.process | .args = ["/bin/inspector"] | .cwd = "/tmp" | .env += ["A=1", "HOME=/x"] | .user.uid = 5' "$B/config.json" > "$T/process.json"
    for name in cfs runc crun; do
        command -v $name > /dev/null || [ $name = cfs ] || continue
        runtime $name run --detach -b "$B" "$ID$name" < "$T/empty" > "$T/log" 2>&1 || { cat "$T/log"; return 1; }
        runtime $name exec --process "$T/process.json" "$ID$name" > "$T/$name.json" < "$T/empty"
        runtime $name exec --user 5 --env A=1 "$ID$name" /bin/inspector > "$T/$name.user" < "$T/empty"
        runtime $name delete --force "$ID$name"
        jq '.pid = null | .sid = null | .pgid = null | .env |= sort' "$T/$name.json" > "$T/x"
        normalise "$T/x" > "$T/$name.normal"
        [ $name = cfs ] && continue
        others=$((others + 1))
        diff -U2 "$T/cfs.normal" "$T/$name.normal" >&2 || { echo "cfs (-) and $name (+) differ" >&2; return 1; }
        # With a command, crun starts from nothing; runc and cfs from the container's process, whose group they keep.
        [ $name = crun ] || is "$(jq -c '[(.status | del(.SigIgn)), (.env | sort), .cwd]' "$T/$name.user")" "$(jq -c '[(.status | del(.SigIgn)), (.env | sort), .cwd]' "$T/cfs.user")"
    done
    [ $others -gt 0 ] || skip "needs runc or crun to compare with"
}

@test "the devices that are allowed by default, on v1: runc's, and crun's but for the host's console" {
    [ -e /sys/fs/cgroup/devices/devices.list ] || skip "needs the devices controller of cgroup v1"
    new_bundle '.process.args = ["/bin/sleep", "100"] | .ociVersion = "1.0.2" | .linux.resources.devices = [{"allow": false, "access": "rwm"}]' \
        '.linux.namespaces |= map(select(.type != "cgroup")) | .mounts |= map(select(.type != "cgroup"))'
    local name others=0
    for name in cfs runc crun; do
        command -v $name > /dev/null || [ $name = cfs ] || continue
        runtime $name run --detach -b "$B" "$ID$name" < "$T/empty" > "$T/log" 2>&1 || { cat "$T/log"; return 1; }
        # runc took c 10:200 out once and had to put it back; crun 1.8 does not have it.
        sort "/sys/fs/cgroup/devices/$ID/devices.list" > "$T/$name.devices"
        runtime $name delete --force "$ID$name"
        [ $name = cfs ] && continue
        others=$((others + 1))
        { grep -vx 'c 5:1 rwm' "$T/$name.devices"; echo 'c 10:200 rwm'; } | sort -u > "$T/$name.want"
        diff -U9 "$T/cfs.devices" "$T/$name.want" >&2
    done
    [ $others -gt 0 ] || skip "needs runc or crun to compare with"
}
