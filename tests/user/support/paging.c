/* SPDX-License-Identifier: BSD-2-Clause */
#include "paging.h"

#include <mach/porthole_memory_types.h>
#include <servers/bootstrap_types.h>

#include "test.h"

#define START_WAIT  10000 /* ms that a server may take to begin */
#define SETTLE_WAIT 10000 /* ms until the pager must be at rest */
#define EVICT_WAIT  10000 /* ms until a page must be taken */

static mach_port_t pager = MACH_PORT_NULL;

mach_port_t service_port(const char *name)
{
    mach_port_t service = MACH_PORT_NULL;

    for (unsigned waited = 0; bootstrap_look_up(bootstrap_port, name, &service) != KERN_SUCCESS ||
                              service == MACH_PORT_NULL;
         waited += 10) {
        if (waited >= START_WAIT) {
            FAIL("nobody has registered %s", name);
        }
        thread_sleep(10);
    }
    return service;
}

static boolean_t has_space(void *unused)
{
    pager_statistics_t counts;

    (void)unused;
    pager_counts(&counts);
    return counts.total_blocks > 0;
}

mach_port_t pager_port(void)
{
    if (pager == MACH_PORT_NULL) {
        pager = service_port("default_pager");
        CHECK(wait_until(has_space, NULL, START_WAIT));
    }
    return pager;
}

mach_port_t program_begin(const char *name, const char *arguments)
{
    mach_port_t task = MACH_PORT_NULL;

    CHECK_OK(bootstrap_start_program(bootstrap_port, name, arguments, &task));
    CHECK(MACH_PORT_VALID(task));
    return task;
}

void pager_counts(pager_statistics_t *counts)
{
    CHECK_OK(pager_statistics(pager == MACH_PORT_NULL ? service_port("default_pager") : pager,
                              counts));
}

void pager_settle(pager_statistics_t *counts)
{
    pager_statistics_t before;
    unsigned waited = 0;

    do {
        if (waited > SETTLE_WAIT) {
            FAIL("the pager does not come to rest: %lu supplied, %lu completed",
                 counts->supplied_precious, counts->completed);
        }
        pager_counts(&before);
        thread_sleep(20);
        waited += 20;
        pager_counts(counts);
    } while (counts->completed != counts->supplied_precious ||
             memcmp(&before, counts, sizeof before) != 0);
}

uint64_t pager_free_blocks(void)
{
    default_pager_info_t info;

    CHECK_OK(default_pager_info(pager_port(), &info));
    return info.dpi_free_space / info.dpi_page_size;
}

boolean_t page_evict(vm_address_t address)
{
    int outcome = PORTHOLE_EVICTION_KEPT;

    for (unsigned waited = 0; waited < EVICT_WAIT; waited += 10) {
        kern_return_t result =
            porthole_evict(test_host_port, mach_task_self(), address, &outcome);
        if (result == KERN_INVALID_ADDRESS) {
            return FALSE;
        }
        CHECK_OK(result);
        if (outcome == PORTHOLE_EVICTION_SENT || outcome == PORTHOLE_EVICTION_FREED) {
            return TRUE;
        }
        thread_sleep(10);
    }
    FAIL("page %#lx cannot be evicted (outcome %d)", address, outcome);
}

void pages_evict(vm_address_t address, vm_size_t size)
{
    for (vm_size_t at = 0; at < size; at += PAGE_SIZE) {
        page_evict(address + at);
    }
}
