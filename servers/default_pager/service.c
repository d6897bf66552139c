/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What programs may ask the pager (spec/emmi.md 5.8).
 *
 * Two ports answer. The service port, which the name service gives to anyone: information,
 * statistics, and objects for clients. The manager port, which only holders of the host's
 * privileged port can get: backing stores besides, for whoever adds paging space is trusted with
 * everybody's pages.
 */
#include "service.h"

#include <stdbool.h>
#include <stddef.h>

#include <mach.h>
#include <mach/default_pager_types.h>
#include <device/device_types.h>
#include <mig/default_pager_server.h>
#include <mig/device.h>
#include <mig/pager_statistics_server.h>

#include "lifecycle.h"
#include "moves.h"
#include "object.h"
#include "returns.h"
#include "statistics.h"
#include "store.h"

#define PAGES_MOVED 64u /* by one call */

struct service_ports service_ports;

static bool is_pager(mach_port_t port)
{
    return port == service_ports.service || port == lifecycle_ports.manager;
}

/* Makes an object that clients share; the reply makes the right for it. */
kern_return_t default_pager_object_create(
    mach_port_t pager, mach_port_t *memory_object, vm_size_t object_size)
{
    (void)object_size; /* objects grow as they are used */
    return is_pager(pager) ? lifecycle_create_external(memory_object) : KERN_INVALID_ARGUMENT;
}

/* Free space is what new pages may take: blocks reserved for pages that are out do not count. */
kern_return_t default_pager_info(mach_port_t pager, default_pager_info_t *info)
{
    if (!is_pager(pager))
        return KERN_INVALID_ARGUMENT;
    uint64_t total, free, reserved;
    pager_lock();
    store_totals(&total, &free, &reserved);
    info->dpi_free_space = store_available() * PAGER_PAGE;
    pager_unlock();
    info->dpi_total_space = total * PAGER_PAGE;
    info->dpi_page_size = PAGER_PAGE;
    return KERN_SUCCESS;
}

/* Room for `count` elements: what the caller offers, or new memory. NULL: none. */
static void *provide_array(
    void *offered, mach_msg_type_number_t offered_count, unsigned count, size_t element)
{
    if (count <= offered_count)
        return offered;
    vm_address_t memory = 0;
    if (vm_allocate(mach_task_self(), &memory, count * element, TRUE) != KERN_SUCCESS)
        return NULL;
    return (void *)memory;
}

/* Fills at most `room` entries. A port goes with each object: a right to its name port. */
static unsigned list_objects(default_pager_object_t *objects, mach_port_t *ports, unsigned room)
{
    unsigned count = 0;
    pager_lock();
    for (unsigned i = 0; i < OBJECT_MAX && count < room; i++) {
        const struct object *object = object_at(i);
        if (object == NULL)
            continue;
        objects[count].dpo_object = object->port;
        objects[count].dpo_size = object->record_count * PAGER_PAGE;
        ports[count++] = object->name;
    }
    pager_unlock();
    return count;
}

kern_return_t default_pager_objects(mach_port_t pager, default_pager_object_array_t *objects,
    mach_msg_type_number_t *object_count, mach_port_array_t *ports,
    mach_msg_type_number_t *port_count)
{
    if (!is_pager(pager))
        return KERN_INVALID_ARGUMENT;
    pager_lock();
    unsigned room = (unsigned)statistics.objects;
    pager_unlock();
    *objects = provide_array(*objects, *object_count, room, sizeof **objects);
    *ports = provide_array(*ports, *port_count, room, sizeof **ports);
    if (*objects == NULL || *ports == NULL)
        return KERN_RESOURCE_SHORTAGE;
    unsigned count = list_objects(*objects, *ports, room);
    for (unsigned i = 0; i < count; i++) {
        mach_port_t name = (*ports)[i];
        if (name != MACH_PORT_NULL &&
            mach_port_mod_refs(mach_task_self(), name, MACH_PORT_RIGHT_SEND, 1) != KERN_SUCCESS)
            (*ports)[i] = MACH_PORT_NULL;
    }
    *object_count = *port_count = count;
    return KERN_SUCCESS;
}

static struct object *object_of_name(mach_port_t name)
{
    for (unsigned i = 0; i < OBJECT_MAX && name != MACH_PORT_NULL; i++) {
        struct object *object = object_at(i);
        if (object != NULL && object->name == name)
            return object;
    }
    return NULL;
}

static unsigned list_pages(mach_port_t name, default_pager_page_t *pages, unsigned room)
{
    unsigned count = 0;
    pager_lock();
    struct object *object = object_of_name(name);
    struct record *record = object == NULL ? NULL : records_first(object);
    for (; record != NULL && count < room; record = records_next(record))
        pages[count++].dpp_offset = record->page * PAGER_PAGE;
    pager_unlock();
    return count;
}

/* Consumes the name right, which the message added to the pager's own. */
kern_return_t default_pager_object_pages(mach_port_t pager, mach_port_t name,
    default_pager_page_array_t *pages, mach_msg_type_number_t *page_count)
{
    if (!is_pager(pager))
        return KERN_INVALID_ARGUMENT;
    pager_lock();
    struct object *object = object_of_name(name);
    unsigned room = object == NULL ? 0 : object->record_count;
    pager_unlock();
    if (object == NULL)
        return KERN_INVALID_ARGUMENT;
    *pages = provide_array(*pages, *page_count, room, sizeof **pages);
    if (*pages == NULL)
        return KERN_RESOURCE_SHORTAGE;
    *page_count = list_pages(name, *pages, room);
    mach_port_deallocate(mach_task_self(), name);
    return KERN_SUCCESS;
}

