/* SPDX-License-Identifier: BSD-2-Clause */
/* Every trap, by the reference's own macros. */
#include <mach/syscall_sw.h>

.section .note.GNU-stack, "", @progbits
