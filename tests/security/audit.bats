# SPDX-License-Identifier: LGPL-2.1-or-later
# The auditor: what a process finds inside, compared with config.json point by point, and the same whether it came by create and
# start, by run, or by exec; as root, in a user namespace, and rootless.
load ../integration/helpers/common

setup() {
    setup_common
    root_only
}

# A configuration that says something about everything a process can see.
RICH='.process += {"user": {"uid": 1000, "gid": 1001, "umask": 23, "additionalGids": [5, 10]}, "cwd": "/home/user",
        "env": ["PATH=/bin", "A=1"], "noNewPrivileges": true, "oomScoreAdj": 500,
        "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200}, {"type": "RLIMIT_CORE", "soft": 0, "hard": 0}],
        "capabilities": {"bounding": ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID"], "effective": ["CAP_KILL"], "permitted": ["CAP_KILL"],
                "inheritable": ["CAP_KILL"], "ambient": ["CAP_KILL"]},
        "ioPriority": {"class": "IOPRIO_CLASS_BE", "priority": 6}, "scheduler": {"policy": "SCHED_BATCH", "nice": 5}} |
    .linux.personality = {"domain": "LINUX32"} | .linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [{"names": ["swapon"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1}]} |
    .mounts += [{"destination": "/tmp", "type": "tmpfs", "source": "x", "options": ["nosuid", "nodev", "noexec"]}]'

# What the configuration says, of what is in $1. The keyring is named after the container; its permissions are those of a new session
# keyring, and SEARCH for its owner, by which exec joins it (keyrings(7)). A program that can be read is dumpable after its execve.
audit() {
    command jq '{uid: .status.Uid, gid: .status.Gid, groups: .status.Groups, umask: .status.Umask,
        caps: (.status | [.CapBnd, .CapPrm, .CapEff, .CapInh, .CapAmb] | map(sub("^0+"; "")) | join(" ")),
        nnp: .status.NoNewPrivs, seccomp: "\(.status.Seccomp) \(.status.Seccomp_filters)", blocked: .status.SigBlk, ignored: .status.SigIgn,
        cwd: .cwd, env: (.env | sort), nofile: .rlimits.RLIMIT_NOFILE, core: .rlimits.RLIMIT_CORE, oom: .oom_score_adj,
        fds: [.fds["0"], (.fds["1"] | split("/")[-1]), (.fds | keys)], personality: .personality, pdeathsig: .pdeathsig, leader: (.sid == .pid), ioprio: .ioprio,
        scheduler: .scheduler, nice: .nice, terminal: .terminal, dumpable: .dumpable, keyring: .keyring_description, label: .label}' "$1" > "$T/found"
    diff - "$T/found" <<X
{
  "uid": "1000\\t1000\\t1000\\t1000",
  "gid": "1001\\t1001\\t1001\\t1001",
  "groups": "5 10",
  "umask": "0027",
  "caps": "a1 20 20 20 20",
  "nnp": "1",
  "seccomp": "2 1",
  "blocked": "0000000000000000",
  "ignored": "0000000000000000",
  "cwd": "/home/user",
  "env": [
    "A=1",
    "HOME=/home/user",
    "PATH=/bin"
  ],
  "nofile": {
    "soft": 100,
    "hard": 200
  },
  "core": {
    "soft": 0,
    "hard": 0
  },
  "oom": "500",
  "fds": [
    "/dev/null",
    "${1##*/}",
    [
      "0",
      "1",
      "2"
    ]
  ],
  "personality": 8,
  "pdeathsig": 0,
  "leader": true,
  "ioprio": 16390,
  "scheduler": 3,
  "nice": 5,
  "terminal": null,
  "dumpable": 1,
  "keyring": "keyring;0;0;3f1b0000;_ses.$ID",
  "label": $(outside "$INSPECTOR" < /dev/null | command jq .label)
}
X
}

