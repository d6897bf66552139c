/* SPDX-License-Identifier: BSD-2-Clause */
/* The device "time": a page that shows the time of day, brought up to date every few
   milliseconds. */
#include "kernel/clock.h"
#include "kernel/device.h"
#include "kernel/host.h"
#include "kernel/rpc_info.h"
#include "kernel/x86_64/time.h"
#include "mm/page.h"

#define UPDATE_MS 5u

static struct page *time_page; /* NULL until somebody maps it; never freed */
static struct timeout update_timeout;

/* Readers take the check fields first and last: each value is written between its two. */
static void update(void *unused)
{
    volatile mapped_time_value_t *shown = page_address(time_page);
    uint64_t now_ns = clock_now_ns();
    time_value64_t now = host_time_at(now_ns), uptime = time_value64_from_ns(now_ns);

    (void)unused;
    shown->check_seconds = (integer_t)now.seconds;
    shown->microseconds = (integer_t)(now.nanoseconds / 1000);
    shown->seconds = (integer_t)now.seconds;
    shown->check_seconds64 = now.seconds;
    shown->time_value.nanoseconds = now.nanoseconds;
    shown->time_value.seconds = now.seconds;
    shown->check_upseconds64 = uptime.seconds;
    shown->uptime_value.nanoseconds = uptime.nanoseconds;
    shown->uptime_value.seconds = uptime.seconds;
    timeout_start(&update_timeout, deadline_after_ms(UPDATE_MS), update, NULL);
}

static io_return_t time_map(vm_offset_t offset, vm_size_t bytes, uint64_t *physical)
{
    if (offset != 0 || bytes == 0 || bytes > PAGE_BYTES)
        return D_INVALID_SIZE;
    if (!time_page) {
        struct page *page = page_alloc();

        if (!page)
            return D_NO_MEMORY;
        page_zero(page);
        page_wire(page);
        page->kernel = true;
        time_page = page;
        update(NULL);
    }
    *physical = page_physical(time_page);
    return D_SUCCESS;
}

const struct device_operations device_time = {.map = time_map};
