# SPDX-License-Identifier: BSD-2-Clause
"""Running a guest in QEMU and telling how it ended: the library of tools/run and tests/run."""
