/* SPDX-License-Identifier: BSD-2-Clause */
#include "virtio.h"

#include <mach.h>

#include "ports.h"

/* Registers, from the base. */
#define DEVICE_FEATURES 0x00
#define DRIVER_FEATURES 0x04
#define QUEUE_ADDRESS 0x08
#define QUEUE_SIZE 0x0c
#define QUEUE_SELECT 0x0e
#define QUEUE_NOTIFY 0x10
#define DEVICE_STATUS 0x12
#define INTERRUPT_STATUS 0x13
#define CONFIG_CAPACITY 0x14

#define STATUS_ACKNOWLEDGE 1
#define STATUS_DRIVER 2
#define STATUS_DRIVER_OK 4

#define FEATURE_READ_ONLY (1u << 5)

#define REQUEST_READ 0
#define REQUEST_WRITE 1
#define REQUEST_DONE_WELL 0
#define REQUEST_PENDING 0xff

#define DESCRIPTOR_NEXT 1
#define DESCRIPTOR_DEVICE_WRITES 2
#define DESCRIPTORS_PER_SLOT 3u

#define PAGE ((vm_size_t)4096)
#define ADDRESS_LIMIT ((rpc_phys_addr_t)1 << 32)

struct virtio_descriptor {
    uint64_t address;
    uint32_t length;
    uint16_t flags;
    uint16_t next;
};

struct available_ring {
    uint16_t flags;
    uint16_t index; /* free running: the next entry that the driver fills */
    uint16_t ring[];
};

struct used_ring {
    uint16_t flags;
    uint16_t index; /* free running: the next entry that the device fills */
    struct {
        uint32_t id; /* first descriptor of the chain */
        uint32_t length;
    } ring[];
};

/* What the device reads before, and writes after the data. */
struct request_header {
    uint32_t type;
    uint32_t reserved;
    uint64_t sector;
    uint8_t status;
    uint8_t padding[15];
};

static uint16_t base;
static uint16_t queue_size;
static uint32_t features;
static uint16_t used_seen;
static struct virtio_descriptor *descriptors;
static volatile struct available_ring *available;
static volatile struct used_ring *used;
static volatile struct request_header *headers;
static rpc_phys_addr_t headers_physical, buffers_physical;
static unsigned char *buffers;

static vm_size_t page_round_up(vm_size_t bytes)
{
    return (bytes + PAGE - 1) & ~(PAGE - 1);
}

/* Descriptors and the ring of available chains; the used ring begins on the page behind them. */
static vm_size_t driver_part_bytes(void)
{
    return page_round_up(queue_size * sizeof(struct virtio_descriptor) +
                         sizeof(struct available_ring) + queue_size * sizeof(uint16_t) +
                         sizeof(uint16_t));
}

static vm_size_t device_part_bytes(void)
{
    return page_round_up(sizeof(struct used_ring) + queue_size * 8 + sizeof(uint16_t));
}

/* Each slot owns three descriptors for good; only the lengths and directions change. */
static void lay_out_slots(void)
{
    for (unsigned slot = 0; slot < SLOT_COUNT; slot++) {
        struct virtio_descriptor *chain = &descriptors[slot * DESCRIPTORS_PER_SLOT];
        rpc_phys_addr_t header = headers_physical + slot * sizeof(struct request_header);
        uint16_t first = (uint16_t)(slot * DESCRIPTORS_PER_SLOT);
        chain[0] = (struct virtio_descriptor){header, 16, DESCRIPTOR_NEXT, first + 1};
        chain[1] = (struct virtio_descriptor){
            buffers_physical + slot * (rpc_phys_addr_t)SLOT_BYTES, 0, DESCRIPTOR_NEXT, first + 2};
        chain[2] = (struct virtio_descriptor){header + 16, 1, DESCRIPTOR_DEVICE_WRITES, 0};
    }
}

