/* SPDX-License-Identifier: BSD-2-Clause */
#include "census.h"
#include "test.h"

void census_take(struct census *census)
{
    porthole_cache_array_t caches = NULL;
    mach_msg_type_number_t count = 0;

    CHECK_OK(porthole_caches(test_host_port, &caches, &count));
    CHECK(count <= CENSUS_CACHES);
    memcpy(census->caches, caches, count * sizeof *caches);
    census->cache_count = count;
    CHECK_OK(vm_deallocate(mach_task_self(), (vm_address_t)caches, count * sizeof *caches));
    CHECK_OK(porthole_memory(test_host_port, &census->memory));
    census->names = port_name_count();
}

uint64_t census_in_use(const struct census *census, const char *name)
{
    for (unsigned i = 0; i < census->cache_count; i++)
        if (strcmp(census->caches[i].name, name) == 0)
            return census->caches[i].in_use;
    return 0;
}

static unsigned grown(const char *what, uint64_t before, uint64_t after, unsigned slack)
{
    if (after <= before + slack)
        return 0;
    report("# %s: %lu before, %lu now", what, (unsigned long)before, (unsigned long)after);
    return 1;
}

unsigned census_growth(const struct census *before, const struct census *after, unsigned objects,
                       unsigned frames)
{
    unsigned count = 0;

    for (unsigned i = 0; i < after->cache_count; i++) {
        const char *name = after->caches[i].name;

        count += grown(name, census_in_use(before, name), census_in_use(after, name), objects);
    }
    count += grown("names", before->names, after->names, 0);
    count += grown("free frames less", 0,
                   before->memory.free > after->memory.free
                       ? before->memory.free - after->memory.free : 0, frames);
    return count;
}
