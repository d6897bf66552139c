/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/rpc_info.h"

#include "kernel/clock.h"
#include "kernel/string.h"
#include "mm/kmem.h"

kern_return_t rpc_info_answer(integer_t *out, mach_msg_type_number_t *count, const void *info,
                              size_t bytes, size_t minimum)
{
    size_t room = (size_t)*count * sizeof *out;

    if (room < minimum)
        return KERN_INVALID_ARGUMENT;
    if (room > bytes)
        room = bytes;
    memcpy(out, info, room);
    *count = room / sizeof *out;
    return KERN_SUCCESS;
}

kern_return_t rpc_host_info_answer(integer_t *out, mach_msg_type_number_t *count, const void *info,
                                   size_t bytes)
{
    return rpc_info_answer(out, count, info, bytes, bytes) == KERN_SUCCESS ? KERN_SUCCESS
                                                                           : KERN_FAILURE;
}

time_value64_t time_value64_from_ns(uint64_t ns)
{
    return (time_value64_t){
        .seconds = (int64_t)(ns / NANOSECONDS_PER_SECOND),
        .nanoseconds = (int64_t)(ns % NANOSECONDS_PER_SECOND),
    };
}

time_value_t time_value_from_64(time_value64_t time)
{
    return (time_value_t){
        .seconds = time.seconds,
        .microseconds = (integer_t)(time.nanoseconds / 1000),
    };
}

kern_return_t rpc_ports_begin(mach_port_t **ports, mach_msg_type_number_t *count, unsigned total)
{
    *count = total;
    *ports = total > 0 ? kmem_alloc(total * sizeof **ports) : NULL;
    return *ports || total == 0 ? KERN_SUCCESS : KERN_RESOURCE_SHORTAGE;
}

void rpc_name_copy(char *to, size_t bytes, const char *name)
{
    /* The type descriptor in front of the characters says how many the sender gave. */
    size_t limit = ((const mach_msg_type_t *)name)[-1].msgt_number;
    size_t i;

    if (limit > bytes - 1)
        limit = bytes - 1;
    for (i = 0; i < limit && name[i] != '\0'; i++)
        to[i] = name[i] >= ' ' && name[i] <= '~' ? name[i] : '?';
    to[i] = '\0';
}
