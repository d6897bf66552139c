/* SPDX-License-Identifier: BSD-2-Clause */
/* mach_port: names, rights, sets, status, protected payloads, and rights that travel. */
#include "module.h"

#include "mach.h"
#include "mach_port.h"

static void names(void)
{
    mach_port_t port, moved = 0x7001, task = MACH_PORT_NULL;
    mach_port_type_t type;

    check_ok(mach_port_allocate(self, MACH_PORT_RIGHT_RECEIVE, &port), "a receive right");
    check(port_type(port) == MACH_PORT_TYPE_RECEIVE, "its type is the receive right alone");
    check_ok(mach_port_rename(self, port, moved), "mach_port_rename");
    check_code(mach_port_type(self, port, &type), KERN_INVALID_NAME, "the old name is gone");
    check_code(mach_port_rename(self, moved, moved + 1), KERN_SUCCESS, "a name in use can go again");
    check_ok(mach_port_allocate_name(self, MACH_PORT_RIGHT_DEAD_NAME, 0x7100),
             "mach_port_allocate_name of a dead name");
    check(port_type(0x7100) == MACH_PORT_TYPE_DEAD_NAME, "a dead name's type");
    check_code(mach_port_allocate_name(self, MACH_PORT_RIGHT_RECEIVE, 0x7100), KERN_NAME_EXISTS,
               "a name that exists");
    check_code(mach_port_allocate_name(self, MACH_PORT_RIGHT_RECEIVE, MACH_PORT_NULL),
               KERN_INVALID_VALUE, "no port can have the name 0");
    check_code(mach_port_allocate(self, MACH_PORT_RIGHT_SEND, &port), KERN_INVALID_VALUE,
               "no send right without a port");
    check_ok(mach_port_deallocate(self, 0x7100), "a dead name's last reference");
    check_ok(mach_port_destroy(self, moved + 1), "mach_port_destroy");
    check_code(mach_port_destroy(self, moved + 1), KERN_INVALID_NAME, "it is gone");
    check_ok(task_create(self, FALSE, &task), "task_create");
    check_ok(mach_port_allocate_name(task, MACH_PORT_RIGHT_RECEIVE, 0x1234),
             "a name that is chosen, in another task");
    check_ok(mach_port_type(task, 0x1234, &type), "mach_port_type in another task");
    check_ok(task_terminate(task), "task_terminate");
    check_code(mach_port_type(task, 0x1234, &type), MACH_SEND_INVALID_DEST, "a dead task's names");
    check_ok(mach_port_deallocate(self, task), "the dead task's name goes");
    check_code(mach_port_type(host_port, 1, &type), KERN_INVALID_TASK, "a host is no name space");
}

static void references(void)
{
    mach_port_t port = port_make(1);
    unsigned before = port_names();

    check_ok(mach_port_mod_refs(self, port, MACH_PORT_RIGHT_SEND, 3), "three references more");
    check(port_refs(port, MACH_PORT_RIGHT_SEND) == 4, "mach_port_get_refs counts four");
    check(port_refs(port, MACH_PORT_RIGHT_RECEIVE) == 1, "and one receive right");
    check(port_refs(port, MACH_PORT_RIGHT_DEAD_NAME) == 0, "and no dead name");
    check_code(mach_port_mod_refs(self, port, MACH_PORT_RIGHT_SEND, -5), KERN_INVALID_VALUE,
               "five of four cannot go");
    check_code(mach_port_mod_refs(self, port, MACH_PORT_RIGHT_RECEIVE, 1), KERN_INVALID_VALUE,
               "there is one receive right");
    check_code(mach_port_mod_refs(self, port, MACH_PORT_RIGHT_PORT_SET, -1), KERN_INVALID_RIGHT,
               "a port is no port set");
    check_code(mach_port_mod_refs(self, port, 99, 1), KERN_INVALID_VALUE, "a right of no kind");
    check_ok(mach_port_deallocate(self, port), "mach_port_deallocate takes one");
    check(port_refs(port, MACH_PORT_RIGHT_SEND) == 3, "three are left");
    check(port_names() == before, "all under one name");
    check_ok(mach_port_mod_refs(self, port, MACH_PORT_RIGHT_RECEIVE, -1), "the port dies");
    check(port_type(port) == MACH_PORT_TYPE_DEAD_NAME, "the name is dead");
    check(port_refs(port, MACH_PORT_RIGHT_DEAD_NAME) == 3, "with the references of the send right");
    check_ok(mach_port_destroy(self, port), "the dead name goes");
}

