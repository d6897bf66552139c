/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sample_client FILE: maps what sample_pager serves and shows it.
 *
 * Not one read call: the text comes by page faults.
 */
#include <mach.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MS 50
#define TRIES 100

/* The memory object of a file; waits a while for its pager to come up. */
static mach_port_t memory_object_of(const char *file)
{
    bootstrap_name_t service;
    mach_port_t object;

    snprintf(service, sizeof(service), "file:%s", file);
    for (int i = 0; i < TRIES; i++) {
        if (bootstrap_look_up(bootstrap_port, service, &object) == KERN_SUCCESS)
            return object;
        thread_switch(MACH_PORT_NULL, SWITCH_OPTION_WAIT, WAIT_MS);
    }
    return MACH_PORT_NULL;
}

int main(int argc, char **argv)
{
    mach_port_t object;
    vm_address_t address = 0;
    kern_return_t result;

    if (argc != 2) {
        printf("usage: sample_client FILE\n");
        return 1;
    }
    object = memory_object_of(argv[1]);
    if (object == MACH_PORT_NULL) {
        printf("sample_client: nobody serves %s (start: sample_pager DEVICE-PORT %s)\n", argv[1],
            argv[1]);
        return 1;
    }
    result = vm_map(mach_task_self(), &address, vm_page_size, 0, TRUE, object, 0, FALSE,
        VM_PROT_READ | VM_PROT_WRITE, VM_PROT_ALL, VM_INHERIT_NONE);
    if (result != KERN_SUCCESS) {
        printf("sample_client: vm_map: %s\n", mach_error_string(result));
        return 1;
    }
    char *text = (char *)address;

    printf("%.*s", (int)strnlen(text, vm_page_size), text); /* the first touch faults */
    text[0] = 'h';                                          /* dirty: the pager gets it back */
    vm_deallocate(mach_task_self(), address, vm_page_size);
    mach_port_deallocate(mach_task_self(), object);
    return 0;
}
