# SPDX-License-Identifier: BSD-2-Clause
"""Who runs which case when, and how often."""
import concurrent.futures
import threading
import time

from runner.case import Outcome


def try_case(case):
    """All outcomes of a case; one that breaks the runner has failed and hides no other."""
    try:
        return list(case.run())
    except Exception as error:  # pylint: disable=broad-except
        return [Outcome(case.name, [f"{type(error).__name__}: {error}"])]


def run_case(case, tries):
    """The outcomes and the seconds that it took. A test whose single boot failed may be tried again: a
    machine of four processors on a busy host can be late for anything. What the first try said is told."""
    started = time.monotonic()
    outcomes = try_case(case)
    if tries > 1 and len(outcomes) == 1 and outcomes[0].problems:
        first_try = outcomes[0].problems
        outcomes = try_case(case)
        outcomes[0].first_try = first_try
    return outcomes, time.monotonic() - started


class Schedule:
    """Cases and their results, run by several workers; the first prefers those that take long, so that
    these run beside the many short ones from the beginning."""

    def __init__(self, cases, workers, tries):
        self.tries = tries
        self.results = [concurrent.futures.Future() for _ in cases]
        self.lock = threading.Lock()
        waiting = list(zip(cases, self.results))
        self.long = [entry for entry in waiting if entry[0].long]
        self.short = [entry for entry in waiting if not entry[0].long]
        for number in range(workers):
            threading.Thread(target=self.work, args=(number == 0,), daemon=True).start()

    def take(self, prefers_long):
        with self.lock:
            first, second = (self.long, self.short) if prefers_long else (self.short, self.long)
            queue = first or second
            return queue.pop(0) if queue else None

    def work(self, prefers_long):
        while (entry := self.take(prefers_long)) is not None:
            case, result = entry
            result.set_result(run_case(case, self.tries))
