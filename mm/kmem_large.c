/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernel memory of odd sizes, and kernel stacks.
 *
 * Up to half a frame comes from caches of powers of two; more is made of single frames behind kernel
 * addresses of its own, so that it never needs contiguous memory. Those addresses come from arenas of
 * equal slots, the first page of a slot staying unmapped: running off a stack's end faults.
 */
#include "kernel/panic.h"
#include "kernel/string.h"
#include "mm/failure.h"
#include "mm/kmem.h"
#include "mm/page.h"
#include "mm/pmap.h"

#define ARENA_STACKS UINT64_C(0xffffc00000000000)
#define ARENA_LARGE UINT64_C(0xffffc04000000000)
#define STACK_SLOT_BYTES 32768u
#define STACK_SLOTS 16384u
#define LARGE_SLOT_BYTES (256u * 1024)
#define LARGE_SLOTS 4096u
#define SMALL_SHIFT_MIN 5
#define SMALL_SHIFT_MAX 10
#define STACKS_KEPT 32u     /* freed stacks kept mapped for the next thread */

struct arena {
    uint64_t base;
    uint32_t slot_bytes, slots;
    uint32_t hint;          /* word of the bitmap where the last free bit was */
    uint64_t *used;
};

static uint64_t stack_bits[STACK_SLOTS / 64], large_bits[LARGE_SLOTS / 64];
static struct arena stack_arena = {ARENA_STACKS, STACK_SLOT_BYTES, STACK_SLOTS, 0, stack_bits};
static struct arena large_arena = {ARENA_LARGE, LARGE_SLOT_BYTES, LARGE_SLOTS, 0, large_bits};
static struct kmem_cache small_caches[SMALL_SHIFT_MAX - SMALL_SHIFT_MIN + 1];
static void *kept_stacks[STACKS_KEPT];
static unsigned kept_stack_count;

/* --- arenas --- */

/* Address of a free slot, now used; 0 when all are. */
static uint64_t arena_take(struct arena *arena)
{
    uint32_t words = arena->slots / 64;

    for (uint32_t n = 0; n < words; n++) {
        uint32_t word = (arena->hint + n) % words;

        if (~arena->used[word] == 0)
            continue;
        unsigned bit = (unsigned)__builtin_ctzll(~arena->used[word]);

        arena->used[word] |= UINT64_C(1) << bit;
        arena->hint = word;
        return arena->base + (uint64_t)(word * 64 + bit) * arena->slot_bytes;
    }
    return 0;
}

static void arena_give(struct arena *arena, uint64_t slot)
{
    uint64_t index = (slot - arena->base) / arena->slot_bytes;

    assert(arena->used[index / 64] & (UINT64_C(1) << index % 64));
    arena->used[index / 64] &= ~(UINT64_C(1) << index % 64);
}

/* --- frames behind kernel addresses --- */

static void unmap_frames(uint64_t address, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint64_t at = address + (uint64_t)i * PAGE_BYTES;
        struct page *page = page_of_physical(pmap_extract(&kernel_pmap, at));

        pmap_kernel_remove(at);
        page_unwire(page);
        page_free(page);
    }
    pmap_flush();
}

/* Maps fresh frames; all or none. */
static bool map_frames(uint64_t address, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct page *page = page_alloc();

        if (page) {
            page->kernel = true;
            page_wire(page);
            if (pmap_kernel_enter(address + (uint64_t)i * PAGE_BYTES, page_physical(page),
                                  VM_PROT_READ | VM_PROT_WRITE, true))
                continue;
            page_unwire(page);
            page_free(page);
        }
        unmap_frames(address, i);
        return false;
    }
    return true;
}

/* Frames for `bytes` in a slot of the arena, above its guard page; 0 when there is no memory. */
static uint64_t arena_map(struct arena *arena, size_t bytes)
{
    uint64_t slot = arena_take(arena);

    if (slot == 0)
        return 0;
    if (map_frames(slot + PAGE_BYTES, (uint32_t)(page_round(bytes) >> PAGE_SHIFT_BITS)))
        return slot + PAGE_BYTES;
    arena_give(arena, slot);
    return 0;
}

static void arena_unmap(struct arena *arena, void *address, size_t bytes)
{
    unmap_frames((uint64_t)address, (uint32_t)(page_round(bytes) >> PAGE_SHIFT_BITS));
    arena_give(arena, (uint64_t)address - PAGE_BYTES);
}

/* --- odd sizes --- */

static unsigned size_shift(size_t bytes)
{
    unsigned shift = SMALL_SHIFT_MIN;

    while (((size_t)1 << shift) < bytes)
        shift++;
    return shift;
}

static struct kmem_cache *small_cache(size_t bytes)
{
    static const char *const names[] = {"odd-32", "odd-64", "odd-128", "odd-256", "odd-512",
                                        "odd-1024"};
    struct kmem_cache *cache = &small_caches[size_shift(bytes) - SMALL_SHIFT_MIN];

    if (cache->object_bytes == 0)
        kmem_cache_init(cache, names[cache - small_caches], (size_t)1 << size_shift(bytes), 0, 0);
    return cache;
}

/*
 * Zeroed memory of 1 to LARGE_SLOT_BYTES - PAGE_BYTES bytes; never sleeps. NULL when memory is short or
 * the size is out of bounds.
 */
void *kmem_alloc(size_t bytes)
{
    void *memory;

    if (bytes == 0 || bytes > LARGE_SLOT_BYTES - PAGE_BYTES)
        return NULL;
    if (bytes <= (size_t)1 << SMALL_SHIFT_MAX)
        memory = kmem_cache_alloc(small_cache(bytes));
    else
        memory = (void *)arena_map(&large_arena, bytes);
    if (memory)
        memset(memory, 0, bytes);
    return memory;
}

/* Frees what kmem_alloc gave, with the same size; NULL is allowed. */
void kmem_free(void *address, size_t bytes)
{
    if (!address)
        return;
    if (bytes <= (size_t)1 << SMALL_SHIFT_MAX)
        kmem_cache_free(small_cache(bytes), address);
    else
        arena_unmap(&large_arena, address, bytes);
}

/* --- stacks --- */

void *kmem_stack_alloc(void)
{
    if (failure_due())
        return NULL;
    if (kept_stack_count > 0)
        return kept_stacks[--kept_stack_count];
    return (void *)arena_map(&stack_arena, KERNEL_STACK_BYTES);
}

/* Conditions: no processor runs on the stack. */
void kmem_stack_free(void *stack)
{
    if (kept_stack_count < STACKS_KEPT)
        kept_stacks[kept_stack_count++] = stack;
    else
        arena_unmap(&stack_arena, stack, KERNEL_STACK_BYTES);
}

unsigned kmem_stacks_kept(void)
{
    return kept_stack_count;
}
