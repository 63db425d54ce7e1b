# SPDX-License-Identifier: LGPL-2.1-or-later
# mounts[] (config.md, "Mounts" and "Linux mount options"), as mountinfo inside shows them.
load helpers/common

setup() {
    setup_common
    root_only
}

add_mount() { config --argjson m "$1" '.mounts += [$m]'; }

# volume NAME: a directory of the host's, $V.
volume() {
    V="$T/$1"
    mkdir -p "$V"
}

# Each line of stdin: options (JSON) | words that mountinfo must show | words that it must not. Mounts them all at
# /tmp/m/LINE with the given type and source, runs once, and says which line is wrong. WHERE: a path below each mount point.
check_table() {
    local type="$1" source="$2" where="$3" table="$T/table.json" wrong
    jq -Rc 'split("|") | map(gsub("^ +| +$"; "")) | {options: (.[0] | fromjson), has: (.[1] // "" | split(" ")), not: (.[2] // "" | split(" "))}' |
        jq -sc . > "$table"
    config --slurpfile t "$table" --arg type "$type" --arg source "$source" '.mounts += ($t[0] | to_entries | map(
        {destination: "/tmp/m/\(.key)", type: $type, source: $source, options: .value.options}))'
    inspect
    wrong=$(jq -rc --slurpfile t "$table" --arg where "$where" '
        (.mountinfo | map(split(" ") | {key: .[4], value: ((.[5] | split(",")) + .[6:index("-")] + ["-"] + (.[-1] | split(",") - ["rw", "ro"]))}) | from_entries) as $m |
        $t[0] | to_entries[] | . as $e | $m["/tmp/m/\(.key)\($where)"] as $words |
        (.value.has - ($words // []) | map(select(. != ""))) as $missing |
        (.value.not - (.value.not - ($words // [])) | map(select(. != ""))) as $extra |
        select($words == null or $missing != [] or $extra != []) | "\($e.value.options): missing \($missing), extra \($extra), of \($words)"' "$OUT")
    is "$wrong" ""
}

# spec: config.options.1 config.options.2 config.options.3 config.options.4 config.options.6
# spec: config.options.7 config.options.8 config.options.9 config.options.11 config.options.14
@test "every option of the specification's table, on a new file system" {
    new_bundle
    check_table tmpfs tmpfs "" <<'X'
["defaults"]                       | rw relatime                | nosuid nodev noexec
["ro"]                             | ro                         | rw
["ro", "rw"]                       | rw                         | ro
["nosuid"]                         | nosuid                     | nodev
["nosuid", "suid"]                 |                            | nosuid
["nodev"]                          | nodev                      | nosuid
["nodev", "dev"]                   |                            | nodev
["noexec"]                         | noexec                     |
["noexec", "exec"]                 |                            | noexec
["noatime"]                        | noatime                    | relatime
["noatime", "atime"]               | relatime                   | noatime
["nodiratime"]                     | nodiratime                 |
["nodiratime", "diratime"]         |                            | nodiratime
["relatime"]                       | relatime                   |
["norelatime"]                     | relatime                   |
["strictatime"]                    | rw                         | relatime noatime
["strictatime", "nostrictatime"]   | relatime                   |
["nosymfollow"]                    | nosymfollow                |
["nosymfollow", "symfollow"]       |                            | nosymfollow
["sync"]                           | sync                       |
["sync", "async"]                  |                            | sync
["dirsync"]                        | dirsync                    |
["lazytime"]                       | lazytime                   |
["lazytime", "nolazytime"]         |                            | lazytime
["mand"]                           | rw                         |
["nomand"]                         | rw                         |
["iversion"]                       | rw                         |
["noiversion"]                     | rw                         |
["silent"]                         | rw                         |
["loud"]                           | rw                         |
["private"]                        |                            | unbindable
["rprivate"]                       |                            | unbindable
["unbindable"]                     | unbindable                 |
["runbindable"]                    | unbindable                 |
["slave"]                          |                            | unbindable
["rslave"]                         |                            | unbindable
["nosuid", "nodev", "noexec", "ro", "noatime", "size=4k", "mode=700"] | nosuid nodev noexec ro noatime size=4k mode=700 | rw
["size=8k,mode=711"]               | size=8k mode=711           |
[]                                 | rw relatime                | nosuid nodev noexec
X
    # The recursive ones count for a new file system, too.
    config '.mounts |= map(select(.destination | startswith("/tmp/m/") | not))'
    check_table tmpfs tmpfs "" <<'X'
["rro"]            | ro          | rw
["rnosuid"]        | nosuid      |
["rnodev"]         | nodev       |
["rnoexec"]        | noexec      |
["rnoatime"]       | noatime     | relatime
["rnodiratime"]    | nodiratime  |
["rnosymfollow"]   | nosymfollow |
["rrelatime"]      | relatime    |
["rstrictatime"]   |             | relatime
X
}

# mount_namespaces(7): what is mounted below a shared mount is shared; so mount(8) makes it private after that, as runc and crun do.
@test "private and slave hold below a shared mount" {
    mkdir "$T/vol"
    new_bundle '.mounts += [{"destination": "/srv", "type": "tmpfs", "source": "x", "options": ["shared"]},
        {"destination": "/srv/shared", "type": "tmpfs", "source": "x"},
        {"destination": "/srv/private", "type": "tmpfs", "source": "x", "options": ["private"]},
        {"destination": "/srv/slave", "type": "bind", "source": "'"$T/vol"'", "options": ["rbind", "rslave"]}]'
    inspect
    contains "$(mnt /srv .prop)" shared:
    contains "$(mnt /srv/shared .prop)" shared:
    is "$(mnt /srv/private .prop)" ""
    case $(mnt /srv/slave .prop) in *shared:*) echo "slave is shared: $(mnt /srv/slave .prop)"; return 1 ;; esac
}

# spec: config.options.8 config.options.9
@test "shared and rshared make a peer group" {
    new_bundle '.mounts += [{"destination": "/tmp/a", "type": "tmpfs", "source": "x", "options": ["shared"]},
        {"destination": "/tmp/b", "type": "tmpfs", "source": "x", "options": ["rshared"]},
        {"destination": "/tmp/c", "type": "tmpfs", "source": "x", "options": ["shared", "slave", "shared"]}]'
    inspect
    contains "$(mnt /tmp/a .prop)" shared:
    contains "$(mnt /tmp/b .prop)" shared:
    contains "$(mnt /tmp/c .prop)" shared:
}

# spec: config.options.5
@test "bind: flags of the source stay unless an option speaks of them; the source itself does not change" {
    private_mounts
    volume v
    outside mount -t tmpfs -o nosuid,nodev,noatime x "$V"
    new_bundle
    check_table bind "$V" "" <<'X'
["bind"]                           | rw nosuid nodev noatime        | ro
["bind", "ro"]                     | ro nosuid nodev noatime        | rw noexec
["bind", "suid", "dev"]            | rw                             | nosuid nodev
["bind", "relatime"]               | nosuid relatime                | noatime
["bind", "noexec", "nosymfollow"]  | noexec nosymfollow nosuid      |
["bind", "ro", "rw"]               | rw                             | ro
["rbind", "ro"]                    | ro nosuid                      | rw
["bind", "sync", "lazytime"]       | rw                             | sync lazytime
["bind", "unbindable"]             | unbindable                     |
["bind", "private"]                | nosuid                         | unbindable
X
    contains "$(outside grep " $V " /proc/self/mountinfo)" "rw,nosuid,nodev,noatime"
}

# spec: config.options.12 config.options.13
@test "rbind: the recursive options reach what is mounted below, the others do not" {
    private_mounts
    volume v
    outside mount -t tmpfs x "$V"
    outside mkdir "$V/sub"
    outside mount -t tmpfs x "$V/sub"
    new_bundle
    check_table bind "$V" /sub <<'X'
["rbind"]                          | rw relatime                    | ro
["rbind", "ro"]                    | rw                             | ro
["rbind", "nosuid"]                |                                | nosuid
["rbind", "rro"]                   | ro                             | rw
["rbind", "rnosuid"]               | nosuid                         |
["rbind", "rnodev"]                | nodev                          |
["rbind", "rnoexec"]               | noexec                         |
["rbind", "rnosymfollow"]          | nosymfollow                    |
["rbind", "rnoatime"]              | noatime                        | relatime
["rbind", "rnodiratime"]           | nodiratime                     |
["rbind", "rstrictatime"]          |                                | relatime noatime
["rbind", "rro", "rnosuid", "rnodev", "rnoexec"] | ro nosuid nodev noexec | rw
["rbind", "runbindable"]           | unbindable                     |
["rbind", "unbindable"]            |                                | unbindable
X
}

# spec: config.options.12 config.options.13
@test "rbind: the recursive options that clear" {
    private_mounts
    volume v
    outside mount -t tmpfs x "$V"
    outside mkdir "$V/sub"
    outside mount -t tmpfs -o nosuid,nodev,noexec,noatime,nodiratime x "$V/sub"
    outside mount -o remount,bind,ro,nosuid,nodev,noexec,noatime,nodiratime "$V/sub"
    new_bundle
    check_table bind "$V" /sub <<'X'
["rbind"]                          | ro nosuid nodev noexec noatime nodiratime | rw
["rbind", "rrw"]                   | rw nosuid                      | ro
["rbind", "rsuid"]                 | nodev                          | nosuid
["rbind", "rdev"]                  | nosuid                         | nodev
["rbind", "rexec"]                 |                                | noexec
["rbind", "rdiratime"]             |                                | nodiratime
["rbind", "ratime"]                | relatime                       | noatime
["rbind", "rrelatime"]             | relatime                       | noatime
["rbind", "rnorelatime"]           | relatime                       | noatime
["rbind", "rnostrictatime"]        | relatime                       | noatime
["rbind", "rsymfollow"]            | ro                             | nosymfollow
X
}

# spec: config.options.5 config.mounts.4
@test "bind takes one mount, rbind all that are below" {
    private_mounts
    volume v
    outside mount -t tmpfs x "$V"
    outside mkdir "$V/sub"
    outside mount -t tmpfs x "$V/sub"
    new_bundle
    add_mount '{"destination": "/tmp/one", "source": "'"$V"'", "options": ["bind"]}'
    add_mount '{"destination": "/tmp/all", "source": "'"$V"'", "options": ["rbind"]}'
    add_mount '{"destination": "/tmp/type", "type": "bind", "source": "'"$V"'"}'
    inspect
    is "$(mnt /tmp/one .type)" tmpfs
    is "$(mnt /tmp/one/sub)" null
    is "$(mnt /tmp/all/sub .type)" tmpfs
    is "$(mnt /tmp/type .type)" tmpfs
}

@test "bind: a file; destinations that are missing are made as what the source is" {
    volume v
    echo hello > "$V/file"
    new_bundle '.process.args = ["/bin/cat", "/srv/deep/er/file", "/srv/dir/file"]'
    add_mount '{"destination": "/srv/deep/er/file", "source": "'"$V/file"'", "options": ["bind", "ro"]}'
    add_mount '{"destination": "/srv/dir", "source": "'"$V"'", "options": ["bind", "ro"]}'
    is "$(cfs run -b "$B" "$ID")" $'hello\nhello'
    [ -f "$B/rootfs/srv/deep/er/file" ] && [ -d "$B/rootfs/srv/dir" ]
    is "$(stat -c %s "$B/rootfs/srv/deep/er/file")" 0
}

@test "bind: a file on a directory is an error that says so" {
    new_bundle
    add_mount '{"destination": "/tmp", "source": "/etc/passwd", "options": ["bind"]}'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "mounts["
    contains "$output" "directory"
}

# spec: config.mounts.2 config.mounts.3
@test "bind: a relative source counts from the bundle, a relative destination from /" {
    new_bundle '.process.args = ["/bin/cat", "/tmp/x/file"]'
    mkdir "$B/data"
    echo here > "$B/data/file"
    add_mount '{"destination": "tmp/x", "source": "data", "options": ["bind"]}'
    is "$(cd / && cfs run -b "$B" "$ID")" here
}

# spec: config.mounts.1
@test "in the order of the list: the later mount covers the earlier one" {
    new_bundle
    add_mount '{"destination": "/tmp/a", "type": "tmpfs", "source": "first"}'
    add_mount '{"destination": "/tmp/a/b", "type": "tmpfs", "source": "below"}'
    add_mount '{"destination": "/tmp/c/d", "type": "tmpfs", "source": "hidden"}'
    add_mount '{"destination": "/tmp/c", "type": "tmpfs", "source": "cover"}'
    args /bin/sh -c 'grep -c " /tmp/a" /proc/self/mountinfo; test -d /tmp/a/b && ! test -e /tmp/c/d && echo covered'
    is "$(cfs run -b "$B" "$ID")" $'2\ncovered'
}

# spec: config.options.10
@test "remount changes the flags of what is mounted" {
    new_bundle
    add_mount '{"destination": "/tmp", "type": "tmpfs", "source": "x", "options": ["nosuid"]}'
    add_mount '{"destination": "/tmp", "type": "tmpfs", "source": "x", "options": ["remount", "ro", "nosuid", "noexec"]}'
    add_mount '{"destination": "/sys", "options": ["remount", "bind", "ro", "nosuid", "nodev", "noexec"]}'
    inspect
    is "$(mnt /tmp '.opts | map(select(. == "ro" or . == "noexec" or . == "nosuid")) | sort')" '["noexec","nosuid","ro"]'
    is "$(got '.mountinfo | map(select(contains(" /tmp "))) | length')" 1
}

# spec: config.root.4
@test "root.readonly: the root is read-only, what is mounted on it is not" {
    new_bundle '.process.args = ["/bin/sh", "-c", "touch /x; touch /tmp/y && echo ok"]'
    add_mount '{"destination": "/tmp", "type": "tmpfs", "source": "x"}'
    run cfs run -b "$B" "$ID"
    contains "$output" "Read-only file system"
    contains "$output" ok
    config '.root.readonly = false'
    args /bin/touch /x
    cfs run -b "$B" "$ID"
    [ -e "$B/rootfs/x" ]
}

@test "a new tmpfs takes over the mode of the directory below, unless an option says otherwise" {
    new_bundle
    mkdir "$B/rootfs/srv"
    chmod 1750 "$B/rootfs/srv"
    add_mount '{"destination": "/srv", "type": "tmpfs", "source": "x"}'
    add_mount '{"destination": "/tmp/other", "type": "tmpfs", "source": "x", "options": ["mode=711"]}'
    args /bin/stat -c %a /srv /tmp/other
    is "$(cfs run -b "$B" "$ID")" $'1750\n711'
}

# spec: config.options.15
@test "tmpcopyup: what was there is there, with owner and mode, and the original does not change" {
    new_bundle
    mkdir -p "$B/rootfs/srv/d/e"
    echo one | tee "$B/rootfs/srv/mine" > "$B/rootfs/srv/d/e/file"
    ln -s ../x "$B/rootfs/srv/link"
    mkfifo "$B/rootfs/srv/fifo"
    chown 1000:1001 "$B/rootfs/srv/d/e/file"
    chmod 4755 "$B/rootfs/srv/d/e/file"
    chmod 711 "$B/rootfs/srv/d"
    add_mount '{"destination": "/srv", "type": "tmpfs", "source": "x", "options": ["tmpcopyup"]}'
    args /bin/sh -c 'cat /srv/d/e/file; stat -c "%u:%g %a" /srv/d/e/file; stat -c "%a %F" /srv/d /srv/fifo; readlink /srv/link; echo two > /srv/mine; touch /srv/new'
    run cfs run -b "$B" "$ID"
    is "$status" 0 "$output"
    is "$output" $'one\n1000:1001 4755\n711 directory\n644 fifo\n../x'
    is "$(cat "$B/rootfs/srv/mine")" one
    [ ! -e "$B/rootfs/srv/new" ]
}

@test "tmpcopyup together with ro" {
    new_bundle
    mkdir "$B/rootfs/srv"
    echo one > "$B/rootfs/srv/file"
    add_mount '{"destination": "/srv", "type": "tmpfs", "source": "x", "options": ["tmpcopyup", "ro"]}'
    args /bin/sh -c 'cat /srv/file; touch /srv/x'
    run cfs run -b "$B" "$ID"
    contains "$output" one
    contains "$output" "Read-only"
}

# spec: config.mounts.6
@test "file system options: passed on; a wrong one is an error that names it" {
    new_bundle
    add_mount '{"destination": "/tmp", "type": "tmpfs", "source": "x", "options": ["size=1m", "nr_inodes=77", "mode=1770", "uid=5", "gid=6"]}'
    inspect
    is "$(mnt /tmp '.super | sort')" '["gid=6","mode=1770","nr_inodes=77","rw","size=1024k","uid=5"]'
    config '.mounts[-1].options = ["size=1m", "moon=full"]'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "moon"
    contains "$output" "mounts["
}

@test "file system options of a bind mount are refused" {
    new_bundle
    add_mount '{"destination": "/tmp", "source": "/etc", "options": ["bind", "size=1m"]}'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "bind mounts cannot have any filesystem-specific options"
    contains "$output" "mounts[7].options[1]"
}

@test "overlay" {
    new_bundle '.process.args = ["/bin/sh", "-c", "cat /tmp/o/a /tmp/o/b; echo new > /tmp/o/c"]'
    mkdir -p "$T"/{l1,l2,up,work}
    echo A > "$T/l1/a"
    echo B > "$T/l2/b"
    add_mount '{"destination": "/tmp/o", "type": "overlay", "source": "overlay", "options": ["lowerdir='"$T/l1:$T/l2"'", "upperdir='"$T/up"'", "workdir='"$T/work"'"]}'
    run cfs run -b "$B" "$ID"
    is "$output" $'A\nB'
    is "$(cat "$T/up/c")" new
}

@test "proc with options" {
    new_bundle '.mounts |= map(if .destination == "/proc" then .options = ["hidepid=2", "nosuid", "nodev", "noexec"] else . end)'
    inspect
    contains "$(mnt /proc .super)" hidepid=
    contains "$(mnt /proc .opts)" noexec
}

@test "a destination through symbolic links stays inside the root" {
    new_bundle '.process.args = ["/bin/sh", "-c", "cat /etc/inside/file"]'
    volume v
    echo hello > "$V/file"
    mkdir "$T/canary"
    ln -s /etc/inside "$B/rootfs/tmp/abs"
    ln -s ../../../../../../../../../../etc "$B/rootfs/tmp/rel"
    add_mount '{"destination": "/tmp/abs", "source": "'"$V"'", "options": ["bind"]}'
    is "$(cfs run -b "$B" "$ID")" hello
    config '.mounts[-1].destination = "/tmp/rel/inside"'
    is "$(cfs run -b "$B" "$ID")" hello
    config '.mounts[-1].destination = "/../../etc/inside"'
    is "$(cfs run -b "$B" "$ID")" hello
    [ ! -e /etc/inside ]
}

@test "copy-symlink, src-nofollow, dest-nofollow" {
    new_bundle '.process.args = ["/bin/sh", "-c", "readlink /tmp/copied; cat /tmp/target; readlink /tmp/link2"]'
    volume v
    ln -s somewhere/else "$V/link"
    echo content > "$V/file"
    ln -s nowhere "$B/rootfs/tmp/link2"
    add_mount '{"destination": "/tmp/copied", "source": "'"$V/link"'", "options": ["bind", "copy-symlink"]}'
    add_mount '{"destination": "/tmp/target", "source": "'"$V/file"'", "options": ["bind", "src-nofollow"]}'
    run cfs run -b "$B" "$ID"
    is "$status" 0 "$output"
    is "$output" $'somewhere/else\ncontent\nnowhere'
}

@test "propagation of volumes: shared both ways, slave inwards, private not at all" {
    private_mounts
    volume v
    outside mount -t tmpfs x "$V"
    outside mount --make-shared "$V"
    outside mkdir "$V/host" "$V/cont"
    new_bundle '.process.args = ["/bin/inspector", "sleep"] | .root.readonly = false'
    # VALUE of rootfsPropagation, option of the mount, is the host's mount seen inside, is the container's seen outside
    local root option inwards outwards seen n=0
    while read -r root option inwards outwards; do
        n=$((n + 1))
        config --arg v "$V" --arg o "$option" --arg r "$root" '.mounts |= map(select(.destination != "/tmp/v")) |
            .mounts += [{destination: "/tmp/v", source: $v, options: ["rbind", $o]}] | if $r == "-" then del(.linux.rootfsPropagation) else .linux.rootfsPropagation = $r end'
        ID="$ID$n" up
        outside mount -t tmpfs x "$V/host"
        nsenter -t "$PID" -m /bin/mount -t tmpfs x /tmp/v/cont
        seen=no
        grep -q " /tmp/v/host " "/proc/$PID/mountinfo" && seen=yes
        is "$seen" "$inwards" "inwards: $root $option"
        seen=no
        outside grep -q " $V/cont " /proc/self/mountinfo && seen=yes
        is "$seen" "$outwards" "outwards: $root $option"
        ID="$ID$n" cfs delete --force "$ID$n"
        outside umount "$V/host"
        ! outside grep -q " $V/cont " /proc/self/mountinfo || outside umount "$V/cont"
    done <<'X'
shared rshared yes yes
rshared shared yes yes
- rslave yes no
rslave rslave yes no
- rprivate no no
shared rprivate no no
- private no no
X
}

# spec: config-linux.propagation.1
@test "linux.rootfsPropagation, on the root inside" {
    private_mounts
    outside mount --make-rshared /
    new_bundle
    local value
    for value in shared slave private unbindable rshared rslave rprivate runbindable; do
        config '.linux.rootfsPropagation = "'$value'"'
        inspect
        case $value in
            *shared) contains "$(mnt / .prop)" shared: ;;
            *unbindable) is "$(mnt / .prop)" unbindable ;;
            *private) is "$(mnt / .prop)" "" "$value" ;;
            *slave) case $(mnt / .prop) in *shared:*) is slave "$(mnt / .prop)" ;; esac ;;
        esac
    done
    config '.linux.rootfsPropagation = "moon"'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" rootfsPropagation
}

