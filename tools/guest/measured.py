# SPDX-License-Identifier: BSD-2-Clause
"""One boot of a program that reports: how it ended, and what it said."""
import os
import tempfile

from guest import archive, qemu
from guest.session import Session


def run(program, timeout, arguments=archive.ARGUMENTS, servers=(), icount=True, on_console=None,
        **machine):
    """(how the run ended, what it reported) of build/tests/PROGRAM, alone in the machine or beside servers. `icount`:
    QEMU counts instructions, and the guest's clock with them."""
    with tempfile.TemporaryDirectory(prefix="porthole-measure-") as folder:
        report = os.path.join(folder, "report")
        initrd = archive.make(folder, program, servers, arguments=arguments)
        result = Session(qemu.Machine(initrd=initrd, icount=icount, report=report, fault_log=False,
                                      **machine), timeout=timeout, on_console=on_console).run()
        text = ""
        if os.path.exists(report):
            with open(report, encoding="utf-8", errors="replace") as file:
                text = file.read()
    return result, text
