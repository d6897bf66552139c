/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <mach.h>

/*
 * Another task that runs a function of this program. Its memory is this task's by inheritance: a
 * copy, but for what was vm_inherit'ed otherwise (shared_memory). It has no rights of this task but
 * those that helper_give() puts under the same names, so that variables which hold names hold there
 * too, and what a failing CHECK needs.
 *
 *     struct helper helper;
 *     helper_create(&helper, function, argument);
 *     helper_give(&helper, port, MACH_MSG_TYPE_COPY_SEND);
 *     helper_run(&helper);
 *     ...
 *     helper_end(&helper);
 */
struct helper {
    mach_port_t task, thread; /* send rights */
    vm_address_t stack;
    void (*function)(void *);
    void *argument;
};

/* Makes the task with one thread that does not run yet. */
void helper_create(struct helper *helper, void (*function)(void *), void *argument);
/* Gives a right, under the name that it has here. */
void helper_give(struct helper *helper, mach_port_t name, mach_msg_type_name_t disposition);
void helper_run(struct helper *helper);
/* Terminates the task and drops the rights. */
void helper_end(struct helper *helper);

/* Memory that helpers created later share with this task. */
vm_address_t shared_memory(vm_size_t size);
