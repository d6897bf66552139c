/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MACH_MACH_TRAPS_H
#define MACH_MACH_TRAPS_H

#include <mach/boolean.h>
#include <mach/kern_return.h>
#include <mach/message.h>
#include <mach/port.h>
#include <mach/thread_status.h>
#include <mach/vm_inherit.h>
#include <mach/vm_prot.h>

#ifndef KERNEL
/* A new receive right, MACH_PORT_NULL on failure. */
mach_port_name_t mach_reply_port(void);
/* A send right (one more reference each time) to the caller's thread, task, host name port. */
mach_port_name_t mach_thread_self(void);
mach_port_name_t mach_task_self(void);
mach_port_name_t mach_host_self(void);
/* Writes a string on the console. */
void mach_print(const char *string);
/* Gives the processor away; TRUE if other threads wait for it. */
boolean_t swtch(void);
boolean_t swtch_pri(int priority);
/* Hands the processor to a thread; option and time (ms) as <mach/thread_switch.h> says. */
kern_return_t thread_switch(mach_port_name_t thread, int option, mach_msg_timeout_t time);

/* Short cuts for RPCs of the same names; each works on the caller's own task where it says task, and
   fails with MACH_SEND_INTERRUPTED when the RPC has to be used. */
kern_return_t syscall_vm_map(mach_port_name_t task, vm_offset_t *address, vm_size_t size,
                             vm_offset_t mask, boolean_t anywhere, mach_port_name_t memory_object,
                             vm_offset_t offset, boolean_t copy, vm_prot_t cur_protection,
                             vm_prot_t max_protection, vm_inherit_t inheritance);
kern_return_t syscall_vm_allocate(mach_port_name_t task, vm_offset_t *address, vm_size_t size,
                                  boolean_t anywhere);
kern_return_t syscall_vm_deallocate(mach_port_name_t task, vm_offset_t address, vm_size_t size);
kern_return_t syscall_task_create(mach_port_name_t parent, boolean_t inherit_memory,
                                  mach_port_name_t *child);
kern_return_t syscall_task_terminate(mach_port_name_t task);
kern_return_t syscall_task_suspend(mach_port_name_t task);
kern_return_t syscall_task_set_special_port(mach_port_name_t task, int which,
                                            mach_port_name_t port);
kern_return_t syscall_mach_port_allocate(mach_port_name_t task, mach_port_right_t right,
                                         mach_port_name_t *name);
kern_return_t syscall_mach_port_deallocate(mach_port_name_t task, mach_port_name_t name);
kern_return_t syscall_mach_port_insert_right(mach_port_name_t task, mach_port_name_t name,
                                             mach_port_name_t right,
                                             mach_msg_type_name_t disposition);
kern_return_t syscall_mach_port_allocate_name(mach_port_name_t task, mach_port_right_t right,
                                              mach_port_name_t name);
kern_return_t syscall_thread_depress_abort(mach_port_name_t thread);
kern_return_t thread_set_self_state(int flavor, thread_state_t state, natural_t count);
#endif

#endif