@test "nothing that is mounted inside appears on a host whose mounts are all shared" {
    private_mounts
    outside mount --make-rshared /
    new_bundle '.process.args = ["/bin/inspector", "sleep"]'
    local before
    before=$(outside cat /proc/self/mountinfo | wc -l)
    local n=0 value
    for value in null '"shared"' '"rslave"'; do
        n=$((n + 1))
        config '.linux.rootfsPropagation = '$value' | if .linux.rootfsPropagation == null then del(.linux.rootfsPropagation) else . end'
        ID="$ID$n" up
        is "$(outside cat /proc/self/mountinfo | wc -l)" "$before" "$value"
        cfs delete --force "$ID$n"
    done
    is "$(outside cat /proc/self/mountinfo | wc -l)" "$before"
}

# user_namespaces(7): the ranges of a map must not overlap, and 4294967294 is the last ID; the kernel says EINVAL of the whole.
@test "idmap: mappings of a mount that are wrong are named, by check as well" {
    new_bundle
    mkdir "$T/v"
    add_mount '{"destination": "/tmp/v", "source": "'"$T/v"'", "options": ["bind"], "gidMappings": [{"containerID": 0, "hostID": 0, "size": 1}]}'
    local lines where why
    while IFS='!' read -r lines where why; do
        config ".mounts[-1].uidMappings = $lines"
        run cfs run -b "$B" "$ID"
        is "$status" 1 "$lines"
        contains "$output" "].uidMappings$where: $why"
        run cfs check "$B"
        is "$status" 1 "$lines"
        contains "$output" "].uidMappings$where: $why"
    done <<'X'
[{"containerID": 0, "hostID": 1000, "size": 10}, {"containerID": 9, "hostID": 3000, "size": 1}]![1].containerID!maps IDs that
[{"containerID": 0, "hostID": 1000, "size": 10}, {"containerID": 10, "hostID": 1009, "size": 1}]![1].hostID!uses IDs that
[{"containerID": 0, "hostID": 4294967290, "size": 10}]![0].size!leads beyond 4294967294
[range(341) | {"containerID": ., "hostID": ., "size": 1}]!!has 341 entries, the kernel takes 340
X
}

