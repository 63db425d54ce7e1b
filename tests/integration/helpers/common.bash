# SPDX-License-Identifier: LGPL-2.1-or-later
# What every integration test uses. `load helpers/common` and go.
#
#   new_bundle [JQ...]   makes the bundle $B (busybox root, the inspector at /bin/inspector, `cfs spec` without a terminal),
#                        then applies each jq program to config.json
#   config JQ            changes $B/config.json
#   args WORD...         sets process.args
#   cfs ARG...           the runtime under test, with a state directory of the test's own
#   inspect ID           runs the container with the inspector; its JSON goes to $OUT
#   got JQ               prints what the jq program finds in $OUT, the keys of objects sorted
#   mnt PATH [JQ]        the topmost mount on PATH, in $OUT, as an object: at root opts prop type source super
#   up                   create and start in the background; the init's pid is $PID
#   private_mounts       from here on `cfs` and `outside CMD...` run in a mount namespace of the test's own
#   ordinary_user        from here on `cfs` and `outside` run as an ordinary user; new_rootless_bundle goes with it
#   host_snapshot        what the host looks like: compare before and after
#
# A test that this machine cannot run says so: skip "needs ...".

# A sanitized cfs looks for leaks at its end by a process of its own, which exec, with a foot in another PID namespace,
# cannot make: it would hang. The unit tests do look for leaks.
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=0}"

: "${CFS:?the path of the cfs under test}" "${INSPECTOR:?the path of the inspector}"

# not_sanitized WHY: a cfs with sanitizers loads libraries, and its runtime makes system calls of its own.
not_sanitized() { ! grep -q __asan_init "$CFS" || skip "the executable has sanitizers: $1"; }

setup_common() {
    export T="$BATS_TEST_TMPDIR"
    export STATE="$T/state" B="$T/bundle" OUT="$T/out.json"
    # Unique on this machine, so that parallel runs and leftovers never meet.
    ID="t$$-$BATS_TEST_NUMBER-$RANDOM"
}

setup() { setup_common; }

teardown() { teardown_common; }

teardown_common() {
    local d
    for d in "$STATE"/*/; do
        [ -d "$d" ] && cfs delete --force "$(basename "$d")" || true
    done
    for d in "${BACKGROUND[@]}"; do kill -9 "$d" 2> /dev/null || true; done
    # A test that has failed, as those of a weakened cfs do, may have found that cgroups stay; on the machine they need not.
    [ -n "${BATS_TEST_COMPLETED-}" ] || rmdir /sys/fs/cgroup/*/"$ID"* 2> /dev/null || true
}

# How to get to where cfs runs: nothing, or nsenter(1) and the like. Processes that the test has to end.
INTO=() BACKGROUND=()

cfs() { "${INTO[@]}" "$CFS" --root "$STATE" "$@"; }
outside() { "${INTO[@]}" "$@"; }

make_rootfs() {
    local r="$1" a
    mkdir -p "$r"/{bin,proc,sys,dev,etc,tmp,run,root,home/user,var/tmp}
    cp /bin/busybox "$r/bin/busybox"
    cp "$INSPECTOR" "$r/bin/inspector"
    for a in sh true false cat ls id sleep echo mount umount env grep test stat hostname head tail wc touch mkdir rm readlink kill ps dd tty stty; do
        ln -s busybox "$r/bin/$a"
    done
    printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n' > "$r/etc/passwd"
    printf 'root:x:0:\nuser:x:1000:\n' > "$r/etc/group"
}

# shellcheck source=/dev/null
. "${BASH_SOURCE[0]%/*}/jq.bash"

# What each bundle begins with.
FIRST='.process.terminal = false | .process.args = ["/bin/inspector"] | .linux.cgroupsPath = "/@ID@" |
    .linux.namespaces |= map(select(.type != "cgroup")) + [{type: "cgroup"}]'

# Made once a file, copied for each test: most of the time that a test takes goes into starting programs.
template() {
    local t="$BATS_FILE_TMPDIR/template"
    if [ ! -d "$t" ]; then
        rm -rf "$t.new"
        mkdir -p "$t.new"
        make_rootfs "$t.new/rootfs"
        (cd "$t.new" && "$CFS" spec) || return 1
        "${JQ[@]}" "$FIRST" "$t.new/config.json" > "$t.new/first.json"
        mv "$t.new" "$t"
    fi
    echo "$t"
}

