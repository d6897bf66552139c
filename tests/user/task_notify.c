/* SPDX-License-Identifier: BSD-2-Clause */
/* The notification about new tasks: register_new_task_notification, mach_notify_new_task. */
#include "test.h"
#include "wire.h"

#define SELF         mach_task_self()
#define ID_NEW_TASK  4400
#define QUEUE_UNHEARD 1024 /* notifications that may wait before no more tasks are made */

static struct wire wire;

static mach_port_t listen(void)
{
    mach_port_t port = port_make(TRUE);

    CHECK_OK(register_new_task_notification(test_host_port, port, MACH_MSG_TYPE_COPY_SEND));
    return port;
}

static void expect_new_task(mach_port_t port, mach_port_t task, mach_port_t parent)
{
    CHECK_OK(wire_receive(&wire, port, 5000));
    CHECK_EQ(wire.header.msgh_id, ID_NEW_TASK);
    CHECK_EQ(wire.header.msgh_size, 64);
    CHECK_EQ(wire.header.msgh_remote_port, MACH_PORT_NULL);
    CHECK_EQ(MACH_MSGH_BITS_LOCAL(wire.header.msgh_bits), MACH_MSG_TYPE_PORT_SEND);
    CHECK_EQ(wire_type(&wire, 0)->msgt_name, MACH_MSG_TYPE_PORT_SEND);
    CHECK_EQ(wire_port(&wire, 0), task);
    CHECK_EQ(wire_port(&wire, 1), parent);
    CHECK_OK(mach_port_deallocate(SELF, task));
    CHECK_OK(mach_port_deallocate(SELF, parent));
}

TEST(0, each_new_task_is_told_with_its_parent)
{
    mach_port_t port = listen(), child, grandchild;

    CHECK_OK(task_create(SELF, FALSE, &child));
    expect_new_task(port, child, SELF);
    CHECK_OK(task_create(child, TRUE, &grandchild));
    expect_new_task(port, grandchild, child);
    CHECK_EQ(port_refs(grandchild, MACH_PORT_RIGHT_SEND), 1);
    CHECK_OK(task_terminate(grandchild));
    CHECK_OK(task_terminate(child));
    CHECK_RETURNS(wire_receive(&wire, port, 20), MACH_RCV_TIMED_OUT);
}

TEST(0, one_port_is_told_until_it_dies)
{
    mach_port_t port = listen(), other = port_make(TRUE), child;
    mach_port_rights_t rights;

    CHECK_RETURNS(register_new_task_notification(mach_host_self(), other, MACH_MSG_TYPE_COPY_SEND),
                  KERN_INVALID_HOST);
    CHECK_RETURNS(register_new_task_notification(SELF, other, MACH_MSG_TYPE_COPY_SEND),
                  KERN_INVALID_HOST);
    CHECK_RETURNS(register_new_task_notification(test_host_port, other, MACH_MSG_TYPE_COPY_SEND),
                  KERN_NO_ACCESS);
    CHECK_OK(mach_port_get_srights(SELF, other, &rights));
    CHECK_EQ(rights, 1);
    CHECK_OK(mach_port_destroy(SELF, port));
    CHECK_OK(task_create(SELF, FALSE, &child)); /* told to nobody */
    CHECK_OK(register_new_task_notification(test_host_port, MACH_PORT_NULL,
                                            MACH_MSG_TYPE_COPY_SEND));
    CHECK_OK(register_new_task_notification(test_host_port, other, MACH_MSG_TYPE_COPY_SEND));
    CHECK_OK(mach_port_get_srights(SELF, other, &rights));
    CHECK_EQ(rights, 2); /* the kernel has one */
    CHECK_OK(task_create(SELF, FALSE, &child));
    expect_new_task(other, child, SELF);
}

TEST(0, who_does_not_listen_stops_the_making_of_tasks)
{
    mach_port_t port = listen(), child;
    kern_return_t code = KERN_SUCCESS;
    unsigned made = 0;

    while ((code = task_create(SELF, FALSE, &child)) == KERN_SUCCESS) {
        CHECK_OK(task_terminate(child));
        CHECK_OK(mach_port_deallocate(SELF, child));
        made++;
    }
    CHECK_EQ(code, KERN_RESOURCE_SHORTAGE);
    CHECK_EQ(made, QUEUE_UNHEARD);
    CHECK_OK(wire_receive(&wire, port, 1000));
    CHECK_EQ(wire_port(&wire, 0), MACH_PORT_DEAD); /* the child has ended meanwhile */
    CHECK_OK(task_create(SELF, FALSE, &child));
    CHECK_RETURNS(task_create(SELF, FALSE, &child), KERN_RESOURCE_SHORTAGE);
}
