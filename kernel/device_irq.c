/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device "irq": interrupts as messages (device_intr_register, device_intr_ack).
 *
 * Several users may share a line. An interrupt stops the line and sends each user a message; the
 * line goes on when all of them have acknowledged. A user whose port has died is forgotten, at
 * the latest by the watch that looks at stopped lines.
 */
#include <device/notify.h>
#include <mig/device_server.h>

#include "ipc/kernel_message.h"
#include "ipc/port.h"
#include "kernel/clock.h"
#include "kernel/device.h"
#include "kernel/thread.h"
#include "kernel/x86_64/interrupt.h"
#include "mm/kmem.h"

#define USERS_MAX 64u
#define WATCH_MS 500u
#define RETRY_MS 5u

/* One registration. */
struct interrupt_user {
    struct list_node link;  /* in its line's users */
    struct port *port;      /* owns a send right */
    bool unacknowledged;    /* has been told, or is to be, and has not answered */
    bool untold;            /* no memory yet for the message that tells it */
};

struct interrupt_line {
    struct list users;
    bool attached;          /* line_interrupt is the line's handler */
    bool stopped;           /* masked until all users have acknowledged */
    struct timeout watch;   /* pending while stopped */
};

static struct interrupt_line lines[INTERRUPT_LINES];
static struct kmem_cache user_cache;

static unsigned line_number(const struct interrupt_line *line)
{
    return (unsigned)(line - lines);
}

/*
 * Sends one message; false if there is no memory for it. Whoever happened to run when the
 * interrupt came is not asked for privilege: the driver that frees memory may be the receiver.
 */
static bool send_notification(struct interrupt_user *user, int id)
{
    static const mach_msg_type_t type = {.msgt_name = MACH_MSG_TYPE_INTEGER_32,
                                         .msgt_size = 32,
                                         .msgt_inline = 1,
                                         .msgt_number = 1};
    device_intr_notification_t message = {
        .intr_header = {.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_PORT_SEND, 0),
                        .msgh_size = sizeof message,
                        .msgh_remote_port = port_copy_send(user->port),
                        .msgh_id = DEVICE_INTR_NOTIFY},
        .intr_type = type,
        .id = id,
    };
    struct thread *thread = thread_current();
    bool privileged = thread->vm_privileged;
    mach_msg_return_t result;

    thread->vm_privileged = true;
    result = mach_msg_send_from_kernel(&message.intr_header, sizeof message);
    thread->vm_privileged = privileged;
    return result != MACH_SEND_NO_BUFFER;
}

static void forget_user(struct interrupt_user *user)
{
    list_remove(&user->link);
    port_release_send(user->port);
    kmem_cache_free(&user_cache, user);
}

static void forget_dead_users(struct interrupt_line *line)
{
    list_for_each_safe(&line->users, node) {
        struct interrupt_user *user = list_entry(node, struct interrupt_user, link);

        if (!user->port->active)
            forget_user(user);
    }
}

/* Lets a stopped line go on when nobody owes an acknowledgement; gives it up when nobody is
   left. */
static void restart_if_served(struct interrupt_line *line)
{
    unsigned number = line_number(line);

    list_for_each(&line->users, node) {
        if (list_entry(node, struct interrupt_user, link)->unacknowledged)
            return;
    }
    timeout_cancel(&line->watch);
    line->stopped = false;
    interrupt_acknowledge(number);
    if (!list_empty(&line->users)) {
        interrupt_unmask(number);
        return;
    }
    line->attached = false;
    interrupt_detach(number);
}

/* Tells those who have not been told; true if nobody is left untold. */
static bool tell_users(struct interrupt_line *line)
{
    bool all = true;

    list_for_each(&line->users, node) {
        struct interrupt_user *user = list_entry(node, struct interrupt_user, link);

        if (user->untold)
            user->untold = !send_notification(user, (int)line_number(line));
        all = all && !user->untold;
    }
    return all;
}

