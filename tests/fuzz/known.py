# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where cfs differs from runc 1.1 and crun 1.8 on purpose, for tests/fuzz/differential, each with its reason."""
import os
import re

# What the specification says, or asks of the runtime, and the peers do not look at. Matched in cfs's message.
STRICTER = [
    (r"expected |this required property is missing|got null", "the type and the range of a property, or REQUIRED (schema of the specification)"),
    (r"only a FIFO .* has none", "config-linux.md, devices: major and minor are REQUIRED but for FIFOs"),
    (r"needs a new time namespace|cannot have any filesystem", "what nothing would apply"),
    (r"is another major version", "config.md, ociVersion: a version that is not compatible"),
    (r"is not between", "numbers that the kernel does not have; the peers cut them off"),
    (r"is set twice", "config.md, rlimits: duplicated entries are an error"),
    (r"exists and is another thing than the device asked for|is not the name of a device node", "config-linux.md, devices: an error"),
    (r"no resctrl file system is mounted", "config-linux.md, intelRdt: what cannot be applied is an error; the peers apply nothing"),
    (r"is the container's root, which cannot be masked", "the peers mask nothing then"),
    (r"needs a user namespace", "mappings that nothing would use; runc 1.2 refuses them, too"),
]
# What cfs runs, and the peers fail at. Matched in the name of the mistake.
ABLER = [
    (r"(masked|readonly)Paths .*/data/file/x", "a path that leads through a file names nothing, like one that does not exist: there is nothing to mask"),
    (r"rlimits.*(soft|hard)", "limits are set last, so those that the runtime could not work with hold for the program alone"),
    (r"^(no mounts|mounts is called|mounts = )", "no procfs in the container: cfs uses the host's"),
    (r"process.terminal True", "run makes a terminal also when it has none itself"),
    (r"process.capabilities", "config.md, capabilities: what cannot be granted is a warning, not an error"),
]


def inside(key, config):
    """Is cfs right to differ from all here?"""
    if key.startswith("mount "):
        at = key[6:].rsplit(" ", 1)[0]
        # A bind mount of cfs keeps the nodev and nosuid of its source, here a mount made before it; in the peers it loses what its own
        # options do not repeat (mount_options.c).
        if key.endswith(" opts") and any(m.get("source") in ("rootfs/data", "/proc/sys/net") and os.path.normpath(m["destination"]) == at for m in config["mounts"]):
            return True
        # cfs makes read-only what is mounted below a read-only path, too; the peers make its top read-only.
        below = [os.path.normpath({"/lnk": "/srv", "/flnk": "/data/file", "/chain": "/srv"}.get(p, p)) for p in config["linux"].get("readonlyPaths", [])]
        return any(at == p or at.startswith(p + "/") for p in below)
    if key == "env":
        # An empty home in /etc/passwd: / in cfs, an empty HOME in the peers.
        return config["process"].get("user", {}).get("uid") == 1999
    if key.startswith("dev."):
        return any(d["path"] == "/dev/" + key[4:] and d.get("fileMode", 0) > 0o777 for d in config["linux"].get("devices", []))  # mknod(2) takes all bits
    # execve(2) clears it when the program gets a capability that it had not before: root's does in the peers, which drop to the
    # permitted set first. It is 1 for whatever that program executes in turn.
    return key == "dumpable"


def refused(why):
    """A message of cfs about a bundle that it does not run, on purpose: nothing is mounted on a procfs, wherever it is, since a link of the
    root could have led there; the peers look at the path /proc alone. And no procfs or sysfs goes where a link leads: runc has that rule for
    /proc and /sys."""
    return "cannot be mounted because it is inside /proc" in why or "must be mounted on ordinary directory" in why


def lifecycle(key, mine, _theirs):
    # Where cfs fails itself it is 255, so that it cannot be the program's; runc panics at that, and crun goes on.
    return key == "code" and mine["code"] == 255


def exec(key, did):
    """What exec's process may have of its own."""
    # Its pid is its session: how many processes there were before is each runtime's own. --cap adds to the ambient set only where the
    # container has one (CVE-2022-24769), and to no set of a process that is given as a document.
    return key in ("pgid", "sid") or ("--cap" in did and key.startswith("status.Cap"))


def words(line, mine):
    # "--" behind the container's name ends the options in cfs, as people write it; the peers take it for the program.
    return "exec" in line and "--" in line and mine[0]


def mistake(what, ran, why):
    if ran:
        return any(re.search(pattern, what) for pattern, _ in ABLER)
    return any(re.search(pattern, why) for pattern, _ in STRICTER)


def cgroup_file(name, mine, *_theirs):
    """Is it right that cfs has another value in a file than each peer?"""
    if name == "devices.list":
        # Without rules runc allows the making of every node besides, and crun everything.
        return "c 1:3 rwm" in mine and "a *:* rwm" not in mine
    return name == "cpu.cfs_burst_us"  # newer than the peers
