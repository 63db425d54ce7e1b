# SPDX-License-Identifier: LGPL-2.1-or-later
# What comes from having the construction as a table: check, explain, features, --trace, located errors.
load helpers/common

@test "features fits its schema" {
    python3 -c 'import jsonschema' 2> /dev/null || PY=/usr/bin/python3
    "${PY:-python3}" -c 'import jsonschema' 2> /dev/null || skip "needs python3-jsonschema"
    cfs features > "$OUT"
    "${PY:-python3}" - "$OUT" "$top_srcdir/libocispec/schema/features.json" <<'P'
import glob, json, os, sys, jsonschema
doc, schema = (json.load(open(p)) for p in sys.argv[1:])
store = {}
for p in glob.glob(os.path.join(os.path.dirname(sys.argv[2]), '*.json')):
    s = json.load(open(p))
    store[s.get('$id', os.path.basename(p))] = store[os.path.basename(p)] = s
base = schema.get('$id', 'features.json')
resolver = jsonschema.RefResolver(base, schema, store={**store, **{os.path.join(os.path.dirname(base), k): v for k, v in store.items()}})
jsonschema.Draft202012Validator(schema, resolver=resolver).validate(doc)
P
}

# spec: features.options.1
@test "features is true of mount options: each one is accepted" {
    root_only
    cfs features | jq -r '.mountOptions[]' > "$T/options"
    [ "$(wc -l < "$T/options")" -gt 60 ]
    new_bundle
    config --rawfile o "$T/options" '.mounts += [$o | split("\n")[] | select(. != "" and (test("^(r?bind|remount|r?idmap|copy-symlink|src-nofollow)$") | not)) |
        {destination: "/tmp/x", type: "tmpfs", source: "tmpfs", options: [.]}]'
    run cfs check "$B"
    is "$output" "config.json: ok"
    is "$status" 0
}

# spec: features.hooks.1 features-linux.mount-extensions.1
@test "features lists what the specification says must be known" {
    cfs features > "$OUT"
    is "$(got '.hooks')" '["prestart","createRuntime","createContainer","startContainer","poststart","poststop"]'
    is "$(got '.linux.namespaces | sort')" '["cgroup","ipc","mount","network","pid","time","user","uts"]'
    is "$(got '.linux.seccomp | (.actions | length) >= 9 and (.operators | length) == 7 and (.archs | length) >= 20')" true
    is "$(got '.linux.mountExtensions.idmap.enabled')" true
    is "$(got '.mountOptions | index("rro") != null and index("lazytime") != null and index("rnosymfollow") != null')" true
    is "$(got '.ociVersionMax')" 1.3.0
}

@test "check reports every problem of a document, each with its place" {
    new_bundle '.linux.namespaces += [{"type": "pid"}] | .process.rlimits = [{"type":"RLIMIT_CORE","soft":0,"hard":0},{"type":"RLIMIT_CORE","soft":0,"hard":0}]
        | .linux.sysctl = {"kernel.core_pattern": "x"} | .linux.resources.memory.limit = "1G"'
    run cfs check "$B"
    is "$status" 1
    contains "$output" "linux.namespaces["
    contains "$output" "process.rlimits[1]"
    contains "$output" "kernel.core_pattern"
    contains "$output" "linux.resources.memory.limit: expected an integer"
    is "$(printf '%s\n' "$output" | grep -v hint | grep -Evc '^config\.json:[0-9]+:[0-9]+: ')" 0 "every line has a place"
}

@test "check names the line that is wrong" {
    new_bundle '.process.cwd = "/"'
    local line
    line=$(grep -n '"hostname"' "$B/config.json" | cut -d: -f1)
    sed -i 's/"hostname": "[^"]*"/"hostname": 5/' "$B/config.json"
    run cfs check "$B"
    is "$status" 1
    contains "$output" "config.json:$line:"
}

