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
#include "ipc/right.h"
#include "kernel/device_map.h"
#include "kernel/io_permission.h"
#include "kernel/panic.h"
#include "kernel/string.h"
#include "mm/vm_shortage.h"

#define SUBSYSTEM_IDS 100 /* each subsystem has so many ids; its base is a multiple */
#define DEVICE_SUBSYSTEM 28
#define REPLY_BYTES_ANY 8192u /* holds any reply: inline arrays end at 4096 or twice 2048 */

/* How an id is served; routine NULL: not at all. */
struct service {
    mig_routine_t routine;
    uint16_t reply_bytes; /* room that its reply needs */
};

/*
 * The generated servers by the hundreds of their ids, and what is enough for most of their replies:
 * the sizes of the Reply structures in the generated code.
 */
static const struct subsystem {
    uint16_t hundreds;
    uint16_t reply_bytes;
    mig_routine_t (*find)(const mach_msg_header_t *request);
} subsystems[] = {
    {20, 64, mach_server_routine},
    {21, REPLY_BYTES_ANY, mach_server_routine},
    {26, 80, mach_host_server_routine},
    {DEVICE_SUBSYSTEM, 184, device_server_routine},
    {30, REPLY_BYTES_ANY, mach_debug_server_routine},
    {32, 64, mach_port_server_routine},
    {38, 64, mach_i386_server_routine},
    {38, 96, vm_osf_server_routine},
    {40, REPLY_BYTES_ANY, mach4_server_routine},
    {42, 120, gnumach_server_routine},
    {48, 152, porthole_debug_server_routine},
    {49, 64, porthole_memory_server_routine},
};
#define SUBSYSTEMS (sizeof subsystems / sizeof subsystems[0])
#define HUNDREDS 50u

/* Replies that are larger than their subsystem's others. */
static const struct {
    uint16_t id, reply_bytes;
} large_replies[] = {
    {2009, 80},                                       /* task_get_emulation_vector */
    {2012, REPLY_BYTES_ANY}, {2017, REPLY_BYTES_ANY}, /* task_info, thread_get_state */
    {2019, REPLY_BYTES_ANY},                          /* thread_info */
    {2029, 176},             {2030, 112},             /* vm_region, vm_statistics */
    {2040, 96},                                       /* memory_object_get_attributes */
    {2638, REPLY_BYTES_ANY}, {2639, REPLY_BYTES_ANY}, /* host_info, processor_info */
    {2640, REPLY_BYTES_ANY}, {2646, REPLY_BYTES_ANY}, /* processor_set_info, version */
    {2811, REPLY_BYTES_ANY},                          /* device_get_status */
    {3200, 80},              {3217, 96},              /* port_names, get_receive_status */
    {3804, REPLY_BYTES_ANY}, {4212, REPLY_BYTES_ANY}, /* i386_get_ldt, vm_pages_phys */
};

/* Row 0 is that of all hundreds without a server; unserved ids answer with a bare code. */
static struct service services[SUBSYSTEMS + 1][SUBSYSTEM_IDS];
static struct service *services_of_hundreds[HUNDREDS];

static const mach_msg_type_t return_code_type = {
    .msgt_name = MACH_MSG_TYPE_INTEGER_32,
    .msgt_size = 32,
    .msgt_inline = 1,
    .msgt_number = 1,
};

/* How a request is served; ids out of range are as unserved as the first. */
static inline struct service *service_of(unsigned id)
{
    unsigned hundreds = id / SUBSYSTEM_IDS;

    if (hundreds >= HUNDREDS)
        return &services[0][0];
    return services_of_hundreds[hundreds] + (id - hundreds * SUBSYSTEM_IDS);
}

static void enter_subsystem(const struct subsystem *subsystem, struct service *row)
{
    if (services_of_hundreds[subsystem->hundreds] == services[0])
        services_of_hundreds[subsystem->hundreds] = row;
    for (unsigned i = 0; i < SUBSYSTEM_IDS; i++) {
        mach_msg_header_t header = {.msgh_id = subsystem->hundreds * SUBSYSTEM_IDS + (int)i};
        mig_routine_t routine = subsystem->find(&header);

        if (routine)
            *service_of((unsigned)header.msgh_id) =
                (struct service){routine, subsystem->reply_bytes};
    }
}

