; SPDX-License-Identifier: BSD-2-Clause
;
; System calls ("traps"). rax holds the negative trap number; rdi rsi rdx r10 r8 r9 hold the arguments,
; more lie on the user's stack above the return address of the stub. The result comes back in rax; rcx
; and r11 are lost to the instruction, everything else is as before.
;
; The entry saves all registers, so that the state of a thread that sleeps in a trap can be read; the
; fast exit reloads only what C functions may change. Whoever changes a sleeping thread's state
; makes it return to the slow exit, which reloads everything.

%include "kernel/x86_64/offsets.inc"

        extern exception_noncanonical
        extern kernel_lock_drop
        extern kernel_lock_shared
        extern kernel_lock_take
        extern thread_ast
        extern trap_dispatch
        extern trap_invalid

TRAP_DISPATCH_COUNT equ 256             ; as in syscall.c

        section .text

        global syscall_entry
        align 16
syscall_entry:
        swapgs
        mov [gs:CPU_USER_SP], rsp
        mov rsp, [gs:CPU_TRAP_STACK]    ; the ss slot above never changes
        push qword [gs:CPU_USER_SP]
        push r11                        ; rflags
        push USER_CS
        push rcx                        ; rip
        push -1                         ; TRAP_SYSCALL
        push rax
        sub rsp, 24                     ; rcx, r11, fault address: unused
        PUSH_REGISTERS
        cmp byte [kernel_lock_shared], 0
        jne .take_lock
.locked:
        neg rax
        cmp rax, TRAP_DISPATCH_COUNT
        jae .bad_number
        mov rcx, r10
        call [trap_dispatch + rax * 8]
.done:
        mov eax, eax                    ; results have 32 bits; above is what C left there
        mov rdx, [gs:CPU_CURRENT]
        cmp dword [rdx + THREAD_AST], 0
        jne .slow
        cmp byte [kernel_lock_shared], 0
        jne .drop_lock
.unlocked:
        add rsp, 48                     ; rbx, rbp, r12 to r15 are untouched
        pop r9
        pop r8
        pop r10
        pop rdx
        pop rsi
        pop rdi
        mov rcx, [rsp + FRAME_RIP - FRAME_FAULT]
        mov r11, [rsp + FRAME_RFLAGS - FRAME_FAULT]
        mov rsp, [rsp + FRAME_RSP - FRAME_FAULT]
        ; sysret to an address that is none would fault here in the kernel: but a syscall instruction
        ; cannot lie so high (VM_MAP_USER_MAXIMUM), and a thread whose state was set leaves by the frame
        swapgs
        o64 sysret

.take_lock:
        call kernel_lock_take
        mov rax, [rsp + FRAME_RAX]
        mov rdi, [rsp + FRAME_RDI]
        mov rsi, [rsp + FRAME_RSI]
        mov rdx, [rsp + FRAME_RDX]
        mov r10, [rsp + FRAME_R10]
        mov r8, [rsp + FRAME_R8]
        mov r9, [rsp + FRAME_R9]
        jmp .locked

.drop_lock:
        push rax
        sub rsp, 8
        call kernel_lock_drop
        add rsp, 8
        pop rax
        jmp .unlocked

.bad_number:
        call trap_invalid
        jmp .done

.slow:
        mov [rsp + FRAME_RAX], rax
        ; fall through

; The way to user mode by way of thread_ast, with every register from the frame. rsp = frame.
; New threads start here. A trap's frame is completed first.
        global return_to_user
return_to_user:
        cmp dword [rsp + FRAME_VECTOR], -1
        jne .complete
        mov rax, [rsp + FRAME_RIP]
        mov [rsp + FRAME_RCX], rax
        mov rax, [rsp + FRAME_RFLAGS]
        mov [rsp + FRAME_R11], rax
        mov dword [rsp + FRAME_VECTOR], 0
.complete:
        mov rax, [gs:CPU_CURRENT]
        cmp dword [rax + THREAD_AST], 0
        je .no_ast
        call thread_ast
.no_ast:
        bt qword [rsp + FRAME_RIP], 47
        jc return_to_bad_rip
        cmp byte [kernel_lock_shared], 0
        jne .drop_lock
        swapgs
        global restore_and_return
restore_and_return:
        pop r15
        pop r14
        pop r13
        pop r12
        pop rbp
        pop rbx
        pop r9
        pop r8
        pop r10
        pop rdx
        pop rsi
        pop rdi
        add rsp, 8
        pop r11
        pop rcx
        pop rax
        add rsp, 8
        iretq

return_to_user.drop_lock:
        call kernel_lock_drop
        swapgs
        jmp restore_and_return

return_to_bad_rip:
        call exception_noncanonical
        jmp return_to_user.complete

; Where a kernel thread starts; the function and its argument are on the stack.
        extern thread_exit
        global kernel_thread_start
kernel_thread_start:
        pop rax
        pop rdi
        xor ebp, ebp
        call rax
        call thread_exit
