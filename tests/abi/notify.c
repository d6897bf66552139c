/* SPDX-License-Identifier: BSD-2-Clause */
/* notify: each notification, received by a server from the reference's notify.defs, and its bytes. */
#include "module.h"

#include "mach.h"
#include "mach_port.h"
#include "notify_server.h"

static mach_port_t notified;     /* the port that the last notification came to */
static uint64_t told;            /* its argument */
static unsigned calls;

static kern_return_t note(mach_port_t port, uint64_t argument)
{
    notified = port;
    told = argument;
    calls++;
    return KERN_SUCCESS;
}

kern_return_t do_mach_notify_port_deleted(mach_port_t port, mach_port_t name)
{
    return note(port, name);
}

kern_return_t do_mach_notify_msg_accepted(mach_port_t port, mach_port_t name)
{
    return note(port, name);
}

kern_return_t do_mach_notify_port_destroyed(mach_port_t port, mach_port_t right)
{
    return note(port, right);
}

kern_return_t do_mach_notify_no_senders(mach_port_t port, mach_port_mscount_t count)
{
    return note(port, count);
}

kern_return_t do_mach_notify_send_once(mach_port_t port)
{
    return note(port, 0);
}

kern_return_t do_mach_notify_dead_name(mach_port_t port, mach_port_t name)
{
    return note(port, name);
}

static mach_port_t request(mach_port_t port, mach_msg_id_t what, mach_port_mscount_t sync,
                           mach_port_t to)
{
    mach_port_t previous = MACH_PORT_NULL;

    check_ok(mach_port_request_notification(self, port, what, sync, to,
                                            MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous),
             "mach_port_request_notification");
    return previous;
}

static void expect(mach_port_t to, mach_msg_id_t what, uint64_t argument, const char *words)
{
    unsigned before = calls;

    serve_one(notify_server, to); /* a notification has nobody to answer */
    check(calls == before + 1 && served_id == what && notified == to && told == argument, words);
}

static void dead_name(mach_port_t to)
{
    mach_port_t port = port_make(1);

    check(request(port, MACH_NOTIFY_DEAD_NAME, 0, to) == MACH_PORT_NULL, "nobody asked before");
    check_ok(mach_port_mod_refs(self, port, MACH_PORT_RIGHT_RECEIVE, -1), "the port dies");
    expect(to, MACH_NOTIFY_DEAD_NAME, port, "a dead-name notification with the name");
    check(port_refs(port, MACH_PORT_RIGHT_DEAD_NAME) == 2, "which holds a reference of its own");
    check_ok(mach_port_destroy(self, port), "the dead name goes");
}

static void deleted(mach_port_t to)
{
    mach_port_t port = port_make(1);

    request(port, MACH_NOTIFY_DEAD_NAME, 0, to);
    check_ok(mach_port_destroy(self, port), "a name with a request is destroyed");
    expect(to, MACH_NOTIFY_PORT_DELETED, port, "a port-deleted notification with the name");
}

static void no_senders(mach_port_t to)
{
    mach_port_t port = port_make(1);

    request(port, MACH_NOTIFY_NO_SENDERS, 1, to);
    check_ok(mach_port_mod_refs(self, port, MACH_PORT_RIGHT_SEND, -1), "the last send right goes");
    expect(to, MACH_NOTIFY_NO_SENDERS, 1, "a no-senders notification with the make-send count");
    check_ok(mach_port_destroy(self, port), "the port goes");
}

static void destroyed(mach_port_t to)
{
    mach_port_t port = port_make(0);

    request(port, MACH_NOTIFY_PORT_DESTROYED, 0, to);
    check_ok(mach_port_destroy(self, port), "a receive right that was to be handed on goes");
    serve_one(notify_server, to);
    check(served_id == MACH_NOTIFY_PORT_DESTROYED && notified == to, "a port-destroyed notification");
    check(port_type((mach_port_t)told) == MACH_PORT_TYPE_RECEIVE, "brings the receive right");
    check_ok(mach_port_destroy(self, (mach_port_t)told), "it goes for good");
}

