# SPDX-License-Identifier: BSD-2-Clause
"""Tests of the programs of tools/ on this machine, without a guest."""
import glob
import io
import json
import os
import re
import shutil
import struct
import subprocess
import tempfile

from guest import faults, qemu
from guest.symbols import Symbols
from runner import userland
from runner.case import RESULT_LINE, single
from runner.schedule import run_case

TOOLS = os.path.join(qemu.ROOT, "tools")


def run_tool(name, *arguments, text=""):
    return subprocess.run([os.path.join(TOOLS, name), *arguments], input=text, cwd=qemu.ROOT,
                          capture_output=True, text=True, check=False)


def differences(what, got, wanted):
    return [] if got == wanted else [f"{what}: {got!r}, not {wanted!r}"]


def read_archive(data):
    """{name: contents} of a newc archive, checked for alignment."""
    members, at = {}, 0
    while True:
        assert data[at:at + 6] == b"070701", "bad magic"
        fields = [int(data[at + 6 + 8 * i:at + 14 + 8 * i], 16) for i in range(13)]
        name = data[at + 110:at + 110 + fields[11] - 1].decode()
        at = (at + 110 + fields[11] + 3) & ~3
        if name == "TRAILER!!!":
            return members
        members[name] = data[at:at + fields[6]]
        at = (at + fields[6] + 3) & ~3


def mkinitrd_makes_newc():
    with tempfile.TemporaryDirectory() as folder:
        def write(name, data):
            path = os.path.join(folder, name)
            with open(path, "wb") as file:
                file.write(data)
            return path

        out = os.path.join(folder, "out")
        config, program = write("some.cfg", b"# start\n"), write("program", b"12345")
        done = run_tool("mkinitrd", out, config, program, f"other={program}")
        with open(out, "rb") as file:
            members = read_archive(file.read())
        problems = differences("status", done.returncode, 0) + differences(
            "members", members,
            {"boot.cfg": b"# start\n", "program": b"12345", "other": b"12345"})
        missing = run_tool("mkinitrd", out, config, os.path.join(folder, "none"))
        problems += differences("status without the file", missing.returncode, 1)
        other = os.path.join(folder, "sub")
        os.mkdir(other)
        shutil.copy(config, os.path.join(other, "program"))
        clash = run_tool("mkinitrd", out, config, program, os.path.join(other, "program"))
        return problems + differences("status of two of one name", clash.returncode, 1)


def symbol_table_is_sorted():
    listing = ("ffffffff80200100 0000000000000010 T second\n"
               "ffffffff80200000 T kernel_text_start\n"
               "ffffffff80200000 0000000000000020 t first\n"
               "ffffffff80300000 0000000000000008 D datum\n"
               "ffffffff80200200 0000000000000004 t first\n")
    out = run_tool("kernel-symbols", text=listing).stdout
    words = [line.strip() for line in out.splitlines() if line.startswith("    ")]
    return differences("table", words, [
        "dq 0xffffffff80200000", "dd 0, 32", "dq 0xffffffff80200100", "dd 6, 16",
        "dq 0xffffffff80200200", "dd 0, 4", "db 'first', 0", "db 'second', 0", "db 0"])


def kernel_carries_its_symbols():
    """The table in the image names every function where the image has it."""
    kernel = os.path.join(qemu.BUILD, "kernel.elf")
    symbols = Symbols(kernel)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "table")
        subprocess.run(["objcopy", "-O", "binary", "-j", ".kernel_symbols", kernel, path], check=True)
        with open(path, "rb") as file:
            data = file.read()
    addresses = set(symbols.addresses)
    entries = []
    for at in range(0, len(data) - 15, 16):
        address, offset, _ = struct.unpack_from("<QII", data, at)
        if address not in addresses:
            break
        entries.append((address, offset))
    names = data[16 * len(entries):]
    wrong = [hex(address) for address, offset in entries
             if not any(names[offset:].startswith(name.encode() + b"\0")
                        for known, name in zip(symbols.addresses, symbols.names) if known == address)]
    problems = [f"wrong name at {address}" for address in wrong[:5]]
    return problems + ([] if len(entries) > 10 else [f"only {len(entries)} entries"])


