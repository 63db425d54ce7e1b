#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""inside.py FOUND CONFIG HOST_NS - what the inspector found in a container, without what is each run's own, as JSON.

FOUND is the inspector's output, CONFIG the config.json, HOST_NS a JSON object with the links of /proc/self/ns of the host. Two runtimes
that run the same bundle must give the same document. tests/integration/differential.bats compares what this program prints;
tests/fuzz/differential imports view(). What is left out on purpose, with the reason:

  masked directories     all cover them with an empty tmpfs; its options are each runtime's choice
  masked files           crun covers them with the host's null device, runc and cfs with the container's
  sysfs, proc "ro"       runc makes the superblock read-only as well; the mount is in any case
  tmpfs "mode="          cfs gives the mode of the directory below as an option, the others by chmod(2)
  /sys/fs/cgroup         sources are decoration; cfs makes the tmpfs itself read-only when the configuration says so; the v2 side
                         of a hybrid host is shown by cfs alone, and crun does not run there
  /dev/core              crun makes a link to /proc/kcore, which the specification does not ask for
  owner of devices       runc binds the host's nodes in a user namespace, as unmapped users' files; cfs and crun make nodes
                         of their own, on a tmpfs, that belong to the container's root
  group of /dev/mqueue   runc before 1.2 leaves it unmapped in a user namespace
  owner of /dev/null     crun gives the standard streams to the process's user, also when one of them is the null device
  session keyring        its name has the container's ID; crun does not let the owner search it, and runc in a user namespace
                         lets others search it, where cfs lets the owner (keyring.c)
  ignored signals        what the caller of runc and crun ignores stays ignored in the container; cfs resets it (process.bats)
"""
import json
import re
import sys

# Hierarchies of cgroup v1 that are mounted here: others come and go while they are mounted elsewhere.
with open("/proc/self/mountinfo") as mountinfo:
    HIERARCHIES = {name for line in mountinfo if " - cgroup " in line for name in line.split()[-1].split(",")}

OWN_NUMBERS = ("keyring", "keyring_description", "keys", "monotonic", "boottime")


def mount(line, masked):
    """A line of mountinfo as what two runtimes can agree on, or None."""
    words = re.sub(r"(shared|master|propagate_from):\d+", r"\1", line).split(" ")
    dash = words.index("-")
    m = {"at": words[4], "opts": sorted(words[5].split(",")), "prop": " ".join(words[6:dash]), "type": words[dash + 1],
         "source": words[dash + 2], "super": sorted(words[dash + 3].split(","))}
    if m["type"] == "cgroup2" or any(x.startswith("name=") and x not in HIERARCHIES for x in m["super"]):
        return None
    if m["at"] in masked or re.match("/dev/(null|zero|full|random|urandom|tty)$", m["at"]):
        return {"at": m["at"]}
    if m["type"] in ("sysfs", "proc"):
        m["super"] = None
    if m["at"].startswith("/sys/fs/cgroup"):
        m["source"] = None
        if m["type"] == "tmpfs":
            m["opts"] = m["super"] = None
    elif m["type"] == "tmpfs":
        m["super"] = [x for x in m["super"] if not x.startswith("mode=")]
    return m


def cgroups(lines):
    """The lines of /proc/self/cgroup that are of a hierarchy here, without the name of the container's own directory."""
    return [re.sub("/[^/]*$", "/ID", x) for x in lines or [] if set(x.split(":")[1].split(",")) <= HIERARCHIES]


def view(found, masked, host_ns):
    """`masked` are the masked paths, after their links; host_ns maps the names of namespaces to what /proc/self/ns shows outside."""
    found = dict(found)
    found["mounts"] = sorted(filter(None, (mount(x, masked) for x in found.pop("mountinfo", None) or [])), key=lambda m: m["at"])
    found["fds"] = sorted(found["fds"] or [])
    found["ns"] = {k: "of the host" if v == host_ns.get(k) else "its own" for k, v in found["ns"].items()}
    found["cgroup"] = cgroups(found["cgroup"])
    for key in OWN_NUMBERS:
        found.pop(key, None)
    if found["status"]:
        found["status"] = {k: v for k, v in found["status"].items() if k != "SigIgn"}
    found["dev"] = {name: {k: v for k, v in node.items() if k not in ("uid", "gid")} for name, node in found["dev"].items() if name != "core"}
    return found


def load(path):
    with open(path) as f:
        return json.load(f)


def main():
    found, config = load(sys.argv[1]), load(sys.argv[2])
    json.dump(view(found, config["linux"].get("maskedPaths") or [], json.loads(sys.argv[3])), sys.stdout, indent=2, sort_keys=True)
    print()


if __name__ == "__main__":
    main()
