; SPDX-License-Identifier: BSD-2-Clause
;
; Guests of a few instructions that end in every way that a run can end: what the tests of the runner
; boot. NASM's -D chooses one: SUCCEED FAIL PANIC TRIPLE_FAULT HANG SILENT POWER_OFF REPORT.
; They are loaded through the PVH note and run in 32-bit protected mode without paging.

%macro say 1
    [section .rodata]
%%text: db %1, 0
    __SECT__
    mov esi, %%text
    call print
%endmacro

section .note.pvh note alloc noexec nowrite align=4
    dd 4, 8, 18                 ; sizes of name and value, XEN_ELFNOTE_PHYS32_ENTRY
    db "Xen", 0
    dq start

section .text
bits 32
global start
start:
    mov esp, stack_top
    xor ebp, ebp
%ifdef SILENT
    jmp stop
%endif
    mov dx, 0x3f8
    say {"Porthole (a test guest)", 10}
    call act
stop:
    cli
    hlt
    jmp stop

act:
    push ebp
    mov ebp, esp
%ifdef SUCCEED
    mov eax, 0x10
    jmp leave_qemu
%elifdef FAIL
    mov eax, 0x12
    jmp leave_qemu
%elifdef REPORT
    mov dx, 0x2f8
    say {"1..1", 10, "ok 1 - reported", 10}
    mov eax, 0x10
    jmp leave_qemu
%elifdef PANIC
    say {"panic: a test of the runner", 10, "  #0 0x00200000 act+0x3", 10}
    mov eax, 0x11
    jmp leave_qemu
%elifdef TRIPLE_FAULT
    lidt [no_table]
faulting_place:
    ud2
%elifdef POWER_OFF
    mov dx, 0x604
    mov ax, 0x2000
    out dx, ax
%elifdef HANG
    mov eax, nmi
    mov word [gates + 16], ax
    mov word [gates + 18], cs
    mov word [gates + 20], 0x8e00
    shr eax, 16
    mov word [gates + 22], ax
    lidt [table]
    jmp stop
%endif
    pop ebp
    ret

leave_qemu:
    mov dx, 0xf4
    out dx, eax
    jmp stop

; Print the zero-terminated text at esi to the serial port in dx.
print:
    lodsb
    test al, al
    jz .done
    out dx, al
    jmp print
.done:
    ret

; The NMI with which the runner asks a guest whose time is up.
nmi:
    mov dx, 0x3f8
    say {"nobody waits for anybody", 10}
    jmp stop

section .data
no_table: dw 0
    dd 0
table: dw 23
    dd gates
gates: dq 0, 0, 0

section .bss
    resb 4096
stack_top:
