; SPDX-License-Identifier: BSD-2-Clause
;
; The two doors. Both end in kernel_main(door, physical address of what the door left, time stamp), running
; at the kernel's high address on the boot stack, with interrupts off and the early page tables below.
;
;   pvh_entry           32-bit protected mode, paging off, ebx = struct hvm_start_info
;   kernel_entry   64-bit mode, all memory mapped at its own address, rdi = struct boot_info
;
; The early tables map the first 4 GiB three times: at 0 (until the final tables are loaded), at the start
; of the direct map, and, the first 2 GiB, at the kernel's base.

KERNEL_BASE     equ 0xffffffff80000000
DOOR_PVH        equ 0
DOOR_UEFI       equ 1
NOTE_PHYS32_ENTRY equ 18

CR0_PE          equ 1 << 0
CR0_PG          equ 1 << 31
CR4_PAE         equ 1 << 5
MSR_EFER        equ 0xc0000080
EFER_LME        equ 1 << 8

PAGE_PRESENT_WRITE equ 0x03
PAGE_LARGE      equ 0x80

%define PHYSICAL(symbol) (symbol - KERNEL_BASE)

        ; for kernel/x86_64/processor_entry.asm
        global early_gdt
        global early_gdt_pointer_high
        global early_pml4
        global pvh_entry
        global kernel_entry
        extern kernel_main

        section .note.Xen note alloc noexec nowrite align=4
        dd 4, 8, NOTE_PHYS32_ENTRY
        db "Xen", 0
        dq PHYSICAL(pvh_entry)

        section .text.boot progbits alloc exec nowrite align=16

        bits 32
pvh_entry:
        cli
        rdtsc
        mov esi, eax
        mov edi, edx
        mov eax, cr4
        or eax, CR4_PAE
        mov cr4, eax
        mov eax, PHYSICAL(early_pml4)
        mov cr3, eax
        mov ecx, MSR_EFER
        rdmsr
        or eax, EFER_LME
        wrmsr
        mov eax, cr0
        or eax, CR0_PG | CR0_PE
        mov cr0, eax
        lgdt [PHYSICAL(early_gdt_pointer)]
        jmp 0x08:PHYSICAL(.long_mode)

        bits 64
.long_mode:
        shl rdi, 32
        mov esi, esi
        or rdi, rsi
        mov rdx, rdi
        mov esi, ebx
        mov edi, DOOR_PVH
        mov rax, enter_high
        jmp rax

kernel_entry:
        cli
        mov rsi, rdi
        rdtsc
        shl rdx, 32
        or rdx, rax
        mov edi, DOOR_UEFI
        mov eax, PHYSICAL(early_pml4)
        mov cr3, rax
        mov rax, enter_high
        jmp rax

; rdi = door, rsi = the door's structure, rdx = time stamp
enter_high:
        mov rsp, boot_stack_top
        lgdt [early_gdt_pointer_high]
        push 0x08
        lea rax, [rel .segments]
        push rax
        retfq
.segments:
        mov eax, 0x10
        mov ds, eax
        mov es, eax
        mov ss, eax
        xor eax, eax
        mov fs, eax
        mov gs, eax
        xor ebp, ebp
        call kernel_main
        ud2                             ; it does not come back

        section .data

        align 8
early_gdt:
        dq 0
        dq 0x00af9b000000ffff           ; 64-bit code
        dq 0x00cf93000000ffff           ; data
        dq 0x00cf9b000000ffff           ; 32-bit code, for the other processors' first steps
early_gdt_end:

early_gdt_pointer:
        dw early_gdt_end - early_gdt - 1
        dd PHYSICAL(early_gdt)
early_gdt_pointer_high:
        dw early_gdt_end - early_gdt - 1
        dq early_gdt

        align 4096
early_pml4:
        dq PHYSICAL(early_pdpt_low) + PAGE_PRESENT_WRITE
        times 255 dq 0
        dq PHYSICAL(early_pdpt_low) + PAGE_PRESENT_WRITE
        times 254 dq 0
        dq PHYSICAL(early_pdpt_high) + PAGE_PRESENT_WRITE
early_pdpt_low:
%assign i 0
%rep 4
        dq PHYSICAL(early_pd) + i * 4096 + PAGE_PRESENT_WRITE
%assign i i + 1
%endrep
        times 508 dq 0
early_pdpt_high:
        times 510 dq 0
        dq PHYSICAL(early_pd) + PAGE_PRESENT_WRITE
        dq PHYSICAL(early_pd) + 4096 + PAGE_PRESENT_WRITE
early_pd:
%assign i 0
%rep 2048
        dq i * 0x200000 + PAGE_LARGE + PAGE_PRESENT_WRITE
%assign i i + 1
%endrep

        section .bss align=4096

        global boot_stack_guard
        global boot_stack
        global boot_stack_top
boot_stack_guard:                       ; paging_init takes it out of the map
        resb 4096
boot_stack:
        resb 16384
boot_stack_top:
