# SPDX-License-Identifier: BSD-2-Clause
"""Tests of the runner itself: it must tell apart all the ways in which a run can end.

The guests of tests/runner/guest.asm end in each way, whatever the kernel can do; the kernel does the
same when its command line says test-panic, test-triple-fault or test-hang.
"""
import os
import subprocess
import sys

from guest import qemu
from guest.session import Ending
from runner.case import boot, single

RUN = os.path.join(qemu.ROOT, "tools", "run")
# Guest, time limit, exit status of tools/run, words that it must say.
GUESTS = (
    ("SUCCEED", 20, Ending.SUCCESS, ()),
    ("FAIL", 20, Ending.FAILURE, ("reported failure",)),
    ("PANIC", 20, Ending.PANIC, ("kernel panic: a test of the runner", "backtrace", "act+0x3")),
    ("TRIPLE_FAULT", 20, Ending.RESET, ("triple fault", "#UD invalid opcode", "#DF double fault")),
    ("HANG", 2, Ending.TIMEOUT, ("no end within 2 seconds", "nobody waits for anybody")),
    ("SILENT", 2, Ending.NEVER_BOOTED, ("never booted",)),
    ("POWER_OFF", 20, Ending.POWERED_OFF, ("powered off",)),
)
# Word on the kernel's command line, time limit, ending, what the details must tell.
KERNEL_WORDS = (
    ("test-panic", 20, Ending.PANIC, "kernel/main.c:"),
    ("test-triple-fault", 20, Ending.RESET, "kernel"),
    ("test-hang", 3, Ending.TIMEOUT, ""),
    ("test-stack-overflow", 20, Ending.PANIC, "overflow_stack"),
)


def guest_ends(name, limit, ending, words):
    kernel = os.path.join(qemu.BUILD, "tests", "runner", f"{name}.elf")
    done = subprocess.run(
        [sys.executable, RUN, "--kernel", kernel, "--initrd", "", "--timeout", str(limit)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    problems = []
    if done.returncode != ending:
        problems.append(f"exit status {done.returncode}, not {int(ending)} ({ending.name})")
    problems += [f"it does not say `{word}`" for word in words if word not in done.stderr]
    return problems + done.stderr.splitlines() if problems else []


def report_arrives():
    finished = boot(kernel=os.path.join(qemu.BUILD, "tests", "runner", "REPORT.elf"), timeout=20)
    if finished.results() == [(True, "reported", "")] and finished.planned() == 1:
        return []
    return [f"report: {finished.report}"] + finished.told()


def kernel_ends(word, limit, ending, told):
    finished = boot(cmdline=word, timeout=limit)
    problems = finished.expect(ending)
    if not problems and told not in "\n".join(finished.result.details):
        problems = [f"the details do not tell `{told}`"] + finished.told()
    return problems


def cases():
    found = [single(f"runner: a guest that does {guest[0]} is told as {guest[2].name}",
                    guest_ends, *guest) for guest in GUESTS]
    found.append(single("runner: results travel on the report channel", report_arrives))
    found += [single(f"runner: the kernel's {row[0]} is told as {row[2].name}", kernel_ends, *row)
              for row in KERNEL_WORDS]
    return found
