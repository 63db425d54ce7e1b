# SPDX-License-Identifier: LGPL-2.1-or-later
"""Random commands to one container from create to delete, for tests/fuzz/differential: what each of them answers, what the state
says after it, what a process of exec finds inside, and what the files of the cgroups hold (version 1).
"""
import json
import os
import time

FILES = {"memory": ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.soft_limit_in_bytes", "memory.swappiness",
                    "memory.kmem.tcp.limit_in_bytes", "memory.oom_control"],
         "cpu": ["cpu.shares", "cpu.cfs_quota_us", "cpu.cfs_period_us", "cpu.idle", "cpu.cfs_burst_us"], "cpuset": ["cpuset.cpus", "cpuset.mems"],
         "pids": ["pids.max"], "devices": ["devices.list"],
         "blkio": ["blkio.throttle.read_bps_device", "blkio.throttle.write_iops_device"]}
SIGNALS = ["TERM", "SIGTERM", "15", "0", "USR1", "-1", "999", "", "sigkill", "KILL", "9", "RTMIN+1", "SIGRTMIN", "35", "64", "65", "chld", "SIGNOTHING", " 9"]
SIZE = 1 << 20


def numbers(rng):
    """Limits that this machine can have, and a few that it cannot."""
    return {"memory": rng.choice([{}, {"limit": 64 * SIZE}, {"limit": 64 * SIZE, "swap": 128 * SIZE}, {"limit": -1}, {"reservation": 32 * SIZE},
                                  {"limit": 100 * SIZE + 1}, {"swappiness": 10}, {"limit": 64 * SIZE, "swap": -1}, {"kernelTCP": 4 * SIZE},
                                  {"limit": 64 * SIZE, "disableOOMKiller": True}, {"limit": -1, "swap": -1}, {"limit": 64 * SIZE, "swap": 64 * SIZE}, {"kernel": 32 * SIZE}]),
            "cpu": rng.choice([{}, {"shares": 512}, {"shares": 2}, {"quota": 50000, "period": 100000}, {"quota": -1}, {"period": 50000}, {"cpus": "0"}, {"cpus": "0-1", "mems": "0"},
                               {"quota": 20000}, {"shares": 262144}, {"idle": 1}, {"quota": 50000, "burst": 10000}, {"cpus": "1,0"}, {"quota": 1000, "period": 1000}]),
            "pids": rng.choice([{}, {"limit": 50}, {"limit": -1}, {"limit": 4194304}])}


def without_empty(d):
    return {k: v for k, v in d.items() if v}


def resources(rng, disk):
    found = without_empty(numbers(rng))
    if rng.random() < .3:
        found["devices"] = rng.choice([
            [{"allow": False, "access": "rwm"}], [{"allow": False, "access": "rwm"}, {"allow": True, "type": "c", "major": 10, "access": "rw"}],
            [{"allow": True, "type": "b", "major": 7, "minor": 0, "access": "r"}], [{"allow": False, "access": "rwm"}, {"allow": True, "type": "a", "access": "rwm"}],
            [{"allow": False, "access": "rwm"}, {"allow": True, "type": "b", "minor": 3, "access": "m"}],
            [{"allow": False, "access": "rwm"}, {"allow": True, "type": "c", "major": 1, "minor": 11, "access": "rwm"}, {"allow": False, "type": "c", "major": 1, "minor": 11, "access": "w"}]])
    if disk and rng.random() < .2:
        found["blockIO"] = {rng.choice(["throttleReadBpsDevice", "throttleWriteIOPSDevice"]): [{"major": disk[0], "minor": disk[1], "rate": rng.choice([SIZE, 1000])}]}
    return found


def options(rng):
    """Options of update that all three have."""
    names = {"--memory": ["64m", "67108864", "-1", "64M", "x", ""], "--memory-swap": ["128m", "-1"], "--memory-reservation": ["32m"], "--cpu-share": ["512", "0", "x"],
             "--cpu-quota": ["50000", "-1"], "--cpu-period": ["50000", "100000"], "--cpuset-cpus": ["0", "0-1", "9"], "--cpuset-mems": ["0"], "--pids-limit": ["50", "-1", "0"],
             "--blkio-weight": ["0", "x"]}
    return [w for name in rng.sample(sorted(names), rng.randint(1, 3)) for w in (name, rng.choice(names[name]))]


