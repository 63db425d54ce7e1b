#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# Images of cfs-box: ways in, ways out, and archives that mean harm.
load helpers/box

# A root file system with what archives get wrong: links, holes, long names, attributes, owners, times.
tricky_tree() {
    local d="$1" long
    mkdir -p "$d"/{bin,etc,deep/er,empty}
    cp /bin/busybox "$d/bin/busybox"
    ln -s busybox "$d/bin/sh"
    ln "$d/bin/busybox" "$d/bin/hard"
    ln -s ../../../../etc/passwd "$d/deep/out"
    truncate -s 1M "$d/hole"
    printf end | dd of="$d/hole" bs=1 seek=1000000 conv=notrunc status=none
    long=$(printf 'n%.0s' {1..200})
    mkdir -p "$d/$long"
    echo long > "$d/$long/$long"
    echo 'ä ö' > "$d/ünïcode"
    python3 -c 'import os, sys; os.setxattr(sys.argv[1], "user.colour", b"blue")' "$d/etc"
    chmod 4755 "$d/bin/hard"
    chown 7:8 "$d/deep"
    chmod 1777 "$d/empty"
    mkfifo "$d/fifo"
    touch -h -d '2001-02-03 04:05:06.789' "$d/ünïcode" "$d/deep/out" "$d/deep"
}

xattrs() { python3 -c 'import os, sys; print(*os.listxattr(sys.argv[1]))' "$1"; }

# What can be seen of a tree, a line a file.
listing() {
    (cd "$1" && find . -mindepth 1 -printf '%P %y %m %U:%G %s %n %l %T@\n' | sed 's/\(\.[0-9]\{9\}\)[0-9]*$/\1/' | LC_ALL=C sort)
}

@test "import: a directory, and what is in the container is what was in it" {
    fresh
    tricky_tree "$T/tree"
    id=$(box import "$T/tree" tree:1)
    [[ $id =~ ^sha256:[0-9a-f]{64}$ ]]
    box image export tree:1 "$T/layout"
    layer=$(jq -r '.layers[0].digest' "$T/layout/blobs/sha256/$(jq -r '.manifests[0].digest' "$T/layout/index.json" | cut -d: -f2)")
    mkdir "$T/out"
    tar -C "$T/out" --xattrs -xf "$T/layout/blobs/sha256/${layer#*:}"
    diff <(listing "$T/tree") <(listing "$T/out")
    [ "$(xattrs "$T/out/etc")" = user.colour ]
    # The hole is one still: it takes less than half of its size.
    [ "$(stat -c %b "$STORE"/layers/*/hole)" -lt 1000 ]
}

@test "import: an archive in each compression, from standard input too, is the same image" {
    fresh
    tricky_tree "$T/tree"
    tar -C "$T/tree" --xattrs -cf "$T/a.tar" .
    first=$(box import "$T/a.tar" a)
    for tool in gzip bzip2 xz zstd; do
        command -v $tool > /dev/null || continue
        $tool -c < "$T/a.tar" > "$T/a.tar.$tool"
        [ "$(box import "$T/a.tar.$tool")" = "$first" ]
    done
    [ "$(box import - < "$T/a.tar")" = "$first" ]
    [ "$(box images --format json | jq length)" = 1 ]
    diff <(listing "$T/tree") <(listing "$STORE/layers/1")
    # The digest is that of the archive: sha256sum(1) says so too.
    [ "$(box image inspect a | jq -r '.layers[0]')" = "sha256:$(sha256sum < "$T/a.tar" | cut -d' ' -f1)" ]
}

