# SPDX-License-Identifier: BSD-2-Clause
"""Running the fuzzer (tests/fuzz/) in a machine, and reading what it reports."""
import dataclasses
import re

from guest import measured, qemu
from guest.session import Ending
from guest.shrink import Run

KINDS = ("request", "wrong", "letter", "receive", "trap", "port", "memory", "touch", "fault")
TASKS, THREADS = 4, 3
ALL = Run(seed=1, operations=0, tasks=TASKS, threads=THREADS, kinds=tuple(range(len(KINDS))),
          members=tuple(range(TASKS * THREADS)))


@dataclasses.dataclass
class Machine:
    """Where it runs: processors, MiB, seconds for the guest's work, whether instructions are counted, the kernel."""
    cpus: int = 1
    memory: int = 128
    seconds: float = 60
    icount: bool = False
    privileged: bool = False
    tell: bool = False
    kernel: str = qemu.Machine.kernel


@dataclasses.dataclass
class Outcome:
    """How a run ended: `problem` is empty if all was well."""
    problem: str
    details: list
    done: int
    kinds: dict
    milliseconds: int
    finished: bool
    console: str


def mask(numbers):
    return hex(sum(1 << number for number in numbers))


def words(run, machine):
    """The run as words of the kernel's command line."""
    total = run.operations * run.tasks * run.threads
    result = [f"seed={run.seed}", f"operations={total}", f"seconds={int(machine.seconds)}",
              f"tasks={run.tasks}", f"threads={run.threads}", f"kinds={mask(run.kinds)}",
              f"members={mask(run.members)}"]
    if run.skips:
        result.append("skip=" + ",".join(f"{start}-{end}" for start, end in run.skips))
    return result + ["cold"] * (not run.warm) + ["privileged"] * machine.privileged + ["tell"] * machine.tell


def judge(result, report):
    """(problem, details) of a finished machine; the problem is what makes two failures the same."""
    failed = [line[2:] for line in report.splitlines() if line.startswith("# ")]
    if result.ending == Ending.SUCCESS and not re.search("^not ok", report, re.M):
        return "", []
    if result.ending == Ending.SUCCESS:
        return re.sub(r"[0-9]+", "N", failed[-1] if failed else "not ok"), failed
    return re.sub(r"[0-9a-f]{6,}|[0-9]+", "N", result.summary), [result.summary] + result.details


def run_once(run, machine, on_console=None):
    """Boot the fuzzer; the Outcome. Generous with time: the machine may be loaded."""
    result, report = measured.run("fuzzer", 4 * machine.seconds + 90, icount=machine.icount, on_console=on_console,
                                  memory=machine.memory, cpus=machine.cpus, kernel=machine.kernel,
                                  cmdline=" ".join(words(run, machine)))
    problem, details = judge(result, report)
    counts = re.findall(r"^fuzz: done (\d+)", report, re.M)
    end = re.search(r"^fuzz: end finished (\d) milliseconds (\d+)", report, re.M)
    return Outcome(problem, details, int(counts[-1]) if counts else 0,
                   {kind: int(count) for kind, count in
                    re.findall(r"^fuzz: kind (\w+) (\d+)", report, re.M)},
                   int(end.group(2)) if end else 0, bool(end and end.group(1) == "1"), result.console)
