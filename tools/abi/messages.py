# SPDX-License-Identifier: BSD-2-Clause
"""What MIG makes of a folder of definition files: message ids, and the layout of each message."""
import glob
import os
import re
import subprocess
import tempfile

FOLDERS = ("mach", "mach/machine", "mach_debug", "device")
FLAGS = ["-E", "-x", "c", "-undef", "-nostdinc", "-D__x86_64__", "-D__LP64__",
         "-DMACH_PCSAMPLE"]


def definition_files(root):
    """{base name: path} of the files that define an interface."""
    return {os.path.basename(path): path for folder in FOLDERS
            for path in sorted(glob.glob(os.path.join(root, folder, "*.defs")))
            if not path.endswith("types.defs")}


def generate(root, path, migcom):
    """(list of ids, user stubs) that MIG makes of one file."""
    with tempfile.TemporaryDirectory() as folder:
        ids, user = os.path.join(folder, "ids"), os.path.join(folder, "user.c")
        source = subprocess.run(["gcc", *FLAGS, "-I", root, path], capture_output=True, check=False)
        made = subprocess.run(
            [migcom, "-server", "/dev/null", "-header", os.path.join(folder, "user.h"), "-user", user,
             "-list", ids], input=source.stdout, capture_output=True, check=False)
        if source.returncode or made.returncode:
            raise RuntimeError(f"{path}: {(source.stderr or made.stderr).decode()}")
        with open(ids, encoding="utf-8") as file:
            listed = file.read()
        with open(user, encoding="utf-8") as file:
            return listed, file.read()


def layout(body):
    """What a stub's text says of its messages, without the names that are ours to choose.

    For each typed item its descriptor, in order, and the C types of the message's fields.
    """
    items = []
    for struct in re.findall(r"typedef struct \{(.*?)\} (?:Request|Reply);", body, re.S):
        for declaration in struct.split(";"):
            words = declaration.split()
            if words:
                items.append(" ".join(words[:-1]) + re.sub(r"^\w+", "", words[-1]))
    for descriptor in re.findall(r"const mach_msg_type(?:_long)?_t \w+ = \{(.*?)\};", body, re.S):
        items.append(" ".join(re.sub(r"/\*.*?\*/", "", descriptor).split()))
    return items


def routines(root, migcom, only=None):
    """{routine: (file, request id, layout)} of the definition files below a root, or some of them."""
    table = {}
    for name, path in definition_files(root).items():
        if only is not None and name not in only:
            continue
        listed, text = generate(root, path, migcom)
        bodies = dict(re.findall(r"^/\* (?:Simple)?[Rr]outine (\w+) \*/$(.*?)(?=^/\* \w+ \w+ \*/$|\Z)",
                                 text, re.M | re.S))
        for line in listed.splitlines():
            fields = line.split()
            if len(fields) >= 5:
                table[fields[2]] = (name, int(fields[4]), layout(bodies.get(fields[2], "")))
    return table
