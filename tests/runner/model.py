# SPDX-License-Identifier: BSD-2-Clause
"""The paging protocol in tests/model/, searched by Spin: that it holds, and that it would be noticed if a
rule were left out. Spin writes the search as a C program, which is compiled and run."""
import os
import re
import subprocess
import tempfile

from guest import qemu
from runner.case import single

MODEL = os.path.join(qemu.ROOT, "tests", "model", "exclusive_paging.pml")
DEPTH = "-m400000"
# What to search: how the model is cut down, how the search is compiled, and how it is run.
SAFETY = ([], ["-DSAFETY"], ["-N", "kept"])
DEADLOCK = (["-DAHEAD=0"], ["-DSAFETY", "-DNOCLAIM"], [])
LIVENESS = (["-DAHEAD=0", "-DVALUES=2"], ["-DNFAIR=3"], ["-a", "-f", "-N", "answered"])
# Rules to leave out together, in which search that shows, and what is then said.
BROKEN = (
    (("PENDING", "CANCEL"), SAFETY, "evictions before a completion that are not taken note of"),
    (("PRECIOUS",), SAFETY, "precious pages that are dropped clean"),
    (("EARLY",), SAFETY, "a block that is freed before the completion"),
    (("ORDER",), SAFETY, "a completion before the refused pages"),
    (("REFUSED",), SAFETY, "refused pages that do not come back"),
    (("STALE",), SAFETY, "a request that is answered twice"),
    (("FORGET",), LIVENESS, "a request that is forgotten"),
)


def search(what, broken=()):
    """What the search says, and how many errors it found (None: it did not come to its end)."""
    define, compile_with, run_with = what
    with tempfile.TemporaryDirectory(prefix="porthole-model-") as folder:
        def run(command):
            return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        made = run(["spin", "-a", *define, *(f"-DBREAK_{name}" for name in broken), MODEL])
        if not os.path.exists(os.path.join(folder, "pan.c")):
            return made.stdout + made.stderr, None
        made = run(["gcc", "-O2", "-w", "-DCOLLAPSE", *compile_with, "-o", "pan", "pan.c"])
        if made.returncode:
            return made.stderr, None
        said = run(["./pan", DEPTH, *run_with]).stdout
    errors = re.search(r"errors: (\d+)", said)
    complete = errors and not re.search(r"max search depth too small|out of memory", said)
    return said, int(errors.group(1)) if complete else None


def holds(what):
    said, errors = search(what)
    return [] if errors == 0 else ["the search found:"] + said.splitlines()[:25]


def noticed(broken, what):
    said, errors = search(what, broken)
    return [] if errors else ["not noticed:"] + said.splitlines()[:25]


def cases():
    whole = ((SAFETY, "no page is lost or held twice, in whatever order"), (DEADLOCK, "nobody is stuck"),
             (LIVENESS, "each request is answered"))
    return [single(f"model: {name}", holds, what, long=True) for what, name in whole] + [
        single(f"model: it would notice {name}", noticed, broken, what) for broken, what, name in BROKEN]
