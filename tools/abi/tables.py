# SPDX-License-Identifier: BSD-2-Clause
"""What a folder of headers declares: integer constants, and types with sizes and offsets."""
import concurrent.futures
import glob
import json
import os
import re
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDERS = ("mach", "mach/machine", "mach_debug", "device")


class Headers:
    """The public headers below one root that can be compiled by themselves."""

    def __init__(self, root, compiler="gcc"):
        self.root, self.compiler = root, compiler
        builtin = subprocess.run([compiler, "-print-file-name=include"], capture_output=True,
                                 text=True, check=True).stdout.strip()
        self.flags = ["-nostdinc", "-isystem", builtin, "-isystem", root, "-ffreestanding",
                      "-std=gnu11", "-w"]
        self.present = sorted(
            os.path.join(folder, os.path.basename(path)) for folder in FOLDERS
            for path in glob.glob(os.path.join(root, folder, "*.h")))
        with concurrent.futures.ThreadPoolExecutor() as pool:
            works = list(pool.map(self.compiles, self.present))
        self.usable = [name for name, works in zip(self.present, works) if works]

    def text(self, names):
        return "".join(f"#include <{name}>\n" for name in names)

    def run(self, arguments, text):
        return subprocess.run([self.compiler, *self.flags, *arguments, "-x", "c", "-"], input=text,
                              capture_output=True, text=True, check=False)

    def compiles(self, name):
        return self.run(["-fsyntax-only"], self.text([name])).returncode == 0

    def macros(self, names):
        """Names of the macros without parameters that the headers define."""
        def defined(text):
            out = self.run(["-E", "-dM"], text).stdout
            return set(re.findall(r"^#define (\w+) +\S", out, re.M))

        return sorted(name for name in defined(self.text(names)) - defined("")
                      if not name.startswith("__"))

    def constants(self, names):
        """{macro: value} of those that are integer constant expressions."""
        left = self.macros(names)
        with tempfile.TemporaryDirectory() as folder:
            while True:
                text = self.text(names) + "#line 1 \"constants\"\n" + "".join(
                    f"const unsigned long long constant_{name} = (unsigned long long)({name});\n"
                    for name in left)
                out = os.path.join(folder, "constants.o")
                done = self.run(["-c", "-fmax-errors=0", "-o", out], text)
                if done.returncode == 0:
                    return read_constants(out)
                bad = {int(n) for n in re.findall(r"^constants:(\d+):.*error", done.stderr, re.M)}
                if not bad:
                    raise RuntimeError(done.stderr)
                left = [name for n, name in enumerate(left, 1) if n not in bad]

    def types(self, names):
        """The table of tools/abi/types_in_gdb.py, for these headers."""
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "types.o")
            done = self.run(["-g", "-fno-eliminate-unused-debug-types", "-c", "-o", out],
                            self.text(names))
            if done.returncode:
                raise RuntimeError(done.stderr)
            answer = subprocess.run(
                ["gdb", "-nx", "-batch", "-ex", "source " + os.path.join(HERE, "types_in_gdb.py"),
                 out], capture_output=True, text=True, check=False)
        for line in answer.stdout.splitlines():
            if line.startswith("JSON "):
                return json.loads(line[5:])
        raise RuntimeError("gdb told no types: " + answer.stderr)


def read_constants(path):
    """{name: value} of the variables constant_NAME in an object file's .rodata."""
    listing = subprocess.run(["nm", path], capture_output=True, text=True, check=True).stdout
    data_path = path + ".data"
    subprocess.run(["objcopy", "-O", "binary", "-j", ".rodata", path, data_path], check=True)
    with open(data_path, "rb") as file:
        data = file.read()
    values = {}
    for address, name in re.findall(r"^([0-9a-f]+) [Rr] constant_(\w+)$", listing, re.M):
        at = int(address, 16)
        values[name] = int.from_bytes(data[at:at + 8], "little")
    return values
