# SPDX-License-Identifier: BSD-2-Clause
"""One run of a guest: start QEMU, follow its console, watch the clock, and tell how it ended."""
import dataclasses
import enum
import fcntl
import json
import os
import re
import selectors
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from guest import faults, qemu
from guest.symbols import Symbols

BANNER = b"Porthole"
PROMPT = b"porthole> "
LOG_TAIL = 64 << 10
FRAMES = 16
# How long a guest that ran out of time may talk after the NMI that asks it who waits for what: in
# all, and at most without a word.
LAST_WORDS = 5.0
LAST_SILENCE = 1.0


class Ending(enum.IntEnum):
    """How a run ended; the value is the exit status of tools/run."""
    SUCCESS = 0
    FAILURE = 1
    HOST_PROBLEM = 2
    PANIC = 3
    RESET = 4
    TIMEOUT = 5
    NEVER_BOOTED = 6
    POWERED_OFF = 7
    LEFT = 8


EXIT_STATUS = {33: Ending.SUCCESS, 35: Ending.PANIC, 37: Ending.FAILURE}


@dataclasses.dataclass
class Result:
    ending: Ending
    summary: str
    details: list
    console: str
    seconds: float


class Session:
    """Use as: Session(machine, ...).run() -> Result.

    on_console: called with the bytes that the guest printed, or None to drop them.
    interactive: the terminal belongs to the guest (Ctrl-A X leaves) and on_console is not called.
    on_text(session, text): called after each piece of console output with all of it so far; it may
    call session.type(...), so that a test can talk to the guest.
    keys: a file descriptor from which to read what to type, once the shell has asked for it: a guest
    that boots, and its firmware before it, throw away what comes earlier.
    """

    def __init__(self, machine, timeout=None, on_console=None, interactive=False, on_text=None,
                 keys=None):
        self.machine, self.timeout, self.interactive = machine, timeout, interactive
        self.on_console, self.on_text, self.keys = on_console, on_text, keys
        self.console = bytearray()
        self.log = bytearray()
        self.errors = b""
        self.shutdown_reason = None
        self.replies = []
        self.pending = b""
        self.last_words_until = None
        self.why_stopped = None

    # ---- the life of a run

    def run(self):
        self.started = time.monotonic()
        self.scratch = tempfile.mkdtemp(prefix="porthole-")
        try:
            self.start()
            try:
                self.follow()
                return self.conclude()
            finally:
                self.stop()
        except qemu.HostProblem as problem:
            return self.result(Ending.HOST_PROBLEM, str(problem), [])
        finally:
            shutil.rmtree(self.scratch, ignore_errors=True)

    def start(self):
        ours, theirs = socket.socketpair()
        fifo = os.path.join(self.scratch, "interrupts")
        os.mkfifo(fifo)
        self.log_fd = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        grow_pipe(self.log_fd)
        error_path = os.path.join(self.scratch, "errors")
        arguments = qemu.command(self.machine, self.scratch, self.interactive, theirs.fileno(), fifo)
        with open(error_path, "wb") as errors:
            try:
                self.process = subprocess.Popen(
                    arguments, pass_fds=[theirs.fileno()],
                    stdin=None if self.interactive else subprocess.PIPE,
                    stdout=None if self.interactive else subprocess.PIPE,
                    stderr=None if self.interactive else errors)
            except OSError as error:
                raise qemu.HostProblem(f"cannot start qemu-system-x86_64: {error.strerror}; "
                                       "install it with ./setup") from error
        theirs.close()
        self.control = ours
        self.control.setblocking(False)
        self.send("qmp_capabilities")
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.control, selectors.EVENT_READ, self.read_control)
        self.selector.register(self.log_fd, selectors.EVENT_READ, self.read_log)
        if not self.interactive:
            os.set_blocking(self.process.stdout.fileno(), False)
            self.selector.register(self.process.stdout, selectors.EVENT_READ, self.read_console)
        self.keys_wait = self.keys is not None

    def stop(self):
        """End QEMU if it still runs; nothing of a run outlives it."""
        if self.process.poll() is None:
            self.send("quit")
            for last_resort in (lambda: self.process.send_signal(signal.SIGTERM), self.process.kill):
                try:
                    self.process.wait(3)
                    break
                except subprocess.TimeoutExpired:
                    last_resort()
            self.process.wait()
        self.selector.close()
        self.control.close()
        os.close(self.log_fd)
        for stream in (self.process.stdin, self.process.stdout):
            if stream:
                try:
                    stream.close()
                except OSError:
                    pass

    def follow(self):
        """Serve everything that arrives until the guest has ended or its time is up."""
        while self.process.poll() is None and self.shutdown_reason is None:
            for key, _ in self.selector.select(0.05):
                key.data()
            if self.out_of_time():
                return
        self.drain()

    def drain(self):
        """Take what is still under way after the end."""
        for _ in range(1000):
            ready = self.selector.select(0)
            before = len(self.console), len(self.log)
            for key, _ in ready:
                key.data()
            if before == (len(self.console), len(self.log)):
                return

    def out_of_time(self):
        """True when the run is to be given up; the first time it asks the guest for its last words."""
        now = time.monotonic()
        if self.last_words_until is not None:
            return now > min(self.last_words_until, self.last_heard + LAST_SILENCE)
        elapsed = now - self.started
        booted = self.interactive or self.machine.gdb or BANNER in self.console
        boot_limit = qemu.BOOT_LIMIT[self.machine.door]
        if not booted and elapsed > min(boot_limit, self.timeout or boot_limit):
            self.why_stopped = Ending.NEVER_BOOTED
            return True
        if self.timeout and elapsed > self.timeout:
            self.why_stopped = Ending.TIMEOUT
            self.before_nmi = len(self.console)
            self.send("inject-nmi")
            self.last_words_until = now + LAST_WORDS
            self.last_heard = now
        return False

    # ---- what arrives

    def read_console(self):
        data = read_some(self.process.stdout.fileno())
        if not data:
            self.selector.unregister(self.process.stdout)
            return
        self.console += data
        self.last_heard = time.monotonic()
        if self.keys_wait and PROMPT in self.console:
            self.keys_wait = False
            self.selector.register(self.keys, selectors.EVENT_READ, self.read_keys)
        if self.on_console:
            self.on_console(data)
        if self.on_text:
            self.on_text(self, self.console.decode(errors="replace"))

    def read_keys(self):
        data = os.read(self.keys, 4096)
        if data:
            self.type(data.decode(errors="replace"))
        else:
            self.selector.unregister(self.keys)

    def type(self, text):
        """Send keys to the guest's console."""
        try:
            self.process.stdin.write(text.encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            pass

    def read_log(self):
        data = read_some(self.log_fd)
        if data == b"":
            # No writer yet, or no more: do not spin on an end of file.
            time.sleep(0.005)
            return
        self.log += data
        if len(self.log) > 4 * LOG_TAIL:
            del self.log[:-LOG_TAIL]

    def read_control(self):
        try:
            data = self.control.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.selector.unregister(self.control)
            return
        *lines, self.pending = (self.pending + data).split(b"\n")
        for line in lines:
            message = json.loads(line)
            if message.get("event") == "SHUTDOWN":
                self.shutdown_reason = message["data"].get("reason", "unknown")
            elif "return" in message or "error" in message:
                self.replies.append(message.get("return", ""))

    # ---- asking QEMU

    def send(self, name, **arguments):
        request = {"execute": name}
        if arguments:
            request["arguments"] = arguments
        try:
            self.control.sendall(json.dumps(request).encode() + b"\n")
        except OSError:
            pass

    def ask(self, line):
        """The answer of QEMU's human monitor to one line; empty if it gives none within a second."""
        self.send("human-monitor-command", **{"command-line": line})
        count, until = len(self.replies), time.monotonic() + 1
        while time.monotonic() < until and self.process.poll() is None:
            for key, _ in self.selector.select(0.05):
                key.data()
            if len(self.replies) > count and isinstance(self.replies[-1], str):
                return self.replies[-1]
        return ""

    def backtrace(self, values):
        """Addresses on the stack of a stopped guest, by its chain of frame pointers."""
        addresses, frame = [values.get("RIP", 0)], values.get("RBP", 0)
        while len(addresses) < FRAMES and frame and frame % 8 == 0:
            words = re.findall(r"0x[0-9a-f]{16}", self.ask(f"x /2gx {frame:#x}"))
            if len(words) < 2 or int(words[1], 16) < 0x1000:
                break
            addresses.append(int(words[1], 16))
            if int(words[0], 16) <= frame:
                break
            frame = int(words[0], 16)
        return addresses

    # ---- the verdict

    def conclude(self):
        if self.interactive:
            self.console = bytearray(read_file(os.path.join(self.scratch, "console")))
        if self.why_stopped is Ending.NEVER_BOOTED:
            return self.never_booted()
        if self.why_stopped is Ending.TIMEOUT:
            return self.timed_out()
        if self.shutdown_reason == "guest-reset":
            return self.reset()
        if self.shutdown_reason == "guest-shutdown":
            return self.result(Ending.POWERED_OFF, "the guest powered off without reporting success", [])
        status = self.process.wait()
        if status == 35:
            return self.panic()
        if status in EXIT_STATUS:
            words = {33: "the guest reported success", 37: "the guest reported failure"}
            return self.result(EXIT_STATUS[status], words[status], [])
        if status in (0, -signal.SIGINT, -signal.SIGTERM):
            return self.result(Ending.LEFT, "left before the guest had ended", [])
        return self.result(Ending.HOST_PROBLEM, f"QEMU ended with status {status}",
                           self.qemu_errors())

    def panic(self):
        text = self.console.decode(errors="replace")
        words = re.findall(r"^.*panic.*$", text, re.IGNORECASE | re.MULTILINE)
        frames = Symbols(self.machine.kernel).annotate(text[text.rfind(words[0]):] if words else "")
        reason = re.sub(r"^.*?panic\W*", "", words[0].strip(), flags=re.IGNORECASE) if words else ""
        return self.result(Ending.PANIC, f"kernel panic: {reason}".rstrip(": "),
                           (["backtrace:"] + frames) if frames else [])

    def reset(self):
        symbols = Symbols(self.machine.kernel)
        values = faults.registers(self.ask("info registers"))
        chain = faults.triple_fault_chain(self.log.decode(errors="replace"))
        summary = "triple fault" if chain else "the guest reset the machine"
        if BANNER not in self.console:
            summary += f" before the kernel said `{BANNER.decode()}`"
        details = faults.chain_words(chain, symbols)
        if values:
            details += self.where(values, symbols)
        return self.result(Ending.RESET, summary, details)

    def where(self, values, symbols):
        names = ("RIP", "RSP", "RBP", "CR2", "CR3")
        line = " ".join(f"{name}={values[name]:#x}" for name in names if name in values)
        return [line, "backtrace:"] + symbols.describe(self.backtrace(values))

    def timed_out(self):
        words = self.console[self.before_nmi:].decode(errors="replace").strip().splitlines()
        details = []
        if words:
            details += ["what the guest said when asked who waits for what:"]
            details += ["  " + line.rstrip() for line in words]
        details += self.stopped_where()
        return self.result(Ending.TIMEOUT, f"no end within {self.timeout:g} seconds", details)

    def never_booted(self):
        said = bytes(self.console).decode(errors="replace").strip()
        details = self.stopped_where() + self.qemu_errors()
        summary = f"the guest never booted: no `{BANNER.decode()}` on the console"
        if not said:
            summary += ", not a byte"
        return self.result(Ending.NEVER_BOOTED, summary, details)

    def stopped_where(self):
        if self.process.poll() is not None or self.shutdown_reason:
            return []
        self.send("stop")
        values = faults.registers(self.ask("info registers"))
        return self.where(values, Symbols(self.machine.kernel)) if values else []

    def qemu_errors(self):
        text = read_file(os.path.join(self.scratch, "errors")).decode(errors="replace")
        return [f"QEMU says: {line}" for line in text.splitlines()]

    def result(self, ending, summary, details):
        return Result(ending, summary, details, self.console.decode(errors="replace"),
                      time.monotonic() - self.started)


def grow_pipe(descriptor):
    """A larger pipe wakes us up less often; where that is not allowed the usual size does."""
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, 1 << 20)
    except (OSError, AttributeError):
        pass


def read_some(descriptor):
    """What is there now: None when nothing is, empty at the end of the stream."""
    try:
        return os.read(descriptor, 1 << 20)
    except BlockingIOError:
        return None


def read_file(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""
