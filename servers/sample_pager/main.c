/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sample_pager DEVICE-PORT FILE: a memory manager to learn from and to copy.
 *
 * Serves one file of the boot archive as a memory object, registered as "file:FILE" with the name
 * service. Clients map it (see sample_client); what they write is kept here while the pager runs. How
 * the kernel is talked to is in the library (porthole/pager.h); plain_pager does the same without it.
 */
#include <mach.h>
#include <porthole/archive.h>
#include <porthole/pager.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct file {
    char *contents; /* whole pages, zero behind the end of the file */
    vm_size_t size;
};

static kern_return_t file_read(void *cookie, vm_offset_t offset, vm_size_t size, void *data)
{
    const struct file *file = cookie;

    if (offset + size > file->size)
        return PAGER_ABSENT; /* the kernel makes zeros */
    memcpy(data, file->contents + offset, size);
    return KERN_SUCCESS;
}

static kern_return_t file_write(void *cookie, vm_offset_t offset, vm_size_t size, const void *data)
{
    struct file *file = cookie;

    if (offset + size > file->size)
        return KERN_INVALID_ADDRESS;
    memcpy(file->contents + offset, data, size);
    return KERN_SUCCESS;
}

static const struct pager_operations file_operations = {.read = file_read, .write = file_write};

static void need(kern_return_t result, const char *what)
{
    if (result != KERN_SUCCESS) {
        printf("sample_pager: %s: %s\n", what, mach_error_string(result));
        exit(1);
    }
}

/* Copies the named file of the boot archive into fresh pages. */
static void load(mach_port_t device_master, const char *name, struct file *file)
{
    const void *archive;
    size_t bytes;
    struct archive_file found;

    need(archive_load(device_master, &archive, &bytes), "read the boot archive");
    if (!archive_find(archive, bytes, name, &found))
        need(KERN_INVALID_NAME, name);
    file->size = round_page(found.bytes);
    need(vm_allocate(mach_task_self(), (vm_address_t *)&file->contents, file->size, TRUE), "memory");
    memcpy(file->contents, found.data, found.bytes);
    vm_deallocate(mach_task_self(), (vm_address_t)archive, bytes);
}

int main(int argc, char **argv)
{
    struct file file;
    bootstrap_name_t service;
    mach_port_t object;

    if (argc != 3) {
        printf("usage: sample_pager DEVICE-PORT FILE\n");
        return 1;
    }
    load((mach_port_t)strtoul(argv[1], NULL, 10), argv[2], &file);
    need(pager_create(&file_operations, &file, &object), "make the object");
    snprintf(service, sizeof(service), "file:%s", argv[2]);
    need(bootstrap_register(bootstrap_port, service, object), "register");
    need(pager_serve(1), "serve");
    return 0;
}