new_bundle() {
    local t program all=.
    t=$(template) || return 1
    mkdir -p "$B"
    # The programs are links to the template's: three megabytes that no test writes to. The texts are the test's own.
    cp -al --remove-destination "$t/rootfs" "$B/"
    cp -a --remove-destination "$t/rootfs/etc/passwd" "$t/rootfs/etc/group" "$B/rootfs/etc/"
    sed "s/@ID@/$ID/" "$t/first.json" > "$B/config.json"
    # A cgroup that is named and that this user may not make is an error, which few tests are about.
    [ "$EUID" = 0 ] || all='del(.linux.cgroupsPath)'
    for program in "$@"; do all="($all) | ($program)"; done
    [ "$all" = . ] || config "$all"
}

config() {
    "${JQ[@]}" "$@" "$B/config.json" > "$B/config.json.new" && mv "$B/config.json.new" "$B/config.json"
}

args() {
    local a json=
    for a in "$@"; do
        a=${a//\\/\\\\}
        a=${a//\"/\\\"}
        a=${a//$'\n'/\\n}
        json+=", \"${a//$'\t'/\\t}\""
    done
    # As jq writes it: one word a line.
    JSON="${json#, }" awk 'BEGIN { done = 1 } /^    "args": \[$/ { print "    \"args\": ["; print ENVIRON["JSON"]; skip = 1; done = 0 }
        /^    \],?$/ { skip = 0 } !skip { print } END { exit done }' "$B/config.json" > "$B/config.json.new" ||
        "${JQ[@]}" --argjson a "[${json#, }]" '.process.args = $a' "$B/config.json" > "$B/config.json.new"
    mv "$B/config.json.new" "$B/config.json"
}

inspect() {
    cfs run -b "$B" "${1:-$ID}" > "$OUT" < /dev/null
}

up() {
    cfs run --detach -b "$B" "$@" "$ID" < /dev/null > "$T/log" 2>&1 || {
        cat "$T/log" >&2
        return 1
    }
    PID=$(cfs state "$ID" | sed -n 's/^ *"pid": \([0-9]*\).*/\1/p')
}

# background CMD...: starts it, to be ended by teardown; $! is its pid.
background() {
    "$@" < /dev/null > /dev/null 2>&1 3>&- &
    BACKGROUND+=($!)
    disown $!
}

# Mounts that a test makes must not be seen by other processes, even when it is killed.
private_mounts() {
    background unshare --mount --propagation private sleep 600
    local pid=$!
    wait_for grep -q '^sleep' "/proc/$pid/comm"
    INTO=(nsenter --mount="/proc/$pid/ns/mnt" --)
}

mnt() {
    "${JQ[@]}" -rc --arg at "$1" 'def fields: split(" ") | index("-") as $d |
        {at: .[4], root: .[3], opts: (.[5] | split(",")), prop: (.[6:$d] | join(" ")), type: .[$d + 1], source: .[$d + 2],
         super: (.[$d + 3] | split(","))};
        [.mountinfo[] | fields | select(.at == $at)] | last | '"${2:-.}" "$OUT"
}

got() { "${JQ[@]}" -rc "$1" "$OUT"; }

# Fails with both values shown.
is() {
    [ "$1" = "$2" ] && return 0
    printf 'got      [%s]\nexpected [%s]%s\n' "$1" "$2" "${3:+ ($3)}" >&2
    return 1
}

contains() {
    case "$1" in *"$2"*) return 0 ;; esac
    printf 'got [%s]\nwhich does not contain [%s]\n' "$1" "$2" >&2
    return 1
}

# Waits (at most 10 s) until a command succeeds.
wait_for() {
    local i
    for ((i = 0; i < 200; i++)); do
        "$@" && return 0
        sleep 0.05
    done
    echo "gave up waiting for: $*" >&2
    return 1
}

status_is() { cfs state "$1" 2> /dev/null | grep -q "\"status\": \"$2\""; }

# The cgroups whose name has WORD in it, in all hierarchies: at their top, below the cgroup that the test runs in, and below the slices of
# systemd, which is where cfs makes some. To look through all of them takes longer than a container, where there are thousands.
cgroups_named() { # WORD
    local line top below=("" "/*.slice")
    while IFS= read -r line; do
        line=${line#*:*:}
        [[ " ${below[*]} " == *" ${line%/} "* ]] || below+=("${line%/}")
    done < /proc/self/cgroup
    for top in /sys/fs/cgroup /sys/fs/cgroup/*/; do
        [ ! -L "${top%/}" ] || continue # cpu,cpuacct
        for line in "${below[@]}"; do compgen -G "${top%/}$line/*$1*/" || true; done
    done
}

# State directories, cgroups, mounts, our processes: what a failed command must leave as it was.
host_snapshot() {
    ls -A "$STATE" 2>/dev/null
    cgroups_named "$ID"
    wc -l < /proc/self/mountinfo
    find "$B" -xdev 2>/dev/null | sort
    pgrep -f "$ID" | grep -vw $$ | wc -l
}

# Python without detours (pyenv and the like take longer to start than the test).
PYTHON=/usr/bin/python3
[ -x "$PYTHON" ] || PYTHON=python3

root_only() { [ "$(id -u)" = 0 ] || skip "needs root"; }
needs() { command -v "$1" > /dev/null || skip "needs $1, which is not installed"; }

# as_user CMD...: as an ordinary user, with nothing prepared.
as_user() { setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all -- env HOME="$T" "$@"; }

# From here on $CFS and the test's directory can be reached by every user, wherever the source tree is (/root, say).
reachable() {
    [ -e "$BATS_FILE_TMPDIR/cfs" ] || cp "$CFS" "$BATS_FILE_TMPDIR/cfs"
    CFS="$BATS_FILE_TMPDIR/cfs"
    chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$(dirname "$T")" "$T"
}

# Has the process ended? As a zombie it may wait for a parent that is in no hurry.
gone() {
    local status
    status=$(cat "/proc/$1/status" 2> /dev/null) || return 0
    case $status in *State:?[ZX]*) ;; *) return 1 ;; esac
}

