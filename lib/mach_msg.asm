; SPDX-License-Identifier: BSD-2-Clause
;
; mach_msg_return_t mach_msg(msg, option, send_size, rcv_size, rcv_name, timeout, notify)
;
; The trap comes back when the thread is disturbed (thread_abort, suspension). A send that was
; interrupted has put everything back, so it is repeated as it was; a receive that was interrupted
; comes after a finished send, which must not happen twice. Each try has the whole timeout.
;
; The trap keeps the parameters: rdi msg, esi option, edx send size, r10d receive size, r8d name, r9d
; timeout. The seventh is already where the trap looks for it.

MACH_SEND_MSG           equ 0x1
MACH_SEND_INTERRUPT     equ 0x40
MACH_RCV_INTERRUPT      equ 0x400
MACH_MSG_MASK           equ 0x3c00
MACH_SEND_INTERRUPTED   equ 0x10000007
MACH_RCV_INTERRUPTED    equ 0x10004005
MACH_MSG_TRAP           equ -25

bits 64
section .text
global mach_msg
mach_msg:
    mov r10, rcx
.try:
    mov rax, MACH_MSG_TRAP
    syscall
    test eax, eax
    jnz .failed
    ret
.failed:
    mov ecx, eax
    and ecx, 0xffffffff ^ MACH_MSG_MASK
    cmp ecx, MACH_SEND_INTERRUPTED
    jne .receive
    test esi, MACH_SEND_INTERRUPT
    jz .try
    ret
.receive:
    cmp ecx, MACH_RCV_INTERRUPTED
    jne .done
    test esi, MACH_RCV_INTERRUPT
    jnz .done
    and esi, ~MACH_SEND_MSG
    xor edx, edx
    jmp .try
.done:
    ret

section .note.GNU-stack noalloc noexec nowrite progbits