FAULT_LOG = """Servicing hardware INT=0x20
     7: v=20 e=0000 i=0 cpl=0 IP=0008:ffffffff80201000 pc=ffffffff80201000 SP=0010:0 env->regs[R_EAX]=0
check_exception old: 0xffffffff new 0xe
     8: v=0e e=0002 i=0 cpl=0 IP=0008:ffffffff80202029 pc=ffffffff80202029 SP=0010:0 CR2=0000000000001234
RAX=0000000000000000 RBX=0000000000000000
check_exception old: 0xe new 0xd
     9: v=08 e=0000 i=0 cpl=0 IP=0008:ffffffff80202029 pc=ffffffff80202029 SP=0010:0 env->regs[R_EAX]=0
check_exception old: 0x8 new 0xd
Triple fault
"""


def triple_fault_is_decoded():
    chain = faults.triple_fault_chain(FAULT_LOG)
    problems = differences("chain", chain, [(14, 2, 0xffffffff80202029, 0x1234),
                                            (8, 0, 0xffffffff80202029, None)])
    words = faults.chain_words(chain, Symbols("/nonexistent"))
    problems += differences("words", words[0], "#PF page fault at 0xffffffff80202029: not present, "
                            "write, kernel, address 0x1234 (CR2)")
    return problems + differences("no fault", faults.triple_fault_chain("check_exception"), [])


def result_lines_are_read():
    def read(line):
        match = RESULT_LINE.match(line)
        return match and (not match.group(1), match.group(3), bool(match.group(4)))

    return (differences("ok", read("ok 3 - a name"), (True, "a name", False))
            + differences("not ok", read("not ok 3 - a name"), (False, "a name", False))
            + differences("no number", read("ok - a name"), (True, "a name", False))
            + differences("skip", read("ok 1 - x # SKIP no disk"), (True, "x", True))
            + differences("other", read("okay then"), None))


SOURCE = """/* boot-all: memory=32 */
TEST(4, plain)
{
}

/* boot: disk=8,16 with=disk
 *       cmdline="a b" */
TEST(0, paged)
"""


def boot_comments_are_read():
    with tempfile.NamedTemporaryFile("w", suffix=".c") as file:
        file.write(SOURCE)
        file.flush()
        tests = userland.scan(file.name)
    problems = differences("tests", [(t.number, t.name, t.words) for t in tests], [
        ("4", "plain", {"memory": "32"}),
        ("0", "paged", {"memory": "32", "disk": "8,16", "with": "disk", "cmdline": "a b"})])
    try:
        userland.parse_words("memmory=3")
        problems.append("a wrong word is accepted")
    except ValueError:
        pass
    return problems


def compile_commands_are_read():
    lines = "gcc -O2 -c a/b.c -o x.o\nld -o y x.o\n"
    found = json.load(io.StringIO(run_tool("compile-commands", text=lines).stdout))
    return differences("entries", [entry["file"] for entry in found], ["a/b.c"])


