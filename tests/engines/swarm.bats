#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# docker swarm: many containers, on two nodes, kept up by an orchestrator. Each node is a dockerd in a network of its own;
# a pair of veth devices joins them. The kernel here has no IPVS, so services are found by name (dnsrr), not by a virtual
# address, and publish nothing.

load helpers/docker

WAITS='trap "exit 0" TERM; echo ready; while :; do sleep 0.1; done'

setup_file() {
    { ip link add swarm-a type veth peer name swarm-b && ip link delete swarm-a; } || skip "needs veth devices, which this kernel does not have"
    { ip link add swarm-x type vxlan id 5 dstport 4789 && ip link delete swarm-x; } || skip "needs vxlan devices, which this kernel does not have"
    # A node asks the registry first, whatever it has: it must be refused at once.
    rm -f /etc/resolv.conf && echo nameserver 127.0.0.1 >/etc/resolv.conf
    docker_setup
    swarm_use
    nodes_join
}

# The second node: the same configuration, its own network, host name, /run and storage.
nodes_join() {
    local token pid
    mkdir -p "$D2/root" "$D2/exec"
    unshare --net --uts --mount --propagation private sh -c 'hostname second; mount -t tmpfs run /run; ip link set lo up; exec sleep infinity' 3>&- &
    pid=$!
    disown
    echo $pid >"$D2/holder"
    wait_for sh -c "nsenter -t $pid -u hostname | grep -q second"
    ip link add first type veth peer name second netns $pid && ip address add 10.77.0.1/24 dev first && ip link set first up
    nsenter -t $pid -n ip address add 10.77.0.2/24 dev second && nsenter -t $pid -n ip link set second up
    second_start
    ok "${DK2[@]}" import "$(image_tar busybox)" bb
    d_ swarm init --advertise-addr 10.77.0.1 --listen-addr 10.77.0.1:2377 --dispatcher-heartbeat 1s
    token=$("${DK[@]}" swarm join-token -q worker)
    ok "${DK2[@]}" swarm join --advertise-addr 10.77.0.2 --token "$token" 10.77.0.1:2377
    d_ network create --driver overlay --attachable over
}

second_start() {
    nsenter -t "$(cat "$D2/holder")" -n -u -m dockerd --config-file "$D/daemon.json" --data-root "$D2/root" --exec-root "$D2/exec" --pidfile "$D2/pid" \
        -H "unix://$D2/sock" --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "/$TAG" >>"$D2/log" 2>&1 3>&- &
    echo $! >"$D2/own-pid"
    disown
    wait_for "${DK2[@]}" info || { tail -n 30 "$D2/log" >&2; return 1; }
}

swarm_use() {
    docker_use
    D2="$ENGINES/dk2"
    DK2=(/usr/bin/docker -H "unix://$D2/sock")
    S="s$BATS_TEST_NUMBER"
}

teardown_file() {
    swarm_use
    "${DK2[@]}" swarm leave --force || true
    "${DK[@]}" swarm leave --force || true
    dockerd_stop
    kill "$(cat "$D2/own-pid")" && wait_for sh -c "! kill -0 $(cat "$D2/own-pid")"
    kill -9 "$(cat "$D2/holder")"
}

setup() { swarm_use; }

# Every test's services have names of their own: only the last test waits until all of them are gone.
teardown() { services_remove; }
services_remove() {
    local s
    for s in $("${DK[@]}" service ls -q); do "${DK[@]}" service rm "$s" >/dev/null; done
}
none_but_jobs() { [ -z "$("${DK[@]}" ps -q)$("${DK2[@]}" ps -q)" ]; }

# serve OPTION... IMAGE COMMAND...: a service called $S; waits until its tasks run.
serve() {
    d_ service create --detach --no-resolve-image --name "$S" --endpoint-mode dnsrr --restart-delay 0s --stop-grace-period 3s "$@"
    wait_for converged || { d_ service ps --no-trunc "$S"; echo "$output" >&2; return 1; }
}
# 3/3
converged() { "${DK[@]}" service ls --filter "name=$S" --format '{{.Replicas}}' | awk -F '[/ ]' '$1 != $2 || $1 == 0 { bad = 1 } END { exit NR != 1 || bad }'; }
replicas() { "${DK[@]}" service ls --filter "name=$S" --format '{{.Replicas}}'; }
replicas_are() { [ "$(replicas)" = "$1" ]; }
# The containers of the service on both nodes: NODE ID.
tasks() {
    "${DK[@]}" ps -q --no-trunc --filter "label=com.docker.swarm.service.name=$S" | sed 's/^/1 /'
    "${DK2[@]}" ps -q --no-trunc --filter "label=com.docker.swarm.service.name=$S" | sed 's/^/2 /'
}
tasks_are_on() { [ "$(tasks | cut -d' ' -f1 | xargs)" = "$1" ]; }
task_count_is() { [ "$(tasks | wc -l)" = "$1" ]; }
on() { if [ "$1" = 1 ]; then "${DK[@]}" "${@:2}"; else "${DK2[@]}" "${@:2}"; fi; }
# Over all containers of the service: what docker inspect says.
each() { tasks | while read -r n id; do on "$n" inspect --format "$1" "$id"; done; }
each_in() { tasks | while read -r n id; do on "$n" exec "$id" "$@"; done; }
update_is() { [ "$("${DK[@]}" service inspect --format '{{.UpdateStatus.State}}' "$S")" = "$1" ]; }

