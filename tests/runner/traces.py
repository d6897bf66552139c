# SPDX-License-Identifier: BSD-2-Clause
"""A run that is traced: what tools/trace makes of it has the form that viewers expect, and tells what happened."""
import collections
import json
import os
import re
import subprocess
import tempfile

from guest.session import Ending
from runner import shell
from runner.case import single, tool
from trace_views import events

CLIENT = "run sample_client hello.txt"
TRACE = "run trace ${host-port} ${device-port} events=1"
ARROW = re.compile(r"p\d+(->>|-->>)p\d+: \S.*|Note over p\d+: \S.*")


def nanoseconds(event, field="ts"):
    return round(event[field] * 1000)


def nesting(slices):
    """Problems where two slices of one track overlap without one being inside the other."""
    tracks = collections.defaultdict(list)
    for piece in slices:
        tracks[piece["pid"], piece["tid"]].append(
            (nanoseconds(piece), nanoseconds(piece) + nanoseconds(piece, "dur"), piece["name"]))
    problems = []
    for track, pieces in tracks.items():
        ends = []
        for begin, end, name in sorted(pieces, key=lambda piece: (piece[0], -piece[1])):
            while ends and ends[-1] <= begin:
                ends.pop()
            if end < begin or ends and end > ends[-1]:
                problems.append(f"track {track}: {name} does not nest")
            ends.append(end)
    return problems


def flows(made, slices):
    """Problems of arrows: each has two ends, in order, and each end lies in a slice of its track."""
    ends = collections.defaultdict(lambda: collections.defaultdict(list))
    covered = collections.defaultdict(set)
    for event in made:
        if event["ph"] in "sf":
            ends[event["id"]][event["ph"]].append(event)
    for piece in slices:
        covered[piece["pid"], piece["tid"]].add(nanoseconds(piece))
    problems = []
    for number, pair in ends.items():
        if len(pair["s"]) != 1 or len(pair["f"]) != 1:
            problems.append(f"arrow {number} has {len(pair['s'])} and {len(pair['f'])} ends")
        elif nanoseconds(pair["s"][0]) > nanoseconds(pair["f"][0]):
            problems.append(f"arrow {number} ends before it begins")
        problems += [f"arrow {number} begins or ends in no slice" for end in pair["s"] + pair["f"]
                     if nanoseconds(end) not in covered[end["pid"], end["tid"]]]
    return problems + ([] if ends else ["no arrow"])


def names(made):
    """{(kind of name, pid, tid): name}"""
    return {(event["name"], event["pid"], event["tid"]): event["args"]["name"]
            for event in made if event["ph"] == "M"}


def unnamed(made):
    given = names(made)
    tracks = {(event["pid"], event["tid"]) for event in made if event["ph"] != "M"}
    return [f"track {pid}, {tid} has no name" for pid, tid in tracks
            if ("thread_name", pid, tid) not in given or ("process_name", pid, 0) not in given]


def arrows_between(made):
    """{(message, sending task, receiving task)}"""
    given, ends = names(made), collections.defaultdict(dict)
    for event in made:
        if event["ph"] in "sf":
            ends[event["id"]][event["ph"]] = given["process_name", event["pid"], 0], event["name"]
    return {(pair["s"][1], pair["s"][0], pair["f"][0]) for pair in ends.values() if len(pair) == 2}


def structure(document):
    made = document["traceEvents"]
    slices = [event for event in made if event["ph"] == "X"]
    problems = nesting(slices) + flows(made, slices) + unnamed(made)
    for what in ("fault", "memory_object_data_supply", "waits for a message"):
        if not any(piece["name"].startswith(what) for piece in slices):
            problems.append(f"no slice `{what}`")
    return problems[:10]


def chart(text):
    """Problems of a Mermaid chart of a page that was requested and supplied."""
    lines = [line.strip() for line in text.splitlines()]
    heads = [line for line in lines if line.startswith("participant ")]
    problems = [] if lines[:1] == ["sequenceDiagram"] else ["the chart does not begin as one"]
    problems += [f"no line of a chart: {line}" for line in lines[1:]
                 if line not in heads and not ARROW.fullmatch(line)]
    known = {head.split()[1] for head in heads}
    problems += [f"not a participant: {name}" for name in set(re.findall(r"\bp\d+\b", " ".join(lines)))
                 if name not in known]
    order = [text.find(name) for name in ("page fault", "memory_object_data_request",
                                          "memory_object_data_supply", "the instruction goes on")]
    return problems + ([] if -1 < order[0] < order[1] < order[2] < order[3] else [f"out of order: {text}"])


def sample_page(trace):
    """The page at offset 0 of the object that the sample pager manages."""
    found = [target for target, manager in trace.objects.items() if manager == "sample_pager"]
    return f"{found[0]:x}:0" if found else "best"


