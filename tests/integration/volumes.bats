# SPDX-License-Identifier: LGPL-2.1-or-later
# Bind mounts and overlays as engines write them: options that are left over, mappings, layers with long paths, sources that
# an earlier mount has made, mount points in what is read-only.
load helpers/common

setup() {
    setup_common
    root_only
}

USERNS='.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
    | .linux.gidMappings = .linux.uidMappings | .mounts |= map(select(.destination != "/sys"))'

# in_both TEST: calls TEST without and with a user namespace.
in_both() {
    local userns
    for userns in . "$USERNS"; do
        rm -rf --one-file-system "$B"
        new_bundle "$userns"
        [ "$userns" = . ] || chown -R --no-dereference 100000:100000 "$B/rootfs"
        "$@" || { echo "with: $userns" >&2; return 1; }
    done
}

# bind SOURCE DESTINATION OPTION...
bind() {
    local s="$1" d="$2"
    shift 2
    config --arg s "$s" --arg d "$d" '.mounts += [{source: $s, destination: $d, type: "bind", options: $o}]' --argjson o "$(jq -cn '$ARGS.positional' --args -- "$@")"
}

# podman 4.3 and buildah 1.28 leave these; runc 1.1 and crun 1.8 accept them.
@test "options of engines on bind mounts: no effect, a warning" {
    mkdir "$T/vol"
    check() {
        bind "$T/vol" /v rbind nocopy copy z Z U volume-opt=type=nfs volume-opt=device=:/x rprivate
        cfs --log "$T/log" --log-level warning run -b "$B" "$ID" > "$OUT" < /dev/null
        is "$(mnt /v .opts[0])" rw
        for word in nocopy copy z Z U volume-opt=type=nfs; do contains "$(cat "$T/log")" "\`$word\` has no effect"; done
        contains "$(cfs explain -b "$B")" "on /v (rbind, rprivate)"
        config '.mounts[-1].options += ["size=4k"]'
        run cfs run -b "$B" "$ID"
        is "$status" 1
        contains "$output" "filesystem-specific options: \`size=4k\`"
    }
    in_both check
}

# crun's option, which podman-run(1) documents: ranges FILESYSTEM-CONTAINER-COUNT, # between them, @ counts in the container.
@test "idmap= and ridmap= on bind mounts: every form" {
    mkdir "$T/vol"
    touch "$T/vol/f" "$T/vol/g"
    chown 1000:100 "$T/vol/f"
    chown 3:4 "$T/vol/g"
    new_bundle
    args stat -c %u:%g /v/f /v/g
    bind "$T/vol" /v rbind x
    local option expected
    while IFS='|' read -r option expected; do
        config --arg o "$option" '.mounts[-1].options[1] = $o'
        is "$(cfs run -b "$B" "$ID" | tr '\n' ' ')" "$expected " "$option"
    done <<'X'
idmap=uids=1000-0-1;gids=100-0-1|0:0 65534:65534
idmap=gids=100-6-1;uids=1000-5-1|5:6 65534:65534
idmap=uids=1000-5-1#3-7-1;gids=100-6-1#4-8-1|5:6 7:8
ridmap=uids=0-20000-65536;gids=0-30000-65536|21000:30100 20003:30004
X
    rm -rf --one-file-system "$B"
    new_bundle "$USERNS"
    chown -R --no-dereference 100000:100000 "$B/rootfs"
    args stat -c %u:%g /v/f /v/g
    bind "$T/vol" /v rbind x
    while IFS='|' read -r option expected; do
        config --arg o "$option" '.mounts[-1].options[1] = $o'
        is "$(cfs run -b "$B" "$ID" | tr '\n' ' ')" "$expected " "$option, user namespace"
    done <<'X'
idmap|1000:100 3:4
idmap=uids=1000-100005-1;gids=100-100006-1|5:6 65534:65534
idmap=uids=@1000-5-1;gids=@100-6-1|5:6 65534:65534
idmap=uids=@1000-5-1#3-100009-1;gids=@0-10-200|5:110 9:14
ridmap=uids=@0-0-65536;gids=@0-0-65536|1000:100 3:4
X
    # A range that lies in two of the container's mappings.
    config '.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 5}, {"containerID": 5, "hostID": 200000, "size": 100}]
        | .mounts[-1].options[1] = "idmap=uids=@1-3-10;gids=@0-0-200"'
    is "$(cfs run -b "$B" "$ID" | tail -1)" 5:4
}

