/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/kobject.h"

#include <stdbool.h>

#include <mach/mig_errors.h>
#include <mach/notify.h>

#include <mig/device_server.h>
#include <mig/gnumach_server.h>
#include <mig/mach4_server.h>
#include <mig/mach_debug_server.h>
#include <mig/mach_host_server.h>
#include <mig/mach_i386_server.h>
#include <mig/mach_port_server.h>
#include <mig/mach_server.h>
#include <mig/porthole_debug_server.h>
#include <mig/porthole_memory_server.h>
#include <mig/vm_osf_server.h>

#include "ipc/message.h"
#include "ipc/port.h"
#include "kernel/device_map.h"
#include "kernel/io_permission.h"
#include "kernel/string.h"

#define SUBSYSTEM_IDS 100 /* each subsystem has so many ids; its base is a multiple */
#define DEVICE_SUBSYSTEM 28
#define DEBUG_SUBSYSTEM 30
#define PORTHOLE_SUBSYSTEM 48
#define REPLY_BYTES_MAX 8192u /* any generated reply: its inline arrays end at 4096 or twice 2048 */

typedef mig_routine_t (*routine_finder)(const mach_msg_header_t *request);

/* Two servers share these hundreds. */
static mig_routine_t find_in_38(const mach_msg_header_t *request)
{
    mig_routine_t routine = mach_i386_server_routine(request);

    return routine ? routine : vm_osf_server_routine(request);
}

/* The generated servers by the hundreds of their ids; each answers NULL for an id it does not have. */
static const routine_finder subsystems[] = {
    [20] = mach_server_routine,
    [21] = mach_server_routine,
    [26] = mach_host_server_routine,
    [DEVICE_SUBSYSTEM] = device_server_routine,
    [DEBUG_SUBSYSTEM] = mach_debug_server_routine,
    [32] = mach_port_server_routine,
    [38] = find_in_38,
    [40] = mach4_server_routine,
    [42] = gnumach_server_routine,
    [PORTHOLE_SUBSYSTEM] = porthole_debug_server_routine,
    [49] = porthole_memory_server_routine,
};

static const mach_msg_type_t return_code_type = {
    .msgt_name = MACH_MSG_TYPE_INTEGER_32,
    .msgt_size = 32,
    .msgt_inline = 1,
    .msgt_number = 1,
};

static mig_routine_t find_routine(const mach_msg_header_t *request)
{
    unsigned subsystem = (unsigned)request->msgh_id / SUBSYSTEM_IDS;

    if (subsystem >= sizeof subsystems / sizeof subsystems[0] || !subsystems[subsystem])
        return NULL;
    return subsystems[subsystem](request);
}

/*
 * Room for the reply to a request id: a small message, but for those that answer with an inline array.
 * "Reply" structures in build/mig/kernel tell their sizes.
 */
static uint32_t reply_bytes(mach_msg_id_t id)
{
    switch (id) {
    case 2012: case 2017: case 2019:            /* task_info, thread_get_state, thread_info */
    case 2120:                                  /* memory_object_get_attributes_flavor */
    case 2638: case 2639: case 2640: case 2646: /* host, processor, set info; version */
    case 2811:                                  /* device_get_status */
    case 3804:                                  /* i386_get_ldt */
    case 4212:                                  /* vm_pages_phys */
        return REPLY_BYTES_MAX;
    }
    return id / SUBSYSTEM_IDS == DEBUG_SUBSYSTEM ? REPLY_BYTES_MAX : MESSAGE_SMALL_BYTES;
}

/*
 * An empty reply to the request; takes over its reply right. All bytes that a generated server may
 * leave alone (padding) are zero (H-63). NULL when out of memory.
 */
static struct message *make_reply(struct message *request)
{
    mach_msg_header_t *in = &request->header;
    uint32_t bytes = reply_bytes(in->msgh_id);
    struct message *reply = message_alloc(bytes);
    mig_reply_header_t *out;

    if (!reply)
        return NULL;
    out = (mig_reply_header_t *)&reply->header;
    memset(out, 0, bytes);
    out->Head.msgh_bits = MACH_MSGH_BITS(MACH_MSGH_BITS_LOCAL(in->msgh_bits), 0);
    out->Head.msgh_size = sizeof *out;
    out->Head.msgh_remote_port = in->msgh_local_port;
    out->Head.msgh_id = in->msgh_id + 100;
    out->RetCodeType = return_code_type;
    return reply;
}

/* A notification that the kernel asked for on its own port; true if it was one. */
static bool serve_notification(struct port *port, const struct message *message)
{
    if (message->header.msgh_id != MACH_NOTIFY_NO_SENDERS ||
        MACH_MSGH_BITS_REMOTE(message->header.msgh_bits) != MACH_MSG_TYPE_PORT_SEND_ONCE)
        return false;
    if (port->kobject_type == KOBJECT_IO_PERMISSION)
        io_permission_no_senders(port);
    else if (port->kobject_type == KOBJECT_DEVICE_MEMORY)
        device_map_no_senders(port);
    return true;
}

/*
 * Runs the routine and brings the request to its end. Returns true if the reply is to be sent.
 * The request's rights and memory belong to the routine if it succeeds, else they are destroyed (H-01).
 */
static bool run_routine(struct message *request, struct message *reply)
{
    mig_reply_header_t *out = (mig_reply_header_t *)&reply->header;
    mig_routine_t routine = find_routine(&request->header);

    if (routine)
        routine(&request->header, &out->Head);
    else
        out->RetCode = MIG_BAD_ID;
    if (out->RetCode == KERN_SUCCESS)
        return true;
    if (out->RetCode == MIG_NO_REPLY) {
        /* Only device routines are given the reply right, to answer later. */
        if (request->header.msgh_id / SUBSYSTEM_IDS == DEVICE_SUBSYSTEM)
            out->Head.msgh_remote_port = NULL;
        return false;
    }
    message_destroy_body(request);
    return out->RetCode != MIG_DESTROY_REQUEST;
}

struct message *kobject_serve(struct message *request)
{
    struct port *port = request->header.msgh_remote_port;
    mach_msg_type_name_t type = MACH_MSGH_BITS_REMOTE(request->header.msgh_bits);
    struct message *reply;
    bool answer;

    if (serve_notification(port, request)) {
        message_destroy(request);
        return NULL;
    }
    reply = make_reply(request);
    if (!reply) {
        message_destroy(request);
        return NULL;
    }
    answer = run_routine(request, reply);
    /* The reply right has moved into the reply, or to the routine. */
    message_free(request);
    port_release_right(port, type);
    if (answer && PORT_VALID(reply->header.msgh_remote_port))
        return reply;
    message_destroy(reply);
    return NULL;
}
