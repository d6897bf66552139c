# SPDX-License-Identifier: BSD-2-Clause
"""The machine: a description of what to boot, and the QEMU command that boots it."""
import dataclasses
import os
import re
import shutil

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, "build")
FIRMWARE = (("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"),
            ("/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"))
# Seconds until the kernel must have said its name: firmware in emulation takes its time.
BOOT_LIMIT = {"pvh": 30, "uefi": 90}


class HostProblem(Exception):
    """Something on this machine, not in the guest, is missing or wrong."""


@dataclasses.dataclass
class Machine:
    """What to boot and on what. Paths are as the caller gave them."""
    door: str = "pvh"
    memory: int = 128
    cpus: int = 1
    cpu: str = "max,-la57"
    kernel: str = os.path.join(BUILD, "kernel.elf")
    loader: str = os.path.join(BUILD, "BOOTX64.EFI")
    initrd: str = None
    cmdline: str = ""
    disks: list = dataclasses.field(default_factory=list)
    image: str = None
    icount: bool = False
    gdb: str = None
    graphics: bool = False
    report: str = None
    fault_log: bool = True
    extra: list = dataclasses.field(default_factory=list)

    def full_cmdline(self):
        """The kernel's command line; `debug-exit` lets the guest report how it ended."""
        words = self.cmdline.split()
        return " ".join(words if "debug-exit" in words else words + ["debug-exit"])


def firmware():
    for code, variables in FIRMWARE:
        if os.path.exists(code) and os.path.exists(variables):
            return code, variables
    raise HostProblem("no OVMF firmware in /usr/share/OVMF: install it with ./setup")


def require(path, what):
    if not os.path.exists(path):
        raise HostProblem(f"{what} {path} is missing: make it with `make`")
    return path


def boot_volume(machine, folder):
    """Lay out the EFI system partition's files in `folder`."""
    layout = {"EFI/BOOT/BOOTX64.EFI": require(machine.loader, "loader"),
              "porthole/kernel.elf": require(machine.kernel, "kernel")}
    if machine.initrd:
        layout["porthole/initrd.cpio"] = require(machine.initrd, "archive")
    for name, source in layout.items():
        target = os.path.join(folder, name)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copyfile(source, target)
    with open(os.path.join(folder, "porthole/cmdline"), "w", encoding="utf-8") as file:
        file.write(machine.full_cmdline() + "\n")


def escape(value):
    """A comma inside a QEMU option value is written twice."""
    return str(value).replace(",", ",,")


def door_arguments(machine, scratch):
    if machine.door == "pvh":
        arguments = ["-kernel", require(machine.kernel, "kernel"),
                     "-append", machine.full_cmdline()]
        if machine.initrd:
            arguments += ["-initrd", escape(require(machine.initrd, "archive"))]
        return arguments
    code, variables = firmware()
    own_variables = os.path.join(scratch, "variables.fd")
    shutil.copyfile(variables, own_variables)
    volume = machine.image
    if volume is None:
        folder = os.path.join(scratch, "volume")
        boot_volume(machine, folder)
        volume = f"fat:rw:{folder}"
    return ["-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={escape(code)}",
            "-drive", f"if=pflash,format=raw,unit=1,file={escape(own_variables)}",
            "-drive", f"if=ide,format=raw,file={escape(volume)}"]


def drive_faults(path, rules):
    """Options of a drive that fails on purpose, by QEMU's blkdebug. `write@N`, `read@N`: requests that touch block N
    (4 KiB) fail; `write`, `read`: all do; `writeonce`, `readonce`: only the first. `torn`: requests are done in pieces
    of a block, so that of one that fails others may be done. `slow`: 200 requests a second at most."""
    options = f"driver=raw,file.driver=blkdebug,file.image.driver=file,file.image.filename={escape(path)}"
    for number, rule in enumerate(rules):
        fault = re.fullmatch(r"(read|write)(once)?(?:@(\d+))?", rule)
        if fault:
            error = f",file.inject-error.{number}"
            options += f"{error}.event=none{error}.iotype={fault[1]}" \
                       f"{error}.once={'on' if fault[2] else 'off'}"
            options += f"{error}.sector={int(fault[3]) * 8}" if fault[3] else ""
        elif rule == "torn":
            options += ",file.align=4096,file.max-transfer=4096"
        elif rule == "slow":
            options += ",throttling.iops-total=200"
        else:
            raise ValueError(f"`{rule}` is no fault of a disk")
    return options


def drive_options(disk, path):
    """Options of one disk's drive. `new:MiB` makes a fresh one in `path` that lasts for this run, `new:MiB:FAULT:...` one
    that fails."""
    if not disk.startswith("new:"):
        return "format=raw,file=" + escape(require(disk, "disk"))
    size, *faults = disk[4:].split(":")
    with open(path, "wb") as file:
        file.truncate(int(size) << 20)
    return drive_faults(path, faults) if faults else f"format=raw,file={escape(path)}"


def disk_arguments(machine, scratch):
    """Virtio disks in the legacy transport."""
    arguments = []
    for number, disk in enumerate(machine.disks):
        options = drive_options(disk, os.path.join(scratch, f"disk{number}.img"))
        arguments += ["-drive", f"if=none,id=disk{number},cache=unsafe,{options}",
                      "-device", f"virtio-blk-pci,drive=disk{number},disable-modern=on"]
    return arguments


def command(machine, scratch, interactive, monitor, log):
    """The QEMU command. `scratch`: a folder for this run; `monitor`: file descriptor of the control
    socket; `log`: where the interrupt log goes."""
    console = "stdio,id=console,signal=off" + (",mux=on" if interactive else "")
    arguments = [
        "qemu-system-x86_64", "-accel", "tcg", "-machine", "pc", "-cpu", machine.cpu,
        "-m", str(machine.memory), "-smp", str(machine.cpus), "-nodefaults", "-no-user-config",
        "-action", "reboot=shutdown,shutdown=pause",
        "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
        "-chardev", f"{console},logfile={escape(os.path.join(scratch, 'console'))}",
        "-serial", "chardev:console",
        "-serial", f"file:{machine.report}" if machine.report else "null",
        "-chardev", f"socket,id=control,fd={monitor}", "-mon", "chardev=control,mode=control"]
    if interactive:
        arguments += ["-mon", "chardev=console,mode=readline"]
    arguments += ["-vga", "std" if machine.graphics or machine.door == "uefi" else "none"]
    if not machine.graphics:
        arguments += ["-display", "none"]
    if machine.icount:
        # A disk takes the host's time: the guest's must not run ahead while it waits for one.
        arguments += ["-icount", "shift=0,sleep=" + ("on" if machine.disks else "off")]
    if machine.gdb:
        arguments += ["-gdb", machine.gdb, "-S"]
    if machine.fault_log:
        arguments += ["-d", "int,cpu_reset", "-D", log]
    arguments += door_arguments(machine, scratch)
    arguments += disk_arguments(machine, scratch)
    return arguments + machine.extra