/* Memory for the queue, the headers and the buffers: adjacent frames below 4 GiB. */
static kern_return_t allocate(mach_port_t host, rpc_phys_addr_t *queue_physical)
{
    vm_address_t queue, rest;
    vm_size_t headers_bytes = page_round_up(SLOT_COUNT * sizeof(struct request_header));
    kern_return_t result = vm_allocate_contiguous(host, mach_task_self(), &queue, queue_physical,
        driver_part_bytes() + device_part_bytes(), 0, ADDRESS_LIMIT, PAGE);
    if (result != KERN_SUCCESS)
        return result;
    result = vm_allocate_contiguous(host, mach_task_self(), &rest, &headers_physical,
        headers_bytes + SLOT_COUNT * (vm_size_t)SLOT_BYTES, 0, ADDRESS_LIMIT, PAGE);
    if (result != KERN_SUCCESS)
        return result;
    descriptors = (struct virtio_descriptor *)queue;
    available = (void *)(queue + queue_size * sizeof(struct virtio_descriptor));
    used = (void *)(queue + driver_part_bytes());
    headers = (void *)rest;
    buffers = (unsigned char *)rest + headers_bytes;
    buffers_physical = headers_physical + headers_bytes;
    return KERN_SUCCESS;
}

kern_return_t virtio_start(uint16_t io_base, mach_port_t host_privileged)
{
    rpc_phys_addr_t queue_physical;
    base = io_base;
    port_write8(base + DEVICE_STATUS, 0); /* reset */
    port_write8(base + DEVICE_STATUS, STATUS_ACKNOWLEDGE);
    port_write8(base + DEVICE_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
    features = port_read32(base + DEVICE_FEATURES) & FEATURE_READ_ONLY;
    port_write32(base + DRIVER_FEATURES, features);
    port_write16(base + QUEUE_SELECT, 0);
    queue_size = port_read16(base + QUEUE_SIZE);
    if (queue_size < SLOT_COUNT * DESCRIPTORS_PER_SLOT)
        return KERN_FAILURE;
    kern_return_t result = allocate(host_privileged, &queue_physical);
    if (result != KERN_SUCCESS)
        return result;
    lay_out_slots();
    port_write32(base + QUEUE_ADDRESS, (uint32_t)(queue_physical / PAGE));
    port_write8(base + DEVICE_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_DRIVER_OK);
    return KERN_SUCCESS;
}

uint64_t virtio_sectors(void)
{
    return port_read32(base + CONFIG_CAPACITY) | (uint64_t)port_read32(base + CONFIG_CAPACITY + 4)
                                                     << 32;
}

bool virtio_read_only(void)
{
    return features & FEATURE_READ_ONLY;
}

void *virtio_buffer(unsigned slot)
{
    return buffers + slot * (size_t)SLOT_BYTES;
}

void virtio_submit(unsigned slot, bool write, uint64_t sector, uint32_t bytes)
{
    struct virtio_descriptor *data = &descriptors[slot * DESCRIPTORS_PER_SLOT + 1];
    headers[slot].type = write ? REQUEST_WRITE : REQUEST_READ;
    headers[slot].reserved = 0;
    headers[slot].sector = sector;
    headers[slot].status = REQUEST_PENDING;
    data->length = bytes;
    data->flags = DESCRIPTOR_NEXT | (write ? 0 : DESCRIPTOR_DEVICE_WRITES);

    uint16_t index = available->index;
    available->ring[index % queue_size] = (uint16_t)(slot * DESCRIPTORS_PER_SLOT);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    available->index = index + 1; /* from here on the device may take it */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    port_write16(base + QUEUE_NOTIFY, 0);
}

bool virtio_harvest(unsigned *slot, bool *good)
{
    if (used_seen == used->index)
        return false;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    *slot = used->ring[used_seen % queue_size].id / DESCRIPTORS_PER_SLOT;
    *good = headers[*slot].status == REQUEST_DONE_WELL;
    used_seen++;
    return true;
}

bool virtio_acknowledge(void)
{
    return port_read8(base + INTERRUPT_STATUS) & 1;
}
