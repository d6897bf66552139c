# SPDX-License-Identifier: BSD-2-Clause
"""Conversations with the shell, as a user at the console has them; without the demonstration before."""
import glob
import os
import re
import subprocess
import tempfile

from guest import qemu
from guest.session import Ending
from runner.case import boot, single, tool

PROMPT = r"porthole> "
SERVERS = os.path.join(qemu.ROOT, "servers")
START_SAMPLE = "run sample_pager ${device-port} hello.txt &"
DEMO_LIMIT = 170        # seconds
# Commands and what each must answer.
ANSWERS = (
    ("help", r"tasks.*threads.*poweroff"),
    ("tasks", r"kernel.*bootstrap.*disk.*default_pager.*shell"),
    ("threads", r"default_pager +.*waits for a message.*shell +.*runs"),
    ("ports disk", r"receive.*port set"),
    ("map shell", r"r-x.*rw-"),
    ("objects all", r"pages"),
    ("memory", r"free \d+, active \d+, inactive \d+, wired \d+"),
    ("pager", r"blocks: \d+, \d+ free"),
    ("managers", r"owes:.*is owed:"),
    ("stores", r"store +priority.*\n +0 +\d+ +\d+ +\d+ .*\d+ objects;"),
    ("pages shell", r"u unavailable +c clean +p precious +D dirty"),
    ("watch 2 memory", r"pages of 4096 bytes.*pages of 4096 bytes"),
    ("services", r"disk.*default_pager"),
    ("files", r"boot\.cfg.*shell"),
    ("nonsense", r"no such command"),
    ("ports nobody", r"no such task"),
)


class Conversation:
    """Types each line when a new prompt has come, and keeps what was answered. Other servers may talk at
    any time, also behind the prompt."""

    def __init__(self, lines):
        self.lines = lines
        self.next, self.from_here = 0, 0
        self.starts = []

    def heard(self, session, text):
        if self.next < len(self.lines) and re.search(PROMPT, text[self.from_here:]):
            self.starts.append(len(text))
            self.from_here = len(text)
            session.type(self.lines[self.next] + "\r")
            self.next += 1

    def answers(self, console):
        """{line: what came after it}"""
        ends = self.starts[1:] + [len(console)]
        return {line: console[start:end]
                for line, start, end in zip(self.lines, self.starts, ends)}


def make_archive(folder):
    """The servers and the shell, without the demonstration."""
    script = os.path.join(folder, "servers.cfg")
    with open(os.path.join(SERVERS, "servers.cfg"), encoding="utf-8") as file:
        lines = [line for line in file if " demo " not in line]
    with open(script, "w", encoding="utf-8") as file:
        file.writelines(lines)
    archive = os.path.join(folder, "initrd.cpio")
    programs = sorted(glob.glob(os.path.join(qemu.BUILD, "servers", "*")))
    subprocess.run(tool("mkinitrd", archive, os.path.join(SERVERS, "boot.cfg"), script, *programs,
                        *glob.glob(os.path.join(SERVERS, "files", "*"))), check=True)
    return archive


def talk(*lines, conversation=None, **machine):
    """Boot to the shell and say these lines, or hold the conversation; (the finished boot, what each line got)."""
    conversation = conversation or Conversation(lines)
    with tempfile.TemporaryDirectory(prefix="porthole-test-") as folder:
        finished = boot(initrd=make_archive(folder), disks=["new:256"], on_text=conversation.heard,
                        **{"memory": 64, **machine})
    return finished, conversation.answers(finished.result.console)


def check(finished, ending, *pairs):
    """Problems unless the run ended so and each (answer, pattern) fits."""
    problems = [f"`{pattern}` is not in the answer" for answer, pattern in pairs
                if not re.search(pattern, answer or "", re.S)]
    return finished.expect(ending) or (problems + finished.tail() if problems else [])


def commands_answer():
    finished, answers = talk(*(line for line, _ in ANSWERS), "poweroff")
    colours = ["it is no terminal, and there are colours"] if "\x1b[" in finished.result.console else []
    return colours + check(finished, Ending.SUCCESS,
                           *((answers.get(line), pattern) for line, pattern in ANSWERS))


