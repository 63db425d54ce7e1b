#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# containerd's CRI plugin, called as the kubelet calls it: pods and containers of the runtime class "cfs". The handler is
# the one of contrib/engines/containerd/cfs.toml; see docs/kubernetes.md.

load helpers/cri

setup_file() {
    cri_needs
    containerd_setup cri
    cri_use
    network_configure
    pod_ready
}
teardown_file() {
    cri_use
    for POD in $(cri ListPodSandbox '{}' && got '.items[].id'); do pod_gone; done
    containerd_stop
}
setup() {
    cri_use
    POD=$(cat "$D/pod")
    pod_config host
}

# What a test that failed has left.
teardown() {
    [ -z "${BATS_TEST_COMPLETED-}" ] || return 0
    for POD in $(cri ListPodSandbox '{}' && got ".items[].id | select(. != \"$(cat "$D/pod")\")"); do pod_gone; done
}

# A bridge and addresses from a file, by the distribution's plugins; without them there is the host's network only.
network_configure() {
    cat >"$D/cni/10-test.conflist" <<'EOT'
{"cniVersion": "0.4.0", "name": "test", "plugins": [{"type": "bridge", "bridge": "cfsbr0", "isGateway": true,
  "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.88.0.0/24"}]], "dataDir": "/run/cni-data"}}]}
EOT
}

# One pod for the tests that are not about pods.
pod_ready() {
    pod_config host
    mkdir -p "$D/log.host"
    pod_run
    echo "$POD" >"$D/pod"
}

# The log without time and stream.
log() { cut -d' ' -f4- "$D/log.host/$C.log"; }

@test "the runtime is ready; a class that is not configured is an error" {
    cri Status '{"verbose": true}'
    is "$(got '.status.conditions[] | select(.type == "RuntimeReady").status')" true
    is "$(got '.info.config | fromjson | .containerd.runtimes.cfs.runtimeType')" io.containerd.runc.v2
    is "$(got '.info.config | fromjson | .containerd.runtimes.cfs.options.BinaryName')" "$RUNTIME_PATH"
    pod_config none
    cri_fails RunPodSandbox "$(jq -nc --argjson c "$POD_CONFIG" '{config: $c, runtime_handler: "nosuch"}')"
    contains "$output" 'no runtime for "nosuch"'
}

@test "a pod: its sandbox runs in this runtime, in the pod's cgroup" {
    cri PodSandboxStatus "{\"pod_sandbox_id\": \"$POD\", \"verbose\": true}"
    is "$(got .status.state)" SANDBOX_READY
    is "$(got '.info.info | fromjson | .runtimeHandler')" cfs
    local pid
    pid=$(got '.info.info | fromjson | .pid')
    is "$(tr '\0' ' ' <"/proc/$pid/cmdline")" "sleep 100000 "
    grep -q "/$TAG/podhost/$POD" "/proc/$pid/cgroup"
    is "$(readlink "/proc/$pid/ns/net")" "$(readlink /proc/self/ns/net)"
    [ -d "/run/containerd/runc/k8s.io/$POD" ]
    cri ListPodSandbox '{}'
    is "$(got ".items[] | select(.id == \"$POD\") | .runtime_handler")" cfs
}

@test "create, start, status, list, stop, remove" {
    create
    state_is CONTAINER_CREATED
    start
    state_is CONTAINER_RUNNING
    cri ListContainers "{\"filter\": {\"pod_sandbox_id\": \"$POD\"}}"
    is "$(got ".containers[] | select(.id == \"$ID\") | .state")" CONTAINER_RUNNING
    PID=$(status && got '.info.info | fromjson | .pid')
    is "$(tr '\0' ' ' <"/proc/$PID/cmdline")" "sleep 1000 "
    # PID 1 of its namespace has no handler for TERM: it is killed when the time is over.
    stop 1
    state_is CONTAINER_EXITED
    is "$(got .status.exit_code)" 137
    remove
    cri_fails ContainerStatus "{\"container_id\": \"$ID\"}"
    contains "$output" NOT_FOUND
    [ ! -e "/run/containerd/runc/k8s.io/$ID" ]
    is "$(cgroups_named "$ID")" ""
}

