/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/trap_table.h"

#include "ipc/mach_msg.h"
#include "kernel/mach_traps.h"

/* An entry at the negated number. */
#define TRAP(number, name, count) [-(number)] = {(void *)name, count}

const struct mach_trap mach_trap_table[] = {
    TRAP(-10, null_port, 0), /* of the first Mach; kept because they cost nothing */
    TRAP(-11, null_port, 0),
    TRAP(-12, null_port, 0),
    TRAP(-13, null_port, 0),
    TRAP(-25, mach_msg_trap, 6), /* fetches its seventh by itself */
    TRAP(-26, mach_reply_port, 0),
    TRAP(-27, mach_thread_self, 0),
    TRAP(-28, mach_task_self, 0),
    TRAP(-29, mach_host_self, 0),
    TRAP(-30, mach_print, 1),

    TRAP(-59, swtch_pri, 1),
    TRAP(-60, swtch, 0),
    TRAP(-61, thread_switch, 3),

    TRAP(-64, syscall_vm_map, 11),
    TRAP(-65, syscall_vm_allocate, 4),
    TRAP(-66, syscall_vm_deallocate, 3),
    TRAP(-68, syscall_task_create, 3),
    TRAP(-69, syscall_task_terminate, 1),
    TRAP(-70, syscall_task_suspend, 1),
    TRAP(-71, syscall_task_set_special_port, 3),
    TRAP(-72, syscall_mach_port_allocate, 3),
    TRAP(-73, syscall_mach_port_deallocate, 2),
    TRAP(-74, syscall_mach_port_insert_right, 4),
    TRAP(-75, syscall_mach_port_allocate_name, 3),
    TRAP(-76, syscall_thread_depress_abort, 1),
    TRAP(-77, thread_set_self_state, 3),
};

const uint64_t mach_trap_count = sizeof mach_trap_table / sizeof mach_trap_table[0];
