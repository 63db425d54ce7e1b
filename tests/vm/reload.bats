# SPDX-License-Identifier: LGPL-2.1-or-later
# What a limit is before `systemctl daemon-reload`, it is after: systemd writes the files of its units anew from the properties that it
# knows (systemd.resource-control(5)), so whatever it can hold as a property is set as one. Every knob, by create and by update.
load systemd.bash

setup() {
    setup_systemd
    V2=$([ -e /sys/fs/cgroup/cgroup.controllers ] && echo 1 || true)
}

# All that can be written to in the container's directories, but for what counts.
snapshot() {
    local d f files=()
    for d in $(jq -r '.cgroup.hierarchies[].path' "$STATE/$ID/state.json"); do
        for f in "$d"/{memory,cpu,cpuset,io,pids,blkio,hugetlb}.*; do
            case $f in *.stat|*.stat.*|*current|*usage*|*events*|*pressure*|*peak*|*numa_stat|*failcnt|*reset*|*force_empty|*throttle.io*|*effective*|*kmem.slabinfo) continue ;; esac
            [ ! -f "$f" ] || files+=("$f")
        done
    done
    # Some are there and cannot be read.
    grep -sH '' "${files[@]}" || true
}

# stays WHAT: a reload changes nothing.
stays() {
    snapshot > "$T/before"
    systemctl daemon-reload
    # systemd writes the files in its own time.
    systemctl show "$SCOPE" > /dev/null
    snapshot > "$T/after"
    diff "$T/before" "$T/after" >&2 || { echo "after daemon-reload: $1" >&2; return 1; }
}

# holds FILE VALUE: of cgroup v2
holds() { is "$(head -n 1 "/sys/fs/cgroup$(property ControlGroup)/$1")" "$2" "$1"; }

available() { [ -e "/sys/fs/cgroup$(property ControlGroup)/$1" ]; }