# What the decoder refused is missing for the rows; each used to end in a crash or in a second message.
@test "check goes on after a value that is wrong, and names it once" {
    local d
    for d in '.linux.resources.hugepageLimits = [{"limit": 1}]' '.linux.resources.hugepageLimits = [{"pageSize": "2 MB", "limit": 1}]' '.process.ioPriority = {"class": "X", "priority": 1}' '.process.scheduler.policy = "X"' \
        '.linux.memoryPolicy.mode = 5' '.ociVersion = "1.0"' '.root = 1' '.mounts[1].destination = 1' '.linux.seccomp = {"defaultAction": "X"}' \
        '.linux.devices = [{"type": 1, "path": 1}]' '.hooks.poststop = [{}]' '.linux.namespaces = [{"type": []}]' '.process.rlimits = [{}]' \
        '.process.args = [1]' '.process.rlimits = [{"type": "RLIMIT_CORE", "soft": 1}]' '.root.path = ""' \
        '.linux.personality = {}' '.process.user = 1' '.process.cwd = 1' '.linux.resources.network.priorities = [{}]' 'del(.root.path)'; do
        rm -rf "$B"
        new_bundle "$d"
        run cfs check --host "$B"
        is "$status" 1 "$d"
        is "$(printf '%s\n' "$output" | grep -v ': note: ' | sed -n 's/^config.json:[0-9]*:[0-9]*: \([^ ]*\):.*/\1/p' | sort | uniq -d)" "" "$d: $output"
        # What is missing only because a value was refused is not said either.
        is "$(printf '%s\n' "$output" | grep -E '^config.json:' | grep -c -e 'names no program' -e 'exceeds the hard limit' -e 'file not found in')" 0 "$d: $output"
        # Nor a part of it, under the name of the whole: nothing is said of a value that is not there.
        is "$(grep -c '``' <<< "$output")" 0 "$d: $output"
    done
}

# environ(7) has no rule for a name that is there twice; runc and crun take the last value, and so does the container.
@test "check --host looks for the program in the PATH that the container gets" {
    root_only
    new_bundle '.process.args = ["inspector"] | .process.env = ["PATH=/nowhere", "PATH=/bin"]'
    cfs check --host "$B"
    inspect
    is "$(got '.env | map(select(startswith("PATH="))) | join(" ")')" "PATH=/bin"
    config '.process.env = ["PATH=/bin", "PATH=/nowhere"]'
    run cfs check --host "$B"
    is "$status" 2
    contains "$output" 'executable file not found in $PATH'
}

@test "check --host tries no memory policy that is invalid: one problem, not the kernel's besides" {
    local policy
    for policy in '{"mode": "MPOL_BIND"}' '{"mode": "MPOL_LOCAL", "nodes": "0"}' \
        '{"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES", "MPOL_F_RELATIVE_NODES"]}'; do
        rm -rf "$B"
        new_bundle ".linux.memoryPolicy = $policy"
        run cfs check --host "$B"
        is "$status" 1 "$policy"
        is "$(grep -c memoryPolicy <<< "$output")" 1 "$output"
        contains "$output" "invalid memory policy"
    done
}

@test "check: in a list it is the entry that is named, and its part" {
    new_bundle '.linux.resources.blockIO.weightDevice = [{"major": 8, "minor": 0, "weight": 100}, {"major": 8, "minor": 1}]'
    run cfs check "$B"
    is "$status" 1
    contains "$output" "linux.resources.blockIO.weightDevice[1]: has neither"
    is "$(wc -l <<< "$output")" 1
}

@test "check of a text that ends too early says that, and not what the rest might have had" {
    new_bundle
    local text
    text=$(jq -c . "$B/config.json")
    for n in 1 30 200 600; do
        printf '%s' "${text:0:n}" > "$B/config.json"
        run cfs check "$B"
        is "$status" 1
        is "$(grep -vc '^  ' <<< "$output")" 1 "$output"
        contains "$output" "invalid JSON"
    done
}

