# SPDX-License-Identifier: LGPL-2.1-or-later
# process.apparmorProfile, on a kernel that has AppArmor: tests/vm/apparmor makes one.
load ../integration/helpers/common

# The compiler of profiles: installed, or unpacked for the occasion.
parser() {
    command -v apparmor_parser && return
    local p="${VM_DIR:-/nowhere}/apparmor/sbin/apparmor_parser"
    [ -x "$p" ] && echo "$p"
}

setup() {
    setup_common
    root_only
    grep -qs Y /sys/module/apparmor/parameters/enabled || skip "needs a kernel with AppArmor enabled"
    parser > /dev/null || skip "needs apparmor_parser (package apparmor)"
    [ -e "$BATS_FILE_TMPDIR/profile" ] && return
    cat > "$BATS_FILE_TMPDIR/profile" << 'EOF'
profile cfs-test-quiet flags=(attach_disconnected,mediate_deleted) {
  file,
  capability,
  signal,
  mount,
  umount,
  deny /secret rw,
}
EOF
    "$(parser)" --replace --skip-cache "$BATS_FILE_TMPDIR/profile"
}

# spec: config.linux-process.1
@test "the program runs under the profile, and is bound by it" {
    new_bundle '.process.apparmorProfile = "cfs-test-quiet" | .process.args = ["/bin/sh", "-c", "cat /proc/self/attr/current /readable /secret"]'
    echo public > "$B/rootfs/readable"
    echo secret > "$B/rootfs/secret"
    run cfs run -b "$B" "$ID"
    contains "$output" "cfs-test-quiet (enforce)"
    contains "$output" public
    ! grep -qx secret <<< "$output"
    contains "$output" "ermission denied"
}

@test "without a profile the program is not confined" {
    new_bundle '.process.args = ["/bin/cat", "/proc/self/attr/current"]'
    is "$(cfs run -b "$B" "$ID")" unconfined
}

@test "exec: the container's profile, another one, and process.json's" {
    new_bundle '.process.apparmorProfile = "cfs-test-quiet" | .process.args = ["/bin/inspector", "sleep"]'
    up
    is "$(cfs exec "$ID" /bin/cat /proc/self/attr/current)" "cfs-test-quiet (enforce)"
    is "$(cfs exec --apparmor unconfined "$ID" /bin/cat /proc/self/attr/current)" unconfined
}

@test "noNewPrivileges and a profile go together" {
    new_bundle '.process.apparmorProfile = "cfs-test-quiet" | .process.noNewPrivileges = true | .process.args = ["/bin/cat", "/proc/self/attr/current"]'
    is "$(cfs run -b "$B" "$ID")" "cfs-test-quiet (enforce)"
}

@test "a profile that is not loaded is an error that names it" {
    new_bundle '.process.apparmorProfile = "cfs-no-such-profile"'
    run cfs create -b "$B" "$ID"
    is "$status" 1
    contains "$output" cfs-no-such-profile
    [ ! -e "$STATE/$ID" ]
}
