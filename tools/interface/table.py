# SPDX-License-Identifier: BSD-2-Clause
"""docs/routines.md, and what is missing in it."""
import os

from interface import coverage, routines

DOCUMENT = os.path.join(routines.ROOT, "docs", "routines.md")
SUBSYSTEMS = ("mach_port", "mach", "mach_host", "mach4", "gnumach", "mach_i386", "device", "mach_debug",
              "vm_osf", "porthole_debug", "porthole_memory", "memory_object", "memory_object_default",
              "device_reply", "exc", "notify", "task_notify", "default_pager")
HEAD = """<!-- SPDX-License-Identifier: BSD-2-Clause -->
# Every routine

Written by `tools/routines docs`; a test (`routines: docs/routines.md ...`) compares it with what MIG made, with the
handlers that the kernel has and with the tests. After a routine's id and state come a test program of `tests/user/` that sees it
succeed, and the errors that its description names, with a program that sees each. What every routine answers to a request of the wrong
form, to a port of the wrong kind and to senseless contents is not repeated here: `routine_forms` and
`routine_contents` try that for all that the kernel serves.

*not yet*: nothing handles it, the answer is `MIG_BAD_ID`. *answers CODE*: what it asks for is not to be had here;
`decisions.md` says why.
"""


def short(code):
    return code.removeprefix("KERN_")


def read_document():
    """{routine: {"" or short code: program}} of the table as it stands: what is true stays in it."""
    said = {}
    for line in routines.read(DOCUMENT).splitlines() if os.path.exists(DOCUMENT) else []:
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) == 7 and cells[1].isdigit():
            pairs = [pair.split(": ", 1) for pair in cells[5].split("; ") if ": " in pair]
            said[cells[2].strip("`")] = {"": cells[4], **dict(pairs)}
    return said


class Table:
    """The state of all routines, worked out once."""

    def __init__(self):
        self.tests = coverage.read_tests()
        self.described = coverage.read_described()
        self.absent = routines.absent()
        self.said = read_document()
        self.served = routines.subsystems("kernel_server")

    def entry(self, routine):
        name = routine.server_name()
        state, codes, note = self.described.get(name, ("", [], ""))
        if not state and routine.subsystem in self.served and name in self.absent:
            return "not yet", [], codes, note
        seen = self.tests.get(name, {})
        wanted = state or coverage.SUCCESS
        return (f"answers {short(state)}" if state else "works",
                seen.get(wanted, []), codes, note)

    def pick(self, name, code, programs):
        """One program of several: that which the document names already, if it may."""
        said = self.said.get(name, {}).get(code)
        return said if said in programs else (programs or ["?"])[0]

    def row(self, routine):
        name = routine.server_name()
        state, programs, codes, note = self.entry(routine)
        seen = self.tests.get(name, {})
        success = self.pick(name, "", programs) if programs else ""
        errors = "; ".join(f"{short(code)}: {self.pick(name, short(code), seen.get(code, []))}"
                           for code in codes if not state.startswith("not"))
        return f"| {routine.id} | `{name}` | {state} | {note or success} | {errors} |"

    def problems(self):
        """Routines without a test of success, and errors without one."""
        found = []
        for subsystem in SUBSYSTEMS:
            for routine in routines.subsystem_routines(subsystem):
                state, programs, codes, note = self.entry(routine)
                name = routine.server_name()
                if state.startswith("not"):
                    continue
                if not programs and not note:
                    found.append(f"{name} ({routine.id}): no test of success")
                found += [f"{name} ({routine.id}): no test of {code}" for code in codes
                          if code not in self.tests.get(name, {})]
        known = {routine.server_name() for subsystem in SUBSYSTEMS
                 for routine in routines.subsystem_routines(subsystem)}
        return found + [f"described.txt: there is no routine {name}" for name in self.described
                        if name not in known]

    def text(self):
        lines = [HEAD]
        for subsystem in SUBSYSTEMS:
            listed = routines.subsystem_routines(subsystem)
            if not listed:
                continue
            lines += [f"## {subsystem}", "", "| id | routine | state | success | errors |",
                      "|---|---|---|---|---|"]
            lines += [self.row(routine) for routine in listed] + [""]
        return "\n".join(lines)