# spec: config.options.16 config.options.18 config.options.21
@test "idmap: mappings of the mount's own" {
    volume v
    touch "$V/a" "$V/b"
    chown 0:0 "$V/a"
    chown 7:8 "$V/b"
    new_bundle
    args /bin/stat -c %u:%g /tmp/v/a /tmp/v/b
    add_mount '{"destination": "/tmp/v", "source": "'"$V"'", "options": ["bind", "idmap"],
        "uidMappings": [{"containerID": 0, "hostID": 1000, "size": 10}], "gidMappings": [{"containerID": 0, "hostID": 2000, "size": 10}]}'
    run cfs run -b "$B" "$ID"
    case $output in *"invalid argument"*) skip "needs a file system with idmapped mounts in $T" ;; esac
    is "$output" $'1000:2000\n1007:2008'
    # Without the option the mappings are applied all the same.
    config '.mounts[-1].options = ["bind"]'
    is "$(cfs run -b "$B" "$ID")" $'1000:2000\n1007:2008'
    # What is made inside gets the inverse on the disk.
    config '.mounts[-1].options = ["bind"] | .process.user = {"uid": 1003, "gid": 2004}'
    chmod 777 "$V"
    args /bin/touch /tmp/v/made
    cfs run -b "$B" "$ID"
    is "$(stat -c %u:%g "$V/made")" 3:4
}

