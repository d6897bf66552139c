/* SPDX-License-Identifier: BSD-2-Clause */
#include "sleepers.h"

#include "test.h"

#define TRIES 3000 /* of 2 ms */

unsigned sleepers(const char *reason)
{
    porthole_thread_array_t threads = NULL;
    mach_msg_type_number_t count = 0;
    unsigned found = 0;

    CHECK_OK(porthole_threads(test_host_port, &threads, &count));
    for (unsigned i = 0; i < count; i++)
        found += strcmp(threads[i].reason, reason) == 0;
    CHECK_OK(vm_deallocate(mach_task_self(), (vm_address_t)threads, count * sizeof *threads));
    return found;
}

void sleepers_expect(const char *reason, unsigned count)
{
    for (unsigned i = 0; i < TRIES; i++) {
        if (sleepers(reason) == count)
            return;
        thread_sleep(2);
    }
    FAIL("%u threads wait for %s, expected %u", sleepers(reason), reason, count);
}
