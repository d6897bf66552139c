# SPDX-License-Identifier: BSD-2-Clause
"""What paging carries in a second beside the disk, and who works for it: tests/user/throughput.c."""
import re

from guest import measured
from guest.session import Ending

SERVERS = ("disk", "default_pager")
TESTS = ("the_disk_by_itself", "page_out_and_page_in")
DISKS = ["new:160", "new:16"]
MEMORY = 48
RATE = re.compile(r"^rate: (\w+) (\d+) (\d+)\s*$", re.M)
WORK = re.compile(r"^work: (\w+) (\S+) (\d+) (\d+)\s*$", re.M)
NAMES = {"disk_write": "disk alone: writing, a cluster at a time",
         "disk_write_several": "disk alone: writing, 4 clusters at once",
         "disk_read": "disk alone: reading, a cluster at a time",
         "disk_read_several": "disk alone: reading, 4 clusters at once",
         "page_out": "page-out: memory written in order",
         "page_in": "page-in: memory read in order"}


def run(icount, timeout):
    """(every test ended well, what they reported)"""
    well, texts = True, ""
    for test in TESTS:
        result, text = measured.run("throughput", timeout, servers=SERVERS, icount=icount, disks=DISKS,
                                    memory=MEMORY, cmdline=f"test={test}")
        texts += text
        if result.ending != Ending.SUCCESS:
            print(f"throughput: {test}: {result.summary}")
            well = False
    return well, texts


def print_table(head, rows):
    widths = [max(len(row[column]) for row in [head] + rows) for column in range(len(head))]
    for number, row in enumerate([head] + rows):
        print("| " + " | ".join(cell.ljust(width) if column == 0 else cell.rjust(width)
                                for column, (cell, width) in enumerate(zip(row, widths))) + " |")
        if number == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")
    print()


def print_rates(text):
    rows = [[NAMES[row], f"{int(kib) / 1024 / (int(time) / 1e6):,.1f}"]
            for row, kib, time in RATE.findall(text)]
    print_table(["MiB in a second of this machine's time", "MiB/s"], rows)


def print_work(text):
    """A line for each row, a column for each task that worked: instructions per page."""
    table, tasks = {}, []
    for row, task, pages, nanoseconds in WORK.findall(text):
        work = table.setdefault(row, {})
        work[task] = work.get(task, 0) + int(nanoseconds) / int(pages)  # a nanosecond is an instruction
    for work in table.values():
        tasks += [task for task in work if work[task] >= 1 and task not in tasks]
    rows = [[NAMES[row]] + [f"{work.get(task, 0):,.0f}" for task in tasks] + [f"{sum(work.values()):,.0f}"]
            for row, work in table.items()]
    print_table(["instructions per page, by task", *tasks, "all"], rows)


def measure(timeout):
    """Run and print all; true if every test ended well."""
    in_time, rates = run(False, timeout)
    print_rates(rates)
    counted, work = run(True, timeout)
    print_work(work)
    return in_time and counted
