# SPDX-License-Identifier: BSD-2-Clause
"""The fuzzer (tests/fuzz/): bounded runs, and the logic that makes a failing run small."""
import dataclasses

from guest import fuzz
from guest.shrink import left, shrink
from runner.case import single

SECONDS = 60            # of the guest's time
OPERATIONS = 2000000    # of a run, at most
OPERATIONS_MIN = 3000   # however loaded this machine is


def fuzz_run(seed, machine):
    """A run that is over after SECONDS; on a loaded machine it has just done less."""
    run = dataclasses.replace(fuzz.ALL, seed=seed, operations=OPERATIONS // (fuzz.TASKS * fuzz.THREADS))
    outcome = fuzz.run_once(run, machine)
    if outcome.problem:
        return [f"tools/fuzz --seed {seed}: {outcome.problem}"] + outcome.details
    if outcome.done < OPERATIONS_MIN:
        return [f"only {outcome.done} operations in {outcome.milliseconds} ms"]
    missing = [kind for kind in fuzz.KINDS if not outcome.kinds.get(kind)]
    return [f"no operation of these kinds: {missing}"] if missing else []


def done(run, member, operation):
    return (member in run.members and operation < run.operations and
            not any(start <= operation <= end for start, end in run.skips))


def shrinks_to_what_is_needed():
    """A made-up failure: member 5's operation 70 after member 2's 33, of kinds 1 and 4."""
    tried = []

    def fails(run):
        tried.append(run)
        return {1, 4} <= set(run.kinds) and done(run, 2, 33) and done(run, 5, 70)

    small = shrink(dataclasses.replace(fuzz.ALL, operations=100000), fails)
    wanted = {"kinds": (1, 4), "members": (2, 5), "warm": False, "operations left": 2}
    got = {"kinds": small.kinds, "members": small.members, "warm": small.warm,
           "operations left": left(small)}
    problems = [] if got == wanted else [f"shrunk to {got}, not to {wanted}"]
    if len(tried) > 400:
        problems.append(f"it took {len(tried)} runs")
    return problems


def shrinks_only_what_fails():
    """Every run that is kept fails; a failure that needs everything stays as it is."""
    whole = dataclasses.replace(fuzz.ALL, operations=8)
    kept = shrink(whole, lambda run: run == whole)
    problems = [] if kept == whole else [f"{kept} was never seen to fail"]
    return problems if shrink(whole, lambda run: False) is None else problems + ["it shrank a success"]


def words_say_all_of_a_run():
    run = dataclasses.replace(fuzz.ALL, seed=9, operations=10, kinds=(0, 2), members=(11,), warm=False,
                              skips=((0, 3), (7, 7)))
    words = fuzz.words(run, fuzz.Machine(seconds=5, privileged=True))
    wanted = ["seed=9", "operations=120", "seconds=5", "tasks=4", "threads=3", "kinds=0x5",
              "members=0x800", "skip=0-3,7-7", "cold", "privileged"]
    return [] if words == wanted else [f"{words}, not {wanted}"]


def cases():
    machine = fuzz.Machine(seconds=SECONDS)
    return [single("fuzz: 219 a minute of random messages and traps", fuzz_run, 1, machine, long=True),
            single("fuzz: 219 the same with the privileged host port, half as long", fuzz_run, 2,
                   dataclasses.replace(machine, seconds=SECONDS / 2, privileged=True), long=True),
            single("fuzz: 219 the same on four processors, half as long", fuzz_run, 3,
                   dataclasses.replace(machine, seconds=SECONDS / 2, cpus=4), long=True),
            single("tool: shrink leaves what a failure needs", shrinks_to_what_is_needed),
            single("tool: shrink keeps only what fails", shrinks_only_what_fails),
            single("tool: fuzz says all of a run on the command line", words_say_all_of_a_run)]
