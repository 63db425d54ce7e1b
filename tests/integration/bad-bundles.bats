# SPDX-License-Identifier: LGPL-2.1-or-later
# Bad input: one clear message, exit status 1, and the host as it was (runtime.md, "Errors").
load helpers/common

# fails_with PHRASE [ID]: create fails, says PHRASE, leaves nothing.
fails_with() {
    local before after
    before=$(host_snapshot)
    run cfs create -b "$B" "${2-$ID}" < /dev/null
    is "$status" 1 "$output"
    contains "$output" "$1"
    # The line of a document that is not JSON, with a caret below it, is shown beside.
    is "$(printf '%s\n' "$output" | grep -vcE '^(hint: |  )')" 1 "one line"
    after=$(host_snapshot)
    is "$after" "$before" "the host"
}

# spec: runtime.errors.1
@test "bundle: missing" { B="$T/none"; fails_with "no such file or directory"; }

@test "bundle: not a directory" { : > "$B"; fails_with "not a directory"; }

# spec: bundle.format.1
@test "bundle: without config.json" { mkdir "$B"; fails_with "config.json"; }

@test "config.json: broken JSON names line and column" {
    new_bundle
    printf '{\n  "ociVersion": "1.0.0",\n  oops\n}\n' > "$B/config.json"
    fails_with "config.json:3:"
}

# What yajl, and with it crun, says of it is "invalid object key"; runc names neither line nor column.
@test "config.json: a comma too many is named, shown and pointed at" {
    new_bundle
    printf '{\n  "ociVersion": "1.0.0",\n  "root": { "path": "r", },\n}\n' > "$B/config.json"
    run cfs create -b "$B" "$ID"
    is "$output" "$(printf 'cfs: config.json:3:24: invalid JSON: a comma after the last property\n  "root": { "path": "r", },\n                       ^')"
    run cfs check "$B"
    is "$output" "$(printf 'config.json:3:24: invalid JSON: a comma after the last property\n  "root": { "path": "r", },\n                       ^')"
}

# spec: config.values.1
@test "config.json: a wrong type names file, line, path and both types" {
    new_bundle '.linux.resources.memory.limit = "1G"'
    fails_with 'linux.resources.memory.limit: expected an integer, got the string "1G"'
}

@test "config.json: empty" { new_bundle; : > "$B/config.json"; fails_with "config.json"; }

# spec: config.version.1
@test "config.json: no ociVersion" { new_bundle 'del(.ociVersion)'; fails_with "ociVersion"; }

# spec: config.version.3
@test "config.json: ociVersion of the future" { new_bundle '.ociVersion = "2.0.0"'; fails_with "ociVersion"; }

# spec: config.json.2
@test "config.json: duplicate key" {
    new_bundle
    sed -i '0,/{/s//{ "hostname": "a", "hostname": "b",/' "$B/config.json"
    fails_with "duplicate"
}

# spec: config.json.1
@test "config.json: invalid UTF-8" {
    new_bundle
    sed -i $'s/"hostname": "[^"]*"/"hostname": "\xff"/' "$B/config.json"
    fails_with "UTF-8"
}

# spec: config.root.1
@test "root: missing property" { new_bundle 'del(.root)'; fails_with "root"; }

# spec: config.root.3
@test "root: missing directory" { new_bundle '.root.path = "nowhere"'; fails_with "no such file or directory"; }

# spec: config.root.3
@test "root: a file" { new_bundle '.root.path = "config.json"'; fails_with "not a directory"; }

@test "root: a symbolic link to elsewhere" {
    new_bundle '.root.path = "link"'
    ln -s /usr "$B/link"
    fails_with "symbolic link"
}

# spec: config.values.1
@test "namespaces: unknown type" { new_bundle '.linux.namespaces += [{"type": "moon"}]'; fails_with "moon"; }

# spec: config-linux.namespaces.7
@test "namespaces: duplicate type" {
    new_bundle '.linux.namespaces += [{"type": "pid"}]'
    fails_with "duplicate namespace type"
}

# spec: config-linux.namespaces.3
@test "namespaces: relative path" {
    new_bundle '.linux.namespaces |= map(if .type == "network" then .path = "proc/1/ns/net" else . end)'
    fails_with "linux.namespaces[1].path: expected an absolute path"
}

