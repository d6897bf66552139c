# SPDX-License-Identifier: BSD-2-Clause
"""Reading the processor's last words: QEMU's interrupt log and its register dump."""
import re

VECTORS = {
    0: "#DE divide error", 1: "#DB debug", 2: "NMI", 3: "#BP breakpoint", 4: "#OF overflow",
    5: "#BR bound range", 6: "#UD invalid opcode", 7: "#NM no FPU", 8: "#DF double fault",
    10: "#TS invalid TSS", 11: "#NP segment not present", 12: "#SS stack segment",
    13: "#GP general protection", 14: "#PF page fault", 16: "#MF x87 error",
    17: "#AC alignment", 18: "#MC machine check", 19: "#XM SIMD error", 21: "#CP control protection",
}
PAGE_FAULT_BITS = (("not present", "protection"), ("read", "write"), ("kernel", "user"),
                   ("", "reserved bit set"), ("", "instruction fetch"))
ENTRY = re.compile(r"v=([0-9a-f]+) e=([0-9a-f]+) i=(\d) cpl=(\d) IP=[0-9a-f]+:([0-9a-f]+).*")
# Exception, exception while delivering it, double fault: more cannot belong to one triple fault.
CHAIN_LIMIT = 3


def vector_name(vector):
    return VECTORS.get(vector, f"vector {vector:#x}")


def page_fault_words(error):
    """An x86 page fault error code in words."""
    words = [pair[error >> bit & 1] for bit, pair in enumerate(PAGE_FAULT_BITS)]
    return ", ".join(word for word in words if word)


def registers(text):
    """{name: value} from QEMU's register dump, the last one in `text`."""
    start = max(text.rfind("RAX="), text.rfind("EAX="))
    values = {}
    for name, value in re.findall(r"\b([A-Z][A-Z0-9]{1,2})\s?=([0-9a-f]{8,16})\b", text[start:]):
        values.setdefault(name, int(value, 16))
    for short, name in (("EIP", "RIP"), ("ESP", "RSP"), ("EBP", "RBP")):
        if short in values:
            values.setdefault(name, values[short])
    return values


def triple_fault_chain(log):
    """The exceptions that led to a triple fault, oldest first, as (vector, error code, RIP, CR2).

    `log` is the tail of QEMU's `-d int` log. The exceptions of a chain are all of one instruction:
    each but the first arose while the one before was being delivered. Empty when the log shows no
    triple fault.
    """
    end = log.rfind("Triple fault")
    if end < 0:
        return []
    chain = []
    for line in reversed(log[:end].splitlines()):
        entry = ENTRY.search(line)
        if entry is None:
            continue
        vector, error, rip = (int(entry.group(i), 16) for i in (1, 2, 5))
        if chain and (rip != chain[-1][2] or len(chain) == CHAIN_LIMIT):
            break
        cr2 = re.search(r"CR2=([0-9a-f]+)", line)
        chain.append((vector, error, rip, int(cr2.group(1), 16) if cr2 else None))
    chain.reverse()
    return chain


def chain_words(chain, symbols):
    """Lines that tell a chain of exceptions; `symbols` names the addresses."""
    lines = []
    for vector, error, rip, cr2 in chain:
        words = f"{vector_name(vector)} at {rip:#018x} {symbols.name(rip)}".rstrip()
        if vector == 14:
            words += f": {page_fault_words(error)}"
            words += f", address {cr2:#x} (CR2)" if cr2 is not None else ""
        elif error:
            words += f", error code {error:#x}"
        lines.append(words)
    return lines
