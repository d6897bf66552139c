# SPDX-License-Identifier: BSD-2-Clause
"""What a test is, and the boots that most of them are made of."""
import dataclasses
import os
import re
import sys
import tempfile
from typing import Callable

from guest import qemu
from guest.session import Ending, Result, Session

# Seconds that one boot may take unless its test says otherwise: generous, for a loaded machine.
TIME_LIMIT = {"pvh": 30, "uefi": 90}
TAIL_LINES = 25
RESULT_LINE = re.compile(r"^(not )?ok\b\s*(\d+)?\s*-?\s*([^#\n]*?)\s*(#\s*(skip|todo)\b.*)?$", re.I)


@dataclasses.dataclass
class Outcome:
    """One line of the report: passed when there is no problem to tell. What is known not to hold yet
    (`known`, TAP's todo) is reported so and counts neither way. `first_try` has the problems of a
    try before, which are told."""
    name: str
    problems: list
    skip: str = ""
    known: str = ""
    first_try: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Case:
    """Something to run that yields outcomes: one, named as the case, or `many`, named as they are."""
    name: str
    run: Callable
    many: bool = False
    long: bool = False


def single(name, function, *arguments, long=False):
    """A case of one outcome, whose function returns the list of its problems."""
    return Case(name, lambda: [Outcome(name, function(*arguments))], long=long)


@dataclasses.dataclass
class Boot:
    """A finished boot: how it ended, and the lines of its report channel."""
    result: Result
    report: list

    def tail(self):
        """The end of the console, as diagnostics."""
        lines = [line.rstrip() for line in self.result.console.splitlines() if line.strip()]
        skipped = [f"({len(lines) - TAIL_LINES} lines before)"] if len(lines) > TAIL_LINES else []
        return ["console:"] + [f"  {line}" for line in skipped + lines[-TAIL_LINES:]]

    def told(self):
        """How the run ended and what the console said last."""
        return [f"ended: {self.result.summary}"] + self.result.details + self.tail()

    def expect(self, ending):
        """Problems unless the run ended so."""
        if self.result.ending == ending:
            return []
        return [f"expected {ending.name}, got {self.result.ending.name}"] + self.told()

    def results(self):
        """The TAP results on the report channel, as (passed, name, skip reason)."""
        matches = [RESULT_LINE.match(line) for line in self.report]
        return [(not m.group(1), m.group(3).strip(), (m.group(4) or "").lstrip("# "))
                for m in matches if m]

    def planned(self):
        """The number of results that the guest announced (`1..N`), or None."""
        plans = [re.match(r"1\.\.(\d+)\s*$", line) for line in self.report]
        return next((int(m.group(1)) for m in plans if m), None)


def tool(name, *arguments):
    """The command of one of our Python tools, by this interpreter: looking for one takes longer than the tool."""
    return [sys.executable, os.path.join(qemu.ROOT, "tools", name), *arguments]


def boot(timeout=None, on_text=None, on_console=None, **machine):
    """Boot a machine of these properties to its end, and read what it reported."""
    with tempfile.TemporaryDirectory(prefix="porthole-test-") as folder:
        path = os.path.join(folder, "report")
        description = qemu.Machine(report=path, **machine)
        limit = timeout or TIME_LIMIT[description.door]
        result = Session(description, timeout=limit, on_text=on_text, on_console=on_console).run()
        lines = []
        if os.path.exists(path):
            with open(path, encoding="utf-8", errors="replace") as file:
                lines = [line.rstrip() for line in file]
    return Boot(result, lines)


def succeeded(finished):
    """Problems of a boot that should have reported success and only passing results."""
    problems = finished.expect(Ending.SUCCESS)
    failing = [line.lstrip("# ") for line in finished.report if line.startswith(("not ok", "#"))]
    if any(not passed for passed, _, _ in finished.results()):
        problems = failing + (problems or finished.told())
    return problems