@test "exit code, reason and log of a container that ends; both streams in the log" {
    up '.command = ["sh", "-c", "echo out; echo err >&2; exit 5"]'
    finished
    is "$(got .status.exit_code)" 5
    is "$(got .status.reason)" Error
    is "$(got .status.log_path)" "$D/log.host/$C.log"
    matches "$(cat "$D/log.host/$C.log")" '^[0-9T:.-]+(Z|[+-][0-9:]+) stdout F out$'
    matches "$(cat "$D/log.host/$C.log")" ' stderr F err$'
    remove
}

@test "a log that is rotated" {
    up '.command = ["sh", "-c", "while :; do echo x; sleep 0.1; done"]'
    wait_for test -s "$D/log.host/$C.log"
    mv "$D/log.host/$C.log" "$D/log.host/$C.log.1"
    cri ReopenContainerLog "{\"container_id\": \"$ID\"}"
    wait_for test -s "$D/log.host/$C.log"
    remove
}

@test "a program that is missing: the runtime's words, and no container is left" {
    create '.command = ["/no/such"]'
    cri_fails StartContainer "{\"container_id\": \"$ID\"}"
    matches "$output" '/no/such: no such file or directory|"/no/such": stat /no/such: no such file'
    status
    is "$(got .status.state)" CONTAINER_EXITED
    # CRI's convention: what could not be started ended with 128.
    is "$(got .status.exit_code)" 128
    is "$(got .status.reason)" StartError
    remove
}

@test "exec: output, exit code, time limit, of a missing program" {
    up '.envs = [{key: "FROM", value: "pod"}] | .working_dir = "/home/user"'
    in_ sh -c 'echo $FROM; pwd; echo err >&2; exit 3'
    is "$output" $'pod\n/home/user\nerr'
    is "$code" 3
    cri_fails ExecSync "{\"container_id\": \"$ID\", \"cmd\": [\"sleep\", \"987\"], \"timeout\": 1}"
    contains "$output" "timeout"
    wait_for sh -c '! pgrep -x -f "sleep 987"'
    cri_fails ExecSync "{\"container_id\": \"$ID\", \"cmd\": [\"nosuchprogram\"]}"
    matches "$output" 'executable file .*not found in \$PATH'
    remove
}

@test "user, groups, capabilities, no_new_privs, read-only root" {
    up '.linux.security_context += {run_as_user: {value: 1000}, run_as_group: {value: 1000}, supplemental_groups: [77], readonly_rootfs: true,
        no_new_privs: true, capabilities: {add_capabilities: ["NET_ADMIN"], drop_capabilities: ["ALL"]}}'
    in_ sh -c 'id; touch /x; grep -E "^(CapBnd|CapEff|NoNewPrivs)" /proc/self/status'
    # The group "extra" is of the image's /etc/group.
    matches "$output" 'uid=1000\(user\) gid=1000\(user\) groups=.*77'
    contains "$output" "2000(extra)"
    contains "$output" "Read-only file system"
    matches "$output" 'CapBnd:[[:space:]]*0000000000001000'
    matches "$output" 'CapEff:[[:space:]]*0000000000000000'
    matches "$output" 'NoNewPrivs:[[:space:]]*1'
    remove
    C=${C}b
    up '.linux.security_context.run_as_username = "user"'
    in_ id -u
    is "$output" 1000
    remove
}

@test "seccomp: RuntimeDefault, Unconfined, Localhost" {
    up '.linux.security_context.seccomp = {profile_type: "RuntimeDefault"}'
    in_ sh -c 'grep ^Seccomp: /proc/self/status; unshare -U true'
    matches "$output" 'Seccomp:[[:space:]]2'
    contains "$output" "not permitted"
    remove
    C=${C}b
    up '.linux.security_context.seccomp = {profile_type: "Unconfined"}'
    in_ grep ^Seccomp: /proc/self/status
    matches "$output" 'Seccomp:[[:space:]]0'
    remove
    C=${C}c
    echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}' >"$BATS_TEST_TMPDIR/p"
    up '.linux.security_context.seccomp = {profile_type: "Localhost", localhost_ref: "'"$BATS_TEST_TMPDIR/p"'"}'
    in_ mkdir /tmp/d
    contains "$output" "No space left"
    remove
}

@test "privileged" {
    pod_config privileged '.linux.security_context.privileged = true'
    mkdir -p "$D/log.privileged"
    pod_run
    up '.linux.security_context.privileged = true'
    in_ sh -c 'mount -t tmpfs x /mnt && echo mounted; test -c /dev/kmsg && echo kmsg; grep -o " /sys sysfs r." /proc/mounts'
    is "$output" $'mounted\nkmsg\n /sys sysfs rw'
    pod_gone
}

