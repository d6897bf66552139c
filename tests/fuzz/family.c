/* SPDX-License-Identifier: BSD-2-Clause */
#include "family.h"
#include "test.h"

#define MEMBER_PRIORITY 30 /* below the supervisor */

static boolean_t dead(mach_port_t name)
{
    mach_port_type_t type = 0;

    return mach_port_type(mach_task_self(), name, &type) != KERN_SUCCESS ||
           !(type & MACH_PORT_TYPE_SEND);
}

static void forget(mach_port_t *name)
{
    mach_port_type_t type = 0;

    if (*name != MACH_PORT_NULL && mach_port_type(mach_task_self(), *name, &type) == KERN_SUCCESS)
        mach_port_destroy(mach_task_self(), *name);
    *name = MACH_PORT_NULL;
}

/*
 * Puts a right under the name that members know; whatever had that name is gone. A right that was
 * to move there and did not, because some other member has ended the task, goes too.
 */
static void give(mach_port_t task, enum target target, unsigned i, mach_port_t right,
                 mach_msg_type_name_t disposition)
{
    kern_return_t result;

    mach_port_destroy(task, given_name(target, i));
    result = mach_port_insert_right(task, given_name(target, i), right, disposition);
    if (result != KERN_SUCCESS && disposition == MACH_MSG_TYPE_MOVE_SEND)
        mach_port_deallocate(mach_task_self(), right);
}

/* What a new task has besides its relatives. */
static void give_all(struct family *family, unsigned number)
{
    mach_port_t task = family->tasks[number], set, device;

    give(task, TARGET_HOST, 0, mach_host_self(), MACH_MSG_TYPE_COPY_SEND);
    if (settings.privileged)
        give(task, TARGET_HOST, 1, test_host_port, MACH_MSG_TYPE_COPY_SEND);
    if (processor_set_default(mach_host_self(), &set) == KERN_SUCCESS)
        give(task, TARGET_PROCESSOR_SET, 0, set, MACH_MSG_TYPE_MOVE_SEND);
    if (device_open(test_device_port, D_READ, "time", &device) == KERN_SUCCESS)
        give(task, TARGET_DEVICE, 0, device, MACH_MSG_TYPE_MOVE_SEND);
    if (device_open(test_device_port, D_READ, "initrd", &device) == KERN_SUCCESS)
        give(task, TARGET_DEVICE, 1, device, MACH_MSG_TYPE_MOVE_SEND);
}

/* A port that all can send to and the new task receives from. */
static void give_mailbox(struct family *family, unsigned number)
{
    mach_port_t mailbox;

    if (mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &mailbox) != KERN_SUCCESS)
        return;
    for (unsigned i = 0; i < settings.tasks; i++)
        if (i != number && family->tasks[i] != MACH_PORT_NULL)
            give(family->tasks[i], TARGET_ANY, number, mailbox, MACH_MSG_TYPE_MAKE_SEND);
    give(family->tasks[number], TARGET_ANY, number, mailbox, MACH_MSG_TYPE_MOVE_RECEIVE);
    forget(&mailbox); /* when it did not move */
}

static void introduce_task(struct family *family, unsigned number)
{
    for (unsigned i = 0; i < settings.tasks; i++) {
        if (family->tasks[i] == MACH_PORT_NULL)
            continue;
        give(family->tasks[i], TARGET_TASK, number, family->tasks[number], MACH_MSG_TYPE_COPY_SEND);
        give(family->tasks[number], TARGET_TASK, i, family->tasks[i], MACH_MSG_TYPE_COPY_SEND);
    }
}

static void introduce_thread(struct family *family, unsigned member)
{
    for (unsigned i = 0; i < settings.tasks; i++)
        if (family->tasks[i] != MACH_PORT_NULL)
            give(family->tasks[i], TARGET_THREAD, member % SLOTS, family->threads[member],
                 MACH_MSG_TYPE_COPY_SEND);
}

static void make_task(struct family *family, unsigned number)
{
    mach_port_t *task = &family->tasks[number];

    if (task_create(mach_task_self(), TRUE, task) != KERN_SUCCESS) {
        *task = MACH_PORT_NULL;
        return;
    }
    family->tasks_made++;
    task_set_special_port(*task, TASK_EXCEPTION_PORT, family->exceptions);
    task_priority(*task, MEMBER_PRIORITY, FALSE);
    give_all(family, number);
    introduce_task(family, number);
    give_mailbox(family, number);
}