# One disk that there is, as MAJOR:MINOR.
disk() { sed -n 1p /sys/block/*/dev 2> /dev/null | head -n 1; }

# FILE VALUE [WHAT-IT-READS]
unified_values() {
    cat <<'X'
memory.min 8388608
memory.low 16777216
memory.high 100663296
memory.max 67108864
memory.max 64M 67108864
memory.max 0x4000000 67108864
memory.max max
memory.swap.max 33554432
memory.swap.max 0
pids.max 77
pids.max max
cpu.weight 345
cpu.weight.nice 5 5
cpu.max 30000 30000 100000
X
}

@test "resources.unified at create: each file, before and after a reload [unified-properties]" {
    [ -n "$V2" ] || skip "needs cgroup v2"
    local file value want d n=0
    while read -r file value want; do
        case $file in cpu.max) value="30000 50000" want="30000 50000" ;; esac
        sleeper ".linux.resources.unified = {\"$file\": \"$value\"}"
        up
        available "$file" || { cfs delete --force "$ID"; rm -rf "$B"; continue; }
        holds "$file" "${want:-$value}"
        stays "$file=$value"
        holds "$file" "${want:-$value}"
        n=$((n + 1))
        cfs delete --force "$ID"
        rm -rf "$B"
    done < <(unified_values)
    echo "# $n values" >&3
    [ "$n" -gt 8 ]
}

@test "resources.unified by update -r: each file, before and after a reload [unified-properties]" {
    [ -n "$V2" ] || skip "needs cgroup v2"
    sleeper
    up
    local file value want
    while read -r file value want; do
        case $file in cpu.max) value="30000 50000" want="30000 50000" ;; esac
        available "$file" || continue
        cfs update -r - "$ID" <<< "{\"unified\": {\"$file\": \"$value\"}}"
        holds "$file" "${want:-$value}"
        stays "update $file=$value"
        holds "$file" "${want:-$value}"
    done < <(unified_values)
    # And with blanks, as people write them.
    cfs update -r - "$ID" <<< '{"unified": {"memory.max": " 32M "}}'
    stays "memory.max with blanks"
    holds memory.max 33554432
}

@test "resources.unified: idle, processors, memory nodes, disks" {
    [ -n "$V2" ] || skip "needs cgroup v2"
    sleeper
    up
    local d
    if available cpu.idle; then
        cfs update -r - "$ID" <<< '{"unified": {"cpu.idle": "1"}}'
        stays cpu.idle=1
        holds cpu.idle 1
        cfs update -r - "$ID" <<< '{"unified": {"cpu.idle": "0"}}'
        stays cpu.idle=0
        holds cpu.idle 0
        cfs update -r - "$ID" <<< '{"cpu": {"idle": 1}}'
        stays "cpu: idle: 1"
        holds cpu.idle 1
        cfs update -r - "$ID" <<< '{"cpu": {"idle": 0, "shares": 2048}}'
        stays "cpu: idle: 0 and shares"
        holds cpu.idle 0
    fi
    if available cpuset.cpus; then
        cfs update -r - "$ID" <<< '{"unified": {"cpuset.cpus": "0", "cpuset.mems": "0"}}'
        stays cpuset
        holds cpuset.cpus 0
        holds cpuset.mems 0
    fi
    if available io.weight; then
        cfs update -r - "$ID" <<< '{"unified": {"io.weight": "default 250"}}'
        stays io.weight
        holds io.weight "default 250"
        cfs update -r - "$ID" <<< '{"unified": {"io.weight": "300"}}'
        stays "io.weight without the word"
        holds io.weight "default 300"
    fi
    d=$(disk)
    if [ -n "$d" ] && available io.max; then
        cfs update -r - "$ID" <<< "{\"unified\": {\"io.max\": \"$d rbps=1048576 wiops=120\"}}"
        stays io.max
        holds io.max "$d rbps=1048576 wbps=max riops=max wiops=120"
    fi
}

@test "linux.resources: every property that systemd has, by create, and by update" {
    local weights='' d
    sleeper '.linux.resources += {"memory": {"limit": 67108864, "reservation": 16777216, "swap": 134217728},
        "cpu": {"shares": 2048, "quota": 40000, "period": 80000}, "pids": {"limit": 55}}'
    up
    stays create
    cfs update --memory 32M --memory-swap 48M --memory-reservation 8M "$ID"
    stays memory
    cfs update --cpu-share 512 "$ID"
    stays shares
    cfs update --pids-limit 44 "$ID"
    stays pids
    d=$(disk)
    [ -n "$d" ] || return 0
    cfs update -r - "$ID" <<< "{\"blockIO\": {\"throttleReadBpsDevice\": [{\"major\": ${d%:*}, \"minor\": ${d#*:}, \"rate\": 2097152}]}}" || return 0
    stays throttle
}

# Half the period with the old time per second is half the quota, or double.
@test "cpu-period alone, and cpu-quota alone: the other half stays, also after a reload [stale-quota]" {
    sleeper '.linux.resources.cpu = {"quota": 50000, "period": 100000}'
    up
    cfs update --cpu-period 50000 "$ID"
    stays "period alone"
    [ -z "$V2" ] || holds cpu.max "50000 50000"
    is "$(property CPUQuotaPerSecUSec)" 1s
    cfs update --cpu-quota 20000 "$ID"
    stays "quota alone"
    [ -z "$V2" ] || holds cpu.max "20000 50000"
    is "$(property CPUQuotaPerSecUSec)" 400ms
    # Without a quota there is no limit, and systemd puts the period back to the default.
    cfs update --cpu-quota -1 "$ID"
    is "$(property CPUQuotaPerSecUSec)" infinity
    cfs update --cpu-period 200000 "$ID"
    is "$(property CPUQuotaPerSecUSec)" infinity
    systemctl daemon-reload
    [ -z "$V2" ] || contains "$(cat "/sys/fs/cgroup$(property ControlGroup)/cpu.max")" "max "
}

# memory.oom.group is not among these: systemd writes it, from OOMPolicy, which scopes have not before version 253.
@test "what systemd has no property for is in the file, and stays there" {
    [ -n "$V2" ] || skip "needs cgroup v2"
    sleeper
    up
    local file value
    for file in memory.swap.high=16777216 cpu.max.burst=0; do
        value=${file#*=} file=${file%=*}
        available "$file" || continue
        cfs update -r - "$ID" <<< "{\"unified\": {\"$file\": \"$value\"}}"
        holds "$file" "$value"
        stays "$file"
        holds "$file" "$value"
    done
}
