/* SPDX-License-Identifier: BSD-2-Clause */
/* mach_debug: what a kernel tells about port spaces, regions, objects, caches and stacks. */
#include "module.h"

#include "mach.h"
#include "mach_debug.h"
#include "mach_host.h"
#include "mach_port.h"

static void ports(void)
{
    mach_port_t port = port_make(1), previous = MACH_PORT_NULL;
    mach_port_rights_t rights = 99;
    unsigned total = 99, used = 99, kind = 0;
    vm_offset_t address = 0;

    check_ok(mach_port_get_srights(self, port, &rights), "mach_port_get_srights");
    check(rights == 1, "one send right");
    check_code(mach_port_get_srights(self, 0x7654, &rights), KERN_INVALID_NAME, "no such name");
    check_ok(mach_port_dnrequest_info(self, port, &total, &used), "mach_port_dnrequest_info");
    check(used == 0, "nobody asked");
    check_ok(mach_port_request_notification(self, port, MACH_NOTIFY_DEAD_NAME, 0, port,
                                            MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous),
             "somebody asks");
    check_ok(mach_port_dnrequest_info(self, port, &total, &used), "again");
    check(used == 1 && total >= used, "one did");
    check_ok(mach_port_kernel_object(self, self, &kind, &address), "mach_port_kernel_object");
    check(kind != 0, "a task's port is the kernel's");
    check_ok(mach_port_kernel_object(self, port, &kind, &address), "of a port of ours");
    check(kind == 0, "it is not");
    check_ok(mach_port_destroy(self, port), "the port goes");
}

/* A page of a memory object, whose manager says nothing: it has a name, as the kernel's own has not. */
static void memory(void)
{
    vm_address_t at = 0, own = 0;
    mach_port_t manager = port_make(1);
    vm_region_info_t region;
    vm_object_info_t object;
    mach_port_t name = MACH_PORT_NULL, shadow = MACH_PORT_NULL, copy = MACH_PORT_NULL;
    vm_page_info_array_t pages = NULL;
    mach_msg_type_number_t count = 0;

    check_ok(vm_allocate(self, &own, PAGE, TRUE), "a page");
    check_ok(mach_vm_region_info(self, own, &region, &name), "mach_vm_region_info of it");
    check(name == MACH_PORT_NULL, "no name");
    check_ok(vm_deallocate(self, own, PAGE), "the page goes");
    check_ok(vm_map(self, &at, 3 * PAGE, 0, TRUE, manager, PAGE, FALSE, VM_PROT_DEFAULT, VM_PROT_ALL,
                    VM_INHERIT_COPY), "three pages of a memory object");
    check_ok(mach_vm_region_info(self, at + PAGE, &region, &name), "mach_vm_region_info");
    check(region.vri_start == at && region.vri_end == at + 3 * PAGE && region.vri_offset == PAGE &&
          region.vri_protection == VM_PROT_DEFAULT && region.vri_max_protection == VM_PROT_ALL &&
          region.vri_inheritance == VM_INHERIT_COPY && region.vri_wired_count == 0 &&
          region.vri_user_wired_count == 0, "every field of the region");
    check(port_type(name) & MACH_PORT_TYPE_SEND, "and its object's name");
    check_ok(mach_vm_object_info(name, &object, &shadow, &copy), "mach_vm_object_info");
    check(object.voi_resident_page_count == 0 && object.voi_state & VOI_STATE_ALIVE &&
          !(object.voi_state & VOI_STATE_INTERNAL) && object.voi_pagesize == PAGE &&
          object.voi_state & VOI_STATE_PAGER_CREATED && !(object.voi_state & VOI_STATE_PAGER_READY),
          "it lives, has no pages, and waits for its manager");
    check_ok(mach_vm_object_pages(name, &pages, &count), "mach_vm_object_pages");
    check(count == 0, "tells that there is none");
    check_code(mach_vm_object_pages(self, &pages, &count), KERN_INVALID_ARGUMENT,
               "a task is no object");
    check_ok(mach_port_deallocate(self, name), "the name goes");
    check_ok(vm_deallocate(self, at, 3 * PAGE), "the pages go");
    check_ok(mach_port_destroy(self, manager), "and the manager");
    check_code(mach_vm_region_info(self, ~(vm_address_t)0xfff, &region, &name), KERN_NO_SPACE,
               "nothing lies behind the last region");
}

static void kernel(void)
{
    cache_info_array_t caches = NULL;
    mach_msg_type_number_t count = 0;
    vm_size_t reserved, space, resident, most;
    vm_offset_t stack;
    unsigned total = 0;
    mach_port_t host = mach_host_self(), set = MACH_PORT_NULL;

    check_ok(host_slab_info(host, &caches, &count), "host_slab_info");
    check(count >= 1 && caches[0].obj_size > 0 && caches[0].name[0] != '\0' &&
          caches[0].nr_objs <= caches[0].nr_bufs, "tells of caches with names and sizes");
    check_ok(host_stack_usage(host, &reserved, &total, &space, &resident, &most, &stack),
             "host_stack_usage");
    check(resident <= space && space >= total * PAGE, "counts the spare stacks");
    check_ok(processor_set_default(host, &set), "processor_set_default");
    check_ok(processor_set_stack_usage(set, &total, &space, &resident, &most, &stack),
             "processor_set_stack_usage");
    check(total >= 1 && space >= total * PAGE, "counts those in use");
    check_code(host_slab_info(self, &caches, &count), KERN_INVALID_HOST, "a task is no host");
}

void module(void)
{
    ports();
    memory();
    kernel();
}
