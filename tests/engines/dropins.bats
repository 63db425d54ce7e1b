#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# The files of contrib/engines, installed as docs/engines.md says, without a change: /usr/bin and /etc are the suite's own.

load helpers/buildah
load helpers/containerd
load helpers/docker

setup_file() {
    TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    mkdir -p "$ENGINES/usr-bin/upper" "$ENGINES/usr-bin/work"
    mount -t overlay -o "lowerdir=/usr/bin,upperdir=$ENGINES/usr-bin/upper,workdir=$ENGINES/usr-bin/work" overlay /usr/bin
    install "$RUNTIME_PATH" /usr/bin/cfs
    image_tar busybox
}
setup() {
    TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    unset CONTAINERS_CONF
    C="c$BATS_TEST_NUMBER"
}

# podman and buildah with nothing but what is in /etc; limits are those that this machine allows.
podman_dropin() {
    needs podman
    D="$ENGINES/podman"
    mkdir -p /etc/containers/containers.conf.d "$D"/{root,runroot,tmp,net}
    install -m 644 "$TOP/contrib/engines/podman/cfs.conf" /etc/containers/containers.conf.d/50-cfs.conf
    cat >/etc/containers/containers.conf.d/60-machine.conf <<END
[containers]
default_ulimits=["nofile=$(ulimit -Hn):$(ulimit -Hn)","nproc=8192:8192"]
END
    P=(podman --root "$D/root" --runroot "$D/runroot" --tmpdir "$D/tmp" --network-config-dir "$D/net" --cgroup-manager=cgroupfs
        --events-backend=file --storage-driver=overlay)
    B=(buildah --root "$D/root" --runroot "$D/runroot" --storage-driver=overlay)
    "${P[@]}" image exists bb || ok "${P[@]}" import "$ENGINES/busybox.tar" bb
}

@test "podman: containers.conf.d/50-cfs.conf makes cfs the runtime" {
    podman_dropin
    ok "${P[@]}" info --format '{{.Host.OCIRuntime.Name}} {{.Host.OCIRuntime.Path}}'
    is "$output" "cfs /usr/bin/cfs"
    ok "${P[@]}" run --rm --net=none bb echo hello
    is "$output" hello
    ok "${P[@]}" run -d --name "$C" --net=none bb sleep 1000
    ok "${P[@]}" inspect --format '{{.OCIRuntime}}' "$C"
    is "$output" cfs
    ok "${P[@]}" exec "$C" echo in
    is "$output" in
    ok "${P[@]}" rm -f -t 0 "$C"
}

@test "podman: with it, errors are the runtime's words and no JSON" {
    podman_dropin
    fails 127 "${P[@]}" run --rm --net=none bb nosuchprogram
    matches "$output" 'executable file .*not found in \$PATH'
    lacks "$output" '"msg"'
    is "$(wc -l <<<"$output")" 1
}

@test "podman: with it, --cgroups=disabled" {
    [ "$RUNTIME" != runc ] || skip "runc has no such option"
    podman_dropin
    ok "${P[@]}" run --rm --net=none --cgroups=disabled bb cat /proc/self/cgroup
    is "$(cut -d: -f3 <<<"$output" | sort -u)" "$(cut -d: -f3 /proc/self/cgroup | sort -u)"
}

@test "podman: with it, the other runtimes are what they were" {
    podman_dropin
    command -v runc >/dev/null || skip "needs runc, which is not installed"
    fails 127 "${P[@]}" --runtime runc run --rm --net=none bb nosuchprogram
    lacks "$output" '"msg"'
    ok "${P[@]}" --runtime runc run --rm --net=none bb echo other
    is "$output" other
    # No word of keys that are not known: podman says so only when asked for all it has to say.
    lacks "$("${P[@]}" info 2>&1)" decode
}