def abi_check_notices():
    """Our headers pass; one change of each kind is named: values, fields, types, ids, messages, files."""
    include = os.path.join(qemu.ROOT, "include")
    plain = run_tool("abi-check", include)
    problems = [] if plain.returncode == 0 else plain.stdout.splitlines()
    changes = (
        ("mach/kern_return.h", r"(KERN_NO_SPACE\s+)3\b", r"\g<1>33", "! constant KERN_NO_SPACE"),
        ("mach/message.h", r"(define MACH_MSGH_BITS\(.*<< )8", r"\g<1>9",
         "! constant MACH_MSGH_BITS(5, 17)"),
        ("mach/syscall_sw.h", r"(TRAP_SWTCH_PRI\s+)\(-59\)", r"\1(-58)", "! trap swtch_pri"),
        ("mach/thread_info.h", r"integer_t(\s+cpu_usage)", r"unsigned\1",
         "! field thread_basic_info_data_t.cpu_usage"),
        ("mach/processor_info.h", r"(struct processor_set_sched_info \{)", r"\1 int more;",
         "! type processor_set_sched_info_data_t"),
        ("mach/mach_host.defs", r"(routine host_reboot\((?:.|\n)*?options\s*: )int",
         r"\1vm_offset_t", "! layout host_reboot"),
        ("mach/message.h", r"(mach_port_seqno_t\s+)(\w*\s*msgh_seqno;)",
         r"unsigned long extra; \1\2", "! field mach_msg_header_t.msgh_seqno"),
        ("mach/mach_port.defs", r"\broutine mach_port_rename\b", "skip; routine mach_port_rename",
         "! message mach_port_rename"))
    lost = ("mach/thread_switch.h", "mach/task_notify.defs")
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "include")
        shutil.copytree(include, copy)
        for name, pattern, replacement, word in changes:
            path = os.path.join(copy, name)
            with open(path, encoding="utf-8") as file:
                text = file.read()
            changed = re.sub(pattern, replacement, text, count=1)
            if changed == text:
                problems.append(f"{name} does not have what the test would change")
            with open(path, "w", encoding="utf-8") as file:
                file.write(changed)
        for name in lost:
            os.remove(os.path.join(copy, name))
        done = run_tool("abi-check", copy)
    words = [word for _, _, _, word in changes] + [
        "- header mach/thread_switch.h", "- definition task_notify.defs"]
    problems += [f"it does not say `{word}`" for word in words if word not in done.stdout]
    return problems + differences("status", done.returncode, 1)


def doctor_is_content():
    done = run_tool("doctor")
    return [] if done.returncode == 0 else done.stdout.splitlines()


def tools_are_clean():
    """pyflakes has nothing to say about any Python file of the tree."""
    files = [path for path in glob.glob(os.path.join(qemu.ROOT, "t*", "**", "*"), recursive=True)
             if os.path.isfile(path) and is_python(path)]
    done = subprocess.run(["pyflakes3"] + sorted(files), capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).splitlines()


def is_python(path):
    if path.endswith(".py"):
        # gdb's module exists only inside GDB, but pyflakes does not import.
        return True
    with open(path, "rb") as file:
        return file.read(64).startswith(b"#!/usr/bin/env python3")


def host_program_passes(path):
    done = subprocess.run([path], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=120, check=False)
    output = (done.stdout + done.stderr).splitlines()[-40:]
    return [] if done.returncode == 0 else [f"exit status {done.returncode}"] + output


def host_tests():
    """The programs made from tests/host/*.c: parts of the kernel, run on this machine."""
    names = [os.path.splitext(os.path.basename(path))[0]
             for path in sorted(glob.glob(os.path.join(qemu.ROOT, "tests", "host", "*.c")))]
    return [single(f"host: {name}", host_program_passes,
                   os.path.join(qemu.BUILD, "tests", "host", name)) for name in names]


def second_tries_are_told():
    answers = iter([["too late"], [], ["too late"], ["again"], ["too late"]])
    case = single("unsteady", lambda: next(answers))
    got = []
    for tries in (2, 2, 1):
        (outcome,), _ = run_case(case, tries)
        got.append((outcome.problems, outcome.first_try))
    return differences("problems and those before", got,
                       [([], ["too late"]), (["again"], ["too late"]), (["too late"], [])])


def cases():
    return host_tests() + [single(f"tool: {name}", function) for name, function in (
        ("mkinitrd makes a newc archive", mkinitrd_makes_newc),
        ("kernel-symbols sorts functions by address", symbol_table_is_sorted),
        ("the kernel image carries its own symbols", kernel_carries_its_symbols),
        ("a triple fault is decoded from the interrupt log", triple_fault_is_decoded),
        ("result lines are read", result_lines_are_read),
        ("a second try says what the first said", second_tries_are_told),
        ("boot comments of user tests are read", boot_comments_are_read),
        ("compile commands are collected", compile_commands_are_read),
        ("abi-check passes our headers and notices changes", abi_check_notices),
        ("doctor finds everything", doctor_is_content),
        ("the Python tools are clean", tools_are_clean))]
