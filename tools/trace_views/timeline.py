# SPDX-License-Identifier: BSD-2-Clause
"""From events to what each thread did: slices of time, messages with both ends, moments."""
import dataclasses

HANDED = ("HAND_OVER", "DELIVER")


@dataclasses.dataclass
class Slice:
    thread: int
    begin: int      # nanoseconds
    end: int
    name: str
    details: dict


@dataclasses.dataclass
class Message:
    name: str
    port: int
    sender: int
    sent: int
    receiver: int
    received: int


class Timeline:
    """Goes through a trace once. `message_name` and `reason` put numbers into words."""

    def __init__(self, trace, message_name, reason):
        self.trace, self.message_name, self.reason = trace, message_name, reason
        self.slices, self.messages, self.moments = [], [], []   # moments: (thread, time, event)
        self.running = []           # (slot, begin, end, thread)
        self.current = {}           # by slot: (thread, since)
        self.waits = {}             # by thread: (since, name)
        self.faults = {}            # by thread: (since, event)
        self.queued = {}            # by message: (thread, time, event)
        self.given = {}             # by thread: messages that it gets as soon as it runs
        gaps = dict((slot, []) for _, slot in trace.lost)
        for time, slot in trace.lost:
            gaps[slot].append(time)
        for event in trace.events:
            if event.time in gaps.get(event.slot, ()):
                self.forget(event.slot)
            self.event(event, trace.nanoseconds(event.time))
        self.finish(trace.nanoseconds(trace.events[-1].time) if trace.events else 0)

    def forget(self, slot):
        """Events are missing: what seemed to go on may have ended."""
        self.current.pop(slot, None)
        self.waits.clear()
        self.faults.clear()
        self.queued.clear()
        self.given.clear()

    def event(self, event, now):
        thread = self.current.get(event.slot, (None, 0))[0]
        if event.kind == "CALL":
            begin = max(0, self.trace.nanoseconds(event.subject))
            self.add(thread, begin, now, self.message_name(event.message_id()), {})
        elif event.kind == "FAULT":
            self.faults[thread] = now, event
        elif event.kind.startswith("FAULT_"):
            self.end_fault(thread, now, event)
        elif event.kind in ("HAND_OVER", "SWITCH"):
            self.switch(event, thread, now)
        elif event.kind == "DELIVER":
            self.given.setdefault(event.subject, []).append((thread, now, event))
        elif event.kind == "QUEUE":
            self.queued[event.subject] = thread, now, event
        elif event.kind == "RECEIVE":
            self.receive(self.queued.pop(event.subject, None), thread, now)
        if event.kind not in ("SWITCH", "CALL"):
            self.moments.append((thread, now, event))

    def add(self, thread, begin, end, name, details):
        if thread is not None:
            self.slices.append(Slice(thread, begin, end, name, details))

    def end_fault(self, thread, now, event):
        begin, start = self.faults.pop(thread, (None, None))
        if begin is None:
            return
        how = {"FAULT_ZERO": "new memory", "FAULT_MAPPED": "present"}.get(event.kind)
        details = {"address": f"{start.object:#x}", "instruction": f"{start.subject:#x}",
                   "access": start.detail}
        if how is None and event.subject:
            details["result"] = event.subject
        self.add(thread, begin, now, f"fault ({how})" if how else "fault", details)

    def receive(self, sent, thread, now):
        if sent and None not in (sent[0], thread):
            sender, time, event = sent
            self.messages.append(Message(self.message_name(event.message_id()), event.object, sender,
                                         time, thread, now))

    def switch(self, event, thread, now):
        """The processor goes from `thread` to the event's subject."""
        receiver = event.subject
        if thread is not None:
            since = self.current[event.slot][1]
            self.running.append((event.slot, since, now, thread))
            if event.kind == "HAND_OVER":
                self.waits[thread] = now, "waits for a message"
                self.given.setdefault(receiver, []).append((thread, now, event))
            elif event.object:
                self.waits[thread] = now, f"waits for {self.reason(event.object) or 'something'}"
        self.current[event.slot] = receiver, now
        if receiver in self.waits:
            begin, name = self.waits.pop(receiver)
            self.add(receiver, begin, now, name, {})
        for sent in self.given.pop(receiver, []):
            self.receive(sent, receiver, now)

    def finish(self, now):
        """What goes on at the end lasts to the end."""
        for slot, (thread, since) in self.current.items():
            self.running.append((slot, since, now, thread))
        for thread, (begin, name) in self.waits.items():
            self.add(thread, begin, now, name, {})
        for thread, (begin, event) in self.faults.items():
            self.add(thread, begin, now, "fault", {"address": f"{event.object:#x}"})


def nested(slices):
    """The slices of one thread, outer ones first, none of them longer than what it lies in."""
    made, open_ends = [], []
    for piece in sorted(slices, key=lambda piece: (piece.begin, -piece.end)):
        while open_ends and open_ends[-1] <= piece.begin:
            open_ends.pop()
        end = min([piece.end] + open_ends)
        if end < piece.begin:
            continue
        open_ends.append(end)
        made.append(dataclasses.replace(piece, end=end))
    return made
