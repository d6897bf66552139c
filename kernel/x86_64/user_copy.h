/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading and writing the memory of the current task. All may sleep in a fault. They return false when
 * an address is not the user's to access so; then any part may have been copied.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define USER_ADDRESS_MIN    UINT64_C(0x1000)
#define USER_ADDRESS_END    UINT64_C(0x800000000000)

/* True if [address, address + bytes) lies in user space; does not say that it is mapped. */
static inline bool user_range_valid(uint64_t address, size_t bytes)
{
    return bytes <= USER_ADDRESS_END && address <= USER_ADDRESS_END - bytes;
}

/* Instructions that exist only with SMAP, as in offsets.inc. */
#define SMAP_SITE(last)                                                                            \
    "88: nopl (%%rax)\n\t.pushsection .smap_sites, \"a\"\n\t.quad 88b, " #last "\n\t.popsection\n\t"
#define CLAC_IF_SMAP SMAP_SITE(0xca)
#define STAC_IF_SMAP SMAP_SITE(0xcb)

/*
 * Copies words in place, without a call: for the paths of messages. One of the addresses is the
 * user's, and the caller has seen that it lies in user space. False: as for copyin().
 */
static inline bool user_copy_words(void *to, const void *from, size_t words)
{
    __asm__ volatile goto(STAC_IF_SMAP "99: rep movsq\n\t" CLAC_IF_SMAP
                          ".pushsection .user_fixups, \"a\"\n\t.quad 99b, %l[failed]\n\t.popsection"
                          : "+D"(to), "+S"(from), "+c"(words) : : "memory" : failed);
    return true;
failed:
    __asm__ volatile(CLAC_IF_SMAP : :);
    return false;
}

/* Assembly (user_copy.asm): the copy itself; one of the addresses is the user's, in user space. */
bool user_copy_bytes(void *to, const void *from, size_t bytes);

/* Copies bytes from user memory to the kernel. */
static inline bool copyin(uint64_t user, void *kernel, size_t bytes)
{
    return user_range_valid(user, bytes) && user_copy_bytes(kernel, (const void *)user, bytes);
}

/* Copies bytes from the kernel to user memory. */
static inline bool copyout(const void *kernel, uint64_t user, size_t bytes)
{
    return user_range_valid(user, bytes) && user_copy_bytes((void *)user, kernel, bytes);
}

/* Copies a string of at most size bytes with its end; *length is without the end. False also if there
   is no end within size bytes. */
bool copyin_string(uint64_t user, char *kernel, size_t size, size_t *length);
/* Where the kernel goes on after a fault at this address that cannot be served; 0: nowhere. */
uint64_t user_copy_fixup(uint64_t rip);
