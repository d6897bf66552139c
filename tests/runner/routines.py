# SPDX-License-Identifier: BSD-2-Clause
"""The table of all routines: as the sources say, and nothing without a test."""
from interface import routines, table
from runner.case import single


def up_to_date():
    wanted, found = table.Table().text(), routines.read(table.DOCUMENT)
    if wanted == found:
        return []
    differing = [line for line in wanted.splitlines() if line not in found.splitlines()]
    return ["docs/routines.md is not up to date: tools/routines docs > docs/routines.md"] + differing[:20]


def cases():
    return [single("routines: docs/routines.md is as the sources are", up_to_date),
            single("routines: every routine and every error that it names has a test",
                   lambda: table.Table().problems())]
