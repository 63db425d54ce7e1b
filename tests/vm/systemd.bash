# SPDX-License-Identifier: LGPL-2.1-or-later
# What the tests of the systemd manager share: a container in a scope, $SCOPE.
load ../integration/helpers/common

setup_systemd() {
    setup_common
    root_only
    [ "$(cat /proc/1/comm)" = systemd ] || skip "needs systemd as the system's init"
    SCOPE="cfs-$ID.scope"
}

teardown() {
    teardown_common
    systemctl stop "$SCOPE" 2> /dev/null || true
}

sleeper() { new_bundle '.process.args = ["/bin/inspector", "sleep"] | del(.linux.cgroupsPath)' "$@"; }
property() { systemctl show -P "$1" "${2:-$SCOPE}"; }

# The manager is only named to create: the state remembers it.
up() {
    cfs --systemd-cgroup create -b "$B" "$ID" < /dev/null > "$T/log" 2>&1 || { cat "$T/log" >&2; return 1; }
    cfs start "$ID"
    PID=$(cfs state "$ID" | jq .pid)
}
