# SPDX-License-Identifier: LGPL-2.1-or-later
# dockerd (which starts a containerd of its own) and docker. $DK is the client's command line; the daemon is the suite's own.

load helpers/common

docker_configure() {
    mkdir -p "$D/root" "$D/exec"
    # What users install, with the path of this suite.
    jq --arg p "$RUNTIME_PATH" --arg n "$RUNTIME" '.runtimes = {"cfs": {path: $p}, "other": {path: $p, runtimeArgs: ["--debug"]}} |
        if $n == "cfs" then . else ."default-runtime" = "under-test" | .runtimes = {"under-test": .runtimes.cfs, other: .runtimes.other} end' \
        "$TOP/contrib/engines/docker/daemon.json" >"$D/daemon.json"
    jq '. + $more' --argjson more "${1:-{\}}" "$D/daemon.json" >"$D/daemon.json.new" && mv "$D/daemon.json.new" "$D/daemon.json"
}

dockerd_start() {
    # runtimeArgs make dockerd write a wrapper, which needs a shell at /bin/sh.
    dockerd --config-file "$D/daemon.json" --data-root "$D/root" --exec-root "$D/exec" --pidfile "$D/pid" -H "unix://$D/sock" \
        --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "/$TAG" "$@" >>"$D/log" 2>&1 3>&- &
    echo $! >"$D/own-pid"
    wait_for "${DK[@]}" info || { tail -n 30 "$D/log" >&2; return 1; }
}

dockerd_stop() {
    local pid
    pid=$(cat "$D/own-pid")
    kill "${1:--TERM}" "$pid" 2>/dev/null || return 0
    while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
}

docker_setup() {
    needs dockerd
    [ -x /usr/bin/docker ] || skip "needs /usr/bin/docker, which is not installed"
    TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    docker_use
    docker_configure "$@"
    dockerd_start
    ok "${DK[@]}" import "$(image_tar busybox)" bb
}

docker_use() {
    D="$ENGINES/dk"
    # The distribution's client: another one in the PATH may be of another age.
    DK=(/usr/bin/docker -H "unix://$D/sock")
    PTY=("$ENGINES/bin/pty")
    C="c$BATS_TEST_NUMBER"
}

docker_clean() {
    local ids
    ids=$("${DK[@]}" ps -aq 2>/dev/null)
    # shellcheck disable=SC2086 # words
    [ -z "$ids" ] || "${DK[@]}" rm -f $ids >/dev/null 2>&1 || true
}

d_() { ok "${DK[@]}" "$@"; }
run_() { ok "${DK[@]}" run --rm --net=none "$@"; }
fails_() {
    local code=$1
    shift
    fails "$code" "${DK[@]}" run --rm --net=none "$@"
}
up() {
    ok "${DK[@]}" run -d --net=none --name "$C" "$@" || return 1
    PID=$("${DK[@]}" inspect --format '{{.State.Pid}}' "$C")
}
in_() { ok "${DK[@]}" exec "$C" "$@"; }
inspect() { "${DK[@]}" inspect --format "$1" "${2:-$C}"; }
state_is() { [ "$(inspect '{{.State.Status}}' "${2:-$C}")" = "$1" ]; }
logs_have() { "${DK[@]}" logs "$C" 2>&1 | grep -q -- "$1"; }