@test "check as JSON" {
    new_bundle '.linux.namespaces += [{"type": "pid"}]'
    run cfs check --format json "$B"
    is "$status" 1
    is "$(printf '%s' "$output" | jq -r 'if type == "array" then .[0] else . end | .property | startswith("linux.namespaces[")')" true
}

@test "check --host tells what this machine cannot do, with status 2" {
    new_bundle '.process.apparmorProfile = "no-such-profile"'
    [ ! -e /sys/module/apparmor ] || skip "needs a kernel without AppArmor"
    run cfs check "$B"
    is "$status" 0
    run cfs check --host "$B"
    is "$status" 2
    contains "$output" "process.apparmorProfile"
}

@test "check notes what it does not know, and exits with 0" {
    new_bundle '.hostnam = "x" | .linux.whatever = 1'
    run cfs check "$B"
    is "$status" 0
    contains "$output" ': hostnam: note: unknown property, ignored'
    contains "$output" 'did you mean `hostname`?'
    contains "$output" ': linux.whatever: note: unknown property, ignored'
    is "$(cfs check --format json "$B" | jq -c 'map([.kind, .property]) | sort')" '[["note","hostnam"],["note","linux.whatever"]]'
}

@test "explain shows the plan in order and touches nothing" {
    new_bundle '.process.cwd = "/tmp"'
    local before
    before=$(host_snapshot)
    run cfs explain -b "$B"
    is "$status" 0
    contains "$output" "new pid namespace"
    contains "$output" "mount tmpfs on /dev"
    contains "$output" "chdir to /tmp"
    is "$(host_snapshot)" "$before"
    local mounts devices
    mounts=$(printf '%s\n' "$output" | grep -n 'mount tmpfs on /dev (' | cut -d: -f1)
    devices=$(printf '%s\n' "$output" | grep -n '^linux.devices' | cut -d: -f1)
    [ "$mounts" -lt "$devices" ]
}

@test "explain as JSON, and create --dry-run is the same" {
    new_bundle
    cfs explain --format json -b "$B" > "$OUT"
    is "$(jq -r 'type' "$OUT")" array
    is "$(cfs create --dry-run -b "$B" "$ID" | head -5)" "$(cfs explain -b "$B" | head -5)"
    [ ! -e "$STATE/$ID" ]
}

@test "--trace has events of both processes, as JSON" {
    root_only
    new_bundle
    cfs --trace "$T/trace" run -b "$B" "$ID" > /dev/null
    cp "$T/trace" "$OUT"
    is "$(got '[.[].tid // empty] | unique')" '["init","runtime"]'
    is "$(got '[.[] | select(.name == "enter the root" and .tid == "init")] | length')" 1
    is "$(got '[.[] | select(.dur != null and .dur < 0)] | length')" 0
}

@test "--trace is valid JSON for create, start, exec and what fails, and refused where it does nothing" {
    root_only
    new_bundle '.process.args = ["/bin/inspector", "sleep"]'
    local command
    cfs --trace "$T/trace" create -b "$B" "$ID" < /dev/null > /dev/null
    jq -e 'length > 10' "$T/trace"
    cfs --trace "$T/start" start "$ID"
    jq -e 'length > 1' "$T/start"
    is "$(jq -c 'map(.tid // empty) | unique' "$T/trace")" '["init","runtime"]'
    cfs --trace "$T/trace" exec "$ID" /bin/true
    jq -e 'map(select(.tid == "init")) | length > 5' "$T/trace"
    ! cfs --trace "$T/trace" exec "$ID" /bin/nothing
    jq -e 'length > 5' "$T/trace"
    for command in list "state $ID" features "delete --force $ID"; do
        run cfs --trace "$T/none" $command
        is "$status" 1
        is "${lines[0]}" "cfs: ${command%% *}: --trace has no effect here"
    done
    [ ! -e "$T/none" ]
}

@test "a failing path is explained: the first component, its owner and mode" {
    root_only
    new_bundle '.mounts += [{"destination": "/mnt", "type": "bind", "source": "'"$T"'/a/b/c", "options": ["bind"]}]'
    mkdir "$T/a"
    run cfs run -b "$B" "$ID"
    is "$status" 1
    contains "$output" "mounts["
    contains "$output" "$T/a/b"
}

@test "the JSON log says which row failed, and on what" {
    root_only
    new_bundle '.process.args = ["/bin/nothing"]'
    run cfs --log "$T/log" --log-format json create -b "$B" "$ID"
    is "$status" 1
    cp "$T/log" "$OUT"
    is "$(got .level)" error
    is "$(got .property)" 'process.args[0]'
    is "$(got .phase)" "create/init/process.args"
    is "$(got .errno)" 2 || is "$(got .errno)" ENOENT
    is "$(wc -l < "$T/log")" 1
}