# spec: config-linux.namespaces.5
@test "namespaces: a path of another type" {
    root_only
    new_bundle '.linux.namespaces |= map(if .type == "network" then .path = "/proc/self/ns/uts" else . end)'
    fails_with "is not a network namespace"
}

@test "namespaces: a path that does not exist" {
    root_only
    new_bundle '.linux.namespaces |= map(if .type == "network" then .path = "/run/no-such-netns" else . end)'
    fails_with "no such file or directory"
}

# spec: config.process.5
@test "process: relative cwd" { new_bundle '.process.cwd = "tmp"'; fails_with "process.cwd: expected an absolute path"; }

@test "root: a symbolic link, with and without a slash" {
    root_only
    new_bundle
    ln -s rootfs "$B/link"
    local path
    for path in link link/ link// link/. link/./; do
        config --arg p "$path" '.root.path = $p'
        fails_with "is a symbolic link"
    done
    for path in rootfs/ rootfs/. ./rootfs; do
        config --arg p "$path" '.root.path = $p'
        inspect
    done
}
@test "process: cwd that is a file" { root_only; new_bundle '.process.cwd = "/etc/passwd"'; fails_with "not a directory"; }

# spec: config.process.7
@test "process: no args" { new_bundle '.process.args = []'; fails_with "args"; }

@test "process: a program that does not exist" {
    root_only
    new_bundle '.process.args = ["/bin/nothing"]'
    fails_with "exec /bin/nothing: no such file or directory"
}

@test "process: a script without its interpreter, and a file that is not a program" {
    root_only
    new_bundle '.process.args = ["/bin/script"]'
    printf '#!/bin/sh\r\n' > "$B/rootfs/bin/script"
    chmod +x "$B/rootfs/bin/script"
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "exec /bin/script: no such file or directory"
    contains "$output" "the interpreter that its first line names"
    printf 'echo\n' > "$B/rootfs/bin/script"
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "exec /bin/script: exec format error"
    contains "$output" "not a script that begins with #!"
}

# As runc and crun, for the restart policies of engines: tests/engines has podman and docker with one.
@test "process: what the kernel refuses at the execve is not an error of start: the container ends with 1, and says why" {
    root_only
    new_bundle '.process.args = ["/bin/script"]'
    printf '#!/bin/nowhere\n' > "$B/rootfs/bin/script"
    chmod +x "$B/rootfs/bin/script"
    cfs create -b "$B" "$ID" < /dev/null > "$T/its" 2>&1
    run cfs start "$ID"
    is "$status" 0 "$output"
    contains "$output" "warning: process.args[0]: exec /bin/script: no such file or directory"
    contains "$output" "the interpreter that its first line names"
    wait_for status_is "$ID" stopped
    is "$(cat "$T/its")" "exec /bin/script: no such file or directory"
    cfs delete "$ID"
    # exec fails, as with the others.
    args inspector sleep
    up
    run cfs exec "$ID" /bin/script
    [ "$status" -ne 0 ]
}

# runc's words, and execvp(3)'s error, for a name that is empty.
@test "process: an empty name" {
    new_bundle '.process.args = ["", "x"]'
    fails_with 'process.args[0]: exec: "": executable file not found in $PATH'
}

# execve(2), ENOTDIR; runc and crun say "not a directory", too.
@test "process: a program with a slash behind it" {
    root_only
    new_bundle '.process.args = ["/bin/inspector/"]'
    fails_with 'process.args[0]: exec /bin/inspector/: not a directory (`/bin/inspector` is not a directory)'
    run cfs check --host -b "$B"
    is "$status" 2
    contains "$output" 'process.args[0]: `/bin/inspector/` is not a directory'
}

