# SPDX-License-Identifier: BSD-2-Clause
"""Running the reference model beside the kernel (tests/object_model/) in a machine, and making a failure small."""
import dataclasses
import re
import time

from guest import measured, qemu
from guest.fuzz import judge, mask
from guest.shrink import Run, shrink

PROGRAM = "object_model"
KINDS = ("touch", "answer", "supply", "unavailable", "error", "lock", "sync", "change", "abandon", "race", "wire",
         "unmap", "destroy", "fence")
CLIENTS = 4
HISTORY = 15     # operations before the failing one that a failure tells (main.c)
# A run as shrink.py knows it: its members are the client threads.
ALL = Run(seed=1, operations=0, tasks=1, threads=1, kinds=tuple(range(len(KINDS))),
          members=tuple(range(CLIENTS)), warm=False)


@dataclasses.dataclass
class Machine:
    """Where it runs: processors, MiB, seconds that it may take, whether instructions are counted, the kernel."""
    cpus: int = 1
    memory: int = 64
    timeout: float = 300
    icount: bool = False
    tell: bool = False
    kernel: str = qemu.Machine.kernel


@dataclasses.dataclass
class Outcome:
    """How a run ended: `problem` is empty if all was well. `failed_at` is the operation that showed it."""
    problem: str
    details: list
    done: int
    kinds: dict
    messages: dict
    failed_at: int
    told: list


def words(run, machine):
    """The run as words of the kernel's command line."""
    result = [f"seed={run.seed}", f"operations={run.operations}", f"kinds={mask(run.kinds)}",
              f"clients={mask(run.members)}"]
    if run.skips:
        result.append("skip=" + ",".join(f"{start}-{end}" for start, end in run.skips))
    return result + ["tell"] * machine.tell


def command_line(run, machine):
    """What runs this again."""
    parts = [f"--seed {run.seed} --operations {run.operations}"]
    if run.kinds != ALL.kinds:
        parts.append("--kinds " + ",".join(KINDS[kind] for kind in run.kinds))
    if run.members != ALL.members:
        parts.append("--clients " + ",".join(map(str, run.members)))
    if run.skips:
        parts.append("--skip " + ",".join(f"{start}-{end}" for start, end in run.skips))
    parts += [f"--cpus {machine.cpus}"] * (machine.cpus > 1) + ["--icount"] * machine.icount
    return "tools/model " + " ".join(parts)


def counts(report, what):
    return {name: int(count) for name, count in re.findall(rf"^model: {what} (\S+) (\d+)$", report, re.M)}


def run_once(run, machine):
    """Boot the program; the Outcome."""
    result, report = measured.run(PROGRAM, machine.timeout, icount=machine.icount, memory=machine.memory,
                                  cpus=machine.cpus, kernel=machine.kernel, cmdline=" ".join(words(run, machine)))
    problem, details = judge(result, report)
    failed_at = re.search(r"^model: failed at (\d+)", report, re.M)
    done = re.search(r"^model: done (\d+)", report, re.M)
    return Outcome(problem, details, int(done.group(1)) if done else 0, counts(report, "kind"),
                   counts(report, "heard"), int(failed_at.group(1)) if failed_at else -1,
                   re.findall(r"^model: did (.*)", report, re.M))


def make_small(run, machine, tell=lambda text: None, seconds=float("inf")):
    """Lines about the smallest run found that fails in the same way, or [] if none does. With one processor the
    machine counts instructions, so that runs repeat. After so many seconds what is small by then will do."""
    end = time.monotonic() + seconds
    machine = dataclasses.replace(machine, icount=machine.cpus == 1, tell=False)
    first = run_once(run, machine)
    if not first.problem:
        return []
    if first.failed_at >= 0:
        run = dataclasses.replace(run, operations=first.failed_at + 1)

    def fails(candidate):
        if time.monotonic() > end:
            return False
        problem = run_once(candidate, machine).problem
        tell(f"  {'fails' if problem == first.problem else problem or 'passes'}: "
             f"{' '.join(words(candidate, machine))}")
        return problem == first.problem

    small = shrink(run, fails, tell)
    if small is None:
        return []
    last = run_once(small, dataclasses.replace(machine, tell=True))
    told = last.told if len(last.told) > HISTORY else []    # the failure itself tells the last ones
    return ["the operations that are left:"] + [f"  {line}" for line in told + last.details] + [
        command_line(small, machine)]
