# SPDX-License-Identifier: LGPL-2.1-or-later
# What commands cost, in figures that do not depend on load: system calls and instructions (docs/performance.md).
#
# When a bound is passed: `strace -f -o LOG cfs ...` of the commit before and of yours, and look which calls came. Remove
# them when an earlier call has the answer; else raise the bound here, in the commit that needs them, and say there what
# they are for. A bound that is far above what is measured guards nothing: lower it when calls go.
load helpers/common

# Of the container's program only the execve counts.
count() {
    awk -v cfs="$CFS" '!/^[0-9]+ +[a-z0-9_]+\(/ || ended[$1] { next }
        { n++ }
        / execve\("/ && index($0, "execve(\"" cfs "\"") == 0 { ended[$1] = 1 }
        END { print n + 0 }' "$1"
}

# calls BOUND NAME ARG...: the system calls of `cfs ARG...`, in all of its processes.
calls() {
    local bound=$1 name=$2 n
    shift 2
    "${INTO[@]}" strace -f -qq -o "$T/$name.strace" "$CFS" --root "$STATE" "$@" < /dev/null > "$T/said" 2>&1 || {
        cat "$T/said" >&2
        return 1
    }
    n=$(count "$T/$name.strace")
    echo "# $name: $n system calls, of at most $bound" >&3
    [ "$n" -gt 10 ] || { echo "$name: $n system calls cannot be" >&2; return 1; }
    [ "$n" -le "$bound" ] || {
        echo "$name: $n system calls, more than $bound. By name:" >&2
        awk '/^[0-9]+ +[a-z0-9_]+\(/ { sub(/\(.*/, "", $2); print $2 }' "$T/$name.strace" | sort | uniq -c | sort -rn >&2
        return 1
    }
}

setup_file() {
    TMPDIR=/tmp mktemp -d > "$BATS_FILE_TMPDIR/short"
}

teardown_file() { rm -rf "$(cat "$BATS_FILE_TMPDIR/short")"; }

# The figures are those of the executable that is installed: static, with musl and cfs's own allocator.
setup() {
    setup_common
    # Each component of the path is looked at.
    STATE=$(cat "$BATS_FILE_TMPDIR/short")/$BATS_TEST_NUMBER
    root_only
    ! grep -q -e __asan_init -e 'GNU C Library' -e ld-linux "$CFS" || skip "only the static executable with musl is measured"
}

# Of masked and read-only paths those that every kernel has. Fifteen calls of room in `run`: a kernel without open_tree_attr(2)
# takes one more a read-only path, one with a security module some more.
bundle() {
    new_bundle '.process.args = ["/bin/true"] | .root.readonly = true | .mounts |= map(select(.type != "cgroup"))' \
        '.linux.namespaces |= map(select(.type != "cgroup"))' \
        '.linux.maskedPaths = ["/proc/cpuinfo", "/proc/fs"] | .linux.readonlyPaths = ["/proc/sys", "/proc/bus"]'
}

# So that a call for each shows.
three() {
    local i
    for i in 1 2 3; do
        config ".process.args = [\"/bin/sleep\", \"1000\"] | .linux.cgroupsPath = \"/$ID-$i\""
        cfs run -d -b "$B" "$ID-$i" < /dev/null > "$T/said" 2>&1 || { cat "$T/said" >&2; return 1; }
    done
}

@test "system calls of run, exec, state, list, kill and delete, with cgroup v2" {
    needs strace
    if [ "$(stat -f -c %T /sys/fs/cgroup)" != cgroup2fs ]; then
        private_mounts
        outside mount -t cgroup2 none /sys/fs/cgroup 2> "$T/said" || skip "needs a host with cgroup v2: $(cat "$T/said")"
    fi
    bundle
    # Each command has one, getrlimit(2), to say that the stack is too small, instead of a SIGSEGV.
    calls 357 run run -b "$B" "$ID"
    three
    # Two for SIGXFSZ: ignored in cfs, and the default action for the program. One, getpid(2), to know whether /proc has the pids
    # of cfs's own PID namespace. One to know that it is the container's. Two for the second process: whether it is our child, and
    # whether the first has ended. Three read whether a cgroup above the container's is frozen.
    calls 188 exec exec "$ID-1" /bin/true
    calls 31 state state "$ID-1"
    calls 53 list list
    calls 31 kill kill "$ID-1" KILL
    wait_for status_is "$ID-1" stopped
    calls 34 delete delete "$ID-1"
}

# Each hierarchy takes its directory, and the init's way into it.
@test "system calls of run and delete, with cgroup v1 or both" {
    needs strace
    [ "$(stat -f -c %T /sys/fs/cgroup)" != cgroup2fs ] || skip "needs a host with cgroup v1"
    local n
    bundle
    config '.process.args = ["/bin/sleep", "1000"]'
    cfs run -d -b "$B" "$ID" < /dev/null > /dev/null 2>&1
    n=$(jq '.cgroup.hierarchies | length' "$STATE/$ID/state.json")
    cfs kill "$ID" KILL
    wait_for status_is "$ID" stopped
    calls $((33 + n)) delete delete "$ID"
    config '.process.args = ["/bin/true"]'
    calls $((378 + 5 * n)) run run -b "$B" "$ID"
}

# What src/musl/start.c knows by heart.
@test "the first of two executions makes the clone of the executable, and does nothing else" {
    needs strace
    [ "$(uname -m)" = x86_64 ] || skip "elsewhere main() does it"
    local c entering
    entering=$(awk '/\.name = "/ { split($0, a, "\"") } /COMMAND_ENTERS/ { print a[2] }' "$top_srcdir"/src/cli/cmd_*.c | sort | xargs)
    [ "$entering" = "create exec restore run" ] || { echo "these enter: $entering" >&2; return 1; }
    for c in $entering; do
        strace -qq -o "$T/strace" "$CFS" --root "$STATE" "$c" < /dev/null > /dev/null 2>&1 || true
        is "$(sed -n '1,4s/(.*//p' "$T/strace" | xargs)" "execve open_tree mount_setattr execveat"
    done
    strace -qq -o "$T/strace" "$CFS" --root "$STATE" state nothing > /dev/null 2>&1 || true
    ! grep -q execveat "$T/strace"
}

# instructions BOUND NAME ARG...
instructions() {
    local bound=$1 name=$2 n
    shift 2
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$CFS" --root "$STATE" "$@" > /dev/null 2> "$T/said"
    n=$(sed -n 's/^==[0-9]*== I *refs: *\([0-9,]*\)/\1/p' "$T/said" | tr -d ,)
    echo "# $name: $n instructions, of at most $bound" >&3
    [ "${n:-0}" -gt 10000 ] || { cat "$T/said" >&2; return 1; }
    [ "$n" -le "$bound" ] || { echo "$name: $n instructions, more than $bound (callgrind_annotate tells whose)" >&2; return 1; }
}

@test "instructions of state and list" {
    needs valgrind
    [ "$(uname -m)" = x86_64 ] || skip "the bounds are those of x86-64"
    bundle
    three
    instructions 72000 state state "$ID-1"
    instructions 98000 list list
}
