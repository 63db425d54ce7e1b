# SPDX-License-Identifier: LGPL-2.1-or-later
"""What config.json promises a process (config.md and config-linux.md of the specification), in the words of the inspector. The second oracle
of tests/fuzz/differential: it judges what no other runtime here does, and what all of them do wrong.
"""
import re

CAPABILITIES = ("CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST "
                "NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE "
                "SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM "
                "BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE").split()  # in the order of capabilities(7)'s numbers
POLICIES = {"SCHED_OTHER": 0, "SCHED_FIFO": 1, "SCHED_RR": 2, "SCHED_BATCH": 3, "SCHED_IDLE": 5, "SCHED_ISO": 4}
IO_CLASSES = {"IOPRIO_CLASS_RT": 1, "IOPRIO_CLASS_BE": 2, "IOPRIO_CLASS_IDLE": 3}


def mask(names):
    return sum(1 << CAPABILITIES.index(n[4:]) for n in set(names))


def as_printed(text):
    """The inspector prints each byte above 127 as a character."""
    return text.encode().decode("latin-1")


def capabilities(process):
    """After execve(2), by the rules of capabilities(7) for a file without capabilities."""
    c = process.get("capabilities") or {}
    bounding, permitted, inheritable, ambient = (mask(c.get(k, [])) for k in ("bounding", "permitted", "inheritable", "ambient"))
    root = process.get("user", {}).get("uid", 0) == 0
    if root:  # a program that root executes is one with all capabilities
        permitted = inheritable | bounding if not process.get("noNewPrivileges") else permitted & (inheritable | bounding)
        ambient &= permitted
        return {"CapBnd": bounding, "CapPrm": permitted, "CapInh": inheritable, "CapAmb": ambient}
    return {"CapBnd": bounding, "CapPrm": ambient, "CapEff": ambient, "CapInh": inheritable, "CapAmb": ambient}


def last_of_each(env):
    return sorted({e.split("=", 1)[0]: e for e in env}.values())


def process_of(config):
    p, user = config["process"], config["process"].get("user", {})
    uid, gid = user.get("uid", 0), user.get("gid", 0)
    yield "status.Uid", "\t".join([str(uid)] * 4)
    yield "status.Gid", "\t".join([str(gid)] * 4)
    if "additionalGids" in user:
        yield "status.Groups", " ".join(str(g) for g in sorted(user["additionalGids"]))
    if "umask" in user:
        yield "status.Umask", f"{user['umask']:04o}"
    yield "status.NoNewPrivs", str(int(p.get("noNewPrivileges", False)))
    yield from (("status." + k, f"{v:016x}") for k, v in capabilities(p).items())
    yield from (("rlimits." + r["type"], {"soft": r["soft"], "hard": r["hard"]}) for r in p.get("rlimits", []))
    if "oomScoreAdj" in p:
        yield "oom_score_adj", str(p["oomScoreAdj"])
    if p["args"] != ["/bin/script"]:
        yield "args", [as_printed(a) for a in p["args"]]
    if any(re.match("HOME=.", e) for e in p["env"]):
        yield "env", [as_printed(e) for e in p["env"]] if len(p["env"]) == len(last_of_each(p["env"])) else None
    if "scheduler" in p and "SCHED" in p["scheduler"]["policy"]:
        yield "scheduler", POLICIES[p["scheduler"]["policy"]]
        if p["scheduler"]["policy"] != "SCHED_IDLE":
            yield "nice", p["scheduler"].get("nice", 0)
    if "ioPriority" in p:
        yield "ioprio", IO_CLASSES[p["ioPriority"]["class"]] << 13 | p["ioPriority"]["priority"]


def linux_of(config):
    linux = config["linux"]
    new = {n["type"] for n in linux["namespaces"] if "path" not in n}
    for kind, name in (("pid", "pid"), ("network", "net"), ("ipc", "ipc"), ("uts", "uts"), ("mount", "mnt"), ("cgroup", "cgroup"),
                       ("user", "user"), ("time", "time")):
        listed = any(n["type"] == kind for n in linux["namespaces"])
        yield "ns." + name, "its own" if listed else "of the host"
    if "uts" in new and config.get("hostname"):
        yield "hostname", config["hostname"]
    if "uts" in new and "domainname" in config:
        yield "domainname", config["domainname"]
    if "seccomp" in linux:
        yield "status.Seccomp", "2"
    if "personality" in linux:
        yield "personality", {"LINUX": 0, "LINUX32": 8}[linux["personality"]["domain"]]
    if "time" in new:
        offsets = linux.get("timeOffsets", {})
        yield "timens_offsets", "".join(f"{k:<10} {offsets.get(k, {}).get('secs', 0):10} {offsets.get(k, {}).get('nanosecs', 0):9}\n"
                                        for k in ("monotonic", "boottime")).rstrip("\n")


def promised(config):
    """Pairs of a key of the view and the value it must have; None: no word on it."""
    yield from (x for x in process_of(config) if x[1] is not None)
    yield from linux_of(config)
