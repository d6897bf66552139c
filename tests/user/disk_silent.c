/* SPDX-License-Identifier: BSD-2-Clause */
/* A disk that says nothing for a while. */
/* boot-all: with=disk,default_pager=build/servers/default_pager disk=1,64 memory=32 timeout=60 */
#include "paging.h"
#include "test.h"

#define SILENT_MS  4000 /* far longer than page-out waits when it is sure that nothing can leave */
#define SURPLUS    1024u /* pages beyond those that are free */
#define PATIENCE_MS 40000u

static vm_address_t memory;
static vm_size_t size;
static volatile boolean_t done;

static void write_all(void *unused)
{
    (void)unused;
    pattern_fill(memory, size, 150, 0);
    done = TRUE;
}

static boolean_t is_done(void *unused)
{
    (void)unused;
    return done;
}

TEST(150, a_disk_that_is_silent_for_seconds_costs_nobody_his_memory)
{
    struct vm_statistics machine;
    mach_port_t disk = program_begin("disk", "${host-port} ${device-port} unit=1 name=second");

    service_port("second");
    program_begin("default_pager", "${host-port} ${device-port} disk=second");
    pager_port();
    memory_statistics(&machine);
    size = ((vm_size_t)machine.free_count + SURPLUS) * PAGE_SIZE;
    CHECK_OK(vm_allocate(mach_task_self(), &memory, size, TRUE));
    CHECK_OK(task_suspend(disk));
    CHECK(thread_start(write_all, NULL, 0) != MACH_PORT_NULL);
    thread_sleep(SILENT_MS);
    CHECK(!done);
    CHECK_OK(task_resume(disk));
    CHECK(wait_until(is_done, NULL, PATIENCE_MS));
    pattern_check(memory, size, 150, 0);
}
