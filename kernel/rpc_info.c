/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/rpc_info.h"

#include "kernel/clock.h"
#include "kernel/string.h"

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
