#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# buildah: RUN steps of a Containerfile, and commands in working containers.

load helpers/buildah

setup_file() {
    needs buildah
    TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    grep -q '^containers:' /etc/subuid || echo containers:2147483647:2147483648 | tee -a /etc/subuid >>/etc/subgid
    podman_configure "$ENGINES/podman"
    buildah_use
    buildah_image "$(image_tar busybox)"
}
setup() {
    buildah_use
    X="$BATS_TEST_TMPDIR/context"
    mkdir -p "$X"
}
teardown() { buildah_clean; }

# --- bud --------------------------------------------------------------------------------------------------------------

@test "bud: RUN steps, as shell and as list" {
    bud -t built <<'END'
FROM bb
RUN echo one >/steps && ls /proc/self >/dev/null
RUN ["sh", "-c", "echo two >>/steps"]
END
    content built steps
    is "$output" $'one\ntwo'
}

@test "bud: ENV, ARG, WORKDIR, USER reach the step" {
    bud -t built --build-arg WORD=given <<'END'
FROM bb
ARG WORD=default
ENV KEPT="a b"
RUN echo "$WORD $KEPT" >/seen; id -u >>/seen; pwd >>/seen
USER user
WORKDIR /home/user
RUN id -u >seen; id -g >>seen; pwd >>seen; echo $HOME >>seen; touch /mine 2>/dev/null || echo refused >>seen
USER 12:34
RUN id -u; id -g
END
    contains "$output" $'12\n34'
    content built seen home/user/seen
    is "$output" $'given a b\n0\n/\n1000\n1000\n/home/user\n/home/user\nrefused'
}

@test "bud: several stages" {
    bud -t built --layers <<'END'
FROM bb AS first
RUN mkdir /out && echo from-the-first >/out/file && chown 5:6 /out/file && chmod 640 /out/file
FROM bb AS unused
RUN exit 1
FROM bb
COPY --from=first /out /in
RUN cat /in/file; stat -c '%u:%g %a' /in/file; test ! -e /out && echo clean
END
    contains "$output" from-the-first
    contains "$output" clean
    contains "$output" 640
}

@test "bud: --layers, a step that is known does not run again" {
    local f=$'FROM bb\nRUN head -c 16 /dev/urandom | md5sum >/random\nRUN true\n'
    bud --layers -t a <<<"$f"
    bud --layers -t b <<<"$f"
    content a random
    local a=$output
    content b random
    is "$output" "$a"
    bud --layers --no-cache -t b <<<"$f"
    content b random
    [ "$output" != "$a" ]
}

@test "bud: a step that fails, with its exit code" {
    fails_bud 7 <<'END'
FROM bb
RUN echo before; exit 7
RUN echo never
END
    contains "$output" before
    contains "$output" "exit status 7"
    ! grep -qx never <<<"$output"
}

@test "bud: a program that is missing; the runtime's words" {
    fails_bud 1 <<<$'FROM bb\nRUN ["nosuchprogram"]' || [ "$status" -gt 1 ]
    matches "$output" 'executable file .*not found in \$PATH'
    try "${B[@]}" bud --network none --pull-never --runtime "$RUNTIME_PATH" "$X"
    lacks "$output" '"level"'
}

@test "bud: a step that a signal ends" {
    fails_bud 137 <<<$'FROM bb\nRUN sh -c \'kill -9 $$\'; exit $?'
    contains "$output" "exit status 137"
}

@test "bud: RUN --mount: tmpfs, cache, bind, secret" {
    echo of-the-context >"$X/file"
    echo sesame >"$BATS_TEST_TMPDIR/secret"
    bud -t built --layers=false --secret "id=word,src=$BATS_TEST_TMPDIR/secret" <<'END'
FROM bb AS first
RUN echo of-the-stage >/stage
FROM bb
RUN --mount=type=tmpfs,target=/scratch grep ' /scratch tmpfs' /proc/mounts && touch /scratch/gone
RUN --mount=type=cache,target=/cache echo kept >/cache/file
RUN --mount=type=cache,target=/cache cat /cache/file
RUN --mount=type=bind,target=/ctx cat /ctx/file && ! touch /ctx/x 2>/dev/null
RUN --mount=type=bind,from=first,source=/stage,target=/stage cat /stage
RUN --mount=type=secret,id=word cat /run/secrets/word
RUN ls /scratch /cache/file /run/secrets/word 2>&1 | grep -c 'No such'
END
    local w
    for w in kept of-the-context of-the-stage sesame; do grep -qx "$w" <<<"$output" || { echo "$output" >&2; false; }; done
}

