# SPDX-License-Identifier: BSD-2-Clause
"""How large the kernel is."""
import os
import re
import subprocess

from guest import qemu

FOLDERS = ("boot", "kernel", "mm", "ipc")


def code_lines(path):
    """Lines of a C or assembly file that are neither blank nor comment; 0 for another file."""
    if not path.endswith((".c", ".h", ".asm")):
        return 0
    with open(path, encoding="utf-8") as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    mark = ";" if path.endswith(".asm") else "//"
    return sum(bool(line.strip()) and not line.strip().startswith(mark) for line in text.splitlines())


def kernel_lines():
    """Lines of code of the kernel's folders."""
    return sum(code_lines(os.path.join(base, name)) for folder in FOLDERS
               for base, _, names in os.walk(os.path.join(qemu.ROOT, folder)) for name in names)


def kernel_text():
    """Bytes of the kernel's code."""
    sections = subprocess.run(["size", "-A", "-d", os.path.join(qemu.BUILD, "kernel.elf")],
                              capture_output=True, text=True, check=True).stdout
    return int(re.search(r"^\.text\s+(\d+)", sections, re.M).group(1))
