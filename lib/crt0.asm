; SPDX-License-Identifier: BSD-2-Clause
; Where a program begins. The stack holds argc, argv[], NULL, environment, NULL, auxiliary vector.

bits 64
default rel

extern runtime_start

section .text
global _start
_start:
    xor ebp, ebp            ; ends backtraces
    mov rdi, rsp
    and rsp, -16
    call runtime_start
    ud2                     ; runtime_start does not return

section .note.GNU-stack noalloc noexec nowrite progbits
