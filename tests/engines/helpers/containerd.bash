# SPDX-License-Identifier: LGPL-2.1-or-later
# containerd with its shim, and ctr. $CTR is the client's command line; the daemon is the suite's own.

load helpers/common

containerd_configure() {
    local disabled='"io.containerd.grpc.v1.cri"'
    [ "${1-}" != cri ] || disabled=
    mkdir -p "$D"/{root,state,cni}
    cat >"$D/config.toml" <<EOF
version = 2
root = "$D/root"
state = "$D/state"
disabled_plugins = [$disabled]
[grpc]
  address = "$D/sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "$D/opt"
EOF
    if [ "${1-}" = cri ]; then
        # The snippet that users get, with the paths of this suite.
        cat >>"$D/config.toml" <<EOF
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:latest"
  restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".cni]
  conf_dir = "$D/cni"
  bin_dir = "/usr/lib/cni"
EOF
        sed -e '/^version/d' -e "s,\"/usr/bin/cfs\",\"$RUNTIME_PATH\"," "$TOP/contrib/engines/containerd/cfs.toml" >>"$D/config.toml"
    fi
}

containerd_start() {
    # ctr forgets --runc-binary with some other options, and has none for "c create": then it is called runc.
    mkdir -p "$ENGINES/as-runc" && ln -sf "$RUNTIME_PATH" "$ENGINES/as-runc/runc"
    PATH="$ENGINES/as-runc:$PATH" containerd --config "$D/config.toml" >>"$D/log" 2>&1 3>&- &
    echo $! >"$D/pid"
    wait_for ctr -a "$D/sock" version || { tail -n 20 "$D/log" >&2; return 1; }
}

containerd_stop() {
    local pid
    pid=$(cat "$D/pid")
    kill "$pid" 2>/dev/null || return 0
    while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
}

# An OCI archive, which ctr imports: one layer, one configuration.
oci_archive() {
    local tar=$1 name=$2 out=$3 cmd=$4 d layer config manifest
    d=$(mktemp -d "$ENGINES/oci.XXXX")
    mkdir -p "$d/blobs/sha256"
    blob() {
        local h
        h=$(sha256sum "$1" | cut -d' ' -f1)
        mv "$1" "$d/blobs/sha256/$h"
        echo "$h"
    }
    cp "$tar" "$d/t" && layer=$(blob "$d/t")
    jq -nc --arg l "sha256:$layer" --argjson cmd "$cmd" '{architecture: "amd64", os: "linux", rootfs: {type: "layers", diff_ids: [$l]},
        config: {Cmd: $cmd, Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]}}' >"$d/t"
    config=$(blob "$d/t")
    jq -nc --arg c "sha256:$config" --arg l "sha256:$layer" --argjson cs "$(stat -c %s "$d/blobs/sha256/$config")" \
        --argjson ls "$(stat -c %s "$d/blobs/sha256/$layer")" '{schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json",
        config: {mediaType: "application/vnd.oci.image.config.v1+json", digest: $c, size: $cs},
        layers: [{mediaType: "application/vnd.oci.image.layer.v1.tar", digest: $l, size: $ls}]}' >"$d/t"
    manifest=$(blob "$d/t")
    jq -nc --arg m "sha256:$manifest" --arg n "$name" --argjson s "$(stat -c %s "$d/blobs/sha256/$manifest")" '{schemaVersion: 2, manifests: [
        {mediaType: "application/vnd.oci.image.manifest.v1+json", digest: $m, size: $s, annotations: {"io.containerd.image.name": $n, "org.opencontainers.image.ref.name": "latest"}}]}' >"$d/index.json"
    echo '{"imageLayoutVersion":"1.0.0"}' >"$d/oci-layout"
    tar -C "$d" -cf "$out" . && rm -rf "$d"
}

containerd_setup() {
    needs containerd
    needs ctr
    TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    containerd_use
    containerd_configure "$@"
    containerd_start
    oci_archive "$(image_tar busybox)" localhost/bb:latest "$ENGINES/bb.oci.tar" '["sh"]'
    oci_archive "$(image_tar busybox)" localhost/pause:latest "$ENGINES/pause.oci.tar" '["sleep", "100000"]'
    local ns
    for ns in "$TAG" k8s.io; do
        ok ctr -a "$D/sock" -n "$ns" image import "$ENGINES/bb.oci.tar"
        [ "${1-}" != cri ] || ok ctr -a "$D/sock" -n "$ns" image import "$ENGINES/pause.oci.tar"
    done
}

containerd_use() {
    D="$ENGINES/ct"
    CTR=(ctr -a "$D/sock" -n "$TAG")
    PTY=("$ENGINES/bin/pty")
    BB=localhost/bb:latest
    C="c$BATS_TEST_NUMBER"
}

containerd_clean() {
    local t
    for t in $("${CTR[@]}" task ls -q 2>/dev/null); do "${CTR[@]}" task rm -f "$t" >/dev/null 2>&1 || true; done
    for t in $("${CTR[@]}" c ls -q 2>/dev/null); do "${CTR[@]}" c rm "$t" >/dev/null 2>&1 || true; done
}

c_() { ok "${CTR[@]}" "$@"; }
run_() { ok "${CTR[@]}" run --rm --runc-binary "$RUNTIME_PATH" "${OPTIONS[@]}" "$@"; }
# up [OPTION...] [-- COMMAND...]
up() {
    local options=()
    while [ $# -gt 0 ] && [ "$1" != -- ]; do options+=("$1") && shift; done
    shift || true
    [ $# -gt 0 ] || set -- sleep 1000
    # Not "ok": the shim keeps the standard output open.
    "${CTR[@]}" run -d --runc-binary "$RUNTIME_PATH" "${options[@]}" "$BB" "$C" "$@" >"$BATS_TEST_TMPDIR/up" 2>&1 3>&- || {
        cat "$BATS_TEST_TMPDIR/up" >&2
        return 1
    }
    PID=$(pid_of)
}
pid_of() { "${CTR[@]}" task ls | awk -v c="${1:-$C}" '$1 == c { print $2 }'; }
status_is() { [ "$("${CTR[@]}" task ls | awk -v c="${2:-$C}" '$1 == c { print $3 }')" = "$1" ]; }
exec_() { ok "${CTR[@]}" task exec --exec-id "e$RANDOM" "$C" "$@"; }
fails_exec() {
    local code=$1
    shift
    fails "$code" "${CTR[@]}" task exec --exec-id "e$RANDOM" "$C" "$@"
}
OPTIONS=()
