# SPDX-License-Identifier: LGPL-2.1-or-later
# contrib/quickstart, and the progress of tests/run: with the package manager, make and the passes played by stubs.
load helpers/common

setup() {
    setup_common
    # As in the pass `user`: a tarball that was configured where it was unpacked.
    [ ! -e "${top_srcdir:?}/config.status" ] || skip "the source tree is configured in place, where quickstart refuses to work"
    Q="$top_srcdir/contrib/quickstart"
    case $Q in /*) ;; *) Q="$PWD/$Q" ;; esac
    mkdir -p "$T/stubs" "$T/build/quickstart"
    # What is asked to be installed is in $T/apt; nothing is.
    stub dpkg-query 'exit 1'
    stub apt-cache 'case $* in *absent-package*|*crun*) exit 100 ;; esac'
    stub apt-get 'echo "$*" >> "'"$T/apt"'"; [ -x "$POLICY" ] && "$POLICY" docker start; echo "policy $?" >> "'"$T/apt"'"'
    stub id 'echo 0'
    # cfs is built already.
    cp "$CFS" "$T/build/quickstart/cfs"
    printf 'all:\n' > "$T/build/quickstart/Makefile"
}

# stub NAME TEXT: a program of that name comes first in PATH.
stub() {
    printf '#!/bin/sh\n%s\n' "$2" > "$T/stubs/$1"
    chmod 755 "$T/stubs/$1"
}

quickstart() { env PATH="$T/stubs:$PATH" BUILD="$T/build" POLICY="$T/policy-rc.d" "$Q" "$@"; }

@test "what is installed depends on the passes: engines and systemd in theirs alone" {
    quickstart deps test check lint
    contains "$(cat "$T/apt")" " bats "
    for p in docker.io podman containerd systemd user-mode-linux; do
        ! grep -qw -- "$p" "$T/apt"
    done
    rm "$T/apt"
    quickstart deps test engines
    contains "$(cat "$T/apt")" " docker.io "
    ! grep -qw systemd "$T/apt"
    rm "$T/apt"
    quickstart deps test
    contains "$(cat "$T/apt")" " docker.io "
    contains "$(cat "$T/apt")" " systemd "
    rm "$T/apt"
    quickstart deps
    ! grep -qw bats "$T/apt"
}

# invoke-rc.d(8): 101 is "action forbidden by policy".
@test "no daemon is started by an installation, and the host's policy is as it was" {
    quickstart deps test engines
    contains "$(cat "$T/apt")" "policy 101"
    [ ! -e "$T/policy-rc.d" ]
    echo mine > "$T/policy-rc.d"
    quickstart deps test engines
    is "$(cat "$T/policy-rc.d")" mine
}

@test "a package that this Debian does not have is said, and the others are installed" {
    run quickstart deps test check
    is "$status" 0
    contains "$output" "this Debian has no crun"
    ! grep -qw crun "$T/apt"
    contains "$(cat "$T/apt")" " runc"
}

@test "without a network it says so in one line" {
    stub apt-get 'echo "E: Failed to fetch http://deb.debian.org" >&2; exit 100'
    run quickstart deps
    is "$status" 1
    is "$(grep -c '^quickstart:' <<< "$output")" 1
    contains "$output" "quickstart: no package mirror can be reached"
    ! grep -q "Failed to fetch" <<< "$output"
}

@test "an ordinary user's run ends in a rootless container, with where cfs is and what comes next" {
    root_only
    ordinary_user
    rm -r "$T/stubs"
    mkdir "$T/stubs"
    stub dpkg-query 'echo "install ok installed"'
    mkdir -p "$HOME_DIR/build"
    mv "$T/build/quickstart" "$HOME_DIR/build/"
    cp "$Q" "$HOME_DIR/quickstart" # the source tree may be out of the user's reach
    mkdir -p "$HOME_DIR/contrib"
    mv "$HOME_DIR/quickstart" "$HOME_DIR/contrib/"
    printf '#!/bin/sh\n' > "$HOME_DIR/configure"
    : > "$HOME_DIR/configure.ac"
    chmod 755 "$HOME_DIR/configure"
    chmod 755 "$T" "$T/stubs"
    touch -r "$HOME_DIR/configure" "$HOME_DIR/configure.ac"
    chown -R 54321:54321 "$HOME_DIR"
    run outside env PATH="$T/stubs:$PATH" BUILD="$HOME_DIR/build" XDG_RUNTIME_DIR="$HOME_DIR" "$HOME_DIR/contrib/quickstart" run
    is "$status" 0 "$output"
    contains "$output" "hostname:         cfs-quickstart"
    contains "$output" "my pid:           1"
    contains "$output" "cfs is $HOME_DIR/build/quickstart/cfs"
    contains "$output" "Next: "
    is "$(jq -c '[.linux.namespaces[].type] | index("user") != null' "$HOME_DIR/build/bundle/config.json")" true
}

@test "quickstart test says beforehand what it takes and installs, and hands the passes on" {
    mkdir -p "$T/tree/contrib" "$T/tree/tests"
    cp "$Q" "$T/tree/contrib/"
    printf '#!/bin/sh\necho "these passes: $*"\n' > "$T/tree/tests/run"
    : > "$T/tree/configure.ac"
    : > "$T/tree/configure"
    chmod 755 "$T/tree/tests/run" "$T/tree/configure"
    Q="$T/tree/contrib/quickstart"
    run quickstart test check lint
    contains "$output" "all passes less than twenty"
    contains "$output" "no daemon of it is started"
    is "${lines[-1]}" "these passes: check lint"
}

# 20 seconds between two lines, here half of one.
@test "tests/run says which pass of how many it is in, and is never silent for long" {
    local run="${Q%contrib/quickstart}tests/run"
    # lint with tools that find nothing at once, after a make that is slow.
    mkdir -p "$T/b/check"
    printf 'all:\nlibocispec/ocispec.h commit.h:\n\tsleep 3\n' > "$T/b/check/Makefile"
    for p in cppcheck clang-tidy gcc shellcheck; do stub $p 'exit 0'; done
    run env PATH="$T/stubs:$PATH" BUILD="$T/b" PROGRESS_SECONDS=1 timeout 60 "$run" lint lint
    contains "$output" "==== pass 1 of 2: lint"
    contains "$output" "==== pass 2 of 2: lint"
    [ "$(grep -c '^\.\.\. lint: [0-9]* tests done ([0-9]* s)$' <<< "$output")" -ge 2 ]
}
