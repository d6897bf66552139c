/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Emulated system calls and restartable sequences, which this kernel does not have: no task has an
 * emulation vector, and none can be given one.
 */
#include <mig/mach_server.h>

#include "kernel/task.h"

kern_return_t task_get_emulation_vector(task_t task, int *start, emulation_vector_t *vector,
                                        mach_msg_type_number_t *count)
{
    if (!task)
        return KERN_INVALID_ARGUMENT;
    *start = 0;
    *vector = NULL;
    *count = 0;
    return KERN_SUCCESS;
}

kern_return_t task_set_emulation_vector(task_t task, int start, emulation_vector_t vector,
                                        mach_msg_type_number_t count)
{
    (void)start, (void)vector, (void)count;
    return task ? KERN_FAILURE : KERN_INVALID_ARGUMENT;
}

kern_return_t task_set_emulation(task_t task, vm_address_t routine, int number)
{
    (void)routine, (void)number;
    return task ? KERN_FAILURE : KERN_INVALID_ARGUMENT;
}

/* As GNU Mach. */
kern_return_t task_ras_control(task_t task, vm_address_t start, vm_address_t end, int flavor)
{
    (void)start, (void)end, (void)flavor;
    return task ? KERN_FAILURE : KERN_INVALID_ARGUMENT;
}