kern_return_t default_pager_paging_file(
    mach_port_t pager, mach_port_t device, const_default_pager_filename_t file, boolean_t add)
{
    (void)pager, (void)device, (void)file, (void)add;
    return KERN_FAILURE; /* this pager pages to devices only */
}

kern_return_t default_pager_backing_store_create(
    mach_port_t pager, int priority, int clsize, mach_port_t *backing_store)
{
    if (pager != lifecycle_ports.manager || priority < 0 || priority > STORE_PRIORITY_MAX)
        return KERN_INVALID_ARGUMENT;
    vm_size_t pages = clsize == 0 ? STORE_CLUSTER_PAGES : (vm_size_t)clsize / PAGER_PAGE;
    if (clsize < 0 || (vm_size_t)clsize % PAGER_PAGE != 0 || (pages & (pages - 1)) != 0)
        return KERN_INVALID_ARGUMENT;
    mach_port_t self = mach_task_self(), port;
    kern_return_t result = mach_port_allocate(self, MACH_PORT_RIGHT_RECEIVE, &port);
    if (result != KERN_SUCCESS)
        return result;
    pager_lock();
    struct store *store = store_create(port, priority, (int)pages);
    pager_unlock();
    result = store == NULL ? KERN_RESOURCE_SHORTAGE
                           : mach_port_move_member(self, port, service_ports.set);
    if (result != KERN_SUCCESS)
        mach_port_mod_refs(self, port, MACH_PORT_RIGHT_RECEIVE, -1);
    else
        *backing_store = port;
    return result;
}

/*
 * A store that holds pages gives out no more blocks from the first call on, if the others have room; each call moves some
 * of its pages away and answers KERN_FAILURE until none is left (DP8). So no call takes long: objects are made by the
 * same thread.
 */
kern_return_t default_pager_backing_store_delete(mach_port_t backing_store)
{
    mach_port_t devices[SEGMENT_MAX];
    unsigned count = 0;
    pager_lock();
    struct store *store = store_find(backing_store);
    kern_return_t result =
        store == NULL ? KERN_INVALID_ARGUMENT : store_delete(store, devices, &count);
    bool move = result == KERN_FAILURE && store_close(store) == KERN_SUCCESS;
    pager_unlock();
    if (move) {
        moves_empty(store, PAGES_MOVED);
        pager_lock();
        result = store_delete(store, devices, &count);
        pager_unlock();
    }
    for (unsigned i = 0; i < count; i++)
        mach_port_deallocate(mach_task_self(), devices[i]);
    if (result == KERN_SUCCESS)
        mach_port_mod_refs(mach_task_self(), backing_store, MACH_PORT_RIGHT_RECEIVE, -1);
    return result;
}

/* Whether the device says that it has these records. One that does not say is believed. */
static bool device_has(mach_port_t device, uint64_t offset, uint64_t count, int record_size)
{
    int status[DEV_GET_RECORDS_COUNT];
    mach_msg_type_number_t status_count = DEV_GET_RECORDS_COUNT;
    if (device_get_status(device, DEV_GET_RECORDS, status, &status_count) != KERN_SUCCESS ||
        status_count != DEV_GET_RECORDS_COUNT || status[DEV_GET_RECORDS_DEVICE_RECORDS] == 0)
        return true;
    uint64_t records = (uint32_t)status[DEV_GET_RECORDS_DEVICE_RECORDS];
    return status[DEV_GET_RECORDS_RECORD_SIZE] == record_size && offset <= records &&
           count <= records - offset;
}

kern_return_t default_pager_add_segment(mach_port_t backing_store, mach_port_t device,
    rpc_long_natural_t offset, rpc_long_natural_t count, int record_size)
{
    if (record_size <= 0 || !device_has(device, offset, count, record_size))
        return KERN_INVALID_ARGUMENT;
    pager_lock();
    kern_return_t result =
        store_add_segment(store_find(backing_store), device, offset, count, (uint64_t)record_size);
    pager_unlock();
    if (result == KERN_SUCCESS)
        returns_write_held();
    return result;
}

static void basic_info(const struct store *store, struct backing_store_basic_info *info)
{
    uint64_t total, free;
    store_count(store, &total, &free);
    *info = (struct backing_store_basic_info){.pageout_calls = (natural_t)store->writes,
        .pagein_calls = (natural_t)store->reads,
        .pages_in = (natural_t)statistics.requested,
        .pages_out = (natural_t)statistics.returned,
        .pages_unavail = (natural_t)statistics.unavailable,
        .pages_init = (natural_t)statistics.initialized,
        .bs_pages_total = (natural_t)total,
        .bs_pages_free = (natural_t)free,
        .bs_pages_in = (natural_t)store->pages_in,
        .bs_pages_in_fail = (natural_t)store->pages_in_failed,
        .bs_pages_out = (natural_t)store->pages_out,
        .bs_pages_out_fail = (natural_t)store->pages_out_failed,
        .bs_priority = store->priority,
        .bs_clsize = store->cluster_pages * (int)PAGER_PAGE};
}

kern_return_t default_pager_backing_store_info(mach_port_t backing_store,
    backing_store_flavor_t flavor, backing_store_info_t info, mach_msg_type_number_t *count)
{
    if (flavor != BACKING_STORE_BASIC_INFO || *count < BACKING_STORE_BASIC_INFO_COUNT)
        return KERN_INVALID_ARGUMENT;
    pager_lock();
    const struct store *store = store_find(backing_store);
    if (store != NULL)
        basic_info(store, (struct backing_store_basic_info *)info);
    pager_unlock();
    if (store == NULL)
        return KERN_INVALID_ARGUMENT;
    *count = BACKING_STORE_BASIC_INFO_COUNT;
    return KERN_SUCCESS;
}
