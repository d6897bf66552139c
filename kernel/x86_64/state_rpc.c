/* SPDX-License-Identifier: BSD-2-Clause */
#include <mig/mach_i386_server.h>

#include "kernel/x86_64/float_state.h"

/* Bytes of a whole i386_XFLOAT_STATE on this processor. KERN_INVALID_HOST: not a host port. */
kern_return_t i386_get_xstate_size(host_t host_port, vm_size_t *size)
{
    if (!host_port)
        return KERN_INVALID_HOST;
    *size = xfloat_state_bytes();
    return KERN_SUCCESS;
}