static void send_once(mach_port_t to)
{
    mach_port_t once;
    mach_msg_type_name_t kind;

    check_ok(mach_port_extract_right(self, to, MACH_MSG_TYPE_MAKE_SEND_ONCE, &once, &kind),
             "a send-once right");
    check_ok(mach_port_deallocate(self, once), "is given up unused");
    expect(to, MACH_NOTIFY_SEND_ONCE, 0, "a send-once notification");
}

static void bytes_of_a_notification(mach_port_t to)
{
    mach_dead_name_notification_t message;
    mach_port_t port = port_make(1);

    request(port, MACH_NOTIFY_DEAD_NAME, 0, to);
    check_ok(mach_port_mod_refs(self, port, MACH_PORT_RIGHT_RECEIVE, -1), "another port dies");
    memset(&message, 0xaa, sizeof message);
    check_ok(receive(to, &message, sizeof message, NEVER), "the raw message fits its reference type");
    check(message.not_header.msgh_size == sizeof message &&
          message.not_header.msgh_id == MACH_NOTIFY_DEAD_NAME &&
          message.not_header.msgh_bits == MACH_MSGH_BITS(0, MACH_MSG_TYPE_PORT_SEND_ONCE) &&
          message.not_header.msgh_remote_port == MACH_PORT_NULL &&
          message.not_header.msgh_local_port == to, "each field of its header");
    check(message.not_type.msgt_name == MACH_MSG_TYPE_PORT_NAME && message.not_type.msgt_size == 32 &&
          message.not_type.msgt_number == 1 && message.not_type.msgt_inline &&
          !message.not_type.msgt_longform && !message.not_type.msgt_deallocate &&
          !message.not_type.msgt_unused, "each bit of its descriptor");
    check(message.not_port == port, "and the name");
    check_ok(mach_port_destroy(self, port), "the dead name goes");
}

static void errors(mach_port_t to)
{
    mach_port_t port = port_make(1), previous = MACH_PORT_NULL, other = port_make(0);

    check_code(mach_port_request_notification(self, port, 999, 0, to, MACH_MSG_TYPE_MAKE_SEND_ONCE,
                                              &previous), KERN_INVALID_VALUE, "no such notification");
    check_code(mach_port_request_notification(self, 0x7654, MACH_NOTIFY_DEAD_NAME, 0, to,
                                              MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous),
               KERN_INVALID_NAME, "no such name");
    check_code(mach_port_request_notification(self, host_port, MACH_NOTIFY_NO_SENDERS, 0, to,
                                              MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous),
               KERN_INVALID_RIGHT, "no-senders needs the receive right");
    request(port, MACH_NOTIFY_DEAD_NAME, 0, to);
    previous = request(port, MACH_NOTIFY_DEAD_NAME, 0, other);
    check(port_type(previous) == MACH_PORT_TYPE_SEND_ONCE, "a second request gives the first back");
    check_ok(mach_port_deallocate(self, previous), "that right goes");
    expect(to, MACH_NOTIFY_SEND_ONCE, 0, "so its port hears of a send-once right");
    check_ok(mach_port_request_notification(self, port, MACH_NOTIFY_DEAD_NAME, 0, MACH_PORT_NULL,
                                            MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous),
             "a request is cancelled");
    check_ok(mach_port_deallocate(self, previous), "what was asked for goes");
    check_ok(mach_port_destroy(self, port), "the port");
    check_ok(mach_port_destroy(self, other), "and the other");
}

void module(void)
{
    mach_port_t to = port_make(0);
    unsigned before = port_names();

    dead_name(to);
    deleted(to);
    no_senders(to);
    destroyed(to);
    send_once(to);
    bytes_of_a_notification(to);
    errors(to);
    check(port_names() == before, "as many names as before");
}
