# SPDX-License-Identifier: BSD-2-Clause
"""Tests of tests/user/: each TEST(number, name) of a program runs in a machine of its own.

The program tests/user/FILE.c is built with tests/user/support/ into a boot module; the runner passes
`test=NAME` on the kernel command line. What its machine is like stands in a comment right before it:

    /* boot: memory=32 disk=16 with=disk,default_pager expect=panic */
    TEST(104, a_killed_default_pager_is_a_clear_stop)

or, for all tests of a file that say nothing else, once in the file as `boot-all:`. The words:
    memory=MiB  cpus=N  cpu=MODEL  door=pvh|uefi  timeout=SECONDS  icount=1  cmdline="more words"
    disk=MiB,...      paging disks, fresh ones; MiB:FAULT:... for one that fails (qemu.py, drive_faults)
    with=NAME,...     servers that bootstrap starts before the test, as servers/servers.cfg says;
                      NAME=PATH only puts a file into the archive
    config=FILE       another boot.cfg, beside the tests; @PROGRAM@ stands for the test's program
    expect=success|failure|panic|reset|timeout|powered_off
    says="REGULAR EXPRESSION"   what the console must show
Each test runs twice, on one processor and on four, unless its comment gives their number.
A test passes when its machine ended as expected and reported at least one result, none of them
`not ok`; a test that expects another end than success need not report.
"""
import dataclasses
import glob
import os
import re
import shlex
import tempfile
import time

from guest import archive, qemu
from guest.session import Ending
from runner.case import TIME_LIMIT, boot, single

FOLDER = os.path.join(qemu.ROOT, "tests", "user")
TEST = re.compile(r"(?:/\*\s*boot:((?:[^*]|\*(?!/))*)\*/\s*)?^TEST\(\s*(\w+)\s*,\s*(\w+)\s*\)", re.M)
FOR_ALL = re.compile(r"/\*\s*boot-all:((?:[^*]|\*(?!/))*)\*/")
SEVERAL = 4
ORPHANS_SECONDS = 10    # what a test may go on without its first thread
by_hand = {}            # words that replace those of all comments (tests/run --boot)
WORDS = {"memory", "cpus", "cpu", "door", "timeout", "icount", "cmdline", "disk", "with", "config",
         "expect", "says"}


@dataclasses.dataclass
class UserTest:
    program: str
    number: str
    name: str
    words: dict

    def title(self):
        number = f"{self.number} " if self.number != "0" else ""
        several = f"{SEVERAL} processors: " if self.cpus() == SEVERAL else ""
        return f"{several}{self.program}: {number}{self.name}"

    def cpus(self):
        return int(self.words.get("cpus", 1))

    def variants(self):
        """The test as it is to run: once if its comment says on how many processors."""
        if "cpus" in self.words:
            return [self]
        return [self, dataclasses.replace(self, words={**self.words, "cpus": str(SEVERAL)})]


def parse_words(text):
    """`name=value ...` of a boot comment; a comment's decoration is dropped."""
    words = {}
    for word in shlex.split(re.sub(r"^\s*\*", " ", text, flags=re.M)):
        name, equals, value = word.partition("=")
        if name not in WORDS or not equals:
            raise ValueError(f"`{word}` is no word of a boot comment")
        words[name] = value
    return words


def scan(path):
    """The tests of one source file."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    common = {}
    for match in FOR_ALL.finditer(text):
        common.update(parse_words(match.group(1)))
    program = os.path.splitext(os.path.basename(path))[0]
    return [UserTest(program, number, name, {**common, **parse_words(words or ""), **by_hand})
            for words, number, name in TEST.findall(text)]


def make_archive(test, folder):
    """The archive of one test: its start script, its program and what it wants beside it."""
    wanted = [name for name in test.words.get("with", "").split(",") if name]
    config = test.words.get("config")
    return archive.make(folder, test.program, wanted, config and os.path.join(FOLDER, config))


def end_soon_without_main(program):
    """A listener: when the program's first thread has been terminated, the rest of it gets a moment."""
    gone = re.compile(rf"^task {program}, thread main: .*terminated", re.M)

    def listen(session, text):
        if gone.search(text):
            moment = time.monotonic() - session.started + ORPHANS_SECONDS
            session.timeout = min(session.timeout, moment)
            session.on_text = None
    return listen


# What tests reported that have run, by title: another test judges several together.
reports = {}


def run_test(test):
    """Boot the test's machine; the problems that it showed."""
    words = test.words
    limit = float(words["timeout"]) if "timeout" in words else TIME_LIMIT[words.get("door", "pvh")]
    if test.cpus() > 1:
        limit *= 4      # they share this machine's, and wait for each other
    machine = {"cmdline": f"test={test.name} {words.get('cmdline', '')}".strip(),
               "cpus": test.cpus(),
               "memory": int(words.get("memory", 64)), "door": words.get("door", "pvh"),
               "disks": [f"new:{size}" for size in words.get("disk", "").split(",") if size],
               "icount": words.get("icount", "0") != "0"}
    if "cpu" in words:
        machine["cpu"] = words["cpu"]
    expected = Ending[words.get("expect", "success").upper()]
    with tempfile.TemporaryDirectory(prefix="porthole-test-") as folder:
        finished = boot(timeout=limit, initrd=make_archive(test, folder),
                        on_text=end_soon_without_main(test.program), **machine)
    if by_hand:
        print("\n".join(finished.report), flush=True)
    reports[test.title()] = finished.report
    return judge(finished, expected, words.get("says"))


def judge(finished, expected, says):
    failing = [line.lstrip("# ") for line in finished.report if line.startswith(("not ok", "#"))]
    results = finished.results()
    problems = []
    if any(not passed for passed, _, _ in results):
        problems += failing
    problems += finished.expect(expected)
    if expected == Ending.SUCCESS and not results:
        problems = problems or ["it reported no result"] + finished.told()
    if says and not re.search(says, finished.result.console):
        problems += [f"the console does not say `{says}`"] + finished.tail()
    if problems and not any(str(line).startswith("console:") for line in problems):
        problems += finished.tail()
    return problems


def cases():
    tests = [test for path in sorted(glob.glob(os.path.join(FOLDER, "*.c"))) for test in scan(path)]
    return [single(variant.title(), run_test, variant) for test in tests
            for variant in test.variants()]
