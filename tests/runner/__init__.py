# SPDX-License-Identifier: BSD-2-Clause
"""The kinds of tests that tests/run knows."""
