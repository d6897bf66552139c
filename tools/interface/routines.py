# SPDX-License-Identifier: BSD-2-Clause
"""The routines of the interface, as MIG understood them: read from the stubs and lists that it wrote.

The user stub shows how each request is laid out, the kernel's server what each port is taken for. So
nothing here has to understand definition files.
"""
import dataclasses
import glob
import os
import re
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MIG = os.path.join(ROOT, "build", "mig")
STUB = re.compile(r"^/\* (Simple)?Routine (\w+) \*/\n(.*?)^}\n", re.M | re.S)
REQUEST = re.compile(r"typedef struct \{\n((?:(?!typedef struct).)*?)\} Request;", re.S)
FIELD = re.compile(r"mach_msg_type_(?:long_)?t (\w+)Type;")
TYPE = re.compile(r"const mach_msg_type_(long_)?t (\w+)Type = \{(.*?)\n\t\};", re.S)
ITEM = re.compile(r"\.msgt_(\w+) =\s+(?:\(unsigned char\) )?(\w+)")
SERVER = re.compile(r"^mig_internal void _X(\w+)\n(.*?)^}\n", re.M | re.S)
RECEIVED = re.compile(r"In\dP->(\w+)Type\.msgt_name != (MACH_MSG_TYPE_PORT_\w+)\)|"
                      r"\b(\w+)Check = \{\s*\.msgt_name =\s+\(unsigned char\) (MACH_MSG_TYPE_PORT_\w+)")
CONVERSION = re.compile(r"convert_port_to_(\w+)\((?:\(ipc_port_t\) )?In0P->(?:Head\.)?(\w+)\)")
VARIABLE = re.compile(r"^\t\tunion \{\n\t\t\t[\w ]+ (\w+)\[\d+\];", re.M)


@dataclasses.dataclass
class Slot:
    """One descriptor of a request and its data."""
    name: str
    type: str           # MACH_MSG_TYPE_...
    bits: int           # of an element
    number: int         # of elements; 0 out of line
    inline: bool
    variable: bool      # so many elements as the sender likes
    long: bool          # the long form of descriptors
    object: str         # what the kernel takes a port for; "": a port is taken as such

    def is_port(self):
        return self.type.startswith(("MACH_MSG_TYPE_PORT_S", "MACH_MSG_TYPE_PORT_R", "MACH_MSG_TYPE_MOVE",
                                     "MACH_MSG_TYPE_COPY", "MACH_MSG_TYPE_MAKE", "MACH_MSG_TYPE_POLY"))


@dataclasses.dataclass
class Routine:
    subsystem: str
    name: str
    id: int
    one_way: bool
    slots: list
    target: str = ""    # what the kernel takes the request's port for

    def key(self):
        return (self.id, self.name)

    def server_name(self):
        """In the definition file; the stubs with a disposition as last argument have a suffix."""
        return self.name.removesuffix("_poly")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def ids(folder, subsystem):
    """{name: id} of one list that MIG wrote; {} when the interface has no such side."""
    path = os.path.join(MIG, folder, "mig", f"{subsystem}.ids")
    if not os.path.exists(path):
        return {}
    return {words[2]: int(words[4]) for words in map(str.split, read(path).splitlines())}


def slots(stub):
    request = REQUEST.search(stub)
    types = {name: dict(ITEM.findall(body)) for _, name, body in TYPE.findall(stub)}
    variable = set(VARIABLE.findall(request.group(1)))
    made = []
    for name in FIELD.findall(request.group(1)):
        item = types[name]
        inline = item["inline"] == "TRUE"
        made.append(Slot(name, item["name"], int(item["size"]), int(item["number"]) if inline else 0,
                         inline, name in variable, item["longform"] == "TRUE", ""))
    return made


def servers(subsystem):
    """{routine: text} of the kernel's server, if it has one."""
    path = os.path.join(MIG, "kernel", "mig", f"{subsystem}_server.c")
    if not os.path.exists(path):
        return {}
    return dict(SERVER.findall(read(path)))


def match_server(routine, server):
    """What the kernel takes ports for, and the kind of right where the stub leaves it to the caller."""
    objects = {field: kind for kind, field in CONVERSION.findall(server)}
    wanted = {a or b: c or d for a, c, b, d in RECEIVED.findall(server)}
    routine.target = objects.get("msgh_request_port", "")
    for slot in routine.slots:
        slot.object = objects.get(slot.name, "")
        if slot.type == "MACH_MSG_TYPE_POLYMORPHIC" and slot.name in wanted:
            slot.type = wanted[slot.name].replace("_PORT_", "_MAKE_")


def subsystem_routines(subsystem):
    """All routines of one interface, in the order of their ids."""
    numbers = ids("user", subsystem)
    server = servers(subsystem)
    made = []
    for simple, name, body in STUB.findall(read(os.path.join(MIG, "user", "mig", f"{subsystem}.c"))):
        routine = Routine(subsystem, name, numbers[name], bool(simple), slots(body))
        match_server(routine, server.get(routine.server_name(), ""))
        made.append(routine)
    return sorted(made, key=Routine.key)


def subsystems(folder="user"):
    """The interfaces that a user stub was made of, or (kernel_server) that the kernel serves."""
    if folder == "kernel_server":
        return sorted(os.path.basename(path)[:-len("_server.ids")]
                      for path in glob.glob(os.path.join(MIG, "kernel", "mig", "*_server.ids")))
    return sorted(os.path.basename(path)[:-len(".ids")]
                  for path in glob.glob(os.path.join(MIG, "user", "mig", "*.ids"))
                  if not path.endswith("_server.ids") and not os.path.basename(path).startswith("nowait_"))


def absent():
    """Routines of the kernel without a handler: MIG's weak one stands in, which answers MIG_BAD_ID."""
    listed = subprocess.run(["nm", os.path.join(ROOT, "build", "kernel.elf")], capture_output=True,
                            text=True, check=True).stdout
    names = {words[2] for words in map(str.split, listed.splitlines()) if words[1] == "W"}
    return names | {name.removeprefix("ds_") for name in names}
