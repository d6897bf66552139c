# SPDX-License-Identifier: BSD-2-Clause
"""The demonstration: a program twice the size of memory, paged onto a disk, and its last line.

    demo: PASS memory=<pages> touched=<pages> returned=<n> requested=<n> supplied_precious=<n>
    completed=<n> refused=<n> freed_blocks=<n> pager_faults=0 bad_pages=0
"""
import os
import re
import sys

from guest import qemu
from guest.session import Ending
from runner.case import boot, single

CMDLINE = "demo debug-exit"
FIELDS = ("memory", "touched", "returned", "requested", "supplied_precious", "completed", "refused",
          "freed_blocks", "pager_faults", "bad_pages")
SUMMARY = re.compile(r"^.*\bdemo: (PASS|FAIL)\b(.*)$", re.M)
PAGE = 4096
TIME_LIMIT = 170


def summary_of(console):
    """The verdict and the numbers of the last summary line, or (None, {})."""
    found = SUMMARY.findall(console.replace("\r", ""))
    if not found:
        return None, {}
    verdict, rest = found[-1]
    return verdict, {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", rest)}


def check_numbers(numbers, memory):
    """Problems of the numbers of a demonstration that says that it passed."""
    problems = [f"the summary lacks {name}" for name in FIELDS if name not in numbers]
    if problems:
        return problems

    def need(condition, words):
        if not condition:
            problems.append(words)

    need(0 < numbers["memory"] <= memory * (1 << 20) // PAGE, "memory is not that of the machine")
    need(numbers["touched"] >= 2 * numbers["memory"], "touched less than twice the memory")
    need(numbers["completed"] == numbers["supplied_precious"],
         "not one completion for each page supplied with a reply port")
    need(numbers["freed_blocks"] == numbers["supplied_precious"] - numbers["refused"],
         "freed blocks are not the accepted pages")
    need(numbers["returned"] > 0 and numbers["requested"] > 0, "nothing was paged")
    need(numbers["pager_faults"] == 0, "the pager faulted")
    need(numbers["bad_pages"] == 0, "pages came back changed")
    return problems


def demo(memory, door, disk=None, on_console=None):
    """Run the demonstration; the problems that it showed."""
    finished = boot(door=door, memory=memory, disks=[f"new:{disk or 3 * memory + 64}"],
                    cmdline=CMDLINE, initrd=os.path.join(qemu.BUILD, "initrd.cpio"),
                    timeout=TIME_LIMIT, on_console=on_console, fault_log=False)
    verdict, numbers = summary_of(finished.result.console)
    problems = finished.expect(Ending.SUCCESS)
    if verdict != "PASS":
        problems.append("no line `demo: PASS ...`")
    else:
        problems += check_numbers(numbers, memory)
    if problems and not any(line.startswith("console:") for line in problems):
        problems += finished.tail()
    return problems


def too_small_a_disk(memory, disk):
    """Paging space runs out: it is said, and the end is orderly."""
    finished = boot(memory=memory, disks=[f"new:{disk}"], cmdline=CMDLINE,
                    initrd=os.path.join(qemu.BUILD, "initrd.cpio"), timeout=TIME_LIMIT,
                    fault_log=False)  # the log of page faults would take longer than the faults
    text = finished.result.console
    problems = []
    if "paging space exhausted" not in text:
        problems.append("it does not say `paging space exhausted`")
    if finished.result.ending not in (Ending.SUCCESS, Ending.FAILURE):
        problems.append("the end is not in order")
    if not re.search(r"\bbad_pages=0\b", text):
        problems.append("it does not tell that the data is intact (bad_pages=0)")
    return problems + finished.told() if problems else []


def show():
    """`make demo`: 64 MiB through each door, on this terminal. Returns the exit status."""
    def write(data):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    status = 0
    summaries = []
    for door in ("pvh", "uefi"):
        print(f"--- the demonstration with 64 MiB through the {door} door", flush=True)
        collected = bytearray()

        def keep(data, into=collected):
            into.extend(data)
            write(data)

        problems = demo(64, door, on_console=keep)
        found = SUMMARY.search(collected.decode(errors="replace").replace("\r", ""))
        summaries.append(found.group(0).strip() if found else f"demo: FAIL through the {door} door")
        if problems:
            status = 1
            print(*problems, sep="\n")
    print("---", *summaries, sep="\n")
    return status


def cases():
    if not os.path.isdir(os.path.join(qemu.ROOT, "servers", "demo")):
        return []
    found = [single(f"demo: {memory} MiB through the {door} door", demo, memory, door,
                    long=True)
             for memory, door in ((64, "pvh"), (64, "uefi"), (32, "pvh"))]
    found.append(single("demo: paging space runs out in order", too_small_a_disk, 32, 16,
                        long=True))
    return found