# execve(2): 32 pages for each string, and for all together a quarter of RLIMIT_STACK, at most 6 MiB. runc and crun say so at start,
# and not which of them it is.
@test "process: arguments and variables that are too long are named at create" {
    local max=$((32 * $(getconf PAGESIZE))) long
    long=$(head -c "$max" /dev/zero | tr '\0' x)
    new_bundle
    jq '.process.args = ["/bin/true", $long[:-1]] | .process.env += ["A=" + $long[:-3]]' --rawfile long <(printf %s "$long") "$B/config.json" > "$T/good.json"
    jq '.process.args[2] = .process.args[1] + "x"' "$T/good.json" > "$B/config.json"
    fails_with "process.args[2]: argument list too long: $max bytes"
    jq '.process.env[-1] += "x"' "$T/good.json" > "$B/config.json"
    fails_with "argument list too long: \`A\` has $max bytes"
    run cfs check --host -b "$B"
    is "$status" 2
    contains "$output" "process.env["
    cp "$T/good.json" "$B/config.json"
    [ "$(id -u)" = 0 ] || return 0
    cfs run -b "$B" "$ID"
    jq '.process.args += [range(100) | $long[:-1]]' --rawfile long <(printf %s "$long") "$B/config.json" > "$T/many.json"
    cp "$T/many.json" "$B/config.json"
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "exec /bin/true: argument list too long"
    contains "$output" "hint: process.args and process.env together"
}

# spec: config.process.8
@test "process: a program that is not in PATH" {
    root_only
    new_bundle '.process.args = ["nothing"]'
    fails_with 'executable file not found in $PATH'
}

@test "process: a program that is not executable" {
    root_only
    new_bundle '.process.args = ["/etc/passwd"]'
    fails_with "permission denied"
}

@test "process: a program on a mount with noexec" {
    root_only
    new_bundle '.process.args = ["/tmp/x/inspector"]'
    mkdir "$B/volume" "$B/rootfs/tmp/x"
    cp "$INSPECTOR" "$B/volume/inspector"
    config '.mounts += [{"destination": "/tmp/x", "source": "volume", "options": ["bind", "noexec", "ro"]}]'
    fails_with "on a mount with noexec"
}

@test "process: more groups than the kernel takes" {
    new_bundle '.process.user.additionalGids = [range(70000)]'
    fails_with "process.user.additionalGids: has 70000 entries"
}

@test "process: a directory as program" {
    root_only
    new_bundle '.process.args = ["/bin"]'
    fails_with "is a directory"
}

# spec: config.rlimits.4
@test "process: duplicate rlimit" {
    new_bundle '.process.rlimits = [{"type":"RLIMIT_CORE","soft":0,"hard":0},{"type":"RLIMIT_CORE","soft":0,"hard":0}]'
    fails_with "process.rlimits[1]"
}

# spec: config.rlimits.1
@test "process: unknown rlimit" {
    new_bundle '.process.rlimits = [{"type":"RLIMIT_MOON","soft":0,"hard":0}]'
    fails_with "RLIMIT_MOON"
}

# spec: config.mounts.5 runtime.create.8
@test "mounts: a source that does not exist" {
    root_only
    new_bundle '.mounts += [{"destination": "/tmp/x", "type": "bind", "source": "/no/such/file", "options": ["bind"]}]'
    fails_with "/no/such/file"
}

# spec: config.mounts.5
@test "mounts: an unknown file system" {
    root_only
    new_bundle '.mounts += [{"destination": "/tmp", "type": "moonfs", "source": "x"}]'
    fails_with "moonfs"
}

# spec: config.hooks.1
@test "hooks: a relative path" {
    new_bundle '.hooks = {"createRuntime": [{"path": "bin/true"}]}'
    fails_with "hooks"
}

# spec: config-linux.sysctl.2
@test "sysctl: not of a namespace" {
    new_bundle '.linux.sysctl = {"kernel.core_pattern": "|/x"}'
    fails_with "kernel.core_pattern"
}

# spec: runtime.create.3
@test "ID: with a slash, dots, empty, too long" {
    new_bundle
    fails_with "invalid container ID format" "a/b"
    fails_with "invalid container ID format" ".."
    fails_with "invalid container ID format" "."
    fails_with "invalid container ID format" ""
    fails_with "invalid container ID format" "$(printf 'a%.0s' {1..1025})"
    fails_with "invalid container ID format" "a b"
}

@test "terminal without a console socket" {
    root_only
    new_bundle '.process.terminal = true'
    # The words are runc's: engines look for them.
    fails_with "cannot allocate tty if cfs will detach without setting console socket"
    contains "$output" "hint: name the socket that gets the terminal (--console-socket)"
}

# spec: runtime.errors.1 runtime.create.7 runtime.lifecycle.2
@test "a failure late in the init is undone: cgroup, state, mounts, processes" {
    root_only
    new_bundle '.process.args = ["/bin/nothing"] | .linux.resources = {"pids": {"limit": 10}}'
    fails_with "no such file or directory"
}
