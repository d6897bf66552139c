/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/device_map.h"

#include "ipc/port.h"
#include "kernel/device.h"
#include "mm/kmem.h"
#include "mm/page.h"

#define DEVICE_MAPS_MAX 1024u
#define PHYSICAL_END (UINT64_C(1) << 52) /* no processor has more address bits */

struct device_memory {
    uint64_t physical; /* page aligned */
    vm_size_t size;    /* whole pages */
    vm_prot_t protection;
};

static struct kmem_cache device_map_cache;

void device_map_init(void)
{
    kmem_cache_init(&device_map_cache, "device maps", sizeof(struct device_memory), 0,
                    DEVICE_MAPS_MAX);
}

kern_return_t device_map_create(uint64_t physical, vm_size_t size, vm_prot_t protection,
                                struct port **memory_object)
{
    struct device_memory *memory = kmem_cache_alloc(&device_map_cache);
    struct port *port;

    if (!memory)
        return D_NO_MEMORY;
    *memory = (struct device_memory){physical, page_round(size), protection & VM_PROT_ALL};
    port = port_create_kernel(KOBJECT_DEVICE_MEMORY, memory);
    if (!port) {
        kmem_cache_free(&device_map_cache, memory);
        return D_NO_MEMORY;
    }
    /* The kernel asks itself to be told when the last send right goes: kobject_serve() hears it. */
    port->no_senders_request = port_make_send_once(port);
    *memory_object = port_make_send(port);
    return KERN_SUCCESS;
}

bool device_map_lookup(struct port *port, uint64_t *physical, vm_size_t *size,
                       vm_prot_t *protection)
{
    const struct device_memory *memory = port_kobject(port, KOBJECT_DEVICE_MEMORY);

    if (!memory)
        return false;
    *physical = memory->physical;
    *size = memory->size;
    *protection = memory->protection;
    return true;
}

void device_map_no_senders(struct port *port)
{
    struct device_memory *memory = port->kobject;

    port_destroy_kernel(port);
    kmem_cache_free(&device_map_cache, memory);
}

/* The device "mem": all physical addresses, for drivers in tasks that hold the master port. */
static io_return_t memory_map(vm_offset_t offset, vm_size_t bytes, uint64_t *physical)
{
    if (!page_aligned(offset) || bytes == 0 || bytes > PHYSICAL_END ||
        offset > PHYSICAL_END - bytes)
        return D_INVALID_SIZE;
    *physical = offset;
    return D_SUCCESS;
}

const struct device_operations device_memory = {.map = memory_map};