# spec: config.options.17 config.options.20
@test "idmap: as the container's user namespace; ridmap reaches below, idmap does not" {
    private_mounts
    volume v
    outside mount -t tmpfs x "$V"
    outside sh -c "touch $V/file; mkdir $V/sub; mount -t tmpfs x $V/sub; touch $V/sub/file"
    new_bundle '.linux.namespaces += [{"type": "user"}]' '.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}] |
        .linux.gidMappings = .linux.uidMappings'
    chown -R 100000:100000 "$B/rootfs"
    chmod 755 "$BATS_RUN_TMPDIR" "$T" "$B"
    args /bin/stat -c %u:%g /tmp/v/file /tmp/v/sub/file
    add_mount '{"destination": "/tmp/v", "source": "'"$V"'", "options": ["rbind", "idmap"]}'
    run cfs run -b "$B" "$ID"
    case $output in *"invalid argument"*) skip "needs a tmpfs with idmapped mounts (Linux 6.3)" ;; esac
    is "$output" $'0:0\n65534:65534'
    config '.mounts[-1].options = ["rbind", "ridmap"]'
    is "$(cfs run -b "$B" "$ID")" $'0:0\n0:0'
}

@test "idmap: on a mount that is not a bind" {
    new_bundle
    args /bin/stat -c %u:%g /tmp/v
    add_mount '{"destination": "/tmp/v", "type": "tmpfs", "source": "x", "options": ["idmap"],
        "uidMappings": [{"containerID": 0, "hostID": 1000, "size": 10}], "gidMappings": [{"containerID": 0, "hostID": 2000, "size": 10}]}'
    run cfs run -b "$B" "$ID"
    case $output in *"invalid argument"*) skip "needs a tmpfs with idmapped mounts (Linux 6.3)" ;; esac
    is "$output" 1000:2000
}

