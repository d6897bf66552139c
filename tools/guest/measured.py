# SPDX-License-Identifier: BSD-2-Clause
"""One boot of a program that measures, with QEMU counting instructions."""
import os
import subprocess
import tempfile

from guest import qemu
from guest.session import Session


def run(program, arguments, timeout, **machine):
    """(how the run ended, what it reported) of build/tests/PROGRAM, alone in the machine."""
    with tempfile.TemporaryDirectory(prefix="porthole-measure-") as folder:
        config, archive, report = (os.path.join(folder, name)
                                   for name in ("boot.cfg", "initrd.cpio", "report"))
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"{program} {arguments} $(task-create) $(task-resume)\n")
        subprocess.run([os.path.join(qemu.ROOT, "tools", "mkinitrd"), archive, config,
                        os.path.join(qemu.BUILD, "tests", program)], check=True)
        result = Session(qemu.Machine(initrd=archive, icount=True, report=report, fault_log=False,
                                      **machine), timeout=timeout).run()
        text = ""
        if os.path.exists(report):
            with open(report, encoding="utf-8", errors="replace") as file:
                text = file.read()
    return result, text