@test "two nodes, whose default runtime this is" {
    d_ node ls --format '{{.Hostname}} {{.Status}} {{.Availability}}'
    is "$(wc -l <<<"$output")" 2
    is "$(grep -c 'Ready Active' <<<"$output")" 2
    matches "$("${DK2[@]}" info --format '{{.DefaultRuntime}}')" '^(cfs|under-test)$'
}

@test "a service of four: on both nodes, each in a container of this runtime; their logs" {
    serve --replicas 4 bb sh -c "$WAITS"
    is "$(tasks | cut -d' ' -f1 | sort | uniq -c | xargs)" "2 1 2 2"
    matches "$(each '{{.HostConfig.Runtime}}' | sort -u | xargs)" '^(cfs|under-test)$'
    local n id
    while read -r n id; do
        if [ "$n" = 1 ]; then n=$D; else n=$D2; fi
        [ -d "$n/exec/runtime-runc/moby/$id" ]
    done < <(tasks)
    wait_for sh -c "[ \$(${DK[*]} service logs $S 2>&1 | grep -c ready) = 4 ]"
    contains "$("${DK[@]}" service logs "$S" 2>&1)" "@second"
}

@test "scaled up and down" {
    serve --replicas 1 bb sh -c "$WAITS"
    d_ service scale --detach "$S=6"
    wait_for replicas_are 6/6
    is "$(tasks | wc -l)" 6
    d_ service scale --detach "$S=2"
    wait_for replicas_are 2/2
    wait_for task_count_is 2
    d_ service scale --detach "$S=0"
    wait_for task_count_is 0
}

@test "a rolling update, one at a time, never fewer than the others; rolled back when asked, and when the new one fails" {
    local n fewest=9
    serve --replicas 2 --env V=1 --update-parallelism 1 --update-delay 0.1s --update-monitor 0.2s --update-order stop-first \
        --rollback-monitor 0.2s --rollback-parallelism 2 bb sh -c "$WAITS"
    d_ service update --detach --no-resolve-image --env-add V=2 "$S"
    for ((i = 0; i < 200; i++)); do
        n=$(tasks | wc -l)
        [ "$n" -ge "$fewest" ] || fewest=$n
        update_is completed && break
    done
    update_is completed
    is "$(each_in sh -c 'echo $V' | xargs)" "2 2"
    [ "$fewest" -ge 1 ] || { echo "only $fewest ran at one time" >&2; false; }

    d_ service rollback --detach "$S"
    wait_for update_is rollback_completed
    is "$(each_in sh -c 'echo $V' | xargs)" "1 1"

    # The runtime's error is the task's.
    d_ service update --detach --no-resolve-image --update-failure-action rollback --update-monitor 2s --args /no/such/program "$S"
    wait_for update_is rollback_completed
    wait_for replicas_are 2/2
    d_ service ps --no-trunc --format '{{.Error}}' "$S"
    matches "$output" '/no/such/program.*[Nn]o such file or directory|executable file not found'
    is "$(each_in sh -c 'echo $V' | xargs)" "1 1"
}

@test "a killed task comes back; one that fails too; one that succeeds does not, if so asked" {
    local before pid
    serve --replicas 2 bb sh -c "$WAITS"
    before=$(tasks)
    pid=$(each '{{.State.Pid}}' | head -1)
    kill -9 "$pid"
    wait_for sh -c "! test -e /proc/$pid/exe"
    wait_for converged
    wait_for task_count_is 2
    [ "$(tasks)" != "$before" ]
    S=${S}b
    d_ service create --detach --no-resolve-image --name "$S" --restart-condition on-failure --restart-delay 0s --restart-max-attempts 2 bb sh -c 'sleep 0.2; exit 5'
    wait_for sh -c "[ \$(${DK[*]} service ps --format '{{.CurrentState}}' $S | grep -c ^Failed) = 3 ]"
    S=${S}c
    d_ service create --detach --no-resolve-image --name "$S" --mode replicated-job --replicas 3 --max-concurrent 3 bb sh -c 'echo worked'
    wait_for sh -c "[ \$(${DK[*]} service ps --format '{{.CurrentState}}' $S | grep -c ^Complete) = 3 ]"
}

