# SPDX-License-Identifier: LGPL-2.1-or-later
"""Random valid bundles, for tests/fuzz/differential: a root file system with what names in a configuration may meet in it, volumes beside
it, and a config.json. What the peers of Debian 12 (runc 1.1, crun 1.8) do not know is made too, since promised.py tells what the
process must find of it.
"""
import json
import os
import re
import shutil
import subprocess

import promised

with open("/proc/self/status", encoding="ascii") as status:
    OWN = int(re.search("CapBnd:\\s*(\\w+)", status.read())[1], 16)
CAPABILITIES = ["CAP_" + c for c in ("CHOWN KILL SETUID SETGID NET_RAW SYS_ADMIN DAC_OVERRIDE MKNOD AUDIT_WRITE "
                                     "NET_BIND_SERVICE SYS_CHROOT SYS_RESOURCE SYS_PTRACE BPF PERFMON FOWNER SETPCAP").split()
                if OWN >> promised.CAPABILITIES.index(c) & 1]  # the peers do not run what asks for more
RLIMITS = [("NOFILE", 100, 200), ("CORE", 0, 0), ("NPROC", 500, 1000), ("STACK", 1 << 23, 1 << 24), ("MEMLOCK", 65536, 65536),
           ("CPU", 100, 200), ("FSIZE", 1 << 30, 1 << 40), ("AS", 1 << 40, 1 << 41), ("MSGQUEUE", 1000, 8000), ("NICE", 0, 0),
           ("DATA", 1 << 30, 1 << 32), ("LOCKS", 7, 9), ("RSS", 1 << 30, (1 << 64) - 1), ("RTPRIO", 0, 3), ("RTTIME", 1000000, 2000000),
           ("SIGPENDING", 100, 100), ("STACK", (1 << 64) - 1, (1 << 64) - 1), ("CORE", (1 << 64) - 1, (1 << 64) - 1)]
FILES = ["/data/file", "/etc/new", "/etc/passwd", "/flnk", "/srv/a/b/c", "/dev/nodefile", "/opt/f", "/a file", "/data/./x", "/dangling"]
DIRECTORIES = ["/srv", "/srv/new/dir", "/data", "/lnk/x", "/up/y", "/opt/a", "/tmp", "/run", "/home/user", "/mnt/m", "/dev/foo",
               "/dev/shm/x", "/lnk", "/opt//b/", "/srv/../opt/c", "/a b", "/tab\there", "/back\\slash", "/dangling/d", "/dev/pts/x",
               "/sys/fs/x", "/é", "/opt/a/../../tmp/z", "/chain/e", "/opt/a/b/c/d/e/f/g"]
RESTRICTED = ["/proc/kcore", "/proc/keys", "/sys/firmware", "/data", "/data/file", "/nonexistent", "/srv", "/lnk", "/flnk",
              "/proc/acpi", "/etc", "/proc/sys", "/proc/bus", "/tmp", "/proc/irq", "/proc/", "/data/../srv", "//etc/passwd", "/a b", "/dev/shm",
              "/chain", "/proc/timer_list", "/proc/scsi", "/data/file/x", "/proc/sysrq-trigger"]