static void sets(void)
{
    mach_port_t set, port = port_make(1);
    mach_port_name_array_t members;
    mach_msg_type_number_t count = 0;
    mach_msg_header_t message[2];

    check_ok(mach_port_allocate(self, MACH_PORT_RIGHT_PORT_SET, &set), "a port set");
    check(port_type(set) == MACH_PORT_TYPE_PORT_SET, "its type");
    check_ok(mach_port_move_member(self, port, set), "mach_port_move_member");
    check_ok(mach_port_get_set_status(self, set, &members, &count), "mach_port_get_set_status");
    check(count == 1 && members[0] == port, "the members come out of line");
    check_ok(vm_deallocate(self, (vm_address_t)members, PAGE), "as a page of ours");
    check_ok(send_empty(port, MACH_MSG_TYPE_COPY_SEND, 55), "a message to the member");
    check_ok(receive(set, message, sizeof message, 0), "received from the set");
    check(message->msgh_local_port == port && message->msgh_id == 55, "says which member");
    check_code(receive(port, message, sizeof message, 0), MACH_RCV_IN_SET, "not from a member");
    check_ok(mach_port_move_member(self, port, MACH_PORT_NULL), "out of the set");
    check_code(mach_port_move_member(self, port, MACH_PORT_NULL), KERN_NOT_IN_SET, "it is in none");
    check_code(mach_port_move_member(self, port, port), KERN_INVALID_RIGHT, "a port is no set");
    check_ok(mach_port_destroy(self, set), "the set goes");
    check_ok(mach_port_destroy(self, port), "and the port");
}

static void status(void)
{
    mach_port_t port = port_make(1);
    mach_port_status_t is;
    mach_msg_header_t message[2];

    check_ok(mach_port_get_receive_status(self, port, &is), "mach_port_get_receive_status");
    check(is.mps_pset == MACH_PORT_NULL && is.mps_seqno == 0 && is.mps_mscount == 1 &&
          is.mps_qlimit == MACH_PORT_QLIMIT_DEFAULT && is.mps_msgcount == 0 &&
          is.mps_sorights == 0 && is.mps_srights && !is.mps_pdrequest && !is.mps_nsrequest,
          "every field of a fresh port");
    check_ok(mach_port_set_qlimit(self, port, 1), "mach_port_set_qlimit");
    check_code(mach_port_set_qlimit(self, port, MACH_PORT_QLIMIT_MAX + 1), KERN_INVALID_VALUE,
               "above the largest limit");
    check_ok(mach_port_set_mscount(self, port, 7), "mach_port_set_mscount");
    check_ok(mach_port_set_seqno(self, port, 100), "mach_port_set_seqno");
    check_ok(send_empty(port, MACH_MSG_TYPE_COPY_SEND, 1), "one message fits");
    check_code(send_empty(port, MACH_MSG_TYPE_COPY_SEND, 2), MACH_SEND_TIMED_OUT, "two do not");
    check_ok(mach_port_get_receive_status(self, port, &is), "the status again");
    check(is.mps_qlimit == 1 && is.mps_mscount == 7 && is.mps_seqno == 100 && is.mps_msgcount == 1,
          "tells what was set");
    check_ok(receive(port, message, sizeof message, 0), "the message");
    check(message->msgh_seqno == 100, "has the sequence number");
    check_code(receive(port, message, sizeof message, 0), MACH_RCV_TIMED_OUT, "there is no other");
    check_ok(mach_port_set_protected_payload(self, port, 0x1122334455667788), "a payload");
    check_ok(send_empty(port, MACH_MSG_TYPE_COPY_SEND, 3), "a message to a port with a payload");
    check_ok(receive(port, message, sizeof message, 0), "arrives");
    check(message->msgh_protected_payload == 0x1122334455667788 &&
          MACH_MSGH_BITS_LOCAL(message->msgh_bits) == MACH_MSG_TYPE_PROTECTED_PAYLOAD,
          "with 64 bits of payload");
    check_ok(mach_port_clear_protected_payload(self, port), "mach_port_clear_protected_payload");
    check_ok(mach_port_destroy(self, port), "the port goes");
}