@test "bud: --volume, --cap-add, --cap-drop, --ulimit, --shm-size" {
    mkdir "$BATS_TEST_TMPDIR/v"
    echo of-the-host >"$BATS_TEST_TMPDIR/v/file"
    bud --volume "$BATS_TEST_TMPDIR/v:/vol:ro" --cap-add sys_time --cap-drop chown --ulimit nofile=77:77 --shm-size 2m <<'END'
FROM bb
RUN cat /vol/file; touch /vol/x || echo read-only
RUN ulimit -n; df -k /dev/shm | tail -1 | tr -s ' ' | cut -d' ' -f2
RUN echo "bounding $(sed -n 's/^CapBnd:\t*//p' /proc/self/status)"
END
    contains "$output" of-the-host
    contains "$output" read-only
    matches "$output" '^77$'
    matches "$output" '^2048$'
    local bounding
    bounding=$(sed -n 's/^bounding //p' <<<"$output")
    is $((0x$bounding & 1)) 0
    is $((0x$bounding & 1 << 25)) $((1 << 25))
}

@test "bud: --memory, --cpu-shares, --cgroup-parent" {
    has_controller memory || skip "needs the memory controller"
    bud --memory 60m --cgroup-parent "/$TAG/bud" <<'END'
FROM bb
RUN cat /proc/self/cgroup; cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null; true
END
    contains "$output" 62914560
}

@test "bud: --security-opt seccomp" {
    echo '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}' >"$BATS_TEST_TMPDIR/p"
    bud --security-opt "seccomp=$BATS_TEST_TMPDIR/p" <<<$'FROM bb\nRUN grep ^Seccomp: /proc/self/status; mkdir /x || true'
    contains "$output" "No space left"
    matches "$output" '^Seccomp:[[:space:]]2'
}

@test "bud: --userns-uid-map" {
    bud --userns-uid-map 0:100000:5000 --userns-gid-map 0:100000:5000 -t built <<<$'FROM bb\nRUN cat /proc/self/uid_map; touch /mapped; stat -c %u /mapped'
    matches "$output" '^ +0 +100000 +5000$'
    matches "$output" '^0$'
}

@test "bud: --isolation oci and chroot build the same" {
    local i
    printf 'FROM bb\nRUN id -u >/made; umask >>/made; pwd >>/made\n' >"$X/Containerfile"
    for i in oci chroot; do
        b_ bud --isolation $i --network host --pull-never --runtime "$RUNTIME_PATH" -t "by-$i" "$X"
        content "by-$i" made
        is "$output" $'0\n0022\n/' "$i"
    done
}

@test "bud: nothing is left: state, cgroups, mounts" {
    local before after
    before=$(wc -l </proc/self/mountinfo)
    bud --cgroup-parent "/$TAG/left" <<<$'FROM bb\nRUN true'
    fails_bud 3 --cgroup-parent "/$TAG/left" <<<$'FROM bb\nRUN exit 3'
    after=$(wc -l </proc/self/mountinfo)
    is "$after" "$before"
    is "$(ls -A /run/cfs /run/runc /run/crun 2>/dev/null | grep -v :)" ""
    is "$(cgroups_named 'buildah-buildah*' | grep "$TAG/left")" ""
}

# --- run --------------------------------------------------------------------------------------------------------------

@test "run: output, exit code, stdin" {
    work
    in_ "$C" echo hello
    is "$output" hello
    fails_in 9 "$C" sh -c 'exit 9'
    is "$(echo typed | timeout 30 "${B[@]}" run --network none --runtime "$RUNTIME_PATH" "$C" cat)" typed
    timeout 30 "${B[@]}" run --network none --runtime "$RUNTIME_PATH" "$C" sh -c 'echo out; echo err >&2' >"$BATS_TEST_TMPDIR/o" 2>"$BATS_TEST_TMPDIR/e"
    is "$(cat "$BATS_TEST_TMPDIR/o")" out
    is "$(cat "$BATS_TEST_TMPDIR/e")" err
}

@test "run: what it changes stays in the working container, and is committed" {
    work
    in_ "$C" sh -c 'echo changed >/data/file; chown 7:8 /data/file'
    in_ "$C" stat -c '%u:%g' /data/file
    is "$output" 7:8
    b_ commit -q "$C" changed
    content changed data/file
    is "$output" changed
}

@test "run -t: a terminal of the caller's size" {
    work
    ok "${PTY[@]}" -r 29 -c 83 "${B[@]}" run -t --network none --runtime "$RUNTIME_PATH" "$C" sh -c 'sleep 0.5; tty; stty size; test -t 0 && echo terminal'
    contains "$output" /dev/pts/
    contains "$output" "29 83"
    no_staircase
    contains "$output" terminal
    fails 6 "${PTY[@]}" "${B[@]}" run -t --network none --runtime "$RUNTIME_PATH" "$C" sh -c 'exit 6'
}

@test "run: --user, --workingdir, --env, --hostname" {
    work
    in_ --user user --workingdir /home/user --env A=b --hostname h "$C" sh -c 'id -u; pwd; echo $A; hostname'
    is "$output" $'1000\n/home/user\nb\nh'
    in_ --user 12:34 "$C" sh -c 'id -u; id -g'
    is "$output" $'12\n34'
}