@test "export and import: the ID stays; skopeo reads it, and its docker archive is the same image" {
    fresh
    id=$(box image make busybox)
    box image export busybox "$T/layout"
    [ "$(box import "$T/layout")" = "$id" ]
    tar -C "$T/layout" -cf "$T/layout.tar" .
    [ "$(box import "$T/layout.tar")" = "$id" ]
    box image export -z busybox "$T/gz"
    [ "$(box import "$T/gz" again)" = "$id" ]
    command -v skopeo > /dev/null || skip "needs skopeo for the rest"
    skopeo inspect "oci:$T/layout" > "$T/inspect.json"
    skopeo copy -q "oci:$T/layout" "docker-archive:$T/docker.tar:from/docker:7"
    fresh2="$T/store2"
    [ "$("$CFS_BOX" --root "$fresh2" import "$T/docker.tar")" = "$id" ]
    "$CFS_BOX" --root "$fresh2" images | grep -q '^.*from/docker *7 '
    "$CFS_BOX" --root "$fresh2" --quiet pull "docker-archive:$T/docker.tar" | grep -qx "$id"
}

# layout DIR LAYER.tar...: an OCI layout of these layers
layout() {
    local d="$1" diffs= layers= h
    shift
    mkdir -p "$d/blobs/sha256"
    for l in "$@"; do
        h=$(sha256sum < "$l" | cut -d' ' -f1)
        cp "$l" "$d/blobs/sha256/$h"
        diffs+=",\"sha256:$h\""
        layers+=",{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\",\"digest\":\"sha256:$h\",\"size\":$(stat -c %s "$l")}"
    done
    blob() {
        h=$(sha256sum < "$T/blob" | cut -d' ' -f1)
        cp "$T/blob" "$d/blobs/sha256/$h"
    }
    echo "{\"architecture\":\"amd64\",\"os\":\"linux\",\"config\":{\"Cmd\":[\"sh\"]},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[${diffs#,}]}}" > "$T/blob"
    blob
    echo "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\"sha256:$h\",\"size\":1},\"layers\":[${layers#,}]}" > "$T/blob"
    blob
    echo "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"sha256:$h\",\"size\":1}]}" > "$d/index.json"
    echo '{"imageLayoutVersion":"1.0.0"}' > "$d/oci-layout"
}

@test "layers: whiteouts and opaque directories, as the image specification has them" {
    fresh
    mkdir -p "$T"/{a,b,c}/d "$T/a/gone" "$T/a/bin" "$T/a/keep" "$T/b/keep"
    cp /bin/busybox "$T/a/bin/sh"
    echo low > "$T/a/d/low"
    echo low > "$T/a/file"
    echo low > "$T/a/keep/low"
    echo low > "$T/a/gone/low"
    touch "$T/b/.wh.file" "$T/b/.wh.gone" "$T/b/d/.wh..wh..opq"
    echo mid > "$T/b/d/mid"
    echo mid > "$T/b/keep/mid"
    echo top > "$T/c/file"
    echo top > "$T/c/d/top"
    for l in a b c; do tar -C "$T/$l" -cf "$T/$l.tar" .; done
    layout "$T/layout" "$T/a.tar" "$T/b.tar" "$T/c.tar"
    box import "$T/layout" layered
    run lone run --rm layered /bin/sh -c 'for f in /d/* /file /keep/* /gone; do [ -e $f ] && echo $f; done; read x < /file; echo $x'
    echo "$output"
    [ "$status" = 0 ]
    [ "$(echo $output)" = "/d/mid /d/top /file /keep/low /keep/mid top" ]
    # Both layers with a directory are there once, however many images have them.
    layout "$T/other" "$T/a.tar" "$T/b.tar"
    box import "$T/other" other
    [ "$(ls "$STORE/layers" | wc -l)" = 3 ]
    box image rm layered
    [ "$(ls "$STORE/layers" | wc -l)" = 2 ]
    box image rm other
    [ "$(ls "$STORE/layers" | wc -l)" = 0 ]
}

# hostile NAME PYTHON: an archive made by python's tarfile, which is refused with a message that names the member
hostile() {
    python3 - "$T/$1.tar" <<END
import io, sys, tarfile
t = tarfile.open(sys.argv[1], 'w')
def add(name, type=tarfile.REGTYPE, data=b'x', **more):
    i = tarfile.TarInfo(name)
    i.type, i.size, i.mode = type, len(data) if type == tarfile.REGTYPE else 0, 0o755
    for k, v in more.items():
        setattr(i, k, v)
    t.addfile(i, io.BytesIO(data))
$2
t.close()
END
}

