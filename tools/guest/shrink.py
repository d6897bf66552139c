# SPDX-License-Identifier: BSD-2-Clause
"""Making a failing run small: fewer operations, kinds of operations, members, and ranges of operations.

A run is described by a Run; `fails(run)` says whether it shows the failure. Each step keeps a smaller run
only if that still fails, so that what comes out is known to fail.
"""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Run:
    """What a run of the fuzzer does; see tests/fuzz/main.c. `operations` are each member's."""
    seed: int
    operations: int
    tasks: int
    threads: int
    kinds: tuple            # numbers of the kinds that are done
    members: tuple          # numbers of the members that do anything
    warm: bool = True       # after a short run of everything; needed to see what the kernel does not give back
    skips: tuple = ()       # ranges (from, to) of operations that all members leave out


def fewest_operations(run, fails):
    """Fewer operations of each member: halved as long as it fails, then by bisection."""
    low, high = 0, run.operations   # low: does not fail, as far as is known
    while high - low > max(1, high // 64):
        middle = (low + high) // 2
        if fails(dataclasses.replace(run, operations=middle)):
            high = middle
        else:
            low = middle
    return dataclasses.replace(run, operations=high)


def without(run, field, fails):
    """Leave out elements of a tuple one by one, in halves first."""
    elements = getattr(run, field)
    size = len(elements) // 2
    while size >= 1:
        at = 0
        while at < len(elements) and len(elements) > 1:
            fewer = elements[:at] + elements[at + size:]
            if fewer and fails(dataclasses.replace(run, **{field: fewer})):
                elements = fewer
            else:
                at += size
        size //= 2
    return dataclasses.replace(run, **{field: elements})


def merged(ranges):
    """Sorted ranges without overlaps; neighbours become one."""
    result = []
    for start, end in sorted(ranges):
        if result and start <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return tuple(result)


def skipping(run, fails, most=64):
    """Leave out ranges of operations, large ones first; at most so many ranges."""
    size = max(1, run.operations // 2)
    while True:
        for start in range(0, run.operations, size):
            fewer = merged(run.skips + ((start, min(start + size, run.operations) - 1),))
            if fewer == run.skips or len(fewer) > most:
                continue
            candidate = dataclasses.replace(run, skips=fewer)
            if fails(candidate):
                run = candidate
        if size == 1:
            return run
        size = max(1, size // 4)


def shrink(run, fails, tell=lambda text: None):
    """The smallest run found that still fails; None if the first does not."""
    if not fails(run):
        return None
    if run.warm and fails(dataclasses.replace(run, warm=False)):
        run = dataclasses.replace(run, warm=False)
    while True:
        before = run
        run = without(run, "kinds", fails)      # first: what is left runs faster
        tell(f"kinds {run.kinds}")
        run = fewest_operations(run, fails)
        tell(f"{run.operations} operations of each member")
        run = without(run, "members", fails)
        tell(f"members {run.members}")
        run = skipping(run, fails)
        tell(f"{left(run)} operations left of each member")
        if run == before:
            return run


def left(run):
    """Operations of each member that are not left out."""
    return run.operations - sum(min(end, run.operations - 1) - start + 1 for start, end in run.skips
                                if start < run.operations)