/* A message with two rights out of line and one inline, as MIG would lay it out. */
struct rights_message {
    mach_msg_header_t header;
    mach_msg_type_t array_type;
    mach_port_t *array;
    mach_msg_type_t one_type;
    mach_port_name_inlined_t one;
};

static void travel(void)
{
    mach_port_t port = port_make(1), carried = port_make(0), array[2] = { carried, carried };
    struct rights_message message = {
        .header = { .msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0) | MACH_MSGH_BITS_COMPLEX },
        .array_type = { .msgt_name = MACH_MSG_TYPE_MAKE_SEND, .msgt_size = 32, .msgt_number = 2 },
        .array = array,
        .one_type = { .msgt_name = MACH_MSG_TYPE_MAKE_SEND_ONCE, .msgt_size = 64, .msgt_number = 1,
                      .msgt_inline = TRUE },
        .one = { .name = carried },
    };

    message.header.msgh_remote_port = port;
    check_ok(mach_msg(&message.header, MACH_SEND_MSG, sizeof message, 0, MACH_PORT_NULL, 0,
                      MACH_PORT_NULL), "rights inline and out of line are sent");
    check_ok(receive(port, &message, sizeof message, 0), "and received");
    check(message.header.msgh_size == sizeof message && message.array_type.msgt_number == 2 &&
          message.array_type.msgt_name == MACH_MSG_TYPE_PORT_SEND && !message.array_type.msgt_inline,
          "the array's descriptor says two send rights");
    check(message.array[0] == carried && message.array[1] == carried,
          "they have the receive right's name");
    check(port_refs(carried, MACH_PORT_RIGHT_SEND) == 2, "and are two references");
    check(message.one_type.msgt_name == MACH_MSG_TYPE_PORT_SEND_ONCE &&
          port_type(message.one.name) == MACH_PORT_TYPE_SEND_ONCE, "the third is a send-once right");
    check(message.one.kernel_port_do_not_use == message.one.name, "its upper half is zero");
    check_ok(mach_port_deallocate(self, message.one.name), "the send-once right goes");
    check_ok(vm_deallocate(self, (vm_address_t)message.array, PAGE), "the array goes");
    check_ok(mach_port_destroy(self, carried), "the port goes");
    check_ok(mach_port_destroy(self, port), "and the other");
}

static void extraction(void)
{
    mach_port_t task = MACH_PORT_NULL, got = MACH_PORT_NULL;
    mach_msg_type_name_t kind = 0;

    check_ok(task_create(self, FALSE, &task), "task_create");
    check_ok(mach_port_allocate_name(task, MACH_PORT_RIGHT_RECEIVE, 0x55), "a port over there");
    check_ok(mach_port_extract_right(task, 0x55, MACH_MSG_TYPE_MAKE_SEND, &got, &kind),
             "mach_port_extract_right");
    check(kind == MACH_MSG_TYPE_PORT_SEND && port_type(got) == MACH_PORT_TYPE_SEND,
          "a send right came");
    check_code(mach_port_extract_right(task, 0x55, MACH_MSG_TYPE_COPY_SEND, &got, &kind),
               KERN_INVALID_RIGHT, "there is none to copy over there");
    check_code(mach_port_insert_right(task, 0x55, host_port, MACH_MSG_TYPE_COPY_SEND),
               KERN_NAME_EXISTS, "the name is taken");
    check_code(mach_port_insert_right(task, 0x56, got, MACH_MSG_TYPE_COPY_SEND), KERN_RIGHT_EXISTS,
               "the port has a name over there");
    check_ok(mach_port_insert_right(task, 0x55, got, MACH_MSG_TYPE_MOVE_SEND),
             "under that name the right goes back");
    check(port_type(got) == 0, "and is gone here");
    check_ok(task_terminate(task), "task_terminate");
    check_ok(mach_port_deallocate(self, task), "the dead task's name goes");
}

void module(void)
{
    unsigned before;

    names();
    before = port_names();
    references();
    sets();
    status();
    travel();
    extraction();
    check(port_names() == before, "as many names as before");
}
