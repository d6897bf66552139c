# SPDX-License-Identifier: BSD-2-Clause
"""Modules built from the reference's headers and stubs alone: tests/abi/NAME.c is one, booted alone.

A module reports each check as a line of TAP and announces their number at the end."""
import glob
import os
import subprocess
import tempfile

from guest import archive, qemu
from runner.case import TIME_LIMIT, boot, single, succeeded, tool
from runner.userland import SEVERAL

FOLDER = os.path.join(qemu.ROOT, "tests", "abi")
BUILT = os.path.join(qemu.BUILD, "tests", "abi")
LINE = "{} ${{host-port}} ${{device-port}} $(task-create) $(task-resume)\n"


def module_runs(name, cpus):
    program = os.path.join(BUILT, name)
    if not os.path.exists(program):
        return ["it was not built: `make abi-modules` needs the reference headers of ./setup"]
    with tempfile.TemporaryDirectory(prefix="porthole-test-") as folder:
        initrd = os.path.join(folder, "initrd.cpio")
        config = archive.write(folder, "boot.cfg", LINE.format(name))
        subprocess.run(tool("mkinitrd", initrd, config, program), check=True)
        finished = boot(initrd=initrd, cpus=cpus, timeout=TIME_LIMIT["pvh"] * cpus)
    problems = succeeded(finished)
    if not problems and (not finished.results() or finished.planned() != len(finished.results())):
        problems = [f"{finished.planned()} checks announced, {len(finished.results())} reported"]
        problems += finished.told()
    return problems


def cases():
    names = sorted(os.path.basename(path)[:-2] for path in glob.glob(os.path.join(FOLDER, "*.c")))
    return [single(f"{words}abi: {name}", module_runs, name, cpus) for name in names
            for words, cpus in (("", 1), (f"{SEVERAL} processors: ", SEVERAL))]
