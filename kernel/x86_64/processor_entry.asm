; SPDX-License-Identifier: BSD-2-Clause
;
; How a processor other than the first gets into the kernel. It begins in real mode in a page below
; 1 MiB into which processors.c has copied processor_trampoline, crosses the early page tables of
; boot/entry.asm, and calls processor_main(its struct cpu) on its idle thread's stack.

KERNEL_BASE     equ 0xffffffff80000000
CODE_64         equ 0x08                ; in boot/entry.asm's table of segments
DATA            equ 0x10
CODE_32         equ 0x18
EARLY_GDT_LIMIT equ 4 * 8 - 1

CR0_PE          equ 1 << 0
CR0_PG          equ 1 << 31
CR0_CACHE_OFF   equ 3 << 29
CR4_PAE         equ 1 << 5
MSR_EFER        equ 0xc0000080
EFER_LME        equ 1 << 8
EFER_NXE        equ 1 << 11

%define PHYSICAL(symbol) (symbol - KERNEL_BASE)

        extern early_gdt
        extern early_gdt_pointer_high
        extern early_pml4
        extern processor_main
        extern processor_first          ; what it is to have: processors.c

        section .rodata
        bits 16
        global processor_trampoline
        global processor_trampoline_end
processor_trampoline:
        cli
        mov ax, cs
        mov ds, ax
        o32 lgdt [.gdt - processor_trampoline]
        mov eax, cr0
        or eax, CR0_PE
        mov cr0, eax
        jmp dword CODE_32:PHYSICAL(processor_protected)
.gdt:
        dw EARLY_GDT_LIMIT
        dd PHYSICAL(early_gdt)
processor_trampoline_end:

        section .text.boot progbits alloc exec nowrite align=16

        bits 32
processor_protected:
        mov eax, DATA
        mov ds, eax
        mov es, eax
        mov ss, eax
        mov eax, cr4
        or eax, CR4_PAE
        mov cr4, eax
        mov eax, PHYSICAL(early_pml4)
        mov cr3, eax
        mov ecx, MSR_EFER
        rdmsr
        or eax, EFER_LME | EFER_NXE
        wrmsr
        mov eax, cr0
        and eax, ~CR0_CACHE_OFF
        or eax, CR0_PG
        mov cr0, eax
        jmp CODE_64:PHYSICAL(.long_mode)

        bits 64
.long_mode:
        mov rax, .high
        jmp rax
.high:
        lgdt [early_gdt_pointer_high]
        mov rax, [processor_first]      ; its root,
        mov cr3, rax
        mov rsp, [processor_first + 8]  ; stack,
        mov rdi, [processor_first + 16] ; and struct cpu
        xor eax, eax
        mov fs, eax
        mov gs, eax
        xor ebp, ebp
        call processor_main
        ud2                             ; it does not come back
