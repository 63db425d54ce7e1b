# SPDX-License-Identifier: LGPL-2.1-or-later
# What a container can reach of the runtime while that enters it, and what the runtime leaves behind.
load helpers/canary

setup() {
    setup_common
    root_only
}

# hunt NAME OPTION...: with a hunter in the container, executes /bin/true there for some seconds.
hunt() {
    local seconds=${RACE_SECONDS:-3} end n=0
    cp "$ATTACKER" "$B/rootfs/bin/attacker"
    args /bin/attacker hunt /bin/busybox /bin/attacker 120
    cfs create -b "$B" "$ID" < /dev/null > "$T/hunt" 2>&1
    cfs start "$ID"
    wait_for grep -q hunting "$T/hunt"
    end=$((SECONDS + seconds))
    while goes_on "$n" 21 "$end"; do
        cfs exec "$ID" /bin/true < /dev/null || true
        n=$((n + 1))
    done
    cfs kill "$ID" TERM
    wait_for grep -q looked "$T/hunt"
    echo "# $(grep looked "$T/hunt"), $n times executed" >&3
    ! grep LEAK "$T/hunt" >&2 || return 1
    # It did see them.
    [ "$(sed -n 's/looked \([0-9]*\) times at.*/\1/p' "$T/hunt")" -gt 5 ]
}

@test "nothing of a process that enters a container can be reached before its execve (CVE-2016-9962) [undumpable]" {
    new_bundle
    hunt
}

@test "the same in a user namespace, whose root may trace what it likes in it" {
    new_bundle '.linux.namespaces += [{"type": "user"}]' '.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] |
        .linux.gidMappings = .linux.uidMappings' '.process.capabilities = ({} | .bounding = ["CAP_SYS_PTRACE", "CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE", "CAP_KILL"] |
        .effective = .bounding | .permitted = .bounding)'
    chown -R 100000:100000 "$B/rootfs"
    chmod 755 "$BATS_RUN_TMPDIR" "$T" "$B"
    hunt
}

@test "the same without root: the container's processes and the runtime are one user's [undumpable]" {
    rootless_user
    new_rootless_bundle '.process.capabilities = ({} | .bounding = ["CAP_SYS_PTRACE", "CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE", "CAP_KILL"] |
        .effective = .bounding | .permitted = .bounding)'
    hunt
}

@test "the same for a container that shares the PID namespace of another, at create" {
    new_bundle
    cp "$ATTACKER" "$B/rootfs/bin/attacker"
    args /bin/attacker hunt /bin/busybox /bin/attacker 3
    cfs create -b "$B" "$ID" < /dev/null > "$T/hunt" 2>&1
    cfs start "$ID"
    wait_for grep -q hunting "$T/hunt"
    PID=$(cfs state "$ID" | jq .pid)
    cp -a "$B" "$T/second"
    config --arg p "/proc/$PID/ns/pid" '.process.args = ["/bin/true"] | .linux.cgroupsPath += "-2" | .linux.namespaces |= map(if .type == "pid" then .path = $p else . end)'
    local end=$((SECONDS + 2)) n=0
    while [ $SECONDS -lt $end ]; do
        cfs run -b "$B" "$ID-2" < /dev/null > /dev/null 2>&1 || true
        n=$((n + 1))
    done
    wait_for grep -q looked "$T/hunt"
    echo "# $(grep looked "$T/hunt"), $n containers made" >&3
    ! grep LEAK "$T/hunt" >&2
}

@test "the executable of a waiting init is nothing that can be written to, and it is undumpable (CVE-2019-5736)" {
    new_bundle
    cfs create -b "$B" "$ID" < /dev/null > /dev/null 2>&1
    PID=$(cfs state "$ID" | jq .pid)
    case $(readlink "/proc/$PID/exe") in
        /memfd:*) ;; # a sealed copy
        /) # a mount that is nowhere attached: read-only, and that cannot be changed
            run mount -c -o remount,bind,rw "/proc/$PID/exe"
            [ "$status" -ne 0 ]
            run chmod 0777 "/proc/$PID/exe"
            contains "$output" "Read-only file system"
            ;;
        *) return 1 ;;
    esac
    # Undumpable: its files in /proc belong to root, also when it runs as another user.
    is "$(stat -c %u "/proc/$PID/fd")" 0
    cfs delete --force "$ID"
    config '.process.user = {"uid": 1000, "gid": 1000}'
    cfs create -b "$B" "$ID" < /dev/null > /dev/null 2>&1
    PID=$(cfs state "$ID" | jq .pid)
    is "$(stat -c %u "/proc/$PID/fd")" 0
    is "$(awk '/^Uid/ { print $2 }' "/proc/$PID/status")" 1000
}

