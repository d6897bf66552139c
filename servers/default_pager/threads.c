/* SPDX-License-Identifier: BSD-2-Clause */
#include "threads.h"

#include <mach.h>
#include <mach/mig_errors.h>
#include <mach/notify.h>
#include <mig/default_pager_server.h>
#include <mig/pager_statistics_server.h>
#include <mig/seqnos_memory_object_default_server.h>
#include <mig/seqnos_memory_object_server.h>
#include <porthole/message.h>
#include <porthole/thread.h>

#include "lifecycle.h"
#include "store.h"

/* The kernel's messages are far smaller; the longest answers are lists of objects and pages. */
#define MESSAGE_BYTES 6144u
#define STACK_BYTES ((vm_size_t)32 * 1024)

/* A genuine notification comes by a send-once right, and nobody else is ever given one (H-48). */
static boolean_t is_no_senders(const mach_msg_header_t *request)
{
    return request->msgh_id == MACH_NOTIFY_NO_SENDERS &&
           MACH_MSGH_BITS_LOCAL(request->msgh_bits) == MACH_MSG_TYPE_PORT_SEND_ONCE;
}

static void no_senders(const mach_msg_header_t *request)
{
    const mach_no_senders_notification_t *notice = (const mach_no_senders_notification_t *)request;
    lifecycle_no_senders(request->msgh_local_port, request->msgh_seqno, notice->not_count);
}

/* MIG declares a subsystem's routines, but not its demultiplexer. */
boolean_t seqnos_memory_object_server(mach_msg_header_t *request, mach_msg_header_t *reply);
boolean_t seqnos_memory_object_default_server(mach_msg_header_t *request, mach_msg_header_t *reply);
boolean_t default_pager_server(mach_msg_header_t *request, mach_msg_header_t *reply);
boolean_t pager_statistics_server(mach_msg_header_t *request, mach_msg_header_t *reply);

static boolean_t call_handler(mach_msg_header_t *request, mach_msg_header_t *reply)
{
    return seqnos_memory_object_server(request, reply) ||
           seqnos_memory_object_default_server(request, reply) ||
           default_pager_server(request, reply) || pager_statistics_server(request, reply);
}

/*
 * Handles one message; TRUE if an answer is to be sent. A message that reaches no handler of an
 * object's still had a place in the order of that object's port: it is given away (H-18).
 */
static boolean_t handle(mach_msg_header_t *request, mach_msg_header_t *reply)
{
    mig_reply_header_t *answer = (mig_reply_header_t *)reply;
    if (is_no_senders(request)) {
        no_senders(request);
        return FALSE;
    }
    if (!call_handler(request, reply))
        mig_reply_setup(request, reply);
    if (reply->msgh_bits & MACH_MSGH_BITS_COMPLEX)
        return TRUE;
    if (answer->RetCode == MIG_NO_REPLY)
        return FALSE;
    if (answer->RetCode == MIG_BAD_ID || answer->RetCode == MIG_BAD_ARGUMENTS)
        lifecycle_skip(request->msgh_local_port, request->msgh_seqno);
    if (answer->RetCode != KERN_SUCCESS)
        mach_msg_destroy_body(request);
    return reply->msgh_remote_port != MACH_PORT_NULL;
}

/* Sends without waiting: a client whose port is full has lost its answer. */
static void send_reply(mach_msg_header_t *reply)
{
    mach_msg_return_t result = mach_msg(reply, MACH_SEND_MSG | MACH_SEND_TIMEOUT, reply->msgh_size,
        0, MACH_PORT_NULL, 0, MACH_PORT_NULL);
    if (result != MACH_MSG_SUCCESS)
        mach_msg_destroy(reply);
}

/* Faults now, and not when the pager must not any more. */
static __attribute__((noinline)) void touch_stack(void)
{
    volatile char below[2 * PAGER_PAGE];
    for (vm_size_t at = 0; at < sizeof below; at += PAGER_PAGE)
        below[at] = 0;
}

static unsigned started; /* threads that have touched what they need to receive */

static void serve(void *argument)
{
    mach_port_t set = (mach_port_t)(uintptr_t)argument;
    union {
        mach_msg_header_t header;
        unsigned char bytes[MESSAGE_BYTES];
    } request, reply;
    touch_stack();
    mig_get_reply_port(); /* for what it asks the disk: later there might be no memory for a port */
    __atomic_fetch_add(&started, 1, __ATOMIC_RELEASE);
    for (;;) {
        mach_msg_return_t result =
            mach_msg(&request.header, MACH_RCV_MSG, 0, sizeof request, set, 0, MACH_PORT_NULL);
        if (result == MACH_MSG_SUCCESS) {
            if (handle(&request.header, &reply.header))
                send_reply(&reply.header);
        } else if ((result & ~MACH_MSG_MASK) == MACH_RCV_TOO_LARGE) {
            lifecycle_skip(request.header.msgh_local_port, request.header.msgh_seqno);
        }
    }
}

boolean_t threads_serve(mach_port_t set, mach_port_t host_privileged)
{
    unsigned before = __atomic_load_n(&started, __ATOMIC_ACQUIRE);
    mach_port_t thread = thread_start(serve, (void *)(uintptr_t)set, STACK_BYTES);
    if (thread == MACH_PORT_NULL)
        return FALSE;
    while (__atomic_load_n(&started, __ATOMIC_ACQUIRE) == before)
        thread_sleep(1); /* a fault that it takes on another processor must be over when all is wired */
    return host_privileged == MACH_PORT_NULL ||
           thread_wire(host_privileged, thread, TRUE) == KERN_SUCCESS;
}