# spec: config.options.19 config.posix-mounts.1
@test "idmap: without mappings and without a user namespace, or with one mapping only, is an error" {
    new_bundle
    add_mount '{"destination": "/tmp/v", "source": "/etc", "options": ["bind", "idmap"]}'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "mounts[7].uidMappings"
    config '.mounts[-1].uidMappings = [{"containerID": 0, "hostID": 1000, "size": 10}]'
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "mounts[7].gidMappings"
}

@test "inside /proc nothing can be mounted, but for what describes the machine (CVE-2019-16884, CVE-2019-19921) [mount-in-proc]" {
    new_bundle
    echo fake > "$T/fake"
    local path
    # Written like that, and by links of the image.
    ln -s /proc/self/attr "$B/rootfs/attr"
    ln -s ../proc/sys "$B/rootfs/home/sys"
    for path in /proc/self/attr /proc/sys/kernel/core_pattern /proc/1 /proc/../proc/kcore /attr/exec /attr/current /home/sys/kernel/core_pattern; do
        config --arg s "$T/fake" --arg d "$path" '.mounts |= .[:7] | .mounts += [{destination: $d, source: $s, options: ["bind"]}]'
        run cfs run -b "$B" "$ID"
        is "$status" 1 "$path"
        contains "$output" "inside /proc"
    done
    for path in /proc/uptime /proc/meminfo; do
        config --arg s "$T/fake" --arg d "$path" '.mounts |= .[:7] | .mounts += [{destination: $d, source: $s, options: ["bind"]}]'
        args /bin/cat "$path"
        is "$(cfs run -b "$B" "$ID")" fake
    done
}

