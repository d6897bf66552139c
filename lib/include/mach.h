/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MACH_H
#define MACH_H

/* Every trap, call, type and constant of the system's interface. */
#include <stddef.h>
#include <stdint.h>

#include <device/device_types.h>
#include <device/notify.h>
#include <mach/boolean.h>
#include <mach/default_pager_types.h>
#include <mach/error.h>
#include <mach/exception.h>
#include <mach/gsync.h>
#include <mach/host_info.h>
#include <mach/host_reboot.h>
#include <mach/kern_return.h>
#include <mach/mach_param.h>
#include <mach/mach_traps.h>
#include <mach/mach_types.h>
#include <mach/machine/mach_i386_types.h>
#include <mach/machine/trap.h>
#include <mach/memory_object.h>
#include <mach/message.h>
#include <mach/mig_errors.h>
#include <mach/mig_support.h>
#include <mach/notify.h>
#include <mach/policy.h>
#include <mach/thread_status.h>
#include <mach/thread_switch.h>
#include <mach/vm_param.h>
#include <mach/vm_wire.h>
#include <mach_debug/mach_debug_types.h>
#include <porthole/message.h>

#include <mig/bootstrap.h>
#include <mig/default_pager.h>
#include <mig/device.h>
#include <mig/device_reply.h>
#include <mig/device_request.h>
#include <mig/exc.h>
#include <mig/gnumach.h>
#include <mig/mach.h>
#include <mig/mach4.h>
#include <mig/mach_debug.h>
#include <mig/mach_host.h>
#include <mig/mach_i386.h>
#include <mig/mach_port.h>
#include <mig/memory_object.h>
#include <mig/memory_object_default.h>
#include <mig/notify.h>
#include <mig/pager_statistics.h>
#include <mig/porthole_debug.h>
#include <mig/porthole_memory.h>
#include <mig/vm_osf.h>

/* The task's own port, asked for once. The trap of that name makes a new reference each time; it
   can still be reached as (mach_task_self)(). */
extern mach_port_t mach_task_self_;
#define mach_task_self() (mach_task_self_)

/* The task's bootstrap port at its start, or MACH_PORT_NULL. */
extern mach_port_t bootstrap_port;

extern vm_size_t vm_page_size;

/* The calls of the manual that make a send right from the reply port, a receive right (or
   MACH_PORT_NULL); with _poly at the end they take any disposition. */
kern_return_t memory_object_data_supply(mach_port_t memory_control, vm_offset_t offset,
                                        vm_offset_t data, mach_msg_type_number_t data_count,
                                        boolean_t deallocate, vm_prot_t lock_value,
                                        boolean_t precious, mach_port_t reply_to);
kern_return_t memory_object_lock_request(mach_port_t memory_control, vm_offset_t offset,
                                         vm_size_t size, memory_object_return_t should_return,
                                         boolean_t should_flush, vm_prot_t lock_value,
                                         mach_port_t reply_to);
kern_return_t memory_object_change_attributes(mach_port_t memory_control, boolean_t may_cache,
                                              memory_object_copy_strategy_t copy_strategy,
                                              mach_port_t reply_to);
kern_return_t memory_object_change_attributes_flavor(mach_port_t memory_control,
                                                     memory_object_flavor_t flavor,
                                                     memory_object_info_t attributes,
                                                     mach_msg_type_number_t count,
                                                     mach_port_t reply_to);

/* Words for a code of the kernel, of messages, of MIG, of devices: its name and what it means. Those for
   an unknown code hold until the next such call. */
const char *mach_error_string(mach_error_t error);
/* Whose code it is: "(os/kern)", "(ipc/send)", "(ipc/rcv)", "(ipc/mig)", "(device)" or "(unknown)". */
const char *mach_error_type(mach_error_t error);
/* Words for an exception, EXC_... */
const char *mach_exception_string(int exception);
/* Prints them after the name of a place. */
void mach_error(const char *where, mach_error_t error);

#endif