@test "run: capabilities" {
    work
    in_ --cap-add CAP_SYS_TIME --cap-drop CAP_CHOWN "$C" sed -n 's/^CapEff:\t*//p' /proc/self/status
    is $((0x$output & 1)) 0
    is $((0x$output & 1 << 25)) $((1 << 25))
    in_ --cap-drop all "$C" sed -n 's/^CapBnd:\t*//p' /proc/self/status
    is "$output" 0000000000000000
}

@test "run: --volume, --mount" {
    work
    mkdir "$BATS_TEST_TMPDIR/v"
    echo of-the-host >"$BATS_TEST_TMPDIR/v/file"
    in_ --volume "$BATS_TEST_TMPDIR/v:/vol" "$C" sh -c 'cat /vol/file; echo w >/vol/new'
    is "$output" of-the-host
    is "$(cat "$BATS_TEST_TMPDIR/v/new")" w
    fails_in 1 --volume "$BATS_TEST_TMPDIR/v:/vol:ro" "$C" touch /vol/x
    contains "$output" "Read-only"
    in_ --mount "type=tmpfs,dst=/scratch,tmpfs-size=1m" "$C" grep -c ' /scratch tmpfs .*size=1024k' /proc/mounts
    is "$output" 1
}

@test "run: --pid, --ipc, --uts, --network host; --no-pivot" {
    work
    local n
    ok "${B[@]}" run --runtime "$RUNTIME_PATH" --pid host --ipc host --uts host --network host "$C" sh -c 'for n in pid ipc uts net; do readlink /proc/self/ns/$n; done'
    for n in pid ipc uts net; do contains "$output" "$(readlink "/proc/self/ns/$n")"; done
    in_ "$C" sh -c 'for n in pid ipc uts net; do readlink /proc/self/ns/$n; done'
    for n in pid ipc uts net; do lacks "$output" "$(readlink "/proc/self/ns/$n")"; done
    in_ --no-pivot "$C" cat /data/file
    is "$output" of-the-image
}

@test "run: a program that is missing, or not one" {
    work
    try "${B[@]}" run --network none --runtime "$RUNTIME_PATH" "$C" nosuchprogram
    [ "$status" -ne 0 ]
    matches "$output" 'executable file .*not found in \$PATH'
    try "${B[@]}" run --network none --runtime "$RUNTIME_PATH" "$C" /etc/passwd
    [ "$status" -ne 0 ]
    matches "$output" '[Pp]ermission denied'
}

@test "run: --runtime-flag" {
    work
    in_ --runtime-flag debug "$C" true
    in_ --runtime-flag "root=$BATS_TEST_TMPDIR/state" "$C" true
    [ -d "$BATS_TEST_TMPDIR/state" ]
}

@test "run: a caller that is interrupted leaves no process behind" {
    work
    "${B[@]}" run --network none --runtime "$RUNTIME_PATH" "$C" sleep 6543 >/dev/null 2>&1 3>&- &
    local pid=$!
    # buildah looks the program up itself.
    wait_for pgrep -x -f '(/bin/)?sleep 6543'
    # buildah listens to signals a little later than that.
    sleep 1
    kill -TERM $pid
    wait_for sh -c "! pgrep -x -f '(/bin/)?sleep 6543'"
    wait $pid || true
}

@test "run: the runtime of containers.conf, when none is named" {
    work
    ok "${B[@]}" run --network none "$C" echo default
    is "$output" default
    sed -i "s,^$RUNTIME=.*,$RUNTIME=[\"/nowhere/$RUNTIME\"]," "$CONTAINERS_CONF"
    try "${B[@]}" run --network none "$C" echo default
    sed -i "s,^$RUNTIME=.*,$RUNTIME=[\"$RUNTIME_PATH\"]," "$CONTAINERS_CONF"
    [ "$status" -ne 0 ] || [ "$RUNTIME" != cfs ]
}

# --- from scratch -----------------------------------------------------------------------------------------------------

@test "from scratch: copied files, a command that runs" {
    local c
    c=$("${B[@]}" from scratch)
    b_ copy "$c" "$(command -v busybox)" /bin/busybox
    ok "${B[@]}" run --network none --runtime "$RUNTIME_PATH" "$c" /bin/busybox echo alone
    is "$output" alone
    ok "${B[@]}" run --network none --runtime "$RUNTIME_PATH" "$c" /bin/busybox ls /
    contains "$output" proc
    b_ config --entrypoint '["/bin/busybox"]' "$c"
    b_ commit -q "$c" alone
    bud <<<$'FROM alone\nRUN ["/bin/busybox", "echo", "from alone"]'
    contains "$output" "from alone"
}

@test "from scratch: in a Containerfile" {
    cp "$(command -v busybox)" "$X/busybox"
    bud -t fromscratch <<'END'
FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
RUN echo installed >/installed
END
    content fromscratch installed
    is "$output" installed
}
