# SPDX-License-Identifier: BSD-2-Clause
"""Run inside GDB on an object file: print its types as JSON.

{name: {"size": bytes, "kind": "int"|"unsigned"|..., "fields": {name: [bit offset, bits, kind]}}}, where a
name is a typedef's, or `struct TAG`; and for enumerations {"enumerators": {name: value}}.
"""
import json
import re

import gdb

KINDS = {gdb.TYPE_CODE_STRUCT: "struct", gdb.TYPE_CODE_UNION: "union", gdb.TYPE_CODE_PTR: "pointer",
         gdb.TYPE_CODE_ARRAY: "array", gdb.TYPE_CODE_ENUM: "enum", gdb.TYPE_CODE_FUNC: "function"}


def kind_of(kind):
    if kind.code == gdb.TYPE_CODE_INT:
        return "integer" if kind.is_signed else "unsigned"
    return KINDS.get(kind.code, "other")


def fields_of(kind, base=0, prefix=""):
    """Fields of a struct, those of nested structs as outer.inner."""
    found = {}
    for field in kind.fields():
        if not hasattr(field, "bitpos"):
            continue
        inner = field.type.strip_typedefs()
        name = prefix + (field.name or "")
        bits = field.bitsize or inner.sizeof * 8
        if field.name:
            found[name] = [base + field.bitpos, bits, kind_of(inner)]
        if inner.code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION):
            found.update(fields_of(inner, base + field.bitpos, name + "." if field.name else prefix))
    return found


def describe(kind):
    real = kind.strip_typedefs()
    entry = {"size": real.sizeof, "kind": kind_of(real)}
    if real.code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION):
        entry["fields"] = fields_of(real)
    if real.code == gdb.TYPE_CODE_ENUM:
        entry["enumerators"] = {field.name: field.enumval for field in real.fields()}
    return entry


def names_of(listing):
    """Type names in the answer of `info types`."""
    for line in listing.splitlines():
        match = re.match(r"^\d+:\s+typedef .*?(\w+)(?:\[\d*\])*;$", line) \
            or re.match(r"^\d+:\s+((?:struct|union|enum) \w+);$", line)
        if match:
            yield match.group(1)


def main():
    table = {}
    for name in names_of(gdb.execute("info types", to_string=True)):
        try:
            table[name] = describe(gdb.lookup_type(name))
        except gdb.error:
            continue
    print("JSON " + json.dumps(table))


main()