def recorded_all_along():
    """From the begin on. With one processor the program comes in time: nothing is lost."""
    finished, answers = shell.talk(shell.START_SAMPLE, CLIENT, "poweroff", cmdline="trace debug-exit")
    problems = shell.check(finished, Ending.SUCCESS, (answers.get(CLIENT), "Hello from a page"))
    return problems or pictures(finished, {"sample_client"})


def asked_for_afterwards():
    """What the rings of four processors still have. The client is gone and has no name any more."""
    finished, answers = shell.talk(shell.START_SAMPLE, CLIENT, TRACE, "poweroff", cpus=4)
    problems = shell.check(finished, Ending.SUCCESS, (answers.get(CLIENT), "Hello from a page"),
                           (answers.get(TRACE), "events have been sent"))
    return problems or pictures(finished, set())


def pictures(finished, wanted):
    """Problems of what tools/trace makes of the report; `wanted` are among the sample pager's clients."""
    with tempfile.TemporaryDirectory(prefix="porthole-test-") as folder:
        recorded, made = os.path.join(folder, "events"), os.path.join(folder, "trace.json")
        with open(recorded, "w", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in finished.report)
        trace = events.read(recorded)
        run = subprocess.run(tool("trace", recorded, "--json", made, "--page", sample_page(trace)),
                             capture_output=True, text=True, check=False)
        if run.returncode != 0:
            return [f"tools/trace: {run.stderr}"]
        with open(made, encoding="utf-8") as file:
            document = json.load(file)
    problems = structure(document) + (["events were lost"] if wanted and trace.lost else [])
    clients = {sender for name, sender, receiver in arrows_between(document["traceEvents"])
               if (name, receiver) == ("memory_object_data_request", "sample_pager")}
    if not clients or not clients >= wanted:
        problems.append(f"the sample pager's clients are {clients}")
    return problems + chart(run.stdout[run.stdout.find("sequenceDiagram"):])


# Two threads of two tasks. Each line: kind, time, subject, rest of object, detail; None: events were lost.
CLIENT_THREAD, SERVER_THREAD, PORT = 0xff00000000000100, 0xff00000000000200, 0xff00000000000300
STORY = (("SWITCH", 100, CLIENT_THREAD, 0, 0),
         ("FAULT", 200, 0, 0x5000, 3),
         ("DELIVER", 300, SERVER_THREAD, PORT, 77 << 32),
         ("QUEUE", 310, 0xff00000000000400, PORT, 78 << 32),
         None,
         ("SWITCH", 1000, SERVER_THREAD, 0, 0),
         ("RECEIVE", 1010, 0xff00000000000400, PORT, 78 << 32),
         ("DELIVER", 1100, CLIENT_THREAD, PORT, 79 << 32),
         ("SWITCH", 1200, CLIENT_THREAD, 0, 0),
         ("FAULT_DONE", 1300, 0, 0x5000, 0))


def told(story):
    """The story as the program trace would send it."""
    numbers = {name: number for number, name in events.kinds().items()}
    last, lines = (0, 0, 0, 0), ["trace 3b9aca00", "task ff1 client", "task ff2 server",
                                 f"thread {CLIENT_THREAD:x} ff1 main", f"thread {SERVER_THREAD:x} ff2 main"]
    for part in story:
        if part is None:
            lines.append("lost 0")
            continue
        kind, time, subject, rest, detail = part
        now = time, subject, rest & ~(0xff << 56) | numbers[kind] << 56, detail
        lines.append("e 0 " + " ".join(f"{a ^ b:x}" for a, b in zip(now, last)))
        last = now
    return lines + ["end"]


def drawn(lines):
    """(standard error, what came out) of tools/trace with a report of these lines."""
    with tempfile.TemporaryDirectory(prefix="porthole-test-") as folder:
        recorded, made = os.path.join(folder, "events"), os.path.join(folder, "trace.json")
        with open(recorded, "w", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines)
        run = subprocess.run(tool("trace", recorded, "--json", made), capture_output=True, text=True, check=False)
        if run.returncode != 0:
            return run.stderr, []
        with open(made, encoding="utf-8") as file:
            return run.stderr, json.load(file)["traceEvents"]


def lost_events():
    """With the gap only the message after it has an arrow, and the fault no end; without it all have theirs."""
    problems = []
    for story, arrows, faults in ((STORY, {"message 79"}, 0),
                                  ([part for part in STORY if part], {"message 77", "message 78", "message 79"}, 1)):
        error, made = drawn(told(story))
        slices = [event for event in made if event["ph"] == "X"]
        got = {name for name, _, _ in arrows_between(made)}, sum(piece["name"] == "fault" for piece in slices)
        if got != (arrows, faults):
            problems.append(f"arrows and faults are {got}, not {(arrows, faults)} {error}")
        problems += nesting(slices) + flows(made, slices) + unnamed(made)
    return problems


def cases():
    return [single("trace: what was lost leaves no half an arrow and no false slice", lost_events),
            single("trace: a run that is recorded all along becomes tracks, slices and arrows",
                   recorded_all_along),
            single("trace: so does what four processors recorded, asked for afterwards",
                   asked_for_afterwards)]
