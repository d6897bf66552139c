# SPDX-License-Identifier: BSD-2-Clause
"""Which tests call a routine, and with what result: read from the checks in tests/user/.

A call inside CHECK_OK is a test of success; inside CHECK_RETURNS or REFUSED, of the code given there. Of
messages that the kernel sends, a test is what waits for their id.
"""
import glob
import os
import re

from interface import routines

TESTS = os.path.join(routines.ROOT, "tests", "user")
DESCRIBED = os.path.join(routines.ROOT, "tools", "interface", "described.txt")
CHECK = re.compile(r"\b(CHECK_OK|CHECK_RETURNS|REFUSED|DESTROYED)\(\s*(\w+)\(")
# A macro or a function that makes one call for a test: its name and what calls.
MACRO = re.compile(r"^#define (\w+)\([^)]*\)\s*\\\n((?:.*\\\n)*.*)", re.M)
WRAPPER = re.compile(r"^static kern_return_t (\w+)\([^{;]*\)\n\{\n(.*?)^\}", re.M | re.S)
# The same where the call is made by hand.
SAID = re.compile(r"^/\* routine: (\w+) \*/\nstatic kern_return_t (\w+)\(", re.M)
CALL = re.compile(r"\b(\w+)\(")
SUCCESS = "KERN_SUCCESS"
# Messages of the kernel: the words by which tests wait for them.
AWAITED = {
    "memory_object_init": "ID_INIT", "memory_object_terminate": "ID_TERMINATE",
    "memory_object_data_request": "EXPECT_REQUEST", "memory_object_data_unlock": "ID_DATA_UNLOCK",
    "memory_object_lock_completed": "ID_LOCK_COMPLETED",
    "memory_object_supply_completed": "ID_SUPPLY_COMPLETED",
    "memory_object_data_return": "ID_DATA_RETURN", "memory_object_data_write": "ID_DATA_WRITE",
    "memory_object_change_completed": "ID_CHANGE_COMPLETED\\b",
    "memory_object_change_completed_flavor": "ID_CHANGE_COMPLETED_FLAVOR",
    "memory_object_synchronize": "ID_SYNCHRONIZE", "memory_object_create": "ID_CREATE",
    "memory_object_data_initialize": "ID_DATA_INITIALIZE", "memory_object_copy": "ID_COPY",
    "exception_raise": "client_expect_bad_access|EXC_", "mach_notify_port_deleted": "NOTIFY_PORT_DELETED",
    "mach_notify_msg_accepted": "NOTIFY_MSG_ACCEPTED",
    "mach_notify_port_destroyed": "NOTIFY_PORT_DESTROYED",
    "mach_notify_no_senders": "NOTIFY_NO_SENDERS", "mach_notify_send_once": "NOTIFY_SEND_ONCE",
    "mach_notify_dead_name": "NOTIFY_DEAD_NAME", "mach_notify_new_task": "4400|new_task",
}


def sources():
    """{program: text}; what several programs share counts as `support`."""
    texts = {}
    for path in sorted(glob.glob(os.path.join(TESTS, "*.c")) +
                       glob.glob(os.path.join(TESTS, "support", "*.c"))):
        program = "support" if "/support/" in path else os.path.basename(path)[:-2]
        texts[program] = texts.get(program, "") + routines.read(path)
    return texts


def closing(text, opening):
    """Position of the bracket that closes the one at `opening`."""
    depth = 0
    for position in range(opening, len(text)):
        depth += {"(": 1, ")": -1}.get(text[position], 0)
        if depth == 0:
            return position
    return len(text)


def aliases(text, known):
    """{name: routine} of macros and functions of a test that stand for one call."""
    found = {name: routine for routine, name in SAID.findall(text)}
    for name, body in MACRO.findall(text) + WRAPPER.findall(text):
        calls = [call for call in CALL.findall(body) if call.removesuffix("_poly") in known]
        if calls and name not in known:
            found.setdefault(name, calls[0])
    return found


def checks(text, known):
    """(routine, code) of each check."""
    other = aliases(text, known)
    for match in CHECK.finditer(text):
        whole = text[match.end():closing(text, match.start() + len(match.group(1)))]
        call_end = closing("(" + whole, 0)
        code = whole[call_end:].strip(" ,\n\t")
        success = match.group(1) == "CHECK_OK" or not code
        name = other.get(match.group(2), match.group(2)).removesuffix("_poly")
        if match.group(1) != "DESTROYED":
            yield name, SUCCESS if success else code
        else:
            yield name, "KERN_INVALID_ARGUMENT"


def read_tests():
    """{routine: {code: [programs]}}"""
    known = {routine.server_name() for subsystem in routines.subsystems()
             for routine in routines.subsystem_routines(subsystem)}
    found = {}
    for program, text in sources().items():
        for name, code in checks(text, known):
            programs = found.setdefault(name, {}).setdefault(code, [])
            if program not in programs:
                programs.append(program)
        for name, words in AWAITED.items():
            if program != "support" and re.search(words, text):
                found.setdefault(name, {}).setdefault(SUCCESS, []).append(program)
    return found


def read_described():
    """{routine: (state, [codes], note)} of described.txt."""
    described = {}
    for line in routines.read(DESCRIBED).splitlines():
        line = line.split("#")[0].strip()
        if not line:
            continue
        name, _, rest = line.partition(":")
        rest, _, note = rest.partition("|")
        words = rest.split()
        state = ""
        if words and words[0][0] == "=":
            state, words = words[0].removeprefix("="), words[1:]
        described[name.strip()] = (state, words, note.strip())
    return described
