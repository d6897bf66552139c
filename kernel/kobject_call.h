/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pieces of a call of a kernel object: kobject_serve() is made of them, and so is the short way in
 * ipc/fast_path.c.
 */
#pragma once

#include <stdint.h>

#include <mach/message.h>
#include <mach/mig_errors.h>

#include "ipc/message.h"
#include "ipc/port.h"
#include "kernel/string.h"
#include "kernel/trace.h"

/* All ids that the kernel serves are among these; the slot behind them stands for all others. */
#define KOBJECT_FIRST_ID 2000u
#define KOBJECT_IDS 3000u

/* How an id is served. */
struct kobject_service {
    mig_routine_t routine;      /* answers MIG_BAD_ID where there is no other */
    uint32_t reply_bytes;       /* room that its reply needs */
};

/* Made by kobject_init(). */
extern struct kobject_service kobject_services[KOBJECT_IDS + 1];

static inline const struct kobject_service *kobject_service_of(mach_msg_id_t id)
{
    uint32_t index = (uint32_t)id - KOBJECT_FIRST_ID;

    return &kobject_services[index < KOBJECT_IDS ? index : KOBJECT_IDS];
}

/*
 * Makes an empty reply to the request: its reply right is in both from here on. All bytes that a
 * generated server may leave alone (padding) are zero (H-63).
 * Conditions: the buffer has room for that many bytes, and for a small message.
 */
static inline void kobject_reply_init(struct message *reply, const struct message *request,
                                      uint32_t bytes)
{
    mig_reply_header_t *out = (mig_reply_header_t *)&reply->header;
    uint64_t *body = (uint64_t *)(&out->RetCodeType + 1);

    out->Head = (mach_msg_header_t){
        .msgh_bits = MACH_MSGH_BITS(MACH_MSGH_BITS_LOCAL(request->header.msgh_bits), 0),
        .msgh_size = sizeof *out,
        .msgh_remote_port = request->header.msgh_local_port,
        .msgh_id = request->header.msgh_id + 100,
    };
    out->RetCodeType = (mach_msg_type_t){
        .msgt_name = MACH_MSG_TYPE_INTEGER_32,
        .msgt_size = 32,
        .msgt_inline = 1,
        .msgt_number = 1,
    };
    body[0] = body[1] = body[2] = 0; /* what most replies need */
    if (__builtin_expect((char *)out + bytes > (char *)&body[3], 0))
        memset(&body[3], 0, (size_t)((char *)out + bytes - (char *)&body[3]));
}

/* Lets the service's routine answer the request, which is in kernel form. May sleep. */
static inline void kobject_run(const struct kobject_service *service, struct message *request,
                               struct message *reply)
{
    uint64_t object = (uint64_t)request->header.msgh_remote_port->kobject;
    uint64_t begin = time_stamp();

    service->routine(&request->header, &reply->header);
    trace(PORTHOLE_TRACE_CALL, begin, object, trace_message(&request->header));
}

/*
 * Ends a call whose routine has run once: runs it again where memory was short for a moment, destroys
 * what a refused request brought (H-01), gives up the request and its destination right. Consumes both.
 * Returns the reply, ready to be sent to its remote port, or NULL when there is none.
 */
struct message *kobject_finish(const struct kobject_service *service, struct message *request,
                               struct message *reply);
