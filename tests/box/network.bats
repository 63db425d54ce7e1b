#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Networks, with real traffic. Each test is in a network namespace of its own, which stands for the host.
load helpers/box

setup() {
    setup_box
    STORE="$T/store"
    ls /usr/lib/cni/bridge /opt/cni/bin/bridge 2> /dev/null | grep -q . || skip "needs the CNI plugins"
    command -v iptables > /dev/null || skip "needs iptables"
    # A process that holds the namespace; everything else goes into it.
    unshare --net sleep 1000 < /dev/null > /dev/null 2>&1 3>&- 4>&- &
    HOST=$!
    disown
    until_true sh -c "[ \"\$(readlink /proc/$HOST/ns/net)\" != \"\$(readlink /proc/self/ns/net)\" ]"
    host ip link set lo up
    cp -a "$BATS_FILE_TMPDIR/store" "$STORE"
}

teardown() {
    local id
    [ -n "${HOST-}" ] || return 0
    for id in $(net ps -q --no-trunc); do net rm -f "$id" > /dev/null 2>&1 || true; done
    kill -9 "$HOST" 2> /dev/null || true
}

host() { nsenter --net="/proc/$HOST/ns/net" "$@"; }
net() { host "$CFS_BOX" --root "$STORE" "$@"; }
rules() { host iptables-save -t nat | grep -c 'CNI-[0-9a-f]\|CNI-DN\|--dport' || true; }

@test "bridge: an address, a route, /etc/hosts; two containers reach each other; nothing is left" {
    net run -d --name web busybox sh -c 'echo hello > /var/www/index.html; httpd -f -h /var/www' > /dev/null
    address=$(net inspect web | jq -r .address)
    [[ $address == 10.186.0.* ]]
    until_true net exec web wget -q -O /dev/null http://127.0.0.1/
    run net run --rm --name client busybox sh -c "wget -q -O - http://$address/; ip route; grep client /etc/hosts || cat /etc/hosts; hostname"
    echo "$output"
    [ "${lines[0]}" = hello ]
    [[ $output == *"default via 10.186.0.1"* ]]
    [ "$(host busybox wget -q -O - "http://$address/")" = hello ]
    [ "$(net run --rm --network container:web busybox wget -q -O - http://127.0.0.1/)" = hello ]
    net stop -t 0 web > /dev/null
    [ "$(host ip -o link | grep -c veth || true)" = 0 ]
    [ "$(rules)" = 0 ]
    [ -z "$(ls "$STORE/net/addresses/box" | grep '^10')" ]
}

@test "published ports: of tcp and udp, at an address, with what is refused" {
    net run -d --name web -p 8080:80 -p 127.0.0.1:9000-9001:80-81 busybox sh -c 'echo hi > /var/www/index.html; httpd -f -h /var/www' > /dev/null
    until_true net exec web wget -q -O /dev/null http://127.0.0.1/
    host ip addr add 192.0.2.1/32 dev lo
    [ "$(host busybox wget -q -O - http://192.0.2.1:8080/)" = hi ]
    [ "$(net ps --format json | jq -c '.[0].ports')" = '["8080:80","127.0.0.1:9000-9001:80-81"]' ]
    host iptables-save -t nat | grep -q -- '-d 127.0.0.1/32 .*--dport 9001 '
    net rm -f web > /dev/null
    [ "$(rules)" = 0 ]
    run net run --rm -p 99999:1 busybox true
    [ "$status" = 125 ] && [[ $output == *"--publish 99999:1"* ]]
    run net run --rm --network none -p 80:80 busybox true
    [ "$status" = 125 ] && [[ $output == *"needs a network"* ]]
}

# docker's reference, docker run --publish: without a port of the host, or with 0, a free one; one that is taken is refused.
@test "published ports: free ones where none is said, ps and port as docker shows them, what is in use" {
    net run -d --name a -p 80 -p 127.0.0.1::81/udp -p 0:82 -p 8100-8101:90-91 busybox sleep 1000 > /dev/null
    [[ "$(net port a)" =~ ^80/tcp\ -\>\ 0.0.0.0:([0-9]+)$'\n'81/udp\ -\>\ 127.0.0.1:([0-9]+)$'\n'82/tcp\ -\>\ 0.0.0.0:([0-9]+)$'\n'90/tcp\ -\>\ 0.0.0.0:8100$'\n'91/tcp\ -\>\ 0.0.0.0:8101$ ]]
    for i in 1 2 3; do [ "${BASH_REMATCH[i]}" -gt 1023 ]; done
    port=${BASH_REMATCH[1]}
    [ "$(net port a 80)" = "0.0.0.0:$port" ]
    [ "$(net port a 91/tcp)" = 0.0.0.0:8101 ]
    run net port a 91/udp
    [ "$status" = 1 ] && [[ $output == *"does not publish port 91/udp"* ]]
    [[ "$(net ps)" == *"0.0.0.0:$port->80/tcp, 127.0.0.1:"*"->81/udp, "*"0.0.0.0:8100-8101->90-91/tcp"* ]]
    run net run --rm -p 8101:1 busybox true
    [ "$status" = 125 ] && [[ $output == *"--publish 8101:1: container \`a\` has 8100-8101:90-91"* ]]
    net run --rm -p 8101:1/udp busybox true
    net create --name b -p "$port:80" busybox true > /dev/null
    run net start b
    [ "$status" = 1 ] && [[ $output == *"container \`a\` has"* ]]
    net rm -f a > /dev/null
    net start b
    ended_there() { [ "$(net inspect b | jq -r .state)" = exited ]; }
    until_true ended_there
    # A program of the host.
    nsenter --net="/proc/$HOST/ns/net" -- busybox nc -l -p 8200 127.0.0.1 < /dev/null > /dev/null 2>&1 3>&- 4>&- &
    listener=$!
    until_true sh -c "nsenter --net=/proc/$HOST/ns/net ss -ltn | grep -q :8200"
    run net run --rm -p 8200:80 busybox true
    kill "$listener"
    [ "$status" = 125 ] && [[ $output == *"a program of the host uses port 8200"* ]]
    for bad in 8080:80:90:1 ::1:80:80 localhost:80:80 80-81:80 80/icmp; do
        run net run --rm -p "$bad" busybox true
        [ "$status" = 125 ] && [[ $output == *"--publish $bad: expected"* ]] || { echo "$bad: $output"; return 1; }
    done
}

# docker: containers in a network that was made by the user resolve each other's names and aliases; in the default one they do not.
@test "names: containers in a network that was made find each other, as they come and go" {
    net network create back > /dev/null
    net run -d --name db --network back --network-alias store busybox sh -c 'echo hi > /var/www/index.html; httpd -f -h /var/www' > /dev/null
    until_true net exec db wget -q -O /dev/null http://127.0.0.1/
    [ "$(net run --rm --name client --network back busybox wget -q -O - http://db/)" = hi ]
    [ "$(net run --rm --network back busybox wget -q -O - http://store/)" = hi ]
    # One that came first knows those that come later, and what it has written itself stays.
    net exec db sh -c 'echo 192.0.2.9 mine >> /etc/hosts'
    net run -d --name late --network back busybox sleep 1000 > /dev/null
    net exec db grep -qw late /etc/hosts
    net exec db ping -c 1 -W 2 late > /dev/null
    net rm -f late > /dev/null
    run net exec db cat /etc/hosts
    [[ $output != *late* ]] && [[ $output == *"192.0.2.9 mine"* ]] && [[ $output == *"localhost"* ]]
    net restart -t 0 db > /dev/null
    until_true net exec db wget -q -O /dev/null http://127.0.0.1/
    [ "$(net run --rm --network back busybox wget -q -O - http://db/)" = hi ]
    # Not from another network, nor in the usual one.
    net network create other > /dev/null
    [ "$(net run --rm --network other busybox grep -cw db /etc/hosts || true)" = 0 ]
    net run -d --name plain busybox sleep 1000 > /dev/null
    [ "$(net run --rm busybox grep -cw plain /etc/hosts || true)" = 0 ]
    run net run --rm --network-alias x busybox true
    [ "$status" = 125 ] && [[ $output == *"network create"* ]]
    [ "$(net network prune -f)" = other ]
    run net network rm back none-such
    [ "$status" = 1 ] && [[ $output == *"in use by container \`db\`"* ]] && [[ $output == *none-such* ]]
    net rm -f db > /dev/null
    [ "$(net network rm back)" = back ]
    for name in none host bridge default; do
        run net network create "$name"
        [ "$status" = 1 ] && [[ $output == *"has a meaning already"* ]]
    done
}

@test "network create, ls, inspect, rm: networks do not see each other's subnets" {
    net network create back --subnet 10.99.1.0/24 > /dev/null
    net network create other > /dev/null
    run net network create back
    [ "$status" = 1 ] && [[ $output == *exists* ]]
    [ "$(net network ls --format json | jq -c 'map(select(.name == "back" or .name == "other").subnet) | sort')" = '["10.186.1.0/24","10.99.1.0/24"]' ]
    [ "$(net run --rm --network back busybox sh -c "ip -4 -o addr show eth0 | grep -c 10.99.1.")" = 1 ]
    net network inspect back | jq -e '.plugins[0].ipam.subnet == "10.99.1.0/24"'
    run net run --rm --network missing busybox true
    [ "$status" = 125 ] && [[ $output == *"network create missing"* ]]
    net run -d --name user --network back busybox sleep 100 > /dev/null
    run net network rm back
    [ "$status" = 1 ] && [[ $output == *"in use by container \`user\`"* ]]
    net rm -f user > /dev/null
    [ "$(net network rm back other)" = $'back\nother' ]
    echo '{ "name": "x", "plugins": [] }' > "$STORE/networks/x.conflist"
    run net network inspect x
    [ "$status" = 1 ] && [[ $output == *x.conflist* ]]
}

@test "none and host: no interface but lo, and the host's" {
    [ "$(net run --rm --network none busybox sh -c 'ip -o link | wc -l')" = 1 ]
    [ "$(net run --rm --network host busybox readlink /proc/self/ns/net)" = "$(host readlink /proc/self/ns/net)" ]
}

@test "kill -9 of everything: the next command takes the network down" {
    net run -d --name k -p 8080:80 busybox sleep 1000 > /dev/null
    init=$(net inspect k | jq .pid)
    monitor=$(cat "$STORE"/containers/*/conmon.pid)
    kill -9 "$monitor" "$init"
    until_true sh -c "[ ! -e /proc/$init/ns ] && ! kill -0 $monitor 2> /dev/null"
    [ "$(net ps -q | wc -l)" = 0 ]
    [ "$(rules)" = 0 ]
    [ "$(host ip -o link | grep -c veth || true)" = 0 ]
    [ "$(net inspect k | jq -c '[.state, .exitCode]')" = '["exited",null]' ]
    net start k > /dev/null
    [ "$(net inspect k | jq -r .state)" = running ]
}

# A bundle with the hook, and its network in a directory.
hooked_bundle() {
    net run --print-bundle "$T/b" --network none busybox "$@"
    mkdir -p "$T/nets"
    cat > "$T/nets/plain.conflist" <<END
{ "cniVersion": "0.4.0", "name": "plain", "plugins": [
  { "type": "bridge", "bridge": "plain0", "isGateway": true, "ipMasq": true,
    "ipam": { "type": "host-local", "subnet": "10.77.0.0/24", "dataDir": "$T/addresses" } } ] }
END
    jq --arg p "$(dirname "$CFS_BOX")/cfs-cni" --arg s "$T/cni" --arg n "$T/nets" '
        .hooks = ({path: $p, args: ["cfs-cni", "--state", $s, "--network=plain", "--networks", $n]} as $h | {createRuntime: [$h], poststop: [$h]})
        | .linux.cgroupsPath = "/cfs-cni-\($s | gsub("[^a-z0-9]"; ""))"' "$T/b/config.json" > "$T/c" && mv "$T/c" "$T/b/config.json"
}

@test "cfs-cni: the hook makes and takes down the network of a bundle under cfs, crun and runc" {
    hooked_bundle sh -c 'ip -4 -o addr show eth0; ip link show lo'
    for runtime in "$CFS" crun runc; do
        command -v "$runtime" > /dev/null || continue
        # crun of this age wants a view of cgroup v1 alone on a hybrid host.
        run host unshare --mount --propagation private sh -c 'umount /sys/fs/cgroup/unified 2> /dev/null; exec "$@"' sh \
            "$runtime" --root "$T/state-$(basename "$runtime")" run -b "$T/b" "hook$$"
        echo "$runtime: $output"
        [ "$status" = 0 ]
        [[ $output == *"10.77.0."* ]] && [[ $output == *"LOOPBACK,UP"* ]]
        [ -z "$(ls "$T/cni")" ]
        [ "$(rules)" = 0 ]
    done
}

@test "cfs-cni: a network that cannot be made fails the creation, and leaves nothing" {
    hooked_bundle true
    sed -i 's/"type": "host-local"/"type": "no-such-plugin"/' "$T/nets/plain.conflist"
    run host "$CFS" --root "$T/state" run -b "$T/b" "hook$$"
    [ "$status" = 1 ] && [[ $output == *no-such-plugin* ]]
    [ -z "$(ls "$T/cni")" ] && [ -z "$(ls "$T/state")" ]
    run "$(dirname "$CFS_BOX")/cfs-cni" --network x <<< 'no JSON'
    [ "$status" = 1 ] && [[ $output == *"standard input:1:"* ]]
}