/* Looks after a stopped line from time to time, sooner while a message could not be sent. */
static void watch_line(void *argument)
{
    struct interrupt_line *line = argument;
    bool all_told = tell_users(line);

    forget_dead_users(line);
    restart_if_served(line);
    if (line->stopped)
        timeout_start(&line->watch, deadline_after_ms(all_told ? WATCH_MS : RETRY_MS), watch_line,
                      line);
}

/* The line has interrupted. */
static void line_interrupt(void *argument)
{
    struct interrupt_line *line = argument;

    interrupt_mask(line_number(line));
    timeout_cancel(&line->watch);
    line->stopped = true;
    list_for_each(&line->users, node) {
        struct interrupt_user *user = list_entry(node, struct interrupt_user, link);

        if (!user->unacknowledged)
            user->unacknowledged = user->untold = true;
    }
    watch_line(line);
}

static struct interrupt_user *find_user(struct interrupt_line *line, const struct port *port)
{
    list_for_each(&line->users, node) {
        struct interrupt_user *user = list_entry(node, struct interrupt_user, link);

        if (user->port == port)
            return user;
    }
    return NULL;
}

static void prepare_lines(void)
{
    if (user_cache.name)
        return;
    kmem_cache_init(&user_cache, "interrupt users", sizeof(struct interrupt_user), 0, USERS_MAX);
    for (unsigned i = 0; i < INTERRUPT_LINES; i++)
        list_init(&lines[i].users);
}

/*
 * Has the interrupts of a line sent to a port; consumes the send right when it succeeds.
 * Results: D_NO_SUCH_DEVICE; D_INVALID_OPERATION for another device or a flag;
 * KERN_INVALID_ARGUMENT: no such line, or no live port; D_ALREADY_OPEN: the kernel uses the line itself, or the port has it already.
 */
kern_return_t ds_device_intr_register(device_t device, int id, int flags, ipc_port_t port)
{
    struct interrupt_line *line;
    struct interrupt_user *user;

    if (!device)
        return D_NO_SUCH_DEVICE;
    if (device->operations != &device_irq || flags != 0)
        return D_INVALID_OPERATION;
    /* The kernel does not serve requests in interrupts: its own ports are no receivers. */
    if (id < 0 || id >= INTERRUPT_LINES || !PORT_VALID(port) || !port->active ||
        port->kobject_type != KOBJECT_NONE)
        return KERN_INVALID_ARGUMENT;
    prepare_lines();
    line = &lines[id];
    forget_dead_users(line);
    if (find_user(line, port))
        return D_ALREADY_OPEN;
    user = kmem_cache_alloc(&user_cache);
    if (!user)
        return D_NO_MEMORY;
    if (!line->attached) {
        line->attached = interrupt_attach((unsigned)id, line_interrupt, line);
        if (!line->attached) {
            kmem_cache_free(&user_cache, user);
            return D_ALREADY_OPEN;
        }
        interrupt_unmask((unsigned)id);
    }
    *user = (struct interrupt_user){.port = port};
    list_insert_tail(&line->users, &user->link);
    return KERN_SUCCESS;
}

/* A user has served its interrupt. Consumes the send right when it succeeds. */
kern_return_t ds_device_intr_ack(device_t device, ipc_port_t port)
{
    if (!device)
        return D_NO_SUCH_DEVICE;
    if (device->operations != &device_irq)
        return D_INVALID_OPERATION;
    if (!PORT_VALID(port))
        return KERN_INVALID_ARGUMENT;
    prepare_lines();
    for (unsigned i = 0; i < INTERRUPT_LINES; i++) {
        struct interrupt_user *user = find_user(&lines[i], port);

        if (!user || !user->unacknowledged)
            continue;
        user->unacknowledged = user->untold = false;
        restart_if_served(&lines[i]);
        port_release_send(port);
        return KERN_SUCCESS;
    }
    return D_INVALID_OPERATION;
}

const struct device_operations device_irq = {0};
