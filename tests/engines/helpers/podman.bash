# SPDX-License-Identifier: LGPL-2.1-or-later
# podman with a storage and a configuration of its own. $P is its command line; `ok $P run ...`.

load helpers/common

# The machine may not let us raise limits (CAP_SYS_RESOURCE): podman's own defaults do, so they are set to what is there.
podman_configure() {
    local where=$1 limits
    limits="\"nofile=$(ulimit -Hn):$(ulimit -Hn)\",\"nproc=8192:8192\""
    mkdir -p "$where"/{root,runroot,tmp,net}
    # The drop-in that users get, after what is this suite's own.
    cat >"$where/containers.conf" <<EOF
[containers]
default_ulimits=[$limits]
[engine]
cgroup_manager="cgroupfs"
events_logger="file"
runtime="$RUNTIME"
helper_binaries_dir=["/usr/lib/podman", "/usr/libexec/podman"]
EOF
    sed -e '/^\[engine\]$/d' -e '/^runtime = /d' -e '/^\[engine.runtimes\]$/,$d' "$TOP/contrib/engines/podman/cfs.conf" >>"$where/containers.conf"
    cat >>"$where/containers.conf" <<EOF
[engine.runtimes]
$RUNTIME=["$RUNTIME_PATH"]
[network]
network_backend="netavark"
EOF
}

podman_setup() {
    command -v podman >/dev/null || skip "podman is not installed"
    TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    grep -q '^containers:' /etc/subuid || echo containers:2147483647:2147483648 | tee -a /etc/subuid >>/etc/subgid
    podman_configure "$ENGINES/podman"
    podman_use
    ok "${P[@]}" import "$(image_tar busybox)" bb
}

podman_use() {
    export CONTAINERS_CONF="$ENGINES/podman/containers.conf"
    D="$ENGINES/podman"
    P=(podman --root "$D/root" --runroot "$D/runroot" --tmpdir "$D/tmp" --network-config-dir "$D/net" --cgroup-manager=cgroupfs
        --events-backend=file --storage-driver=overlay --runtime "$RUNTIME")
    PTY=("$ENGINES/bin/pty")
    # The name of this test's container.
    C="c$BATS_TEST_NUMBER"
}

# What a test left running must not disturb the next one.
podman_clean() {
    local ids
    "${P[@]}" pod rm --all --force --time 0 >/dev/null 2>&1 || true
    ids=$("${P[@]}" ps --all --quiet --external 2>/dev/null)
    [ -z "$ids" ] || "${P[@]}" rm --force --time 0 $ids >/dev/null 2>&1 || true
}

# run_ ARG...: podman run --rm without a network, which is what most cases want.
run_() { ok "${P[@]}" run --rm --net=none "$@"; }
fails_() {
    local code=$1
    shift
    fails "$code" "${P[@]}" run --rm --net=none "$@"
}
pod() { ok "${P[@]}" "$@"; }
# up ARG...: a container in the background that waits; $PID is its init as we see it.
up() {
    ok "${P[@]}" run -d --net=none --name "$C" "$@" || return 1
    PID=$("${P[@]}" inspect --format '{{.State.Pid}}' "$C")
}
in_() { ok "${P[@]}" exec "$C" "$@"; }
inspect() { "${P[@]}" inspect --format "$1" "${2:-$C}"; }
state_is() { [ "$(inspect '{{.State.Status}}' "${2:-$C}")" = "$1" ]; }
logs_have() { "${P[@]}" logs "$C" 2>&1 | grep -q -- "$1"; }
# A command that waits for signals and exits at TERM at once.
WAITS='trap "exit 0" TERM; while :; do sleep 0.1; done'