@test "limits, and an update of them" {
    has_controller memory || skip "needs the memory controller"
    up '.linux.resources = {memory_limit_in_bytes: 67108864, cpu_shares: 512, cpu_quota: 50000, cpu_period: 100000, oom_score_adj: 700}'
    is "$(cg "$PID" memory memory.limit_in_bytes memory.max)" 67108864
    matches "$(cg "$PID" cpu cpu.cfs_quota_us cpu.max)" '^50000( 100000)?$'
    is "$(cat "/proc/$PID/oom_score_adj")" 700
    cri UpdateContainerResources "{\"container_id\": \"$ID\", \"linux\": {\"memory_limit_in_bytes\": 134217728, \"cpu_quota\": 70000, \"cpu_period\": 100000, \"cpu_shares\": 300, \"cpuset_cpus\": \"0\"}}"
    is "$(cg "$PID" memory memory.limit_in_bytes memory.max)" 134217728
    matches "$(cg "$PID" cpu cpu.cfs_quota_us cpu.max)" '^70000( 100000)?$'
    is "$(cg "$PID" cpuset cpuset.cpus cpuset.cpus)" 0
    remove
}

@test "out of memory is the reason" {
    has_controller memory || skip "needs the memory controller"
    up '.linux.resources = {memory_limit_in_bytes: 20971520} | .command = ["sh", "-c", "x=$(head -c 200m /dev/zero | tr \"\\0\" x)"]'
    finished
    is "$(got .status.reason)" OOMKilled
    is "$(got .status.exit_code)" 137
    remove
}

@test "statistics" {
    has_controller memory || skip "needs the memory controller"
    up '.command = ["sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; exec sleep 1000"]'
    sleep 0.5
    cri ContainerStats "{\"container_id\": \"$ID\"}"
    [ "$(got .stats.cpu.usage_core_nano_seconds.value)" -gt 0 ]
    [ "$(got .stats.memory.working_set_bytes.value)" -gt 0 ]
    remove
}

@test "mounts: a directory, read-only, propagation; a device; the pod's hosts file" {
    local v="$BATS_TEST_TMPDIR/v"
    mkdir "$v" && mount -t tmpfs tmpfs "$v" && mount --make-shared "$v" && mkdir "$v/sub" && echo of-the-host >"$v/file"
    up '.mounts = [{container_path: "/rw", host_path: "'"$v"'", propagation: "HOST_TO_CONTAINER"}, {container_path: "/ro", host_path: "'"$v"'", readonly: true}]
        | .devices = [{container_path: "/dev/fuse", host_path: "/dev/fuse", permissions: "rw"}]'
    mount -t tmpfs fromhost "$v/sub"
    in_ sh -c 'cat /ro/file; touch /ro/x; touch /rw/x && echo written; grep -c fromhost /proc/mounts; : </dev/fuse && echo opened; test -s /etc/hosts && echo hosts'
    contains "$output" of-the-host
    contains "$output" "Read-only"
    contains "$output" $'written\n1\nopened\nhosts'
    umount "$v/sub"
    remove
    umount "$v"
}