/* The registers of a member's beginning. */
static kern_return_t set_beginning(mach_port_t thread, unsigned member)
{
    struct i386_thread_state state;
    mach_msg_type_number_t count = i386_THREAD_STATE_COUNT;
    kern_return_t result = thread_get_state(thread, i386_THREAD_STATE, (thread_state_t)&state, &count);

    if (result != KERN_SUCCESS)
        return result;
    state.rip = (uintptr_t)member_main;
    state.rdi = member;
    state.rbp = 0;
    state.rfl = 0x202;
    state.ursp = member_stack(member);
    return thread_set_state(thread, i386_THREAD_STATE, (thread_state_t)&state, i386_THREAD_STATE_COUNT);
}

static void make_thread(struct family *family, unsigned member)
{
    mach_port_t *thread = &family->threads[member], task = family->tasks[member / settings.threads];

    if (thread_create(task, thread) != KERN_SUCCESS) {
        *thread = MACH_PORT_NULL;
        return;
    }
    family->threads_made++;
    introduce_thread(family, member);
    set_beginning(*thread, member);
    thread_resume(*thread);
}

void family_create(struct family *family)
{
    family->exceptions = port_make(TRUE);
    mach_port_set_qlimit(mach_task_self(), family->exceptions, MACH_PORT_QLIMIT_MAX);
    family_complete(family);
}

void family_complete(struct family *family)
{
    for (unsigned i = 0; i < settings.tasks; i++) {
        if (family->tasks[i] != MACH_PORT_NULL && dead(family->tasks[i]))
            family_end_task(family, i);
        if (family->tasks[i] == MACH_PORT_NULL)
            make_task(family, i);
    }
    for (unsigned i = 0; i < settings.tasks * settings.threads; i++) {
        if (family->threads[i] != MACH_PORT_NULL && dead(family->threads[i]))
            forget(&family->threads[i]);
        if (family->threads[i] == MACH_PORT_NULL && family->tasks[i / settings.threads] != MACH_PORT_NULL &&
            settings.members >> i & 1)
            make_thread(family, i);
    }
}

boolean_t family_restart(struct family *family, unsigned member)
{
    mach_port_t thread = family->threads[member];

    if (family->begun_at[member] == progress->next[member])
        return FALSE;
    family->begun_at[member] = progress->next[member];
    family->restarts++;
    thread_suspend(thread);
    thread_abort(thread);
    set_beginning(thread, member);
    thread_resume(thread);
    return TRUE;
}

void family_end_thread(struct family *family, unsigned member)
{
    if (family->threads[member] != MACH_PORT_NULL)
        thread_terminate(family->threads[member]);
    forget(&family->threads[member]);
}

/* Its threads go with it. */
void family_end_task(struct family *family, unsigned task)
{
    if (family->tasks[task] != MACH_PORT_NULL)
        task_terminate(family->tasks[task]);
    forget(&family->tasks[task]);
    for (unsigned i = 0; i < settings.threads; i++)
        forget(&family->threads[task * settings.threads + i]);
}

static boolean_t is_member(const struct family *family, mach_port_t task)
{
    for (unsigned i = 0; i < settings.tasks; i++)
        if (family->tasks[i] == task)
            return TRUE;
    return FALSE;
}

void family_end_strangers(struct family *family, boolean_t all)
{
    static mach_port_t set, control;
    task_array_t list = NULL;
    mach_msg_type_number_t count = 0;

    if (control == MACH_PORT_NULL) {
        CHECK_OK(processor_set_default(test_host_port, &set));
        CHECK_OK(host_processor_set_priv(test_host_port, set, &control));
    }
    if (processor_set_tasks(control, &list, &count) != KERN_SUCCESS)
        return;
    for (unsigned i = 0; i < count; i++) {
        mach_port_t task = list[i];

        /* The kernel's own task is not in the list, or cannot be ended. */
        if (task == mach_task_self() || task == MACH_PORT_NULL)
            continue;
        if (all || !is_member(family, task))
            task_terminate(task);
    }
    for (unsigned i = 0; i < count; i++)
        mach_port_deallocate(mach_task_self(), list[i]);
    vm_deallocate(mach_task_self(), (vm_address_t)list, count * sizeof *list);
}
