/* SPDX-License-Identifier: BSD-2-Clause */
/* Each allocation that fails in turn (injection.h): names, rights, port sets, notifications. */
#include <mach/notify.h>

#include "audit.h"
#include "injection.h"
#include "test.h"

#define SELF     mach_task_self()
#define SHORTAGE .codes = {KERN_RESOURCE_SHORTAGE}, .must_refuse = TRUE
#define MANY     300 /* more names than a leaf of a space's table has */
#define CHOSEN   40  /* more than the first buckets are for */
#define WAIT     5000

static mach_port_t port, set, watcher, child;

static kern_return_t allocate(mach_port_right_t right)
{
    mach_port_t made = MACH_PORT_NULL;
    kern_return_t result = mach_port_allocate(SELF, right, &made);

    if (result == KERN_SUCCESS)
        UNDO(mach_port_mod_refs(SELF, made, right, -1));
    return result;
}

static kern_return_t allocate_receive(void)
{
    return allocate(MACH_PORT_RIGHT_RECEIVE);
}

static kern_return_t allocate_set(void)
{
    return allocate(MACH_PORT_RIGHT_PORT_SET);
}

static kern_return_t allocate_dead_name(void)
{
    return allocate(MACH_PORT_RIGHT_DEAD_NAME);
}

static kern_return_t allocate_chosen(void)
{
    kern_return_t result = mach_port_allocate_name(SELF, MACH_PORT_RIGHT_RECEIVE, 0x123456);

    if (result == KERN_SUCCESS)
        UNDO(mach_port_mod_refs(SELF, 0x123456, MACH_PORT_RIGHT_RECEIVE, -1));
    return result;
}

static kern_return_t rename(void)
{
    kern_return_t result = mach_port_rename(SELF, port, 0x345678);

    if (result == KERN_SUCCESS)
        UNDO(mach_port_rename(SELF, 0x345678, port));
    return result;
}

static kern_return_t reply_port(void)
{
    mach_port_t made = mach_reply_port();

    if (made == MACH_PORT_NULL)
        return KERN_RESOURCE_SHORTAGE;
    UNDO(mach_port_mod_refs(SELF, made, MACH_PORT_RIGHT_RECEIVE, -1));
    return KERN_SUCCESS;
}

TEST(0, names_are_made_or_not_when_an_allocation_fails)
{
    port = port_make(TRUE);
    INJECT(allocate_receive, .codes = {KERN_RESOURCE_SHORTAGE}); /* trap and message */
    INJECT(allocate_receive, SHORTAGE, .times = 2);
    INJECT(allocate_set, SHORTAGE);
    INJECT(allocate_dead_name, .codes = {KERN_RESOURCE_SHORTAGE}, .fresh = TRUE);
    INJECT(allocate_chosen, SHORTAGE);
    INJECT(rename, .codes = {KERN_RESOURCE_SHORTAGE}, .fresh = TRUE);
    INJECT(reply_port, SHORTAGE);
}

static void make_child(void)
{
    if (child != MACH_PORT_NULL) {
        CHECK_OK(task_terminate(child));
        CHECK_OK(mach_port_deallocate(SELF, child));
    }
    CHECK_OK(task_create(SELF, FALSE, &child));
}

/* The child's table grows, more than once. */
static kern_return_t allocate_many(void)
{
    for (unsigned i = 0; i < MANY; i++) {
        mach_port_t made;
        kern_return_t result = mach_port_allocate(child, MACH_PORT_RIGHT_DEAD_NAME, &made);

        if (result != KERN_SUCCESS)
            return result;
    }
    return KERN_SUCCESS;
}

/* The buckets of chosen names grow too. */
static kern_return_t choose_many(void)
{
    for (unsigned i = 0; i < CHOSEN; i++) {
        kern_return_t result =
            mach_port_allocate_name(child, MACH_PORT_RIGHT_DEAD_NAME, 0x10000000 + i * 0x10000);

        if (result != KERN_SUCCESS)
            return result;
    }
    return KERN_SUCCESS;
}

static kern_return_t insert_right(void)
{
    return mach_port_insert_right(child, 0x12345678, port, MACH_MSG_TYPE_MAKE_SEND);
}

static kern_return_t extract_right(void)
{
    mach_msg_type_name_t type;
    mach_port_t right = MACH_PORT_NULL;
    kern_return_t result =
        mach_port_extract_right(child, 0x1234, MACH_MSG_TYPE_MAKE_SEND, &right, &type);

    if (result == KERN_SUCCESS)
        UNDO(mach_port_deallocate(SELF, right));
    return result;
}

TEST(0, rights_are_given_and_taken_or_not_when_an_allocation_fails)
{
    port = port_make(TRUE);
    make_child();
    INJECT(allocate_many, SHORTAGE, .prepare = make_child);
    INJECT(choose_many, SHORTAGE, .prepare = make_child);
    INJECT(insert_right, SHORTAGE, .prepare = make_child);
    make_child();
    CHECK_OK(mach_port_allocate_name(child, MACH_PORT_RIGHT_RECEIVE, 0x1234));
    INJECT(extract_right, .codes = {KERN_RESOURCE_SHORTAGE, MACH_RCV_BODY_ERROR | MACH_MSG_IPC_KERNEL},
           .fresh = TRUE);
}

