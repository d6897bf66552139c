/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/start.h"

#include "boot/boot_info.h"
#include "ipc/message.h"
#include "ipc/msg_accepted.h"
#include "ipc/port.h"
#include "ipc/space.h"
#include "kernel/boot_script.h"
#include "kernel/clock.h"
#include "kernel/command_line.h"
#include "kernel/device.h"
#include "kernel/device_console.h"
#include "kernel/gsync.h"
#include "kernel/host.h"
#include "kernel/io_permission.h"
#include "kernel/kobject.h"
#include "kernel/printf.h"
#include "kernel/sched.h"
#include "kernel/task.h"
#include "kernel/thread.h"
#include "kernel/wait.h"
#include "kernel/x86_64/power.h"
#include "kernel/x86_64/processors.h"
#include "kernel/x86_64/syscall.h"
#include "mm/object_lifetime.h"
#include "mm/page.h"
#include "mm/pageout.h"
#include "mm/pmap.h"
#include "mm/proxy.h"
#include "mm/vm_copy.h"
#include "mm/vm_map.h"
#include "mm/vm_object.h"
#include "tests/kernel/selftest.h"

static void memory_start(const struct boot_info *info)
{
    page_bootstrap(info);
    pmap_init();
    vm_object_init();
    vm_map_init();
    vm_copy_init();
    proxy_init();
    log_step("%u pages of memory", page_counts.total);
}

static void kernel_start_rooms(void)
{
    wait_init();
    gsync_init();
    sched_init();
    port_init();
    space_init();
    message_init();
    msg_accepted_init();
    task_init();
    thread_init();
    clock_init();
    object_lifetime_init();
    pageout_init();
    syscall_init();
    kobject_init();
    processors_start();
    host_init();
    host_time_init();
    io_permission_init();
    log_step("threads run on %u processor%s", cpu_count, cpu_count == 1 ? "" : "s");
}

static void devices_start(const struct boot_info *info)
{
    device_init(info->initrd_start, info->initrd_end);
    device_console_start_input();
}

/* `selftest` or `selftest=PREFIX`: the kernel tests itself, tells how it went, and ends. */
static void run_selftests(void *unused)
{
    char prefix[64] = "";

    (void)unused;
    command_line_value("selftest", prefix, sizeof(prefix));
    machine_debug_exit(selftest_run(prefix) ? DEBUG_EXIT_SUCCESS : DEBUG_EXIT_FAILURE);
    machine_power_off();
}

/*
 * Purpose: start what stands on the machine layer.
 * Conditions: the boot stack becomes that of the boot thread, which starts the first user task and
 * then dies.
 */
void start_system(const struct boot_info *info)
{
    memory_start(info);
    kernel_start_rooms();
    devices_start(info);
    if (command_line_has("selftest"))
        thread_create_kernel("selftest", SCHED_PRIORITY_KERNEL, run_selftests, NULL);
    else
        boot_script_run();
    thread_exit();
}
