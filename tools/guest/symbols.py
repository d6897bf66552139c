# SPDX-License-Identifier: BSD-2-Clause
"""From addresses to names and source lines, with the binutils."""
import bisect
import os
import re
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KERNEL_LOW = 0xffffffff80000000
# A line of the kernel's backtrace: an address, and usually the function that it is in.
FRAME = re.compile(r"^\s+(?:#\d+\s+)?((?:0x)?[0-9a-f]{8,16})(?:\s+\S+\+0x[0-9a-f]+)?\s*$", re.MULTILINE)


class Symbols:
    """The functions of one ELF file; without the file, or for other addresses, no names."""

    def __init__(self, elf):
        self.elf = elf
        self.addresses, self.names = [], []
        listing = run_tool(["nm", "-n", "--defined-only", elf])
        for line in listing.splitlines():
            address, kind, name = line.split()[-3:]
            if kind in "tTwW" and int(address, 16) >= KERNEL_LOW:
                self.addresses.append(int(address, 16))
                self.names.append(name)

    def name(self, address):
        """`name+0x12`, or an empty string."""
        at = bisect.bisect_right(self.addresses, address) - 1
        if at < 0 or address - self.addresses[at] > 0x100000:
            return ""
        return f"{self.names[at]}+{address - self.addresses[at]:#x}"

    def lines(self, addresses):
        """Source positions `file:line` (or an empty string) for addresses, in one call."""
        if not addresses:
            return []
        out = run_tool(["addr2line", "-e", self.elf] + [f"{a:#x}" for a in addresses])
        found = [source_name(line.split(" (")[0]) for line in out.splitlines()]
        found += [""] * (len(addresses) - len(found))
        return ["" if line.startswith("??") or line.endswith(":?") else line for line in found]

    def describe(self, addresses):
        """Numbered lines of a backtrace. All but the first are return addresses."""
        calls = [a - 1 if i else a for i, a in enumerate(addresses)]
        return [f"  #{i} {a:#018x} {self.name(a)} {line}".rstrip()
                for i, (a, line) in enumerate(zip(addresses, self.lines(calls)))]

    def annotate(self, text):
        """The backtrace lines that the kernel printed in `text`, with source positions added."""
        frames = [(m.group(0).strip("\n").rstrip(), int(m.group(1), 16))
                  for m in FRAME.finditer(text.replace("\r", ""))]
        calls = [address - 1 if number else address for number, (_, address) in enumerate(frames)]
        return [f"{line}  {where}".rstrip()
                for (line, _), where in zip(frames, self.lines(calls))]


def source_name(line):
    """A position from the top folder on; NASM gives a file's folder twice."""
    line = line.replace(ROOT + "/", "").replace("//", "/").replace("/./", "/").removeprefix("./")
    return re.sub(r"^((?:\w+/)+)\1", r"\1", line.removeprefix("/"))


def run_tool(command):
    """Standard output of a tool; nothing when it or its file is missing."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout
    except OSError:
        return ""