static kern_return_t names(void)
{
    mach_port_name_array_t list = NULL;
    mach_port_type_array_t types = NULL;
    mach_msg_type_number_t count = 0, type_count = 0;
    kern_return_t result = mach_port_names(SELF, &list, &count, &types, &type_count);

    if (result != KERN_SUCCESS)
        return result;
    CHECK_EQ(count, type_count);
    UNDO(vm_deallocate(SELF, (vm_address_t)list, count * sizeof *list));
    UNDO(vm_deallocate(SELF, (vm_address_t)types, count * sizeof *types));
    return KERN_SUCCESS;
}

static kern_return_t set_status(void)
{
    mach_port_name_array_t list = NULL;
    mach_msg_type_number_t count = 0;
    kern_return_t result = mach_port_get_set_status(SELF, set, &list, &count);

    if (result == KERN_SUCCESS)
        UNDO(vm_deallocate(SELF, (vm_address_t)list, count * sizeof *list));
    return result;
}

static kern_return_t move_member(void)
{
    kern_return_t result = mach_port_move_member(SELF, port, set);

    if (result == KERN_SUCCESS)
        UNDO(mach_port_move_member(SELF, port, MACH_PORT_NULL));
    return result;
}

TEST(0, port_sets_and_lists_of_names_survive_each_failing_allocation)
{
    port = port_make(TRUE);
    CHECK_OK(mach_port_allocate(SELF, MACH_PORT_RIGHT_PORT_SET, &set));
    INJECT(move_member, .codes = {KERN_RESOURCE_SHORTAGE}, .fresh = TRUE);
    CHECK_OK(mach_port_move_member(SELF, port, set));
    INJECT(names, SHORTAGE);
    INJECT(set_status, SHORTAGE);
}

/* The next message at the watcher; its id. */
static mach_msg_id_t told(void)
{
    struct kernel_message message;

    message_receive(watcher, &message, WAIT);
    return message.id;
}

static kern_return_t watch(mach_port_t name, mach_msg_id_t id)
{
    mach_port_t previous = MACH_PORT_NULL;

    return mach_port_request_notification(SELF, name, id, 0, watcher, MACH_MSG_TYPE_MAKE_SEND_ONCE,
                                          &previous);
}

/* Made, watched and killed: what was promised comes, whatever failed. */
static kern_return_t dead_name(void)
{
    mach_port_t made = MACH_PORT_NULL;
    kern_return_t result = mach_port_allocate(SELF, MACH_PORT_RIGHT_RECEIVE, &made);

    if (result != KERN_SUCCESS)
        return result;
    UNDO(mach_port_insert_right(SELF, made, made, MACH_MSG_TYPE_MAKE_SEND));
    result = watch(made, MACH_NOTIFY_DEAD_NAME);
    UNDO(mach_port_mod_refs(SELF, made, MACH_PORT_RIGHT_RECEIVE, -1));
    UNDO(mach_port_deallocate(SELF, made)); /* the notification holds a reference of its own */
    return result;
}

/* One notification for each request that was accepted, none for others. */
static void expect_dead_name(void)
{
    mach_port_status_t status = port_status(watcher);

    while (status.mps_msgcount > 0) {
        struct kernel_message message;

        message_receive(watcher, &message, WAIT);
        if (message.id == MACH_NOTIFY_DEAD_NAME)
            CHECK_OK(mach_port_deallocate(SELF, message.not_name));
        else
            CHECK_EQ(message.id, MACH_NOTIFY_SEND_ONCE); /* the right of a refused request */
        status = port_status(watcher);
    }
    CHECK_EQ(status.mps_sorights, 0);
}

static kern_return_t no_senders(void)
{
    kern_return_t result = mach_port_insert_right(SELF, port, port, MACH_MSG_TYPE_MAKE_SEND);

    if (result != KERN_SUCCESS)
        return result;
    result = watch(port, MACH_NOTIFY_NO_SENDERS);
    UNDO(mach_port_deallocate(SELF, port));
    if (result == KERN_SUCCESS)
        CHECK_EQ(told(), MACH_NOTIFY_NO_SENDERS);
    return result;
}

static kern_return_t port_destroyed(void)
{
    struct kernel_message message;
    kern_return_t result = watch(port, MACH_NOTIFY_PORT_DESTROYED);

    if (result != KERN_SUCCESS)
        return result;
    UNDO(mach_port_mod_refs(SELF, port, MACH_PORT_RIGHT_RECEIVE, -1));
    message_receive(watcher, &message, WAIT);
    CHECK_EQ(message.id, MACH_NOTIFY_PORT_DESTROYED);
    port = message.not_name;
    return KERN_SUCCESS;
}

TEST(0, a_notification_that_was_promised_comes_when_an_allocation_fails)
{
    watcher = port_make(FALSE);
    port = port_make(FALSE);
    INJECT(dead_name, .codes = {KERN_RESOURCE_SHORTAGE}, .must_refuse = TRUE, .check = expect_dead_name);
    INJECT(no_senders, .codes = {KERN_RESOURCE_SHORTAGE}, .check = expect_dead_name);
    INJECT(port_destroyed, .codes = {KERN_RESOURCE_SHORTAGE}, .check = expect_dead_name, .fresh = TRUE);
}