void kobject_init(void)
{
    for (unsigned row = 0; row <= SUBSYSTEMS; row++)
        for (unsigned i = 0; i < SUBSYSTEM_IDS; i++)
            services[row][i].reply_bytes = sizeof(mig_reply_header_t);
    for (unsigned i = 0; i < HUNDREDS; i++)
        services_of_hundreds[i] = services[0];
    for (unsigned i = 0; i < SUBSYSTEMS; i++)
        enter_subsystem(&subsystems[i], services[i + 1]);
    for (unsigned i = 0; i < sizeof large_replies / sizeof large_replies[0]; i++)
        service_of(large_replies[i].id)->reply_bytes = large_replies[i].reply_bytes;
}

/* Clears a reply behind its header and first type: usually three words. */
static inline void clear_rest(mig_reply_header_t *out, uint32_t bytes)
{
    uint64_t *word = (uint64_t *)(&out->RetCodeType + 1);
    uint64_t *end = (uint64_t *)((char *)out + bytes);

    if (bytes > MESSAGE_SMALL_BYTES) {
        memset(word, 0, (size_t)((char *)end - (char *)word));
        return;
    }
    do
        *word++ = 0;
    while (word < end);
}

/*
 * An empty reply to the request; takes over its reply right. All bytes that a generated server may
 * leave alone (padding) are zero (H-63). May sleep for memory; NULL when out of it.
 */
static struct message *make_reply(struct message *request, uint32_t bytes)
{
    mach_msg_header_t *in = &request->header;
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
 * The routine refused, or answers later. Returns true if the reply is to be sent. A refused
 * request's rights and memory are destroyed here; they were the routine's only if it succeeded
 * (H-01).
 */
static bool finish_unusual(struct message *request, mig_reply_header_t *out)
{
    if (out->RetCode == MIG_NO_REPLY) {
        /* Only device routines are given the reply right, to answer later. */
        if (request->header.msgh_id / SUBSYSTEM_IDS == DEVICE_SUBSYSTEM)
            out->Head.msgh_remote_port = NULL;
        return false;
    }
    message_destroy_body(request);
    return out->RetCode != MIG_DESTROY_REQUEST;
}

/*
 * Runs the routine. One that found too little memory has changed nothing (it would else not
 * refuse): it runs again when page-out has made room.
 */
static void run_routine(const struct service *service, struct message *request,
                        mig_reply_header_t *out)
{
    unsigned tries = 0;

    do
        service->routine(&request->header, &out->Head);
    while (vm_shortage_wait(out->RetCode, &tries));
}

struct message *kobject_serve(struct message *request)
{
    struct port *port = request->header.msgh_remote_port;
    mach_msg_type_name_t type = MACH_MSGH_BITS_REMOTE(request->header.msgh_bits);
    const struct service *service = service_of((unsigned)request->header.msgh_id);
    struct message *reply;
    mig_reply_header_t *out;
    bool answer = true;

    /* Notifications come from anywhere: nothing may sleep before they are dealt with. */
    reply = service->routine || !serve_notification(port, request)
                ? make_reply(request, service->reply_bytes)
                : NULL;
    if (!reply) {
        message_destroy(request);
        return NULL;
    }
    out = (mig_reply_header_t *)&reply->header;
    if (service->routine)
        run_routine(service, request, out);
    else
        out->RetCode = MIG_BAD_ID;
    assert(out->Head.msgh_size <= reply->capacity);
    if (out->RetCode != KERN_SUCCESS)
        answer = finish_unusual(request, out);
    /* The reply right has moved into the reply, or to the routine. */
    message_free(request);
    if (type == MACH_MSG_TYPE_PORT_SEND)
        port_release_send(port);
    else
        port_forget_send_once(port); /* it has been used */
    if (answer && PORT_VALID(out->Head.msgh_remote_port))
        return reply;
    message_destroy(reply);
    return NULL;
}
