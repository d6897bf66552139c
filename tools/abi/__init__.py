# SPDX-License-Identifier: BSD-2-Clause
"""Tables of an interface's sizes, offsets, constants and messages: the parts of tools/abi-check."""
