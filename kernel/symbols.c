/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/symbols.h"

#include <stddef.h>

/* Written by tools/kernel-symbols, sorted by address. */
struct symbol {
    uint64_t address;
    uint32_t name_offset;       /* from kernel_symbol_names */
    uint32_t size;              /* 0: up to the next symbol */
};

extern const struct symbol kernel_symbols_start[];
extern const struct symbol kernel_symbols_end[];
extern const char kernel_symbol_names[];
extern const char kernel_text_end[];

/*
 * Purpose: find the function around an address. Safe in a panic: reads constants only.
 */
const char *symbol_lookup(uint64_t address, uint64_t *offset)
{
    size_t low = 0;
    size_t high = (size_t)(kernel_symbols_end - kernel_symbols_start);
    const struct symbol *found;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (kernel_symbols_start[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || address >= (uint64_t)kernel_text_end)
        return NULL;
    found = &kernel_symbols_start[low - 1];
    if (found->size != 0 && address - found->address > found->size)
        return NULL;
    *offset = address - found->address;
    return kernel_symbol_names + found->name_offset;
}
