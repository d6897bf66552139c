/* SPDX-License-Identifier: BSD-2-Clause */
#include <mach.h>
#include <porthole/pager.h>
#include <porthole/thread.h>

#include "pager_messages.h"
#include "pager_object.h"

#define MESSAGE_BYTES 1024u /* the kernel's are far smaller; what is larger is no kernel's */

static void serve(void *unused)
{
    (void)unused;
    mach_msg_server_counting(pager_demux, pager_message_lost, MESSAGE_BYTES, pager_objects_set());
}

kern_return_t pager_serve(unsigned threads)
{
    if (pager_objects_set() == MACH_PORT_NULL) {
        return KERN_RESOURCE_SHORTAGE;
    }
    for (unsigned i = 1; i < threads; i++) {
        if (thread_start(serve, NULL, THREAD_STACK_MAX) == MACH_PORT_NULL) {
            return KERN_RESOURCE_SHORTAGE;
        }
    }
    serve(NULL);
    return KERN_RESOURCE_SHORTAGE;
}