@test "a secret, a config, a volume, a tmpfs, read-only; user, capabilities, host name, ulimit, sysctl" {
    echo hidden | ok "${DK[@]}" secret create "$S-secret" -
    echo 'a = 1' | ok "${DK[@]}" config create "$S-config" -
    serve --replicas 2 --secret "source=$S-secret,target=word,mode=0440,uid=5" --config "source=$S-config,target=/etc/my.conf" \
        --mount type=volume,source=data,target=/vol --mount type=tmpfs,target=/scratch,tmpfs-size=1048576 --read-only \
        --cap-drop ALL --hostname 'h{{.Task.Slot}}' --ulimit nofile=100:100 --sysctl net.ipv4.ip_unprivileged_port_start=7 \
        bb sh -c "$WAITS"
    is "$(each_in sh -c 'cat /run/secrets/word; stat -c "%u %a" /run/secrets/word; cat /etc/my.conf; touch /vol/x /scratch/x && echo written; touch /x || true' 2>/dev/null | sort | uniq -c | tr -s ' ' | xargs)" \
        "2 5 440 2 a = 1 2 hidden 2 written"
    is "$(each_in sh -c 'hostname; ulimit -n; cat /proc/sys/net/ipv4/ip_unprivileged_port_start' | sort | xargs)" "100 100 7 7 h1 h2"
    # A new version of the secret, another user.
    echo other | ok "${DK[@]}" secret create "$S-secret2" -
    d_ service update --detach --no-resolve-image --secret-rm "$S-secret" --secret-add "source=$S-secret2,target=word" --user 1000:1000 \
        --update-monitor 0.1s --update-parallelism 2 "$S"
    wait_for update_is completed
    is "$(each_in cat /run/secrets/word | xargs)" "other other"
    local pid
    for pid in $(each '{{.State.Pid}}'); do is "$(awk '/^CapBnd|^Uid/ { print $2 }' "/proc/$pid/status" | xargs)" "1000 0000000000000000"; done
}

@test "limits" {
    has_controller memory || skip "needs the memory controller"
    serve --replicas 2 --limit-memory 40m --limit-cpu 0.5 --limit-pids 30 bb sh -c "$WAITS"
    local pid
    for pid in $(each '{{.State.Pid}}'); do
        is "$(cg "$pid" memory memory.limit_in_bytes memory.max)" $((40 << 20))
        is "$(cg "$pid" pids pids.max pids.max)" 30
        matches "$(cg "$pid" cpu cpu.cfs_quota_us cpu.max)" '^50000( 100000)?$'
    done
}

@test "a healthcheck that fails has the task replaced" {
    serve --replicas 1 --health-cmd 'test ! -e /tmp/sick' --health-interval 0.3s --health-retries 1 --health-timeout 5s bb sh -c "$WAITS"
    local before
    before=$(tasks)
    each_in touch /tmp/sick
    wait_for sh -c "${DK[*]} service ps --format '{{.DesiredState}}' $S | grep -q Shutdown"
    wait_for converged
    [ "$(tasks)" != "$before" ]
}

@test "an overlay network: tasks of two nodes find each other by name" {
    serve --mode global --network over bb sh -c "$WAITS"
    is "$(tasks | wc -l)" 2
    # The answers of the name server come from the gossip of the nodes.
    wait_for sh -c "[ \$(${DK[*]} exec $(tasks | awk '/^1/ { print $2 }') nslookup -type=a tasks.$S | grep -c '^Address.*10\.') -ge 2 ]"
    each_in sh -c 'for a in $(nslookup -type=a tasks.'"$S"' | sed -n "s/^Address.*: *\(10\.[0-9.]*\).*/\1/p"); do ping -c 1 -W 3 $a; done' >"$BATS_TEST_TMPDIR/pings"
    is "$(grep -c ' 0% packet loss' "$BATS_TEST_TMPDIR/pings")" 4
}

@test "a node is drained, and is back; it dies, and the other one takes over" {
    local pid pids
    serve --replicas 4 bb sh -c "$WAITS"
    d_ node update --availability drain second
    wait_for tasks_are_on "1 1 1 1"
    d_ node update --availability active second
    d_ service update --detach --force --no-resolve-image --update-monitor 0.1s --update-parallelism 4 "$S"
    wait_for tasks_are_on "1 1 2 2"
    # As if the power failed: the daemon is killed, and what it ran.
    pids=$(tasks | awk '$1 == 2 { print $2 }' | xargs "${DK2[@]}" inspect --format '{{.State.Pid}}')
    kill -9 "$(cat "$D2/own-pid")"
    for pid in $pids; do kill -9 "$pid"; done
    wait_for sh -c "${DK[*]} node ls --format '{{.Hostname}} {{.Status}}' | grep -q 'second Down'"
    wait_for sh -c "[ \$(${DK[*]} ps -q --filter label=com.docker.swarm.service.name=$S | wc -l) = 4 ]"
    rm -f "$D2/pid"
    second_start
    wait_for sh -c "${DK[*]} node ls --format '{{.Hostname}} {{.Status}}' | grep -q 'second Ready'"
}

@test "removal leaves nothing: no container, no state, no cgroup, no process" {
    services_remove
    # What a job has done stays, in this docker, when the job is removed.
    wait_for none_but_jobs
    on 1 container prune --force && on 2 container prune --force
    is "$("${DK[@]}" ps -aq)$("${DK2[@]}" ps -aq)" ""
    is "$(find "$D/exec/runtime-runc/moby" "$D2/exec/runtime-runc/moby" -mindepth 1)" ""
    is "$(find /sys/fs/cgroup \( -fstype cgroup -o -fstype cgroup2 \) -type d -path "*/$TAG/*" 2>/dev/null)" ""
    is "$(pgrep -f 'echo ready' || true)" ""
}
