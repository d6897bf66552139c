/* SPDX-License-Identifier: BSD-2-Clause */
/* Lets allocations fail on purpose: the call, and what is kept at hand beside the caches. */
#include <mig/porthole_debug_server.h>

#include "ipc/message.h"
#include "ipc/port.h"
#include "kernel/host.h"
#include "kernel/string.h"
#include "kernel/thread.h"
#include "mm/failure.h"

kern_return_t porthole_fail_allocation(host_t host_priv, thread_t thread, uint32_t number,
                                       uint32_t times, uint32_t *left, porthole_callers_t callers)
{
    struct failure before;

    _Static_assert(sizeof(before.callers) == sizeof(porthole_callers_t), "as in porthole_debug.defs");
    if (!host_priv)
        return KERN_INVALID_HOST;
    if (!thread || (times > 0 && number == 0) || times > PORTHOLE_FAILURES_MAX)
        return KERN_INVALID_ARGUMENT;
    failure_arm(times > 0 ? thread : NULL, number, times, &before);
    port_keep_at_hand(times == 0);
    message_keep_at_hand(times == 0);
    *left = before.times;
    memcpy(callers, before.callers, sizeof before.callers);
    return KERN_SUCCESS;
}
