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
#include "kernel/panic.h"
#include "kernel/string.h"
#include "mm/vm_shortage.h"

#define SUBSYSTEM_IDS 100 /* each subsystem has so many ids; its base is a multiple */
#define DEVICE_SUBSYSTEM 28
#define REPLY_BYTES_ANY 8192u /* holds any generated reply: inline arrays end at 4096 or twice 2048 */

typedef mig_routine_t (*routine_finder)(const mach_msg_header_t *request);

/* Two servers share these hundreds. */
static mig_routine_t find_in_38(const mach_msg_header_t *request)
{
    mig_routine_t routine = mach_i386_server_routine(request);

    return routine ? routine : vm_osf_server_routine(request);
}

/*
 * Room for the larger replies of mach and mach_port, so that the most used ones do not pay for them:
 * the sizes of the Reply structures in the generated servers.
 */
static const uint16_t mach_reply_bytes[SUBSYSTEM_IDS] = {
    [9] = 80,                                     /* task_get_emulation_vector */
    [12] = REPLY_BYTES_ANY,                       /* task_info */
    [17] = REPLY_BYTES_ANY,                       /* thread_get_state */
    [19] = REPLY_BYTES_ANY,                       /* thread_info */
    [29] = 176,                                   /* vm_region */
    [30] = 112,                                   /* vm_statistics */
    [40] = 96,                                    /* memory_object_get_attributes */
};

static const uint16_t mach_port_reply_bytes[SUBSYSTEM_IDS] = {
    [0] = 80,                                     /* mach_port_names */
    [17] = 96,                                    /* mach_port_get_receive_status */
};

/*
 * The generated servers by the hundreds of their ids; each finder answers NULL for an id that it does not
 * have. A reply takes at most reply_bytes, or what its id's entry in the table says if not 0, or any size for
 * the listed ids (which end with a zero).
 */
static const struct subsystem {
    routine_finder find;
    uint16_t reply_bytes;
    uint16_t any_size[5];
    const uint16_t *reply_bytes_by_id;
} subsystems[] = {
    [20] = {mach_server_routine, 64, {0}, mach_reply_bytes},
    [21] = {mach_server_routine, REPLY_BYTES_ANY, {0}, NULL},
    [26] = {mach_host_server_routine, 80, {2638, 2639, 2640, 2646}, NULL},
    [DEVICE_SUBSYSTEM] = {device_server_routine, 184, {2811}, NULL},
    [30] = {mach_debug_server_routine, REPLY_BYTES_ANY, {0}, NULL},
    [32] = {mach_port_server_routine, 64, {0}, mach_port_reply_bytes},
    [38] = {find_in_38, 96, {3804}, NULL},
    [40] = {mach4_server_routine, REPLY_BYTES_ANY, {0}, NULL},
    [42] = {gnumach_server_routine, 120, {4212}, NULL},
    [48] = {porthole_debug_server_routine, 152, {0}, NULL},
    [49] = {porthole_memory_server_routine, 64, {0}, NULL},
};
static const struct subsystem no_subsystem = {NULL, sizeof(mig_reply_header_t), {0}, NULL};

static const mach_msg_type_t return_code_type = {
    .msgt_name = MACH_MSG_TYPE_INTEGER_32,
    .msgt_size = 32,
    .msgt_inline = 1,
    .msgt_number = 1,
};

static const struct subsystem *find_subsystem(mach_msg_id_t id)
{
    unsigned index = (unsigned)id / SUBSYSTEM_IDS;

    return index < sizeof subsystems / sizeof subsystems[0] && subsystems[index].find
               ? &subsystems[index]
               : &no_subsystem;
}

static uint32_t reply_bytes(const struct subsystem *subsystem, mach_msg_id_t id)
{
    if (subsystem->reply_bytes_by_id) {
        uint32_t bytes = subsystem->reply_bytes_by_id[(unsigned)id % SUBSYSTEM_IDS];

        return bytes ? bytes : subsystem->reply_bytes;
    }
    for (const uint16_t *any = subsystem->any_size; *any != 0; any++) {
        if (*any == id)
            return REPLY_BYTES_ANY;
    }
    return subsystem->reply_bytes;
}

/* Clears a reply behind its header and first type: usually three words. */
static void clear_rest(mig_reply_header_t *out, uint32_t bytes)
{
    uint64_t *word = (uint64_t *)(&out->RetCodeType + 1);
    uint64_t *end = (uint64_t *)((char *)out + bytes);

    if (bytes > MESSAGE_SMALL_BYTES) {
        memset(word, 0, (size_t)((char *)end - (char *)word));
        return;
    }
    while (word < end)
        *word++ = 0;
}

/*
 * An empty reply to the request; takes over its reply right. All bytes that a generated server may
 * leave alone (padding) are zero (H-63). May sleep for memory; NULL when out of it.
 */
static struct message *make_reply(struct message *request, const struct subsystem *subsystem)
{
    mach_msg_header_t *in = &request->header;
    uint32_t bytes = reply_bytes(subsystem, in->msgh_id);
    struct message *reply;
    mig_reply_header_t *out;
    unsigned tries = 0;

    do
        reply = message_alloc(bytes);
    while (!reply && vm_shortage_wait(KERN_RESOURCE_SHORTAGE, &tries));
    if (!reply)
        return NULL;
    out = (mig_reply_header_t *)&reply->header;
    out->Head = (mach_msg_header_t){
        .msgh_bits = MACH_MSGH_BITS(MACH_MSGH_BITS_LOCAL(in->msgh_bits), 0),
        .msgh_size = sizeof *out,
        .msgh_remote_port = in->msgh_local_port,
        .msgh_id = in->msgh_id + 100,
    };
    out->RetCodeType = return_code_type;
    clear_rest(out, bytes);
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
static bool run_routine(const struct subsystem *subsystem, struct message *request,
                        struct message *reply)
{
    mig_reply_header_t *out = (mig_reply_header_t *)&reply->header;
    mig_routine_t routine = subsystem->find ? subsystem->find(&request->header) : NULL;

    if (routine)
        routine(&request->header, &out->Head);
    else
        out->RetCode = MIG_BAD_ID;
    if (out->RetCode == KERN_SUCCESS) {
        assert(out->Head.msgh_size <= reply->capacity);
        return true;
    }
    if (out->RetCode == MIG_NO_REPLY) {
        /* Only device routines are given the reply right, to answer later. */
        if (subsystem == &subsystems[DEVICE_SUBSYSTEM])
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
    const struct subsystem *subsystem = find_subsystem(request->header.msgh_id);
    struct message *reply;
    bool answer;

    if (serve_notification(port, request)) {
        message_destroy(request);
        return NULL;
    }
    reply = make_reply(request, subsystem);
    if (!reply) {
        message_destroy(request);
        return NULL;
    }
    answer = run_routine(subsystem, request, reply);
    /* The reply right has moved into the reply, or to the routine. */
    message_free(request);
    port_release_right(port, type);
    if (answer && PORT_VALID(reply->header.msgh_remote_port))
        return reply;
    message_destroy(reply);
    return NULL;
}
