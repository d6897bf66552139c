# SPDX-License-Identifier: BSD-2-Clause
"""The archive that boots one program of build/tests/, alone or beside servers."""
import os
import subprocess

from guest import qemu

SERVERS = os.path.join(qemu.ROOT, "servers")
ARGUMENTS = "${host-port} ${device-port} ${kernel-command-line}"


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def config_text(program, servers, config, arguments):
    """boot.cfg: the given one, in which @PROGRAM@ stands for the program; bootstrap's when there are servers; else
    the program alone."""
    if config:
        return read(config).replace("@PROGRAM@", program)
    if servers:
        return read(os.path.join(SERVERS, "boot.cfg"))
    return f"{program} {arguments} $(task-create) $(task-resume)\n"


def servers_text(program, servers, arguments):
    """servers.cfg: its lines about these servers, then the program."""
    lines = [line for line in read(os.path.join(SERVERS, "servers.cfg")).splitlines(keepends=True)
             if line.split()[1:2] and line.split()[1] in servers]
    return "".join(lines) + f"run {program} {arguments}\n"


def make(folder, program, wanted=(), config=None, arguments=ARGUMENTS):
    """Makes it in the folder: its path. `wanted` are servers to start before, or NAME=PATH for a file to put in."""
    servers = [name for name in wanted if "=" not in name]
    files = [os.path.join(qemu.BUILD, "tests", program)]
    files += [name for name in wanted if "=" in name]
    files += [os.path.join(qemu.BUILD, "servers", name) for name in servers]
    if servers:
        files += [os.path.join(qemu.BUILD, "servers", "bootstrap"),
                  write(folder, "servers.cfg", servers_text(program, servers, arguments))]
    archive = os.path.join(folder, "initrd.cpio")
    script = write(folder, "boot.cfg", config_text(program, servers, config, arguments))
    made = subprocess.run([os.path.join(qemu.ROOT, "tools", "mkinitrd"), archive, script, *files],
                          capture_output=True, text=True, cwd=qemu.ROOT, check=False)
    if made.returncode:
        raise RuntimeError(made.stderr.strip())
    return archive
