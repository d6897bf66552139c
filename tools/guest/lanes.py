# SPDX-License-Identifier: BSD-2-Clause
"""The rows on several processors, a client and a server for each (tests/bench/lanes.c)."""
import re

from guest import measured
from guest.session import Ending

PROCESSORS = (1, 2, 4)
ROW = re.compile(r"^bench: (\w+) (\d+)\s*$", re.M)
LOCKED = "_locked"


def cell(number):
    return f"{number:,}" if number is not None else "not measured"


def print_rows(tables, names, markdown):
    """A line for each row: what it costs, and for how much of that the kernel's lock is held."""
    heads = ["instructions per operation"]
    heads += [f"{count} processor{'s' * (count > 1)}" for count in tables]
    heads += [f"lock held, of {count}" for count in tables if count > 1]
    rows = [heads]
    for key in [key for key in next(iter(tables.values())) if not key.endswith(LOCKED)]:
        rows.append([names.get(key, key)] + [cell(table.get(key)) for table in tables.values()] +
                    [cell(table.get(key + LOCKED)) for count, table in tables.items() if count > 1])
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    for number, row in enumerate(rows):
        padded = [text.ljust(width) if column == 0 else text.rjust(width)
                  for column, (text, width) in enumerate(zip(row, widths))]
        print("| " + " | ".join(padded) + " |" if markdown else "  ".join(padded).rstrip())
        if number == 0 and markdown:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")


def measure(timeout, names, markdown):
    """Run and print all; true if every run ended well and had all rows."""
    tables, well = {}, True
    for count in PROCESSORS:
        result, text = measured.run("bench", timeout, f"${{host-port}} ${{device-port}} {count}",
                                    cpus=count)
        tables[count] = {name: int(value) for name, value in ROW.findall(text)}
        if result.ending != Ending.SUCCESS:
            print(f"{count} processors: {result.summary}", *result.details, sep="\n")
            well = False
    print_rows(tables, names, markdown)
    return well and all(set(table) == set(tables[1]) for table in tables.values())
