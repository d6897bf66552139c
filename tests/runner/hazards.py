# SPDX-License-Identifier: BSD-2-Clause
"""docs/hazards.md: each hazard of the sections that it covers has tests, and these exist."""
import os
import re
import subprocess
import sys

from guest import qemu
from runner.case import single

TABLE = os.path.join(qemu.ROOT, "docs", "hazards.md")
COVERED = {*range(1, 30), *range(33, 47), 60, 61, 62, 66, 67, 68, 69}
ROW = re.compile(r"^\| (H-[^|]*) \|[^|]*\| ([^|]*) \|$", re.M)


def all_are_tried():
    with open(TABLE, encoding="utf-8") as file:
        rows = ROW.findall(file.read())
    listed = {int(number) for hazards, _ in rows for number in re.findall(r"H-(\d+)", hazards)}
    names = subprocess.run([sys.executable, os.path.join(qemu.ROOT, "tests", "run"), "--list"],
                           capture_output=True, text=True, check=True).stdout
    problems = [f"H-{number:02} has no row" for number in sorted(COVERED - listed)]
    for hazards, tests in rows:
        wanted = re.findall(r"`([^`]+)`", tests)
        problems += [f"{hazards}: there is no test `{test}`" for test in wanted if test not in names]
        problems += [] if wanted else [f"{hazards}: no test"]
    return problems


def cases():
    return [single("hazards: each in docs/hazards.md has tests", all_are_tried)]