def pages_are_coloured_on_a_terminal():
    finished, answers = talk("objects all", "pages shell", "poweroff", cmdline="terminal debug-exit")
    return check(finished, Ending.SUCCESS, (answers.get("objects all"), r"\x1b\[30;43mD+\x1b\["),
                 (answers.get("pages shell"), r"\x1b\[97;44mr\x1b\[0m requested"))


class Watcher(Conversation):
    """Presses a key when what the first line watches has been shown twice."""

    def __init__(self, line, shown):
        super().__init__([line, "poweroff"])
        self.shown, self.pressed = shown, False

    def heard(self, session, text):
        if self.next == 1 and not self.pressed:
            if len(re.findall(self.shown, text[self.from_here:])) >= 2:
                self.pressed = True
                session.type("q")
        else:
            super().heard(session, text)


def watching_ends_with_a_key():
    watcher = Watcher("watch memory", r"pages of 4096 bytes")
    finished, answers = talk(conversation=watcher)
    problems = check(finished, Ending.SUCCESS, (answers.get("watch memory"), r"4096.*4096"))
    return problems if watcher.pressed else problems + ["no key was pressed"]


def paging_is_seen():
    """Memory has run out for a while: the default pager holds pages, its objects have theirs in their places."""
    finished, answers = talk("run demo ${host-port} factor=1 plain", "managers", "stores", "pages bootstrap",
                             "objects", "poweroff", memory=24, timeout=DEMO_LIMIT)
    return check(finished, Ending.SUCCESS, (finished.result.console, "demo: PASS"),
                 (answers.get("managers"), r"default_pager +[1-9]\d* .*\| +\d+ +0 +0 \| +0"),
                 (answers.get("stores"), r"\n +0 +\d+ +\d+ +[1-9]\d* +[1-9]\d* +[1-9]\d* "),
                 (answers.get("pages bootstrap"), r"\n +[0-9a-f]+ +[1-9]\d* \[(?=[^]]*[cpD])[ ucpDr<]{64}\]"),
                 (answers.get("objects"), r"default_pager +[ucpDr<]+"))


def a_file_is_mapped(start=START_SAMPLE):
    finished, answers = talk(start, "run sample_client hello.txt", "poweroff")
    return check(finished, Ending.SUCCESS,
                 (answers.get("run sample_client hello.txt"), "Hello from a page"))


def a_file_is_mapped_from_the_plain_pager():
    return a_file_is_mapped(START_SAMPLE.replace("sample", "plain"))


def a_killed_pager_is_told():
    finished, answers = talk(START_SAMPLE, "run sample_client hello.txt", "kill sample_pager",
                             "tasks", "run sample_client hello.txt", "services", "poweroff")
    return check(finished, Ending.SUCCESS,
                 (finished.result.console, "sample_pager has ended"),
                 (answers.get("tasks"), "shell"), (answers.get("services"), "default_pager"))


def a_suspended_pager_leaves_the_shell_usable():
    finished, answers = talk("suspend default_pager", "tasks", "resume default_pager", "poweroff")
    return check(finished, Ending.SUCCESS,
                 (answers.get("tasks"), r"default_pager[^\n]*suspended.*shell"))


def a_killed_default_pager_is_a_clear_stop():
    finished, _ = talk("kill default_pager", "tasks", "poweroff")
    return check(finished, Ending.PANIC, (finished.result.summary, "default pager died"))


def cases():
    if not os.path.isdir(os.path.join(SERVERS, "shell")):
        return []
    return [single(f"shell: {name}", function) for name, function in (
        ("its commands answer, and poweroff ends in order", commands_answer),
        ("pages are coloured on a terminal", pages_are_coloured_on_a_terminal),
        ("watching ends with a key", watching_ends_with_a_key),
        ("paging is seen in strips, by manager and by store", paging_is_seen),
        ("a file is mapped from the sample pager", a_file_is_mapped),
        ("a file is mapped from the pager without the library", a_file_is_mapped_from_the_plain_pager),
        ("a killed pager is told and the shell goes on", a_killed_pager_is_told),
        ("a suspended default pager leaves the shell usable",
         a_suspended_pager_leaves_the_shell_usable),
        ("155 a killed default pager is a clear stop", a_killed_default_pager_is_a_clear_stop))]