# ordinary_user [RANGES]: from here on `cfs` and `outside` run as the user 54321, who has the subordinate IDs 1000000 to
# 1065535 (or what RANGES says, in the format of subuid(5)), in a mount namespace of the test's own with account files of the
# test's own. Changes nothing on the host. $HOME_DIR is theirs, and so is the state directory.
ordinary_user() {
    private_mounts
    local f ranges="${1-54321:1000000:65536}"
    mkdir -p "$T/etc"
    for f in passwd group subuid subgid; do
        cat "/etc/$f" > "$T/etc/$f" 2> /dev/null || : > "$T/etc/$f"
        [ -e "/etc/$f" ] || skip "needs /etc/$f (package uidmap)"
    done
    echo "cfsuser:x:54321:54321::$T/home:/bin/sh" >> "$T/etc/passwd"
    echo "cfsuser:x:54321:" >> "$T/etc/group"
    printf '%s\n' "$ranges" | tee "$T/etc/subuid" > "$T/etc/subgid"
    for f in passwd group subuid subgid; do outside mount --bind "$T/etc/$f" "/etc/$f"; done
    reachable
    HOME_DIR="$T/home"
    STATE="$HOME_DIR/state"
    B="$HOME_DIR/bundle"
    mkdir -p "$HOME_DIR"
    chown 54321:54321 "$HOME_DIR"
    chmod 700 "$HOME_DIR"
    INTO+=(setpriv --reuid=54321 --regid=54321 --clear-groups --inh-caps=-all -- env HOME="$HOME_DIR")
}

# The same, who can reach cfs and make user namespaces; elsewhere the test is skipped.
rootless_user() {
    ordinary_user "$@"
    outside "$CFS" --version > /dev/null || skip "needs a temporary directory that other users can enter"
    outside unshare --user true || skip "needs user namespaces for ordinary users"
}

# As new_bundle, for the ordinary user: with what `cfs spec --rootless` writes.
new_rootless_bundle() {
    new_bundle
    (cd "$B" && rm -f config.json && "$CFS" spec --rootless)
    config '.process.terminal = false | .process.args = ["/bin/inspector"] | .linux.uidMappings[0].hostID = 54321 | .linux.gidMappings[0].hostID = 54321'
    local program
    for program in "$@"; do config "$program"; done
    chown -R 54321:54321 "$B"
}
