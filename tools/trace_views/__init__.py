# SPDX-License-Identifier: BSD-2-Clause
"""Pictures of what the kernel records: tools/trace."""
