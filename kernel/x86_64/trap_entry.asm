; SPDX-License-Identifier: BSD-2-Clause
;
; Exceptions and interrupts. Each vector pushes an error code and its number, then all registers, and
; calls trap_handle(frame).
;
; NMI, double fault, machine check and debug have stacks of their own, because they can come where the
; kernel's GS or stack are not set up: between the first instructions of a system call, and its last.
; Of these only debug is more than a report, and takes the kernel's lock.

%include "kernel/x86_64/offsets.inc"

        extern kernel_lock_shared
        extern kernel_lock_take
        extern restore_and_return
        extern return_to_user
        extern trap_handle

MSR_GS_BASE     equ 0xc0000101
VECTORS         equ 64
VECTOR_DEBUG    equ 1
HAS_ERROR       equ 0x60227d00          ; a bit for each exception that pushes an error code
OWN_STACK       equ 0x00040106          ; debug, NMI, double fault, machine check

        section .text

%assign v 0
%rep VECTORS
        align 4
vector_ %+ v:
%if v >= 32 || ((HAS_ERROR >> v) & 1) == 0
        push 0
%endif
        mov dword [rsp + 4], v
%if v < 32 && ((OWN_STACK >> v) & 1)
        jmp trap_own_stack
%else
        jmp trap_common
%endif
%assign v v + 1
%endrep

        align 16
trap_common:
        push rax
        push rcx
        push r11
        sub rsp, 8
        PUSH_REGISTERS
        cld
        CLAC_IF_SMAP
        mov rdi, rsp
        test byte [rsp + FRAME_CS], 3
        jz .from_kernel
        swapgs
.call_from_user:
        cmp byte [kernel_lock_shared], 0
        jne .take_lock
.locked:
        call trap_handle
        jmp return_to_user
.take_lock:
        cmp dword [rsp + FRAME_VECTOR], VECTOR_FLUSH
        je .flush
        call kernel_lock_take
        mov rdi, rsp
        jmp .locked
.flush:                                 ; its sender holds the lock and waits
        call trap_handle
        swapgs
        jmp restore_and_return
.from_kernel:
        call trap_handle
        jmp restore_and_return

; A debug trap from user mode has nothing special left once its frame has been moved to the thread's
; own stack. Else the sign of the GS base tells whose it is: user mode cannot set a negative one.
        align 16
trap_own_stack:
        test byte [rsp + 16], 3
        jz .stay
        cmp dword [rsp + 4], VECTOR_DEBUG
        je .from_user
.stay:
        push rax
        push rcx
        push r11
        sub rsp, 8
        PUSH_REGISTERS
        cld
        CLAC_IF_SMAP
        xor ebx, ebx
        mov ecx, MSR_GS_BASE
        rdmsr
        test edx, edx
        js .gs_is_ours
        swapgs
        inc ebx
.gs_is_ours:
        mov rdi, rsp
        call trap_handle
        test ebx, ebx
        jz .back
        swapgs
.back:
        jmp restore_and_return

.from_user:
        swapgs
        push rax
        push rcx
        mov rcx, rsp
        mov rsp, [gs:CPU_TRAP_STACK]
        push qword [rcx + 48]           ; rsp
        push qword [rcx + 40]           ; rflags
        push qword [rcx + 32]           ; cs
        push qword [rcx + 24]           ; rip
        push qword [rcx + 16]           ; error code and vector
        push qword [rcx + 8]            ; rax
        push qword [rcx]                ; rcx
        push r11
        sub rsp, 8
        PUSH_REGISTERS
        cld
        CLAC_IF_SMAP
        mov rdi, rsp
        jmp trap_common.call_from_user

        section .rodata
        align 8
        global trap_vectors
trap_vectors:
%assign v 0
%rep VECTORS
        dq vector_ %+ v
%assign v v + 1
%endrep