@test "the waiting init has no descriptor that leads to the host" {
    new_bundle
    cfs create -b "$B" "$ID" < /dev/null > /dev/null 2>&1
    PID=$(cfs state "$ID" | jq .pid)
    local fd target
    for fd in "/proc/$PID/fd/"*; do
        target=$(readlink "$fd")
        case ${fd##*/} in 0 | 1 | 2) continue ;; esac
        case $target in
            socket:* | pipe:* | anon_inode:* | /memfd:*) ;;
            *) [ ! -d "$fd/." ] || { echo "descriptor ${fd##*/} is the directory $target" >&2; return 1; } ;;
        esac
    done
}

@test "a library loaded by the program cannot write to the runtime (CVE-2019-5736)" {
    new_bundle '.root.readonly = false | .process.args = ["/bin/sh", "-c", "for i in 1 2 3; do echo x > /proc/1/exe; echo x > /proc/self/exe; done"]'
    local before
    before=$(sha256sum "$CFS")
    cfs run -b "$B" "$ID" > /dev/null 2>&1 < /dev/null || true
    args /bin/inspector sleep
    up
    local i
    for i in 1 2 3 4 5; do
        cfs exec "$ID" /proc/self/exe --version > /dev/null 2>&1 || true
    done
    is "$(sha256sum "$CFS")" "$before"
}

@test "a hundred containers leave nothing: state, cgroups, mounts, processes, descriptors, keys" {
    new_bundle '.process.args = ["/bin/inspector", "sleep", "'"$ID"'"] | .linux.resources.pids.limit = 20'
    cfs list > /dev/null 2>&1 || mkdir -p "$STATE"
    local before i
    snapshot() {
        ls -A "$STATE"
        cgroups_named "$ID"
        wc -l < /proc/self/mountinfo
        ls /proc/$$/fd | wc -l
        pgrep -f "inspector sleep $ID" -r S,R,D | wc -l
    }
    before=$(snapshot)
    for i in {1..50}; do
        cfs create -b "$B" "$ID" < /dev/null > /dev/null 2>&1
        cfs delete --force "$ID"
    done
    for i in {1..25}; do
        cfs run --detach -b "$B" "$ID" < /dev/null > /dev/null 2>&1
        cfs kill "$ID" KILL
        wait_for status_is "$ID" stopped
        cfs delete "$ID"
    done
    args /bin/nothing
    for i in {1..25}; do
        if cfs run -b "$B" "$ID" < /dev/null > /dev/null 2>&1; then return 1; fi
    done
    is "$(snapshot)" "$before"
}

@test "containers made at the same time under one ID: one of them wins, nothing is left of the others" {
    new_bundle '.process.args = ["/bin/inspector", "sleep"]'
    local i pids=() won=0
    for i in {1..8}; do
        "$CFS" --root "$STATE" create -b "$B" "$ID" < /dev/null > /dev/null 2>&1 3>&- &
        pids+=($!)
    done
    for i in "${pids[@]}"; do
        ! wait "$i" || won=$((won + 1))
    done
    is $won 1
    is "$(cfs state "$ID" | jq -r .status)" created
    cfs delete --force "$ID"
    is "$(ls -A "$STATE")" ""
    is "$(cgroups_named "$ID")" ""
}

@test "what is relocated is read-only in a running cfs (RELRO), and nothing is writable and executable: /proc/PID/maps" {
    local at pid
    not_sanitized "glibc's loader makes them read-only"
    new_bundle '.process.args = ["/bin/inspector", "sleep"]'
    "$CFS" --root "$STATE" run -b "$B" "$ID" < /dev/null > /dev/null 3>&- 2>&1 &
    pid=$!
    wait_for status_is "$ID" running
    ! grep -E '^[^ ]+ .wx' "/proc/$pid/maps" >&2
    # Where the program header says: the first mapping is what the executable has at address 0.
    at=$(readelf -lW "$CFS" | awk '$1 == "GNU_RELRO" { print $3 }')
    awk -v at="$at" -v inode="$(awk '$6 ~ /^\// { print $5; exit }' "/proc/$pid/maps")" '
        function hex(s) { n = 0; s = tolower(s); sub(/^0x/, "", s); for (i = 1; i <= length(s); i++) n = n * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1; return n }
        $5 == inode { split($1, a, "-"); if (!seen++) base = hex(a[1]); if (hex(a[1]) <= base + hex(at) && base + hex(at) < hex(a[2])) { print $2; found = 1 } }
        END { exit !found }' "/proc/$pid/maps" > "$T/mode"
    is "$(cat "$T/mode")" r--p
    cfs kill "$ID" KILL
    wait "$pid" || true
}
