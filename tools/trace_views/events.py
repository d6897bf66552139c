# SPDX-License-Identifier: BSD-2-Clause
"""What the program `trace` sends (servers/trace/main.c): events, and the names of what they speak of."""
import dataclasses
import os
import re

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KIND = re.compile(r"^#define PORTHOLE_TRACE_(\w+)\s+0x([0-9a-f]+)", re.M)
IDENTITY = 0xff << 56
ADDRESS = (1 << 64) - 1
PAGE = 4096
PAGES_OR_MORE = PAGE - 1
# Kinds whose `object` is no memory object.
NO_OBJECT = ("SWITCH", "HAND_OVER", "DELIVER", "QUEUE", "RECEIVE", "CALL", "TASK", "THREAD", "FAULT", "FAULT_DONE")


def kinds():
    """{number: name} from the kernel's header; names of kinds of events only."""
    with open(os.path.join(ROOT, "include/mach/porthole_trace.h"), encoding="utf-8") as file:
        found = {int(number, 16): name for name, number in KIND.findall(file.read()) if name != "PAGE"}
    return found


@dataclasses.dataclass
class Event:
    time: int       # ticks
    slot: int       # processor
    kind: str       # of the header, without its prefix
    subject: int
    object: int     # an identity, or an address
    detail: int

    def message_id(self):
        return self.detail >> 32

    def covers(self, target, offset):
        """True for an event of pages that tells of this page of this object."""
        first, pages = self.detail & -PAGE, self.pages()
        return self.object == target and first <= offset and \
            (offset < first + pages * PAGE or pages == PAGES_OR_MORE)

    def pages(self):
        """How many it tells of; faults tell of one."""
        return self.detail & (PAGE - 1) or 1


@dataclasses.dataclass
class Trace:
    frequency: int = 1                              # ticks per second
    whole: bool = False                             # its end was sent
    events: list = dataclasses.field(default_factory=list)
    lost: list = dataclasses.field(default_factory=list)     # (time of the next event, slot)
    tasks: dict = dataclasses.field(default_factory=dict)    # identity: name
    threads: dict = dataclasses.field(default_factory=dict)  # identity: (task, name)
    ports: dict = dataclasses.field(default_factory=dict)    # identity: (task, name, memory object)
    objects: dict = dataclasses.field(default_factory=dict)  # identity: manager's name

    def nanoseconds(self, time):
        """Since the first event."""
        return (time - self.events[0].time) * 1_000_000_000 // self.frequency

    def task_name(self, task):
        return self.tasks.get(task, f"task {task & ADDRESS:x}")

    def thread_name(self, thread):
        return self.threads.get(thread, (0, f"thread {thread & ADDRESS:x}"))[1]

    def task_of(self, thread):
        return self.threads.get(thread, (0, ""))[0]

    def port_name(self, port):
        if port not in self.ports:
            return f"port {port & ADDRESS:x}"
        task, name, target = self.ports[port]
        what = f" (memory object {target:x})" if target else ""
        return f"{self.task_name(task)}'s port {name:#x}{what}"


class Reader:
    """Takes the lines one by one."""

    def __init__(self):
        self.trace = Trace()
        self.kinds = kinds()
        self.last = {}          # by slot: the numbers of its last event
        self.gaps = set()       # slots whose next event comes after lost ones
        self.now = 0            # when the labels that follow were true
        self.labels = []        # (time, kind, identity, what)

    def event(self, slot, *numbers):
        now = tuple(a ^ b for a, b in zip(numbers, self.last.get(slot, (0, 0, 0, 0))))
        self.last[slot] = now
        time, subject, target, detail = now
        kind = self.kinds.get(target >> 56, f"{target >> 56:#x}")
        target &= ~IDENTITY
        if target and kind not in ("FAULT", "FAULT_DONE"):      # those have addresses
            target |= IDENTITY
        if slot in self.gaps:
            self.gaps.discard(slot)
            self.trace.lost.append((time, slot))
        self.trace.events.append(Event(time, slot, kind, subject, target, detail))

    def label(self, kind, identity, what):
        self.labels.append((self.now, kind, int(identity, 16), what))

    def line(self, line):
        words = line.split()
        what = words[0] if words else ""
        if what == "e" and len(words) == 6:
            self.event(*(int(word, 16) for word in words[1:]))
        elif what == "lost":
            self.gaps.add(int(words[1], 16))
        elif what == "trace":
            self.trace.frequency = int(words[1], 16)
        elif what == "now":
            self.now = int(words[1], 16)
        elif what in ("task", "object"):
            self.label(what, words[1], " ".join(words[2:]))
        elif what == "thread":
            self.label(what, words[1], (int(words[2], 16), " ".join(words[3:])))
        elif what == "port":
            self.label(what, words[1], tuple(int(word, 16) for word in words[2:5]))
        elif what == "end":
            self.trace.whole = True


class Lives:
    """
    Identities are addresses, and may be used again. Gives each task, thread and memory object
    one of its own: the address, and above its 64 bits how often it has begun anew.
    """

    def __init__(self, trace, labels):
        self.trace, self.at = trace, 0
        self.labels = sorted(labels, key=lambda label: label[0])
        self.count = {}         # by address
        for event in trace.events:
            self.label_before(event.time)
            self.event(event)
        self.label_before(float("inf"))

    def begin(self, address):
        self.count[address] = self.count.get(address, 0) + 1

    def own(self, address):
        return address | self.count.get(address, 0) << 64

    def event(self, event):
        if event.kind == "TASK":
            self.begin(event.object)
        elif event.kind == "THREAD":
            self.begin(event.subject)
            event.subject = self.own(event.subject)
            self.trace.threads[event.subject] = self.own(event.object), "thread"
        elif event.kind in ("SWITCH", "HAND_OVER", "DELIVER"):
            event.subject = self.own(event.subject)
        elif event.kind == "OBJECT_END":
            address, event.object = event.object, self.own(event.object)
            self.begin(address)
        elif event.kind not in NO_OBJECT:
            event.object = self.own(event.object)

    def label_before(self, time):
        while self.at < len(self.labels) and self.labels[self.at][0] < time:
            _, kind, address, what = self.labels[self.at]
            table = {"task": self.trace.tasks, "object": self.trace.objects, "thread": self.trace.threads,
                     "port": self.trace.ports}[kind]
            if kind in ("thread", "port"):
                what = self.own(what[0]), *what[1:]
            table[self.own(address)] = what
            self.at += 1


def read(path):
    """The trace in that file. A last line that was cut off is left out."""
    reader = Reader()
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.endswith("\n"):
                reader.line(line)
    reader.trace.events.sort(key=lambda event: event.time)
    Lives(reader.trace, reader.labels)
    return reader.trace
