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
FOLDERS = ("mach", "mach/machine", "mach/exec", "mach_debug", "device")
# What a C library and the headers before it give to some headers that do not ask for it themselves.
C_PRELUDE = ["stddef.h", "stdint.h", "sys/types.h"]
PRELUDE = C_PRELUDE + ["mach/port.h", "mach/machine/vm_types.h", "device/device_types.h"]
# Arguments for macros with parameters: as many as a macro has.
SAMPLES = (("5", "17", "3"), ("0x80000213u", "2", "1"))


class Headers:
    """The public headers below one root; `usable` are those that compile behind the prelude."""

    def __init__(self, root, shims, compiler="gcc"):
        """shims: a folder with what the prelude takes from a C library."""
        self.root, self.compiler = root, compiler
        builtin = subprocess.run([compiler, "-print-file-name=include"], capture_output=True,
                                 text=True, check=True).stdout.strip()
        self.flags = ["-nostdinc", "-isystem", builtin, "-isystem", root,
                      "-isystem", shims, "-ffreestanding",
                      "-std=gnu11", "-w"]
        self.present = sorted(
            os.path.join(folder, os.path.basename(path)) for folder in FOLDERS
            for path in glob.glob(os.path.join(root, folder, "*.h")))
        with concurrent.futures.ThreadPoolExecutor() as pool:
            works = list(pool.map(lambda name: self.compiles(PRELUDE + [name]), self.present))
            alone = list(pool.map(lambda name: self.compiles([name]), self.present))
        self.usable = [name for name, works in zip(self.present, works) if works]
        self.alone = [name for name, works in zip(self.present, alone) if works]

    def text(self, names):
        return "".join(f"#include <{name}>\n" for name in names)

    def run(self, arguments, text):
        return subprocess.run([self.compiler, *self.flags, *arguments, "-x", "c", "-"], input=text,
                              capture_output=True, text=True, check=False)

    def compiles(self, names):
        return self.run(["-fsyntax-only"], self.text(names)).returncode == 0

    def expressions(self, names):
        """What the macros of the headers say: each name, and each macro with parameters for samples."""
        def defined(names):
            out = self.run(["-E", "-dM"], self.text(names)).stdout
            return set(re.findall(r"^#define (\w+)(\([^)]*\))? +\S", out, re.M))

        found = []
        for name, parameters in sorted(defined(PRELUDE + names) - defined(C_PRELUDE)):
            if name.startswith("__"):
                continue
            count = len(parameters.split(",")) if parameters.strip("( )") else 0
            if not parameters:
                found.append(name)
            elif 0 < count <= len(SAMPLES[0]):
                found += [f"{name}({', '.join(sample[:count])})" for sample in SAMPLES]
        return found

    def constants(self, names):
        """{expression: value} of those that are integer constant expressions."""
        left = self.expressions(names)
        with tempfile.TemporaryDirectory() as folder:
            while True:
                text = self.text(PRELUDE + names) + "#line 1 \"constants\"\n" + "".join(
                    f"const unsigned long long constant_{n} = (unsigned long long)({expression});\n"
                    for n, expression in enumerate(left))
                out = os.path.join(folder, "constants.o")
                done = self.run(["-c", "-fmax-errors=0", "-o", out], text)
                if done.returncode == 0:
                    return {left[n]: value for n, value in read_constants(out).items()}
                bad = {int(n) for n in re.findall(r"^constants:(\d+):.*error", done.stderr, re.M)}
                if not bad:
                    raise RuntimeError(done.stderr)
                left = [name for n, name in enumerate(left, 1) if n not in bad]

    def traps(self):
        """{trap: number and arguments} of the reference's mach/syscall_sw.h."""
        with open(os.path.join(self.root, "mach", "syscall_sw.h"), encoding="utf-8") as file:
            text = re.sub(r"/\*.*?\*/|#if\s+UNIXOID_TRAPS.*?#endif", "", file.read(), flags=re.S)
        return {name: int(number)
                for name, number in re.findall(r"kernel_trap\((\w+),(-\d+),\d+\)", text)}

    def types(self, names):
        """The table of tools/abi/types_in_gdb.py, for these headers."""
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "types.o")
            done = self.run(["-g", "-fno-eliminate-unused-debug-types", "-c", "-o", out],
                            self.text(PRELUDE + names))
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
    """{number: value} of the variables constant_NUMBER in an object file's .rodata."""
    listing = subprocess.run(["nm", path], capture_output=True, text=True, check=True).stdout
    data_path = path + ".data"
    subprocess.run(["objcopy", "-O", "binary", "-j", ".rodata", path, data_path], check=True)
    with open(data_path, "rb") as file:
        data = file.read()
    values = {}
    for address, name in re.findall(r"^([0-9a-f]+) [Rr] constant_(\d+)$", listing, re.M):
        at = int(address, 16)
        values[int(name)] = int.from_bytes(data[at:at + 8], "little")
    return values
