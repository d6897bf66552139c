# SPDX-License-Identifier: BSD-2-Clause
"""What operations cost when there are few things and many: the rows of tests/user/scale*.c."""
import glob
import os
import re
import sys

from guest import measured, qemu
from guest.session import Ending

TEST = re.compile(r"^TEST\(\s*\w+\s*,\s*(\w+)\s*\)", re.M)
ROW = re.compile(r"^bench: (\w+) (\d+) (\d+)\s*$", re.M)
WANTED = re.compile(r"^/\* measured: memory=(\d+) \*/$", re.M)     # MiB that a program's figures need
MEMORY = 512


def tests():
    """(program, test, MiB) of every test that measures."""
    for path in sorted(glob.glob(os.path.join(qemu.ROOT, "tests", "user", "scale*.c"))):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        wanted = WANTED.search(text)
        for name in TEST.findall(text):
            yield (os.path.splitext(os.path.basename(path))[0], name,
                   int(wanted[1]) if wanted else MEMORY)


def run(program, test, memory, timeout):
    """(how one test ended, [(row, count, mean)]), with QEMU counting instructions."""
    result, text = measured.run(program, timeout, memory=memory, cmdline=f"test={test}")
    return result, [(row, int(count), int(mean)) for row, count, mean in ROW.findall(text)]


def print_rows(rows):
    """A line for each row, with a column for each number of things. The last run of a row counts: the
    first warms up."""
    table = {}
    for row, count, mean in rows:
        table.setdefault(row, {})[count] = mean
    for counts in sorted({tuple(sorted(row)) for row in table.values()}):
        print("| " + "instructions per operation, of".ljust(32) +
              "".join(f"| {count:>9,} " for count in counts) + "|")
        print("|" + "-" * 33 + "|-----------" * len(counts) + "|")
        for row, means in table.items():
            if tuple(sorted(means)) == counts:
                print("| " + row.replace("_", " ").ljust(32) +
                      "".join(f"| {means[count]:>9,} " for count in counts) + "|")
        print()


def measure(timeout):
    """Run and print all; true if every test ended well."""
    rows, well = [], True
    for program, test, memory in tests():
        print(f"scale: {program}: {test}", file=sys.stderr)
        result, measured = run(program, test, memory, timeout)
        rows += measured
        if result.ending != Ending.SUCCESS:
            print(f"{program}: {test}: {result.summary}")
            well = False
    print_rows(rows)
    return well