# spec: config.mounts.7
@test "config.json without mounts, without linux" {
    new_bundle 'del(.mounts, .linux, .hostname) | .process.args = ["/bin/echo", "hello"]' '.linux.namespaces = [{"type": "mount"}]'
    is "$(cfs run -b "$B" "$ID")" hello
    # No mount namespace either: in one of the test's own.
    private_mounts
    config 'del(.linux)'
    local before
    before=$(outside cat /proc/self/mountinfo | wc -l)
    is "$(cfs run -b "$B" "$ID")" hello
    is "$(outside cat /proc/self/mountinfo | wc -l)" "$before"
}

@test "without a mount namespace: chroot, the mounts are below the root and go with delete" {
    private_mounts
    new_bundle '.linux.namespaces |= map(select(.type != "mount")) | .linux.maskedPaths = [] | .linux.readonlyPaths = [] | .root.readonly = false |
        .process.args = ["/bin/inspector", "sleep"]'
    local before
    before=$(outside cat /proc/self/mountinfo | wc -l)
    up
    cfs exec "$ID" /bin/inspector > "$OUT"
    is "$(readlink "/proc/$PID/root")" "$B/rootfs"
    is "$(got .cwd)" /
    is "$(got .dev.null.rdev)" 1:3
    contains "$(outside cat /proc/self/mountinfo)" " $B/rootfs/proc "
    cfs delete --force "$ID"
    is "$(outside cat /proc/self/mountinfo | wc -l)" "$before"
}

@test "--no-pivot: the host's file systems are gone all the same" {
    new_bundle
    cfs run --no-pivot -b "$B" "$ID" > "$OUT"
    is "$(got .cwd)" /
    is "$(got '.mountinfo | map(select(contains("/sys/fs/bpf") or contains(" /boot ") or contains(" /work "))) | length')" 0
    is "$(mnt /proc .type)" proc
    is "$(got .dev.null.rdev)" 1:3
}

@test "/dev as a bind mount is left as it is" {
    private_mounts
    volume dev
    outside mount -t tmpfs x "$V"
    outside mknod -m 666 "$V/null" c 1 3
    new_bundle '.mounts |= map(select(.destination | startswith("/dev") | not))' '.mounts += [{"destination": "/dev", "source": "'"$V"'", "options": ["bind"]}]'
    inspect
    is "$(got '.dev | keys')" '["null"]'
    is "$(outside ls "$V")" null
}