@test "idmap= that is wrong: an error at its place, in check as well" {
    new_bundle
    mkdir "$T/vol"
    bind "$T/vol" /v rbind x
    local option why
    while IFS='|' read -r option why; do
        config --arg o "$option" '.mounts[-1].options[1] = $o'
        run cfs run -b "$B" "$ID"
        is "$status" 1 "$option"
        contains "$output" "options[1]"
        contains "$output" "$why"
        run cfs check -b "$B"
        contains "$output" "$why"
    done <<'X'
idmap=uids=1000-0-1|go together
idmap=foo=1|a mapping is uids=
idmap=uids=1000-5;gids=1-2-3|a range is
idmap=uids=a-5-1;gids=1-2-3|a range is
idmap=uids=-1-5-1;gids=1-2-3|a range is
idmap=uids=1-5-0;gids=1-2-3|a range is
idmap=uids=1-5-1-2;gids=1-2-3|a range is
idmap=uids=1-4294967290-100;gids=1-2-3|the last ID
idmap=uids=@1-5-1;gids=1-2-3|user namespace
idmap=uids=0-1000-10#5-3000-10;gids=1-2-3|two ranges have IDs in common
idmap=uids=1-2-3;gids=0-1000-10#50-1009-10|two ranges have IDs in common
X
    config '.mounts[-1].options[1] = "idmap="'
    run cfs run -b "$B" "$ID"
    is "$status" 1
}

# layers [SUFFIX]: $L is a directory with a long name, with layers a and b, up and wk.
layers() {
    L="$T/$(printf 'l%.0s' {1..130})${1:-}"
    mkdir -p "$L/a" "$L/b" "$L/up" "$L/wk"
    touch "$L/a/from-a" "$L/b/from-b"
}

overlay() {
    local d="$1"
    shift
    config --arg d "$d" '.mounts |= [.[0]] + [{source: "overlay", destination: $d, type: "overlay", options: $o}] + .[1:]' --argjson o "$(jq -cn '$ARGS.positional' --args -- "$@")"
}

# runc gives all options to mount(2), up to a page; fsconfig(2) takes 255 bytes for each.
@test "an overlay with options of more than 255 bytes: on a directory, and on / with all that follows" {
    layers
    new_bundle '.root.readonly = false'
    overlay /tmp/o "lowerdir=$L/a:$L/b" "upperdir=$L/up" "workdir=$L/wk" nosuid
    args sh -c 'ls /tmp/o; echo data > /tmp/o/written'
    is "$(cfs run -b "$B" "$ID" | tr '\n' ' ')" "from-a from-b "
    is "$(cat "$L/up/written")" data
    cp -a "$B/rootfs/." "$L/a/"
    config '.mounts[1].destination = "/" | .mounts |= [.[1]] + [.[0]] + .[2:]'
    args /bin/inspector
    inspect
    is "$(mnt / '[.type, (.opts | index("nosuid") != null)]')" '["overlay",true]'
    is "$(got .dev.null.rdev)" 1:3
    args sh -c 'ls -d /from-b; echo x > /in-root'
    is "$(cfs run -b "$B" "$ID")" /from-b
    [ -e "$L/up/in-root" ]
    [ ! -e "$B/rootfs/in-root" ]
    config '.root.readonly = true | .linux.rootfsPropagation = "shared"'
    run cfs run -b "$B" "$ID"
    contains "$output" "ead-only file system"
}

@test "an overlay with long options: read-only, mapped, in a user namespace" {
    layers
    new_bundle
    overlay /tmp/o "lowerdir=$L/a:$L/b" ro noexec noatime
    inspect
    is "$(mnt /tmp/o '[(["ro", "noexec", "noatime"] - .opts), .super[0]]')" '[[],"ro"]'
    config '.mounts[1].options += ["idmap"] | .mounts[1].uidMappings = [{"containerID": 0, "hostID": 5, "size": 10}] | .mounts[1].gidMappings = .mounts[1].uidMappings'
    args stat -c %u /tmp/o/from-a
    run cfs run -b "$B" "$ID"
    # Whether the kernel maps an overlay depends on its version; what is said must be about that, not about the length.
    [ "$output" = 5 ] || contains "$output" "mapped ids"
    reachable
    chown -R 100000:100000 "$L"
    rm -rf --one-file-system "$B"
    new_bundle "$USERNS"
    chown -R --no-dereference 100000:100000 "$B/rootfs"
    overlay /tmp/o "lowerdir=$L/a:$L/b" "upperdir=$L/up" "workdir=$L/wk" userxattr
    args sh -c 'ls /tmp/o; echo data > /tmp/o/written'
    is "$(cfs run -b "$B" "$ID" | tr '\n' ' ')" "from-a from-b "
    is "$(stat -c %u "$L/up/written")" 100000
}

@test "an overlay with long options: commas and quotes in paths" {
    local name escaped
    for name in 'a,b' 'q"q' "it's" 'x=y z'; do
        rm -rf --one-file-system "$B"
        layers "$name"
        new_bundle
        args ls /tmp/o
        escaped=${L//,/\\,}
        overlay /tmp/o "lowerdir=$escaped/a:$escaped/b" "upperdir=$escaped/up" "workdir=$escaped/wk"
        is "$(cfs run -b "$B" "$ID" 2>&1 | tr '\n' ' ')" "from-a from-b " "$name"
        # And the same with short options, by fsconfig(2).
        ln -s "$T" "/tmp/$ID"
        mkdir -p "$T/s$name/a" "$T/s$name/b"
        touch "$T/s$name/b/short"
        config --arg s "/tmp/$ID/s${name//,/\\,}" '.mounts[1].options = ["lowerdir=\($s)/a:\($s)/b"]'
        run cfs run -b "$B" "$ID"
        rm "/tmp/$ID"
        is "$output" short "$name"
    done
}

@test "options beyond what mount(2) takes, and a source that is too long, are errors that say so" {
    layers
    new_bundle
    overlay /tmp/o "lowerdir=$(for ((i = 0; i < 30; i++)); do printf '%s/a:' "$L"; done)$L/b"
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "mounts[1]"
    contains "$output" "the kernel takes 4095 at most"
    config --arg s "$(printf 's%.0s' {1..300})" '.mounts[1] = {destination: "/tmp/o", type: "tmpfs", source: $s, options: ["size=64k"]}'
    inspect
    is "$(mnt /tmp/o '[(.source | length), (.super | index("size=64k") != null)]')" '[300,true]'
    config '.mounts[1].source = ("s" * 5000)'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "mounts[1]"
}

# A long value takes another way into the kernel; everything that a short one does must happen there as well.
@test "a tmpfs with a long source: mode of what it covers, tmpcopyup, read-only at the end, propagation" {
    new_bundle
    chmod 1751 "$B/rootfs/var/tmp"
    touch "$B/rootfs/var/tmp/kept"
    config --arg s "$(printf 's%.0s' {1..300})" '.mounts += [{destination: "/var/tmp", type: "tmpfs", source: $s, options: ["ro", "tmpcopyup", "shared"]},
        {destination: "/var/tmp/below", type: "tmpfs", source: "short"}]'
    inspect
    is "$(mnt /var/tmp '[.opts[0], .super[0], (.prop | startswith("shared:")), (.super | index("mode=1751") != null)]')" '["ro","rw",true,true]'
    is "$(mnt /var/tmp/below .source)" short
    args ls /var/tmp
    is "$(cfs run -b "$B" "$ID" | tr '\n' ' ')" "below kept "
}

# runc and crun change to the bundle before they mount.
@test "relative layers count from the bundle, wherever the runtime was called" {
    new_bundle
    mkdir -p "$B/layers/a" "$B/layers/b" "$B/up" "$B/wk"
    touch "$B/layers/a/from-a" "$B/layers/b/from-b"
    args sh -c 'ls /tmp/o; echo data > /tmp/o/written'
    overlay /tmp/o "lowerdir=layers/a:./layers/b" upperdir=up "workdir=$B/wk"
    is "$(cd / && cfs run -b "$B" "$ID" | tr '\n' ' ')" "from-a from-b "
    is "$(cat "$B/up/written")" data
    config --arg b "$B" '.mounts[1].options[0] = "lowerdir=\($b)/layers/a:layers/b"'
    is "$(cd "$T" && cfs run -b bundle "$ID" | tr '\n' ' ')" "from-a from-b written "
}

@test "a source in the container's own root that an earlier mount has put there" {
    mkdir -p "$T/vol/sub"
    echo inner > "$T/vol/sub/file"
    chmod -R a+rwX "$T/vol"
    check() {
        bind "$T/vol" /data rbind
        bind "$B/rootfs/data/sub" /again rbind
        bind rootfs/data/sub/file /file bind
        args sh -c 'cat /again/file /file; echo x > /again/written'
        is "$(cfs run -b "$B" "$ID" 2>&1 | tr '\n' ' ')" "inner inner "
        # The host's directory of that name is there, and empty: not that one.
        mkdir -p "$B/rootfs/data/sub"
        is "$(cfs run -b "$B" "$ID" 2>&1 | tr '\n' ' ')" "inner inner "
        rm -r "$B/rootfs/data/sub"
        cfs check --host -b "$B"
        config '.mounts[-2].source += "/nothing"'
        run cfs run -b "$B" "$ID"
        is "$status" 1
        contains "$output" "nothing"
    }
    in_both check
}

@test "a source in the container's own root: links are the container's" {
    check() {
        ln -sfn /etc "$B/rootfs/link"
        echo container > "$B/rootfs/etc/mine"
        bind "$B/rootfs/link" /v bind
        args cat /v/mine
        is "$(cfs run -b "$B" "$ID" 2>&1)" container
    }
    in_both check
}

@test "a source in the container's own root, when the bundle is given by a link" {
    mkdir -p "$T/vol/sub"
    echo inner > "$T/vol/sub/file"
    chmod -R a+rwX "$T/vol"
    check() {
        bind "$T/vol" /data rbind
        bind "$B/rootfs/data/sub" /again rbind
        mkdir -p "$B/rootfs/data/sub"
        ln -sfn "$B" "$T/link"
        args cat /again/file
        is "$(cfs run -b "$T/link" "$ID" 2>&1)" inner
    }
    in_both check
}

@test "a later remount has the last word on what is read-only" {
    check() {
        mkdir -p "$T/vol"
        bind "$T/vol" /v rbind ro
        config '.mounts += [{destination: "/t", type: "tmpfs", source: "x", options: ["ro"]}, {destination: "/v", options: ["remount", "bind", "rw"]},
            {destination: "/t", type: "tmpfs", options: ["remount", "rw"]}]'
        inspect
        is "$(mnt /v .opts[0]) $(mnt /t .opts[0])" "rw rw"
        config '.mounts[-1].options[-1] = "ro" | .mounts[-2].options[-1] = "ro"'
        inspect
        is "$(mnt /v .opts[0]) $(mnt /t .opts[0])" "ro ro"
    }
    in_both check
}

# As crun, which makes everything read-only when all is mounted.
@test "a mount point in a volume that is read-only: made before" {
    check() {
        rm -rf "$T/vol"
        mkdir -p "$T/vol/deep"
        chmod -R 777 "$T/vol"
        bind "$T/vol" /v "$1" "$2" nosuid
        config '.mounts += [{destination: "/v/new/tmp", type: "tmpfs", source: "x"}]'
        bind "$T/file" /v/newfile bind
        inspect
        is "$(mnt /v '[.opts[0], (.opts | index("nosuid") != null)]')" '["ro",true]'
        is "$(mnt /v/new/tmp .opts[0])" rw
        contains "$(mnt /v/newfile .root)" /file
        args sh -c 'echo x > /v/y; echo x > /v/deep/y; echo x > /v/new/tmp/y && echo tmp is writable'
        run cfs run -b "$B" "$ID"
        contains "$output" "can't create /v/y: Read-only file system"
        contains "$output" "can't create /v/deep/y: Read-only file system"
        contains "$output" "tmp is writable"
    }
    echo content > "$T/file"
    in_both check bind ro
    in_both check rbind ro
    in_both check rbind rro
}

@test "a file that is read-only, and rro over mounts of the volume's own" {
    echo content > "$T/file"
    private_mounts
    mkdir "$T/vol"
    outside mount -t tmpfs x "$T/vol"
    outside mkdir "$T/vol/sub"
    outside mount -t tmpfs x "$T/vol/sub"
    check() {
        bind "$T/file" /file bind ro
        bind "$T/vol" /v rbind rro
        config '.mounts += [{destination: "/v/late", type: "tmpfs", source: "x"}]'
        inspect
        is "$(mnt /file .opts[0]) $(mnt /v .opts[0]) $(mnt /v/sub .opts[0]) $(mnt /v/late .opts[0])" "ro ro ro rw"
    }
    in_both check
}
