# SPDX-License-Identifier: BSD-2-Clause
"""One page's life as a Mermaid sequence chart."""
import collections

from trace_views import words

# What makes a life worth showing: the more of these, the better.
WANTED = {"FAULT_ZERO", "ZERO", "REQUEST", "SUPPLY", "COMPLETED", "RETURN", "REFUSE", "EVICT"}
STEPS = 6       # more do not make it better
TO_MANAGER = {"REQUEST": "memory_object_data_request", "UNLOCK": "memory_object_data_unlock",
              "COMPLETED": "memory_object_supply_completed", "RETURN": "memory_object_data_return",
              "INITIALIZE": "memory_object_data_initialize", "LOCKED": "memory_object_lock_completed"}
FROM_MANAGER = {"SUPPLY": "memory_object_data_supply", "UNAVAILABLE": "memory_object_data_unavailable",
                "ERROR": "memory_object_data_error", "LOCK": "memory_object_lock_request"}
IN_KERNEL = {"ZERO": "filled with zeros", "FAULT_ZERO": "new memory, filled with zeros",
             "COPY": "copied from a shadowed object", "EVICT": "clean: evicted, its frame is free",
             "REFUSE": "supplied, but not asked for: refused"}


def choose(moments, page_kinds):
    """(object, offset) of the page with the richest life, and of those the one that takes the fewest lines."""
    kinds, length = collections.defaultdict(list), collections.Counter()
    for _, _, event in moments:
        if event.kind in page_kinds and event.pages() <= 64:
            for page in range(event.pages()):
                key = event.object, (event.detail & -4096) + page * 4096
                length[key] += 1
                if event.kind in WANTED and event.kind not in kinds[key][-1:]:
                    kinds[key].append(event.kind)
    if not kinds:
        return None
    return max(kinds, key=lambda key: (len(set(kinds[key])), min(len(kinds[key]), STEPS), -length[key]))


class Chart:
    def __init__(self, timeline, page_kinds, target, offset):
        self.trace, self.target, self.offset = timeline.trace, target, offset
        self.lines, self.open_faults, self.begin = [], {}, None
        self.participants = ["kernel"]
        self.manager = self.trace.objects.get(target, "its manager")
        for thread, now, event in timeline.moments:
            if event.kind == "FAULT":
                self.open_faults[thread] = now, event
            elif event.kind in page_kinds and event.covers(target, offset):
                self.page_event(thread, now, event)
            elif event.kind in ("FAULT_DONE", "FAULT_MAPPED"):
                self.end_fault(thread, now, event)

    def who(self, name):
        if name not in self.participants:
            self.participants.append(name)
        return f"p{self.participants.index(name)}"

    def stamp(self, now):
        self.begin = now if self.begin is None else self.begin
        return f"+{(now - self.begin) / 1000:,.0f} µs"

    def say(self, sender, receiver, text, arrow="->>"):
        self.lines.append(f"{self.who(sender)}{arrow}{self.who(receiver)}: {text}")

    def client(self, thread):
        """The task whose thread it is; the manager's own and the kernel's threads are told apart."""
        return self.trace.task_name(self.trace.task_of(thread))

    def begin_fault(self, thread):
        """The fault that made the kernel do this is shown once, from its begin to its end."""
        if thread not in self.open_faults or self.open_faults[thread] is None:
            return
        now, event = self.open_faults[thread]
        if event is None:
            return
        self.say(self.client(thread), "kernel", f"{'write' if event.detail & 2 else 'read'} of "
                 f"{event.object:#x}: page fault ({self.stamp(now)})")
        self.open_faults[thread] = now, None

    def end_fault(self, thread, now, _):
        _, event = self.open_faults.pop(thread, (0, 0))
        if event is None:
            self.say("kernel", self.client(thread), f"the instruction goes on ({self.stamp(now)})", "-->>")

    def describe(self, event):
        text = f"offset {event.detail & -4096:#x}"
        if event.pages() > 1:
            text += f", {event.pages()} pages"
        if event.kind in ("REQUEST", "UNLOCK"):
            text += f", {words.access(event.subject)}"
        flags = {"SUPPLY": ((1, "precious"),), "RETURN": ((1, "dirty"), (2, "the kernel keeps a copy"))}
        for bit, word in flags.get(event.kind, ()):
            text += f", {word}" if event.subject & bit else ""
        return text + (f", result {event.subject}" if event.kind == "COMPLETED" and event.subject else "")

    def page_event(self, thread, now, event):
        if event.kind in ("REQUEST", "UNLOCK", "ZERO", "FAULT_ZERO", "COPY"):
            self.begin_fault(thread)
        text = f"({self.describe(event)}) ({self.stamp(now)})"
        if event.kind in TO_MANAGER:
            self.say("kernel", self.manager, TO_MANAGER[event.kind] + text)
        elif event.kind in FROM_MANAGER:
            self.say(self.manager, "kernel", FROM_MANAGER[event.kind] + text)
        else:
            self.lines.append(f"Note over {self.who('kernel')}: {IN_KERNEL[event.kind]} ({self.stamp(now)})")
        if event.kind == "FAULT_ZERO":
            self.end_fault(thread, now, event)

    def text(self):
        order = sorted(self.participants, key=lambda name: (name == self.manager, name == "kernel"))
        heads = [f"participant {self.who(name)} as {name}" for name in order]
        return "\n    ".join(["sequenceDiagram"] + heads + self.lines) + "\n"
