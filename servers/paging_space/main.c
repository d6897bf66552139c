/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * paging_space HOST DISK [priority=N] [cluster=PAGES] [first=PAGE] [pages=N]: gives the default pager, while it
 * runs, a disk or a part of one.
 *   HOST      name of the host's privileged port: who adds paging space is trusted with everybody's pages
 *   DISK      as the name service knows it
 *   priority  0 to 4: stores of higher priority are used first; 0 if not given
 *   cluster   how many pages are to lie side by side, a power of two
 *   first, pages   the part; all of it if not given
 */
#include <mach.h>
#include <porthole/runtime.h>
#include <stdio.h>
#include <stdlib.h>

static void need(kern_return_t result, const char *what)
{
    if (result != KERN_SUCCESS) {
        printf("paging_space: %s: %s\n", what, mach_error_string(result));
        exit(1);
    }
}

static unsigned long option(int argc, char **argv, const char *name, unsigned long standard)
{
    char value[24];

    return argument_value(argc, argv, name, value, sizeof value) ? strtoul(value, NULL, 0) : standard;
}

/* The disk, its record size, and how many pages it has. */
static mach_port_t open_disk(const char *service, int *record_size, unsigned long *pages)
{
    mach_port_t driver = MACH_PORT_NULL, device = MACH_PORT_NULL;
    int status[DEV_GET_RECORDS_COUNT];
    mach_msg_type_number_t count = DEV_GET_RECORDS_COUNT;

    need(bootstrap_look_up(bootstrap_port, service, &driver), service);
    need(device_open(driver, D_READ | D_WRITE, "disk0", &device), "open the disk");
    need(device_get_status(device, DEV_GET_RECORDS, status, &count), "size of the disk");
    *record_size = status[DEV_GET_RECORDS_RECORD_SIZE];
    if (*record_size <= 0 || *record_size > PAGE_SIZE)
        need(KERN_INVALID_ARGUMENT, "record size of the disk");
    *pages = (unsigned)status[DEV_GET_RECORDS_DEVICE_RECORDS] / (unsigned)(PAGE_SIZE / *record_size);
    return device;
}

int main(int argc, char **argv)
{
    mach_port_t manager = MACH_PORT_NULL, store = MACH_PORT_NULL;
    unsigned long pages, first = option(argc, argv, "first", 0);
    int record_size;

    if (argc < 3) {
        printf("usage: paging_space HOST DISK [priority=N] [cluster=PAGES] [first=PAGE] [pages=N]\n");
        return 1;
    }
    mach_port_t device = open_disk(argv[2], &record_size, &pages);
    pages = option(argc, argv, "pages", first < pages ? pages - first : 0);
    unsigned long per_page = (unsigned long)(PAGE_SIZE / record_size);

    need(vm_set_default_memory_manager((mach_port_t)strtoul(argv[1], NULL, 10), &manager),
        "ask for the default pager");
    need(default_pager_backing_store_create(manager, (int)option(argc, argv, "priority", 0),
             (int)(option(argc, argv, "cluster", 0) * PAGE_SIZE), &store), "make a store");
    need(default_pager_add_segment(store, device, first * per_page, pages * per_page, record_size),
        "add the space");
    printf("paging_space: %lu pages of %s\n", pages, argv[2]);
    return 0;
}