refused() {
    run box import "$T/$1.tar" "$1"
    echo "$output"
    [ "$status" = 1 ]
    [[ $output == *"$1.tar"* ]]
    [[ $output == *"$2"* ]]
    [ ! -e "$T/evil" ]
    [ "$(ls "$STORE/layers" | wc -l)" = 0 ]
    [ "$(box images -q | wc -l)" = 0 ]
}

@test "hostile archives: names that lead outside, devices in disguise, loops: refused by name, nothing is left" {
    fresh
    hostile dotdot "add('../evil')"
    refused dotdot '../evil'
    hostile inner "add('a/../../evil')"
    refused inner 'a/../../evil'
    hostile hardlink "add('l', tarfile.LNKTYPE, linkname='../../evil')"
    refused hardlink '`l`'
    hostile nowhere "add('l', tarfile.LNKTYPE, linkname='missing')"
    refused nowhere '`l`'
    hostile whiteout "add('w', tarfile.CHRTYPE, devmajor=0, devminor=0)"
    refused whiteout '`w`'
    hostile marks "add('.wh...')"
    refused marks '.wh...'
    hostile throughfile "add('f'); add('f/g')"
    refused throughfile 'f/g'
    hostile loop "add('a', tarfile.SYMTYPE, linkname='b'); add('b', tarfile.SYMTYPE, linkname='a'); add('a/x')"
    refused loop 'a/x'
    head -c 100000 "$T/dotdot.tar" | head -c 700 > "$T/short.tar"
    refused short 'short.tar'
    head -c 10000 /dev/urandom > "$T/noise.tar"
    refused noise 'noise.tar'
    : > "$T/empty.tar"
    refused empty 'empty.tar'
}

@test "hostile archives: links are followed inside only, overlayfs's attributes are dropped" {
    fresh
    mkdir "$T/target"
    hostile links "add('abs', tarfile.SYMTYPE, linkname='$T/target'); add('abs/one'); add('up', tarfile.SYMTYPE, linkname='../../../../..$T/target'); add('up/two'); add('/abs2'); add('re', tarfile.SYMTYPE, linkname='$T/target/file'); add('re')"
    box import "$T/links.tar" links
    [ -z "$(ls "$T/target")" ]
    [ -f "$STORE/layers/1/$T/target/one" ]
    [ -f "$STORE/layers/1/$T/target/two" ]
    [ -f "$STORE/layers/1/abs2" ]
    [ -f "$STORE/layers/1/re" ] && [ ! -L "$STORE/layers/1/re" ]
    hostile xattr "add('d', tarfile.DIRTYPE, pax_headers={'SCHILY.xattr.trusted.overlay.redirect': '/etc', 'SCHILY.xattr.trusted.overlay.opaque': 'y', 'SCHILY.xattr.user.fine': 'yes'})"
    box import "$T/xattr.tar" xattr
    [ "$(xattrs "$STORE/layers/2/d")" = "user.fine" ]
}

