# SPDX-License-Identifier: LGPL-2.1-or-later
"""Random command lines, for tests/fuzz/differential: options and arguments of each verb, spelled in every way, and wrong ones."""
import json

# Options that take a value have values here, flags None. Those of runc 1.1.
OPTIONS = {
    "create": {"bundle b": ["BUNDLE", "/nothing"], "pid-file": ["TOP/pid", "/nothing/pid"], "no-pivot": None, "no-new-keyring": None, "preserve-fds": ["0", "x", "-1"]},
    "start": {}, "state": {}, "pause": {}, "resume": {}, "delete": {"force f": None}, "kill": {"all a": None}, "spec": {"bundle b": ["TOP/spec", "/nothing"], "rootless": None},
    "exec": {"cwd": ["/tmp", "tmp"], "env e": ["A=1", "A", ""], "user u": ["0", "1:2", "x", "1:x", "-1", ""], "additional-gids g": ["5", "x"], "process p": ["/nothing"], "detach d": None,
             "pid-file": ["TOP/pid"], "no-new-privs": None, "cap c": ["CAP_KILL", "kill", "CAP_X"], "preserve-fds": ["0", "x"], "ignore-paused": None, "cgroup": ["/", "nothing"]},
    "list": {"format f": ["table", "json", "x", ""], "quiet q": None}, "ps": {"format f": ["table", "json", "x"]}, "events": {"interval": ["1s", "x", "0", "-1s"]},
    "update": {"memory": ["64m", "x", "-1", "1.5g"], "memory-swap": ["128m", "-1"], "cpu-share": ["512", "x"], "cpu-quota": ["50000", "1e4"], "cpu-period": ["100000"], "cpuset-cpus": ["0", "x"],
               "pids-limit": ["50", "-1", "x"], "resources r": ["/nothing", "-"], "memory-reservation": ["32M"], "blkio-weight": ["x"], "kernel-memory": ["x"]},
}
GLOBAL = {"debug": None, "log": ["TOP/log", "/nothing/log"], "log-format": ["text", "json", "x"], "rootless": ["auto", "false", "x"]}


def spell(rng, name, values):
    long, letter = (name.split() + [None])[:2]
    value = None if values is None else rng.choice(values)
    if value is None:
        return [rng.choice(["--" + long, "-" + long, f"--{long}=true", f"--{long}=false", f"--{long}=x"] + (["-" + letter] * 3 if letter else []))]
    forms = [["--" + long, value], [f"--{long}={value}"], ["-" + long, value], [f"-{long}={value}"]]
    return rng.choice(forms + ([["-" + letter, value]] * 2 if letter else []))


def command(rng, names):
    """One command line, without the program, that ends by itself."""
    verb = rng.choice(sorted(OPTIONS))
    words = []
    if rng.random() < .15:
        words += spell(rng, *rng.choice(sorted(GLOBAL.items(), key=str)))
    words.append(verb if rng.random() < .97 else rng.choice(["nothing", "", "Start", "help"]))
    for name, values in rng.sample(sorted(OPTIONS[verb].items(), key=str), min(len(OPTIONS[verb]), rng.choice([0, 0, 1, 1, 2, 3]))):
        words += spell(rng, name, values)
    if rng.random() < .05:
        words.append(rng.choice(["--nothing", "-x", "--help", "--", "-"]))
    if verb == "events":
        words.append("--stats")  # it would never end
    arguments = {"list": 0, "spec": 0}.get(verb, 1)
    if rng.random() < .08:
        arguments = rng.choice([0, 1, 2])
    words += [rng.choice(names) for _ in range(arguments)]
    if verb == "kill" and arguments:
        words += rng.choice([[], ["0"], ["CONT"], ["SIGCONT"], ["x"], ["18"], ["0", "x"]])
    if verb == "exec" and arguments:
        words += rng.choice([["/bin/busybox", "true"], ["/bin/busybox", "true", "-x"], [], ["/nothing"], ["--", "/bin/busybox", "true"]])
    return words


def shape(text):
    """What kind of output it is: what of a document engines rely on, or whether there is any."""
    try:
        value = json.loads(text)
    except ValueError:
        return "text" if text.strip() else "nothing"
    if isinstance(value, dict):
        return "object " + " ".join(k for k in ("ociVersion", "id", "status", "pid", "bundle", "type", "data", "process", "linux") if k in value)
    return "array" if isinstance(value, list) else "null" if value is None else "text"