@test "a pod of two containers: network, IPC and host name are the pod's, processes too if it says so" {
    pod_config two '.hostname = "two" | .linux.security_context.namespace_options = {network: "POD", pid: "POD"} | .linux.sysctls = {"net.ipv4.ip_unprivileged_port_start": "7"}'
    [ -x /usr/lib/cni/bridge ] || skip "needs containernetworking-plugins, which is not installed"
    mkdir -p "$D/log.two"
    pod_run
    cri PodSandboxStatus "{\"pod_sandbox_id\": \"$POD\"}"
    matches "$(got .status.network.ip)" '^10\.88\.0\.'
    local ip first namespaces
    ip=$(got .status.network.ip)
    up '.metadata.name = "first" | .linux.security_context.namespace_options = {network: "POD", pid: "POD"} | .command = ["sh", "-c", "nc -l -p 7777 -e echo served; exec sleep 1000"]'
    first=$ID
    in_ sh -c 'for n in net ipc uts pid; do readlink /proc/self/ns/$n; done'
    namespaces=$output
    up '.metadata.name = "second" | .linux.security_context.namespace_options = {network: "POD", pid: "POD"}'
    in_ sh -c 'for n in net ipc uts pid; do readlink /proc/self/ns/$n; done'
    is "$output" "$namespaces"
    in_ sh -c 'hostname; cat /proc/sys/net/ipv4/ip_unprivileged_port_start; ps; ip address show eth0'
    contains "$output" $'two\n7\n'
    contains "$output" "sleep 100000"
    contains "$output" "nc -l"
    contains "$output" "$ip/24"
    in_ nc 127.0.0.1 7777
    is "$output" served
    # All of it goes with the pod, running or not.
    pod_gone
    cri_fails ContainerStatus "{\"container_id\": \"$first\"}"
    [ ! -e "/proc/$PID/exe" ]
    is "$(find /sys/fs/cgroup \( -fstype cgroup -o -fstype cgroup2 \) -type d -path "*/$TAG/podtwo/*")" ""
}

@test "contrib/engines/kubernetes: the class's handler is containerd's; the pod, asked for as the kubelet does" {
    local k="$BATS_TEST_DIRNAME/../../contrib/engines/kubernetes" pod
    is "$(sed -n 's/^handler: *//p' "$k/runtimeclass.yaml")" cfs
    is "$(sed -n 's/^  runtimeClassName: *//p' "$k/pod.yaml")" "$(sed -n 's/^  name: *//p' "$k/runtimeclass.yaml")"
    /usr/bin/python3 -c 'import yaml' 2>/dev/null || skip "needs python3-yaml, which is not installed"
    pod=$(/usr/bin/python3 -c 'import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))' <"$k/pod.yaml")
    # The millicores and mebibytes of the document; allowPrivilegeEscalation is no_new_privs.
    up '. as $asked | ('"$pod"').spec.containers[0] as $k | $asked
        | .command = $k.command | .linux.resources = {memory_limit_in_bytes: 67108864, cpu_quota: 50000, cpu_period: 100000, oom_score_adj: 998}
        | .linux.security_context += {run_as_user: {value: $k.securityContext.runAsUser}, run_as_group: {value: $k.securityContext.runAsGroup},
            readonly_rootfs: $k.securityContext.readOnlyRootFilesystem, no_new_privs: ($k.securityContext.allowPrivilegeEscalation | not),
            capabilities: {drop_capabilities: $k.securityContext.capabilities.drop}, seccomp: {profile_type: $k.securityContext.seccompProfile.type}}'
    wait_for grep -q Seccomp: "$D/log.host/$C.log"
    matches "$(log)" 'uid=1000.* gid=1000'
    matches "$(log)" 'CapEff:[[:space:]]*0000000000000000'
    matches "$(log)" 'NoNewPrivs:[[:space:]]*1'
    matches "$(log)" 'Seccomp:[[:space:]]*2'
    remove
}

@test "a sandbox that dies is not ready; the pod is stopped and removed all the same, twice too" {
    pod_config dies
    mkdir -p "$D/log.dies"
    pod_run
    create
    start
    cri PodSandboxStatus "{\"pod_sandbox_id\": \"$POD\", \"verbose\": true}"
    kill -9 "$(got '.info.info | fromjson | .pid')"
    not_ready() { cri PodSandboxStatus "{\"pod_sandbox_id\": \"$POD\"}" && [ "$(got .status.state)" = SANDBOX_NOTREADY ]; }
    wait_for not_ready
    state_is CONTAINER_RUNNING
    local p="{\"pod_sandbox_id\": \"$POD\"}"
    cri StopPodSandbox "$p" StopPodSandbox "$p" RemovePodSandbox "$p" RemovePodSandbox "$p"
    is "$(find /sys/fs/cgroup \( -fstype cgroup -o -fstype cgroup2 \) -type d -path "*/$TAG/poddies/*")" ""
}

@test "containerd is restarted: pods and containers are as they were" {
    up '.command = ["sh", "-c", "sleep 2; exit 4"]'
    containerd_stop
    containerd_start
    wait_for state_is CONTAINER_RUNNING
    cri PodSandboxStatus "{\"pod_sandbox_id\": \"$POD\"}"
    is "$(got .status.state)" SANDBOX_READY
    finished
    is "$(got .status.exit_code)" 4
    remove
}

@test "nothing is left of all this" {
    pod_gone
    is "$(ls -A /run/containerd/runc/k8s.io 2>/dev/null)" ""
    is "$(ls -A "$D/state/io.containerd.runtime.v2.task/k8s.io" 2>/dev/null)" ""
    is "$(find /sys/fs/cgroup \( -fstype cgroup -o -fstype cgroup2 \) -type d -path "*/$TAG/pod*/*" 2>/dev/null)" ""
}
