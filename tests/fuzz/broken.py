# SPDX-License-Identifier: LGPL-2.1-or-later
"""Mistakes for the random bundles of tests/fuzz/differential: each function spoils a valid config.json in one way. Some of them are
mistakes by the specification, some are only odd; the other runtimes say which, and whatever both of them refuse cfs has to refuse.
"""

WRONG = [None, True, False, 0, 1, -1, 1.5, 1e30, 1 << 32, 1 << 64, -(1 << 63) - 1, "", "x", "0", [], [None], [1], ["x"], {}, {"x": 1}]


def linux(key, value):
    def spoil(c, _):
        c["linux"][key] = value
    return f"linux.{key} {value}", spoil


def process(key, value):
    def spoil(c, _):
        c["process"][key] = value
    return f"process.{key} {value}", spoil


def top(key, value):
    def spoil(c, _):
        c[key] = value
    return f"{key} {value}", spoil


def missing(*path):
    def spoil(c, _):
        for key in path[:-1]:
            c = c[key]
        c.pop(path[-1], None)
    return "no " + ".".join(path), spoil


def mount(**members):
    def spoil(c, _):
        c["mounts"].append(members)
    return f"mount {members}", spoil


def namespace(**members):
    def spoil(c, _):
        c["linux"]["namespaces"] = [n for n in c["linux"]["namespaces"] if n["type"] != members["type"]] + [members]
    return f"namespace {members}", spoil


def twice(kind):
    def spoil(c, _):
        c["linux"]["namespaces"] += [{"type": kind}, {"type": kind}]
    return f"namespace {kind} twice", spoil


def without_namespace(kind, key, value):
    """What needs a namespace of the container's own."""
    def spoil(c, _):
        c["linux"]["namespaces"] = [n for n in c["linux"]["namespaces"] if n["type"] != kind]
        if key == "sysctl":
            c["linux"]["sysctl"] = value
        else:
            c[key] = value
    return f"{key} {value} without a namespace {kind}", spoil


def user_namespace(uids, gids):
    def spoil(c, _):
        c["linux"]["namespaces"] = [n for n in c["linux"]["namespaces"] if n["type"] != "user"] + [{"type": "user"}]
        c["linux"]["uidMappings"], c["linux"]["gidMappings"] = uids, gids
    return f"user namespace {uids} {gids}", spoil


def hook(kind, **members):
    def spoil(c, _):
        c["hooks"] = {kind: [members]}
    return f"hook {kind} {members}", spoil


def seccomp(**members):
    return linux("seccomp", {"defaultAction": "SCMP_ACT_ALLOW", **members})


def call(**members):
    return seccomp(syscalls=[{"names": ["swapon"], "action": "SCMP_ACT_ERRNO", **members}])


def resources(**members):
    return linux("resources", members)


def device(**members):
    return linux("devices", [{"path": "/dev/x", "type": "c", "major": 1, "minor": 3, **members}])