# Without what differs from one process to the next.
normal() { jq -S 'del(.pid, .ppid, .sid, .pgid, .fds, .monotonic, .boottime, .keyring, .keys, .ns, .mountinfo) |
    .mountinfo_at = []' "$1"; }
mounts_of() { jq -r '.mountinfo[] | split(" ") | [.[4], .[5], (.[6:] | map(select(startswith("shared:") or startswith("master:") | not)) | join(" "))] | join(" ")' "$1"; }

audit_all() {
    cfs run -b "$B" "$ID" > "$T/run" < /dev/null
    cfs create -b "$B" "$ID" > "$T/start" 2> "$T/log" < /dev/null
    cfs start "$ID"
    wait_for status_is "$ID" stopped
    cfs delete "$ID"
    args /bin/inspector sleep
    up
    cfs exec "$ID" /bin/inspector > "$T/exec" < /dev/null
    jq '.process | .args = ["/bin/inspector"]' "$B/config.json" > "$T/process.json"
    chmod 644 "$T/process.json"
    cfs exec --process "$T/process.json" "$ID" > "$T/exec-p" < /dev/null
    local how
    for how in run start exec exec-p; do
        audit "$T/$how" >&2 || { echo "by $how" >&2; return 1; }
        [ $how = run ] || diff <(normal "$T/run") <(normal "$T/$how") >&2 || { echo "run and $how differ" >&2; return 1; }
        [ $how = run ] || diff <(mounts_of "$T/run") <(mounts_of "$T/$how") >&2 || { echo "run and $how differ" >&2; return 1; }
    done
    is "$(jq .ns "$T/exec")" "$(jq .ns "$T/exec-p")"
    is "$(jq .keyring "$T/exec")" "$(jq .keyring "$T/exec-p")"
    own_namespaces
    masks
    other_process
}

# Each namespace of the configuration is the container's own, each other one the runtime's; exec is in those of the init.
own_namespaces() {
    local type file how
    for type in pid network ipc uts mount cgroup user time; do
        file=$type
        case $type in network) file=net ;; mount) file=mnt ;; esac
        [ -e "/proc/self/ns/$file" ] || continue
        is "$(jq -r ".ns[\"$file\"]" "$T/exec")" "$(readlink "/proc/$PID/ns/$file")" "$type"
        for how in run start exec; do
            if jq -e --arg t "$type" 'any(.linux.namespaces[]; .type == $t)' "$B/config.json" > /dev/null; then
                [ "$(jq -r ".ns[\"$file\"]" "$T/$how")" != "$(outside /bin/readlink "/proc/self/ns/$file")" ] || { echo "$how: the $type namespace is the runtime's" >&2; return 1; }
            else
                is "$(jq -r ".ns[\"$file\"]" "$T/$how")" "$(outside /bin/readlink "/proc/self/ns/$file")" "$type"
            fi
        done
    done
}

# What masks is the null device or an empty directory, as it is found through the root of the init.
masks() {
    local p n=0
    for p in $(jq -r '.linux.maskedPaths[]' "$B/config.json"); do
        [ -e "/proc/$PID/root$p" ] || continue
        n=$((n + 1))
        if [ -d "/proc/$PID/root$p" ]; then
            is "$(ls -A "/proc/$PID/root$p"; stat -f -c %T "/proc/$PID/root$p")" tmpfs "$p"
        else
            is "$(stat -c '%F %t:%T' "/proc/$PID/root$p")" "character special file 1:3" "$p"
        fi
    done
    [ $n -ge 2 ]
}

# A document with other properties has those, and what it leaves out of what confines is the container's.
other_process() {
    jq -n '{cwd: "/tmp", args: ["/bin/inspector"], env: ["B=2"], user: {uid: 7, gid: 8, umask: 63, additionalGids: [9]}, oomScoreAdj: 700,
        rlimits: [{type: "RLIMIT_NOFILE", soft: 50, hard: 60}], capabilities: {bounding: ["CAP_CHOWN", "CAP_KILL"], permitted: ["CAP_CHOWN"],
        effective: ["CAP_CHOWN"], inheritable: ["CAP_CHOWN"], ambient: ["CAP_CHOWN"]}, ioPriority: {class: "IOPRIO_CLASS_IDLE"},
        scheduler: {policy: "SCHED_IDLE"}}' > "$T/other.json"
    chmod 644 "$T/other.json"
    cfs exec --process "$T/other.json" "$ID" > "$OUT" < /dev/null
    is "$(got '.status | [.Uid, .Gid, .Groups, .Umask, .NoNewPrivs, .Seccomp] | join(" ")')" $'7\t7\t7\t7 8\t8\t8\t8 9 0077 1 2'
    is "$(got '.status | [.CapBnd, .CapPrm, .CapEff, .CapInh, .CapAmb] | map(sub("^0+"; "")) | join(" ")')" "21 1 1 1 1"
    is "$(got '[.cwd, .oom_score_adj, .scheduler, .ioprio, (.env | sort | join(" ")), (.fds | keys | join("")), .dumpable] | join(" ")')" "/tmp 700 5 24576 B=2 HOME=/ 012 1"
    is "$(got '.rlimits.RLIMIT_NOFILE | [.soft, .hard] | join(" ")')" "50 60"
    is "$(got .keyring_description)" "keyring;0;0;3f1b0000;_ses.$ID"
    is "$(got .ns)" "$(jq -rc .ns "$T/exec")"
    jq -n '{cwd: "/", args: ["/bin/inspector"], user: {uid: 7, gid: 8}}' > "$T/other.json"
    cfs exec --process "$T/other.json" "$ID" > "$OUT" < /dev/null
    is "$(got '.status | [.Groups, .NoNewPrivs, .Seccomp] | join(" ")')" " 1 2"
    is "$(got '.status | [.CapBnd, .CapPrm, .CapEff, .CapInh, .CapAmb] | map(sub("^0+"; "")) | join(" ")')" "a1 20 20 20 20"
    is "$(got '.rlimits.RLIMIT_NOFILE | [.soft, .hard] | join(" ")')" "100 200"
}

