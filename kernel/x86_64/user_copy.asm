; SPDX-License-Identifier: BSD-2-Clause
;
; The instructions that touch user memory for the kernel, but for user_copy_words() of user_copy.h. Each
; may fault; if the fault cannot be served, the trap code sends the kernel where its MAY_FAULT says.

%include "kernel/x86_64/offsets.inc"

        section .user_fixups alloc noexec nowrite progbits align=8

; The instruction at a label, and where to go on after a fault of it that cannot be served.
%macro MAY_FAULT 2
[section .user_fixups]
        dq %1, %2
__SECT__
%endmacro

        section .text

; bool user_copy_bytes(void *to, const void *from, size_t bytes): either may be the user's
        global user_copy_bytes
        align 16
user_copy_bytes:
        mov rcx, rdx
        shr rcx, 3
        and edx, 7
        STAC_IF_SMAP
.words: rep movsq
        MAY_FAULT .words, user_copy_failed
        mov ecx, edx
.rest:  rep movsb
        MAY_FAULT .rest, user_copy_failed
        CLAC_IF_SMAP
        mov eax, 1
        ret

user_copy_failed:
        CLAC_IF_SMAP
        xor eax, eax
        ret

; long user_copy_string(char *to, const char *from, size_t size): the length, or -1
        global user_copy_string
        align 16
user_copy_string:
        xor ecx, ecx
        STAC_IF_SMAP
.next:
        cmp rcx, rdx
        jae .failed
.load:  mov al, [rsi + rcx]
        MAY_FAULT .load, .failed
        mov [rdi + rcx], al
        inc rcx
        test al, al
        jnz .next
        CLAC_IF_SMAP
        lea rax, [rcx - 1]
        ret
.failed:
        CLAC_IF_SMAP
        mov rax, -1
        ret
