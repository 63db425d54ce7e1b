#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# cfs-box of an ordinary user: everything in a user namespace of his own.
bats_require_minimum_version 1.5.0

# A user with subordinate IDs, in a mount namespace of the test's own with account files of its own.
setup() {
    [ -x "${CFS_BOX:?}" ] || skip "cfs-box is not built"
    [ "$(id -u)" = 0 ] || skip "needs root, to become an ordinary user who has subordinate IDs"
    command -v newuidmap > /dev/null || skip "needs newuidmap"
    export T="$BATS_TEST_TMPDIR"
    mkdir -p "$T/home" "$T/run" "$T/bin"
    chown 54321:54321 "$T/home" "$T/run"
    chmod 700 "$T/run"
    # The user needs to get at the programs.
    cp "$(dirname "$CFS_BOX")"/{cfs,cfs-box,cfs-cni} "$T/bin/"
    [ ! -x "$CFS_BOX-serve" ] || cp "$CFS_BOX-serve" "$T/bin/"
    chmod a+x "$BATS_RUN_TMPDIR" "$(dirname "$T")" "$T"
    echo 'boxer:1000000:65536' > "$T/subuid"
    { cat /etc/passwd; echo 'boxer:x:54321:54321::/home:/bin/sh'; } > "$T/passwd"
    unshare --mount --net --propagation private sleep 1000 3>&- &
    PLACE=$!
    disown
    for i in {1..100}; do
        [ "$(readlink "/proc/$PLACE/ns/mnt")" != "$(readlink /proc/self/ns/mnt)" ] && break
        sleep 0.02
    done
    there mount --bind "$T/subuid" /etc/subuid
    there mount --bind "$T/subuid" /etc/subgid
    there mount --bind "$T/passwd" /etc/passwd
    there ip link set lo up
    # Usually every user may use it.
    mknod "$T/tun" c 10 200 && chmod 666 "$T/tun" && [ -e /dev/net/tun ] && there mount --bind "$T/tun" /dev/net/tun
    user sh -c 'unshare -Um true' || skip "needs unprivileged user namespaces"
    box image make busybox > /dev/null
}

teardown() {
    local p
    [ -n "${PLACE-}" ] || return 0
    for p in $(box ps -q 2> /dev/null); do box rm -f "$p" > /dev/null 2>&1 || true; done
    for p in $(cat "$T"/run/cfs-box-54321/namespace 2> /dev/null | cut -d' ' -f1) "$PLACE"; do kill -9 "$p" 2> /dev/null || true; done
}

there() { nsenter --mount="/proc/$PLACE/ns/mnt" --net="/proc/$PLACE/ns/net" "$@"; }
user() {
    there setpriv --reuid 54321 --regid 54321 --clear-groups env -i PATH="$PATH" HOME="$T/home" XDG_RUNTIME_DIR="$T/run" "$@"
}
box() { user "$T/bin/cfs-box" "$@"; }

@test "rootless: images, run, what is written belongs to the user; root inside is the user outside" {
    run box run --rm --network none busybox sh -c 'id -u; echo x > /f; rm /etc/group; chown 5 /f; stat -c %u /f; cat /proc/self/uid_map'
    echo "$output"
    [ "$status" = 0 ] && [ "${lines[0]}" = 0 ] && [ "${lines[1]}" = 5 ]
    [[ ${lines[2]} =~ ^\ *0\ *54321\ *1$ ]]
    box run --name k --network none busybox sh -c 'touch /mine'
    [ "$(stat -c %u "$T"/home/.local/share/cfs-box/containers/*/own/upper/mine)" = 54321 ]
    [[ "$(box diff k)" == *"A /mine"* ]]
    box commit k kept > /dev/null
    [ "$(box run --rm --network none kept ls /mine)" = /mine ]
    run box run --rm --network none busybox sh -c 'exit 3'
    [ "$status" = 3 ]
}

@test "rootless: an image with devices and whiteouts" {
    mkdir -p "$T/a" "$T/b"
    cp /bin/busybox "$T/a/sh"
    mknod "$T/a/null" c 1 3
    echo x > "$T/a/gone"
    tar -C "$T/a" -cf "$T/a.tar" .
    chmod a+r "$T/a.tar"
    box import "$T/a.tar" a > /dev/null
    box run --name c --network none --entrypoint /sh a -c 'echo new > /new'
    run box run --rm --network none --entrypoint /sh a -c 'echo /*'
    [[ $output == *"/gone"* ]] && [[ $output != *"/null"* ]]
}

@test "rootless: in the background: exec, logs, stop" {
    command -v conmon > /dev/null || skip "needs conmon"
    box run -d --name w --network none busybox sh -c 'echo out; sleep 100' > /dev/null
    [ "$(box exec w id -u)" = 0 ]
    for i in {1..100}; do [ "$(box logs w)" = out ] && break; sleep 0.05; done
    [ "$(box logs w)" = out ]
    box stop -t 0 w > /dev/null
    [ "$(box inspect w | jq -c '[.state, .exitCode]')" = '["exited",137]' ]
    box start w > /dev/null
    [ "$(box exec w echo again)" = again ]
}

@test "rootless: a network by pasta, and published ports" {
    command -v pasta > /dev/null || skip "needs pasta"
    [ -e /dev/net/tun ] || skip "needs /dev/net/tun"
    there ip link add d0 type veth peer d1
    there ip addr add 198.51.100.2/24 dev d0
    there ip link set d0 up
    there ip link set d1 up
    there ip route add default via 198.51.100.1
    box run -d --name web -p 18080:80 busybox sh -c 'echo hi > /var/www/index.html; httpd -f -h /var/www' > /dev/null
    for i in {1..100}; do [ "$(there busybox wget -q -O - http://127.0.0.1:18080/ 2> /dev/null)" = hi ] && break; sleep 0.05; done
    [ "$(there busybox wget -q -O - http://127.0.0.1:18080/)" = hi ]
    [ "$(box exec web sh -c 'ip -o -4 addr show d0 | grep -c 198.51.100.2')" = 1 ]
    box rm -f web > /dev/null
    [ -z "$(ls "$T/home/.local/share/cfs-box/net" | grep -v addresses)" ]
}

@test "rootless: serve answers its own user, not another, and root only with the token" {
    [ -x "$T/bin/cfs-box-serve" ] || skip "cfs-box serve is not built: needs libmicrohttpd"
    command -v conmon > /dev/null || skip "needs conmon"
    user "$T/bin/cfs-box" serve > "$T/serve.out" 2>&1 3>&- &
    server=$!
    for i in {1..250}; do [ -s "$T/serve.out" ] && break; sleep 0.02; done
    url=http://127.0.0.1:1337
    token=$(sed -n 's/.*#token=//p' "$T/serve.out")
    [ "$(user curl -s "$url/containers")" = '[]' ]
    [ "$(user curl -s "$url/info" | jq -c '[.rootless, .uid]')" = '[true,54321]' ]
    run user curl -s --json '{"state":"run","image":"busybox","network":"none","name":"r","command":"id -u"}' "$url/run"
    [ "$(jq -r .name <<< "$output")" = r ]
    [ "$(box wait r)" = 0 ]
    [ "$(user curl -s "$url/containers/r/logs")" = 0 ]
    run user curl -s --json '{"state":"run","image":"busybox","network":"none","name":"s","command":"sleep 1000"}' "$url/run"
    [ "$(user curl -s --json '{"command":"id -u"}' "$url/containers/s/exec" | jq -r .stdout)" = 0 ]
    [ "$(user curl -s --json '{"timeout":0}' "$url/containers/s/stop" | jq -c '[.state, .exit_code]')" = '["exited",137]' ]
    [ "$(there setpriv --reuid 54322 --clear-groups curl -s -o /dev/null -w '%{http_code}' "$url/containers")" = 403 ]
    # In the user's namespace root outside has no number of its own; he can read the token.
    [ "$(there curl -s -o /dev/null -w '%{http_code}' "$url/containers")" = 403 ]
    [ "$(there curl -s -H "Authorization: Bearer $token" "$url/containers" | jq length)" = 2 ]
    kill "$(pgrep -P "$server")" # $server is the shell that runs user()
    wait "$server"
}

@test "rootless: limits that cannot be applied are an error that names all of them, and what to do" {
    run box run --rm --network none --memory 100M --pids-limit 50 --cpus 0.5 busybox true
    [ "$status" = 125 ]
    [[ $output == *"--memory, --cpus, --pids-limit: cannot be applied to an ordinary user's container"* ]]
    echo "$output"
    [[ $output == *"outside: systemd-run --user --scope -p MemoryMax"* ]]
    run box run -d --network none -c busybox true
    [ "$status" = 125 ]
    [[ $output == *"--limits: cannot be applied"* ]]
    [ -z "$(box ps -aq)" ]
    # For another runtime they are written down.
    box run --network none --memory 100M --print-bundle "$T/home/bundle" busybox true
    [ "$(jq .linux.resources.memory.limit "$T/home/bundle/config.json")" = 104857600 ]
}
