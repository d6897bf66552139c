/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/task_notify.h"

#include <mig/gnumach_server.h>
#include <mig/task_notify.h>

#include "ipc/port.h"
#include "kernel/host.h"
#include "kernel/task.h"

#define UNHEARD_MAX 1024u /* notifications in the queue: bounds what makers of tasks can take */

static struct port *listener; /* a send right, or NULL */

/*
 * Consumes the right when it succeeds. One port may be registered until it dies (GNU Mach: for
 * ever); the null port is none. KERN_INVALID_HOST; KERN_NO_ACCESS: there is one.
 */
kern_return_t register_new_task_notification(host_t host_priv, mach_port_t notification)
{
    if (!host_priv)
        return KERN_INVALID_HOST;
    if (listener && listener->active)
        return KERN_NO_ACCESS;
    port_release_send(listener);
    listener = PORT_VALID(notification) ? notification : NULL;
    return KERN_SUCCESS;
}

bool task_notify_new(struct task *task, struct task *parent)
{
    if (!listener || !listener->active)
        return true;
    if (listener->message_count >= UNHEARD_MAX)
        return false;
    return mach_notify_new_task(listener, port_make_send(task->self),
                                parent->self ? port_make_send(parent->self) : NULL) !=
           MACH_SEND_NO_BUFFER;
}