def plan(rng):
    """The commands, as (verb, what it needs)."""
    steps = [("create", None)]
    for _ in range(rng.randint(2, 6)):
        steps.append((rng.choice("start exec kill update-json update state pause resume delete ps create".split()), rng.getrandbits(32)))
    steps.insert(rng.randint(1, 3), ("start", 0))
    return steps + [("kill", 9), ("wait", None), ("start", 0), ("kill", 9), ("exec", 1), ("delete", None), ("state", None), ("kill", 9), ("delete", None)]


def cgroup_files(name):
    found = {}
    for controller, files in FILES.items():
        for f in files:
            try:
                with open(f"/sys/fs/cgroup/{controller}/{name}/{f}", encoding="ascii") as x:
                    found[f] = x.read().split("\n")
            except OSError:
                pass
    if "devices.list" in found:
        # runc took c 10:200 out once and had to put it back; crun has a rule for the host's console, see integration/differential.bats.
        found["devices.list"] = sorted(set(found["devices.list"]) - {"", "c 5:1 rwm", "c 10:200 rwm"})
    return found


class Life:
    """One container under one runtime. `call(words, stdin)` returns a finished process."""

    def __init__(self, call, name, bundle):
        self.call, self.name, self.bundle, self.seen = call, name, bundle, []

    def status(self):
        r = self.call(["state", self.name])
        if r.returncode:
            return None
        s = json.loads(r.stdout)
        return {"status": s["status"], "bundle": s["bundle"].rsplit("/", 1)[1], "annotations": s.get("annotations") or {}, "pid": s["pid"] > 0 if s["status"] != "stopped" else None,
                "id": s["id"] == self.name}

    def words(self, verb, at, rng):
        if verb == "kill":
            return ["kill", self.name, "KILL" if at == 9 else rng.choice(SIGNALS)], None
        if verb == "update-json":
            return ["update", "--resources", "-", self.name], json.dumps(resources(rng, None))
        if verb == "update":
            return ["update", *options(rng), self.name], None
        if verb == "create":
            return ["create", "-b", self.bundle.top + "/b", self.name], None
        if verb == "exec":
            how = rng.choice([["/bin/inspector"], ["/bin/busybox", "sh", "-c", "exit 7"], ["/nothing"], ["/data"], ["/bin/plain"], ["/bin/busybox", "sh", "-c", "kill -9 $$"]])
            opts = rng.choice([[], ["--cwd", "/tmp"], ["--user", "1000:5"], ["--user", "7"], ["--env", "A=9"], ["--cap", "CAP_KILL"], ["--no-new-privs"], ["--additional-gids", "9"],
                               ["--user", "x"], ["--cwd", "relative"], ["--env", "B"], ["--cap", "CAP_NOTHING"], ["-d", "--pid-file", self.bundle.top + "/pid"]])
            return ["exec", *opts, self.name, *how], None
        return [verb, self.name], None

    def step(self, verb, at, rng):
        if verb == "wait":
            end = time.monotonic() + 5
            while time.monotonic() < end and (self.status() or {}).get("status") not in (None, "stopped"):
                time.sleep(.02)
            return
        words, stdin = self.words(verb, at, rng)
        r = self.call(words, stdin)
        if verb == "kill" and r.returncode == 0:
            end = time.monotonic() + (2 if words[-1] in ("KILL", "9", "sigkill") else .3)  # it ends after kill(2) has returned
            while time.monotonic() < end and (self.status() or {}).get("status") in ("running", "created"):
                time.sleep(.02)
        text = " ".join("BUNDLE" if self.bundle.top in w else "NAME" if w == self.name else w for w in words)
        entry = {"did": text + (" < " + stdin if stdin else ""), "why": r.stderr.strip()[-200:], "ok": r.returncode == 0, "state": self.status(), "cgroups": cgroup_files(self.name)}
        if verb == "exec" and r.returncode == 0 and "-d" not in words:
            entry["found"] = r.stdout
        if verb == "exec":
            entry["code"] = r.returncode
        self.seen.append(entry)

    def live(self, steps, rng):
        for verb, at in steps:
            self.step(verb, at, rng)
        return self.seen


def disk():
    """A block device of this machine that can be throttled."""
    for name in sorted(os.listdir("/sys/block")):
        if name.startswith(("vd", "sd", "nvme")):
            with open(f"/sys/block/{name}/dev", encoding="ascii") as f:
                return tuple(map(int, f.read().strip().split(":")))
    return None
