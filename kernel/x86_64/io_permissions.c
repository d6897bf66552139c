/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/x86_64/io_permissions.h"

#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/thread.h"
#include "kernel/x86_64/segments.h"
#include "mm/kmem.h"

#include <stddef.h>

struct io_permissions *io_permissions_create(void)
{
    struct io_permissions *permissions = kmem_alloc(sizeof(*permissions));

    if (permissions)
        memset(permissions, 0xff, sizeof(*permissions));
    return permissions;
}

/* What TSSs hold is no longer what the owner's bitmap says. A processor looks into its TSS at each I/O
   instruction, so that this also stops a thread that runs elsewhere. */
static void forget_loaded(const struct io_permissions *permissions)
{
    for (unsigned i = 0; i < cpu_count; i++) {
        if (cpus[i]->io_loaded != permissions)
            continue;
        cpus[i]->io_loaded = NULL;
        cpus[i]->tss->io_map_offset = TSS_IO_MAP_NONE;
    }
}

void io_permissions_destroy(struct io_permissions *permissions)
{
    if (permissions == NULL)
        return;
    forget_loaded(permissions);
    kmem_free(permissions, sizeof(*permissions));
}

void io_permissions_set(struct io_permissions *permissions, uint16_t first, uint16_t last,
                        bool allow)
{
    for (uint32_t port = first; port <= last; port++) {
        uint8_t bit = (uint8_t)(1u << (port & 7));

        if (allow)
            permissions->denied[port / 8] &= (uint8_t)~bit;
        else
            permissions->denied[port / 8] |= bit;
    }
    forget_loaded(permissions);
}

void io_permissions_read(const struct io_permissions *permissions, void *denied, uint32_t bytes)
{
    if (permissions)
        memcpy(denied, permissions->denied, bytes);
    else
        memset(denied, 0xff, bytes);
}

/*
 * Purpose: a user instruction faulted that may be an I/O instruction. If the task has permissions that the
 * TSS does not hold, load them; the instruction is then tried again.
 * Result: false if nothing changed: the fault is the program's.
 */
bool io_permissions_load(void)
{
    const struct io_permissions *permissions = thread_current()->task->io_permissions;
    struct cpu *cpu = this_cpu();

    if (permissions == NULL || cpu->io_loaded == permissions)
        return false;
    memcpy(cpu->tss->io_map, permissions->denied, sizeof(permissions->denied));
    cpu->tss->io_map_offset = offsetof(struct tss, io_map);
    cpu->io_loaded = permissions;
    return true;
}

void io_permissions_switch(const struct io_permissions *permissions)
{
    struct cpu *cpu = this_cpu();

    if (permissions && permissions == cpu->io_loaded)
        cpu->tss->io_map_offset = offsetof(struct tss, io_map);
    else
        cpu->tss->io_map_offset = TSS_IO_MAP_NONE;
}
