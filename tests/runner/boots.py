# SPDX-License-Identifier: BSD-2-Clause
"""The kernel's self-tests, through both doors: one boot runs all of them."""
import glob
import os
import re
import subprocess
import tempfile

from guest import qemu
from guest.session import Ending
from runner.case import Case, Outcome, boot, single

SOURCES = os.path.join(qemu.ROOT, "tests", "kernel", "*.c")


def outcomes_of(finished, prefix):
    """An outcome for each self-test that a boot reported."""
    for number, (passed, name, skip) in enumerate(finished.results()):
        problems = [] if passed else notes_of(finished.report, number) or finished.told()
        yield Outcome(f"{prefix}: {name}", problems, skip)


def known_self_tests():
    """The names of all self-tests, from their sources."""
    names = set()
    for path in glob.glob(SOURCES):
        with open(path, encoding="utf-8") as file:
            names.update(re.findall(r"^SELFTEST\((\w+)\)", file.read(), re.M))
    return sorted(names)


def left_over(reported, prefix, machine):
    """When the kernel did not survive a self-test, the rest run in boots of their own."""
    for name in known_self_tests():
        if name in reported:
            continue
        finished = boot(cmdline=f"selftest={name}", **machine)
        mine = [o for o in outcomes_of(finished, prefix) if o.name == f"{prefix}: {name}"]
        yield from mine or [Outcome(f"{prefix}: {name}", finished.told())]


def self_tests(door, prefix, **machine):
    """Boot with the self-tests; an outcome for each, and one for the boot as a whole."""
    finished = boot(door=door, cmdline="selftest", **machine)
    results = finished.results()
    yield from outcomes_of(finished, prefix)
    if prefix == "kernel" and results and finished.result.ending not in (Ending.SUCCESS, Ending.FAILURE):
        yield from left_over({name for _, name, _ in results}, prefix, {"door": door, **machine})
    problems = finished.expect(Ending.SUCCESS)
    if any(not passed for passed, _, _ in results) and finished.result.ending == Ending.FAILURE:
        problems = []
    if not results:
        problems = problems or ["the kernel reported no self-test"] + finished.told()
    elif finished.planned() is not None and finished.planned() != len(results):
        problems.insert(0, f"{finished.planned()} self-tests announced, {len(results)} reported")
    yield Outcome(f"boot: self-tests through the {door} door{machine_words(machine)}", problems)


def machine_words(machine):
    return "".join(f", {name} {value}" for name, value in machine.items())


def notes_of(report, number):
    """The `#` lines around the failed result `number` of a report."""
    seen, notes = -1, []
    for line in report:
        if line.startswith(("ok", "not ok")):
            seen += 1
            if seen > number:
                break
            notes = notes if seen == number else []
        elif line.startswith("#"):
            notes.append(line.lstrip("# "))
    return notes


def image_boots():
    """The disk image boots as the loose files do."""
    with tempfile.TemporaryDirectory(prefix="porthole-test-") as folder:
        image = os.path.join(folder, "image")
        made = subprocess.run(
            [os.path.join(qemu.ROOT, "tools", "mkimage"), image,
             *(os.path.join(qemu.BUILD, name) for name in ("BOOTX64.EFI", "kernel.elf", "initrd.cpio")),
             "selftest debug-exit"], capture_output=True, text=True, check=False)
        if made.returncode:
            return made.stderr.splitlines()
        return boot(door="uefi", image=image).expect(Ending.SUCCESS)


def cases():
    return [
        Case("kernel: self-tests", lambda: self_tests("pvh", "kernel"), many=True),
        Case("boot: self-tests through the uefi door",
             lambda: last(self_tests("uefi", "uefi", memory=64))),
        Case("boot: self-tests through the pvh door, plain processor",
             lambda: last(self_tests("pvh", "plain", cpu="qemu64", memory=32))),
        Case("boot: self-tests through the pvh door, 4 processors",
             lambda: last(self_tests("pvh", "several", cpus=4))),
        Case("boot: self-tests through the uefi door, 4 processors",
             lambda: last(self_tests("uefi", "several", memory=64, cpus=4))),
        single("boot: the disk image boots by UEFI", image_boots),
    ]


def last(outcomes):
    """Only the outcome for the boot as a whole, with the first failing self-test's reasons."""
    outcomes = list(outcomes)
    whole = outcomes[-1]
    for outcome in outcomes[:-1]:
        if outcome.problems:
            whole.problems = [f"{outcome.name}:"] + outcome.problems + whole.problems
            break
    return [whole]
