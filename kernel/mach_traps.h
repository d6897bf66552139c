/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The traps but mach_msg (ipc/). Arguments are names in the caller's space and addresses in its
 * map. The syscall_ forms answer MACH_SEND_INTERRUPTED when their first argument does not name a
 * kernel object of the right kind: the library then sends the same request as a message.
 */
#pragma once

#include <stdint.h>

#include <mach/boolean.h>
#include <mach/kern_return.h>
#include <mach/machine/vm_types.h>
#include <mach/message.h>
#include <mach/port.h>

/* --- who am I (mach_traps.c) --- */
mach_port_name_t null_port(void);
mach_port_name_t mach_reply_port(void);
mach_port_name_t mach_thread_self(void);
mach_port_name_t mach_task_self(void);
mach_port_name_t mach_host_self(void);
/* Writes a string of the caller's on the console. */
kern_return_t mach_print(uint64_t string);

/* --- giving the processor away (switch_traps.c) --- */
boolean_t swtch(void);
boolean_t swtch_pri(int priority);
kern_return_t thread_switch(mach_port_name_t thread, int option, mach_msg_timeout_t time);
kern_return_t syscall_thread_depress_abort(mach_port_name_t thread);

/* --- requests that also exist as messages (request_traps.c) --- */
kern_return_t syscall_vm_map(mach_port_name_t task, uint64_t address, vm_size_t size,
                             vm_offset_t mask, boolean_t anywhere, mach_port_name_t memory_object,
                             vm_offset_t offset, boolean_t copy, int protection,
                             int max_protection, int inheritance);
kern_return_t syscall_vm_allocate(mach_port_name_t task, uint64_t address, vm_size_t size,
                                  boolean_t anywhere);
kern_return_t syscall_vm_deallocate(mach_port_name_t task, vm_offset_t start, vm_size_t size);
kern_return_t syscall_task_create(mach_port_name_t parent, boolean_t inherit_memory,
                                  uint64_t child);
kern_return_t syscall_task_terminate(mach_port_name_t task);
kern_return_t syscall_task_suspend(mach_port_name_t task);
kern_return_t syscall_task_set_special_port(mach_port_name_t task, int which,
                                            mach_port_name_t port);
kern_return_t syscall_mach_port_allocate(mach_port_name_t task, mach_port_right_t right,
                                         uint64_t name);
kern_return_t syscall_mach_port_deallocate(mach_port_name_t task, mach_port_name_t name);
kern_return_t syscall_mach_port_insert_right(mach_port_name_t task, mach_port_name_t name,
                                             mach_port_name_t right, mach_msg_type_name_t type);
kern_return_t syscall_mach_port_allocate_name(mach_port_name_t task, mach_port_right_t right,
                                              mach_port_name_t name);
kern_return_t thread_set_self_state(int flavor, uint64_t state, mach_msg_type_number_t count);
