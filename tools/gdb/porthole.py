# SPDX-License-Identifier: BSD-2-Clause
"""GDB commands for Porthole; `make gdb` loads them.

All programs are linked at the same addresses, so that an address belongs to the one that runs. The
functions of all of them can be named at once (break NAME); `server NAME` keeps only one program's
symbols beside the kernel's, which makes backtraces in it unambiguous.
"""
import glob
import os

import gdb

BUILD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "build")


def program_files():
    """{name: path} of every server and user test that was built."""
    paths = sorted(glob.glob(os.path.join(BUILD, "debug", "servers", "*"))
                   + glob.glob(os.path.join(BUILD, "debug", "tests", "*")))
    return {os.path.basename(path): os.path.realpath(path) for path in paths if is_elf(path)}


def is_elf(path):
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


def load_kernel():
    """Forget all symbols but the kernel's."""
    gdb.execute("file " + os.path.join(BUILD, "kernel.elf"), to_string=True)


class Server(gdb.Command):
    """server NAME...: load the symbols of these programs, and only of these, beside the kernel's.
Without a name: of all servers."""

    def __init__(self):
        super().__init__("server", gdb.COMMAND_FILES)

    def complete(self, text, word):
        return [name for name in program_files() if name.startswith(word or "")]

    def invoke(self, argument, from_tty):
        files = program_files()
        names = argument.split() or [name for name in files if "/servers/" in files[name]]
        unknown = [name for name in names if name not in files]
        if unknown:
            raise gdb.GdbError(f"no such program: {unknown[0]}; there are: {' '.join(files)}")
        load_kernel()
        for name in names:
            gdb.execute(f"add-symbol-file {files[name]}", to_string=True)
        print("symbols: kernel", *names)


gdb.execute("directory " + os.path.join(BUILD, ".."), to_string=True)
Server()