DEVICES = [{"path": "/dev/mine", "type": "c", "major": 1, "minor": 5, "fileMode": 0o600, "uid": 5, "gid": 6},
           {"path": "/dev/a/b", "type": "c", "major": 1, "minor": 3}, {"path": "/dev/pipe", "type": "p", "fileMode": 0o640},
           {"path": "/dev/blk", "type": "b", "major": 7, "minor": 0, "fileMode": 0o666},
           {"path": "/opt/devnode", "type": "u", "major": 1, "minor": 7, "fileMode": 0o644},
           {"path": "/dev/null", "type": "c", "major": 1, "minor": 3, "fileMode": 0o666},
           {"path": "/dev/none", "type": "c", "major": 250, "minor": 250, "fileMode": 0},
           {"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 0o4666}]
SYSCTLS = {"ipc": [{"kernel.shmmax": "1000000"}, {"kernel.msgmax": "9000"}, {"fs.mqueue.msg_max": "20"}, {"kernel/shmall": "5000"},
                   {"kernel.sem": "250 32000 32 200"}, {"kernel.shm_rmid_forced": "1"}],
           "network": [{"net.ipv4.ip_forward": "1"}, {"net.ipv4.ping_group_range": "0 0"}, {"net/ipv4/ip_unprivileged_port_start": "80"},
                       {"net.ipv4.conf.all.forwarding": "1", "net.ipv4.tcp_syncookies": "0"}],
           "uts": [{"kernel.domainname": "sys.example"}]}
FILTERS = [{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["swapon"], "action": "SCMP_ACT_ERRNO"}]},
           {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"],
            "syscalls": [{"names": ["personality"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38,
                          "args": [{"index": 0, "value": 8, "op": "SCMP_CMP_EQ"}]}]},
           {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": []}, {"defaultAction": "SCMP_ACT_LOG"},
           {"defaultAction": "SCMP_ACT_ALLOW", "flags": ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"],
            "syscalls": [{"names": ["getitimer", "no_such_call", "sysinfo"], "action": "SCMP_ACT_ERRNO", "errnoRet": 99},
                         {"names": ["setpriority"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1,
                          "args": [{"index": 0, "value": 0, "op": "SCMP_CMP_GE"}, {"index": 1, "value": 1 << 40, "op": "SCMP_CMP_LT"}]}]},
           {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X32", "SCMP_ARCH_AARCH64"],
            "syscalls": [{"names": ["times"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13,
                          "args": [{"index": 0, "value": 255, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]},
                         {"names": ["getrusage"], "action": "SCMP_ACT_TRACE", "errnoRet": 7}]}]
ENVIRONMENTS = [["PATH=/bin"], ["PATH=/usr/bin:/bin", "A=1", "A=2"], ["A=", "PATH=/bin:"], ["PATH=/bin", "HOME=/x", "TERM=xterm"],
                ["PATH=/bin", "B=x=y", "C= "], ["PATH=/bin", "HOME="], ["PATH=/bin", "N=a\nb", "U=é", "L=" + "x" * 5000],
                ["PATH=/bin", "LISTEN_FDS=3", "NOTIFY_SOCKET=/x"], ["PATH=/nothing:/bin"], ["PATH=/bin", "_X=1", "a-b=2", "1=3"]]
NAMESPACE_TYPES = ("pid", "network", "ipc", "uts", "mount", "cgroup")


class Bundle:
    """A directory with a root file system, volumes beside it, and a random config.json. `joinable`: type of namespace -> a path.
    `plain`: the configuration that `cfs spec` prints, but for the program."""

    def __init__(self, top, template, rng, joinable, plain):
        self.top, self.rng, self.joinable = top, rng, joinable
        self.config = json.loads(template)
        self.user_namespace = not plain and self.maybe(.25)
        if plain:
            self.config["ociVersion"] = "1.0.2"
            self.config["process"].update(terminal=False, args=["/bin/inspector"], env=["PATH=/bin"])
        else:
            self.fill()

    def maybe(self, p):
        return self.rng.random() < p

    def some(self, of, least, most):
        return self.rng.sample(of, self.rng.randint(least, min(most, len(of))))

    def make(self):
        # A peer that had no mount namespace to make its mounts in has made them here.
        while subprocess.run(["umount", "--recursive", "--lazy", self.top + "/b/rootfs"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
            pass
        shutil.rmtree(self.top, ignore_errors=True)
        r = self.top + "/b/rootfs"
        for d in "bin proc sys dev etc tmp run root home/user srv data opt".split():
            os.makedirs(f"{r}/{d}")
        shutil.copy("/bin/busybox", r + "/bin/busybox")
        shutil.copy(os.environ["INSPECTOR"], r + "/bin/inspector")
        with open(r + "/etc/passwd", "w", encoding="ascii") as f:
            f.write("root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\nbad line\n:x:1999:1:::\nlong:x:1:1:" + "g" * 300 + ":/data:\n")
        open(r + "/data/file", "w", encoding="ascii").close()
        for name, text in (("script", "#!/bin/inspector\n"), ("plain", "")):
            with open(f"{r}/bin/{name}", "w", encoding="ascii") as f:
                f.write(text)
            os.chmod(f"{r}/bin/{name}", 0o755 if text else 0o644)
        # What names in the configuration meet: links, absolute, beyond the root, to a file, to nothing, to another link.
        for name, target in (("lnk", "/srv"), ("up", "../../../../srv"), ("flnk", "/data/file"), ("dangling", "/made/by/link"), ("chain", "lnk")):
            os.symlink(target, f"{r}/{name}")
        os.makedirs(self.top + "/vol/sub")
        for f in ("vol/f", "file"):
            open(f"{self.top}/{f}", "w", encoding="ascii").close()
        os.chmod(self.top, 0o755)
        if self.user_namespace:
            subprocess.run(["chown", "-hR", "100000:300000", r], check=True)
        self.configure()

    def configure(self, **linux):
        """Writes config.json."""
        if linux:
            self.config["linux"].update(linux)
        with open(self.top + "/b/config.json", "w", encoding="utf-8") as f:
            json.dump(self.config, f, indent=1)

    def mount_options(self):
        o = [x for x, p in (("nosuid", .4), ("noexec", .2), ("nodev", .4), ("ro", .3), ("nodiratime", .2), ("sync", .05), ("suid", .05),
                            ("dev", .05), ("exec", .05), ("rw", .1), ("defaults", .05), ("diratime", .05), ("async", .03), ("loud", .02),
                            ("silent", .02), ("dirsync", .03), ("lazytime", .03), ("nolazytime", .03)) if self.maybe(p)]
        # One of each kind: of two that exclude each other the last one counts in cfs, as in mount(8).
        o += self.some(["noatime", "relatime", "strictatime", "norelatime", "nostrictatime", "atime"], 0, 1)
        o += self.some(["private", "rprivate", "slave", "rslave", "shared", "rshared", "unbindable", "runbindable"], 0, 1)
        self.rng.shuffle(o)
        return o

    def mount(self):
        kind = self.rng.choice(["tmpfs", "tmpfs", "bind", "rbind", "rbind", "file", "proc", "mqueue", "devpts", "sysfs"])
        at, options = self.rng.choice(DIRECTORIES), self.mount_options()
        if kind == "tmpfs":
            # An owner would have to be in the mappings.
            data = ["size=1m", "mode=700", "mode=1777", "size=65536k", "nr_inodes=100", "size=10%", "tmpcopyup", "size=1M,mode=711"]
            data += ["uid=1000", "gid=5"] if not self.user_namespace else []
            return {"destination": at, "type": "tmpfs", "source": self.rng.choice(["tmpfs", "x y"]), "options": options + self.some(data, 0, 2)}
        if kind in ("bind", "rbind"):
            # Those for all mounts below, of which the volume has one here.
            below = self.some(["rro", "rnosuid", "rnodev", "rnoexec", "rnoatime", "rstrictatime", "rnodiratime", "rrw", "rsuid"], 1, 2) if self.maybe(.15) else []
            source = self.rng.choice([self.top + "/vol", self.top + "/vol/sub", "../vol", "rootfs/data", "/proc/sys/net"])
            m = {"destination": at, "source": source, "options": [kind] + options + below}
            return {"type": self.rng.choice(["bind", "none", ""]), **m} if self.maybe(.8) else m
        if kind == "file":
            return {"destination": self.rng.choice(FILES), "type": "bind", "source": self.top + "/file", "options": ["bind"] + options}
        if self.user_namespace:
            return None
        return {"destination": at, "type": kind, "source": kind, "options": options + (["newinstance", "ptmxmode=0666"] if kind == "devpts" else [])}

    def process(self):
        p, rng = self.config["process"], self.rng
        p.update(terminal=False, args=[rng.choice(["/bin/inspector", "inspector", "/bin/../bin/inspector", "./bin/inspector", "/bin/script"])])
        if p["args"][0] != "/bin/script" and self.maybe(.2):
            p["args"] += rng.choice([["", "a b"], ["x\ny", "-"], ["--", "é"], ["y" * 5000]])
        p["env"] = rng.choice(ENVIRONMENTS)
        if p["args"][0].startswith("."):
            p["cwd"] = "/"
        elif self.maybe(.3):
            p["cwd"] = rng.choice(["/", "/home/user", "/tmp", "/root", "/lnk", "/up", "/srv/", "/proc", "/new/cwd", "/chain", "/dev/shm", "/srv/../data"])
        if self.maybe(.5):
            p["user"] = {"uid": rng.choice([0, 1, 1000, 1000, 1999]), "gid": rng.choice([0, 1, 1000, 5])}
            if self.maybe(.4):
                p["user"]["umask"] = rng.choice([0, 0o77, 0o27, 0o777, 0o22])
            if self.maybe(.4):
                p["user"]["additionalGids"] = rng.choice([self.some([0, 5, 10, 77, 1000], 1, 3), [5, 5], [], list(range(100, 200))])
            if self.maybe(.1):
                p["user"]["username"] = "somebody"  # config.md, for Windows
        if self.maybe(.6):
            self.capabilities(p)
        elif self.maybe(.1):
            del p["capabilities"]
        p["noNewPrivileges"] = self.maybe(.5)
        if self.maybe(.35):
            chosen = {t: {"type": "RLIMIT_" + t, "soft": s, "hard": h} for t, s, h in self.some(RLIMITS, 1, 5)}
            p["rlimits"] = list(chosen.values())
        if self.maybe(.2):
            p["oomScoreAdj"] = rng.choice([0, 500, 1000, 1])
        if self.maybe(.1):
            p["scheduler"] = rng.choice([{"policy": "SCHED_BATCH", "nice": 5}, {"policy": "SCHED_IDLE"}, {"policy": "SCHED_OTHER", "nice": 19},
                                         {"policy": "SCHED_OTHER", "nice": -3}])
        if self.maybe(.1):
            p["ioPriority"] = rng.choice([{"class": "IOPRIO_CLASS_BE", "priority": 6}, {"class": "IOPRIO_CLASS_IDLE", "priority": 0},
                                          {"class": "IOPRIO_CLASS_BE", "priority": 0}])
        if self.maybe(.1):
            p[rng.choice(["apparmorProfile", "selinuxLabel"])] = ""
        if self.maybe(.05):
            p["consoleSize"] = {"height": 10, "width": 20}  # without a terminal: ignored

    def capabilities(self, p):
        bounding = self.some(CAPABILITIES, 0, len(CAPABILITIES))
        permitted = [x for x in bounding if self.maybe(.7)]
        inheritable = [x for x in permitted if self.maybe(.3)]
        p["capabilities"] = {"bounding": bounding, "permitted": permitted, "inheritable": inheritable,
                             "effective": [x for x in permitted if self.maybe(.7)], "ambient": [x for x in inheritable if self.maybe(.5)]}
        for name in self.some(list(p["capabilities"]), 0, 1) if self.maybe(.1) else []:
            if name in ("ambient", "effective"):
                del p["capabilities"][name]

    def namespaces(self):
        c, linux, rng = self.config, self.config["linux"], self.rng
        kinds = [x for x in NAMESPACE_TYPES if x == "mount" or self.maybe(.85)]
        rng.shuffle(kinds)
        if "uts" not in kinds:
            del c["hostname"]
        elif self.maybe(.3):
            c["hostname"] = rng.choice(["h", "a.b.example", "x" * 64, ""])
        if "uts" in kinds and self.maybe(.2):
            c["domainname"] = rng.choice(["nis.example", "d"])
        linux["namespaces"] = [{"type": x} for x in kinds]
        if self.user_namespace:
            linux["namespaces"].append({"type": "user"})
            linux["uidMappings"] = [{"containerID": 0, "hostID": 100000, "size": rng.choice([65536, 2000])}]
            linux["gidMappings"] = [{"containerID": 0, "hostID": 300000, "size": rng.choice([65536, 1200])}]
            if self.maybe(.3):
                linux["uidMappings"] += [{"containerID": 70000, "hostID": 200000, "size": 10}, {"containerID": 80000, "hostID": 1000, "size": 1}]
            for namespace, filesystem in (("ipc", "mqueue"), ("network", "sysfs"), ("pid", "proc")):
                if namespace not in kinds:
                    c["mounts"] = [m for m in c["mounts"] if m["type"] != filesystem]
        else:
            for n in linux["namespaces"]:
                if n["type"] in self.joinable and self.maybe(.1):
                    n["path"] = self.joinable[n["type"]]
            if "uts" in kinds and any("path" in n for n in linux["namespaces"] if n["type"] == "uts"):
                c.pop("hostname", None)
                c.pop("domainname", None)
            if self.maybe(.1):
                linux["namespaces"].append({"type": "time"})
                linux["timeOffsets"] = rng.choice([{"monotonic": {"secs": 1000, "nanosecs": 5}}, {"boottime": {"secs": 7, "nanosecs": 0}}, {}])
        return kinds

    def fill(self):
        c, linux, rng = self.config, self.config["linux"], self.rng
        # What the peers of Debian 12 know.
        c["ociVersion"] = rng.choice(["1.0.2", "1.0.0", "1.0.2-dev"])
        self.process()
        if self.maybe(.3):
            c["root"]["readonly"] = self.maybe(.5)
        if self.maybe(.1):
            c["root"]["path"] = rng.choice([self.top + "/b/rootfs", "./rootfs", "rootfs/", "../b/rootfs"])
        kinds = self.namespaces()
        joined = {n["type"] for n in linux["namespaces"] if "path" in n}
        c["mounts"] += [m for m in (self.mount() for _ in range(rng.choice([0, 0, 1, 1, 2, 3, 4]))) if m]
        for key in ("maskedPaths", "readonlyPaths"):
            if self.maybe(.35):
                linux[key] = self.some(RESTRICTED, 0, 6)
        if self.maybe(.25):
            linux["rootfsPropagation"] = rng.choice(["private", "rprivate", "slave", "rslave", "shared", "rshared", "unbindable"])
        if self.maybe(.2) and not self.user_namespace:
            linux["devices"] = self.some(DEVICES, 1, 3)
        linux["sysctl"] = {}
        for kind, values in SYSCTLS.items():
            if kind in kinds and kind not in joined and self.maybe(.2):
                linux["sysctl"].update(rng.choice(values))
        if "kernel.domainname" in linux["sysctl"]:
            c.pop("domainname", None)
        if self.maybe(.25):
            linux["seccomp"] = rng.choice(FILTERS)
        if self.maybe(.07):
            linux["personality"] = {"domain": rng.choice(["LINUX", "LINUX32"])}
        if self.maybe(.1):
            linux["mountLabel"] = ""
        if self.maybe(.2):
            c["annotations"] = rng.choice([{"a.b/c": "d"}, {"org.example": "é\n\"\\", "x": ""}, {}])