def nodes(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in items:
        yield from nodes(child, path + (key,))


def another_value(c, rng):
    """Any value in the place of any other: what a decoder refuses, or takes for something."""
    path = rng.choice([p for p in nodes(c) if p and p[0] != "mounts" and p != ("linux", "cgroupsPath")])
    at = c
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = rng.choice(WRONG)
    return ".".join(map(str, path)) + f" = {at[path[-1]]!r}"


def another_key(c, rng):
    """A property that is missing, or is called otherwise."""
    path = rng.choice([p for p in nodes(c) if p and isinstance(p[-1], str) and p != ("linux", "cgroupsPath")])
    at = c
    for key in path[:-1]:
        at = at[key]
    value = at.pop(path[-1])
    name = rng.choice([None, path[-1].upper(), path[-1] + "x"])
    if name:
        at[name] = value
    return ".".join(map(str, path)) + f" is called {name}"


FULL = [{"containerID": 0, "hostID": 100000, "size": 65536}]
MISTAKES = [
    missing("ociVersion"), top("ociVersion", ""), top("ociVersion", "2.0.0"), top("ociVersion", "1"), top("ociVersion", "x.y.z"), top("ociVersion", "0.1.0"),
    missing("root"), top("root", {}), top("root", {"path": ""}), top("root", {"path": "nothing"}), top("root", {"path": "config.json"}),
    missing("process"), missing("process", "args"), missing("process", "cwd"), missing("linux"), missing("mounts"), missing("process", "user"),
    process("args", []), process("args", [""]), process("args", ["/nothing"]), process("args", ["nothing"]), process("args", ["/data"]), process("args", ["/bin/plain"]),
    process("args", ["/data/file/x"]), process("args", ["/lnk/nothing"]),
    process("cwd", "relative"), process("cwd", ""), process("cwd", "/data/file"), process("env", ["NOEQUALS", "PATH=/bin"]), process("env", ["=x", "PATH=/bin"]),
    process("env", ["", "PATH=/bin"]), process("env", []), process("user", {"uid": -1, "gid": 0}), process("user", {"uid": 4294967295, "gid": 0}),
    process("user", {"uid": 4294967296, "gid": 0}), process("user", {"uid": 0, "gid": 0, "umask": 0o7777}), process("user", {"uid": 0, "gid": 0, "umask": 1 << 32}),
    process("user", {"uid": 0, "gid": 0, "additionalGids": [-1]}), process("user", {"uid": 0, "gid": 0, "additionalGids": list(range(70000))}),
    process("capabilities", {"bounding": ["CAP_NOTHING"]}), process("capabilities", {"bounding": ["chown"]}), process("capabilities", {"effective": ["CAP_CHOWN"]}),
    process("capabilities", {"ambient": ["CAP_CHOWN"]}), process("capabilities", {"bounding": ["CAP_CHOWN", "CAP_CHOWN"]}), process("capabilities", {"permitted": ["CAP_CHOWN"]}),
    process("rlimits", [{"type": "RLIMIT_NOTHING", "soft": 1, "hard": 1}]), process("rlimits", [{"type": "nofile", "soft": 100, "hard": 100}]),
    process("rlimits", [{"type": "RLIMIT_NOFILE", "soft": 200, "hard": 100}]), process("rlimits", [{"type": "RLIMIT_CORE", "soft": 1, "hard": 1}] * 2),
    process("rlimits", [{"type": "RLIMIT_NOFILE", "soft": 1 << 40, "hard": 1 << 40}]), process("rlimits", [{"type": "RLIMIT_NOFILE"}]),
    process("oomScoreAdj", 1001), process("oomScoreAdj", -1001), process("oomScoreAdj", -1000), process("terminal", True),
    process("apparmorProfile", "nothing"), process("selinuxLabel", "a:b:c:d"), linux("mountLabel", "a:b:c:d"),
    process("scheduler", {"policy": "SCHED_NOTHING"}), process("ioPriority", {"class": "IOPRIO_CLASS_BE", "priority": 9}),
    namespace(type="nothing"), namespace(type="network", path="/nothing"), namespace(type="network", path="/proc/1/ns/uts"), namespace(type="pid", path="relative"),
    namespace(type="ipc", path="/proc/self/status"), namespace(type="mount", path="/proc/1/ns/mnt"), namespace(type="uts", path=""),
    twice("pid"), twice("network"), twice("user"), linux("namespaces", []), linux("namespaces", [{}]), linux("namespaces", [{"type": ""}]),
    without_namespace("uts", "hostname", "x"), without_namespace("uts", "domainname", "x"), without_namespace("ipc", "sysctl", {"kernel.shmmax": "1"}),
    without_namespace("network", "sysctl", {"net.ipv4.ip_forward": "1"}), without_namespace("uts", "sysctl", {"kernel.hostname": "x"}), without_namespace("mount", "x", 1),
    top("hostname", "x" * 65), top("hostname", "a b"), top("domainname", "x" * 65),
    linux("sysctl", {"kernel.panic": "1"}), linux("sysctl", {"vm.swappiness": "1"}), linux("sysctl", {"net.nothing": "1"}), linux("sysctl", {"net.ipv4.ip_forward": "x"}),
    linux("sysctl", {"kernel.shmmax": ""}), linux("sysctl", {"": "1"}), linux("sysctl", {"net../../kernel.panic": "1"}), linux("sysctl", {"kernel.hostname": "h"}),
    linux("sysctl", {"net/../kernel/panic": "1"}), linux("sysctl", {"kernel.msgmax ": "9000"}), linux("sysctl", {"net": "1"}),
    user_namespace([], []), user_namespace(FULL, []), user_namespace([{"containerID": 0, "hostID": 100000, "size": 0}], FULL), user_namespace(FULL * 2, FULL),
    user_namespace([{"containerID": 1, "hostID": 100000, "size": 10}], FULL), user_namespace([{"containerID": 0, "hostID": 4294967290, "size": 10}], FULL),
    linux("uidMappings", FULL), linux("gidMappings", FULL),
    mount(), mount(destination=""), mount(destination="relative", type="tmpfs", source="x"), mount(destination="/x", type="nothing", source="x"),
    mount(destination="/x", type="bind", source="/nothing", options=["bind"]), mount(destination="/x", type="bind", options=["bind"]), mount(destination="/x", source="/tmp"),
    mount(destination="/x", type="tmpfs", options=["nothing"]), mount(destination="/x", type="tmpfs", options=["size=x"]), mount(destination="/x", type="tmpfs", options=[""]),
    mount(destination="/x", type="bind", source="/tmp", options=["bind", "nothing=1"]), mount(destination="/data/file", type="tmpfs", source="x"),
    mount(destination="/data", type="bind", source="/etc/passwd", options=["bind"]), mount(destination="/", type="tmpfs", source="x"), mount(destination="/x"),
    mount(destination="/proc/sys/x", type="tmpfs", source="x"), mount(destination="/proc/1", type="bind", source="/tmp", options=["bind"]),
    mount(destination="/proc", type="tmpfs", source="x"), mount(destination="/sys", type="bind", source="/tmp", options=["bind"]), mount(destination="/x", type="TMPFS", source="x"),
    mount(destination="/data/file/x", type="tmpfs", source="x"), mount(destination="/x", type="tmpfs", source="x", options=["ro", "tmpcopyup"]),
    mount(destination="/x", type="bind", source="/tmp", options=["bind", "idmap"]), mount(destination="/x", type="bind", source="/tmp", options=["bind"], uidMappings=FULL, gidMappings=FULL),
    linux("maskedPaths", ["relative"]), linux("maskedPaths", [""]), linux("readonlyPaths", ["relative"]), linux("readonlyPaths", [""]), linux("maskedPaths", ["/"]),
    linux("readonlyPaths", ["/"]), linux("maskedPaths", ["/data/file/x"]), linux("readonlyPaths", ["/data/file/x"]), linux("rootfsPropagation", "nothing"), linux("rootfsPropagation", ""),
    linux("rootfsPropagation", "PRIVATE"), device(type="x"), device(path="relative"), device(path=""), device(major=-1), device(type="a"), device(type="c", major=1 << 40),
    device(path="/data/file"), device(path="/data"), device(path="/dev"), device(path="/dev/../x"), linux("devices", [{"path": "/dev/x", "type": "c"}]), linux("devices", [{"path": "/dev/x"}]),
    seccomp(defaultAction="SCMP_ACT_NOTHING"), linux("seccomp", {}), seccomp(architectures=["SCMP_ARCH_NOTHING"]), seccomp(flags=["NOTHING"]), seccomp(defaultAction="SCMP_ACT_NOTIFY"),
    call(action="NOTHING"), call(names=[]), call(names=["nothing"]), call(names=[""]), call(errnoRet=4096), call(errnoRet=-1), call(args=[{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}]),
    call(args=[{"index": 0, "value": 1, "op": "EQ"}]), call(args=[{"index": 0, "op": "SCMP_CMP_EQ"}]), call(args=[{}]), call(action="SCMP_ACT_ALLOW"), call(action="SCMP_ACT_NOTIFY"),
    call(action="SCMP_ACT_KILL", errnoRet=3), seccomp(syscalls=[{"action": "SCMP_ACT_ERRNO"}]), seccomp(syscalls=[{"names": ["execve"], "action": "SCMP_ACT_ERRNO"}]),
    seccomp(listenerPath="/nothing"), seccomp(syscalls=[{"names": ["write"], "action": "SCMP_ACT_NOTIFY"}], listenerPath="/nothing"),
    hook("prestart", path="/nothing"), hook("createRuntime", path="relative"), hook("createRuntime", path="/bin/false"), hook("createContainer", path="/bin/false"),
    hook("startContainer", path="/nothing"), hook("poststart", path="/bin/false"), hook("poststop", path="/bin/false"), hook("prestart", path="/bin/true", timeout=0),
    hook("prestart", path="/bin/true", timeout=-1), hook("prestart", path="/bin/sleep", args=["sleep", "3"], timeout=1), hook("prestart"), hook("nothing", path="/nothing"),
    hook("prestart", path="/bin/true", env=["NOEQUALS"]), hook("poststop", path="/nothing"), hook("poststart", path="/nothing"), hook("prestart", path=""),
    resources(memory={"limit": -2}), resources(memory={"limit": 1}), resources(memory={"swap": 1 << 30}), resources(memory={"limit": 1 << 30, "swap": 1 << 20}),
    resources(memory={"swappiness": 101}), resources(memory={"limit": 0}), resources(cpu={"cpus": "9999"}), resources(cpu={"cpus": "x"}), resources(cpu={"mems": "7"}),
    resources(cpu={"shares": 1}), resources(cpu={"shares": 0}), resources(cpu={"quota": 1}), resources(cpu={"quota": -2}), resources(cpu={"period": 1}), resources(cpu={"quota": 0}),
    resources(cpu={"shares": 1 << 40}), resources(pids={"limit": -2}), resources(pids={"limit": 0}), resources(pids={"limit": 1}), resources(pids={}), resources(blockIO={"weight": 5}),
    resources(hugepageLimits=[{"pageSize": "3MB", "limit": 1}]), resources(hugepageLimits=[{"pageSize": "x", "limit": 1}]), resources(unified={"memory.high": "1G"}),
    resources(unified={"nothing": "1"}), resources(unified={"../x": "1"}), resources(devices=[{"allow": True, "access": "x"}]), resources(devices=[{"allow": False, "type": "x"}]),
    resources(devices=[{}]), resources(devices=[{"allow": True, "type": "c", "major": -2, "access": "r"}]), resources(network={"classID": 1}), resources(rdma={"x": {}}),
    resources(devices=[{"allow": False}, {"allow": True, "type": "c", "major": 1, "minor": 3, "access": "rw"}]),
    linux("cgroupsPath", 7), linux("intelRdt", {"closID": "x"}), linux("personality", {"domain": "NOTHING"}), linux("personality", {}), linux("timeOffsets", {"boottime": {"secs": 1}}),
    top("annotations", {"": "x"}), top("annotations", {"a": 1}), top("annotations", []), top("nothing", 1), linux("nothing", 1), process("nothing", 1),
]
