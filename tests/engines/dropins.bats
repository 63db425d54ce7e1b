#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# The files of contrib/engines, installed as docs/engines.md says, without a change: /usr/bin and /etc are the suite's own.

load helpers/buildah
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

# Limits that this machine allows, and what podman would ask systemd for.
machine_conf() {
    mkdir -p /etc/containers/containers.conf.d
    cat >/etc/containers/containers.conf.d/60-machine.conf <<END
[containers]
default_ulimits=["nofile=$(ulimit -Hn):$(ulimit -Hn)","nproc=8192:8192"]
[engine]
cgroup_manager="cgroupfs"
events_logger="file"
END
}

# podman and buildah with nothing but what is in /etc.
podman_dropin() {
    needs podman
    D="$ENGINES/podman"
    mkdir -p /etc/containers/containers.conf.d "$D"/{root,runroot,tmp,net}
    install -m 644 "$TOP/contrib/engines/podman/cfs.conf" /etc/containers/containers.conf.d/50-cfs.conf
    machine_conf
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

# systemctl restart UNIT, as far as the document needs it: the daemon with its defaults, and this suite's cgroups.
make_systemctl() {
    mkdir -p "$ENGINES/systemctl"
    cat >"$ENGINES/systemctl/systemctl" <<END
#!/bin/bash
[ "\$1" = restart ] || exit 1
case \$2 in
containerd) daemon="containerd" client="ctr version" ;;
docker) daemon="dockerd --pidfile /run/dockerd.pid --cgroup-parent /$TAG" client="/usr/bin/docker info" ;;
esac
if [ -e "/run/\$2.own" ]; then
    kill "\$(cat "/run/\$2.own")"
    while kill -0 "\$(cat "/run/\$2.own")" 2>/dev/null; do sleep 0.1; done
fi
setsid \$daemon >>"$ENGINES/\$2.log" 2>&1 </dev/null 3>&- &
echo \$! >"/run/\$2.own"
for i in \$(seq 100); do \$client >/dev/null 2>&1 && exit 0; sleep 0.1; done
tail "$ENGINES/\$2.log"
exit 1
END
    chmod 755 "$ENGINES/systemctl/systemctl"
}

@test "docs/engines.md: what it tells its reader to do, and what comes out" {
    [ "$RUNTIME" = cfs ] || skip "the page has the words of cfs"
    needs podman
    needs buildah
    needs containerd
    needs dockerd
    local d n
    # Storage on an overlay would be an overlay on an overlay.
    for n in containers containerd docker; do mkdir -p "/var/lib/$n" && mount -t tmpfs tmpfs "/var/lib/$n"; done
    rm -rf /etc/containers/containers.conf.d/50-cfs.conf /etc/docker
    # As Debian's package has it.
    mkdir -p /etc/containerd
    printf 'version = 2\n[plugins]\n  [plugins."io.containerd.grpc.v1.cri"]\n    [plugins."io.containerd.grpc.v1.cri".cni]\n' >/etc/containerd/config.toml
    printf '      bin_dir = "/usr/lib/cni"\n      conf_dir = "/etc/cni/net.d"\n' >>/etc/containerd/config.toml
    machine_conf
    d="$ENGINES/reader"
    mkdir "$d" && ln -s "$TOP/contrib" "$d/contrib"
    make_systemctl
    cd "$d"
    PATH="$ENGINES/systemctl:/usr/sbin:/usr/bin:/sbin:/bin" LIMIT=240 ok /usr/bin/python3 "$TOP/tests/integration/helpers/walkthrough" "$TOP/docs/engines.md"
    [ "$(grep -c '^ok' <<<"$output")" -gt 20 ]
    for n in docker containerd; do kill "$(cat "/run/$n.own")"; done
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
    ok "${DK[@]}" import "$ENGINES/busybox.tar" bb
    ok "${DK[@]}" run -d --name "$C" --net=none bb sleep 1000
    is "$(inspect '{{.HostConfig.Runtime}}')" cfs
    ok "${DK[@]}" exec "$C" echo in
    is "$output" in
    docker_clean
    dockerd_stop
}