@test "buildah: the same file makes cfs the runtime of its steps" {
    podman_dropin
    needs buildah
    mkdir -p "$BATS_TEST_TMPDIR/x"
    printf 'FROM bb\nRUN echo built\n' >"$BATS_TEST_TMPDIR/x/Containerfile"
    ok "${B[@]}" bud --network none --pull-never "$BATS_TEST_TMPDIR/x"
    contains "$output" built
    mv /usr/bin/cfs /usr/bin/away
    try "${B[@]}" bud --network none --pull-never "$BATS_TEST_TMPDIR/x"
    mv /usr/bin/away /usr/bin/cfs
    [ "$status" -ne 0 ]
}

@test "containerd: cfs.toml appended to config.toml; the CRI plugin loads; ctr run with its binary" {
    needs containerd
    containerd_use
    mkdir -p /etc/containerd "$D"
    # As Debian has it, with directories of our own.
    cat >/etc/containerd/config.toml <<END
version = 2
root = "$D/root"
state = "$D/state"
[grpc]
  address = "$D/sock"
[plugins]
  [plugins."io.containerd.grpc.v1.cri"]
    [plugins."io.containerd.grpc.v1.cri".cni]
      bin_dir = "/usr/lib/cni"
      conf_dir = "/etc/cni/net.d"
  [plugins."io.containerd.internal.v1.opt"]
    path = "$D/opt"
END
    cat "$TOP/contrib/engines/containerd/cfs.toml" >>/etc/containerd/config.toml
    ok containerd config dump
    contains "$output" '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.cfs]'
    contains "$output" 'BinaryName = "/usr/bin/cfs"'
    contains "$output" 'default_runtime_name = "runc"'
    containerd >>"$D/log" 2>&1 3>&- &
    echo $! >"$D/pid"
    wait_for ctr -a "$D/sock" version
    ok ctr -a "$D/sock" plugins ls
    matches "$output" 'io.containerd.grpc.v1 +cri +linux/amd64 +ok' || { grep -i cri "$D/log" >&2; false; }
    oci_archive "$ENGINES/busybox.tar" localhost/bb:latest "$ENGINES/bb.oci.tar" '["sh"]'
    ok "${CTR[@]}" image import "$ENGINES/bb.oci.tar"
    ok "${CTR[@]}" run --rm --runtime io.containerd.runc.v2 --runc-binary /usr/bin/cfs "$BB" "$C" echo hello
    is "$output" hello
    containerd_stop
}

@test "docker: daemon.json makes cfs the default runtime" {
    needs dockerd
    docker_use
    mkdir -p /etc/docker "$D/root" "$D/exec"
    install -m 644 "$TOP/contrib/engines/docker/daemon.json" /etc/docker/daemon.json
    dockerd --data-root "$D/root" --exec-root "$D/exec" --pidfile "$D/pid" -H "unix://$D/sock" --cgroup-parent "/$TAG" >>"$D/log" 2>&1 3>&- &
    echo $! >"$D/own-pid"
    wait_for "${DK[@]}" info || { tail "$D/log" >&2; false; }
    ok "${DK[@]}" info --format '{{.DefaultRuntime}} {{(index .Runtimes "cfs").Path}}'
    is "$output" "cfs /usr/bin/cfs"
    ok "${DK[@]}" import "$ENGINES/busybox.tar" bb
    ok "${DK[@]}" run --rm --net=none bb echo hello
    is "$output" hello
    ok "${DK[@]}" run --rm --net=none --runtime runc bb echo other
    is "$output" other
    docker_clean
    dockerd_stop
}

@test "docker: the same from the command line of dockerd" {
    needs dockerd
    docker_use
    rm -f /etc/docker/daemon.json
    mkdir -p "$D/root" "$D/exec"
    dockerd --data-root "$D/root" --exec-root "$D/exec" --pidfile "$D/pid" -H "unix://$D/sock" --cgroup-parent "/$TAG" \
        --add-runtime cfs=/usr/bin/cfs --default-runtime cfs >>"$D/log" 2>&1 3>&- &
    echo $! >"$D/own-pid"
    wait_for "${DK[@]}" info || { tail "$D/log" >&2; false; }
    ok "${DK[@]}" run -d --name "$C" --net=none bb sleep 1000
    is "$(inspect '{{.HostConfig.Runtime}}')" cfs
    ok "${DK[@]}" exec "$C" echo in
    is "$output" in
    docker_clean
    dockerd_stop
}
