#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# buildah of an ordinary user: --isolation rootless, in a user namespace that buildah made, without cgroups.

load helpers/buildah
load helpers/rootless

setup_file() {
    needs buildah
    rootless_make
    rootless
    buildah_image "$ENGINES/busybox.tar"
}

rootless() {
    rootless_use
    B=("${U[@]}" buildah --root "$D/root" --runroot "$D/runroot" --storage-driver=overlay)
}

setup() {
    rootless
    X="$ENGINES/user/x$BATS_TEST_NUMBER"
    mkdir -p "$X" && chown "$USER_ID:$USER_ID" "$X"
}
teardown() { buildah_clean; }

@test "rootless bud: RUN steps; files are the user's and the subordinate ids'" {
    bud -t built <<'END'
FROM bb
RUN cat /proc/self/uid_map; echo built >/built; chown 5:5 /built
USER user
RUN id -u; touch /home/user/f
END
    matches "$output" "^ +0 +$USER_ID +1"
    matches "$output" '^1000$'
    bud <<<$'FROM built\nRUN cat /built; stat -c %u /built /home/user/f'
    contains "$output" $'built\n5\n1000'
}

@test "rootless bud: a step that fails, a program that is missing" {
    fails_bud 7 <<<$'FROM bb\nRUN exit 7'
    fails_bud 1 <<<$'FROM bb\nRUN ["nosuchprogram"]' || [ "$status" -gt 1 ]
    matches "$output" 'executable file .*not found in \$PATH'
}

@test "rootless bud: RUN --mount: tmpfs, cache" {
    bud --layers=false <<'END'
FROM bb
RUN --mount=type=tmpfs,target=/scratch grep ' /scratch tmpfs' /proc/mounts
RUN --mount=type=cache,target=/cache echo kept >/cache/file
RUN --mount=type=cache,target=/cache cat /cache/file
END
    matches "$output" '^kept$'
}

@test "rootless run: exit code, terminal, user, capabilities, volume" {
    work
    in_ --isolation rootless "$C" sh -c 'id -u; readlink /proc/self/ns/pid'
    is "$(head -1 <<<"$output")" 0
    lacks "$output" "$(readlink /proc/self/ns/pid)"
    fails_in 9 --isolation rootless "$C" sh -c 'exit 9'
    ok "${PTY[@]}" -r 28 -c 82 "${B[@]}" run --isolation rootless -t --network none --runtime "$RUNTIME_PATH" "$C" sh -c 'sleep 0.5; tty; stty size'
    contains "$output" "28 82"
    no_staircase
    in_ --isolation rootless --user user --cap-add CAP_NET_RAW "$C" sh -c 'id -u; grep CapBnd /proc/self/status'
    is "$(head -1 <<<"$output")" 1000
    "${U[@]}" mkdir "$X/v"
    in_ --isolation rootless --volume "$X/v:/vol" "$C" sh -c 'echo w >/vol/new'
    is "$(stat -c %u "$X/v/new")" "$USER_ID"
}

@test "rootless: from scratch" {
    local c
    c=$("${B[@]}" from scratch)
    b_ copy "$c" "$(command -v busybox)" /bin/busybox
    ok "${B[@]}" run --isolation rootless --network none --runtime "$RUNTIME_PATH" "$c" /bin/busybox echo alone
    is "$output" alone
}
