# SPDX-License-Identifier: LGPL-2.1-or-later
# containerd's CRI plugin, called as the kubelet calls it: pods and containers of the runtime class "cfs". $POD and $ID are the
# last ones.

load helpers/containerd

cri_needs() {
    needs containerd
    needs protoc
    /usr/bin/python3 -c 'import grpc, google.protobuf' 2>/dev/null || skip "needs python3-grpcio and python3-protobuf, which are not installed"
}

cri_use() {
    containerd_use
    export CRI_PB="$D"
    CRI=("$BATS_TEST_DIRNAME/helpers/cri" "$D/sock")
}
cri() { ok "${CRI[@]}" "$@"; }
cri_fails() { fails 1 "${CRI[@]}" "$@"; }
got() { jq -r "$1" <<<"$output"; }

# pod_config NAME [JQ]: $POD_CONFIG, what the kubelet says of a pod; on the host's network unless JQ says otherwise.
pod_config() {
    POD_CONFIG=$(jq -nc --arg n "$1" --arg log "$D/log.$1" --arg parent "${POD_PARENT:-/$TAG/pod$1}" '{metadata: {name: $n, uid: ("uid-" + $n), namespace: "default"},
        log_directory: $log, labels: {app: $n}, annotations: {"org.example/a": "1"},
        linux: {cgroup_parent: $parent, security_context: {namespace_options: {network: "NODE", pid: "CONTAINER"}}}} | '"${2:-.}")
}
# What the kubelet has made before it asks: the cgroup of the pod is its own doing.
pod_run() { cri RunPodSandbox "$(jq -nc --argjson c "$POD_CONFIG" '{config: $c, runtime_handler: "cfs"}')" && POD=$(got .pod_sandbox_id); }
pod_gone() { cri StopPodSandbox "{\"pod_sandbox_id\": \"$POD\"}" RemovePodSandbox "{\"pod_sandbox_id\": \"$POD\"}"; }
# container [JQ]: the request for a container of this test's in $POD that waits; JQ changes what is asked for.
container() {
    jq -nc --arg p "$POD" --arg n "$C" --argjson pod "$POD_CONFIG" '{pod_sandbox_id: $p, sandbox_config: $pod, config: ({metadata: {name: $n},
        image: {image: "localhost/bb:latest"}, command: ["sleep", "1000"], log_path: ($n + ".log"), linux: {resources: {oom_score_adj: 500},
        security_context: {namespace_options: {network: $pod.linux.security_context.namespace_options.network, pid: "CONTAINER"}}}} | '"${1:-.}"')}'
}
create() {
    cri CreateContainer "$(container "$@")"
    ID=$(got .container_id)
}
start() { cri StartContainer "{\"container_id\": \"$ID\"}"; }
status() { cri ContainerStatus "{\"container_id\": \"$ID\", \"verbose\": true}"; }
# All three in one.
up() {
    cri CreateContainer "$(container "$@")" StartContainer '{"container_id": "@"}' ContainerStatus '{"container_id": "@", "verbose": true}'
    ID=$(got .status.id)
    PID=$(got '.info.info | fromjson | .pid')
}
state_is() { status && [ "$(got .status.state)" = "$1" ]; }
stop() { cri StopContainer "{\"container_id\": \"$ID\", \"timeout\": ${1:-2}}"; }
remove() { cri RemoveContainer "{\"container_id\": \"$ID\"}"; }
# in_ COMMAND...: its output and exit status, as `kubectl exec` and probes have it.
in_() {
    cri ExecSync "$(jq -nc --arg id "$ID" '{container_id: $id, timeout: 20, cmd: $ARGS.positional}' --args -- "$@")" || return 1
    code=$(got .exit_code)
    output=$(jq -r '.stdout + .stderr' <<<"$output")
}
finished() { wait_for state_is CONTAINER_EXITED; }
