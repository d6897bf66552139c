# SPDX-License-Identifier: BSD-2-Clause
"""A trace for the viewers that read Chrome's JSON: a track per thread, an arrow per message."""
import bisect
import collections

from trace_views import words
from trace_views.timeline import Slice, nested

MARK = 1000             # nanoseconds that the end of a message is wide, where there is room
PROCESSORS = 1          # the group of tracks that shows what the processors run


class Tracks:
    """Numbers for tasks and threads, in the order in which they come, and their names."""

    def __init__(self, trace):
        self.trace, self.tasks, self.threads, self.names = trace, {}, {}, []
        self.name("process_name", PROCESSORS, 0, "processors")

    def name(self, what, pid, tid, text):
        self.names.append({"ph": "M", "name": what, "pid": pid, "tid": tid, "args": {"name": text}})

    def of(self, thread):
        """{"pid", "tid"} of a thread's track."""
        if thread not in self.threads:
            task = self.trace.task_of(thread)
            if task not in self.tasks:
                self.tasks[task] = PROCESSORS + 1 + len(self.tasks)
                self.name("process_name", self.tasks[task], 0, self.trace.task_name(task))
            self.threads[thread] = {"pid": self.tasks[task], "tid": len(self.threads) + 1}
            self.name("thread_name", *self.threads[thread].values(), self.trace.thread_name(thread))
        return self.threads[thread]


def microseconds(nanoseconds):
    return nanoseconds / 1000


def slice_event(track, piece, category):
    return {"ph": "X", "name": piece.name, "cat": category, **track, "ts": microseconds(piece.begin),
            "dur": microseconds(piece.end - piece.begin), "args": piece.details}


def marks(timeline, hidden):
    """[(message, slice of its sending, slice of its receipt)]; they end before anything else begins."""
    edges = collections.defaultdict(set)
    for piece in timeline.slices:
        edges[piece.thread] |= {piece.begin, piece.end}
    shown = [each for each in timeline.messages if not {each.sender, each.receiver} & hidden]
    for each in shown:
        edges[each.sender].add(each.sent)
        edges[each.receiver].add(each.received)
    edges = {thread: sorted(times) for thread, times in edges.items()}

    def mark(thread, at, name, port):
        times = edges[thread]
        place = bisect.bisect_right(times, at)
        end = min(at + MARK, times[place]) if place < len(times) else at + MARK
        return Slice(thread, at, end, name, {"port": timeline.trace.port_name(port)})

    return [(each, mark(each.sender, each.sent, f"send {each.name}", each.port),
             mark(each.receiver, each.received, f"get {each.name}", each.port)) for each in shown]


def moment(track, now, event):
    args = {"object": f"{event.object:#x}", "offset": f"{event.detail & -4096:#x}",
            "pages": event.pages()}
    if event.kind in ("REQUEST", "UNLOCK"):
        args["access"] = words.access(event.subject)
    return {"ph": "i", "s": "t", "name": f"page: {event.kind.lower()}", "cat": "page", **track,
            "ts": microseconds(now), "args": args}


def hidden_threads(trace, names):
    return {thread for thread, (task, _) in trace.threads.items() if trace.tasks.get(task) in names}


def flow(phase, number, name, track, at):
    event = {"ph": phase, "id": number, "name": name, "cat": "message", **track, "ts": microseconds(at)}
    return {**event, "bp": "e"} if phase == "f" else event


def document(timeline, page_kinds, hide=("trace",)):
    """The whole as a value for json.dump. Threads of tasks named in `hide` are left out."""
    trace = timeline.trace
    tracks, made, hidden = Tracks(trace), [], hidden_threads(trace, hide)
    by_thread = collections.defaultdict(list)
    for piece in timeline.slices:
        by_thread[piece.thread].append(piece)
    for number, (message, sent, got) in enumerate(marks(timeline, hidden), 1):
        by_thread[sent.thread].append(sent)
        by_thread[got.thread].append(got)
        made.append(flow("s", number, message.name, tracks.of(message.sender), message.sent))
        made.append(flow("f", number, message.name, tracks.of(message.receiver), message.received))
    for thread, pieces in by_thread.items():
        if thread not in hidden:
            made += [slice_event(tracks.of(thread), piece, "thread") for piece in nested(pieces)]
    made += [moment(tracks.of(thread), now, event) for thread, now, event in timeline.moments
             if event.kind in page_kinds and thread is not None and thread not in hidden]
    for slot in sorted({slot for slot, *_ in timeline.running}):
        tracks.name("thread_name", PROCESSORS, slot, f"processor {slot}")
    made += [slice_event({"pid": PROCESSORS, "tid": slot},
                         Slice(thread, begin, end, f"{trace.task_name(trace.task_of(thread))}: "
                               f"{trace.thread_name(thread)}", {}), "processor")
             for slot, begin, end, thread in timeline.running]
    return {"traceEvents": tracks.names + made, "displayTimeUnit": "ns"}
