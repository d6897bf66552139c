/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * plain_pager DEVICE-PORT FILE: what sample_pager does, without the pager library: every message of the
 * kernel can be seen here.
 *
 * Serves one file of the boot archive as a memory object, registered as "file:FILE" with the name
 * service. Clients map it (see sample_client); what they write is kept here while the pager runs. One
 * thread, no state but the bytes: the kernel remembers who maps what.
 */
#include <mach.h>
#include <mig/seqnos_memory_object_server.h>
#include <porthole/archive.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The handlers have the interface's parameters, wanted or not. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

static char *contents;         /* whole pages, zero behind the end of the file */
static vm_size_t contents_bytes;

/* --- what the kernel says --- */

/* First message of an association: answer with ready, and the kernel may ask. */
kern_return_t seqnos_memory_object_init(mach_port_t object, mach_port_seqno_t seqno,
    mach_port_t control, mach_port_t name, vm_size_t page_size)
{
    mach_port_deallocate(mach_task_self(), name);
    return memory_object_ready(control, FALSE, MEMORY_OBJECT_COPY_NONE);
}

/* Last message: the control and name ports are ours now; nobody needs them. */
kern_return_t seqnos_memory_object_terminate(
    mach_port_t object, mach_port_seqno_t seqno, mach_port_t control, mach_port_t name)
{
    mach_port_destroy(mach_task_self(), control);
    mach_port_destroy(mach_task_self(), name);
    return KERN_SUCCESS;
}

/* A page is wanted. Each message brings a reference on the control right: give it back. */
kern_return_t seqnos_memory_object_data_request(mach_port_t object, mach_port_seqno_t seqno,
    mach_port_t control, vm_offset_t offset, vm_size_t length, vm_prot_t access)
{
    if (offset + length <= contents_bytes)
        memory_object_data_supply(control, offset, (vm_offset_t)contents + offset,
            (mach_msg_type_number_t)length, FALSE, VM_PROT_NONE, FALSE, MACH_PORT_NULL);
    else
        memory_object_data_unavailable(control, offset, length);
    mach_port_deallocate(mach_task_self(), control);
    return KERN_SUCCESS;
}

/* A page comes back, changed: keep it. The memory it came in is ours to free. */
kern_return_t seqnos_memory_object_data_return(mach_port_t object, mach_port_seqno_t seqno,
    mach_port_t control, vm_offset_t offset, vm_offset_t data, mach_msg_type_number_t bytes,
    boolean_t dirty, boolean_t kernel_copy)
{
    if (dirty && offset + bytes <= contents_bytes)
        memcpy(contents + offset, (void *)data, bytes);
    vm_deallocate(mach_task_self(), data, bytes);
    mach_port_deallocate(mach_task_self(), control);
    return KERN_SUCCESS;
}

/* Somebody wants access that was withheld; this pager withholds none, so it grants. */
kern_return_t seqnos_memory_object_data_unlock(mach_port_t object, mach_port_seqno_t seqno,
    mach_port_t control, vm_offset_t offset, vm_size_t length, vm_prot_t access)
{
    memory_object_lock_request(control, offset, length, MEMORY_OBJECT_RETURN_NONE, FALSE,
        VM_PROT_NONE, MACH_PORT_NULL);
    mach_port_deallocate(mach_task_self(), control);
    return KERN_SUCCESS;
}

/* --- what this pager never asks for, and so never hears: an error lets the library clean up --- */

kern_return_t seqnos_memory_object_copy(mach_port_t object, mach_port_seqno_t seqno,
    mach_port_t control, vm_offset_t offset, vm_size_t length, mach_port_t new_object)
{
    return KERN_FAILURE;
}

kern_return_t seqnos_memory_object_data_write(mach_port_t object, mach_port_seqno_t seqno,
    mach_port_t control, vm_offset_t offset, vm_offset_t data, mach_msg_type_number_t bytes)
{
    return KERN_FAILURE;
}

kern_return_t seqnos_memory_object_lock_completed(mach_port_t object, mach_port_seqno_t seqno,
    mach_port_t control, vm_offset_t offset, vm_size_t length)
{
    return KERN_FAILURE;
}

kern_return_t seqnos_memory_object_supply_completed(mach_port_t object, mach_port_seqno_t seqno,
    mach_port_t control, vm_offset_t offset, vm_size_t length, kern_return_t result,
    vm_offset_t error_offset)
{
    return KERN_FAILURE;
}

kern_return_t seqnos_memory_object_change_completed(mach_port_t object, mach_port_seqno_t seqno,
    boolean_t may_cache, memory_object_copy_strategy_t strategy)
{
    return KERN_FAILURE;
}

kern_return_t seqnos_memory_object_change_completed_flavor(
    mach_port_t object, mach_port_seqno_t seqno, mach_port_t control, memory_object_flavor_t flavor)
{
    return KERN_FAILURE;
}

/* What was written is in `contents` already: nothing is left to do. */
kern_return_t seqnos_memory_object_synchronize(mach_port_t object, mach_port_seqno_t seqno,
    mach_port_t control, vm_offset_t offset, vm_size_t length, vm_sync_t flags)
{
    memory_object_synchronize_completed(control, offset, length);
    mach_port_deallocate(mach_task_self(), control);
    return KERN_SUCCESS;
}

/* --- start --- */

static void need(kern_return_t result, const char *what)
{
    if (result != KERN_SUCCESS) {
        printf("plain_pager: %s: %s\n", what, mach_error_string(result));
        exit(1);
    }
}

/* Copies the named file of the boot archive into fresh pages. */
static void load(mach_port_t device_master, const char *name)
{
    const void *archive;
    size_t bytes;
    struct archive_file file;

    need(archive_load(device_master, &archive, &bytes), "read the boot archive");
    if (!archive_find(archive, bytes, name, &file))
        need(KERN_INVALID_NAME, name);
    contents_bytes = round_page(file.bytes);
    need(vm_allocate(mach_task_self(), (vm_address_t *)&contents, contents_bytes, TRUE), "memory");
    memcpy(contents, file.data, file.bytes);
    vm_deallocate(mach_task_self(), (vm_address_t)archive, bytes);
}

int main(int argc, char **argv)
{
    bootstrap_name_t service;
    mach_port_t object;

    if (argc != 3) {
        printf("usage: plain_pager DEVICE-PORT FILE\n");
        return 1;
    }
    load((mach_port_t)strtoul(argv[1], NULL, 10), argv[2]);
    need(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &object), "object port");
    snprintf(service, sizeof(service), "file:%s", argv[2]);
    need(bootstrap_register(bootstrap_port, service, object), "register");
    need(mach_msg_server(seqnos_memory_object_server, 1024, object), "receive");
    return 0;
}
