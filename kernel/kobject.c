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
#include "kernel/device.h"
#include "kernel/device_map.h"
#include "kernel/io_permission.h"
#include "kernel/kobject_call.h"
#include "kernel/panic.h"
#include "mm/proxy.h"
#include "mm/vm_shortage.h"

#define SUBSYSTEM_IDS 100 /* each subsystem has so many ids; its base is a multiple */
#define DEVICE_SUBSYSTEM 28
#define REPLY_BYTES_ANY 8192u /* holds any reply: inline arrays end at 4096 or twice 2048 */
#define REPLY_BYTES_SAMPLES 12360u /* 512 samples of 24 bytes, and what goes before them */

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
    {40, 64, mach4_server_routine},
    {42, 120, gnumach_server_routine},
    {48, 152, porthole_debug_server_routine},
    {49, 64, porthole_memory_server_routine},
};
#define SUBSYSTEMS (sizeof subsystems / sizeof subsystems[0])

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
    {4002, REPLY_BYTES_SAMPLES}, {4005, REPLY_BYTES_SAMPLES}, /* get_sampled_pcs */
    {2811, REPLY_BYTES_ANY},                          /* device_get_status */
    {3200, 80},              {3217, 96},              /* port_names, get_receive_status */
    {3804, REPLY_BYTES_ANY}, {4212, REPLY_BYTES_ANY}, /* i386_get_ldt, vm_pages_phys */
};

struct kobject_service kobject_services[KOBJECT_IDS + 1];

/* The routine of ids without one. */
static void unserved(mach_msg_header_t *request, mach_msg_header_t *reply)
{
    (void)request;
    ((mig_reply_header_t *)reply)->RetCode = MIG_BAD_ID;
}

static void enter_subsystem(const struct subsystem *subsystem)
{
    for (unsigned i = 0; i < SUBSYSTEM_IDS; i++) {
        mach_msg_header_t header = {.msgh_id = subsystem->hundreds * SUBSYSTEM_IDS + (int)i};
        mig_routine_t routine = subsystem->find(&header);

        if (routine)
            kobject_services[(unsigned)header.msgh_id - KOBJECT_FIRST_ID] =
                (struct kobject_service){routine, subsystem->reply_bytes};
    }
}

void kobject_init(void)
{
    for (unsigned i = 0; i <= KOBJECT_IDS; i++)
        kobject_services[i] = (struct kobject_service){unserved, sizeof(mig_reply_header_t)};
    for (unsigned i = 0; i < SUBSYSTEMS; i++)
        enter_subsystem(&subsystems[i]);
    for (unsigned i = 0; i < sizeof large_replies / sizeof large_replies[0]; i++)
        kobject_services[large_replies[i].id - KOBJECT_FIRST_ID].reply_bytes =
            large_replies[i].reply_bytes;
}

/* Room for a reply. May sleep for memory; NULL when out of it, for a large reply: a small one gets a buffer of
   the reserve, because many requests have no reply that could tell of a refusal. */
static struct message *alloc_reply(uint32_t bytes)
{
    struct message *reply;
    unsigned tries = 0;

    do
        reply = message_alloc(bytes);
    while (!reply && vm_shortage_wait(KERN_RESOURCE_SHORTAGE, &tries));
    return reply || bytes > MESSAGE_SMALL_BYTES ? reply : message_alloc_urgent(bytes);
}

/* What ends with the last send right to its port. */
static void (*const no_senders[KOBJECT_TYPES])(struct port *port) = {
    [KOBJECT_IO_PERMISSION] = io_permission_no_senders,
    [KOBJECT_DEVICE_MEMORY] = device_map_no_senders,
    [KOBJECT_DEVICE] = device_no_senders,
    [KOBJECT_MEMORY_PROXY] = proxy_no_senders,
};

/* A notification that the kernel asked for on its own port; true if it was one. */
static bool serve_notification(struct port *port, const struct message *message)
{
    if (message->header.msgh_id != MACH_NOTIFY_NO_SENDERS ||
        MACH_MSGH_BITS_REMOTE(message->header.msgh_bits) != MACH_MSG_TYPE_PORT_SEND_ONCE)
        return false;
    if (port_kobject(port, port->kobject_type) && port->send_rights == 0 &&
        no_senders[port->kobject_type])
        no_senders[port->kobject_type](port);
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

/* A routine that found too little memory has changed nothing (it would else not refuse): it runs again
   when page-out has made room. */
static void run_again(const struct kobject_service *service, struct message *request,
                      mig_reply_header_t *out)
{
    unsigned tries = 0;

    while (vm_shortage_wait(out->RetCode, &tries))
        service->routine(&request->header, &out->Head);
}

struct message *kobject_finish(const struct kobject_service *service, struct message *request,
                               struct message *reply)
{
    struct port *port = request->header.msgh_remote_port;
    mach_msg_type_name_t type = MACH_MSGH_BITS_REMOTE(request->header.msgh_bits);
    mig_reply_header_t *out = (mig_reply_header_t *)&reply->header;
    bool answer = true;

    run_again(service, request, out);
    assert(out->Head.msgh_size <= reply->capacity);
    if (out->RetCode != KERN_SUCCESS)
        answer = finish_unusual(request, out);
    /* The reply right has moved into the reply, or to the routine. */
    message_free(request);
    port_release_used(port, type);
    if (answer && PORT_VALID(out->Head.msgh_remote_port))
        return reply;
    message_destroy(reply);
    return NULL;
}

/* There is no room for a reply: the request itself becomes one that says so, and what it brought is
   destroyed. Consumes it; NULL when nobody awaits a reply. */
static struct message *refuse(struct message *request)
{
    struct port *port = request->header.msgh_remote_port;
    mach_msg_type_name_t type = MACH_MSGH_BITS_REMOTE(request->header.msgh_bits);

    message_destroy_body(request);
    kobject_reply_init(request, request, sizeof(mig_reply_header_t));
    ((mig_reply_header_t *)&request->header)->RetCode = KERN_RESOURCE_SHORTAGE;
    request->payer = NULL;
    port_release_used(port, type);
    if (PORT_VALID(request->header.msgh_remote_port))
        return request;
    message_destroy(request);
    return NULL;
}

struct message *kobject_serve(struct message *request)
{
    const struct kobject_service *service = kobject_service_of(request->header.msgh_id);
    struct message *reply;

    /* Notifications come from anywhere: nothing may sleep before they are dealt with. */
    if (service->routine == unserved && serve_notification(request->header.msgh_remote_port, request)) {
        message_destroy(request);
        return NULL;
    }
    reply = alloc_reply(service->reply_bytes);
    if (!reply)
        return refuse(request);
    kobject_reply_init(reply, request, service->reply_bytes);
    kobject_run(service, request, reply);
    return kobject_finish(service, request, reply);
}
