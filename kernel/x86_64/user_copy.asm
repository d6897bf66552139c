; SPDX-License-Identifier: BSD-2-Clause
;
; The instructions that touch user memory for the kernel. Each may fault; if the fault cannot be served,
; the trap code sends the kernel to `user_copy_failed` (user_copy.c has the list).

%include "kernel/x86_64/offsets.inc"

        SMAP_SITES_BEGIN user_copy_smap_sites

; bool user_copy_bytes(void *to, const void *from, size_t bytes): either may be the user's
        global user_copy_bytes
        global user_copy_words
        global user_copy_rest
        align 16
user_copy_bytes:
        mov rcx, rdx
        shr rcx, 3
        and edx, 7
        STAC_IF_SMAP
user_copy_words:
        rep movsq
        mov ecx, edx
user_copy_rest:
        rep movsb
        CLAC_IF_SMAP
        mov eax, 1
        ret

; long user_copy_string(char *to, const char *from, size_t size): the length, or -1
        global user_copy_string
        global user_copy_string_load
        align 16
user_copy_string:
        xor ecx, ecx
        STAC_IF_SMAP
user_copy_string_next:
        cmp rcx, rdx
        jae user_copy_string_failed
user_copy_string_load:
        mov al, [rsi + rcx]
        mov [rdi + rcx], al
        inc rcx
        test al, al
        jnz user_copy_string_next
        CLAC_IF_SMAP
        lea rax, [rcx - 1]
        ret
        global user_copy_failed
user_copy_failed:
        CLAC_IF_SMAP
        xor eax, eax
        ret

        global user_copy_string_failed
user_copy_string_failed:
        CLAC_IF_SMAP
        mov rax, -1
        ret

        SMAP_SITES_END