@test "layouts: a wrong digest, a missing blob, links out of the layout, and broken JSON say where" {
    fresh
    mkdir "$T/a"
    echo x > "$T/a/x"
    tar -C "$T/a" -cf "$T/a.tar" .
    layout "$T/good" "$T/a.tar"
    h=$(sha256sum < "$T/a.tar" | cut -d' ' -f1)
    cp -a "$T/good" "$T/changed"
    echo y >> "$T/changed/blobs/sha256/$h"
    run box import "$T/changed"
    [ "$status" = 1 ] && [[ $output == *"$h"*digest* ]]
    cp -a "$T/good" "$T/missing"
    rm "$T/missing/blobs/sha256/$h"
    run box import "$T/missing"
    [ "$status" = 1 ] && [[ $output == *"no such file"* ]]
    cp -a "$T/good" "$T/linked"
    ln -sf /etc/passwd "$T/linked/blobs/sha256/$h"
    run box import "$T/linked"
    [ "$status" = 1 ]
    cp -a "$T/good" "$T/traversal"
    sed -i 's/sha256:[0-9a-f]*/sha256:..\/..\/..\/etc\/passwd/' "$T/traversal/index.json"
    run box import "$T/traversal"
    [ "$status" = 1 ] && [[ $output == *"index.json:1:"*"manifests[0].digest"* ]]
    sed -i 's/"manifests"/"manifest"/' "$T/linked/index.json"
    run box import "$T/linked"
    [ "$status" = 1 ] && [[ $output == *index.json:1:*manifests* ]]
    [ "$(ls "$STORE/layers" | wc -l)" = 0 ]
}

@test "names: tags, several for one image, removal by name and by ID, and what is in use" {
    fresh
    id=$(box image make busybox)
    box image tag busybox other/name:2
    run box image tag busybox 'Not a name'
    [ "$status" = 1 ]
    [ "$(box image inspect other/name:2 | jq -r .id)" = "$id" ]
    [ "$(box image inspect "${id:7:12}" | jq -r '.names | length')" = 2 ]
    run box image rm "${id:7:12}"
    [ "$status" = 1 ] && [[ $output == *"2 names"* ]]
    run box image rm busybox
    [ "$output" = "untagged: busybox" ]
    lone run --name user other/name:2 true
    run box image rm other/name:2
    [ "$status" = 1 ] && [[ $output == *"in use by container \`user\`"* ]]
    box rm user
    [ "$(box image rm other/name:2)" = "removed: other/name:2" ]
    run box image inspect busybox
    [ "$status" = 1 ] && [[ $output == *"image make busybox"* ]]
}

# The Dockerfile reference: shell and exec form, ENV and LABEL with quotes, EXPOSE, VOLUME, STOPSIGNAL. docker commit --change takes the same.
@test "commit --change: lines of a Dockerfile" {
    lone run --name c busybox true
    config() { # LINE...
        local args=()
        for l in "$@"; do args+=(-c "$l"); done
        box commit "${args[@]}" c changed > /dev/null && box image inspect changed | jq -c .config
    }
    [ "$(config 'CMD ["echo", "two words"]' 'ENTRYPOINT [ "env" ]' | jq -c '[.Entrypoint, .Cmd]')" = '[["env"],["echo","two words"]]' ]
    [ "$(config 'cmd echo $HOME' | jq -c .Cmd)" = '["/bin/sh","-c","echo $HOME"]' ]
    [ "$(lone run --rm changed)" = /root ]
    [ "$(config 'CMD [broken' | jq -c .Cmd)" = '["/bin/sh","-c","[broken"]' ]
    [ "$(config 'ENV A="x y" B=z\ w C='"'q\"'" 'ENV OLD the rest' 'ENV A=again' | jq -c '.Env | map(select(test("PATH") | not))')" = '["A=again","B=z w","C=q\"","OLD=the rest"]' ]
    [ "$(config 'LABEL a=1 b="2 3"' | jq -c .Labels)" = '{"a":"1","b":"2 3"}' ]
    [ "$(config 'EXPOSE 80 443/udp 80/tcp' 'STOPSIGNAL USR1' | jq -c '[.ExposedPorts, .StopSignal]')" = '[{"80/tcp":{},"443/udp":{}},"USR1"]' ]
    for bad in 'ENV A' 'EXPOSE http' 'STOPSIGNAL NONE' 'RUN true' 'ENV A=1 B'; do
        run config "$bad"
        [ "$status" != 0 ] && [[ $output == *"cfs-box: --"*"${bad#* }"* ]] || { echo "$bad: $output"; return 1; }
    done
    box rm c > /dev/null
    box image rm changed > /dev/null
}
