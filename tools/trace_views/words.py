# SPDX-License-Identifier: BSD-2-Clause
"""Words for numbers: message ids, reasons to wait, access."""
import os
import struct

from interface import routines

LOAD = 1        # a segment's type


class KernelText:
    """Strings in the kernel's file, by address."""

    def __init__(self, path):
        self.data, self.segments = b"", []
        if not os.path.exists(path):
            return
        with open(path, "rb") as file:
            self.data = file.read()
        at, size, count = struct.unpack_from("<Q", self.data, 32) + struct.unpack_from("<HH", self.data, 54)
        for header in range(at, at + size * count, size):
            kind, _, offset, address, _, bytes_, *_ = struct.unpack_from("<IIQQQQQQ", self.data, header)
            if kind == LOAD:
                self.segments.append((address, offset, bytes_))

    def bytes_at(self, address, count):
        for start, offset, size in self.segments:
            if start <= address < start + size:
                return self.data[offset + address - start:][:count]
        return b""

    def reason(self, address):
        """The text of a struct wait_reason; "" if there is none at that address."""
        pointer = self.bytes_at(address, 8)
        text = self.bytes_at(struct.unpack("<Q", pointer)[0], 80) if len(pointer) == 8 else b""
        return text.split(b"\0")[0].decode(errors="replace")


class MessageNames:
    """Names of messages by their ids, as MIG wrote them down."""

    def __init__(self):
        self.names = {}
        for subsystem in routines.subsystems():
            for name, number in routines.ids("user", subsystem).items():
                self.names.setdefault(number, name.removesuffix("_poly"))

    def name(self, number):
        if number in self.names:
            return self.names[number]
        if number - 100 in self.names:
            return f"answer to {self.names[number - 100]}"
        return f"message {number}"


def access(bits):
    """Protection bits as letters."""
    return "".join(letter if bits >> place & 1 else "-" for place, letter in enumerate("rwx"))
