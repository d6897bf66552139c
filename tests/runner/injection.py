# SPDX-License-Identifier: BSD-2-Clause
"""Every place in the kernel that allocates has been made to fail by a test, or is listed here with the reason.

The programs below report for each allocation that they let fail who had asked for it, as return addresses; these
become source lines. The places are the lines of the kernel's sources that call one of ALLOCATORS.
"""
import glob
import os
import re
import subprocess

from guest import qemu
from runner import userland
from runner.case import single

PROGRAMS = ("fault_injection", "injection_devices", "injection_faults", "injection_managers",
            "injection_messages", "injection_ports", "injection_tasks")
FOLDERS = ("boot", "kernel", "mm", "ipc")
# What asks for memory, and what only passes the question on.
ALLOCATORS = ("kmem_cache_alloc", "kmem_alloc", "kmem_stack_alloc", "page_alloc", "page_alloc_contiguous",
              "page_alloc_fictitious", "table_alloc", "fault_alloc_page", "port_create", "port_create_kernel",
              "port_create_for_transfer", "message_alloc", "vm_object_create", "vm_map_entry_alloc",
              "vm_copy_create", "vm_map_create", "pmap_create", "space_create")
CALL = re.compile(rf"\b({'|'.join(ALLOCATORS)})\(")
FUNCTION = re.compile(r"^[A-Za-z_].*?\b(\w+)\([^;]*$")
# The allocators themselves.
THEIR_OWN = {"mm/kmem.c", "mm/kmem_large.c", "mm/page.c"}
# By function: why no test lets it fail.
AT_BOOT = "made at boot, which ends without it"
RESERVE = "draws on a reserve, which is there when memory is short"
EXCUSED = {
    "message_alloc_urgent": RESERVE,
    "message_memory_ready": RESERVE,
    "boot_words_expand": AT_BOOT,
    "device_init": AT_BOOT,
    "time_map": "made once, for the first who maps the time",
    "boot_port": AT_BOOT,
    "program_stack_make": AT_BOOT,
    "make_trace": AT_BOOT,
    "start_one": AT_BOOT,
    "thread_machine_init_kernel": AT_BOOT,
    "vm_copy_spread": "only where an object ends while a message to it is being sent",
}


def sites():
    """All places, as {(file, line): (function, the line's text)}."""
    found = {}
    for folder in FOLDERS:
        for path in glob.glob(os.path.join(qemu.ROOT, folder, "**", "*.[ch]"), recursive=True):
            name = os.path.relpath(path, qemu.ROOT)
            function = ""
            with open(path, encoding="utf-8") as file:
                for number, line in enumerate(file, 1):
                    begin = FUNCTION.match(line)
                    function = begin.group(1) if begin else function
                    if line[0].isspace() and not line.lstrip().startswith("*") and CALL.search(line):
                        found[name, number] = (function, line.strip())
    return {place: what for place, what in found.items() if place[0] not in THEIR_OWN}


def addresses_of(test):
    """The return addresses that a test reported, which runs here if it has not been run before."""
    if test.title() not in userland.reports:
        userland.run_test(test)
    return {int(word, 16) - 1 for line in userland.reports.get(test.title(), ())
            if line.startswith("failed:") for word in line.split()[1:]}


def source_lines(addresses):
    """The lines that calls at these addresses stand in, and those that these were inlined into."""
    out = subprocess.run(["addr2line", "-i", "-e", os.path.join(qemu.BUILD, "kernel.elf")],
                         input="\n".join(f"{address:#x}" for address in addresses),
                         capture_output=True, text=True, check=True).stdout
    found = set()
    for line in out.splitlines():
        name, _, number = line.split(" (")[0].rpartition(":")
        if number.isdigit():
            found.add((os.path.relpath(os.path.normpath(os.path.join(qemu.ROOT, name)), qemu.ROOT),
                       int(number)))
    return found


def called_from(function, lines):
    """Whether one of the lines calls the function, which ends with its own call: that leaves no frame."""
    call = re.compile(rf"\b{function}\(")
    for name, number in lines:
        path = os.path.join(qemu.ROOT, name)
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                text = file.read().splitlines()
            if number <= len(text) and call.search(text[number - 1]):
                return True
    return False


def untried(lines):
    missing = []
    for place, (function, text) in sorted(sites().items()):
        tried = place in lines or (text.startswith("return ") and called_from(function, lines))
        excused = function in EXCUSED
        if not tried and not excused:
            missing.append(f"{place[0]}:{place[1]}: {function}: no test lets this fail: {text}")
        if tried and excused:
            missing.append(f"{place[0]}:{place[1]}: {function} is excused, but a test lets it fail")
    return missing


def every_site_has_failed():
    addresses = set()
    for program in PROGRAMS:
        for test in userland.scan(os.path.join(userland.FOLDER, f"{program}.c")):
            addresses |= addresses_of(test)
    return untried(source_lines(addresses))


def cases():
    return [single("injection: every place in the kernel that allocates has failed", every_site_has_failed)]