@test "root: create and start, run, exec, exec --process" {
    new_bundle "$RICH"
    audit_all
}

# What the configuration sets is set whatever the caller has: signals ignored, descriptors open, a mask, limits, priorities, a keyring with
# a key, inheritable and ambient capabilities, an environment.
@test "root, called by a process in an odd state: create and start, run, exec, exec --process" {
    new_bundle "$RICH"
    INTO=(bash -c 'trap "" HUP INT PIPE USR1 RTMIN+3; umask 0; ulimit -n 4096; ulimit -c unlimited; exec 9< / 8< /proc 7< /dev/null; exec "$@"' sh
        setpriv --inh-caps=+chown,+kill,+net_raw --ambient-caps=+chown,+kill,+net_raw nice -n 3 env PRELOAD=/evil SECRET=2 "$INSPECTOR" with-key "key-$ID")
    audit_all
    is "$(cfs exec "$ID" /bin/inspector has-key "key-$ID" < /dev/null)" no
    cfs exec --cwd / "$ID" /bin/cat /proc/self/environ < /dev/null | tr '\0' '\n' > "$T/env"
    ! grep -e SECRET -e evil "$T/env" >&2
}

@test "user namespace: create and start, run, exec, exec --process" {
    new_bundle "$RICH" '.linux.namespaces += [{"type": "user"}]' '.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] |
        .linux.gidMappings = .linux.uidMappings'
    chown -R 100000:100000 "$B/rootfs"
    chmod 755 "$BATS_RUN_TMPDIR" "$T" "$B"
    audit_all
}

@test "rootless: create and start, run, exec, exec --process" {
    needs newuidmap
    rootless_user
    new_rootless_bundle "$RICH" '.linux.maskedPaths = ["/proc/keys", "/proc/timer_list", "/sys/firmware", "/proc/acpi", "/home/user", "/etc/group"]' '.linux.uidMappings += [{"containerID": 1, "hostID": 1000000, "size": 65536}] | .linux.gidMappings += [{"containerID": 1, "hostID": 1000000, "size": 65536}]'
    audit_all
}

@test "what is in the root's directory of mounts: flags of every default mount, nothing of the host" {
    new_bundle
    inspect
    is "$(mnt / '.opts | index("ro") != null')" true
    local at flags
    while read -r at flags; do
        is "$(mnt "$at" ".opts - [\"relatime\"] | sort | join(\",\")")" "$flags" "$at"
    done <<'X'
/proc rw
/dev nosuid,rw
/dev/pts noexec,nosuid,rw
/dev/shm nodev,noexec,nosuid,rw
/dev/mqueue nodev,noexec,nosuid,rw
/sys nodev,noexec,nosuid,ro
/sys/fs/cgroup nodev,noexec,nosuid,ro
X
    # Every mount is one that the configuration asks for, a masked or read-only path, or below the cgroup mount.
    is "$(jq -r '.mountinfo[] | split(" ")[4]' "$OUT" | grep -v -e '^/sys/fs/cgroup/' | sort -u)" \
        "$( (echo /; jq -r '.mounts[].destination, .linux.maskedPaths[], .linux.readonlyPaths[]' "$B/config.json") |
            while read -r at; do [ "$(mnt "$at")" = null ] || echo "$at"; done | sort -u)"
}

@test "a container without capabilities, without privileges, of an ordinary user" {
    new_bundle '.process.user = {"uid": 65534, "gid": 65534} | .process.noNewPrivileges = true | .process.capabilities = {}'
    inspect
    is "$(got '.status | [.CapBnd, .CapPrm, .CapEff, .CapInh, .CapAmb] | unique')" '["0000000000000000"]'
    is "$(got .status.Groups)" ""
    is "$(got .status.NoNewPrivs)" 1
}

@test "without process.capabilities no user gets any" {
    new_bundle 'del(.process.capabilities)'
    inspect
    is "$(got '.status | [.CapPrm, .CapEff, .CapInh, .CapAmb] | unique')" '["0000000000000000"]'
}
